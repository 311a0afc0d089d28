/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After Brandes and Köpf, "Fast and simple horizontal coordinate assignment"
 * (2001): cells that are linked are put above each other as far as their order
 * lets them, in four ways (from above or below, from the left or right), each
 * packed tightly, along the graph of blocks. Where they take the mean of the
 * four, here each is drawn together (layered_shift.c) and the best one stays.
 */
#include "report/layered_internal.h"

#include <math.h>
#include <stdlib.h>

struct candidate {
    uint32_t at, link, cell;
};

struct columns {
    struct lg_rows *r;
    bool from_below, from_right; /* the way that is under work */
    bool *marked;                /* links that cross a long edge's inner part */
    uint32_t *root, *align;
    uint32_t *degree, *queue;     /* blocks in order, by their root */
    struct candidate *candidates; /* neighbours of one cell, in order */
};

static bool is_inner(const struct lg_rows *r, const struct lg_link *l)
{
    return r->cells[l->upper].edge != LG_NO_EDGE &&
           r->cells[l->lower].edge != LG_NO_EDGE;
}

/* The cell at i of a row, counted from the side of the way. */
static uint32_t cell_at(const struct columns *c, uint32_t row, uint32_t i)
{
    const struct lg_rows *r = c->r;
    return c->from_right ? r->row_cells[r->row_first[row + 1] - 1 - i]
                         : r->row_cells[r->row_first[row] + i];
}

static uint32_t row_width(const struct lg_rows *r, uint32_t row)
{
    return r->row_first[row + 1] - r->row_first[row];
}

static uint32_t at_of(const struct columns *c, uint32_t cell)
{
    const struct lg_cell *it = &c->r->cells[cell];
    return c->from_right ? row_width(c->r, it->row) - 1 - it->at : it->at;
}

/* Long edges are straight first: what crosses their inner part gives way. */
static void mark_row(struct columns *c, uint32_t row)
{
    const struct lg_rows *r = c->r;
    uint32_t first = r->row_first[row + 1], end = r->row_first[row + 2];
    uint32_t left = 0, scanned = first;
    for (uint32_t i = first; i < end; i++) {
        uint32_t cell = r->row_cells[i], right = UINT32_MAX;
        for (uint32_t k = r->above_first[cell]; k < r->above_first[cell + 1];
             k++) {
            if (is_inner(r, &r->links[r->above[k]]))
                right = r->cells[lg_cell_above(r, k)].at;
        }
        if (right == UINT32_MAX && i + 1 < end)
            continue;
        for (; scanned <= i; scanned++) {
            uint32_t other = r->row_cells[scanned];
            for (uint32_t k = r->above_first[other];
                 k < r->above_first[other + 1]; k++) {
                uint32_t at = r->cells[lg_cell_above(r, k)].at;
                if (!is_inner(r, &r->links[r->above[k]]) &&
                    (at < left || at > right))
                    c->marked[r->above[k]] = true;
            }
        }
        left = right;
    }
}

static int by_at(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->link < y->link ? -1 : x->link > y->link;
}

/* Links of a cell towards the row before, in order of their far ends. */
static uint32_t gather(struct columns *c, uint32_t cell)
{
    const struct lg_rows *r = c->r;
    const uint32_t *first = c->from_below ? r->below_first : r->above_first;
    const uint32_t *links = c->from_below ? r->below : r->above;
    uint32_t count = 0;
    for (uint32_t k = first[cell]; k < first[cell + 1]; k++) {
        const struct lg_link *l = &r->links[links[k]];
        uint32_t other = c->from_below ? l->lower : l->upper;
        c->candidates[count++] = (struct candidate){
            .at = at_of(c, other), .link = links[k], .cell = other};
    }
    if (count > 1)
        qsort(c->candidates, count, sizeof *c->candidates, by_at);
    return count;
}

/* Joins the cell with the middle one of its neighbours where that crosses
 * nothing that is joined already; *taken: one past the last that is. */
static void join(struct columns *c, uint32_t cell, uint32_t *taken)
{
    uint32_t count = gather(c, cell);
    if (count == 0)
        return;
    for (uint32_t m = (count - 1) / 2; m <= count / 2; m++) {
        const struct candidate *with = &c->candidates[m];
        if (c->align[cell] != cell || c->marked[with->link] ||
            with->at < *taken)
            continue;
        c->align[with->cell] = cell;
        c->root[cell] = c->root[with->cell];
        c->align[cell] = c->root[cell];
        *taken = with->at + 1;
    }
}

static void join_rows(struct columns *c)
{
    const struct lg_rows *r = c->r;
    for (uint32_t i = 0; i < r->cell_count; i++)
        c->root[i] = c->align[i] = i;
    for (uint32_t n = 1; n < r->row_count; n++) {
        uint32_t row = c->from_below ? r->row_count - 1 - n : n;
        uint32_t taken = 0;
        for (uint32_t i = 0; i < row_width(r, row); i++)
            join(c, cell_at(c, row, i), &taken);
    }
}

double lg_layered_distance(const struct lg_rows *r, uint32_t left,
                           uint32_t right)
{
    const struct lg_cell *a = &r->cells[left], *b = &r->cells[right];
    bool boxes = a->edge == LG_NO_EDGE && b->edge == LG_NO_EDGE;
    double gap = boxes ? r->in->node_gap : r->in->node_gap / 2;
    return (a->width + b->width) / 2 + gap;
}

/* The neighbour of a cell on the side that the way goes to. */
static bool next_in_row(const struct columns *c, uint32_t cell,
                        uint32_t *next_ret)
{
    uint32_t row = c->r->cells[cell].row, at = at_of(c, cell);
    if (at + 1 >= row_width(c->r, row))
        return false;
    *next_ret = cell_at(c, row, at + 1);
    return true;
}

/* Blocks so that each comes behind those that some cell of it has to its left.
 */
static size_t queue_blocks(struct columns *c)
{
    const struct lg_rows *r = c->r;
    size_t count = 0;
    uint32_t next;
    for (uint32_t i = 0; i < r->cell_count; i++)
        c->degree[i] = 0;
    for (uint32_t i = 0; i < r->cell_count; i++) {
        if (next_in_row(c, i, &next))
            c->degree[c->root[next]]++;
    }
    for (uint32_t i = 0; i < r->cell_count; i++) {
        if (c->root[i] == i && c->degree[i] == 0)
            c->queue[count++] = i;
    }
    for (size_t done = 0; done < count; done++) {
        uint32_t root = c->queue[done], cell = root;
        do {
            if (next_in_row(c, cell, &next) && --c->degree[c->root[next]] == 0)
                c->queue[count++] = c->root[next];
            cell = c->align[cell];
        } while (cell != root);
    }
    return count;
}

/* All blocks as far left as they can, then those that have room to the right
 * closer to their neighbours there. */
static void pack(struct columns *c, double *x)
{
    size_t count = queue_blocks(c);
    uint32_t next;
    for (size_t i = 0; i < c->r->cell_count; i++)
        x[i] = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t root = c->queue[i], cell = root;
        do {
            if (next_in_row(c, cell, &next))
                x[c->root[next]] =
                    fmax(x[c->root[next]],
                         x[root] + lg_layered_distance(c->r, cell, next));
            cell = c->align[cell];
        } while (cell != root);
    }
    for (size_t i = count; i-- > 0;) {
        uint32_t root = c->queue[i], cell = root;
        double room = INFINITY;
        do {
            if (next_in_row(c, cell, &next))
                room = fmin(room, x[c->root[next]] -
                                      lg_layered_distance(c->r, cell, next));
            cell = c->align[cell];
        } while (cell != root);
        if (room < INFINITY)
            x[root] = fmax(x[root], room);
    }
    for (size_t i = 0; i < c->r->cell_count; i++)
        x[i] = x[c->root[i]];
    for (size_t i = 0; c->from_right && i < c->r->cell_count; i++)
        x[i] = -x[i];
}

/* Against what rounding may have done; everything begins at 0. */
static void settle(struct lg_rows *r)
{
    double left = INFINITY;
    for (uint32_t row = 0; row < r->row_count; row++) {
        for (uint32_t i = r->row_first[row]; i < r->row_first[row + 1]; i++) {
            struct lg_cell *cell = &r->cells[r->row_cells[i]];
            if (i > r->row_first[row]) {
                uint32_t before = r->row_cells[i - 1];
                cell->x =
                    fmax(cell->x,
                         r->cells[before].x +
                             lg_layered_distance(r, before, r->row_cells[i]));
            }
            left = fmin(left, cell->x - cell->width / 2);
        }
    }
    for (size_t i = 0; i < r->cell_count; i++) {
        r->cells[i].x -= left;
        r->in->width =
            fmax(r->in->width, r->cells[i].x + r->cells[i].width / 2);
    }
}

static bool columns_init(struct columns *c, struct lg_rows *r)
{
    *c = (struct columns){.r = r};
    c->marked = lg_new(r->arena, bool, r->link_count);
    c->root = lg_new(r->arena, uint32_t, r->cell_count);
    c->align = lg_new(r->arena, uint32_t, r->cell_count);
    c->degree = lg_new(r->arena, uint32_t, r->cell_count);
    c->queue = lg_new(r->arena, uint32_t, r->cell_count);
    c->candidates = lg_new(r->arena, struct candidate, r->link_count);
    return c->marked != NULL && c->root != NULL && c->align != NULL &&
           c->degree != NULL && c->queue != NULL && c->candidates != NULL;
}

bool lg_layered_columns(struct lg_rows *r)
{
    struct columns c;
    double best = INFINITY, cost;
    double *x = lg_new(r->arena, double, r->cell_count);
    if (x == NULL || !columns_init(&c, r))
        return false;
    for (uint32_t row = 0; row + 1 < r->row_count; row++)
        mark_row(&c, row);
    for (int way = 0; way < 4; way++) {
        c.from_below = way / 2 == 1;
        c.from_right = way % 2 == 1;
        join_rows(&c);
        pack(&c, x);
        if (!lg_layered_shift(r, c.root, x, &cost))
            return false;
        for (size_t i = 0; cost < best && i < r->cell_count; i++)
            r->cells[i].x = x[i];
        best = fmin(best, cost);
    }
    settle(r);
    return true;
}
