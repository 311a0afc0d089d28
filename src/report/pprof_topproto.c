/* SPDX-License-Identifier: Apache-2.0 */
/* The report `topproto`: report.go printTopProto, a profile of single frames.
 */
#include "base/map.h"
#include "evidence/measure.h"
#include "report/pprof_report.h"

struct top {
    struct lg_pprof_report *report;
    struct lg_arena *arena;
    struct lg_profile profile;
    struct lg_map functions; /* by text of name, file and line; → index */
};

/* One function for each name, file and first line. */
static bool function_of(struct top *t, const struct lg_node_info *info,
                        uint32_t *ret)
{
    struct lg_sb key;
    bool fresh;
    lg_sb_init(&key, t->arena);
    lg_sb_fmt(&key, "%zu %lld ", info->name.len, (long long)info->start_line);
    lg_sb_str(&key, info->name);
    lg_sb_str(&key, info->file);
    uint64_t *place = lg_map_put_str(&t->functions, lg_sb_view(&key), &fresh);
    if (place == NULL || key.failed)
        return false;
    if (fresh) {
        *place = t->profile.functions.count;
        struct lg_profile_function *f =
            lg_push(t->arena, &t->profile.functions);
        if (f == NULL)
            return false;
        *f = (struct lg_profile_function){.id = *place + 1,
                                          .name = info->name,
                                          .file = info->file,
                                          .start_line = info->start_line};
    }
    *ret = (uint32_t)*place;
    return true;
}

static int64_t scaled(const struct lg_pprof_report *r, int64_t value)
{
    struct lg_str unit;
    return lg_go_int64(
        lg_measure_scale(value, r->sample_unit, r->output_unit, &unit));
}

static bool add_node(struct top *t, const struct lg_graph_node *n)
{
    struct lg_profile *p = &t->profile;
    uint32_t function, index = (uint32_t)p->locations.count;
    struct lg_profile_location *l = lg_push(t->arena, &p->locations);
    struct lg_profile_line *line = lg_push(t->arena, &p->lines);
    if (l == NULL || line == NULL || !function_of(t, &n->info, &function))
        return false;
    *l = (struct lg_profile_location){
        .id = (uint64_t)index + 1,
        .address = n->info.address,
        .line_first = index,
        .line_count = 1,
    };
    *line = (struct lg_profile_line){
        .function = function,
        .line = n->info.line,
        .column = n->info.column,
    };
    const int64_t values[] = {
        scaled(t->report, lg_node_cum_value(n)),
        scaled(t->report, lg_node_flat_value(n)),
    };
    return lg_profile_sample(p, &index, 1, values);
}

static bool begin(struct top *t)
{
    const struct lg_profile *from = t->report->profile;
    struct lg_profile *p = &t->profile;
    lg_map_init(&t->functions, t->arena);
    if (!lg_profile_init(p, t->arena))
        return false;
    static const char *const names[] = {"cum", "flat"};
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        struct lg_value_type *type = lg_push(t->arena, &p->types);
        if (type == NULL)
            return false;
        *type =
            (struct lg_value_type){lg_str_of(names[i]), t->report->output_unit};
    }
    p->time_ns = from->time_ns;
    p->duration_ns = from->duration_ns;
    p->has_period_type = from->has_period_type;
    p->period_type = from->period_type;
    p->period = from->period;
    return true;
}

bool lg_pprof_topproto(struct lg_pprof_report *r, struct lg_sb *out,
                       struct lg_error *err)
{
    struct top t = {.report = r, .arena = out->arena};
    struct lg_graph g;
    struct lg_graph_dropped dropped;
    struct lg_str bytes;
    if (!lg_pprof_graph(r, t.arena, &g, &dropped))
        return lg_fail_nomem(err);
    lg_pprof_select_unit(r, &g);
    if (!begin(&t))
        return lg_fail_nomem(err);
    lg_each(node, g.order) {
        if (!add_node(&t, &g.nodes.items[*node]))
            return lg_fail_nomem(err);
    }
    if (r->encode == NULL)
        return lg_fail(err, LG_UNSUPPORTED, "no writer for profiles");
    if (!r->encode(&t.profile, t.arena, &bytes, err))
        return false;
    lg_sb_str(out, bytes);
    return !out->failed || lg_fail_nomem(err);
}
