/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "evidence/graph_internal.h"

/* By draft node: its number in the graph, or LG_NO_NODE. */
static uint32_t *number_nodes(const struct lg_graph_draft *d, size_t *count_ret)
{
    uint32_t *number = lg_new(d->nodes->scratch, uint32_t, d->count);
    if (number == NULL)
        return NULL;
    for (size_t i = 0; i < d->list_count; i++)
        number[d->list[i]] = 1;
    lg_each(e, d->calls) {
        if (!e->removed)
            number[e->src] = number[e->dest] = 1;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->count; i++)
        number[i] = number[i] != 0 ? count++ : LG_NO_NODE;
    *count_ret = count;
    return number;
}

/* Numbers for functions with their object file, and for those below a caller
 * in a tree: pprof has a node of its own for each of them. */
struct wholes {
    struct lg_map functions, callees;
};

static bool number_pair(struct lg_map *map, uint32_t a, uint32_t b,
                        uint32_t *ret)
{
    bool fresh;
    uint64_t *number = lg_map_put_u64(map, (uint64_t)a << 32 | b, &fresh);
    if (number == NULL)
        return false;
    if (fresh)
        *number = map->count - 1;
    *ret = (uint32_t)*number;
    return true;
}

static bool whole_of(const struct lg_graph_draft *d, struct wholes *wholes,
                     uint32_t node, uint32_t *ret)
{
    uint32_t base = lg_graph_base_node(d, node), function = base;
    size_t functions = d->nodes->functions.count;
    if (base >= functions) {
        const struct lg_node_key *key =
            &d->nodes->others.items[base - functions];
        function = key->function;
        if (d->nodes->objfiles.count > 1 &&
            !number_pair(&wholes->functions, function, key->objfile, &function))
            return false;
    } else if (d->nodes->objfiles.count > 1 &&
               !number_pair(&wholes->functions, function, 0, &function)) {
        return false;
    }
    *ret = function;
    return d->parent == NULL ||
           number_pair(&wholes->callees, d->parent[node], function, ret);
}

static bool fill_node(const struct lg_graph_draft *d, uint32_t node,
                      const struct lg_graph_node_tags *tags,
                      struct wholes *wholes, struct lg_graph_node *ret)
{
    *ret = (struct lg_graph_node){
        .info = lg_graph_node_info(d->nodes, lg_graph_base_node(d, node)),
        .flat = d->sums.flat[node],
        .cum = d->sums.cum[node],
    };
    if (d->sums.flat_div != NULL) {
        ret->flat_div = d->sums.flat_div[node];
        ret->cum_div = d->sums.cum_div[node];
    }
    if (tags != NULL) {
        ret->label_tags = tags[node].labels;
        ret->numeric_tags.items = tags[node].numbers.items;
        ret->numeric_tags.count = tags[node].numbers.count;
        ret->numeric_tags.capacity = tags[node].numbers.capacity;
    }
    return whole_of(d, wholes, node, &ret->function);
}

/* Lists of edges by node, cut out of one array. */
bool lg_graph_connect(struct lg_graph *g)
{
    uint32_t *places = lg_new(g->arena, uint32_t, 2 * g->edges.count);
    if (places == NULL)
        return false;
    lg_each(n, g->nodes)
        n->in.count = n->out.count = n->in.capacity = n->out.capacity = 0;
    lg_each(e, g->edges) {
        g->nodes.items[e->src].out.capacity++;
        g->nodes.items[e->dest].in.capacity++;
    }
    lg_each(n, g->nodes) {
        n->in.items = places;
        places += n->in.capacity;
        n->out.items = places;
        places += n->out.capacity;
    }
    for (uint32_t i = 0; i < g->edges.count; i++) {
        struct lg_graph_node *src = &g->nodes.items[g->edges.items[i].src];
        struct lg_graph_node *dest = &g->nodes.items[g->edges.items[i].dest];
        src->out.items[src->out.count++] = i;
        dest->in.items[dest->in.count++] = i;
    }
    return true;
}

static bool take_edges(const struct lg_graph_draft *d, const uint32_t *number,
                       struct lg_graph *g)
{
    size_t count = 0;
    lg_each(e, d->calls)
        count += !e->removed;
    g->edges.items = lg_new(g->arena, struct lg_graph_edge, count);
    if (g->edges.items == NULL)
        return false;
    g->edges.capacity = count;
    lg_each(e, d->calls) {
        if (e->removed)
            continue;
        struct lg_graph_edge *to = &g->edges.items[g->edges.count++];
        *to = *e;
        to->src = number[e->src];
        to->dest = number[e->dest];
        to->stamp = 0;
    }
    return true;
}

bool lg_graph_make(struct lg_graph_draft *d,
                   const struct lg_graph_node_tags *tags, struct lg_graph *ret)
{
    struct lg_arena *arena = d->nodes->arena;
    struct lg_graph g = {.arena = arena};
    struct wholes wholes;
    lg_map_init(&wholes.functions, d->nodes->scratch);
    lg_map_init(&wholes.callees, d->nodes->scratch);
    uint32_t *number = number_nodes(d, &g.nodes.capacity);
    if (number == NULL)
        return false;
    g.nodes.items = lg_new(arena, struct lg_graph_node, g.nodes.capacity);
    g.names = lg_new(arena, struct lg_str, g.nodes.capacity);
    g.order.items = lg_new(arena, uint32_t, d->list_count);
    if (g.nodes.items == NULL || g.names == NULL || g.order.items == NULL ||
        (d->nodes->objfiles.count > 1 &&
         !lg_map_reserve(&wholes.functions, g.nodes.capacity)) ||
        !take_edges(d, number, &g))
        return false;
    for (uint32_t i = 0; i < d->count; i++) {
        if (number[i] == LG_NO_NODE)
            continue;
        if (!fill_node(d, i, tags, &wholes, &g.nodes.items[g.nodes.count]))
            return false;
        g.names[g.nodes.count++] = d->names[lg_graph_base_node(d, i)];
    }
    g.order.count = g.order.capacity = d->list_count;
    for (size_t i = 0; i < d->list_count; i++)
        g.order.items[i] = number[d->list[i]];
    if (!lg_graph_connect(&g))
        return false;
    *ret = g;
    return true;
}
