/* SPDX-License-Identifier: Apache-2.0 */
/* The lines above a report: report.go ProfileLabels and reportLabels. */
#include "base/clock.h"
#include "base/path.h"
#include "evidence/measure.h"
#include "report/pprof_report.h"

#include <inttypes.h>
#include <time.h>

#define MAX_FILTER_BYTES 80

struct lines {
    struct lg_arena *arena;
    LG_VEC(struct lg_str) items;
};

static void push(struct lines *l, struct lg_str text)
{
    struct lg_str *line = lg_push(l->arena, &l->items);
    if (line != NULL)
        *line = text;
}

static void push_pair(struct lines *l, const char *name, struct lg_str value)
{
    struct lg_sb sb;
    lg_sb_init(&sb, l->arena);
    lg_sb_cstr(&sb, name);
    lg_sb_str(&sb, value);
    push(l, lg_sb_view(&sb));
}

/* Local time, as Go's "2006-01-02 15:04:05 MST". */
static void push_time(struct lines *l, int64_t unix_ns)
{
    const int64_t second_ns = 1000000000;
    time_t seconds = (time_t)(unix_ns / second_ns);
    if (unix_ns % second_ns < 0)
        seconds--;
    struct tm tm;
    char text[80];
    if (localtime_r(&seconds, &tm) == NULL)
        return;
    size_t len = strftime(text, sizeof text, "Time: %Y-%m-%d %H:%M:%S %Z", &tm);
    push(l, lg_str_dup(l->arena, lg_str_from(text, len)));
}

static void push_duration(struct lines *l, const struct lg_pprof_report *r)
{
    struct lg_sb sb;
    struct lg_str unit;
    int64_t duration_ns = r->profile->duration_ns;
    double total_ns = lg_measure_scale(r->total, r->sample_unit,
                                       LG_STR("nanoseconds"), &unit);
    lg_sb_init(&sb, l->arena);
    lg_sb_cstr(&sb, "Duration: ");
    lg_measure_label(&sb, duration_ns, LG_STR("nanoseconds"), LG_STR("auto"));
    lg_sb_cstr(&sb, ", Total samples = ");
    lg_pprof_value(r, &sb, r->total);
    lg_sb_char(&sb, ' ');
    if (lg_str_eq(unit, LG_STR("ns")) && total_ns != 0) {
        lg_sb_char(&sb, '(');
        lg_measure_percentage(&sb, lg_go_int64(total_ns), duration_ns);
        lg_sb_char(&sb, ')');
    }
    push(l, lg_sb_view(&sb));
}

static void push_profile(struct lines *l, const struct lg_pprof_report *r)
{
    const struct lg_profile *p = r->profile;
    if (p->mappings.count > 0) {
        const struct lg_profile_mapping *first = &p->mappings.items[0];
        if (first->file.len != 0)
            push_pair(l, "File: ", lg_path_base(first->file));
        if (first->build_id.len != 0)
            push_pair(l, "Build ID: ", first->build_id);
    }
    lg_each(comment, p->comments) {
        if (!lg_str_starts(*comment, LG_STR("#")))
            push(l, *comment);
    }
    if (r->sample_type.len != 0)
        push_pair(l, "Type: ", r->sample_type);
    if (p->doc_url.len != 0)
        push_pair(l, "Doc: ", p->doc_url);
    if (p->time_ns != 0)
        push_time(l, p->time_ns);
    if (p->duration_ns != 0)
        push_duration(l, r);
}

/* Cut by bytes, as pprof does, even inside a character. */
static void push_filters(struct lines *l, const struct lg_pprof_report *r)
{
    if (r->active_filters.count == 0)
        return;
    push(l, LG_STR("Active filters:"));
    lg_each(filter, r->active_filters) {
        struct lg_sb sb;
        lg_sb_init(&sb, l->arena);
        lg_sb_cstr(&sb, "   ");
        lg_sb_str(&sb, lg_str_first(*filter, MAX_FILTER_BYTES));
        if (filter->len > MAX_FILTER_BYTES)
            lg_sb_cstr(&sb, "\u2026");
        push(l, lg_sb_view(&sb));
    }
}

static void push_shown(struct lines *l, const struct lg_pprof_report *r,
                       const struct lg_graph *g)
{
    struct lg_sb sb, share;
    int64_t shown = 0;
    lg_each(i, g->order)
        shown = lg_go_add(shown, lg_node_flat_value(&g->nodes.items[*i]));
    lg_sb_init(&share, l->arena);
    lg_measure_percentage(&share, shown, r->total);
    lg_sb_init(&sb, l->arena);
    lg_sb_cstr(&sb, "Showing nodes accounting for ");
    lg_pprof_value(r, &sb, shown);
    lg_sb_cstr(&sb, ", ");
    lg_sb_str(&sb, lg_str_trim(lg_sb_view(&share)));
    lg_sb_cstr(&sb, " of ");
    lg_pprof_value(r, &sb, r->total);
    lg_sb_cstr(&sb, " total");
    push(l, lg_sb_view(&sb));
}

/* The bound shown is that of the total, though the nodes' sum was used. */
static void push_dropped(struct lines *l, const struct lg_pprof_report *r,
                         size_t count, const char *what, const char *by,
                         double fraction)
{
    struct lg_sb sb;
    if (count == 0)
        return;
    lg_sb_init(&sb, l->arena);
    lg_sb_fmt(&sb, "Dropped %zu %s%s (%s <= ", count, what,
              count > 1 ? "s" : "", by);
    lg_pprof_value(r, &sb, lg_go_abs(lg_go_int64((double)r->total * fraction)));
    lg_sb_char(&sb, ')');
    push(l, lg_sb_view(&sb));
}

static void push_counts(struct lines *l, const struct lg_pprof_report *r,
                        const struct lg_graph *g,
                        const struct lg_graph_dropped *dropped)
{
    struct lg_sb sb;
    if (r->total == 0)
        return;
    push_dropped(l, r, dropped->nodes, "node", "cum", r->node_fraction);
    push_dropped(l, r, dropped->edges, "edge", "freq", r->edge_fraction);
    if (g->order.count == 0 || g->order.count >= dropped->orig_count)
        return;
    lg_sb_init(&sb, l->arena);
    lg_sb_fmt(&sb, "Showing top %zu nodes out of %zu", g->order.count,
              dropped->orig_count);
    push(l, lg_sb_view(&sb));
}

void lg_pprof_header(struct lg_pprof_report *r, const struct lg_graph *g,
                     const struct lg_graph_dropped *dropped, bool full_headers,
                     struct lg_arena *arena, struct lg_str **labels_ret,
                     size_t *count_ret)
{
    struct lines l = {.arena = arena};
    if (full_headers || !r->compact_labels)
        push_profile(&l, r);
    push_filters(&l, r);
    push_shown(&l, r, g);
    push_counts(&l, r, g, dropped);
    if (full_headers)
        push(&l, LG_STR("\nSee https://git.io/JfYMW for how to read the "
                        "graph"));
    *labels_ret = l.items.items;
    *count_ret = l.items.count;
}

void lg_pprof_profile_labels(const struct lg_pprof_report *r,
                             struct lg_arena *arena, struct lg_str **labels_ret,
                             size_t *count_ret)
{
    struct lines l = {.arena = arena};
    push_profile(&l, r);
    *labels_ret = l.items.items;
    *count_ret = l.items.count;
}

void lg_pprof_put_lines(struct lg_sb *out, const struct lg_str *lines,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lg_sb_str(out, lines[i]);
        lg_sb_char(out, '\n');
    }
    if (count == 0)
        lg_sb_char(out, '\n');
}
