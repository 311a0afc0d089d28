/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the ids of profile.proto as indices. An id gets the next index at
 * its first mention, be that its definition or a reference to it: samples may
 * come before their locations, and those before their functions.
 */
#ifndef LG_DECODE_PPROF_IDS_H
#define LG_DECODE_PPROF_IDS_H

#include "base/map.h"
#include "base/vec.h"

#define LG_PPROF_NO_INDEX UINT32_MAX

struct lg_pprof_id {
    uint64_t id;
    uint64_t offset; /* of the first mention, in the inflated bytes */
    uint32_t user;   /* who mentioned it first: index of sample or location */
    bool defined;
};

struct lg_pprof_ids {
    struct lg_arena *arena;
    /* Writers count from 1, so nearly every id is in the table: index + 1. */
    uint32_t *dense;
    size_t dense_count;
    struct lg_map sparse;
    LG_VEC(struct lg_pprof_id) items;
};

/* Borrows arena. expected_count: definitions that the input holds. */
bool lg_pprof_ids_init(struct lg_pprof_ids *ids, size_t expected_count,
                       struct lg_arena *arena);
/* The index of id; LG_PPROF_NO_INDEX: out of memory. */
uint32_t lg_pprof_ids_index(struct lg_pprof_ids *ids, uint64_t id,
                            uint32_t user, uint64_t offset);
/* The index of id when it was mentioned, else LG_PPROF_NO_INDEX. */
uint32_t lg_pprof_ids_find(const struct lg_pprof_ids *ids, uint64_t id);

#endif
