/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a profile as a call graph: what `top`, `tree`, `peek`, `dot`, `list`
 * and the like are made of. A node is one function, line, file or address, as
 * the aggregated profile says; edges are calls. Semantics and orders are those
 * of google/pprof's internal/graph (Go 1.27.4); where its order is that of a
 * Go map, ours is that of first appearance: of functions in their table, then
 * of locations in theirs, of calls in the samples.
 *
 * Hot path: graph_sums.c and graph_walk.c visit each location of each stack
 * once, in threads over parts of the samples whose sums are added at the end;
 * nodes are found by location index, "seen in this sample" is a stamp, not a
 * set. Only nodes and edges that a report can show are made whole.
 */
#ifndef LG_EVIDENCE_GRAPH_H
#define LG_EVIDENCE_GRAPH_H

#include "base/go_math.h"
#include "base/sb.h"
#include "evidence/profile.h"
#include "evidence/profile_filter.h"

struct lg_node_info {              /* identity of a node */
    struct lg_str name, orig_name; /* orig_name: always empty */
    uint64_t address;
    struct lg_str file; /* cleaned as Go's filepath.Clean does */
    int64_t start_line, line, column;
    struct lg_str objfile;
};

struct lg_graph_edge {
    uint32_t src, dest; /* node indices */
    int64_t weight, weight_div;
    bool residual, is_inline;
    bool removed;   /* while trimming: none of a finished graph is */
    uint32_t stamp; /* while building */
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
    /* Equal for nodes of one function (pprof's Node.Function); only to be
     * compared. */
    uint32_t function;
    int64_t flat, flat_div, cum, cum_div;
    LG_VEC(uint32_t) in, out; /* edges that are left */
    struct lg_graph_tags label_tags;
    LG_VEC(struct lg_graph_tags) numeric_tags;
};

struct lg_graph {
    /* Those of the report, and those at the ends of the edges, by first
     * appearance. */
    LG_VEC(struct lg_graph_node) nodes;
    LG_VEC(struct lg_graph_edge) edges;
    LG_VEC(uint32_t) order; /* those of the report, in its order */
    struct lg_str *names;   /* by node: cache of lg_graph_name */
    struct lg_arena *arena;
};

typedef bool lg_graph_test_fn(void *context, struct lg_str name);
typedef struct lg_str lg_graph_file_fn(void *context, struct lg_str file);

struct lg_graph_options {
    size_t value_type; /* index */
    bool has_mean;     /* divide by type 0 */
    bool objnames, call_tree, drop_negative;
    bool with_edges; /* false: only what inline marks need is kept of them */
    bool with_tags;
    struct lg_str tag_unit;   /* output unit of numeric tags */
    struct lg_str bytes_unit; /* of the label `bytes`, the only one shown */
    /* As if p had been aggregated so; saves the copy. NULL: p as it is. */
    const struct lg_aggregation *aggregation;
    /* Nodes of other functions than these (info.name) are not made; flat and
     * cum of those that are do not change. NULL: all. */
    lg_graph_test_fn *only_functions;
    /* Without trimming: edges only from or to nodes whose printable name
     * passes. NULL: all. */
    lg_graph_test_fn *edges_of;
    void *test_context;
    lg_graph_file_fn *trim_file; /* of function file names; NULL: as is */
    void *trim_context;
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

/* All nodes, untrimmed, in `order` by first appearance. Text borrows from p.
 * false: out of memory. */
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

/* graph.go nodeInfo without options: what a line of a location is called. line
 * NULL: the location has none. The file is as p has it, start_line is not set.
 * Borrows from p. Those of a graph's nodes: see graph_nodes.c. */
struct lg_node_info lg_node_info_of(const struct lg_profile *p,
                                    const struct lg_profile_location *l,
                                    const struct lg_profile_line *line);
/* NameComponents, joined; at least one. */
void lg_node_name_joined(struct lg_sb *sb, const struct lg_node_info *info,
                         const char *joint);
/* PrintableName: joined by a blank. */
void lg_node_name(struct lg_sb *sb, const struct lg_node_info *info);
/* The same of a node, in the graph's arena; made once. */
struct lg_str lg_graph_name(const struct lg_graph *g, uint32_t node);
/* Edge indices sorted as graph.EdgeMap.Sort. Tags sorted as SortTags. Equal
 * ones keep their order. */
void lg_graph_sort_edges(const struct lg_graph *g, uint32_t *edges,
                         size_t count);
void lg_graph_sort_tags(struct lg_graph_tag *tags, size_t count, bool flat);
/* ShortenFunctionName; a view of name or text in arena. */
struct lg_str lg_shorten_function_name(struct lg_str name,
                                       struct lg_arena *arena);

#endif
