/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a pprof profile as columns. Stacks are interned in a tree of
 * locations (a child is what its parent called), so a sample is one node and
 * its values; equal callers are stored once. Built once by a decoder through
 * the builder functions, then immutable; every question is a pure function.
 *
 *   nodes:   0 = root (empty stack)      samples:  node | values of type 0, 1…
 *            n = (parent, location)                 leaf node → parents → root
 *
 * Format: github.com/google/pprof profile.proto.
 */
#ifndef LG_EVIDENCE_PROFILE_H
#define LG_EVIDENCE_PROFILE_H

#include "base/arena.h"
#include "base/vec.h"
#include "evidence/frame.h"

struct lg_value_type {
    struct lg_str type, unit; /* "inuse_space", "bytes" */
};

struct lg_profile_mapping {
    uint64_t start, limit, offset;
    struct lg_str file, build_id;
};

struct lg_profile_function {
    struct lg_str name, system_name, file;
    int64_t start_line;
};

struct lg_profile_line { /* inlined callee first, as in profile.proto */
    uint32_t function;   /* index; always valid */
    int64_t line;
};

struct lg_profile_location {
    uint64_t address;
    uint32_t mapping; /* index + 1; 0: none */
    uint32_t line_first, line_count;
};

struct lg_stack_node {
    uint32_t parent;   /* the caller's node; the root is its own parent */
    uint32_t location; /* index; meaningless in the root */
    uint32_t depth;    /* root 0 */
    uint32_t hash;     /* of all locations from the root, for the builder */
};

/* The key stands in the slot, so that a lookup is one miss of the cache. */
struct lg_node_slot {
    uint32_t parent, location, hash;
    uint32_t node; /* 0: free */
};

struct lg_profile_label {
    uint32_t sample;
    struct lg_str key, str; /* str empty: numeric */
    int64_t num;
    struct lg_str num_unit;
};

struct lg_profile {
    LG_VEC(struct lg_value_type) types;
    LG_VEC(struct lg_profile_mapping) mappings;
    LG_VEC(struct lg_profile_function) functions;
    LG_VEC(struct lg_profile_line) lines;
    LG_VEC(struct lg_profile_location) locations;
    LG_VEC(struct lg_stack_node) nodes;
    LG_VEC(uint32_t) sample_nodes;
    int64_t *values; /* sample-major: [sample * types.count + type] */
    size_t values_capacity;
    LG_VEC(struct lg_profile_label) labels; /* in order of sample */
    int64_t time_ns, duration_ns, period;
    struct lg_value_type period_type;
    struct lg_str default_type;
    struct lg_node_slot *node_slots; /* of the builder: a hash table */
    size_t node_slot_count;          /* a power of two */
    struct lg_arena *arena;          /* borrowed */
};

/* Builder. Borrows arena; sets up the root. false: out of memory. */
bool lg_profile_init(struct lg_profile *p, struct lg_arena *arena);
/* The node for `location` called from `parent`; UINT32_MAX: out of memory. */
uint32_t lg_profile_node(struct lg_profile *p, uint32_t parent,
                         uint32_t location);
/* The node of a whole stack of locations, leaf first, that `parent` called.
 * path_ret (may be NULL) takes the count nodes on the way, root first. This is
 * where a decoder's time goes: the places of all lookups follow from the
 * locations alone and are fetched before the first is looked at, so the misses
 * of the cache overlap. 16 bytes for each new node, and 24 to 48 of index. */
uint32_t lg_profile_stack(struct lg_profile *p, uint32_t parent,
                          const uint32_t *locations, size_t count,
                          uint32_t *path_ret);
/* Adds a sample with types.count values (copied). false: out of memory. */
bool lg_profile_sample(struct lg_profile *p, uint32_t node,
                       const int64_t *values);

/* Index of a sample type by name ("inuse_space"), or -1. */
int lg_profile_type(const struct lg_profile *p, struct lg_str name);
static inline int64_t lg_profile_value(const struct lg_profile *p,
                                       size_t sample, int type)
{
    return p->values[sample * p->types.count + (size_t)type];
}
/* Sum over all samples of one type; wraps around as pprof's does. */
int64_t lg_profile_total(const struct lg_profile *p, int type);

/* Walks a sample's stack leaf first, inlined frames expanded:
 *     struct lg_frame_iter it = lg_profile_frames(p, sample);
 *     while (lg_frame_iter_next(&it, &frame)) …
 * A location without lines is one frame without function, file and line. */
struct lg_frame_iter {
    const struct lg_profile *profile;
    uint32_t node, line; /* next line within the node's location */
};
struct lg_frame_iter lg_profile_frames(const struct lg_profile *p,
                                       size_t sample);
struct lg_frame_iter lg_profile_node_frames(const struct lg_profile *p,
                                            uint32_t node);
bool lg_frame_iter_next(struct lg_frame_iter *it, struct lg_frame *frame_ret);

#endif
