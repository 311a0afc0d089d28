/* SPDX-License-Identifier: Apache-2.0 */
#include "report/layered_internal.h"

#include <math.h>
#include <stdlib.h>

/* Of the distance that an edge goes sideways between two rows, how much it has
 * to fall, up to a bound. */
#define STEEPNESS 0.04
#define FALL_MAX 28.0
/* Where edges end at a box: within this part of its width, at most so far from
 * each other. */
#define PORTS_PART 0.8
#define PORT_GAP 28.0

/* One end of an edge at a box. */
struct port {
    uint32_t node, edge;
    bool is_lower; /* the edge ends here, it comes from above */
    double toward; /* x of the next cell */
};

static uint32_t cell_of(const struct lg_rows *r, uint32_t edge, bool lower)
{
    const struct lg_layered_edge *e = &r->in->edges[edge];
    uint32_t first = r->edge_cells[edge], end = r->edge_cells[edge + 1];
    if (first == end) /* a straight line: the other node */
        return lower ? lg_edge_upper(e) : lg_edge_lower(e);
    return lower ? end - 1 : first;
}

static int by_port(const void *a, const void *b)
{
    const struct port *x = a, *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->is_lower != y->is_lower)
        return x->is_lower ? -1 : 1;
    if (x->toward != y->toward)
        return x->toward < y->toward ? -1 : 1;
    return x->edge < y->edge ? -1 : x->edge > y->edge;
}

/* Spreads the ends along one side of a box, each as near as it can below or
 * above what it leads to. */
static void spread(struct lg_rows *r, const struct port *ports, size_t count)
{
    const struct lg_layered_node *n = &r->in->nodes[ports[0].node];
    double room = n->width * PORTS_PART;
    double gap = fmin(PORT_GAP, room / (double)count);
    for (size_t i = 0; i < count; i++) {
        struct lg_layered_edge *e = &r->in->edges[ports[i].edge];
        double least = n->x - room / 2 + gap * ((double)i + 0.5);
        double most = n->x + room / 2 - gap * ((double)(count - i) - 0.5);
        double x = fmin(fmax(ports[i].toward, least), most);
        e->runs[ports[i].is_lower ? e->run_count - 1 : 0].x = x;
    }
}

static bool place_ports(struct lg_rows *r)
{
    size_t count = 0;
    struct port *ports = lg_new(r->arena, struct port, 2 * r->in->edge_count);
    if (ports == NULL)
        return false;
    for (uint32_t i = 0; i < r->in->edge_count; i++) {
        const struct lg_layered_edge *e = &r->in->edges[i];
        if (e->is_loop)
            continue;
        ports[count++] = (struct port){
            .node = lg_edge_upper(e),
            .edge = i,
            .toward = r->cells[cell_of(r, i, false)].x,
        };
        ports[count++] = (struct port){
            .node = lg_edge_lower(e),
            .edge = i,
            .is_lower = true,
            .toward = r->cells[cell_of(r, i, true)].x,
        };
    }
    qsort(ports, count, sizeof *ports, by_port);
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && ports[end].node == ports[i].node &&
               ports[end].is_lower == ports[i].is_lower)
            end++;
        spread(r, ports + i, end - i);
        i = end;
    }
    return true;
}

/* How far below a row the next one has to be: the farther edges go sideways,
 * the more. */
static double fall(const struct lg_rows *r, uint32_t row)
{
    double widest = 0;
    for (uint32_t i = r->row_first[row]; i < r->row_first[row + 1]; i++) {
        uint32_t c = r->row_cells[i];
        for (uint32_t k = r->below_first[c]; k < r->below_first[c + 1]; k++) {
            uint32_t other = lg_cell_below(r, k);
            widest = fmax(widest, fabs(r->cells[c].x - r->cells[other].x));
        }
    }
    return fmin(widest * STEEPNESS, FALL_MAX);
}

static bool place_rows(struct lg_rows *r)
{
    double y = 0;
    r->row_top = lg_new(r->arena, double, r->row_count);
    r->row_bottom = lg_new(r->arena, double, r->row_count);
    if (r->row_top == NULL || r->row_bottom == NULL)
        return false;
    for (uint32_t row = 0; row < r->row_count; row++) {
        double height = 0;
        for (uint32_t i = r->row_first[row]; i < r->row_first[row + 1]; i++)
            height = fmax(height, r->cells[r->row_cells[i]].height);
        r->row_top[row] = y;
        r->row_bottom[row] = y + height;
        if (r->row_first[row] == r->row_first[row + 1])
            continue; /* only lines that cross boxes anyway */
        r->in->height = r->row_bottom[row];
        y += height + r->in->row_gap / 2 + fall(r, row);
    }
    for (size_t n = 0; n < r->in->node_count; n++) {
        uint32_t row = r->cells[n].row;
        r->in->nodes[n].x = r->cells[n].x;
        r->in->nodes[n].y = (r->row_top[row] + r->row_bottom[row]) / 2;
    }
    return true;
}

/* The runs of an edge, except where its ends are. */
static bool make_runs(struct lg_rows *r, uint32_t index)
{
    struct lg_layered_edge *e = &r->in->edges[index];
    uint32_t first = r->edge_cells[index], end = r->edge_cells[index + 1];
    uint32_t upper = lg_edge_upper(e), lower = lg_edge_lower(e);
    const struct lg_layered_node *nodes = r->in->nodes;
    e->run_count = 0;
    if (e->is_loop)
        return true;
    e->runs = lg_new(r->arena, struct lg_layered_run, end - first + 2);
    if (e->runs == NULL)
        return false;
    e->runs[e->run_count++] = (struct lg_layered_run){
        .top = nodes[upper].y + nodes[upper].height / 2,
        .bottom = r->row_bottom[r->cells[upper].row],
    };
    for (uint32_t c = first; c < end; c++) {
        uint32_t row = r->cells[c].row;
        e->runs[e->run_count++] = (struct lg_layered_run){
            r->cells[c].x, r->row_top[row], r->row_bottom[row]};
    }
    e->runs[e->run_count++] = (struct lg_layered_run){
        .top = r->row_top[r->cells[lower].row],
        .bottom = nodes[lower].y - nodes[lower].height / 2,
    };
    return true;
}

/* Into the cell that was made wide for it. */
static void place_label(struct lg_rows *r, uint32_t index)
{
    struct lg_layered_edge *e = &r->in->edges[index];
    if (e->is_direct) {
        const struct lg_layered_run *from = &e->runs[0], *to = &e->runs[1];
        e->label_x = (from->x + to->x) / 2;
        e->label_y = (from->bottom + to->top) / 2;
    }
    for (uint32_t c = r->edge_cells[index]; c < r->edge_cells[index + 1]; c++) {
        uint32_t row = r->cells[c].row;
        if (r->cells[c].height <= 0)
            continue;
        e->label_x = r->cells[c].x;
        e->label_y = (r->row_top[row] + r->row_bottom[row]) / 2;
    }
}

bool lg_layered_route(struct lg_rows *r)
{
    if (!place_rows(r))
        return false;
    for (uint32_t i = 0; i < r->in->edge_count; i++) {
        if (!make_runs(r, i))
            return false;
    }
    if (!place_ports(r))
        return false;
    for (uint32_t i = 0; i < r->in->edge_count; i++)
        place_label(r, i);
    return true;
}
