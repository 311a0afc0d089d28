/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the ids of profile.proto as indices, in order of definition. Nearly
 * every writer counts from 1: then an id is its index plus one, and no table
 * is made.
 */
#ifndef LG_DECODE_PPROF_IDS_H
#define LG_DECODE_PPROF_IDS_H

#include "base/map.h"
#include "base/vec.h"

#define LG_PPROF_NO_INDEX UINT32_MAX

struct lg_pprof_ids {
    struct lg_arena *arena; /* borrowed */
    size_t expected_count;
    uint32_t count;
    bool has_table;  /* else id i + 1 has index i, for i < count */
    uint32_t *dense; /* of small ids: index + 1 */
    size_t dense_count;
    struct lg_map sparse; /* of the others: index */
};

/* Borrows arena. expected_count: definitions that the input holds. */
void lg_pprof_ids_init(struct lg_pprof_ids *ids, size_t expected_count,
                       struct lg_arena *arena);
/* Gives id the next index. *fresh_ret: false when it has one already. false:
 * out of memory. */
bool lg_pprof_ids_define(struct lg_pprof_ids *ids, uint64_t id,
                         bool *fresh_ret);
/* LG_PPROF_NO_INDEX when it was not defined; 0 never is. */
static inline uint32_t lg_pprof_ids_find(const struct lg_pprof_ids *ids,
                                         uint64_t id)
{
    if (!ids->has_table)
        return id - 1 < ids->count ? (uint32_t)(id - 1) : LG_PPROF_NO_INDEX;
    if (id < ids->dense_count)
        return ids->dense[id] - 1;
    const uint64_t *place = lg_map_find_u64(&ids->sparse, id);
    return place != NULL ? (uint32_t)*place : LG_PPROF_NO_INDEX;
}

#endif
