/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_ids.h"

/* Ids up to this many times the number of definitions (and a few more) are
 * looked up directly: four bytes for each, whatever the ids claim. */
#define DENSE_FACTOR 4
#define DENSE_EXTRA 64

bool lg_pprof_ids_init(struct lg_pprof_ids *ids, size_t expected_count,
                       struct lg_arena *arena)
{
    *ids = (struct lg_pprof_ids){.arena = arena};
    lg_map_init(&ids->sparse, arena);
    ids->dense_count = expected_count * DENSE_FACTOR + DENSE_EXTRA;
    ids->dense = lg_new(arena, uint32_t, ids->dense_count);
    return ids->dense != NULL;
}

static uint32_t add(struct lg_pprof_ids *ids, uint64_t id, uint32_t user,
                    uint64_t offset)
{
    if (ids->items.count >= LG_PPROF_NO_INDEX) {
        ids->arena->failed = true;
        return LG_PPROF_NO_INDEX;
    }
    struct lg_pprof_id *item = lg_push(ids->arena, &ids->items);
    if (item == NULL)
        return LG_PPROF_NO_INDEX;
    *item = (struct lg_pprof_id){.id = id, .user = user, .offset = offset};
    return (uint32_t)(ids->items.count - 1);
}

static uint32_t sparse_index(struct lg_pprof_ids *ids, uint64_t id,
                             uint32_t user, uint64_t offset)
{
    bool fresh;
    uint64_t *place = lg_map_put_u64(&ids->sparse, id, &fresh);
    if (place == NULL)
        return LG_PPROF_NO_INDEX;
    if (fresh)
        *place = add(ids, id, user, offset);
    return (uint32_t)*place;
}

uint32_t lg_pprof_ids_index(struct lg_pprof_ids *ids, uint64_t id,
                            uint32_t user, uint64_t offset)
{
    if (id >= ids->dense_count)
        return sparse_index(ids, id, user, offset);
    uint32_t *place = &ids->dense[id];
    if (*place == 0)
        *place = add(ids, id, user, offset) + 1; /* NO_INDEX + 1 is 0 */
    return *place - 1;
}

uint32_t lg_pprof_ids_find(const struct lg_pprof_ids *ids, uint64_t id)
{
    if (id < ids->dense_count)
        return ids->dense[id] - 1;
    const uint64_t *place = lg_map_find_u64(&ids->sparse, id);
    return place != NULL ? (uint32_t)*place : LG_PPROF_NO_INDEX;
}
