/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_ids.h"

/* Ids up to this many times the number of definitions (and a few more) are
 * looked up directly: four bytes for each, whatever the ids claim. */
#define DENSE_FACTOR 4
#define DENSE_EXTRA 64

void lg_pprof_ids_init(struct lg_pprof_ids *ids, size_t expected_count,
                       struct lg_arena *arena)
{
    *ids =
        (struct lg_pprof_ids){.arena = arena, .expected_count = expected_count};
    lg_map_init(&ids->sparse, arena);
}

/* The ids do not simply count: from now on they are looked up. */
static bool make_table(struct lg_pprof_ids *ids)
{
    ids->dense_count = ids->expected_count * DENSE_FACTOR + DENSE_EXTRA;
    ids->dense = lg_new(ids->arena, uint32_t, ids->dense_count);
    if (ids->dense == NULL)
        return false;
    for (uint32_t i = 0; i < ids->count; i++)
        ids->dense[i + 1] = i + 1;
    ids->has_table = true;
    return true;
}

bool lg_pprof_ids_define(struct lg_pprof_ids *ids, uint64_t id, bool *fresh_ret)
{
    *fresh_ret = lg_pprof_ids_find(ids, id) == LG_PPROF_NO_INDEX;
    if (!*fresh_ret)
        return true;
    if (!ids->has_table && id != (uint64_t)ids->count + 1 && !make_table(ids))
        return false;
    if (ids->has_table && id < ids->dense_count) {
        ids->dense[id] = ids->count + 1;
    } else if (ids->has_table) {
        uint64_t *place = lg_map_put_u64(&ids->sparse, id, NULL);
        if (place == NULL)
            return false;
        *place = ids->count;
    }
    ids->count++;
    return true;
}
