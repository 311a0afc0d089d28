/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one hash map, open addressing, in an arena: from a 64-bit key or a
 * string view to a 64-bit value. Keys of the string map are borrowed. Nothing
 * is removed; a document only grows. Iteration is in order of insertion, so
 * that output is the same on every run.
 */
#ifndef LG_BASE_MAP_H
#define LG_BASE_MAP_H

#include "base/arena.h"
#include "base/str.h"

struct lg_map_entry {
    struct lg_str key; /* string maps; empty data in number maps */
    uint64_t number;   /* number maps: the key; string maps: the hash */
    uint64_t value;
};

struct lg_map {
    struct lg_arena *arena;
    struct lg_map_entry *entries; /* in order of insertion */
    uint32_t *slots;              /* entry index + 1; 0: free */
    size_t count, capacity, slot_count;
};

/* Borrows arena. Allocates with the first insert. */
void lg_map_init(struct lg_map *map, struct lg_arena *arena);
/* Room for so many entries, where their number is known before: no growing, no
 * memory left behind. false: out of memory, nothing changed. */
bool lg_map_reserve(struct lg_map *map, size_t count);
/* The value's place, inserted as 0 when new (*fresh_ret, may be NULL). NULL:
 * out of memory. Valid until the next insert. */
uint64_t *lg_map_put_str(struct lg_map *map, struct lg_str key,
                         bool *fresh_ret);
uint64_t *lg_map_put_u64(struct lg_map *map, uint64_t key, bool *fresh_ret);
uint64_t *lg_map_find_str(const struct lg_map *map, struct lg_str key);
uint64_t *lg_map_find_u64(const struct lg_map *map, uint64_t key);
/* The hash of string keys: secret, another one in each process. For tables
 * that are made for one purpose and filled by hostile input. */
uint64_t lg_map_hash(struct lg_str key);

#endif
