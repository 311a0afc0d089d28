/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <string.h>

#define FIRST_CAPACITY 8

bool lg_vec_reserve_one(struct lg_arena *arena, void *items_ptr, size_t count,
                        size_t *capacity, size_t item_bytes, size_t align)
{
    /* items_ptr is a pointer to a pointer of any type. */
    void *items;
    memcpy(&items, items_ptr, sizeof items);
    if (count >= *capacity) {
        size_t more = *capacity != 0 ? *capacity : FIRST_CAPACITY, wanted;
        size_t bytes;
        if (__builtin_add_overflow(*capacity, more, &wanted) ||
            __builtin_mul_overflow(wanted, item_bytes, &bytes)) {
            arena->failed = true;
            return false;
        }
        items =
            lg_arena_grow(arena, items, *capacity * item_bytes, bytes, align);
        if (items == NULL)
            return false;
        memcpy(items_ptr, &items, sizeof items);
        *capacity = wanted;
    }
    /* Not only fresh memory: the place may be one that count has left. */
    memset((char *)items + count * item_bytes, 0, item_bytes);
    return true;
}
