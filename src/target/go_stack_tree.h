/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: stacks as a tree of counters from the root outwards, each stored
 * once. A million goroutines stand at ten places: their stacks are ten paths,
 * found again by one hash over the whole stack, before any frame of it is
 * looked at singly. 32 bytes for a new frame; about 10 ns for a stack that is
 * known.
 */
#ifndef LG_TARGET_GO_STACK_TREE_H
#define LG_TARGET_GO_STACK_TREE_H

#include "target/go_goroutines.h"

/* A stack as it was walked, leaf first. */
struct lg_go_walked {
    const uint64_t *pcs;
    uint32_t count;
    uint32_t elided_at; /* frames before pcs[this] were left out … */
    uint64_t elided;    /* … so many; 0: none */
    bool is_cut;        /* the outermost of pcs has callers */
};

struct lg_go_stack_slot {
    uint64_t hash;
    uint32_t node; /* 0: free */
};

struct lg_go_stack_table {
    struct lg_go_stack_slot *slots;
    size_t slot_count, count; /* a power of two */
};

struct lg_go_stack_tree {
    struct lg_go_goroutines *into; /* borrowed: stacks are added there */
    struct lg_arena *arena;        /* borrowed */
    struct lg_go_stack_table whole, edges;
};

/* Adds the root. false: out of memory. */
bool lg_go_stack_tree_init(struct lg_go_stack_tree *t,
                           struct lg_go_goroutines *into,
                           struct lg_arena *arena);
/* The node of the leaf; 0 for a stack without frames. false: out of memory. */
bool lg_go_stack_tree_add(struct lg_go_stack_tree *t,
                          const struct lg_go_walked *stack, uint32_t *node_ret);

#endif
