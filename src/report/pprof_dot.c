/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_picture.h"

#include <inttypes.h>

static void put_legend(const struct lg_picture *p, struct lg_sb *out)
{
    if (p->legend_count == 0)
        return;
    lg_sb_cstr(out, "subgraph cluster_L { \"");
    lg_picture_escape(out, p->legend[0]);
    lg_sb_cstr(out, "\" [shape=box fontsize=16 label=\"");
    for (size_t i = 0; i < p->legend_count; i++) {
        lg_picture_escape(out, p->legend[i]);
        lg_sb_cstr(out, "\\l");
    }
    lg_sb_char(out, '"');
    if (p->report.title.len > 0) {
        lg_sb_cstr(out, " tooltip=\"");
        lg_sb_str(out, p->report.title);
        lg_sb_char(out, '"');
    }
    lg_sb_cstr(out, "] }\n");
}

static void put_node(const struct lg_picture *p, struct lg_sb *out,
                     uint32_t index)
{
    const struct lg_graph_node *n = &p->graph.nodes.items[index];
    uint32_t number = p->numbers[index];
    struct lg_str cum;
    lg_sb_fmt(out, "N%" PRIu32 " [label=\"", number);
    lg_picture_node_name(p, out, &n->info, "\\n", true);
    lg_picture_node_numbers(p, out, n, "\\n", &cum);
    lg_sb_fmt(out, "\" id=\"node%" PRIu32 "\" fontsize=%" PRId64, number,
              lg_picture_font_size(p, n));
    lg_sb_cstr(out, " shape=box tooltip=\"");
    lg_picture_escape(out, lg_graph_name(&p->graph, index));
    lg_sb_cstr(out, " (");
    lg_sb_str(out, cum);
    lg_sb_cstr(out, ")\" color=\"");
    lg_picture_color(p, out, lg_node_cum_value(n), false);
    lg_sb_cstr(out, "\" fillcolor=\"");
    lg_picture_color(p, out, lg_node_cum_value(n), true);
    lg_sb_cstr(out, "\"]\n");
}

/* Names of a tag's box and of what it hangs on: labels are N1_0 below N1,
 * ranges NN1_0 below N1 or NN1_0_0 below N1_0. */
static void put_tag_name(const struct lg_picture_tags *tags,
                         const struct lg_picture_tag *t, uint32_t number,
                         bool parent, struct lg_sb *out)
{
    if (t->is_numeric && !parent)
        lg_sb_char(out, 'N');
    lg_sb_fmt(out, "N%" PRIu32, number);
    if (t->parent > 0)
        lg_sb_fmt(out, "_%zu", tags->items.items[t->parent - 1].index);
    if (!parent)
        lg_sb_fmt(out, "_%zu", t->index);
}

static void put_tag(const struct lg_picture_tags *tags,
                    const struct lg_picture_tag *t, uint32_t number,
                    struct lg_sb *out)
{
    put_tag_name(tags, t, number, false, out);
    lg_sb_cstr(out, " [label = \"");
    lg_sb_str(out, t->name);
    lg_sb_cstr(out, "\" id=\"");
    put_tag_name(tags, t, number, false, out);
    lg_sb_cstr(out, "\" fontsize=8 shape=box3d tooltip=\"");
    lg_sb_str(out, t->weight);
    lg_sb_cstr(out, "\"]\n");

    put_tag_name(tags, t, number, true, out);
    lg_sb_cstr(out, " -> ");
    put_tag_name(tags, t, number, false, out);
    lg_sb_cstr(out, " [label=\" ");
    lg_sb_str(out, t->weight);
    lg_sb_cstr(out, "\" weight=100 tooltip=\"");
    lg_sb_str(out, t->weight);
    lg_sb_cstr(out, "\" labeltooltip=\"");
    lg_sb_str(out, t->weight);
    lg_sb_cstr(out, t->is_dotted ? "\" style=\"dotted\"]\n" : "\"]\n");
}

/* "caller -> callee (12MB)", quoted */
static struct lg_str edge_tooltip(const struct lg_picture *p,
                                  const struct lg_graph_edge *e,
                                  struct lg_str weight)
{
    struct lg_sb sb;
    lg_sb_init(&sb, p->arena);
    lg_sb_char(&sb, '"');
    lg_picture_escape(&sb, lg_graph_name(&p->graph, e->src));
    lg_sb_cstr(&sb, e->residual ? " ... " : " -> ");
    lg_picture_escape(&sb, lg_graph_name(&p->graph, e->dest));
    lg_sb_cstr(&sb, " (");
    lg_sb_str(&sb, weight);
    lg_sb_cstr(&sb, ")\"");
    return lg_sb_view(&sb);
}

static void put_edge(const struct lg_picture *p, struct lg_sb *out,
                     const struct lg_graph_edge *e, bool src_has_tags)
{
    struct lg_str value = lg_picture_value(p, lg_edge_weight_value(e));
    struct lg_str tooltip = edge_tooltip(p, e, value);
    int64_t weight = lg_picture_edge_weight(p, e);
    int64_t width = lg_picture_edge_width(p, e);
    lg_sb_fmt(out, "N%" PRIu32 " -> N%" PRIu32 " [label=\" ",
              p->numbers[e->src], p->numbers[e->dest]);
    lg_sb_str(out, value);
    lg_sb_cstr(out, e->is_inline ? "\\n (inline)\"" : "\"");
    if (weight > 1)
        lg_sb_fmt(out, " weight=%" PRId64, weight);
    if (width > 1)
        lg_sb_fmt(out, " penwidth=%" PRId64, width);
    if (p->report.total != 0) {
        lg_sb_cstr(out, " color=\"");
        lg_picture_color(p, out, lg_edge_weight_value(e), false);
        lg_sb_char(out, '"');
    }
    lg_sb_cstr(out, " tooltip=");
    lg_sb_str(out, tooltip);
    lg_sb_cstr(out, " labeltooltip=");
    lg_sb_str(out, tooltip);
    if (e->residual)
        lg_sb_cstr(out, " style=\"dotted\"");
    if (src_has_tags) /* room for them between the node and its callees */
        lg_sb_cstr(out, " minlen=2");
    lg_sb_cstr(out, "]\n");
}

static bool put_nodes(const struct lg_picture *p, struct lg_sb *out,
                      bool *has_tags)
{
    lg_each(index, p->graph.order) {
        const struct lg_graph_node *n = &p->graph.nodes.items[*index];
        struct lg_picture_tags tags;
        put_node(p, out, *index);
        if (!lg_picture_tags(p, n, &tags))
            return false;
        lg_each(t, tags.items)
            put_tag(&tags, t, p->numbers[*index], out);
        has_tags[*index] = tags.items.count > 0;
    }
    return true;
}

bool lg_pprof_dot(struct lg_pprof_report *r, struct lg_sb *out,
                  struct lg_error *err)
{
    struct lg_picture p;
    if (!lg_picture_init(&p, r, out->arena, err))
        return false;
    bool *has_tags = lg_new(p.arena, bool, p.graph.nodes.count);
    if (has_tags == NULL)
        return lg_fail_nomem(err);

    lg_sb_cstr(out, "digraph \"");
    lg_sb_str(out, r->title.len > 0 ? r->title : LG_STR("unnamed"));
    lg_sb_cstr(out, "\" {\nnode [style=filled fillcolor=\"#f8f8f8\"]\n");
    put_legend(&p, out);
    if (!put_nodes(&p, out, has_tags))
        return lg_fail_nomem(err);
    for (size_t i = 0; i < p.edge_count; i++) {
        const struct lg_graph_edge *e = &p.graph.edges.items[p.edges[i]];
        put_edge(&p, out, e, has_tags[e->src]);
    }
    lg_sb_cstr(out, "}\n");
    /* Texts on the way here may have been cut short. */
    return (!out->failed && !out->arena->failed) || lg_fail_nomem(err);
}
