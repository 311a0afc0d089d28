/* SPDX-License-Identifier: Apache-2.0 */
#include "report/layered_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SWEEPS_MAX ((size_t)60)
/* Links that all sweeps together may look at. */
#define WORK_MAX ((size_t)8000000)
/* Sweeps without fewer crossings after which it is enough. */
#define PATIENCE 15
/* Pairs of links that are compared to swap two neighbours. */
#define SWAP_WORK_MAX ((size_t)4096)

struct place { /* where a cell wants to be */
    double wanted;
    uint32_t cell, at;
};

struct sorter {
    struct lg_rows *r;
    struct place *places; /* of one row */
    uint32_t *tree;       /* Fenwick tree over one row */
    uint32_t *best;       /* row_cells with the fewest crossings */
    uint32_t *lower_ats;  /* of the links of one row */
};

static int by_wish(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->wanted != y->wanted)
        return x->wanted < y->wanted ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* The mean place of the cells that c is linked to; false: to none. */
static bool wish(const struct lg_rows *r, uint32_t c, bool above,
                 double *wanted_ret)
{
    const uint32_t *first = above ? r->above_first : r->below_first;
    double sum = 0, weights = 0;
    for (uint32_t k = first[c]; k < first[c + 1]; k++) {
        const struct lg_link *l = &r->links[above ? r->above[k] : r->below[k]];
        double weight = sqrt(l->weight > 1 ? l->weight : 1);
        sum += weight * r->cells[above ? l->upper : l->lower].at;
        weights += weight;
    }
    if (weights > 0)
        *wanted_ret = sum / weights;
    return weights > 0;
}

/* Cells without links on that side stay where they are. */
static void sort_row(struct sorter *s, uint32_t row, bool above)
{
    struct lg_rows *r = s->r;
    uint32_t *cells = r->row_cells + r->row_first[row];
    uint32_t count = r->row_first[row + 1] - r->row_first[row];
    size_t moving = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct place *p = &s->places[moving];
        *p = (struct place){.cell = cells[i], .at = i};
        if (wish(r, cells[i], above, &p->wanted)) {
            cells[i] = UINT32_MAX;
            moving++;
        }
    }
    qsort(s->places, moving, sizeof *s->places, by_wish);
    size_t next = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (cells[i] == UINT32_MAX)
            cells[i] = s->places[next++].cell;
        r->cells[cells[i]].at = i;
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Crossings between a row and the one below: pairs of links that stand in
 * another order below than above. */
static uint64_t row_crossings(struct sorter *s, uint32_t row)
{
    const struct lg_rows *r = s->r;
    uint32_t width = r->row_first[row + 2] - r->row_first[row + 1];
    uint64_t crossings = 0, links = 0;
    memset(s->tree, 0, (width + 1) * sizeof *s->tree);
    for (uint32_t i = r->row_first[row]; i < r->row_first[row + 1]; i++) {
        uint32_t c = r->row_cells[i];
        size_t count = 0;
        for (uint32_t k = r->below_first[c]; k < r->below_first[c + 1]; k++)
            s->lower_ats[count++] = r->cells[lg_cell_below(r, k)].at;
        qsort(s->lower_ats, count, sizeof *s->lower_ats, by_number);
        for (size_t n = 0; n < count; n++) {
            uint64_t left = 0; /* links up to here whose end is not right */
            for (uint32_t t = s->lower_ats[n] + 1; t > 0; t &= t - 1)
                left += s->tree[t];
            crossings += links - left;
            for (uint32_t t = s->lower_ats[n] + 1; t <= width; t += t & -t)
                s->tree[t]++;
            links++;
        }
    }
    return crossings;
}

static uint64_t all_crossings(struct sorter *s)
{
    uint64_t sum = 0;
    for (uint32_t row = 0; row + 1 < s->r->row_count; row++)
        sum += row_crossings(s, row);
    return sum;
}

/* Crossings of the links of a and b on one side when a stands left: how often
 * an end of a is right of one of b; minus those when b stands left. */
static int64_t surplus(const struct lg_rows *r, uint32_t a, uint32_t b,
                       bool above)
{
    const uint32_t *first = above ? r->above_first : r->below_first;
    int64_t sum = 0;
    if ((size_t)(first[a + 1] - first[a]) * (first[b + 1] - first[b]) >
        SWAP_WORK_MAX)
        return 0;
    for (uint32_t i = first[a]; i < first[a + 1]; i++) {
        uint32_t x =
            r->cells[above ? lg_cell_above(r, i) : lg_cell_below(r, i)].at;
        for (uint32_t k = first[b]; k < first[b + 1]; k++) {
            uint32_t y =
                r->cells[above ? lg_cell_above(r, k) : lg_cell_below(r, k)].at;
            sum += (x > y) - (x < y);
        }
    }
    return sum;
}

static bool swap_neighbours(struct lg_rows *r)
{
    bool swapped = false;
    for (uint32_t row = 0; row < r->row_count; row++) {
        for (uint32_t i = r->row_first[row]; i + 1 < r->row_first[row + 1];
             i++) {
            uint32_t a = r->row_cells[i], b = r->row_cells[i + 1];
            if (surplus(r, a, b, true) + surplus(r, a, b, false) <= 0)
                continue;
            r->row_cells[i] = b;
            r->row_cells[i + 1] = a;
            r->cells[a].at++;
            r->cells[b].at--;
            swapped = true;
        }
    }
    return swapped;
}

static void sweep(struct sorter *s, bool downward)
{
    uint32_t rows = s->r->row_count;
    for (uint32_t i = 1; i < rows; i++)
        sort_row(s, downward ? i : rows - 1 - i, downward);
    for (int round = 0; round < 4 && swap_neighbours(s->r); round++)
        ;
}

static bool sorter_init(struct sorter *s, struct lg_rows *r)
{
    *s = (struct sorter){.r = r};
    s->places = lg_new(r->arena, struct place, r->cell_count);
    s->tree = lg_new(r->arena, uint32_t, r->cell_count + 1);
    s->best = lg_new(r->arena, uint32_t, r->cell_count);
    s->lower_ats = lg_new(r->arena, uint32_t, r->link_count);
    return s->places != NULL && s->tree != NULL && s->best != NULL &&
           s->lower_ats != NULL;
}

bool lg_layered_order(struct lg_rows *r)
{
    struct sorter s;
    size_t bytes = r->cell_count * sizeof *r->row_cells;
    size_t sweeps = WORK_MAX / (r->cell_count + r->link_count + 1) / 6;
    if (!sorter_init(&s, r))
        return false;
    if (sweeps > SWEEPS_MAX)
        sweeps = SWEEPS_MAX;
    memcpy(s.best, r->row_cells, bytes);
    uint64_t fewest = all_crossings(&s);
    int patience = PATIENCE;
    for (size_t i = 0; i < sweeps && fewest > 0 && patience > 0; i++) {
        sweep(&s, i % 2 == 0);
        uint64_t crossings = all_crossings(&s);
        patience--;
        if (crossings >= fewest)
            continue;
        fewest = crossings;
        patience = PATIENCE;
        memcpy(s.best, r->row_cells, bytes);
    }
    memcpy(r->row_cells, s.best, bytes);
    for (uint32_t row = 0; row < r->row_count; row++) {
        for (uint32_t i = r->row_first[row]; i < r->row_first[row + 1]; i++)
            r->cells[r->row_cells[i]].at = i - r->row_first[row];
    }
    return true;
}
