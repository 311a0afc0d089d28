/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <string.h>
#include <sys/auxv.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define FIRST_CAPACITY 8
/* Slots are 32 bits wide and 0 means free. */
#define MAX_ENTRIES ((size_t)UINT32_MAX - 1)

void lg_map_init(struct lg_map *map, struct lg_arena *arena)
{
    *map = (struct lg_map){.arena = arena};
}

/* Keys come from untrusted input: with a hash that anyone can compute, a file
 * could be made whose keys all collide. The kernel gives every process 16
 * random bytes. The order of iteration does not depend on them. */
static uint64_t seed(void)
{
    static uint64_t value; /* racing threads write the same */
    uint64_t n = __atomic_load_n(&value, __ATOMIC_RELAXED);
    if (n == 0) {
        const void *random = (const void *)getauxval(AT_RANDOM);
        if (random != NULL)
            memcpy(&n, random, sizeof n);
        n |= 1;
        __atomic_store_n(&value, n, __ATOMIC_RELAXED);
    }
    return n;
}

uint64_t lg_map_hash(struct lg_str key)
{
    return XXH3_64bits_withSeed(key.data, key.len, seed());
}

/* Not one multiplication: with an unlucky seed that puts regular strides in
 * runs. */
static uint64_t hash_u64(uint64_t key)
{
    return XXH3_64bits_withSeed(&key, sizeof key, seed());
}

/* In string maps key.data is never NULL: "" stands for an empty view. */
static struct lg_str with_data(struct lg_str key)
{
    return key.len != 0 ? key : LG_STR("");
}

/* The slot of the entry, or the free one where it belongs. */
static size_t slot_of(const struct lg_map *map, uint64_t hash, uint64_t number,
                      struct lg_str key)
{
    size_t mask = map->slot_count - 1, slot = (size_t)hash & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t index = map->slots[slot];
        if (index == 0)
            return slot;
        const struct lg_map_entry *e = &map->entries[index - 1];
        if (e->number == number && lg_str_eq(e->key, key))
            return slot;
    }
}

/* Room for so many, a power of two. A refusal leaves the map as it was. */
static bool grow(struct lg_map *map, size_t capacity)
{
    size_t slot_count = capacity * 2, mask = slot_count - 1;
    uint32_t *slots = lg_new_table(map->arena, uint32_t, slot_count);
    struct lg_map_entry *entries =
        slots == NULL ? NULL
                      : lg_arena_grow(map->arena, map->entries,
                                      map->capacity * sizeof *entries,
                                      capacity * sizeof *entries,
                                      _Alignof(struct lg_map_entry));
    if (entries == NULL)
        return false;
    for (size_t i = 0; i < map->count; i++) {
        const struct lg_map_entry *e = &entries[i];
        uint64_t hash = e->key.data != NULL ? e->number : hash_u64(e->number);
        size_t slot = (size_t)hash & mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = (uint32_t)(i + 1);
    }
    map->entries = entries;
    map->capacity = capacity;
    map->slots = slots;
    map->slot_count = slot_count;
    return true;
}

/* Room for one more, and at least half of the slots free. */
static bool reserve_one(struct lg_map *map)
{
    if (map->count < map->capacity)
        return true;
    if (map->count >= MAX_ENTRIES / 2) {
        map->arena->failed = true;
        return false;
    }
    return grow(map, map->capacity != 0 ? map->capacity * 2 : FIRST_CAPACITY);
}

bool lg_map_reserve(struct lg_map *map, size_t count)
{
    size_t capacity = FIRST_CAPACITY;
    while (capacity < count && capacity <= MAX_ENTRIES / 4)
        capacity *= 2;
    return capacity <= map->capacity || grow(map, capacity);
}

static uint64_t *find(const struct lg_map *map, uint64_t hash, uint64_t number,
                      struct lg_str key)
{
    if (map->count == 0)
        return NULL;
    uint32_t index = map->slots[slot_of(map, hash, number, key)];
    return index != 0 ? &map->entries[index - 1].value : NULL;
}

static uint64_t *put(struct lg_map *map, uint64_t hash, uint64_t number,
                     struct lg_str key, bool *fresh_ret)
{
    size_t slots = map->slot_count;
    size_t slot = slots != 0 ? slot_of(map, hash, number, key) : 0;
    bool fresh = slots == 0 || map->slots[slot] == 0;
    if (fresh) {
        if (!reserve_one(map))
            return NULL;
        if (map->slot_count != slots) /* it has grown */
            slot = slot_of(map, hash, number, key);
        map->entries[map->count++] =
            (struct lg_map_entry){.key = key, .number = number};
        map->slots[slot] = (uint32_t)map->count;
    }
    if (fresh_ret != NULL)
        *fresh_ret = fresh;
    return &map->entries[map->slots[slot] - 1].value;
}

uint64_t *lg_map_put_str(struct lg_map *map, struct lg_str key, bool *fresh_ret)
{
    key = with_data(key);
    uint64_t hash = lg_map_hash(key);
    return put(map, hash, hash, key, fresh_ret);
}

uint64_t *lg_map_put_u64(struct lg_map *map, uint64_t key, bool *fresh_ret)
{
    struct lg_str none = {NULL, 0};
    return put(map, hash_u64(key), key, none, fresh_ret);
}

uint64_t *lg_map_find_str(const struct lg_map *map, struct lg_str key)
{
    key = with_data(key);
    uint64_t hash = lg_map_hash(key);
    return find(map, hash, hash, key);
}

uint64_t *lg_map_find_u64(const struct lg_map *map, uint64_t key)
{
    struct lg_str none = {NULL, 0};
    return find(map, hash_u64(key), key, none);
}
