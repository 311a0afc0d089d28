/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what one thread counts of the calls in its part of the samples. For
 * graph_edges.c, which hands the parts out and adds them up, and graph_walk.c,
 * which goes through the stacks.
 */
#ifndef LG_EVIDENCE_GRAPH_CALLS_H
#define LG_EVIDENCE_GRAPH_CALLS_H

#include "evidence/graph_internal.h"
#include "evidence/index_table.h"

#define LG_NO_CALL UINT32_MAX

struct lg_call_table { /* calls by caller and callee */
    struct lg_graph_calls calls;
    struct lg_index_table index;
    uint64_t seed;
    struct lg_arena *arena; /* nobody else's while the parts run */
};
/* Index of the call like->src → like->dest. A new one has the flags of like,
 * no weight and the stamp 0. LG_NO_CALL: out of memory. */
uint32_t lg_call_index(struct lg_call_table *t,
                       const struct lg_graph_edge *like);
/* For each sample that counts. */
static inline void lg_call_join(struct lg_graph_edge *e,
                                const struct lg_graph_edge *like)
{
    e->residual |= like->residual;
    e->is_inline &= like->is_inline;
}

/* A location with several lines, of which some may be kept. */
struct lg_call_list {
    uint32_t place;       /* in nodes->lists */
    uint32_t entry, exit; /* kept nodes, outermost and innermost; or the sink */
    bool has_calls;       /* entry and exit differ in place */
    bool entry_is_inline; /* the outermost line of all was not kept */
    bool tail_residual;   /* the innermost line was not */
};

/* A location, for what is called from its innermost line that is kept. */
struct lg_call_site {
    /* The location's node; the sink: it is not kept; or a list's number, see
     * LG_SITE_…. */
    uint32_t node;
    /* The last call: the callee's number, residual and is_inline in the low
     * bits; 0: none was. */
    uint32_t callee;
    int64_t weight; /* of the last call; not in the table yet */
};
#define LG_SITE_LIST (UINT32_C(1) << 31)
#define LG_SITE_FRESH (UINT32_C(1) << 30) /* its calls are not made yet */
#define LG_SITE_NUMBER (LG_SITE_FRESH - 1)

struct lg_call_met { /* stamps of the last sample that had the node */
    uint32_t once, twice;
};

struct lg_call_part {
    const struct lg_graph_nodes *g;
    const struct lg_graph_wish *wish;
    const uint64_t *look; /* a bit for each location; NULL: look at all */
    struct lg_graph_range samples;
    struct lg_arena own;
    struct lg_call_table table;
    /* Unless few locations matter: */
    struct lg_call_site *sites; /* by location */
    uint32_t *call_of;          /* by location: index of its last call */
    int64_t *list_weights; /* by list: of its calls; not in the table yet */
    const struct lg_call_list *lists;
    size_t list_count;
    struct lg_call_met *met; /* by node */
    bool failed;
};

/* Threads: argument is a struct lg_call_part. */
void *lg_calls_walk(void *argument);
/* Looks only where a location's bit is set: its nodes are around. */
void *lg_calls_walk_around(void *argument);

#endif
