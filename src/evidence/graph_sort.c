/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/graph_internal.h"

#include <stdlib.h>

struct item {
    int64_t score;   /* magnitude; of the smallest number: itself, as in Go */
    uint32_t id, at; /* at: where it stood; equal ones stay in order */
};

static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

static int ascending(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/* Two neighbours that are sorted, [a, b) and [b, end), as one. */
static void merge(const struct item *a, const struct item *b,
                  const struct item *end, struct item *out)
{
    const struct item *a_end = b;
    while (a < a_end && b < end) {
        /* Chosen, not branched on: nobody could guess which. */
        bool is_left = a->score >= b->score;
        const struct item *from = is_left ? a : b;
        *out++ = *from;
        a += is_left;
        b += !is_left;
    }
    while (a < a_end)
        *out++ = *a++;
    while (b < end)
        *out++ = *b++;
}

/* Largest first, equal ones as they stand. Gives items or other, where the
 * result is. Both hold count. */
static struct item *sort_by_score(struct item *items, struct item *other,
                                  size_t count)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t middle = count - i > width ? i + width : count;
            size_t end = count - middle > width ? middle + width : count;
            merge(items + i, items + middle, items + end, other + i);
        }
        struct item *sorted = other;
        other = items;
        items = sorted;
    }
    return items;
}

struct names {
    struct lg_graph_draft *draft;
    const int64_t *second;
};

static int by_name(const void *a, const void *b, void *context)
{
    const struct item *x = a, *y = b;
    const struct names *n = context;
    int order = lg_str_cmp(lg_graph_draft_name(n->draft, x->id),
                           lg_graph_draft_name(n->draft, y->id));
    if (order == 0)
        order = descending(lg_go_abs(n->second[x->id]),
                           lg_go_abs(n->second[y->id]));
    return order != 0 ? order : ascending(x->at, y->at);
}

/* Names are long and scores mostly differ: only runs of equal scores are
 * sorted by name. */
bool lg_graph_sort(struct lg_graph_draft *draft, uint32_t *ids, size_t count,
                   const int64_t *score, const int64_t *second)
{
    struct lg_arena *scratch = draft->nodes->scratch;
    struct item *items = lg_new(scratch, struct item, count);
    struct item *other = lg_new(scratch, struct item, count);
    if (items == NULL || other == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct item){lg_go_abs(score[ids[i]]), ids[i], (uint32_t)i};
    items = sort_by_score(items, other, count);
    struct names names = {draft, second};
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && items[end].score == items[i].score;)
            end++;
        if (end - i > 1)
            qsort_r(items + i, end - i, sizeof *items, by_name, &names);
    }
    for (size_t i = 0; i < count; i++)
        ids[i] = items[i].id;
    return !draft->nodes->arena->failed;
}

static int by_weight(const void *a, const void *b, void *context)
{
    const struct lg_graph *g = context;
    uint32_t i, k;
    memcpy(&i, a, sizeof i);
    memcpy(&k, b, sizeof k);
    const struct lg_graph_edge *x = &g->edges.items[i];
    const struct lg_graph_edge *y = &g->edges.items[k];
    int order = descending(lg_go_abs(x->weight), lg_go_abs(y->weight));
    if (order == 0)
        order = lg_str_cmp(lg_graph_name(g, x->src), lg_graph_name(g, y->src));
    if (order == 0)
        order =
            lg_str_cmp(lg_graph_name(g, x->dest), lg_graph_name(g, y->dest));
    return order != 0 ? order : ascending(i, k);
}

void lg_graph_sort_edges(const struct lg_graph *g, uint32_t *edges,
                         size_t count)
{
    struct lg_graph view = *g; /* qsort_r's context is not const */
    if (count > 1)
        qsort_r(edges, count, sizeof *edges, by_weight, &view);
}

static int by_flat(const void *a, const void *b)
{
    const struct lg_graph_tag *x = a, *y = b;
    int order = descending(lg_go_abs(x->flat), lg_go_abs(y->flat));
    return order != 0 ? order : lg_str_cmp(x->name, y->name);
}

static int by_cum(const void *a, const void *b)
{
    const struct lg_graph_tag *x = a, *y = b;
    int order = descending(lg_go_abs(x->cum), lg_go_abs(y->cum));
    return order != 0 ? order : by_flat(a, b);
}

void lg_graph_sort_tags(struct lg_graph_tag *tags, size_t count, bool flat)
{
    if (count > 1)
        qsort(tags, count, sizeof *tags, flat ? by_flat : by_cum);
}
