/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_stack_tree.h"

#define FIRST_SLOTS 256

bool lg_go_stack_tree_init(struct lg_go_stack_tree *t,
                           struct lg_go_goroutines *into,
                           struct lg_arena *arena)
{
    *t = (struct lg_go_stack_tree){.into = into, .arena = arena};
    return lg_push(arena, &into->stacks) != NULL;
}

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 wide =
        (unsigned __int128)(hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

/* Room for one more with half of the slots free. */
static bool reserve(struct lg_go_stack_table *t, struct lg_arena *arena)
{
    if (t->count * 2 < t->slot_count)
        return true;
    size_t count = t->slot_count != 0 ? t->slot_count * 2 : FIRST_SLOTS;
    struct lg_go_stack_slot *slots =
        lg_new(arena, struct lg_go_stack_slot, count);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < t->slot_count; i++) {
        size_t at = t->slots[i].hash & (count - 1);
        if (t->slots[i].node == 0)
            continue;
        while (slots[at].node != 0)
            at = (at + 1) & (count - 1);
        slots[at] = t->slots[i];
    }
    t->slots = slots;
    t->slot_count = count;
    return true;
}

/* One frame towards the leaf. */
struct edge {
    uint32_t parent;
    uint64_t pc, elided;
    bool is_cut;
};

static bool is_edge(const struct lg_go_stack_node *n, const struct edge *e)
{
    return n->parent == e->parent && n->pc == e->pc && n->elided == e->elided &&
           n->is_cut == e->is_cut;
}

static bool new_node(struct lg_go_stack_tree *t, const struct edge *e,
                     uint32_t *node_ret)
{
    if (t->into->stacks.count >= UINT32_MAX)
        return false;
    struct lg_go_stack_node *n = lg_push(t->arena, &t->into->stacks);
    if (n == NULL)
        return false;
    *n = (struct lg_go_stack_node){
        .parent = e->parent,
        .depth = t->into->stacks.items[e->parent].depth + 1,
        .pc = e->pc,
        .elided = e->elided,
        .is_cut = e->is_cut,
    };
    *node_ret = (uint32_t)t->into->stacks.count - 1;
    return true;
}

static bool add_edge(struct lg_go_stack_tree *t, const struct edge *e,
                     uint32_t *node_ret)
{
    if (!reserve(&t->edges, t->arena))
        return false;
    uint64_t hash = mix(mix(e->parent, e->pc), e->elided * 2 + e->is_cut);
    size_t mask = t->edges.slot_count - 1, at = hash & mask;
    for (; t->edges.slots[at].node != 0; at = (at + 1) & mask) {
        uint32_t node = t->edges.slots[at].node;
        if (t->edges.slots[at].hash == hash &&
            is_edge(&t->into->stacks.items[node], e)) {
            *node_ret = node;
            return true;
        }
    }
    if (!new_node(t, e, node_ret))
        return false;
    t->edges.slots[at] = (struct lg_go_stack_slot){hash, *node_ret};
    t->edges.count++;
    return true;
}

static uint64_t elided_before(const struct lg_go_walked *s, uint32_t index)
{
    return s->elided != 0 && index + 1 == s->elided_at ? s->elided : 0;
}

static bool is_stack(const struct lg_go_stack_tree *t, uint32_t node,
                     const struct lg_go_walked *s)
{
    const struct lg_go_stack_node *nodes = t->into->stacks.items;
    if (nodes[node].depth != s->count)
        return false;
    for (uint32_t i = 0; i < s->count; i++, node = nodes[node].parent)
        if (nodes[node].pc != s->pcs[i] ||
            nodes[node].elided != elided_before(s, i) ||
            nodes[node].is_cut != (s->is_cut && i + 1 == s->count))
            return false;
    return true;
}

static uint64_t hash_of(const struct lg_go_walked *s)
{
    uint64_t hash = mix(s->count, s->elided * 2 + s->is_cut);
    for (uint32_t i = 0; i < s->count; i++)
        hash = mix(hash, s->pcs[i]);
    return hash;
}

static bool add_path(struct lg_go_stack_tree *t, const struct lg_go_walked *s,
                     uint32_t *node_ret)
{
    uint32_t node = 0;
    for (uint32_t i = s->count; i-- != 0;) {
        struct edge e = {
            .parent = node,
            .pc = s->pcs[i],
            .elided = elided_before(s, i),
            .is_cut = s->is_cut && i + 1 == s->count,
        };
        if (!add_edge(t, &e, &node))
            return false;
    }
    *node_ret = node;
    return true;
}

bool lg_go_stack_tree_add(struct lg_go_stack_tree *t,
                          const struct lg_go_walked *stack, uint32_t *node_ret)
{
    *node_ret = 0;
    if (stack->count == 0)
        return true;
    if (!reserve(&t->whole, t->arena))
        return false;
    uint64_t hash = hash_of(stack);
    size_t mask = t->whole.slot_count - 1, at = hash & mask;
    for (; t->whole.slots[at].node != 0; at = (at + 1) & mask) {
        uint32_t node = t->whole.slots[at].node;
        if (t->whole.slots[at].hash == hash && is_stack(t, node, stack)) {
            *node_ret = node;
            return true;
        }
    }
    if (!add_path(t, stack, node_ret))
        return false;
    t->whole.slots[at] = (struct lg_go_stack_slot){hash, *node_ret};
    t->whole.count++;
    return true;
}
