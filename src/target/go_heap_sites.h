/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the allocation sites of a Go program as the runtime counts them:
 * what was sampled, not yet scaled and without names. One per stack and object
 * size, in order of the runtime's list.
 * Source: Go 1.27 src/runtime/mprof.go, memProfileInternal.
 */
#ifndef LG_TARGET_GO_HEAP_SITES_H
#define LG_TARGET_GO_HEAP_SITES_H

#include "target/go_heap_profile.h"

#define LG_GO_PROFILE_FUTURES 3

struct lg_go_site_counts {
    uint64_t allocs, frees;
};

struct lg_go_heap_site {
    uint64_t object_bytes;
    struct lg_go_site_counts counts; /* frees ≤ allocs */
    struct lg_go_site_counts future[LG_GO_PROFILE_FUTURES]; /* as read */
    size_t stack_first;                                     /* into stacks */
    uint32_t stack_count;
};

struct lg_go_heap_sites {
    LG_VEC(struct lg_go_heap_site) items;
    LG_VEC(uint64_t) stacks; /* return addresses, leaf first, of all sites */
    struct lg_go_heap_profile_info info;
};

/* As lg_go_heap_profile_read. All of it lives in the arena. */
bool lg_go_heap_sites_read(struct lg_go *go, enum lg_heap_when when,
                           struct lg_arena *arena, struct lg_go_heap_sites *ret,
                           struct lg_error *err);

#endif
