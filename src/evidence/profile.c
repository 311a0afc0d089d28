/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile.h"

#include <string.h>
#include <sys/auxv.h>

#define NO_NODE UINT32_MAX
#define FIRST_SLOTS 64
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

static size_t hash(uint32_t parent, uint32_t location)
{
    uint64_t key = ((uint64_t)parent << 32 | location) ^ seed();
    unsigned __int128 wide =
        (unsigned __int128)key * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)((uint64_t)wide ^ (uint64_t)(wide >> 64));
}

/* Where the node is, or the free slot where it belongs. */
static size_t slot_of(const struct lg_profile *p, uint32_t parent,
                      uint32_t location)
{
    size_t mask = p->node_slot_count - 1;
    for (size_t slot = hash(parent, location) & mask;;
         slot = (slot + 1) & mask) {
        uint32_t index = p->node_slots[slot];
        if (index == 0 || (p->nodes.items[index].parent == parent &&
                           p->nodes.items[index].location == location))
            return slot;
    }
}

/* Keeps at least half of the slots free. */
static bool reserve_slot(struct lg_profile *p)
{
    if (p->nodes.count * 2 < p->node_slot_count)
        return true;
    size_t count =
        p->node_slot_count != 0 ? p->node_slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = lg_new(p->arena, uint32_t, count);
    if (slots == NULL)
        return false;
    p->node_slots = slots;
    p->node_slot_count = count;
    for (uint32_t i = 1; i < p->nodes.count; i++) {
        const struct lg_stack_node *n = &p->nodes.items[i];
        slots[slot_of(p, n->parent, n->location)] = i;
    }
    return true;
}

uint32_t lg_profile_node(struct lg_profile *p, uint32_t parent,
                         uint32_t location)
{
    if (!reserve_slot(p))
        return NO_NODE;
    size_t slot = slot_of(p, parent, location);
    if (p->node_slots[slot] != 0)
        return p->node_slots[slot];
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
    };
    uint32_t index = (uint32_t)(p->nodes.count - 1);
    p->node_slots[slot] = index;
    return index;
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
