/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a profile as a call graph: what `top`, `tree`, `peek`, `dot`, `list`
 * and the like are made of. A node is one function, line, file or address, as
 * the aggregated profile says; edges are calls. Semantics and orders are those
 * of google/pprof's internal/graph (Go 1.27.4); where its order is that of a
 * Go map, ours is that of first appearance.
 *
 * Hot path: lg_graph_build visits each location of each stack once; nodes are
 * found by location index, "seen in this sample" is a stamp, not a set.
 */
#ifndef LG_EVIDENCE_GRAPH_H
#define LG_EVIDENCE_GRAPH_H

#include "base/sb.h"
#include "evidence/profile.h"

struct lg_node_info { /* identity of a node */
    struct lg_str name, orig_name;
    uint64_t address;
    struct lg_str file; /* cleaned as Go's filepath.Clean does */
    int64_t start_line, line, column;
    struct lg_str objfile;
};

struct lg_graph_edge {
    uint32_t src, dest; /* node indices */
    int64_t weight, weight_div;
    bool residual, is_inline;
    bool removed; /* by trimming */
};

struct lg_graph_tag {
    struct lg_str name, unit;
    int64_t value; /* numeric tags */
    int64_t flat, flat_div, cum, cum_div;
};
struct lg_graph_tags {
    struct lg_str key; /* of numeric tags: the label tag they belong to */
    LG_VEC(struct lg_graph_tag) items;
};

struct lg_graph_node {
    struct lg_node_info info;
    uint32_t function; /* node of the whole function; UINT32_MAX: itself */
    int64_t flat, flat_div, cum, cum_div;
    LG_VEC(uint32_t) in, out; /* edges that are left */
    struct lg_graph_tags label_tags;
    LG_VEC(struct lg_graph_tags) numeric_tags;
};

struct lg_graph {
    LG_VEC(struct lg_graph_node) nodes; /* all that were made */
    LG_VEC(struct lg_graph_edge) edges;
    LG_VEC(uint32_t) order; /* those of the report, in its order */
    struct lg_arena *arena;
};

struct lg_graph_options {
    size_t value_type;                 /* index */
    bool has_mean;                     /* divide by type 0 */
    bool objnames, call_tree, drop_negative;
    bool with_edges; /* false: only what inline marks need is kept of them */
    bool with_tags;
    /* Text of a numeric tag: measurement.ScaledLabel by default */
    struct lg_str tag_unit;
};

/* What a report is made from: driver's newTrimmedGraph (report.go), with its
 * three steps. visual: dot. */
struct lg_graph_trim {
    int64_t node_count; /* 0: no limit */
    double node_fraction, edge_fraction;
    bool cum_sort, visual;
};
struct lg_graph_dropped {
    size_t orig_count, nodes, edges;
};

/* All nodes, untrimmed, in `order` by first appearance. kept: NULL, or for
 * each node of `kept_of` whether it stays (by its info). */
bool lg_graph_build(const struct lg_profile *p,
                    const struct lg_graph_options *options,
                    struct lg_arena *arena, struct lg_graph *ret);
bool lg_graph_build_trimmed(const struct lg_profile *p,
                            const struct lg_graph_options *options,
                            const struct lg_graph_trim *trim,
                            struct lg_arena *arena, struct lg_graph *ret,
                            struct lg_graph_dropped *dropped_ret);

int64_t lg_node_flat_value(const struct lg_graph_node *n); /* mean if asked */
int64_t lg_node_cum_value(const struct lg_graph_node *n);
int64_t lg_edge_weight_value(const struct lg_graph_edge *e);
/* PrintableName: components joined by a blank. */
void lg_node_name(struct lg_sb *sb, const struct lg_node_info *info);
/* Edge indices sorted as graph.EdgeMap.Sort. Tags sorted as SortTags. */
void lg_graph_sort_edges(const struct lg_graph *g, uint32_t *edges,
                         size_t count);
void lg_graph_sort_tags(struct lg_graph_tag *tags, size_t count, bool flat);
/* ShortenFunctionName; a view of name or text in arena. */
struct lg_str lg_shorten_function_name(struct lg_str name,
                                       struct lg_arena *arena);

#endif
