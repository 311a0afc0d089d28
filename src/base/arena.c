/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Under AddressSanitizer, what is free in a chunk is poisoned and a gap stays
 * behind every allocation, so that a decoder that reads past its array is
 * caught although the array lies in a bigger block. The gap counts neither as
 * used nor against the limit. Memory of the caller is left alone. */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define GAP_BYTES ((size_t)16)
#define POISON(at, len) __asan_poison_memory_region((at), (len))
#define UNPOISON(at, len) __asan_unpoison_memory_region((at), (len))
#else
#define GAP_BYTES ((size_t)0)
#define POISON(at, len) ((void)(at), (void)(len))
#define UNPOISON(at, len) ((void)(at), (void)(len))
#endif

/* Small enough for the many short documents, and the doubling soon leaves it;
 * the bound keeps the unused end of the last chunk small. */
#define FIRST_CHUNK_BYTES ((size_t)4096)
#define MAX_CHUNK_BYTES ((size_t)4 << 20)
/* No sum below can overflow with sizes up to this. */
#define MAX_ALLOC_BYTES ((size_t)PTRDIFF_MAX / 2)

struct lg_arena_chunk {
    struct lg_arena_chunk *next;
    size_t size_bytes; /* of data */
    bool is_room;
    _Alignas(max_align_t) char data[];
};

void lg_arena_init(struct lg_arena *arena, size_t limit_bytes)
{
    *arena = (struct lg_arena){.next_chunk_bytes = FIRST_CHUNK_BYTES,
                               .limit_bytes = limit_bytes};
}

void lg_arena_init_fixed(struct lg_arena *arena, void *memory,
                         size_t size_bytes)
{
    *arena = (struct lg_arena){.at = memory, .fixed = true};
    arena->end = size_bytes != 0 ? arena->at + size_bytes : arena->at;
}

static void free_chunks(struct lg_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct lg_arena_chunk *next = chunk->next;
        UNPOISON(chunk->data, chunk->size_bytes);
        free(chunk);
        chunk = next;
    }
}

void lg_arena_deinit(struct lg_arena *arena)
{
    free_chunks(arena->chunk);
    *arena = (struct lg_arena){.next_chunk_bytes = FIRST_CHUNK_BYTES};
}

void lg_arena_reset(struct lg_arena *arena)
{
    struct lg_arena_chunk *chunk = arena->chunk;
    if (arena->fixed && arena->used_bytes != 0)
        arena->at -= arena->used_bytes;
    if (chunk != NULL) {
        free_chunks(chunk->next);
        chunk->next = NULL;
        UNPOISON(chunk->data, chunk->size_bytes);
        memset(chunk->data, 0, (size_t)(arena->at - chunk->data));
        POISON(chunk->data, chunk->size_bytes);
        arena->at = chunk->data;
    }
    arena->used_bytes = 0;
    arena->failed = false;
}

static void *refuse(struct lg_arena *arena)
{
    arena->failed = true;
    return NULL;
}

static bool within_limit(const struct lg_arena *arena, size_t more_bytes)
{
    return arena->limit_bytes == 0 ||
           (arena->used_bytes <= arena->limit_bytes &&
            more_bytes <= arena->limit_bytes - arena->used_bytes);
}

static size_t padding_of(const char *at, size_t align)
{
    return (size_t)(-(uintptr_t)at & (uintptr_t)(align - 1));
}

static size_t gap_of(const struct lg_arena *arena)
{
    return arena->fixed ? 0 : GAP_BYTES;
}

static struct lg_arena_chunk *new_chunk(size_t bytes)
{
    struct lg_arena_chunk *chunk =
        calloc(1, sizeof(struct lg_arena_chunk) + bytes);
    if (chunk != NULL) {
        chunk->size_bytes = bytes;
        POISON(chunk->data, bytes);
    }
    return chunk;
}

static void make_current(struct lg_arena *arena, struct lg_arena_chunk *chunk)
{
    chunk->next = arena->chunk;
    arena->chunk = chunk;
    arena->at = chunk->data;
    arena->end = chunk->data + chunk->size_bytes;
}

struct lg_room lg_arena_room(struct lg_arena *arena, size_t bytes)
{
    struct lg_arena_chunk *chunk = NULL;
    if (!arena->fixed && bytes <= MAX_ALLOC_BYTES && within_limit(arena, bytes))
        chunk = new_chunk(bytes);
    if (chunk == NULL)
        return (struct lg_room){NULL, 0};
    chunk->is_room = true;
    make_current(arena, chunk);
    return (struct lg_room){chunk->data, bytes};
}

bool lg_arena_in_room(const struct lg_arena *arena)
{
    return arena->chunk != NULL && arena->chunk->is_room;
}

void lg_arena_leave_room(struct lg_arena *arena)
{
    if (!lg_arena_in_room(arena))
        return;
    arena->end = arena->at;
    arena->chunk->is_room = false;
}

/* A request above the chunk size gets a chunk of its own behind the current
 * one, whose free part stays in use. */
static void *alloc_from_new_chunk(struct lg_arena *arena, size_t size_bytes,
                                  size_t align)
{
    size_t slack = align > _Alignof(max_align_t) ? align : 0;
    size_t need = size_bytes + slack + GAP_BYTES;
    if (arena->fixed || !within_limit(arena, size_bytes + slack))
        return refuse(arena);
    bool own = need > arena->next_chunk_bytes;
    size_t chunk_bytes = own ? need : arena->next_chunk_bytes;
    struct lg_arena_chunk *chunk = new_chunk(chunk_bytes);
    if (chunk == NULL)
        return refuse(arena);
    size_t pad = padding_of(chunk->data, align);
    UNPOISON(chunk->data + pad, size_bytes);
    arena->used_bytes += pad + size_bytes;
    if (own && arena->chunk != NULL) {
        chunk->next = arena->chunk->next;
        arena->chunk->next = chunk;
        return chunk->data + pad;
    }
    make_current(arena, chunk);
    arena->at += pad + size_bytes + GAP_BYTES;
    if (!own && arena->next_chunk_bytes < MAX_CHUNK_BYTES)
        arena->next_chunk_bytes *= 2;
    return chunk->data + pad;
}

void *lg_arena_alloc(struct lg_arena *arena, size_t size_bytes, size_t align)
{
    assert(align != 0 && (align & (align - 1)) == 0);
    if (size_bytes > MAX_ALLOC_BYTES)
        return refuse(arena);
    size_t pad = padding_of(arena->at, align), gap = gap_of(arena);
    size_t left = (size_t)((uintptr_t)arena->end - (uintptr_t)arena->at);
    if (arena->at == NULL || pad + size_bytes + gap > left)
        return alloc_from_new_chunk(arena, size_bytes, align);
    if (!within_limit(arena, pad + size_bytes))
        return refuse(arena);
    char *place = arena->at + pad;
    arena->at = place + size_bytes + gap;
    arena->used_bytes += pad + size_bytes;
    if (arena->fixed)
        memset(place, 0, size_bytes);
    else
        UNPOISON(place, size_bytes);
    return place;
}

void *lg_arena_calloc(struct lg_arena *arena, size_t count, size_t size_bytes,
                      size_t align)
{
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total))
        return refuse(arena);
    return lg_arena_alloc(arena, total, align);
}

/* Fewer pages come as fast by themselves. */
#define MIN_TABLE_BYTES ((size_t)32 << 10)

void *lg_arena_table(struct lg_arena *arena, size_t count, size_t size_bytes,
                     size_t align)
{
    void *table = lg_arena_calloc(arena, count, size_bytes, align);
    if (table != NULL && count * size_bytes >= MIN_TABLE_BYTES)
        lg_touch_pages(table, count * size_bytes);
    return table;
}

static bool is_newest(const struct lg_arena *arena, const char *old,
                      size_t old_bytes)
{
    return old != NULL && old + old_bytes + gap_of(arena) == arena->at;
}

void *lg_arena_grow(struct lg_arena *arena, void *old, size_t old_bytes,
                    size_t new_bytes, size_t align)
{
    if (old != NULL && new_bytes <= old_bytes)
        return old;
    size_t more = new_bytes - old_bytes;
    if (is_newest(arena, old, old_bytes) &&
        more <= (size_t)(arena->end - arena->at) && within_limit(arena, more)) {
        if (arena->fixed)
            memset(arena->at, 0, more);
        else
            UNPOISON((char *)old + old_bytes, more);
        arena->at += more;
        arena->used_bytes += more;
        return old;
    }
    void *fresh = lg_arena_alloc(arena, new_bytes, align);
    if (fresh != NULL && old != NULL && old_bytes != 0)
        memcpy(fresh, old, old_bytes);
    return fresh;
}

void lg_arena_trim(struct lg_arena *arena, void *old, size_t old_bytes,
                   size_t new_bytes)
{
    if (new_bytes >= old_bytes || !is_newest(arena, old, old_bytes))
        return;
    size_t less = old_bytes - new_bytes;
    memset((char *)old + new_bytes, 0, less);
    arena->at -= less;
    arena->used_bytes -= less;
    if (!arena->fixed)
        POISON((char *)old + new_bytes, less);
}

/* Linux 5.14. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

void lg_touch_pages(void *memory, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)memory + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)memory + bytes) & ~(page - 1);
    if (begin < end) /* not to be had: the pages come one by one */
        (void)madvise((char *)memory + (begin - (uintptr_t)memory), end - begin,
                      MADV_POPULATE_WRITE);
}
