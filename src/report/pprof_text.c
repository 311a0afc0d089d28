/* SPDX-License-Identifier: Apache-2.0 */
/* The reports `top` and `text`: report.go printText. */
#include "report/pprof_report.h"

/* Of numbers and a name, roughly. */
#define LINE_BYTES 112

static const char *inline_mark(const struct lg_graph *g,
                               const struct lg_graph_node *n)
{
    bool some = false, all = true;
    lg_each(i, n->in) {
        some = some || g->edges.items[*i].is_inline;
        all = all && g->edges.items[*i].is_inline;
    }
    return !some ? "" : all ? " (inline)" : " (partial-inline)";
}

static void put_row(const struct lg_pprof_report *r, struct lg_sb *out,
                    const struct lg_graph *g, uint32_t node, int64_t *sum)
{
    const struct lg_graph_node *n = &g->nodes.items[node];
    lg_pprof_node_sums(r, out, n, sum);
    lg_sb_cstr(out, "  ");
    lg_sb_str(out, lg_graph_name(g, node));
    lg_sb_cstr(out, inline_mark(g, n));
    lg_sb_char(out, '\n');
}

bool lg_pprof_text(struct lg_pprof_report *r, struct lg_sb *out,
                   struct lg_error *err)
{
    struct lg_graph g;
    struct lg_graph_dropped dropped;
    struct lg_str *labels;
    size_t count;
    int64_t sum = 0;
    if (!lg_pprof_graph(r, out->arena, &g, &dropped))
        return lg_fail_nomem(err);
    dropped.edges = 0; /* not told here */
    lg_pprof_select_unit(r, &g);
    lg_pprof_header(r, &g, &dropped, false, out->arena, &labels, &count);
    lg_pprof_put_lines(out, labels, count);
    lg_sb_cstr(out, "      flat  flat%   sum%        cum   cum%\n");
    lg_sb_reserve(out, g.order.count * LINE_BYTES);
    lg_each(node, g.order)
        put_row(r, out, &g, *node, &sum);
    return !out->arena->failed || lg_fail_nomem(err);
}
