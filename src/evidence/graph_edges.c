/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls are counted in parts of the samples, each by a thread with a table of
 * its own. Most reports need few calls only (those between nodes that are kept,
 * or of some functions): a bit for each location then tells which frames to
 * look at.
 */
#include "evidence/graph_calls.h"

#define MAX_CALLS ((size_t)UINT32_MAX - 1)
/* Up to one location in so many, it is better to look out for them alone. */
#define FEW 8

static uint32_t hash_of(const struct lg_call_table *t,
                        const struct lg_graph_edge *e)
{
    return (uint32_t)lg_graph_mix((uint64_t)e->src << 32 | e->dest, t->seed);
}

static uint32_t add_call(struct lg_call_table *t,
                         const struct lg_graph_edge *like, size_t at,
                         uint32_t hash)
{
    struct lg_graph_edge *e =
        t->calls.count < MAX_CALLS ? lg_push(t->arena, &t->calls) : NULL;
    if (e == NULL) {
        t->arena->failed = true;
        return LG_NO_CALL;
    }
    uint32_t index = (uint32_t)t->calls.count - 1;
    *e = (struct lg_graph_edge){.src = like->src,
                                .dest = like->dest,
                                .residual = like->residual,
                                .is_inline = like->is_inline};
    lg_index_put(&t->index, at, hash, index);
    return index;
}

uint32_t lg_call_index(struct lg_call_table *t,
                       const struct lg_graph_edge *like)
{
    uint32_t hash = hash_of(t, like), index;
    if (!lg_index_reserve(&t->index, 1))
        return LG_NO_CALL;
    size_t at = lg_index_first(&t->index, hash);
    while (lg_index_next(&t->index, hash, &at, &index)) {
        const struct lg_graph_edge *e = &t->calls.items[index];
        if (e->src == like->src && e->dest == like->dest)
            return index;
    }
    return add_call(t, like, at, hash);
}

/* Slots that are asked for before their turn. */
#define AHEAD 8

/* Adds the calls of a later part: first appearance stays first. */
static bool add_part(struct lg_call_table *to, const struct lg_call_table *from)
{
    for (size_t i = 0; i < from->calls.count; i++) {
        const struct lg_graph_edge *e = &from->calls.items[i];
        if (i + AHEAD < from->calls.count)
            lg_index_prefetch(&to->index, hash_of(to, e + AHEAD));
        uint32_t index = lg_call_index(to, e);
        if (index == LG_NO_CALL)
            return false;
        struct lg_graph_edge *sum = &to->calls.items[index];
        lg_call_join(sum, e);
        sum->weight = lg_go_add(sum->weight, e->weight);
        sum->weight_div = lg_go_add(sum->weight_div, e->weight_div);
    }
    return true;
}

static bool run_parts(struct lg_call_part *parts, size_t count,
                      void *(*walk)(void *part))
{
    struct lg_arena *arena = parts[0].table.arena;
    for (size_t i = 1; i < count; i++) {
        lg_arena_init(&parts[i].own, arena->limit_bytes);
        parts[i].table.arena = parts[i].table.index.arena = &parts[i].own;
    }
    lg_parallel(walk, parts, sizeof parts[0], count);
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        ok = ok && !parts[i].failed &&
             (i == 0 || add_part(&parts[0].table, &parts[i].table));
    for (size_t i = 1; i < count; i++)
        lg_arena_deinit(&parts[i].own);
    if (!ok)
        arena->failed = true;
    return ok;
}

static struct lg_call_list list_at(const struct lg_graph_nodes *g,
                                   const struct lg_graph_wish *wish,
                                   uint32_t place)
{
    const uint32_t *list = &g->lists.items[place];
    struct lg_call_list l = {.place = place};
    uint32_t first = 0, last = 0; /* 0: none is kept */
    for (uint32_t i = 1; i <= list[0]; i++) {
        if (wish->kept != NULL && !wish->kept[list[i]])
            continue;
        first = first == 0 ? i : first;
        last = i;
    }
    if (first == 0)
        return l;
    l.exit = list[first];
    l.entry = list[last];
    l.has_calls = first != last;
    l.tail_residual = first != 1;
    l.entry_is_inline = last != list[0];
    return l;
}

/* By list, in order of place; numbers_ret: by place. */
static struct lg_call_list *make_lists(const struct lg_graph_nodes *g,
                                       const struct lg_graph_wish *wish,
                                       uint32_t *numbers, size_t *count_ret)
{
    size_t count = 0;
    for (size_t at = 0; at < g->lists.count; at += g->lists.items[at] + 1)
        numbers[at] = (uint32_t)count++;
    struct lg_call_list *lists = lg_new(g->scratch, struct lg_call_list, count);
    if (lists == NULL)
        return NULL;
    for (size_t at = 0; at < g->lists.count; at += g->lists.items[at] + 1)
        lists[numbers[at]] = list_at(g, wish, (uint32_t)at);
    *count_ret = count;
    return lists;
}

static bool make_sites(struct lg_call_part *part, const uint32_t *numbers)
{
    const struct lg_graph_nodes *g = part->g;
    size_t count = g->profile->locations.count;
    part->sites = lg_new_table(g->scratch, struct lg_call_site, count);
    part->call_of = lg_new_table(g->scratch, uint32_t, count);
    part->list_weights = lg_new_table(g->scratch, int64_t, part->list_count);
    part->met = lg_new_table(g->scratch, struct lg_call_met, g->count);
    if (part->sites == NULL || part->call_of == NULL ||
        part->list_weights == NULL || part->met == NULL)
        return false;
    const bool *kept = part->wish->kept;
    for (size_t i = 0; i < count; i++) {
        uint32_t node = g->of_location[i];
        if ((node & LG_MANY_NODES) != 0)
            node =
                LG_SITE_LIST | LG_SITE_FRESH | numbers[node & ~LG_MANY_NODES];
        else if (kept != NULL && !kept[node])
            node = LG_SINK_NODE;
        part->sites[i].node = node;
    }
    return true;
}

static bool has_few(const uint64_t *bits, size_t count)
{
    size_t set = 0;
    for (size_t i = 0; i < count / 64 + 1; i++)
        set += (size_t)__builtin_popcountll(bits[i]);
    return set <= count / FEW;
}

/* All frames, or all that are kept. */
static bool prepare_walk(const struct lg_graph_nodes *g,
                         const struct lg_graph_wish *wish,
                         struct lg_call_part *parts, size_t count)
{
    uint32_t *numbers = lg_new(g->scratch, uint32_t, g->lists.count);
    size_t list_count = 0;
    const struct lg_call_list *lists =
        numbers != NULL ? make_lists(g, wish, numbers, &list_count) : NULL;
    const uint64_t *look =
        wish->kept != NULL ? lg_graph_locations_with(g, wish->kept) : NULL;
    if (lists == NULL || (wish->kept != NULL && look == NULL))
        return false;
    if (look != NULL && !has_few(look, g->profile->locations.count))
        look = NULL;
    for (size_t i = 0; i < count; i++) {
        parts[i].look = look;
        parts[i].lists = lists;
        parts[i].list_count = list_count;
        /* A call of each site, about. */
        if (!lg_index_expect(&parts[i].table.index,
                             g->profile->locations.count) ||
            !make_sites(&parts[i], numbers))
            return false;
        lg_index_touch(&parts[i].table.index);
    }
    return true;
}

bool lg_graph_calls_make(const struct lg_graph_nodes *nodes,
                         const struct lg_graph_wish *wish,
                         struct lg_graph_calls *ret)
{
    struct lg_call_part parts[LG_PARALLEL_MAX_PARTS] = {0};
    struct lg_graph_range ranges[LG_PARALLEL_MAX_PARTS];
    size_t count = lg_graph_split(nodes->profile, ranges);
    const uint64_t *around = NULL;
    if (wish->around != NULL) {
        around = lg_graph_locations_with(nodes, wish->around);
        if (around == NULL)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        parts[i].g = nodes;
        parts[i].wish = wish;
        parts[i].look = around;
        parts[i].samples = ranges[i];
        parts[i].table.arena = nodes->scratch;
        lg_index_init(&parts[i].table.index, nodes->scratch);
        parts[i].table.seed = lg_graph_seed();
    }
    bool few =
        around != NULL && has_few(around, nodes->profile->locations.count);
    if ((!few && !prepare_walk(nodes, wish, parts, count)) ||
        !run_parts(parts, count, few ? lg_calls_walk_around : lg_calls_walk))
        return false;
    *ret = parts[0].table.calls;
    return true;
}
