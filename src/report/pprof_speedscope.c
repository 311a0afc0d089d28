/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report `speedscope`: the file that speedscope.app opens, a profile for
 * each sample type. It knows no negative weights: such samples (of a
 * difference) are left out, and the profile's name says so.
 *
 * Format: speedscope file-format-schema.json (1.25).
 */
#include "base/json.h"
#include "evidence/frame_names.h"
#include "report/pprof_report.h"

static const char *unit_of(struct lg_str unit)
{
    static const struct {
        const char *ours, *theirs;
    } rows[] = {
        {"bytes", "bytes"},
        {"nanoseconds", "nanoseconds"},
        {"microseconds", "microseconds"},
        {"milliseconds", "milliseconds"},
        {"seconds", "seconds"},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++)
        if (lg_str_eq(unit, lg_str_of(rows[i].ours)))
            return rows[i].theirs;
    return "none";
}

static void put_frames(struct lg_json *j, const struct lg_frame_names *f)
{
    lg_json_key(j, "shared");
    lg_json_object(j);
    lg_json_key(j, "frames");
    lg_json_array(j);
    lg_each(frame, f->items) {
        lg_json_object(j);
        lg_json_kstr(j, "name", frame->name);
        if (frame->file.len != 0)
            lg_json_kstr(j, "file", frame->file);
        if (frame->line > 0)
            lg_json_ki64(j, "line", frame->line);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
    lg_json_object_end(j);
}

static void put_stack(struct lg_json *j, const struct lg_profile *p,
                      const struct lg_frame_names *f, size_t sample)
{
    struct lg_profile_stack s = p->samples.items[sample];
    lg_json_array(j);
    for (uint32_t i = s.count; i-- > 0;) {
        uint32_t l = p->stacks.items[s.first + i];
        for (uint32_t k = f->first[l + 1]; k-- > f->first[l];)
            lg_json_u64(j, f->ids[k]);
    }
    lg_json_array_end(j);
}

struct weights {
    uint64_t total;
    bool has_negative;
};

static struct weights weigh(const struct lg_profile *p, int type)
{
    struct weights w = {0};
    for (size_t i = 0; i < p->samples.count; i++) {
        int64_t value = lg_profile_value(p, i, type);
        w.has_negative |= value < 0;
        w.total += value > 0 ? (uint64_t)value : 0;
    }
    return w;
}

static void put_profile(struct lg_json *j, const struct lg_profile *p,
                        const struct lg_frame_names *f, int type,
                        struct lg_arena *arena)
{
    const struct lg_value_type *t = &p->types.items[type];
    struct weights w = weigh(p, type);
    struct lg_sb name;
    lg_sb_init(&name, arena);
    lg_sb_str(&name, t->type);
    lg_sb_cstr(&name, w.has_negative ? " (without what became less)" : "");
    lg_json_object(j);
    lg_json_kcstr(j, "type", "sampled");
    lg_json_kstr(j, "name", lg_sb_view(&name));
    lg_json_kcstr(j, "unit", unit_of(t->unit));
    lg_json_ku64(j, "startValue", 0);
    lg_json_ku64(j, "endValue", w.total);
    lg_json_key(j, "samples");
    lg_json_array(j);
    for (size_t i = 0; i < p->samples.count; i++)
        if (lg_profile_value(p, i, type) > 0)
            put_stack(j, p, f, i);
    lg_json_array_end(j);
    lg_json_key(j, "weights");
    lg_json_array(j);
    for (size_t i = 0; i < p->samples.count; i++)
        if (lg_profile_value(p, i, type) > 0)
            lg_json_i64(j, lg_profile_value(p, i, type));
    lg_json_array_end(j);
    lg_json_object_end(j);
}

bool lg_pprof_speedscope(struct lg_pprof_report *r, struct lg_sb *out,
                         struct lg_error *err)
{
    const struct lg_profile *p = r->profile;
    struct lg_frame_names f;
    struct lg_json j;
    if (!lg_frame_names_of(p, out->arena, &f))
        return lg_fail_nomem(err);
    lg_json_init_sb(&j, out, false);
    lg_json_object(&j);
    lg_json_kcstr(&j, "$schema",
                  "https://www.speedscope.app/file-format-schema.json");
    lg_json_kcstr(&j, "exporter", "lastgasp " LG_VERSION);
    lg_json_kstr(&j, "name", r->title);
    lg_json_ku64(&j, "activeProfileIndex", r->value_type);
    put_frames(&j, &f);
    lg_json_key(&j, "profiles");
    lg_json_array(&j);
    for (size_t i = 0; i < p->types.count; i++)
        put_profile(&j, p, &f, (int)i, out->arena);
    lg_json_array_end(&j);
    lg_json_object_end(&j);
    return lg_json_finish(&j) || lg_fail_nomem(err);
}
