/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_svg.h"

#include "report/html.h"

#include <inttypes.h>
#include <math.h>

#define MARGIN 16.0
#define LEGEND_GAP 22.0 /* to the graph below it */
#define LEGEND_SIZE 14.0

static struct lg_svg_box legend_box(const struct lg_svg_drawing *d)
{
    struct lg_sb text;
    lg_sb_init(&text, d->arena);
    for (size_t i = 0; i < d->picture->legend_count; i++) {
        if (i > 0)
            lg_sb_char(&text, '\n');
        lg_sb_str(&text, d->picture->legend[i]);
    }
    struct lg_svg_box box = {.text = lg_sb_view(&text),
                             .font_size = LEGEND_SIZE};
    lg_svg_box_fit(&box);
    return box;
}

static void put_rect(struct lg_sb *out, double x, double y, double width,
                     double height)
{
    lg_sb_cstr(out, "<rect x=\"");
    lg_svg_xy(out, x);
    lg_sb_cstr(out, "\" y=\"");
    lg_svg_xy(out, y);
    lg_sb_cstr(out, "\" width=\"");
    lg_svg_xy(out, width);
    lg_sb_cstr(out, "\" height=\"");
    lg_svg_xy(out, height);
    lg_sb_char(out, '"');
}

static void put_box(const struct lg_svg_drawing *d, size_t i)
{
    const struct lg_layered_node *at = &d->places.items[i];
    double top = at->y - at->height / 2;
    put_rect(d->out, at->x - at->width / 2, top, at->width, at->height);
    if (i < d->node_count) {
        const struct lg_graph *g = &d->picture->graph;
        int64_t cum = lg_node_cum_value(&g->nodes.items[g->order.items[i]]);
        lg_sb_cstr(d->out, " stroke=\"");
        lg_picture_color(d->picture, d->out, cum, false);
        lg_sb_cstr(d->out, "\" fill=\"");
        lg_picture_color(d->picture, d->out, cum, true);
        lg_sb_cstr(d->out, "\"/>");
    } else {
        lg_sb_cstr(d->out, " rx=\"4\" stroke=\"#555\" fill=\"#f8f8f8\"/>");
    }
    lg_svg_text_lines(d->out, &d->boxes.items[i], at->x, top, true);
}

static void put_node(const struct lg_svg_drawing *d, size_t i)
{
    lg_sb_fmt(d->out, "<g class=\"node\" data-key=\"N%zu\"><title>", i + 1);
    if (i < d->node_count) {
        const struct lg_graph *g = &d->picture->graph;
        const struct lg_graph_node *n = &g->nodes.items[g->order.items[i]];
        lg_html_put(d->out, lg_graph_name(g, g->order.items[i]));
        lg_sb_cstr(d->out, " (");
        lg_html_put(d->out, lg_picture_value(d->picture, lg_node_cum_value(n)));
        lg_sb_char(d->out, ')');
    } else {
        const struct lg_picture_tag *t = &d->tags.items[i - d->node_count];
        lg_html_put(d->out, t->name);
        lg_sb_cstr(d->out, " (");
        lg_html_put(d->out, t->weight);
        lg_sb_char(d->out, ')');
    }
    lg_sb_cstr(d->out, "</title>");
    put_box(d, i);
    lg_sb_cstr(d->out, "</g>\n");
}

static void put_label(const struct lg_svg_drawing *d,
                      const struct lg_layered_edge *e, struct lg_str label)
{
    lg_sb_cstr(d->out, "<text font-size=\"11\" text-anchor=\"middle\" x=\"");
    lg_svg_xy(d->out, e->label_x);
    lg_sb_cstr(d->out, "\" y=\"");
    lg_svg_xy(d->out, e->label_y + LG_SVG_LABEL_SIZE * 0.35);
    lg_sb_cstr(d->out, "\">");
    lg_html_put(d->out, label);
    lg_sb_cstr(d->out, "</text>");
}

static void put_call(const struct lg_svg_drawing *d,
                     const struct lg_layered_edge *at,
                     const struct lg_graph_edge *e)
{
    const struct lg_picture *p = d->picture;
    struct lg_str label = lg_svg_call_label(d, e);
    struct lg_sb color;
    lg_html_put(d->out, lg_graph_name(&p->graph, e->src));
    lg_sb_cstr(d->out, e->residual ? " … " : " → ");
    lg_html_put(d->out, lg_graph_name(&p->graph, e->dest));
    lg_sb_cstr(d->out, " (");
    lg_html_put(d->out, label);
    lg_sb_cstr(d->out, ")</title>");
    lg_sb_init(&color, d->arena);
    lg_picture_color(p, &color, lg_edge_weight_value(e), false);
    lg_svg_edge_path(d->out, at, lg_sb_view(&color),
                     (double)lg_picture_edge_width(p, e), e->residual);
    put_label(d, at, label);
}

static void put_edge(const struct lg_svg_drawing *d, size_t i)
{
    const struct lg_layered_edge *e = &d->edges.items[i];
    lg_sb_fmt(d->out,
              "<g class=\"edge\" data-key=\"N%" PRIu32 "->N%" PRIu32
              "\"><title>",
              e->src + 1, e->dest + 1);
    if (i < d->tag_edges) {
        const struct lg_picture_tag *t = &d->tags.items[i];
        lg_html_put(d->out, t->weight);
        lg_sb_cstr(d->out, "</title>");
        lg_svg_edge_path(d->out, e, LG_STR("#555"), 1, t->is_dotted);
        put_label(d, e, t->weight);
    } else {
        uint32_t index = d->calls.items[i - d->tag_edges];
        put_call(d, e, &d->picture->graph.edges.items[index]);
    }
    lg_sb_cstr(d->out, "</g>\n");
}

static void put_head(const struct lg_svg_drawing *d, double width,
                     double height)
{
    struct lg_str title = d->picture->report.title;
    lg_sb_cstr(d->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                       "width=\"100%\" height=\"100%\" viewBox=\"0 0 ");
    lg_svg_xy(d->out, width);
    lg_sb_char(d->out, ' ');
    lg_svg_xy(d->out, height);
    lg_sb_cstr(d->out, "\">\n<title>");
    lg_html_put(d->out, title.len > 0 ? title : LG_STR("call graph"));
    lg_sb_cstr(d->out, "</title>\n<style>");
    lg_sb_cstr(d->out, lg_pprof_svg_style);
    lg_sb_cstr(d->out, "</style>\n");
}

static void put_script(struct lg_sb *out)
{
    lg_sb_cstr(out, "<script><![CDATA[\n");
    for (size_t i = 0; lg_pprof_svg_script[i] != NULL; i++)
        lg_sb_cstr(out, lg_pprof_svg_script[i]);
    lg_sb_cstr(out, "]]></script>\n");
}

void lg_svg_draw(const struct lg_svg_drawing *d,
                 const struct lg_layered *layered)
{
    struct lg_svg_box legend = legend_box(d);
    double top = MARGIN + legend.height + LEGEND_GAP;
    put_head(d, fmax(layered->width, legend.width) + 2 * MARGIN,
             top + layered->height + MARGIN);
    lg_sb_cstr(d->out, "<g class=\"legend\">");
    put_rect(d->out, MARGIN, MARGIN, legend.width, legend.height);
    lg_sb_cstr(d->out, " stroke=\"#111\" fill=\"#f8f8f8\"/>");
    lg_svg_text_lines(d->out, &legend, MARGIN + 8, MARGIN, false);
    lg_sb_cstr(d->out, "</g>\n<g transform=\"translate(");
    lg_svg_xy(d->out, MARGIN);
    lg_sb_char(d->out, ' ');
    lg_svg_xy(d->out, top);
    lg_sb_cstr(d->out, ")\">\n");
    for (size_t i = d->edges.count; i-- > 0;) /* heavy ones over light ones */
        put_edge(d, i);
    for (size_t i = 0; i < d->boxes.count; i++)
        put_node(d, i);
    lg_sb_cstr(d->out, "</g>\n");
    put_script(d->out);
    lg_sb_cstr(d->out, "</svg>\n");
}

void lg_pprof_svg_of_dot(struct lg_str svg, struct lg_sb *out)
{
    ptrdiff_t open = lg_str_find(svg, LG_STR("<svg "));
    ptrdiff_t box = lg_str_find(svg, LG_STR(" viewBox=\""));
    ptrdiff_t close = lg_str_rfind(svg, LG_STR("</svg>"));
    if (open < 0 || box < open || close < box) {
        lg_sb_str(out, svg);
        return;
    }
    lg_sb_str(out, lg_str_first(svg, (size_t)open));
    lg_sb_cstr(out, "<svg width=\"100%\" height=\"100%\"");
    lg_sb_str(out, (struct lg_str){svg.data + box, (size_t)(close - box)});
    lg_sb_cstr(out, "<style>");
    lg_sb_cstr(out, lg_pprof_svg_style);
    lg_sb_cstr(out, "</style>\n");
    put_script(out);
    lg_sb_str(out, lg_str_skip(svg, (size_t)close));
}
