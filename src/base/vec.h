/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: growing arrays in an arena. A vector is any struct with `items`,
 * `count` and `capacity`; the macros are typed by it:
 *
 *     struct lg_u64s { uint64_t *items; size_t count, capacity; };
 *     uint64_t *slot = lg_push(&arena, &v);   // NULL: out of memory
 *     lg_each (x, v) …
 */
#ifndef LG_BASE_VEC_H
#define LG_BASE_VEC_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LG_VEC(type)                                                           \
    struct {                                                                   \
        type *items;                                                           \
        size_t count, capacity;                                                \
    }

/* Room for more than *capacity; false: out of memory, nothing changed. */
bool lg_vec_grow(struct lg_arena *arena, void *items_ptr, size_t *capacity,
                 size_t item_bytes, size_t align);

/* Makes room for one more, zeroed: not only fresh memory, the place may be one
 * that count has left. Inline: pushes are everywhere, and sizes known. */
static inline bool lg_vec_reserve_one(struct lg_arena *arena, void *items_ptr,
                                      size_t count, size_t *capacity,
                                      size_t item_bytes, size_t align)
{
    if (count >= *capacity &&
        !lg_vec_grow(arena, items_ptr, capacity, item_bytes, align))
        return false;
    /* items_ptr is a pointer to a pointer of any type. */
    void *items;
    memcpy(&items, items_ptr, sizeof items);
    memset((char *)items + count * item_bytes, 0, item_bytes);
    return true;
}

/* Pointer to a new zeroed last item, or NULL. */
#define lg_push(arena, v)                                                      \
    (lg_vec_reserve_one((arena), &(v)->items, (v)->count, &(v)->capacity,      \
                        sizeof *(v)->items, _Alignof(max_align_t))             \
         ? &(v)->items[(v)->count++]                                           \
         : NULL)

/* for each item: `lg_each (p, vec) { p->… }`; vec is an lvalue struct,
 * const or not (+ 0: the pointer's own const falls off). */
// NOLINTBEGIN(bugprone-macro-parentheses): p is declared here
#define lg_each(p, v)                                                          \
    for (__typeof__((v).items + 0) p = (v).items;                              \
         p != NULL && p < (v).items + (v).count; p++)
// NOLINTEND(bugprone-macro-parentheses)

#define LG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
