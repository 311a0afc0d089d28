/* SPDX-License-Identifier: Apache-2.0 */
/* The reports `tree` and `peek`: report.go printTree. */
#include "evidence/measure.h"
#include "report/pprof_report.h"

#define SEPARATOR                                                              \
    "----------------------------------------------------------+------------"  \
    "-\n"
/* The tabs are pprof's. */
#define LEGEND                                                                 \
    "      flat  flat%   sum%        cum   cum%   calls calls% + context "     \
    "\t \t \n"

struct tree {
    const struct lg_pprof_report *report;
    struct lg_graph graph;
    struct lg_sb *out;
    int64_t flat_sum;
};

/* By raw weights: pprof takes no mean of those. */
static void put_edges(const struct tree *t, uint32_t *edges, size_t count,
                      bool callers, int64_t cum)
{
    lg_graph_sort_edges(&t->graph, edges, count);
    for (size_t i = 0; i < count; i++) {
        const struct lg_graph_edge *e = &t->graph.edges.items[edges[i]];
        lg_pprof_right_value(t->report, t->out, e->weight, 50);
        lg_sb_char(t->out, ' ');
        lg_measure_percentage(t->out, e->weight, cum);
        lg_sb_cstr(t->out, " |   ");
        lg_sb_str(t->out, lg_graph_name(&t->graph, callers ? e->src : e->dest));
        lg_sb_cstr(t->out, e->is_inline ? " (inline)\n" : "\n");
    }
}

static void put_node(struct tree *t, uint32_t node)
{
    const struct lg_pprof_report *r = t->report;
    struct lg_graph_node *n = &t->graph.nodes.items[node];
    int64_t cum = lg_node_cum_value(n);
    lg_sb_cstr(t->out, SEPARATOR);
    put_edges(t, n->in.items, n->in.count, true, cum);
    lg_pprof_node_sums(r, t->out, n, &t->flat_sum);
    lg_sb_cstr(t->out, "                | ");
    lg_sb_str(t->out, lg_graph_name(&t->graph, node));
    lg_sb_char(t->out, '\n');
    put_edges(t, n->out.items, n->out.count, false, cum);
}

static bool put_nodes(struct tree *t, struct lg_error *err)
{
    const struct lg_pprof_report *r = t->report;
    bool matched = r->symbol == NULL;
    lg_each(node, t->graph.order) {
        if (r->symbol != NULL) {
            if (!lg_regex_match(r->symbol, lg_graph_name(&t->graph, *node)))
                continue;
            matched = true;
        }
        put_node(t, *node);
    }
    if (t->graph.order.count > 0)
        lg_sb_cstr(t->out, SEPARATOR);
    if (!matched)
        return lg_fail(err, LG_USAGE, "no matches found for regexp: %.*s",
                       LG_STR_ARG(r->symbol_text));
    return !t->out->arena->failed || lg_fail_nomem(err);
}

bool lg_pprof_tree(struct lg_pprof_report *r, struct lg_sb *out,
                   struct lg_error *err)
{
    struct tree t = {.report = r, .out = out};
    struct lg_graph_dropped dropped;
    struct lg_str *labels;
    size_t count;
    if (!lg_pprof_graph(r, out->arena, &t.graph, &dropped))
        return lg_fail_nomem(err);
    dropped.edges = 0; /* not told here */
    lg_pprof_select_unit(r, &t.graph);
    lg_pprof_header(r, &t.graph, &dropped, false, out->arena, &labels, &count);
    lg_pprof_put_lines(out, labels, count);
    lg_sb_cstr(out, SEPARATOR LEGEND);
    return put_nodes(&t, err);
}
