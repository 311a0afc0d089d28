/* SPDX-License-Identifier: Apache-2.0 */
/*
 * -call_tree: a node for each way from the root (graph.go newTree). A node
 * comes after its caller, which trimming relies on.
 */
#include "evidence/graph_internal.h"

#define FIRST_SLOTS 1024
#define MAX_NODES ((size_t)UINT32_MAX - 1)

struct tree_node {
    uint32_t parent, base;
    int64_t flat, cum, flat_div, cum_div;
    bool is_inline;
};

struct tree {
    struct lg_graph_nodes *g;
    LG_VEC(struct tree_node) nodes;
    uint32_t *slots; /* index + 1; 0: free */
    size_t slot_count;
    uint64_t seed;
};

static uint32_t *slot_of(const struct tree *t, uint32_t parent, uint32_t base)
{
    size_t mask = t->slot_count - 1;
    uint64_t hash = lg_graph_mix((uint64_t)parent << 32 | base, t->seed);
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        if (t->slots[i] == 0)
            return &t->slots[i];
        const struct tree_node *n = &t->nodes.items[t->slots[i] - 1];
        if (n->parent == parent && n->base == base)
            return &t->slots[i];
    }
}

static bool reserve_slot(struct tree *t)
{
    if (t->nodes.count * 2 < t->slot_count)
        return true;
    size_t count = t->slot_count != 0 ? t->slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = lg_new(t->g->scratch, uint32_t, count);
    if (slots == NULL)
        return false;
    t->slots = slots;
    t->slot_count = count;
    for (uint32_t i = 0; i < t->nodes.count; i++)
        *slot_of(t, t->nodes.items[i].parent, t->nodes.items[i].base) = i + 1;
    return true;
}

/* LG_NO_NODE: out of memory. */
static uint32_t child_of(struct tree *t, uint32_t parent, uint32_t base,
                         bool is_inline)
{
    if (!reserve_slot(t))
        return LG_NO_NODE;
    uint32_t *slot = slot_of(t, parent, base);
    if (*slot == 0) {
        struct tree_node *n = t->nodes.count < MAX_NODES
                                  ? lg_push(t->g->scratch, &t->nodes)
                                  : NULL;
        if (n == NULL) {
            t->g->scratch->failed = true;
            return LG_NO_NODE;
        }
        *n = (struct tree_node){
            .parent = parent, .base = base, .is_inline = is_inline};
        *slot = (uint32_t)t->nodes.count;
    }
    t->nodes.items[*slot - 1].is_inline &= is_inline;
    return *slot - 1;
}

struct path {
    uint32_t at; /* LG_NO_NODE: above the root */
    int64_t value, div;
    bool failed;
};

static void step(struct tree *t, struct path *p, uint32_t base, bool is_inline)
{
    uint32_t child = child_of(t, p->at, base, is_inline);
    if (child == LG_NO_NODE) {
        p->failed = true;
        return;
    }
    struct tree_node *n = &t->nodes.items[child];
    n->cum = lg_go_add(n->cum, p->value);
    n->cum_div = lg_go_add(n->cum_div, p->div);
    p->at = child;
}

static void add_location(struct tree *t, struct path *p, uint32_t location)
{
    uint32_t node = t->g->of_location[location];
    if ((node & LG_MANY_NODES) == 0) {
        step(t, p, node, false);
        return;
    }
    const uint32_t *list = &t->g->lists.items[node & ~LG_MANY_NODES];
    for (uint32_t i = list[0]; i > 0 && !p->failed; i--)
        step(t, p, list[i], i != list[0]);
}

static bool add_sample(struct tree *t, uint32_t sample, uint32_t *leaf_ret)
{
    const struct lg_profile *p = t->g->profile;
    const struct lg_graph_options *o = t->g->options;
    struct lg_profile_stack s = p->samples.items[sample];
    struct path path = {
        .at = LG_NO_NODE,
        .value = lg_profile_value(p, sample, (int)o->value_type),
        .div = o->has_mean ? lg_profile_value(p, sample, 0) : 0,
    };
    *leaf_ret = LG_NO_NODE;
    if (path.value == 0 && path.div == 0)
        return true;
    for (uint32_t k = s.count; k > 0 && !path.failed; k--)
        add_location(t, &path, p->stacks.items[s.first + k - 1]);
    if (path.failed)
        return false;
    if (path.at != LG_NO_NODE) {
        struct tree_node *leaf = &t->nodes.items[path.at];
        leaf->flat = lg_go_add(leaf->flat, path.value);
        leaf->flat_div = lg_go_add(leaf->flat_div, path.div);
    }
    *leaf_ret = path.at;
    return true;
}

static bool make_columns(struct lg_graph_draft *d, size_t count)
{
    struct lg_arena *scratch = d->nodes->scratch;
    d->count = (uint32_t)count;
    d->node_of = lg_new(scratch, uint32_t, count);
    d->parent = lg_new(scratch, uint32_t, count);
    d->call_of = lg_new(scratch, uint32_t, count);
    d->sums.flat = lg_new(scratch, int64_t, count);
    d->sums.cum = lg_new(scratch, int64_t, count);
    d->sums.flat_div = lg_new(scratch, int64_t, count);
    d->sums.cum_div = lg_new(scratch, int64_t, count);
    d->calls.items = lg_new(scratch, struct lg_graph_edge, count);
    d->calls.capacity = count;
    return d->node_of != NULL && d->parent != NULL && d->call_of != NULL &&
           d->sums.flat != NULL && d->sums.cum != NULL &&
           d->sums.flat_div != NULL && d->sums.cum_div != NULL &&
           d->calls.items != NULL;
}

static bool fill_draft(struct lg_graph_draft *d, const struct tree *t)
{
    if (!make_columns(d, t->nodes.count))
        return false;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct tree_node *n = &t->nodes.items[i];
        d->node_of[i] = n->base;
        d->parent[i] = n->parent;
        d->sums.flat[i] = n->flat;
        d->sums.cum[i] = n->cum;
        d->sums.flat_div[i] = n->flat_div;
        d->sums.cum_div[i] = n->cum_div;
        d->call_of[i] = LG_NO_NODE;
        if (n->parent == LG_NO_NODE)
            continue;
        d->call_of[i] = (uint32_t)d->calls.count;
        d->calls.items[d->calls.count++] =
            (struct lg_graph_edge){.src = n->parent,
                                   .dest = i,
                                   .weight = n->cum,
                                   .weight_div = n->cum_div,
                                   .is_inline = n->is_inline};
    }
    return true;
}

bool lg_graph_tree_make(struct lg_graph_draft *d)
{
    struct tree t = {.g = d->nodes, .seed = lg_graph_seed()};
    size_t count = d->nodes->profile->samples.count;
    d->leaf_of = lg_new(d->nodes->scratch, uint32_t, count);
    if (d->leaf_of == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!add_sample(&t, i, &d->leaf_of[i]))
            return false;
    }
    return fill_draft(d, &t);
}

void lg_graph_tree_trim(struct lg_graph_draft *d, const bool *gone)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->call_of[i] == LG_NO_NODE)
            continue;
        struct lg_graph_edge *e = &d->calls.items[d->call_of[i]];
        if (!gone[e->src])
            continue;
        uint32_t up = d->call_of[e->src];
        if (up == LG_NO_NODE) {
            e->removed = true;
            d->call_of[i] = LG_NO_NODE;
            continue;
        }
        /* The caller came first: its own call ends at what is kept. */
        const struct lg_graph_edge *above = &d->calls.items[up];
        e->src = above->src;
        e->residual = true;
        e->is_inline = e->is_inline && above->is_inline;
    }
    for (uint32_t i = 0; i < d->count; i++) {
        if (gone[i] && d->call_of[i] != LG_NO_NODE) {
            d->calls.items[d->call_of[i]].removed = true;
            d->call_of[i] = LG_NO_NODE;
        }
    }
}
