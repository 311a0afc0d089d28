/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node is found for each line of each location once, before any sample is
 * looked at. Where only functions tell nodes apart, which is the common case,
 * that is an index lookup, and threads share the work; else a hash table of
 * numbers.
 */
#include "evidence/graph_internal.h"

#define FIRST_SLOTS 1024
/* A site keeps two bits beside a node's number: graph_calls.h. */
#define MAX_NODES ((size_t)(LG_MANY_NODES >> 1) - 1)
/* Locations below which threads do not pay. */
#define MIN_PARALLEL 65536
#define TODO LG_NO_NODE

static uint64_t hash_of(const struct lg_node_key *k, uint64_t seed)
{
    uint64_t h = lg_graph_mix((uint64_t)k->function << 32 | k->objfile, seed);
    h = lg_graph_mix(h ^ k->address, (uint64_t)k->line ^ seed);
    return k->column == 0 ? h : lg_graph_mix(h, (uint64_t)k->column ^ seed);
}

static bool same_key(const struct lg_node_key *a, const struct lg_node_key *b)
{
    return a->function == b->function && a->objfile == b->objfile &&
           a->address == b->address && a->line == b->line &&
           a->column == b->column;
}

static uint32_t *slot_of(const struct lg_graph_nodes *g,
                         const struct lg_node_key *key, uint64_t seed)
{
    size_t mask = g->other_slot_count - 1;
    for (size_t i = hash_of(key, seed) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &g->other_slots[i];
        if (*slot == 0 || same_key(&g->others.items[*slot - 1], key))
            return slot;
    }
}

static bool reserve_slot(struct lg_graph_nodes *g, uint64_t seed)
{
    if (g->others.count * 2 < g->other_slot_count)
        return true;
    size_t count =
        g->other_slot_count != 0 ? g->other_slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = lg_new(g->scratch, uint32_t, count);
    if (slots == NULL)
        return false;
    g->other_slots = slots;
    g->other_slot_count = count;
    for (uint32_t i = 0; i < g->others.count; i++)
        *slot_of(g, &g->others.items[i], seed) = i + 1;
    return true;
}

/* LG_NO_NODE: out of memory. */
static uint32_t other_node(struct lg_graph_nodes *g,
                           const struct lg_node_key *key, uint64_t seed)
{
    if (!reserve_slot(g, seed))
        return LG_NO_NODE;
    uint32_t *slot = slot_of(g, key, seed);
    if (*slot == 0) {
        if (g->functions.count + g->others.count >= MAX_NODES) {
            g->scratch->failed = true;
            return LG_NO_NODE;
        }
        struct lg_node_key *other = lg_push(g->scratch, &g->others);
        if (other == NULL)
            return LG_NO_NODE;
        *other = *key;
        *slot = (uint32_t)g->others.count;
    }
    return (uint32_t)g->functions.count + *slot - 1;
}

/* line NULL: the location has none. Not lg_node_info_of: that gives text, of
 * which each line would be cleaned and hashed; here functions and object files
 * have had their numbers from the start, and what is not kept stays out. */
static uint32_t node_of_line(struct lg_graph_nodes *g,
                             const struct lg_profile_location *l,
                             const struct lg_profile_line *line, uint64_t seed)
{
    uint32_t f = line != NULL && line->function != LG_NO_FUNCTION
                     ? g->function_of[line->function]
                     : g->function_of[g->profile->functions.count];
    if (f == LG_SINK_NODE)
        return f;
    bool has_line =
        line != NULL && line->function != LG_NO_FUNCTION && g->keep.line;
    struct lg_node_key key = {
        .function = f,
        .objfile = g->functions.items[f].has_objfile && l->mapping != 0
                       ? g->objfile_of[l->mapping - 1]
                       : 0,
        .address = g->keep.address ? l->address : 0,
        .line = has_line ? line->line : 0,
        .column = has_line && g->keep.column ? line->column : 0,
    };
    if (key.objfile == 0 && key.address == 0 && key.line == 0 &&
        key.column == 0)
        return f;
    return other_node(g, &key, seed);
}

static bool push_list(struct lg_graph_nodes *g, uint32_t n)
{
    uint32_t *item =
        g->lists.count < MAX_NODES ? lg_push(g->scratch, &g->lists) : NULL;
    if (item == NULL) {
        g->scratch->failed = true;
        return false;
    }
    *item = n;
    return true;
}

/* A location with several lines. */
static uint32_t node_list(struct lg_graph_nodes *g,
                          const struct lg_profile_location *l, uint64_t seed)
{
    uint32_t place = (uint32_t)g->lists.count;
    if (!push_list(g, l->line_count))
        return LG_NO_NODE;
    for (uint32_t i = 0; i < l->line_count; i++) {
        const struct lg_profile_line *line =
            &g->profile->lines.items[l->line_first + i];
        uint32_t node = node_of_line(g, l, line, seed);
        if (node == LG_NO_NODE || !push_list(g, node))
            return LG_NO_NODE;
    }
    return LG_MANY_NODES + place;
}

static const struct lg_profile_line *
last_line(const struct lg_profile *p, const struct lg_profile_location *l)
{
    return l->line_count != 0
               ? &p->lines.items[l->line_first + l->line_count - 1]
               : NULL;
}

struct part {
    struct lg_graph_nodes *g;
    size_t first, end, todo;
};

/* What needs no new node. */
static void *find_plain(void *argument)
{
    struct part *part = argument;
    struct lg_graph_nodes *g = part->g;
    const struct lg_profile *p = g->profile;
    for (size_t i = part->first; i < part->end; i++) {
        const struct lg_profile_location *l = &p->locations.items[i];
        const struct lg_profile_line *line = last_line(p, l);
        uint32_t node = TODO;
        if (line != NULL && line->function != LG_NO_FUNCTION &&
            (l->line_count == 1 || !g->keep.inlines)) {
            uint32_t f = g->function_of[line->function];
            if (!g->functions.items[f].has_objfile)
                node = f;
        }
        part->todo += node == TODO;
        g->of_location[i] = node;
    }
    return NULL;
}

static size_t find_all_plain(struct lg_graph_nodes *g)
{
    struct part parts[2] = {{.g = g}, {.g = g}};
    size_t count = g->profile->locations.count;
    size_t n = count >= MIN_PARALLEL ? 2 : 1;
    for (size_t i = 0; i < n; i++) {
        parts[i].first = count / n * i;
        parts[i].end = i + 1 == n ? count : count / n * (i + 1);
    }
    lg_parallel(find_plain, parts, sizeof parts[0], n);
    return parts[0].todo + parts[1].todo;
}

static bool find_others(struct lg_graph_nodes *g, bool all)
{
    uint64_t seed = lg_graph_seed();
    const struct lg_profile *p = g->profile;
    for (size_t i = 0; i < p->locations.count; i++) {
        if (!all && g->of_location[i] != TODO)
            continue;
        const struct lg_profile_location *l = &p->locations.items[i];
        uint32_t node = l->line_count > 1 && g->keep.inlines
                            ? node_list(g, l, seed)
                            : node_of_line(g, l, last_line(p, l), seed);
        if (node == LG_NO_NODE)
            return false;
        g->of_location[i] = node;
    }
    return true;
}

/* Which nodes stand for code that was inlined somewhere. */
static bool mark_inlined(struct lg_graph_nodes *g)
{
    if (g->lists.count == 0)
        return true;
    g->inlined = lg_new(g->scratch, bool, g->count);
    if (g->inlined == NULL)
        return false;
    for (size_t at = 0; at < g->lists.count;) {
        const uint32_t *list = &g->lists.items[at];
        for (uint32_t i = 1; i < list[0]; i++)
            g->inlined[list[i]] = true;
        at += list[0] + 1;
    }
    return true;
}

static bool find_nodes(struct lg_graph_nodes *g)
{
    size_t count = g->profile->locations.count;
    g->of_location = lg_new_table(g->scratch, uint32_t, count);
    if (g->of_location == NULL)
        return false;
    bool all = g->keep.line || g->keep.address;
    if ((all || find_all_plain(g) != 0) && !find_others(g, all))
        return false;
    g->count = (uint32_t)(g->functions.count + g->others.count);
    return mark_inlined(g);
}

bool lg_graph_nodes_make(const struct lg_profile *p,
                         const struct lg_graph_options *options,
                         struct lg_arena *arena, struct lg_arena *scratch,
                         struct lg_graph_nodes *ret)
{
    *ret = (struct lg_graph_nodes){
        .profile = p,
        .options = options,
        .arena = arena,
        .scratch = scratch,
        .keep = {true, true, true, true, true, true},
    };
    if (options->aggregation != NULL)
        ret->keep = *options->aggregation;
    return lg_graph_functions_make(ret) && find_nodes(ret);
}

struct lg_node_info lg_graph_node_info(const struct lg_graph_nodes *nodes,
                                       uint32_t node)
{
    struct lg_node_key key = {.function = node};
    if (node >= nodes->functions.count)
        key = nodes->others.items[node - nodes->functions.count];
    const struct lg_graph_function *f = &nodes->functions.items[key.function];
    return (struct lg_node_info){
        .name = f->name,
        .address = key.address,
        .file = f->file,
        .start_line = f->start_line,
        .line = key.line,
        .column = key.column,
        .objfile = nodes->objfiles.items[key.objfile],
    };
}

static bool list_has(const uint32_t *list, const bool *flags)
{
    for (uint32_t i = 1; i <= list[0]; i++) {
        if (flags[list[i]])
            return true;
    }
    return false;
}

uint64_t *lg_graph_locations_with(const struct lg_graph_nodes *nodes,
                                  const bool *flags)
{
    size_t count = nodes->profile->locations.count;
    uint64_t *bits = lg_new(nodes->scratch, uint64_t, count / 64 + 1);
    for (size_t i = 0; bits != NULL && i < count; i++) {
        uint32_t node = nodes->of_location[i];
        bool has =
            (node & LG_MANY_NODES) == 0
                ? flags[node]
                : list_has(&nodes->lists.items[node & ~LG_MANY_NODES], flags);
        bits[i / 64] |= (uint64_t)has << (i % 64);
    }
    return bits;
}
