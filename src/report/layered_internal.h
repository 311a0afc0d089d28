/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the steps of the layered layout hand on. A box of rank r stands
 * in row 2r; rows between are for labels.
 *
 *   row 0      [box]     [box]
 *   row 1        |label     \
 *   row 2      [box]         |  ← a cell of the edge that passes
 */
#ifndef LG_REPORT_LAYERED_INTERNAL_H
#define LG_REPORT_LAYERED_INTERNAL_H

#include "report/layered.h"

#define LG_NO_EDGE UINT32_MAX

struct lg_cell {
    uint32_t row, at; /* at: place in the row */
    uint32_t edge;    /* whose way it is; LG_NO_EDGE: a box */
    double width, height, x;
};

struct lg_link { /* between cells of neighbouring rows */
    uint32_t upper, lower;
    double weight;
};

struct lg_rows {
    struct lg_layered *in;
    struct lg_arena *arena;
    uint32_t *rank; /* of each node, as a row */
    uint32_t *topological;

    struct lg_cell *cells; /* the nodes, then each edge's from top to bottom */
    size_t cell_count;
    uint32_t *edge_cells; /* first cell of each edge, edge_count + 1 */
    struct lg_link *links;
    size_t link_count;
    /* Links of each cell c: above[above_first[c] … above_first[c + 1]). */
    uint32_t *above_first, *above, *below_first, *below;

    uint32_t row_count;
    uint32_t *row_first; /* row_count + 1 */
    uint32_t *row_cells; /* from left to right */
    double *row_top, *row_bottom;
};

/* Upper and lower node of an edge that points down after cycles are broken. */
static inline uint32_t lg_edge_upper(const struct lg_layered_edge *e)
{
    return e->is_upward ? e->dest : e->src;
}

static inline uint32_t lg_edge_lower(const struct lg_layered_edge *e)
{
    return e->is_upward ? e->src : e->dest;
}

/* The cells at the other ends of the links of c. */
static inline uint32_t lg_cell_above(const struct lg_rows *r, uint32_t link)
{
    return r->links[r->above[link]].upper;
}

static inline uint32_t lg_cell_below(const struct lg_rows *r, uint32_t link)
{
    return r->links[r->below[link]].lower;
}

/* The steps; each false: out of memory. */
bool lg_layered_rank(struct lg_rows *r);
bool lg_layered_cells(struct lg_rows *r);
bool lg_layered_order(struct lg_rows *r);
bool lg_layered_columns(struct lg_rows *r); /* x */
/* From a valid x of each cell to a better one, with cells of equal root that
 * belong to one edge kept above each other. cost: weighted distance that links
 * go sideways. */
bool lg_layered_shift(struct lg_rows *r, const uint32_t *root, double *x,
                      double *cost_ret);
bool lg_layered_route(struct lg_rows *r); /* y, runs, labels */

/* Least distance between the middles of neighbours in a row. */
double lg_layered_distance(const struct lg_rows *r, uint32_t left,
                           uint32_t right);

#endif
