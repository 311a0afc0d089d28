/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a place for each box and arrow of a directed graph, so that arrows
 * point down where they can and cross no box (Sugiyama, Tagawa, Toda 1981):
 *
 *   rank    cycles are broken; each box gets a row, short heavy edges first
 *   order   an edge over several rows gets a cell in each row that it crosses,
 *           and one for its label; rows are sorted until few edges cross
 *   place   x: cells of one edge stand above each other (Brandes, Köpf 2001);
 *           y: rows below each other
 *   route   an edge runs straight down inside a row, in its own cell, and bends
 *           between rows only, where no box is: so it cannot meet one
 *
 * Pure, the same on every run. Work is bounded: n log n in boxes, edges and
 * cells, of which there are at most LG_LAYERED_CELLS_MAX more than boxes; edges
 * that get none are drawn straight.
 */
#ifndef LG_REPORT_LAYERED_H
#define LG_REPORT_LAYERED_H

#include "base/arena.h"
#include "base/vec.h"

#include <stdint.h>

#define LG_LAYERED_CELLS_MAX ((size_t)200000)

struct lg_layered_node {
    double width, height; /* of the box; what is in here is given … */
    double x, y;          /* … and this is found: its middle */
};

/* A piece of an edge that goes straight down at x; from one to the next it is a
 * curve with upright ends. */
struct lg_layered_run {
    double x, top, bottom;
};

struct lg_layered_edge {
    uint32_t src, dest;
    double weight;                    /* > 0: how much it should be short */
    double label_width, label_height; /* 0: none */
    uint32_t rows;                    /* at least this far below, ≥ 1 */

    bool is_upward; /* dest is above src; the runs go from dest to src */
    bool is_loop;   /* src is dest: no runs */
    bool is_direct; /* without cells of its own: may cross boxes */
    struct lg_layered_run *runs; /* from the upper to the lower end */
    size_t run_count;
    double label_x, label_y; /* its middle */
};

struct lg_layered {
    struct lg_layered_node *nodes;
    size_t node_count;
    struct lg_layered_edge *edges; /* the most important first */
    size_t edge_count;
    double node_gap, row_gap; /* least distances */
    double width, height; /* found: everything is in 0 … width × height */
};

/* Fills in the places. The runs live in arena, as does what it works with.
 * false: out of memory. */
bool lg_layered_place(struct lg_layered *in, struct lg_arena *arena);

#endif
