/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a profile as the tree that a flame graph draws: a node is a frame
 * below its callers. Samples are parted by their outermost frame, then each
 * part by the next one, and so on; a part that weighs too little to be seen is
 * not parted further, so the cost is that of what is shown, however many
 * distinct stacks there are.
 *
 * Of a difference (samples that are less than nothing, or marked as of the
 * base) each node has both sides. Its width is what the larger side of each of
 * its stacks adds up to, so that both layouts are one ("union"), and neither
 * growth nor shrinking hides the other.
 */
#ifndef LG_EVIDENCE_FLAME_TREE_H
#define LG_EVIDENCE_FLAME_TREE_H

#include "evidence/frame_names.h"

struct lg_flame_node {
    uint32_t frame;             /* in names; UINT32_MAX: the root */
    uint32_t parent;            /* the root is its own */
    uint32_t first_child, next; /* siblings: widest first; 0: none */
    uint32_t depth;
    /* Sums below, in the sample type's unit: after is the profile's, before is
     * the base's, both ≥ 0; self: of stacks that end here. */
    uint64_t after, before, width;
    uint64_t self_after, self_before;
    uint64_t hidden; /* width of children that were too narrow */
};

struct lg_flame_tree {
    LG_VEC(struct lg_flame_node) nodes; /* [0] is the root */
    const struct lg_frame_names *names; /* borrowed */
    bool is_difference;
    uint32_t depth;        /* of the deepest node */
    uint64_t hidden_count; /* children that were too narrow */
};

/* Nodes narrower than min_ratio of the root are left out, and those deeper than
 * max_depth. type: sample type. names: of p. false: out of memory. */
bool lg_flame_tree_build(const struct lg_profile *p,
                         const struct lg_frame_names *names, size_t type,
                         double min_ratio, uint32_t max_depth,
                         struct lg_arena *arena, struct lg_flame_tree *ret);

#endif
