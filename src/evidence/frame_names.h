/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the frames of an aggregated profile with their printable names, each
 * once: what the formats that list whole stacks (folded, speedscope, flame
 * graphs) number their frames by.
 */
#ifndef LG_EVIDENCE_FRAME_NAMES_H
#define LG_EVIDENCE_FRAME_NAMES_H

#include "evidence/profile.h"

struct lg_frame_name {
    struct lg_str name; /* as top prints it: graph.h's lg_node_name */
    struct lg_str file; /* empty: not known */
    int64_t line;
};

struct lg_frame_names {
    LG_VEC(struct lg_frame_name) items;
    /* Frames of location i, leaf first: ids[first[i]] … ids[first[i + 1]]. */
    uint32_t *first, *ids;
};

/* false: out of memory. */
bool lg_frame_names_of(const struct lg_profile *p, struct lg_arena *arena,
                       struct lg_frame_names *ret);

#endif
