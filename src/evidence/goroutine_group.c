/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/goroutines.h"

#include "base/map.h"

#include <stdlib.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 wide =
        (unsigned __int128)(hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

static uint64_t mix_place(uint64_t hash, const struct lg_frame *frame)
{
    return mix(mix(hash, lg_str_hash(frame->function)), frame->line);
}

static uint64_t key_of(const struct lg_goroutines *g,
                       const struct lg_goroutine *item)
{
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    uint64_t hash = mix(lg_str_hash(item->state), item->frame_count + 1);
    hash = mix_place(hash, &item->created_by);
    for (uint32_t i = 0; i < item->frame_count; i++)
        hash = mix_place(hash, &frames[i]);
    return hash;
}

static void join(struct lg_goroutine_group *group,
                 const struct lg_goroutine *item)
{
    group->count += item->count;
    if (item->leaked)
        group->leaked_count += item->count;
    if (item->wait_ns > group->longest_wait_ns)
        group->longest_wait_ns = item->wait_ns;
    if (item->id == 0)
        return;
    if (group->id_min == 0 || item->id < group->id_min)
        group->id_min = item->id;
    if (item->id > group->id_max)
        group->id_max = item->id;
}

static int by_count(const void *left, const void *right)
{
    const struct lg_goroutine_group *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return 0;
}

static struct lg_goroutine_group *group_of(struct lg_goroutine_groups *groups,
                                           struct lg_map *index, uint64_t key,
                                           struct lg_arena *arena)
{
    bool fresh;
    uint64_t *place = lg_map_put_u64(index, key, &fresh);
    if (place == NULL)
        return NULL;
    if (!fresh)
        return &groups->items.items[*place];
    *place = groups->items.count;
    return lg_push(arena, &groups->items);
}

bool lg_goroutines_group(const struct lg_goroutines *g, struct lg_arena *arena,
                         struct lg_goroutine_groups *groups_ret)
{
    struct lg_goroutine_groups groups = {0};
    struct lg_map index;
    lg_map_init(&index, arena);
    for (size_t i = 0; i < g->items.count; i++) {
        const struct lg_goroutine *item = &g->items.items[i];
        uint64_t key = key_of(g, item);
        struct lg_goroutine_group *group =
            group_of(&groups, &index, key, arena);
        if (group == NULL)
            return false;
        if (group->count == 0) {
            group->example = (uint32_t)i;
            group->key = key;
        }
        join(group, item);
    }
    if (groups.items.count != 0)
        qsort(groups.items.items, groups.items.count,
              sizeof *groups.items.items, by_count);
    *groups_ret = groups;
    return true;
}
