/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the stages of a graph, each a file, over numbered nodes in columns:
 *
 *   graph_functions.c, graph_nodes.c
 *                  locations → nodes (one for each of their lines)
 *   graph_sums.c   samples → flat and cum of each node        (hot)
 *   graph_edges.c, graph_walk.c
 *                  samples → calls between nodes that are kept (hot)
 *   graph_tree.c   samples → a node for each path, -call_tree
 *   graph_tags.c   labels of samples → tags of nodes
 *   graph_trim.c   which nodes and edges stay, in which order
 *   graph_make.c   columns → struct lg_graph, of what is left
 */
#ifndef LG_EVIDENCE_GRAPH_INTERNAL_H
#define LG_EVIDENCE_GRAPH_INTERNAL_H

#include "base/parallel.h"
#include "evidence/graph.h"

#define LG_NO_NODE UINT32_MAX
/* Stands for nodes that are not made; its sums are nobody's. */
#define LG_SINK_NODE 0
/* In of_location: the low bits are an index into `lists`. */
#define LG_MANY_NODES (UINT32_C(1) << 31)

struct lg_graph_function { /* functions that make equal nodes are one */
    struct lg_str name, file;
    int64_t start_line;
    bool has_objfile; /* its nodes differ by object file, too */
};

struct lg_node_key {
    uint32_t function, objfile; /* indices below */
    uint64_t address;
    int64_t line, column;
};

struct lg_graph_nodes {
    const struct lg_profile *profile;
    const struct lg_graph_options *options;
    struct lg_arena *arena, *scratch;
    struct lg_aggregation keep;
    /* The first is the sink, the second that of lines of which nothing is
     * known. Each is the node of its number, too. */
    LG_VEC(struct lg_graph_function) functions;
    uint32_t *function_of;             /* by function of the profile */
    LG_VEC(struct lg_str) objfiles;    /* first: "" */
    uint32_t *objfile_of;              /* by mapping */
    LG_VEC(struct lg_node_key) others; /* nodes behind those of functions */
    uint32_t *other_slots;             /* index + 1; 0: free */
    size_t other_slot_count;
    uint32_t count;         /* nodes */
    uint32_t *of_location;  /* node, or LG_MANY_NODES + a place in lists */
    LG_VEC(uint32_t) lists; /* a count, then so many nodes, leaf first */
    bool *inlined;          /* by node: was inlined somewhere; NULL: none was */
};

struct lg_graph_sums { /* by node */
    int64_t *flat, *cum;
    int64_t *flat_div, *cum_div; /* NULL without mean */
    /* By place in lists: magnitudes of the samples at that location, those in
     * which it is twice counted twice; stops at the largest number. NULL when
     * no location has several lines, or nobody asks for it. */
    uint64_t *list_weights;
    bool *repeats; /* by sample: some node may come twice in it */
};

struct lg_graph_calls { /* by first appearance */
    struct lg_graph_edge *items;
    size_t count, capacity;
};

/* Which calls are counted. */
struct lg_graph_wish {
    /* By node, without the sink; others are bridged by residual calls. NULL:
     * all are kept, and there is no sink. */
    const bool *kept;
    /* By node: only calls of these are wanted, with callers_too also calls by
     * them. NULL: all are. */
    const bool *around;
    bool callers_too;
    const bool *repeats; /* of struct lg_graph_sums */
};

/* A graph whose nodes have numbers of their own: without call_tree those of
 * struct lg_graph_nodes. */
struct lg_graph_draft {
    struct lg_graph_nodes *nodes;
    struct lg_graph_sums sums;
    uint32_t count;    /* of its nodes */
    uint32_t *node_of; /* call_tree: by draft node; NULL: the same number */
    uint32_t *call_of; /* call_tree: the call into a node, or LG_NO_NODE */
    uint32_t *parent;  /* call_tree: before trimming; LG_NO_NODE: a root */
    uint32_t *leaf_of; /* call_tree: by sample; LG_NO_NODE: none */
    uint32_t *list;    /* nodes of the report */
    size_t list_count;
    struct lg_graph_calls calls;
    struct lg_str *names; /* printable, made when asked for */
};

/* Text goes to arena, the rest to scratch. */
bool lg_graph_nodes_make(const struct lg_profile *p,
                         const struct lg_graph_options *options,
                         struct lg_arena *arena, struct lg_arena *scratch,
                         struct lg_graph_nodes *ret);
bool lg_graph_functions_make(struct lg_graph_nodes *g); /* and object files */
struct lg_node_info lg_graph_node_info(const struct lg_graph_nodes *nodes,
                                       uint32_t node);
/* A bit for each location that has a node with its flag set. */
uint64_t *lg_graph_locations_with(const struct lg_graph_nodes *nodes,
                                  const bool *flags);
static inline bool lg_graph_bit(const uint64_t *bits, uint32_t i)
{
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}
/* Nodes of a location, leaf first; a single one is put into *one. */
static inline const uint32_t *
lg_graph_nodes_at(const struct lg_graph_nodes *nodes, uint32_t location,
                  uint32_t *one, uint32_t *count_ret)
{
    *one = nodes->of_location[location];
    *count_ret = 1;
    if ((*one & LG_MANY_NODES) == 0)
        return one;
    const uint32_t *list = &nodes->lists.items[*one & ~LG_MANY_NODES];
    *count_ret = list[0];
    return list + 1;
}
bool lg_graph_sums_make(const struct lg_graph_nodes *nodes,
                        struct lg_graph_sums *ret);
bool lg_graph_calls_make(const struct lg_graph_nodes *nodes,
                         const struct lg_graph_wish *wish,
                         struct lg_graph_calls *ret);
/* Sums and calls by path; draft->nodes is set. */
bool lg_graph_tree_make(struct lg_graph_draft *draft);
/* TrimTree: gone nodes (by draft node) hand their calls to their callers. */
void lg_graph_tree_trim(struct lg_graph_draft *draft, const bool *gone);
/* Nodes of draft with wanted set get tags. tags_ret: label_tags and
 * numeric_tags of count draft nodes. */
struct lg_graph_node_tags {
    struct lg_graph_tags labels;
    LG_VEC(struct lg_graph_tags) numbers;
};
bool lg_graph_tags_make(const struct lg_graph_draft *draft, const bool *wanted,
                        struct lg_graph_node_tags **tags_ret);
/* Memory may run out: the arena's `failed` tells. */
struct lg_str lg_graph_draft_name(struct lg_graph_draft *draft, uint32_t node);
/* Sorts ids by |score| descending, then by printable name, then by |second|
 * descending, then by number. score, second: by draft node. */
bool lg_graph_sort(struct lg_graph_draft *draft, uint32_t *ids, size_t count,
                   const int64_t *score, const int64_t *second);
bool lg_graph_make(struct lg_graph_draft *draft,
                   const struct lg_graph_node_tags *tags, struct lg_graph *ret);
/* Nodes of the list into which calls that are inlined may have weighed at least
 * cutoff; *any_ret: are there any. kept: as in a wish. A bound by the sums of
 * locations, so that most profiles need not count calls for inline marks. */
bool lg_graph_inline_targets(const struct lg_graph_draft *draft,
                             const bool *kept, int64_t cutoff, bool *flags,
                             bool *any_ret);
/* Fills the nodes' lists of edges anew. */
bool lg_graph_connect(struct lg_graph *g);
/* RemoveRedundantEdges. */
bool lg_graph_remove_redundant(struct lg_graph *g);
/* entropyScore of each node of the list, by draft node. */
bool lg_graph_entropy(const struct lg_graph_draft *draft, int64_t *scores);

/* Samples in as many parts as there are processors for, if it is worth it;
 * each about as many frames. */
struct lg_graph_range {
    uint32_t first, end;
};
size_t lg_graph_split(const struct lg_profile *p,
                      struct lg_graph_range ranges_ret[LG_PARALLEL_MAX_PARTS]);
/* For slots of hash tables. Numbers come from untrusted files: with the
 * kernel's random bytes as a seed, none can be made that all collide. */
uint64_t lg_graph_seed(void);
static inline uint64_t lg_graph_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 wide =
        (unsigned __int128)(a ^ UINT64_C(0x9E3779B97F4A7C15)) *
        (b ^ UINT64_C(0xE7037ED1A0B428DB));
    return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

static inline uint32_t lg_graph_base_node(const struct lg_graph_draft *d,
                                          uint32_t node)
{
    return d->node_of != NULL ? d->node_of[node] : node;
}

#endif
