/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a call graph as one SVG file that needs nothing else: ours with our
 * own layout, or Graphviz's with what makes it move in a browser. pprof's -svg
 * always asks Graphviz and carries a third party's script.
 */
#ifndef LG_REPORT_PPROF_SVG_H
#define LG_REPORT_PPROF_SVG_H

#include "report/layered.h"
#include "report/pprof_picture.h"

/* Adds panning and zooming to what `dot -Tsvg` made of lg_pprof_dot's text.
 * What doesn't look like it is handed on as it is. */
void lg_pprof_svg_of_dot(struct lg_str svg, struct lg_sb *out);

/* Lines of the script; ends with NULL. Neither holds "]]>". */
extern const char *const lg_pprof_svg_script[];
extern const char lg_pprof_svg_style[];

#define LG_SVG_LABEL_SIZE 11.0 /* of edges, in points */

/* A box with text: a node, a tag or the legend. */
struct lg_svg_box {
    struct lg_str text; /* lines */
    double font_size;
    double width, height;
};
/* A picture with everything that stands in it. */
struct lg_svg_drawing {
    const struct lg_picture *picture;
    struct lg_arena *arena;
    struct lg_sb *out;
    LG_VEC(struct lg_svg_box) boxes; /* of nodes, then of tags */
    LG_VEC(struct lg_layered_node) places;
    LG_VEC(struct lg_layered_edge) edges; /* to tags, then calls */
    LG_VEC(struct lg_picture_tag) tags;   /* of the boxes behind the nodes */
    LG_VEC(uint32_t) calls;               /* edges of the graph */
    size_t node_count, tag_edges;
};

/* "12MB (inline)", in the arena. */
struct lg_str lg_svg_call_label(const struct lg_svg_drawing *d,
                                const struct lg_graph_edge *e);
/* Writes the file; everything has its place. */
void lg_svg_draw(const struct lg_svg_drawing *d,
                 const struct lg_layered *layered);

/* Gives it the size that its text needs. */
void lg_svg_box_fit(struct lg_svg_box *box);
/* Width of a line of text at 1 point, as wide as usual fonts have it. */
double lg_svg_text_width(struct lg_str line);
/* Lines from the top on; middle: around x, else from x on. */
void lg_svg_text_lines(struct lg_sb *out, const struct lg_svg_box *box,
                       double x, double top, bool middle);
void lg_svg_xy(struct lg_sb *out, double n); /* one decimal, as it is */
/* The line of an edge and its arrow head. color, width: of the line. */
void lg_svg_edge_path(struct lg_sb *out, const struct lg_layered_edge *e,
                      struct lg_str color, double width, bool dotted);

#endif
