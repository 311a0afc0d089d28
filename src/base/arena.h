/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one arena per document. What is parsed together dies together.
 *
 * Memory comes zeroed, in chunks that double up to a bound; nothing is freed
 * singly. An arena can carry a limit, so that hostile input meets a bound
 * before the machine does. A fixed arena lives in memory of the caller and
 * never calls malloc: the recorder's steady loop uses only such ones.
 */
#ifndef LG_BASE_ARENA_H
#define LG_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct lg_arena_chunk;

struct lg_arena {
    char *at, *end;               /* free part of the current chunk */
    struct lg_arena_chunk *chunk; /* newest first; NULL in a fixed arena */
    size_t next_chunk_bytes;
    size_t used_bytes;  /* handed out, with padding */
    size_t limit_bytes; /* 0: none */
    bool fixed;
    bool failed; /* an allocation was refused; sticky until a reset */
};

/* No allocation happens here. limit_bytes 0: unlimited. */
void lg_arena_init(struct lg_arena *arena, size_t limit_bytes);
/* Borrows memory[size_bytes] for the arena's life. */
void lg_arena_init_fixed(struct lg_arena *arena, void *memory,
                         size_t size_bytes);
void lg_arena_deinit(struct lg_arena *arena);
/* Gives everything back but keeps the newest chunk for what comes next. */
void lg_arena_reset(struct lg_arena *arena);

/* Zeroed; NULL when memory or the limit is out (and arena->failed is set).
 * align is a power of two. size_bytes 0 gives a valid pointer. */
void *lg_arena_alloc(struct lg_arena *arena, size_t size_bytes, size_t align);
/* count * size with the overflow checked. */
void *lg_arena_calloc(struct lg_arena *arena, size_t count, size_t size_bytes,
                      size_t align);
/* The same for tables that are read, here and there, before they are written: a
 * page that is read first comes twice, and to take the first one back stops the
 * other threads. All of it is touched at once. */
void *lg_arena_table(struct lg_arena *arena, size_t count, size_t size_bytes,
                     size_t align);
/* Grows the newest allocation in place where it can, else copies.
 * old may be NULL with old_bytes 0. The grown part is zeroed. */
void *lg_arena_grow(struct lg_arena *arena, void *old, size_t old_bytes,
                    size_t new_bytes, size_t align);

/* Gives the tail of the newest allocation back; nothing happens when it is not
 * the newest. */
void lg_arena_trim(struct lg_arena *arena, void *old, size_t old_bytes,
                   size_t new_bytes);

/* Untouched memory. */
struct lg_room {
    void *data;
    size_t bytes;
};

/* Makes room in one piece for the next `bytes` of allocations, which lie one
 * behind the other; what is left of the current chunk is given up. {NULL, 0}:
 * memory or the limit is out, or the arena is fixed; then all goes on as
 * before. */
struct lg_room lg_arena_room(struct lg_arena *arena, size_t bytes);
/* Allocations come out of such room. */
bool lg_arena_in_room(const struct lg_arena *arena);
/* Gives up what is left of it: that would come fresh from the kernel, and
 * malloc may have memory that was in use before. */
void lg_arena_leave_room(struct lg_arena *arena);

/* Asks for the pages that lie wholly in it at once, if they are fresh: a third
 * less time than at the first touch of each, and on whichever thread has time.
 * For memory that will be filled. What stands there stays. */
void lg_touch_pages(void *memory, size_t bytes);

#define lg_new(arena, type, count)                                             \
    ((type *)lg_arena_calloc((arena), (count), sizeof(type), _Alignof(type)))
#define lg_new_table(arena, type, count)                                       \
    ((type *)lg_arena_table((arena), (count), sizeof(type), _Alignof(type)))

#endif
