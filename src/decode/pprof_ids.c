/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_ids.h"

/* Ids up to this many times the number of definitions (and a few more) are
 * looked up directly: four bytes for each, whatever the ids claim. */
#define DENSE_FACTOR 4
#define DENSE_EXTRA 64

bool lg_pprof_ids_init(struct lg_pprof_ids *ids, size_t expected_count,
                       struct lg_arena *arena)
{
    *ids = (struct lg_pprof_ids){0};
    lg_map_init(&ids->sparse, arena);
    ids->dense_count = expected_count * DENSE_FACTOR + DENSE_EXTRA;
    ids->dense = lg_new(arena, uint32_t, ids->dense_count);
    return ids->dense != NULL;
}

bool lg_pprof_ids_define(struct lg_pprof_ids *ids, uint64_t id, bool *fresh_ret)
{
    *fresh_ret = lg_pprof_ids_find(ids, id) == LG_PPROF_NO_INDEX;
    if (!*fresh_ret)
        return true;
    if (id < ids->dense_count) {
        ids->dense[id] = ids->count + 1;
    } else {
        uint64_t *place = lg_map_put_u64(&ids->sparse, id, NULL);
        if (place == NULL)
            return false;
        *place = ids->count;
    }
    ids->count++;
    return true;
}
