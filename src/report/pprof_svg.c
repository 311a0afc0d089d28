/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_svg.h"

#define NODE_GAP 22.0
#define ROW_GAP 32.0
#define TAG_SIZE 9.0
/* Tags stay at their node. */
#define TAG_WEIGHT 100.0
/* A line of text that is longer is cut; the tooltip has all of it. */
#define LINE_BYTES_MAX ((size_t)80)

/* Long lines end in "…", at a character's end. */
static struct lg_str short_lines(const struct lg_svg_drawing *d,
                                 struct lg_str text)
{
    struct lg_cut cut = {.tail = text, .found = true};
    struct lg_sb sb;
    lg_sb_init(&sb, d->arena);
    while (cut.found) {
        cut = lg_str_cut_char(cut.tail, '\n');
        struct lg_str line = lg_str_first(cut.head, LINE_BYTES_MAX);
        while (line.len < cut.head.len && line.len > 0 &&
               ((unsigned char)cut.head.data[line.len] & 0xc0) == 0x80)
            line.len--;
        lg_sb_str(&sb, line);
        if (line.len < cut.head.len)
            lg_sb_cstr(&sb, "…");
        if (cut.found)
            lg_sb_char(&sb, '\n');
    }
    return lg_sb_view(&sb);
}

static bool add_box(struct lg_svg_drawing *d, struct lg_str text,
                    double font_size)
{
    struct lg_svg_box *box = lg_push(d->arena, &d->boxes);
    struct lg_layered_node *place = lg_push(d->arena, &d->places);
    if (box == NULL || place == NULL)
        return false;
    *box = (struct lg_svg_box){.text = short_lines(d, text),
                               .font_size = font_size};
    lg_svg_box_fit(box);
    place->width = box->width;
    place->height = box->height;
    return true;
}

static bool add_node(struct lg_svg_drawing *d, const struct lg_graph_node *n)
{
    struct lg_str cum;
    struct lg_sb text;
    lg_sb_init(&text, d->arena);
    lg_picture_node_name(d->picture, &text, &n->info, "\n", false);
    lg_picture_node_numbers(d->picture, &text, n, "\n", &cum);
    return add_box(d, lg_sb_view(&text),
                   (double)lg_picture_font_size(d->picture, n));
}

static bool add_edge(struct lg_svg_drawing *d, size_t src, size_t dest,
                     double weight, struct lg_str label, uint32_t rows)
{
    struct lg_layered_edge *e = lg_push(d->arena, &d->edges);
    if (e == NULL)
        return false;
    *e = (struct lg_layered_edge){
        .src = (uint32_t)src,
        .dest = (uint32_t)dest,
        .weight = weight,
        .label_width = lg_svg_text_width(label) * LG_SVG_LABEL_SIZE,
        .label_height = LG_SVG_LABEL_SIZE + 3,
        .rows = rows,
    };
    return true;
}

/* Boxes below a node for its tags, each with an edge to it. */
static bool add_tags(struct lg_svg_drawing *d, const struct lg_graph_node *n,
                     size_t node, bool *has_tags)
{
    struct lg_picture_tags tags;
    size_t first = d->boxes.count;
    if (!lg_picture_tags(d->picture, n, &tags))
        return false;
    lg_each(t, tags.items) {
        struct lg_picture_tag *slot = lg_push(d->arena, &d->tags);
        struct lg_sb text;
        size_t parent = t->parent > 0 ? first + t->parent - 1 : node;
        lg_sb_init(&text, d->arena);
        /* Labels are joined as dot parts lines. */
        for (struct lg_cut cut = {.tail = t->name, .found = true}; cut.found;) {
            cut = lg_str_cut(cut.tail, LG_STR("\\n"));
            lg_sb_str(&text, cut.head);
            if (cut.found)
                lg_sb_char(&text, '\n');
        }
        if (slot == NULL || !add_box(d, lg_sb_view(&text), TAG_SIZE) ||
            !add_edge(d, parent, d->boxes.count - 1, TAG_WEIGHT, t->weight, 1))
            return false;
        *slot = *t;
    }
    *has_tags = tags.items.count > 0;
    return true;
}

struct lg_str lg_svg_call_label(const struct lg_svg_drawing *d,
                                const struct lg_graph_edge *e)
{
    struct lg_sb sb;
    lg_sb_init(&sb, d->arena);
    lg_sb_str(&sb, lg_picture_value(d->picture, lg_edge_weight_value(e)));
    if (e->is_inline)
        lg_sb_cstr(&sb, " (inline)");
    return lg_sb_view(&sb);
}

static bool add_calls(struct lg_svg_drawing *d, const bool *has_tags)
{
    const struct lg_picture *p = d->picture;
    for (size_t i = 0; i < p->edge_count; i++) {
        const struct lg_graph_edge *e = &p->graph.edges.items[p->edges[i]];
        uint32_t src = p->numbers[e->src], dest = p->numbers[e->dest];
        if (src == 0 || dest == 0)
            continue;
        uint32_t *slot = lg_push(d->arena, &d->calls);
        if (slot == NULL ||
            !add_edge(d, src - 1, dest - 1,
                      (double)lg_picture_edge_weight(p, e),
                      lg_svg_call_label(d, e), has_tags[src - 1] ? 2 : 1))
            return false;
        *slot = p->edges[i];
    }
    return true;
}

static bool collect(struct lg_svg_drawing *d)
{
    const struct lg_graph *g = &d->picture->graph;
    bool *has_tags = lg_new(d->arena, bool, g->order.count);
    if (has_tags == NULL)
        return false;
    d->node_count = g->order.count;
    lg_each(index, g->order) {
        if (!add_node(d, &g->nodes.items[*index]))
            return false;
    }
    for (size_t i = 0; i < g->order.count; i++) {
        if (!add_tags(d, &g->nodes.items[g->order.items[i]], i, &has_tags[i]))
            return false;
    }
    d->tag_edges = d->edges.count;
    return add_calls(d, has_tags);
}

bool lg_pprof_svg(struct lg_pprof_report *r, struct lg_sb *out,
                  struct lg_error *err)
{
    struct lg_picture picture;
    if (!lg_picture_init(&picture, r, out->arena, err))
        return false;
    struct lg_svg_drawing d = {
        .picture = &picture, .arena = out->arena, .out = out};
    if (!collect(&d))
        return lg_fail_nomem(err);
    struct lg_layered layered = {
        .nodes = d.places.items,
        .node_count = d.places.count,
        .edges = d.edges.items,
        .edge_count = d.edges.count,
        .node_gap = NODE_GAP,
        .row_gap = ROW_GAP,
    };
    if (!lg_layered_place(&layered, d.arena))
        return lg_fail_nomem(err);
    lg_svg_draw(&d, &layered);
    /* Texts on the way here may have been cut short. */
    return (!out->failed && !out->arena->failed) || lg_fail_nomem(err);
}
