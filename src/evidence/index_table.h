/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: finds items of an array by what they hold: an open hash table of
 * indices whose comparison is the caller's. 8 bytes a slot, no keys of its
 * own; what is looked for stands at the end of the array while it is looked
 * for:
 *
 *     size_t at = lg_index_first(t, hash);
 *     for (uint32_t i; lg_index_next(t, hash, &at, &i);)
 *         if (is_same(i, candidate)) return i;
 *     lg_index_put(t, at, hash, candidate);
 */
#ifndef LG_EVIDENCE_INDEX_TABLE_H
#define LG_EVIDENCE_INDEX_TABLE_H

#include "base/arena.h"

#include <stdint.h>

struct lg_index_table {
    uint64_t *slots; /* hash << 32 | index + 1; 0: free */
    size_t slot_count, count;
    struct lg_arena *arena; /* borrowed */
};

static inline void lg_index_init(struct lg_index_table *t,
                                 struct lg_arena *arena)
{
    *t = (struct lg_index_table){.arena = arena};
}

static inline size_t lg_index_first(const struct lg_index_table *t,
                                    uint32_t hash)
{
    return hash & (t->slot_count - 1);
}

/* The next item with that hash; false: *at is the free slot where it belongs.
 */
static inline bool lg_index_next(const struct lg_index_table *t, uint32_t hash,
                                 size_t *at, uint32_t *index_ret)
{
    for (;;) {
        uint64_t slot = t->slots[*at];
        if (slot == 0)
            return false;
        *at = (*at + 1) & (t->slot_count - 1);
        if (slot >> 32 == hash) {
            *index_ret = (uint32_t)slot - 1;
            return true;
        }
    }
}

static inline void lg_index_put(struct lg_index_table *t, size_t at,
                                uint32_t hash, uint32_t index)
{
    t->slots[at] = (uint64_t)hash << 32 | ((uint64_t)index + 1);
    t->count++;
}

static inline void lg_index_prefetch(const struct lg_index_table *t,
                                     uint32_t hash)
{
    if (t->slot_count != 0)
        __builtin_prefetch(&t->slots[lg_index_first(t, hash)]);
}

static inline bool lg_index_resize(struct lg_index_table *t, size_t count)
{
    uint64_t *slots = lg_new_table(t->arena, uint64_t, count);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < t->slot_count; i++) {
        size_t at = (size_t)(t->slots[i] >> 32) & (count - 1);
        if (t->slots[i] == 0)
            continue;
        while (slots[at] != 0)
            at = (at + 1) & (count - 1);
        slots[at] = t->slots[i];
    }
    t->slots = slots;
    t->slot_count = count;
    return true;
}

#define LG_INDEX_MIN_SLOTS ((size_t)64)

/* An empty table for so many items, so that it need not grow step by step.
 * false: out of memory. */
static inline bool lg_index_expect(struct lg_index_table *t, size_t items)
{
    size_t count = LG_INDEX_MIN_SLOTS;
    while (count / 2 < items && count < SIZE_MAX / 2 / sizeof *t->slots)
        count *= 2;
    t->slots = lg_new(t->arena, uint64_t, count);
    t->slot_count = t->slots != NULL ? count : 0;
    return t->slots != NULL;
}

/* Its pages, where somebody has time for that. */
static inline void lg_index_touch(const struct lg_index_table *t)
{
    lg_touch_pages(t->slots, t->slot_count * sizeof *t->slots);
}

/* Room for `more` (at most 32), and half of the slots free; before each lookup.
 * false: out of memory. */
static inline bool lg_index_reserve(struct lg_index_table *t, size_t more)
{
    if ((t->count + more) * 2 <= t->slot_count)
        return true;
    return lg_index_resize(t, t->slot_count != 0 ? t->slot_count * 2
                                                 : LG_INDEX_MIN_SLOTS);
}

#endif
