/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#define FIRST_CAPACITY 8

bool lg_vec_grow(struct lg_arena *arena, void *items_ptr, size_t *capacity,
                 size_t item_bytes, size_t align)
{
    size_t more = *capacity != 0 ? *capacity : FIRST_CAPACITY, wanted, bytes;
    void *items;
    memcpy(&items, items_ptr, sizeof items);
    if (__builtin_add_overflow(*capacity, more, &wanted) ||
        __builtin_mul_overflow(wanted, item_bytes, &bytes)) {
        arena->failed = true;
        return false;
    }
    items = lg_arena_grow(arena, items, *capacity * item_bytes, bytes, align);
    if (items == NULL)
        return false;
    memcpy(items_ptr, &items, sizeof items);
    *capacity = wanted;
    return true;
}
