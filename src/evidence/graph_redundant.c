/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/graph_internal.h"

struct search {
    struct lg_graph *g;
    uint32_t *seen; /* by node: number of the search */
    uint32_t *queue;
    uint32_t number;
};

/* Is dest reached from src without that edge? Searched against the calls. */
static bool is_redundant(struct search *s, uint32_t edge)
{
    const struct lg_graph_edge *edges = s->g->edges.items;
    size_t head = 0, tail = 0;
    s->number++;
    s->queue[tail++] = edges[edge].dest;
    s->seen[edges[edge].dest] = s->number;
    while (head < tail) {
        const struct lg_graph_node *n = &s->g->nodes.items[s->queue[head++]];
        lg_each(in, n->in) {
            const struct lg_graph_edge *e = &edges[*in];
            if (*in == edge || e->removed || s->seen[e->src] == s->number)
                continue;
            if (e->src == edges[edge].src)
                return true;
            s->seen[e->src] = s->number;
            s->queue[tail++] = e->src;
        }
    }
    return false;
}

/* From the lightest on, up to the first that is not residual. */
static void thin_out(struct search *s, uint32_t node)
{
    struct lg_graph_node *n = &s->g->nodes.items[node];
    lg_graph_sort_edges(s->g, n->in.items, n->in.count);
    for (size_t i = n->in.count; i > 0; i--) {
        uint32_t edge = n->in.items[i - 1];
        if (!s->g->edges.items[edge].residual)
            break;
        if (is_redundant(s, edge))
            s->g->edges.items[edge].removed = true;
    }
}

static bool drop_removed(struct lg_graph *g)
{
    size_t left = 0;
    for (size_t i = 0; i < g->edges.count; i++) {
        if (!g->edges.items[i].removed)
            g->edges.items[left++] = g->edges.items[i];
    }
    bool dropped = left != g->edges.count;
    g->edges.count = left;
    return !dropped || lg_graph_connect(g);
}

bool lg_graph_remove_redundant(struct lg_graph *g)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, g->arena->limit_bytes);
    struct search s = {
        .g = g,
        .seen = lg_new(&scratch, uint32_t, g->nodes.count),
        .queue = lg_new(&scratch, uint32_t, g->nodes.count),
    };
    bool ok = s.seen != NULL && s.queue != NULL;
    for (size_t i = g->order.count; ok && i > 0; i--)
        thin_out(&s, g->order.items[i - 1]);
    lg_arena_deinit(&scratch);
    return ok && drop_removed(g);
}
