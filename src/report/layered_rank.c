/* SPDX-License-Identifier: Apache-2.0 */
#include "report/layered_internal.h"

/* How often nodes are drawn towards where they are wanted. */
#define PULLS_MAX 16

/* Nodes times edges above which groups are left as they are. */
#define GROUP_WORK_MAX ((size_t)1000000)

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

/* A node with all that has to move along with it, and what that is worth. */
struct group {
    uint32_t *members; /* the first `count` */
    size_t count;
    bool *is_in;   /* of each node */
    double gain;   /* shorter edges less longer ones, by weight */
    uint32_t room; /* rows until the next edge is as short as it may be */
};

static uint32_t spare(const struct lg_rows *r, const struct lg_layered_edge *e)
{
    return r->rank[lg_edge_lower(e)] - r->rank[lg_edge_upper(e)] - length(e);
}

static void group_add(struct group *g, uint32_t node)
{
    if (g->is_in[node])
        return;
    g->is_in[node] = true;
    g->members[g->count++] = node;
}

/* Gathers what a node pushes along when it goes down (or up): the far ends of
 * edges that have no row to spare. */
static void gather(const struct lg_rows *r, const struct ends *ends,
                   uint32_t node, bool down, struct group *g)
{
    const uint32_t *first = down ? ends->out_first : ends->in_first;
    const uint32_t *edges = down ? ends->out : ends->in;
    g->count = 0;
    group_add(g, node);
    for (size_t i = 0; i < g->count; i++) {
        uint32_t n = g->members[i];
        for (uint32_t k = first[n]; k < first[n + 1]; k++) {
            const struct lg_layered_edge *e = &r->in->edges[edges[k]];
            if (!e->is_loop && spare(r, e) == 0)
                group_add(g, down ? lg_edge_lower(e) : lg_edge_upper(e));
        }
    }
}

static void weigh(const struct lg_rows *r, const struct ends *ends, bool down,
                  struct group *g)
{
    g->gain = 0;
    g->room = UINT32_MAX;
    for (size_t i = 0; i < g->count; i++) {
        uint32_t n = g->members[i];
        for (uint32_t k = ends->out_first[n]; k < ends->out_first[n + 1]; k++) {
            const struct lg_layered_edge *e = &r->in->edges[ends->out[k]];
            if (g->is_in[lg_edge_lower(e)])
                continue;
            g->gain += down ? e->weight : -e->weight;
            if (down && spare(r, e) < g->room)
                g->room = spare(r, e);
        }
        for (uint32_t k = ends->in_first[n]; k < ends->in_first[n + 1]; k++) {
            const struct lg_layered_edge *e = &r->in->edges[ends->in[k]];
            if (g->is_in[lg_edge_upper(e)])
                continue;
            g->gain += down ? -e->weight : e->weight;
            if (!down && spare(r, e) < g->room)
                g->room = spare(r, e);
        }
    }
}

/* Whole groups go where that makes edges shorter; single nodes are often stuck
 * between edges that have no row to spare. */
static bool pull_groups(struct lg_rows *r, const struct ends *ends, bool down,
                        struct group *g)
{
    bool moved = false;
    for (size_t i = 0; i < r->in->node_count; i++) {
        gather(r, ends, r->topological[i], down, g);
        weigh(r, ends, down, g);
        bool goes = g->gain > 0 && g->room != UINT32_MAX;
        for (size_t k = 0; k < g->count; k++) {
            uint32_t n = g->members[k];
            g->is_in[n] = false;
            if (goes)
                r->rank[n] += down ? g->room : 0 - g->room;
        }
        moved |= goes;
    }
    return moved;
}

static bool pull_all_groups(struct lg_rows *r, const struct ends *ends)
{
    struct group g = {
        .members = lg_new(r->arena, uint32_t, r->in->node_count),
        .is_in = lg_new(r->arena, bool, r->in->node_count),
    };
    if (g.members == NULL || g.is_in == NULL)
        return false;
    if (r->in->node_count * (r->in->edge_count + 1) > GROUP_WORK_MAX)
        return true;
    for (int round = 0; round < PULLS_MAX; round++) {
        bool down = pull_groups(r, ends, true, &g);
        bool up = pull_groups(r, ends, false, &g);
        if (!down && !up)
            break;
    }
    return true;
}

/* Groups may have gone above row 0; unsigned distances stayed right. */
static void start_at_zero(struct lg_rows *r)
{
    int32_t least = INT32_MAX;
    for (size_t n = 0; n < r->in->node_count; n++) {
        int32_t row = (int32_t)r->rank[n];
        least = row < least ? row : least;
    }
    for (size_t n = 0; n < r->in->node_count; n++)
        r->rank[n] -= (uint32_t)least;
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
    if (!pull_all_groups(r, &ends))
        return false;
    start_at_zero(r);
    return true;
}
