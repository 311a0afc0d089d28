/* SPDX-License-Identifier: Apache-2.0 */
/* The report `tags`: report.go printTags. */
#include "base/map.h"
#include "evidence/measure.h"
#include "report/pprof_report.h"
#include "report/tabwriter.h"

#include <stdlib.h>

struct key {
    struct lg_graph_tag tag; /* name alone */
    struct lg_str unit;      /* of numeric values */
    int64_t total;
    struct lg_map values; /* → index */
    LG_VEC(struct lg_graph_tag) tags;
};

struct tags {
    const struct lg_pprof_report *report;
    struct lg_arena *arena;
    struct lg_map index; /* of keys */
    LG_VEC(struct key *) keys;
};

static struct key *key_of(struct tags *t, struct lg_str name)
{
    bool fresh;
    uint64_t *place = lg_map_put_str(&t->index, name, &fresh);
    if (place == NULL)
        return NULL;
    if (!fresh)
        return t->keys.items[*place];
    *place = t->keys.count;
    struct key **slot = lg_push(t->arena, &t->keys);
    struct key *k = lg_new(t->arena, struct key, 1);
    if (slot == NULL || k == NULL)
        return NULL;
    k->tag.name = name;
    if (t->report->label_units != NULL)
        k->unit = lg_label_unit_of(t->report->label_units, name);
    lg_map_init(&k->values, t->arena);
    *slot = k;
    return k;
}

static struct lg_str value_text(const struct tags *t, const struct key *k,
                                const struct lg_profile_label *l)
{
    if (!l->of->is_numeric)
        return l->of->str;
    struct lg_sb sb;
    lg_sb_init(&sb, t->arena);
    lg_measure_label(&sb, l->of->num, k->unit, t->report->output_unit);
    return lg_sb_view(&sb);
}

static bool add_label(struct tags *t, const struct lg_profile_label *l)
{
    const struct lg_pprof_report *r = t->report;
    int64_t value = lg_profile_value(r->profile, l->sample, (int)r->value_type);
    struct key *k = key_of(t, l->of->key);
    if (k == NULL)
        return false;
    struct lg_str text = value_text(t, k, l);
    bool fresh;
    uint64_t *place = lg_map_put_str(&k->values, text, &fresh);
    if (place == NULL)
        return false;
    if (fresh) {
        *place = k->tags.count;
        struct lg_graph_tag *tag = lg_push(t->arena, &k->tags);
        if (tag == NULL)
            return false;
        tag->name = text;
    }
    struct lg_graph_tag *tag = &k->tags.items[*place];
    tag->flat = lg_go_add(tag->flat, value);
    k->total = lg_go_add(k->total, value);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct key *const *x = a, *const *y = b;
    return lg_str_cmp((*x)->tag.name, (*y)->tag.name);
}

static void put_share(const struct tags *t, struct lg_sb *line, int64_t value)
{
    if (t->report->total <= 0)
        return;
    lg_sb_cstr(line, " (");
    lg_measure_percentage(line, value, t->report->total);
    lg_sb_char(line, ')');
}

static void put_head(const struct tags *t, const struct key *k,
                     struct lg_sb *line)
{
    lg_sb_str(line, k->tag.name);
    lg_sb_cstr(line, ":\t Total ");
    lg_pprof_value(t->report, line, k->total);
    lg_sb_cstr(line, " of ");
    lg_pprof_value(t->report, line, t->report->total);
    put_share(t, line, k->total);
    lg_sb_char(line, '\n');
}

static void put_tag(const struct tags *t, const struct lg_graph_tag *tag,
                    struct lg_sb *line)
{
    lg_sb_cstr(line, " \t");
    lg_pprof_value(t->report, line, tag->flat);
    put_share(t, line, tag->flat);
    lg_sb_cstr(line, ":\t ");
    lg_sb_str(line, tag->name);
    lg_sb_char(line, '\n');
}

static bool put_keys(struct tags *t, struct lg_sb *out)
{
    struct lg_tabwriter w;
    struct lg_sb line;
    lg_tabwriter_init(&w, out);
    lg_sb_init(&line, t->arena);
    if (t->keys.count > 1)
        qsort(t->keys.items, t->keys.count, sizeof *t->keys.items, by_name);
    lg_each(at, t->keys) {
        struct key *k = *at;
        line.len = 0;
        put_head(t, k, &line);
        lg_tabwriter_write(&w, lg_sb_view(&line));
        lg_graph_sort_tags(k->tags.items, k->tags.count, true);
        lg_each(tag, k->tags) {
            line.len = 0;
            put_tag(t, tag, &line);
            lg_tabwriter_write(&w, lg_sb_view(&line));
        }
        lg_tabwriter_write(&w, LG_STR("\n"));
    }
    return lg_tabwriter_flush(&w) && !line.failed;
}

bool lg_pprof_tags(struct lg_pprof_report *r, struct lg_sb *out,
                   struct lg_error *err)
{
    struct tags t = {.report = r, .arena = out->arena};
    lg_map_init(&t.index, t.arena);
    lg_each(l, r->profile->labels) {
        if (!add_label(&t, l))
            return lg_fail_nomem(err);
    }
    return (put_keys(&t, out) && !out->arena->failed) || lg_fail_nomem(err);
}
