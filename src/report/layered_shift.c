/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws together what belongs together, in the manner of Sander's pendulums
 * ("A fast heuristic for hierarchical Manhattan layout", 1996): an edge's cells
 * that stand above each other are one stiff block, as is each box. Links pull
 * at blocks; what touches and is pulled against each other moves as one. Every
 * single move keeps all neighbours apart, so any state is a valid one.
 */
#include "report/layered_internal.h"

#include <math.h>
#include <stdlib.h>

#define ROUNDS_MAX ((size_t)60)
#define SNAPS_MAX ((size_t)12)
/* Cells and links that all rounds together may look at. */
#define WORK_MAX ((size_t)6000000)
#define MERGES_MAX 6
#define TOUCH 1e-6
/* Inside a long edge a kink hurts more than between it and a box. */
#define INNER_FACTOR 4.0

struct shift {
    struct lg_rows *r;
    double *x;       /* of each cell */
    uint32_t *block; /* of each cell */
    uint32_t count;
    uint32_t *first, *members; /* cells by block */
    double *pull, *weight;     /* mean distance to where links lead */
    uint32_t *region;          /* union-find over blocks */
    uint32_t *region_first, *region_blocks;
    struct pulled {
        double at;
        uint32_t region;
    } * order;
    struct strand {
        double by, weight;
    } * strands; /* links of one block */
};

static double link_weight(const struct lg_rows *r, const struct lg_link *l)
{
    bool inner = r->cells[l->upper].edge != LG_NO_EDGE &&
                 r->cells[l->lower].edge != LG_NO_EDGE;
    return (1 + log2(fmax(l->weight, 1))) * (inner ? INNER_FACTOR : 1);
}

/* Boxes, then pieces of edges that the alignment keeps straight. */
static void make_blocks(struct shift *s, const uint32_t *root)
{
    const struct lg_rows *r = s->r;
    for (size_t n = 0; n < r->in->node_count; n++)
        s->block[n] = s->count++;
    for (size_t e = 0; e < r->in->edge_count; e++) {
        for (uint32_t c = r->edge_cells[e]; c < r->edge_cells[e + 1]; c++) {
            bool begins = c == r->edge_cells[e] || root[c] != root[c - 1];
            s->block[c] = begins ? s->count++ : s->block[c - 1];
        }
    }
    for (size_t c = 0; c < r->cell_count; c++)
        s->first[s->block[c] + 2]++;
    for (uint32_t b = 0; b < s->count; b++)
        s->first[b + 2] += s->first[b + 1];
    for (uint32_t c = 0; c < r->cell_count; c++)
        s->members[s->first[s->block[c] + 1]++] = c;
}

static uint32_t find(struct shift *s, uint32_t block)
{
    while (s->region[block] != block) {
        s->region[block] = s->region[s->region[block]];
        block = s->region[block];
    }
    return block;
}

static void measure_pulls(struct shift *s)
{
    const struct lg_rows *r = s->r;
    for (uint32_t b = 0; b < s->count; b++) {
        s->pull[b] = s->weight[b] = 0;
        s->region[b] = b;
    }
    for (size_t i = 0; i < r->link_count; i++) {
        const struct lg_link *l = &r->links[i];
        uint32_t upper = s->block[l->upper], lower = s->block[l->lower];
        if (upper == lower)
            continue;
        double w = link_weight(r, l), by = s->x[l->lower] - s->x[l->upper];
        s->pull[upper] += w * by;
        s->pull[lower] -= w * by;
        s->weight[upper] += w;
        s->weight[lower] += w;
    }
    for (uint32_t b = 0; b < s->count; b++) {
        if (s->weight[b] > 0)
            s->pull[b] /= s->weight[b];
        else
            s->weight[b] = TOUCH; /* goes along with anything */
    }
}

/* Neighbours that touch and are pulled together become one region; true: there
 * were any. */
static bool merge_row(struct shift *s, uint32_t row)
{
    const struct lg_rows *r = s->r;
    bool merged = false;
    for (uint32_t i = r->row_first[row]; i + 1 < r->row_first[row + 1]; i++) {
        uint32_t left = r->row_cells[i], right = r->row_cells[i + 1];
        uint32_t a = find(s, s->block[left]), b = find(s, s->block[right]);
        if (a == b || s->pull[a] <= s->pull[b] + TOUCH ||
            s->x[right] - s->x[left] >
                lg_layered_distance(r, left, right) + TOUCH)
            continue;
        double weight = s->weight[a] + s->weight[b];
        s->pull[a] =
            (s->pull[a] * s->weight[a] + s->pull[b] * s->weight[b]) / weight;
        s->weight[a] = weight;
        s->region[b] = a;
        merged = true;
    }
    return merged;
}

static void merge(struct shift *s)
{
    bool merged = true;
    for (int i = 0; merged && i < MERGES_MAX; i++) {
        merged = false;
        for (uint32_t row = 0; row < s->r->row_count; row++) {
            if (merge_row(s, row))
                merged = true;
        }
    }
}

/* How far a cell can go before it meets its neighbour, which does not move with
 * it. */
static double slack(struct shift *s, uint32_t cell, bool right, uint32_t region)
{
    const struct lg_rows *r = s->r;
    uint32_t row = r->cells[cell].row,
             i = r->row_first[row] + r->cells[cell].at;
    if (right ? i + 1 == r->row_first[row + 1] : i == r->row_first[row])
        return INFINITY;
    uint32_t other = r->row_cells[right ? i + 1 : i - 1];
    if (find(s, s->block[other]) == region)
        return INFINITY;
    double apart = fabs(s->x[other] - s->x[cell]);
    return fmax(apart - lg_layered_distance(r, cell, other), 0);
}

static double room(struct shift *s, uint32_t region, bool right)
{
    double least = INFINITY;
    for (uint32_t i = s->region_first[region]; i < s->region_first[region + 1];
         i++) {
        uint32_t b = s->region_blocks[i];
        for (uint32_t m = s->first[b]; m < s->first[b + 1]; m++)
            least = fmin(least, slack(s, s->members[m], right, region));
    }
    return least;
}

static void move(struct shift *s, uint32_t region, double by)
{
    by = by > 0 ? fmin(by, room(s, region, true))
                : -fmin(-by, room(s, region, false));
    for (uint32_t i = s->region_first[region]; i < s->region_first[region + 1];
         i++) {
        uint32_t b = s->region_blocks[i];
        for (uint32_t m = s->first[b]; m < s->first[b + 1]; m++)
            s->x[s->members[m]] += by;
    }
}

static void index_regions(struct shift *s)
{
    for (uint32_t b = 0; b <= s->count + 1; b++)
        s->region_first[b] = 0;
    for (uint32_t b = 0; b < s->count; b++)
        s->region_first[find(s, b) + 2]++;
    for (uint32_t b = 0; b < s->count; b++)
        s->region_first[b + 2] += s->region_first[b + 1];
    for (uint32_t b = 0; b < s->count; b++)
        s->region_blocks[s->region_first[find(s, b) + 1]++] = b;
}

static int by_place(const void *a, const void *b)
{
    const struct pulled *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->region < y->region ? -1 : x->region > y->region;
}

static size_t sort_regions(struct shift *s)
{
    size_t count = 0;
    for (uint32_t b = 0; b < s->count; b++) {
        if (s->region[b] == b)
            s->order[count++] =
                (struct pulled){s->x[s->members[s->first[b]]], b};
    }
    qsort(s->order, count, sizeof *s->order, by_place);
    return count;
}

/* Who goes right begins at the right, so that there is room behind. */
static void swing(struct shift *s)
{
    measure_pulls(s);
    merge(s);
    index_regions(s);
    size_t count = sort_regions(s);
    for (size_t i = count; i-- > 0;) {
        if (s->pull[s->order[i].region] > TOUCH)
            move(s, s->order[i].region, s->pull[s->order[i].region]);
    }
    for (size_t i = 0; i < count; i++) {
        if (s->pull[s->order[i].region] < -TOUCH)
            move(s, s->order[i].region, s->pull[s->order[i].region]);
    }
}

static int by_distance(const void *a, const void *b)
{
    const struct strand *x = a, *y = b;
    return (x->by > y->by) - (x->by < y->by);
}

static size_t add_strands(struct shift *s, uint32_t cell, bool above,
                          size_t count)
{
    const struct lg_rows *r = s->r;
    const uint32_t *first = above ? r->above_first : r->below_first;
    const uint32_t *links = above ? r->above : r->below;
    for (uint32_t k = first[cell]; k < first[cell + 1]; k++) {
        const struct lg_link *l = &r->links[links[k]];
        uint32_t other = above ? l->upper : l->lower;
        if (s->block[other] != s->block[cell])
            s->strands[count++] =
                (struct strand){s->x[other] - s->x[cell], link_weight(r, l)};
    }
    return count;
}

/* The weighted median of where its links lead: there one of them is straight.
 */
static double median_pull(struct shift *s, uint32_t block)
{
    size_t count = 0;
    double all = 0, sum = 0;
    for (uint32_t m = s->first[block]; m < s->first[block + 1]; m++) {
        count = add_strands(s, s->members[m], true, count);
        count = add_strands(s, s->members[m], false, count);
    }
    if (count == 0)
        return 0;
    qsort(s->strands, count, sizeof *s->strands, by_distance);
    for (size_t i = 0; i < count; i++)
        all += s->strands[i].weight;
    for (size_t i = 0; i < count; i++) {
        sum += s->strands[i].weight;
        if (sum >= all / 2)
            return s->strands[i].by;
    }
    return 0;
}

/* Block by block to its median, from one side and then from the other. */
static void snap(struct shift *s, bool from_right)
{
    for (uint32_t b = 0; b < s->count; b++)
        s->region[b] = b;
    index_regions(s);
    size_t count = sort_regions(s);
    for (size_t i = 0; i < count; i++) {
        uint32_t b = s->order[from_right ? count - 1 - i : i].region;
        double by = median_pull(s, b);
        if (fabs(by) > TOUCH)
            move(s, b, by);
    }
}

static double cost_of(const struct shift *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->r->link_count; i++) {
        const struct lg_link *l = &s->r->links[i];
        sum += link_weight(s->r, l) * fabs(s->x[l->upper] - s->x[l->lower]);
    }
    return sum;
}

static bool shift_init(struct shift *s, struct lg_rows *r, double *x)
{
    size_t cells = r->cell_count;
    *s = (struct shift){.r = r, .x = x};
    s->block = lg_new(r->arena, uint32_t, cells);
    s->first = lg_new(r->arena, uint32_t, cells + 2);
    s->members = lg_new(r->arena, uint32_t, cells);
    s->pull = lg_new(r->arena, double, cells);
    s->weight = lg_new(r->arena, double, cells);
    s->region = lg_new(r->arena, uint32_t, cells);
    s->region_first = lg_new(r->arena, uint32_t, cells + 2);
    s->region_blocks = lg_new(r->arena, uint32_t, cells);
    s->order = lg_new(r->arena, struct pulled, cells);
    s->strands = lg_new(r->arena, struct strand, r->link_count);
    return s->block != NULL && s->first != NULL && s->members != NULL &&
           s->pull != NULL && s->weight != NULL && s->region != NULL &&
           s->region_first != NULL && s->region_blocks != NULL &&
           s->order != NULL && s->strands != NULL;
}

bool lg_layered_shift(struct lg_rows *r, const uint32_t *root, double *x,
                      double *cost_ret)
{
    struct shift s;
    size_t rounds = WORK_MAX / (r->cell_count + r->link_count + 1) / 8;
    if (!shift_init(&s, r, x))
        return false;
    make_blocks(&s, root);
    for (size_t i = 0; i < rounds && i < ROUNDS_MAX; i++)
        swing(&s);
    for (size_t i = 0; i < rounds && i < SNAPS_MAX; i++)
        snap(&s, i % 2 == 0);
    *cost_ret = cost_of(&s);
    return true;
}
