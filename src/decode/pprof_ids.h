/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the ids of profile.proto as indices, in order of definition.
 */
#ifndef LG_DECODE_PPROF_IDS_H
#define LG_DECODE_PPROF_IDS_H

#include "base/map.h"
#include "base/vec.h"

#define LG_PPROF_NO_INDEX UINT32_MAX

struct lg_pprof_ids {
    /* Writers count from 1, so nearly every id is in the table: index + 1. */
    uint32_t *dense;
    size_t dense_count;
    struct lg_map sparse;
    uint32_t count;
};

/* Borrows arena. expected_count: definitions that the input holds. */
bool lg_pprof_ids_init(struct lg_pprof_ids *ids, size_t expected_count,
                       struct lg_arena *arena);
/* Gives id the next index. *fresh_ret: false when it has one already. false:
 * out of memory. */
bool lg_pprof_ids_define(struct lg_pprof_ids *ids, uint64_t id,
                         bool *fresh_ret);
/* LG_PPROF_NO_INDEX when it was not defined. */
static inline uint32_t lg_pprof_ids_find(const struct lg_pprof_ids *ids,
                                         uint64_t id)
{
    if (id < ids->dense_count)
        return ids->dense[id] - 1;
    const uint64_t *place = lg_map_find_u64(&ids->sparse, id);
    return place != NULL ? (uint32_t)*place : LG_PPROF_NO_INDEX;
}

#endif
