/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a call graph that is about to be drawn: the trimmed graph with the
 * numbers of its nodes, its edges from heavy to light, the lines of the legend,
 * and the rules for colours, sizes and tag boxes. `dot` writes it in Graphviz's
 * language, `svg` places it itself; both look alike because the rules are here.
 * Source: google/pprof internal/graph/dotgraph.go (Go 1.27.4).
 */
#ifndef LG_REPORT_PPROF_PICTURE_H
#define LG_REPORT_PPROF_PICTURE_H

#include "report/pprof_report.h"

struct lg_picture {
    struct lg_pprof_report report; /* a copy, whose unit is chosen */
    struct lg_arena *arena;        /* borrowed */
    struct lg_graph graph;
    struct lg_str *legend;
    size_t legend_count;
    /* For each node of the graph its place in `order`, from 1; 0: it is not in
     * the report (an edge may still lead to it, as in pprof). */
    uint32_t *numbers;
    uint32_t *edges; /* of the nodes in `order`, heaviest first */
    size_t edge_count;
    double max_flat; /* the largest |flat| */
};

/* Builds and trims the graph of the report and chooses its unit; r stays as it
 * is. */
bool lg_picture_init(struct lg_picture *p, const struct lg_pprof_report *r,
                     struct lg_arena *arena, struct lg_error *err);

/* "#b20000": red for 1, green for -1, grey for 0, of value / total. */
void lg_picture_color(const struct lg_picture *p, struct lg_sb *sb,
                      int64_t value, bool is_background);
/* 8 to 24 points, by the share of the flat value in the largest. */
int64_t lg_picture_font_size(const struct lg_picture *p,
                             const struct lg_graph_node *n);
/* "1.50MB (12.30%)\nof 3MB (24.60%)": the numbers of a node; `newline` parts
 * lines. cum_ret: the text of the cumulative value, in the arena. */
void lg_picture_node_numbers(const struct lg_picture *p, struct lg_sb *sb,
                             const struct lg_graph_node *n, const char *newline,
                             struct lg_str *cum_ret);
/* The name in lines, each ended by `newline`: parts of a qualified name below
 * each other. escape: for a string of dot. */
void lg_picture_node_name(const struct lg_picture *p, struct lg_sb *sb,
                          const struct lg_node_info *info, const char *newline,
                          bool escape);
/* Width of an edge's line in points, from 1. */
int64_t lg_picture_edge_width(const struct lg_picture *p,
                              const struct lg_graph_edge *e);
/* How strongly dot should keep the edge short and straight, from 1. */
int64_t lg_picture_edge_weight(const struct lg_picture *p,
                               const struct lg_graph_edge *e);
/* In the report's unit; text in the arena. */
struct lg_str lg_picture_value(const struct lg_picture *p, int64_t value);
/* s with `\` `"` and newlines as dot wants them. */
void lg_picture_escape(struct lg_sb *sb, struct lg_str s);

/* A small box at a node: a label, or a range of a numeric one. */
struct lg_picture_tag {
    size_t index;  /* among those of its parent; gaps where a weight is 0 */
    size_t parent; /* index + 1 in the same list; 0: the node itself */
    struct lg_str name, weight;
    bool is_numeric;
    bool is_dotted; /* stands for callees that are not in the report */
};
struct lg_picture_tags {
    LG_VEC(struct lg_picture_tag) items; /* a parent before its children */
};
/* At most four labels of the node, each with at most four ranges. */
bool lg_picture_tags(const struct lg_picture *p, const struct lg_graph_node *n,
                     struct lg_picture_tags *ret);

#endif
