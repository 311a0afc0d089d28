/* SPDX-License-Identifier: Apache-2.0 */
#include "report/layered_internal.h"

/* Room beside a label, and beside a line. */
#define LABEL_MARGIN 10.0
#define LINE_WIDTH 6.0

static uint32_t span(const struct lg_rows *r, const struct lg_layered_edge *e)
{
    return e->is_loop ? 0
                      : r->rank[lg_edge_lower(e)] - r->rank[lg_edge_upper(e)];
}

/* The first edges get cells, until there are too many. */
static void grant_cells(struct lg_rows *r)
{
    size_t left = LG_LAYERED_CELLS_MAX;
    for (size_t i = 0; i < r->in->edge_count; i++) {
        struct lg_layered_edge *e = &r->in->edges[i];
        uint32_t rows = span(r, e);
        r->edge_cells[i] = (uint32_t)r->cell_count;
        if (rows == 0)
            continue;
        e->is_direct = rows - 1 > left;
        if (e->is_direct)
            continue;
        left -= rows - 1;
        r->cell_count += rows - 1;
        r->link_count += rows;
    }
    r->edge_cells[r->in->edge_count] = (uint32_t)r->cell_count;
}

static void fill_edge(struct lg_rows *r, uint32_t index)
{
    const struct lg_layered_edge *e = &r->in->edges[index];
    uint32_t first = r->edge_cells[index], rows = span(r, e);
    if (e->is_direct || rows == 0)
        return;
    uint32_t before = lg_edge_upper(e), top = r->rank[before];
    /* The row between boxes in the middle of the way. */
    uint32_t label = 2 * ((rows - 1) / 4);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t cell = i + 1 == rows ? lg_edge_lower(e) : first + i;
        r->links[r->link_count++] = (struct lg_link){before, cell, e->weight};
        before = cell;
        if (i + 1 == rows)
            continue;
        bool has_label = i == label && e->label_width > 0;
        r->cells[cell] = (struct lg_cell){
            .row = top + i + 1,
            .edge = index,
            .width = has_label ? e->label_width + LABEL_MARGIN : LINE_WIDTH,
            .height = has_label ? e->label_height : 0,
        };
    }
}

static bool index_links(struct lg_rows *r, bool above, uint32_t **first_ret,
                        uint32_t **links_ret)
{
    uint32_t *first = lg_new(r->arena, uint32_t, r->cell_count + 2);
    uint32_t *links = lg_new(r->arena, uint32_t, r->link_count);
    if (first == NULL || links == NULL)
        return false;
    for (size_t i = 0; i < r->link_count; i++)
        first[(above ? r->links[i].lower : r->links[i].upper) + 2]++;
    for (size_t c = 0; c < r->cell_count; c++)
        first[c + 2] += first[c + 1];
    for (size_t i = 0; i < r->link_count; i++) {
        const struct lg_link *l = &r->links[i];
        uint32_t cell = above ? l->lower : l->upper;
        links[first[cell + 1]++] = (uint32_t)i;
    }
    *first_ret = first;
    *links_ret = links;
    return true;
}

/* Rows in the order in which a walk down from the left meets the cells: what
 * hangs together stands together. */
static bool first_order(struct lg_rows *r)
{
    uint32_t *fill = lg_new(r->arena, uint32_t, r->row_count);
    uint32_t *stack = lg_new(r->arena, uint32_t, r->cell_count);
    uint32_t *cursor = lg_new(r->arena, uint32_t, r->cell_count);
    bool *seen = lg_new(r->arena, bool, r->cell_count);
    if (fill == NULL || stack == NULL || cursor == NULL || seen == NULL)
        return false;
    for (size_t i = 0; i < r->in->node_count; i++) {
        uint32_t root = r->topological[i];
        size_t depth = 0;
        if (!seen[root])
            stack[depth++] = root;
        while (depth > 0) {
            uint32_t c = stack[depth - 1];
            uint32_t row = r->cells[c].row;
            if (!seen[c]) {
                seen[c] = true;
                cursor[c] = r->below_first[c];
                r->cells[c].at = fill[row];
                r->row_cells[r->row_first[row] + fill[row]++] = c;
            }
            if (cursor[c] == r->below_first[c + 1]) {
                depth--;
                continue;
            }
            uint32_t next = lg_cell_below(r, cursor[c]++);
            if (!seen[next])
                stack[depth++] = next;
        }
    }
    return true;
}

static bool make_rows(struct lg_rows *r)
{
    for (size_t c = 0; c < r->cell_count; c++) {
        if (r->cells[c].row >= r->row_count)
            r->row_count = r->cells[c].row + 1;
    }
    r->row_first = lg_new(r->arena, uint32_t, r->row_count + 1);
    r->row_cells = lg_new(r->arena, uint32_t, r->cell_count);
    if (r->row_first == NULL || r->row_cells == NULL)
        return false;
    for (size_t c = 0; c < r->cell_count; c++)
        r->row_first[r->cells[c].row + 1]++;
    for (uint32_t row = 0; row < r->row_count; row++)
        r->row_first[row + 1] += r->row_first[row];
    return first_order(r);
}

bool lg_layered_cells(struct lg_rows *r)
{
    const struct lg_layered *in = r->in;
    r->cell_count = in->node_count;
    r->edge_cells = lg_new(r->arena, uint32_t, in->edge_count + 1);
    if (r->edge_cells == NULL)
        return false;
    grant_cells(r);
    r->cells = lg_new(r->arena, struct lg_cell, r->cell_count);
    r->links = lg_new(r->arena, struct lg_link, r->link_count);
    if (r->cells == NULL || r->links == NULL)
        return false;
    for (size_t n = 0; n < in->node_count; n++)
        r->cells[n] = (struct lg_cell){
            .row = r->rank[n],
            .edge = LG_NO_EDGE,
            .width = in->nodes[n].width,
            .height = in->nodes[n].height,
        };
    r->link_count = 0;
    for (uint32_t i = 0; i < in->edge_count; i++)
        fill_edge(r, i);
    return index_links(r, true, &r->above_first, &r->above) &&
           index_links(r, false, &r->below_first, &r->below) && make_rows(r);
}
