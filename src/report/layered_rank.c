/* SPDX-License-Identifier: Apache-2.0 */
#include "report/layered_internal.h"

/* How often nodes are drawn towards where they are wanted. */
#define PULLS_MAX 16

/* Edges by their upper and by their lower end. */
struct ends {
    uint32_t *out_first, *out, *in_first, *in;
};

static bool index_ends(const struct lg_rows *r, bool by_dest,
                       uint32_t **first_ret, uint32_t **edges_ret)
{
    const struct lg_layered *in = r->in;
    uint32_t *first = lg_new(r->arena, uint32_t, in->node_count + 2);
    uint32_t *edges = lg_new(r->arena, uint32_t, in->edge_count);
    if (first == NULL || edges == NULL)
        return false;
    for (size_t i = 0; i < in->edge_count; i++) {
        const struct lg_layered_edge *e = &in->edges[i];
        first[(by_dest ? lg_edge_lower(e) : lg_edge_upper(e)) + 2]++;
    }
    for (size_t n = 0; n < in->node_count; n++)
        first[n + 2] += first[n + 1];
    for (size_t i = 0; i < in->edge_count; i++) {
        const struct lg_layered_edge *e = &in->edges[i];
        uint32_t n = by_dest ? lg_edge_lower(e) : lg_edge_upper(e);
        edges[first[n + 1]++] = (uint32_t)i;
    }
    *first_ret = first;
    *edges_ret = edges;
    return true;
}

/* Depth first from one node; an edge to a node that is still open closes a
 * cycle and is turned around. */
struct search {
    struct lg_rows *r;
    const struct ends *ends;
    uint8_t *state;           /* 0: new, 1: open, 2: done */
    uint32_t *stack, *cursor; /* cursor: next edge of each node */
    size_t finished;          /* nodes that are not in `topological` yet */
};

static void search_from(struct search *s, uint32_t root)
{
    struct lg_layered *in = s->r->in;
    size_t depth = 0;
    if (s->state[root] != 0)
        return;
    s->stack[depth++] = root;
    s->state[root] = 1;
    while (depth > 0) {
        uint32_t n = s->stack[depth - 1];
        if (s->cursor[n] == s->ends->out_first[n + 1]) {
            s->state[n] = 2;
            s->r->topological[--s->finished] = n;
            depth--;
            continue;
        }
        struct lg_layered_edge *e = &in->edges[s->ends->out[s->cursor[n]++]];
        if (e->is_loop)
            continue;
        if (s->state[e->dest] == 1) {
            e->is_upward = true;
        } else if (s->state[e->dest] == 0) {
            s->state[e->dest] = 1;
            s->stack[depth++] = e->dest;
        }
    }
}

static bool break_cycles(struct lg_rows *r)
{
    struct lg_layered *in = r->in;
    struct ends ends;
    struct search s = {.r = r, .ends = &ends, .finished = in->node_count};
    if (!index_ends(r, false, &ends.out_first, &ends.out) ||
        !index_ends(r, true, &ends.in_first, &ends.in))
        return false;
    s.state = lg_new(r->arena, uint8_t, in->node_count);
    s.stack = lg_new(r->arena, uint32_t, in->node_count);
    s.cursor = lg_new(r->arena, uint32_t, in->node_count);
    if (s.state == NULL || s.stack == NULL || s.cursor == NULL)
        return false;
    for (size_t n = 0; n < in->node_count; n++)
        s.cursor[n] = ends.out_first[n];
    /* Who is called by nobody stands on top. */
    for (uint32_t n = 0; n < in->node_count; n++) {
        if (ends.in_first[n] == ends.in_first[n + 1])
            search_from(&s, n);
    }
    for (uint32_t n = 0; n < in->node_count; n++)
        search_from(&s, n);
    return true;
}

static uint32_t length(const struct lg_layered_edge *e)
{
    return 2 * (e->rows > 0 ? e->rows : 1);
}

static void longest_paths(struct lg_rows *r, const struct ends *ends)
{
    for (size_t i = 0; i < r->in->node_count; i++) {
        uint32_t n = r->topological[i];
        for (uint32_t k = ends->out_first[n]; k < ends->out_first[n + 1]; k++) {
            const struct lg_layered_edge *e = &r->in->edges[ends->out[k]];
            uint32_t lower = lg_edge_lower(e);
            uint32_t row = r->rank[n] + length(e);
            if (!e->is_loop && r->rank[lower] < row)
                r->rank[lower] = row;
        }
    }
}

/* Moves a node as far as its edges let it, to the side that pulls more. */
static bool pull(struct lg_rows *r, const struct ends *ends, uint32_t n)
{
    double up = 0, down = 0;
    uint32_t least = 0, most = UINT32_MAX;
    for (uint32_t k = ends->in_first[n]; k < ends->in_first[n + 1]; k++) {
        const struct lg_layered_edge *e = &r->in->edges[ends->in[k]];
        uint32_t row = r->rank[lg_edge_upper(e)] + length(e);
        if (e->is_loop)
            continue;
        up += e->weight;
        if (row > least)
            least = row;
    }
    for (uint32_t k = ends->out_first[n]; k < ends->out_first[n + 1]; k++) {
        const struct lg_layered_edge *e = &r->in->edges[ends->out[k]];
        uint32_t row = r->rank[lg_edge_lower(e)] - length(e);
        if (e->is_loop)
            continue;
        down += e->weight;
        if (row < most)
            most = row;
    }
    uint32_t wanted = r->rank[n];
    if (up > down)
        wanted = least;
    else if (down > up)
        wanted = most;
    bool moved = wanted != r->rank[n];
    r->rank[n] = wanted;
    return moved;
}

static void pull_all(struct lg_rows *r, const struct ends *ends)
{
    bool moved = true;
    for (int round = 0; moved && round < PULLS_MAX; round++) {
        moved = false;
        for (size_t i = 0; i < r->in->node_count; i++) {
            size_t k = round % 2 == 0 ? r->in->node_count - 1 - i : i;
            if (pull(r, ends, r->topological[k]))
                moved = true;
        }
    }
}

bool lg_layered_rank(struct lg_rows *r)
{
    struct lg_layered *in = r->in;
    struct ends ends;
    r->rank = lg_new(r->arena, uint32_t, in->node_count);
    r->topological = lg_new(r->arena, uint32_t, in->node_count);
    if (r->rank == NULL || r->topological == NULL)
        return false;
    for (size_t i = 0; i < in->edge_count; i++) {
        in->edges[i].is_loop = in->edges[i].src == in->edges[i].dest;
        in->edges[i].is_upward = in->edges[i].is_direct = false;
    }
    if (!break_cycles(r) || !index_ends(r, false, &ends.out_first, &ends.out) ||
        !index_ends(r, true, &ends.in_first, &ends.in))
        return false;
    longest_paths(r, &ends);
    pull_all(r, &ends);
    return true;
}
