/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot: calls are looked up in a table by caller and callee. What a sample
 * calls is gathered first, so that what is likely to be needed can be fetched
 * together. Most reports need few calls only (those between nodes that are
 * kept, or of some functions): a bit for each location then tells which frames
 * to look at.
 */
#include "evidence/graph_internal.h"

#define FIRST_SLOTS 256
#define BATCH 64
#define MAX_CALLS ((size_t)UINT32_MAX - 1)

struct pending {
    uint32_t src, dest;
    uint32_t site; /* the caller's location or place in a list */
    bool residual, is_inline;
};

struct table {
    struct lg_graph_calls calls;
    uint64_t *slots; /* high half of the hash, index + 1; 0: free */
    size_t slot_count;
};

struct part {
    const struct lg_graph_nodes *g;
    const struct lg_graph_wish *wish;
    const uint64_t *look; /* a bit for each location; NULL: look at all */
    struct lg_graph_range samples;
    struct lg_arena *arena; /* nobody else's while the parts run */
    struct lg_arena own;
    struct table table;
    /* By site (a location, for what its leaf calls; behind all of those a place
     * in a list): number of the last call, plus 1. */
    uint32_t *last_of;
    uint32_t first_place;
    struct pending pending[BATCH];
    size_t pending_count;
    uint64_t seed;
    bool failed;
};

static uint64_t hash_of(const struct part *part, uint32_t src, uint32_t dest)
{
    return lg_graph_mix((uint64_t)src << 32 | dest, part->seed);
}

static uint64_t *slot_of(const struct table *t, uint64_t hash, uint32_t src,
                         uint32_t dest)
{
    size_t mask = t->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t slot = t->slots[i];
        if (slot == 0)
            return &t->slots[i];
        if (slot >> 32 != hash >> 32)
            continue;
        const struct lg_graph_edge *e = &t->calls.items[(uint32_t)slot - 1];
        if (e->src == src && e->dest == dest)
            return &t->slots[i];
    }
}

/* Room for one more, with half of the slots free. */
static bool reserve_slots(struct part *part)
{
    struct table *t = &part->table;
    if ((t->calls.count + 1) * 2 <= t->slot_count)
        return true;
    size_t count = t->slot_count != 0 ? t->slot_count * 2 : FIRST_SLOTS;
    if (t->calls.count >= MAX_CALLS) {
        part->arena->failed = true;
        return false;
    }
    uint64_t *slots = lg_new(part->arena, uint64_t, count);
    if (slots == NULL)
        return false;
    t->slots = slots;
    t->slot_count = count;
    for (uint32_t i = 0; i < t->calls.count; i++) {
        const struct lg_graph_edge *e = &t->calls.items[i];
        uint64_t hash = hash_of(part, e->src, e->dest);
        *slot_of(t, hash, e->src, e->dest) = hash >> 32 << 32 | (i + 1);
    }
    return true;
}

/* The call, made when it is new (its stamp is 0 then). NULL: out of memory. */
static struct lg_graph_edge *call_of(struct part *part, uint64_t hash,
                                     const struct pending *p)
{
    struct table *t = &part->table;
    uint64_t *slot = slot_of(t, hash, p->src, p->dest);
    if (*slot != 0)
        return &t->calls.items[(uint32_t)*slot - 1];
    struct lg_graph_edge *e = lg_push(part->arena, &t->calls);
    if (e == NULL)
        return NULL;
    *e = (struct lg_graph_edge){.src = p->src,
                                .dest = p->dest,
                                .residual = p->residual,
                                .is_inline = p->is_inline};
    *slot = hash >> 32 << 32 | (uint32_t)t->calls.count;
    return e;
}

/* The last call of the site, if it is the same; else NULL. */
static struct lg_graph_edge *remembered(const struct part *part,
                                        const struct pending *p)
{
    uint32_t number = part->last_of[p->site];
    if (number == 0)
        return NULL;
    struct lg_graph_edge *e = &part->table.calls.items[number - 1];
    return e->src == p->src && e->dest == p->dest ? e : NULL;
}

/* Looked up in the table, and remembered. NULL: out of memory. */
static struct lg_graph_edge *looked_up(struct part *part,
                                       const struct pending *p)
{
    if (!reserve_slots(part))
        return NULL;
    struct lg_graph_edge *e = call_of(part, hash_of(part, p->src, p->dest), p);
    if (e != NULL)
        part->last_of[p->site] = (uint32_t)(e - part->table.calls.items) + 1;
    return e;
}

/* A call site mostly calls one function, so its last call is tried first. */
static void flush(struct part *part, uint32_t stamp, int64_t value, int64_t div)
{
    size_t count = part->pending_count;
    part->pending_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = part->last_of[part->pending[i].site];
        if (number != 0)
            __builtin_prefetch(&part->table.calls.items[number - 1], 1);
    }
    for (size_t i = 0; i < count && !part->failed; i++) {
        const struct pending *p = &part->pending[i];
        struct lg_graph_edge *e = remembered(part, p);
        if (e == NULL)
            e = looked_up(part, p);
        if (e == NULL) {
            part->failed = true;
            return;
        }
        if (e->stamp == stamp)
            continue;
        e->stamp = stamp;
        e->weight = lg_wrap_add(e->weight, value);
        e->weight_div = lg_wrap_add(e->weight_div, div);
        e->residual |= p->residual;
        e->is_inline &= p->is_inline;
    }
}

struct walk {
    uint32_t parent, site;
    bool residual;
    uint32_t stamp;
    int64_t value, div;
};

static inline void step(struct part *part, struct walk *w, uint32_t site,
                        uint32_t node, bool is_inline)
{
    const struct lg_graph_wish *wish = part->wish;
    if (wish->kept != NULL && !wish->kept[node]) {
        w->residual = true;
        return;
    }
    if (w->parent != LG_NO_NODE && w->parent != node &&
        (wish->around == NULL || wish->around[node] ||
         (wish->callers_too && wish->around[w->parent]))) {
        if (part->pending_count == BATCH)
            flush(part, w->stamp, w->value, w->div);
        part->pending[part->pending_count++] =
            (struct pending){w->parent, node, w->site, w->residual, is_inline};
    }
    w->parent = node;
    w->site = site;
    w->residual = false;
}

static inline void visit(struct part *part, struct walk *w, uint32_t location)
{
    uint32_t node = part->g->of_location[location];
    if ((node & LG_MANY_NODES) == 0) {
        step(part, w, location, node, false);
        return;
    }
    uint32_t place = node & ~LG_MANY_NODES;
    const uint32_t *list = &part->g->lists.items[place];
    for (uint32_t i = list[0]; i > 0; i--)
        step(part, w, i == 1 ? location : part->first_place + place + i,
             list[i], i != list[0]);
}

static void walk_all(struct part *part, struct walk *w, const uint32_t *stack,
                     uint32_t count)
{
    for (uint32_t k = count; k-- > 0;)
        visit(part, w, stack[k]);
}

/* Locations without the bit hold no node that is kept. */
static void walk_kept(struct part *part, struct walk *w, const uint32_t *stack,
                      uint32_t count)
{
    for (uint32_t k = count; k-- > 0;) {
        if (lg_graph_bit(part->look, stack[k]))
            visit(part, w, stack[k]);
        else
            w->residual = true;
    }
}

/* Where a walk is just before it comes to the location at `at`: which node is
 * the last that is kept, and was one left out since? */
static void look_up(const struct part *part, struct walk *w,
                    const uint32_t *stack, uint32_t at, uint32_t count)
{
    const struct lg_graph_nodes *g = part->g;
    const bool *kept = part->wish->kept;
    w->parent = LG_NO_NODE;
    w->residual = false;
    for (uint32_t k = at + 1; k < count; k++) {
        uint32_t node = g->of_location[stack[k]], nodes = 1;
        const uint32_t *list = &node;
        if ((node & LG_MANY_NODES) != 0) {
            list = &g->lists.items[(node & ~LG_MANY_NODES) + 1];
            nodes = list[-1];
        }
        for (uint32_t i = 0; i < nodes; i++) {
            if (kept == NULL || kept[list[i]]) {
                w->parent = list[i];
                w->site = stack[k];
                return;
            }
            w->residual = true;
        }
    }
}

/* Only calls of nodes at locations with the bit matter; with callers_too those
 * by them, too: then all nodes are kept, and they end at the next location. */
static void walk_around(struct part *part, struct walk *w,
                        const uint32_t *stack, uint32_t count)
{
    bool caller_has = false;
    for (uint32_t k = count; k-- > 0;) {
        bool has = lg_graph_bit(part->look, stack[k]);
        if (has || caller_has) {
            look_up(part, w, stack, k, count);
            visit(part, w, stack[k]);
        }
        caller_has = has && part->wish->callers_too;
    }
}

static void *add_samples(void *argument)
{
    struct part *part = argument;
    const struct lg_graph_nodes *g = part->g;
    const struct lg_profile *p = g->profile;
    for (uint32_t i = part->samples.first; i < part->samples.end; i++) {
        struct lg_profile_stack s = p->samples.items[i];
        struct walk w = {
            .parent = LG_NO_NODE,
            .stamp = i + 1,
            .value = lg_profile_value(p, i, (int)g->options->value_type),
            .div = g->options->has_mean ? lg_profile_value(p, i, 0) : 0,
        };
        if ((w.value == 0 && w.div == 0) || s.count == 0)
            continue;
        const uint32_t *stack = &p->stacks.items[s.first];
        if (part->look == NULL)
            walk_all(part, &w, stack, s.count);
        else if (part->wish->around == NULL)
            walk_kept(part, &w, stack, s.count);
        else
            walk_around(part, &w, stack, s.count);
        flush(part, w.stamp, w.value, w.div);
        if (part->failed)
            break;
    }
    return NULL;
}

/* Adds the calls of a later part: first appearance stays first. */
static bool add_part(struct part *to, const struct part *from)
{
    lg_each(e, from->table.calls) {
        struct pending p = {
            .src = e->src,
            .dest = e->dest,
            .residual = e->residual,
            .is_inline = e->is_inline,
        };
        if (!reserve_slots(to))
            return false;
        struct lg_graph_edge *sum = call_of(to, hash_of(to, p.src, p.dest), &p);
        if (sum == NULL)
            return false;
        sum->weight = lg_wrap_add(sum->weight, e->weight);
        sum->weight_div = lg_wrap_add(sum->weight_div, e->weight_div);
        sum->residual |= e->residual;
        sum->is_inline &= e->is_inline;
    }
    return true;
}

static bool run_parts(struct part *parts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        lg_arena_init(&parts[i].own, parts[0].arena->limit_bytes);
        parts[i].arena = &parts[i].own;
    }
    lg_parallel(add_samples, parts, sizeof parts[0], count);
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        ok = ok && !parts[i].failed && (i == 0 || add_part(parts, &parts[i]));
    for (size_t i = 1; i < count; i++)
        lg_arena_deinit(&parts[i].own);
    if (!ok)
        parts[0].arena->failed = true;
    return ok;
}

static bool prepare(struct part *part, const struct lg_graph_nodes *nodes,
                    const struct lg_graph_wish *wish, const uint64_t *look)
{
    part->g = nodes;
    part->wish = wish;
    part->look = look;
    part->arena = nodes->scratch;
    part->seed = lg_graph_seed();
    size_t locations = nodes->profile->locations.count;
    if (locations + nodes->lists.count > UINT32_MAX) {
        nodes->scratch->failed = true;
        return false;
    }
    part->first_place = (uint32_t)locations;
    part->last_of =
        lg_new(nodes->scratch, uint32_t, locations + nodes->lists.count);
    return part->last_of != NULL;
}

bool lg_graph_calls_make(const struct lg_graph_nodes *nodes,
                         const struct lg_graph_wish *wish,
                         struct lg_graph_calls *ret)
{
    struct part parts[LG_PARALLEL_MAX_PARTS] = {0};
    struct lg_graph_range ranges[LG_PARALLEL_MAX_PARTS];
    uint64_t *look = NULL;
    if (wish->kept != NULL || wish->around != NULL) {
        look = lg_graph_locations_with(
            nodes, wish->around != NULL ? wish->around : wish->kept);
        if (look == NULL)
            return false;
    }
    size_t count = lg_graph_split(nodes->profile, ranges);
    for (size_t i = 0; i < count; i++) {
        parts[i].samples = ranges[i];
        if (!prepare(&parts[i], nodes, wish, look))
            return false;
    }
    if (!run_parts(parts, count))
        return false;
    *ret = parts[0].table.calls;
    return true;
}
