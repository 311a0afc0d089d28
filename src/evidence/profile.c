/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile.h"

#include <string.h>
#include <sys/auxv.h>

#define NO_NODE UINT32_MAX
#define FIRST_SLOTS 128
/* Lookups whose places are fetched together. */
#define BATCH 32
/* Indices are 32 bits wide, and one of them says "no node". */
#define MAX_ITEMS ((size_t)UINT32_MAX - 1)

bool lg_profile_init(struct lg_profile *p, struct lg_arena *arena)
{
    *p = (struct lg_profile){.arena = arena};
    return lg_push(arena, &p->nodes) != NULL;
}

/* Stacks come from untrusted files: with the kernel's random bytes as a seed,
 * none can be made whose nodes all collide. */
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

/* The hash of a stack follows from that of its caller's. */
static uint32_t hash_on(uint32_t hash, uint32_t location, uint64_t seed)
{
    uint64_t key = ((uint64_t)hash << 32 | location) ^ seed;
    unsigned __int128 wide =
        (unsigned __int128)key * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = (uint64_t)wide ^ (uint64_t)(wide >> 64);
    return (uint32_t)(mixed ^ mixed >> 32);
}

/* Where the node is, or the free slot where it belongs. */
static struct lg_node_slot *slot_of(const struct lg_profile *p, uint32_t hash,
                                    uint32_t parent, uint32_t location)
{
    size_t mask = p->node_slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct lg_node_slot *slot = &p->node_slots[i];
        if (slot->node == 0 ||
            (slot->parent == parent && slot->location == location))
            return slot;
    }
}

/* Room for a batch, with at least a third of the slots free. */
static bool reserve_slots(struct lg_profile *p)
{
    if ((p->nodes.count + BATCH) * 3 < p->node_slot_count * 2)
        return true;
    size_t count =
        p->node_slot_count != 0 ? p->node_slot_count * 2 : FIRST_SLOTS;
    struct lg_node_slot *slots = lg_new(p->arena, struct lg_node_slot, count);
    if (slots == NULL)
        return false;
    p->node_slots = slots;
    p->node_slot_count = count;
    for (uint32_t i = 1; i < p->nodes.count; i++) {
        const struct lg_stack_node *n = &p->nodes.items[i];
        *slot_of(p, n->hash, n->parent, n->location) =
            (struct lg_node_slot){n->parent, n->location, n->hash, i};
    }
    return true;
}

static uint32_t add_node(struct lg_profile *p, struct lg_node_slot *slot,
                         uint32_t hash, uint32_t parent, uint32_t location)
{
    if (p->nodes.count >= MAX_ITEMS) {
        p->arena->failed = true;
        return NO_NODE;
    }
    struct lg_stack_node *n = lg_push(p->arena, &p->nodes);
    if (n == NULL)
        return NO_NODE;
    *n = (struct lg_stack_node){
        .parent = parent,
        .location = location,
        .depth = p->nodes.items[parent].depth + 1,
        .hash = hash,
    };
    uint32_t index = (uint32_t)(p->nodes.count - 1);
    *slot = (struct lg_node_slot){parent, location, hash, index};
    return index;
}

/* At most BATCH locations, leaf first. */
static uint32_t add_batch(struct lg_profile *p, uint32_t node,
                          const uint32_t *locations, size_t count,
                          uint32_t *path_ret)
{
    uint32_t hashes[BATCH], hash = p->nodes.items[node].hash;
    uint64_t random = seed();
    if (!reserve_slots(p))
        return NO_NODE;
    size_t mask = p->node_slot_count - 1;
    for (size_t i = 0; i < count; i++) {
        hash = hash_on(hash, locations[count - 1 - i], random);
        hashes[i] = hash;
        __builtin_prefetch(&p->node_slots[hash & mask], 1);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t location = locations[count - 1 - i];
        struct lg_node_slot *slot = slot_of(p, hashes[i], node, location);
        node = slot->node != 0 ? slot->node
                               : add_node(p, slot, hashes[i], node, location);
        if (node == NO_NODE)
            return NO_NODE;
        if (path_ret != NULL)
            path_ret[i] = node;
    }
    return node;
}

uint32_t lg_profile_stack(struct lg_profile *p, uint32_t parent,
                          const uint32_t *locations, size_t count,
                          uint32_t *path_ret)
{
    while (count != 0 && parent != NO_NODE) {
        size_t batch = count < BATCH ? count : BATCH;
        count -= batch;
        parent = add_batch(p, parent, locations + count, batch, path_ret);
        if (path_ret != NULL)
            path_ret += batch;
    }
    return parent;
}

uint32_t lg_profile_node(struct lg_profile *p, uint32_t parent,
                         uint32_t location)
{
    return lg_profile_stack(p, parent, &location, 1, NULL);
}

static bool reserve_values(struct lg_profile *p, size_t count)
{
    if (count <= p->values_capacity)
        return true;
    size_t capacity = p->values_capacity * 2;
    if (capacity < count + 8)
        capacity = count + 8;
    if (capacity > SIZE_MAX / sizeof *p->values)
        return false;
    int64_t *values =
        lg_arena_grow(p->arena, p->values, p->values_capacity * sizeof *values,
                      capacity * sizeof *values, _Alignof(int64_t));
    if (values == NULL)
        return false;
    p->values = values;
    p->values_capacity = capacity;
    return true;
}

bool lg_profile_sample(struct lg_profile *p, uint32_t node,
                       const int64_t *values)
{
    size_t types = p->types.count, first = p->sample_nodes.count * types;
    if (p->sample_nodes.count >= MAX_ITEMS) {
        p->arena->failed = true;
        return false;
    }
    if (!reserve_values(p, first + types))
        return false;
    uint32_t *place = lg_push(p->arena, &p->sample_nodes);
    if (place == NULL)
        return false;
    *place = node;
    if (types != 0)
        memcpy(p->values + first, values, types * sizeof *values);
    return true;
}

int lg_profile_type(const struct lg_profile *p, struct lg_str name)
{
    for (size_t i = 0; i < p->types.count; i++)
        if (lg_str_eq(p->types.items[i].type, name))
            return (int)i;
    return -1;
}

int64_t lg_profile_total(const struct lg_profile *p, int type)
{
    uint64_t total = 0;
    for (size_t i = 0; i < p->sample_nodes.count; i++)
        total += (uint64_t)lg_profile_value(p, i, type);
    return (int64_t)total;
}

struct lg_frame_iter lg_profile_node_frames(const struct lg_profile *p,
                                            uint32_t node)
{
    return (struct lg_frame_iter){.profile = p, .node = node};
}

struct lg_frame_iter lg_profile_frames(const struct lg_profile *p,
                                       size_t sample)
{
    return lg_profile_node_frames(p, p->sample_nodes.items[sample]);
}

static struct lg_frame frame_of(const struct lg_profile *p,
                                const struct lg_profile_line *line)
{
    const struct lg_profile_function *f = &p->functions.items[line->function];
    bool known = line->line > 0 && line->line <= UINT32_MAX;
    return (struct lg_frame){.function = f->name,
                             .file = f->file,
                             .line = known ? (uint32_t)line->line : 0};
}

bool lg_frame_iter_next(struct lg_frame_iter *it, struct lg_frame *frame_ret)
{
    const struct lg_profile *p = it->profile;
    if (it->node == 0)
        return false;
    const struct lg_stack_node *n = &p->nodes.items[it->node];
    const struct lg_profile_location *l = &p->locations.items[n->location];
    if (l->line_count == 0)
        *frame_ret = (struct lg_frame){0};
    else
        *frame_ret = frame_of(p, &p->lines.items[l->line_first + it->line]);
    it->line++;
    if (it->line >= l->line_count) {
        it->node = n->parent;
        it->line = 0;
    }
    return true;
}
