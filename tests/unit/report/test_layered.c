/* SPDX-License-Identifier: Apache-2.0 */
/* The layered layout: whatever the graph, boxes stand apart, arrows meet no
 * box but their own two, and point down unless they close a cycle. */
#include "report/layered.h"

#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define NODES_MAX 120
#define EDGES_MAX 400
#define NODE_GAP 20.0
#define ROW_GAP 24.0
/* Rounding, in points. */
#define EPSILON 1e-6

struct graph {
    struct lg_layered_node nodes[NODES_MAX];
    struct lg_layered_edge edges[EDGES_MAX];
    struct lg_layered layered;
};

static void graph_random(struct graph *g, struct lg_rng *rng, size_t nodes,
                         size_t edges, bool cyclic)
{
    for (size_t i = 0; i < nodes; i++)
        g->nodes[i] = (struct lg_layered_node){
            .width = 20 + (double)lg_rng_below(rng, 200),
            .height = 10 + (double)lg_rng_below(rng, 80),
        };
    for (size_t i = 0; i < edges; i++) {
        uint32_t a = (uint32_t)lg_rng_below(rng, nodes);
        uint32_t b = (uint32_t)lg_rng_below(rng, nodes);
        g->edges[i] = (struct lg_layered_edge){
            .src = cyclic || a < b ? a : b,
            .dest = cyclic || a < b ? b : a,
            .weight = 1 + (double)lg_rng_below(rng, 100),
            .label_width = (double)lg_rng_below(rng, 2) * 40,
            .label_height = 14,
            .rows = 1 + (uint32_t)lg_rng_below(rng, 2),
        };
    }
    g->layered = (struct lg_layered){
        .nodes = g->nodes,
        .node_count = nodes,
        .edges = g->edges,
        .edge_count = edges,
        .node_gap = NODE_GAP,
        .row_gap = ROW_GAP,
    };
}

static bool inside(const struct lg_layered_node *n, double x, double y)
{
    return fabs(x - n->x) < n->width / 2 - EPSILON &&
           fabs(y - n->y) < n->height / 2 - EPSILON;
}

static void check_boxes(const struct graph *g)
{
    for (size_t i = 0; i < g->layered.node_count; i++) {
        const struct lg_layered_node *a = &g->nodes[i];
        assert_true(a->x - a->width / 2 >= -EPSILON);
        assert_true(a->y - a->height / 2 >= -EPSILON);
        assert_true(a->x + a->width / 2 <= g->layered.width + EPSILON);
        assert_true(a->y + a->height / 2 <= g->layered.height + EPSILON);
        for (size_t k = i + 1; k < g->layered.node_count; k++) {
            const struct lg_layered_node *b = &g->nodes[k];
            double dx = fabs(a->x - b->x) - (a->width + b->width) / 2;
            double dy = fabs(a->y - b->y) - (a->height + b->height) / 2;
            assert_true(dx >= NODE_GAP - EPSILON ||
                        dy >= ROW_GAP / 2 - EPSILON);
        }
    }
}

static void check_point(const struct graph *g, const struct lg_layered_edge *e,
                        double x, double y)
{
    assert_true(isfinite(x) && isfinite(y));
    for (size_t n = 0; n < g->layered.node_count; n++)
        assert_false(n != e->src && n != e->dest && inside(&g->nodes[n], x, y));
}

/* The curve between two runs, as it is drawn: with upright ends. */
static void check_curve(const struct graph *g, const struct lg_layered_edge *e,
                        const struct lg_layered_run *from,
                        const struct lg_layered_run *to)
{
    double middle = (from->bottom + to->top) / 2;
    assert_true(to->top >= from->bottom);
    for (int i = 0; i <= 16; i++) {
        double t = i / 16.0, u = 1 - t;
        double x = from->x * (u * u * u + 3 * u * u * t) +
                   to->x * (3 * u * t * t + t * t * t);
        double y = from->bottom * u * u * u + to->top * t * t * t +
                   middle * (3 * u * u * t + 3 * u * t * t);
        check_point(g, e, x, y);
    }
}

static void check_ends(const struct graph *g, const struct lg_layered_edge *e)
{
    const struct lg_layered_node *upper =
        &g->nodes[e->is_upward ? e->dest : e->src];
    const struct lg_layered_node *lower =
        &g->nodes[e->is_upward ? e->src : e->dest];
    const struct lg_layered_run *first = &e->runs[0];
    const struct lg_layered_run *last = &e->runs[e->run_count - 1];
    assert_true(fabs(first->x - upper->x) <= upper->width / 2);
    assert_true(fabs(first->top - (upper->y + upper->height / 2)) < EPSILON);
    assert_true(fabs(last->x - lower->x) <= lower->width / 2);
    assert_true(fabs(last->bottom - (lower->y - lower->height / 2)) < EPSILON);
}

static void check_edges(const struct graph *g, bool cyclic)
{
    for (size_t i = 0; i < g->layered.edge_count; i++) {
        const struct lg_layered_edge *e = &g->edges[i];
        assert_int_equal(e->is_loop, e->src == e->dest);
        if (e->is_loop)
            continue;
        assert_false(e->is_direct);
        assert_true(cyclic || !e->is_upward);
        assert_true(e->run_count >= 2);
        check_ends(g, e);
        for (size_t k = 0; k < e->run_count; k++) {
            check_point(g, e, e->runs[k].x, e->runs[k].top);
            check_point(g, e, e->runs[k].x, e->runs[k].bottom);
            if (k > 0)
                check_curve(g, e, &e->runs[k - 1], &e->runs[k]);
        }
    }
}

/* Labels stand apart from boxes and from each other. */
static void check_labels(const struct graph *g)
{
    for (size_t i = 0; i < g->layered.edge_count; i++) {
        const struct lg_layered_edge *a = &g->edges[i];
        if (a->is_loop || a->label_width <= 0)
            continue;
        for (size_t n = 0; n < g->layered.node_count; n++)
            assert_true(
                fabs(a->label_x - g->nodes[n].x) >=
                    (a->label_width + g->nodes[n].width) / 2 - EPSILON ||
                fabs(a->label_y - g->nodes[n].y) >=
                    (a->label_height + g->nodes[n].height) / 2 - EPSILON);
        for (size_t k = i + 1; k < g->layered.edge_count; k++) {
            const struct lg_layered_edge *b = &g->edges[k];
            assert_true(b->is_loop || b->label_width <= 0 ||
                        fabs(a->label_x - b->label_x) >=
                            (a->label_width + b->label_width) / 2 - EPSILON ||
                        fabs(a->label_y - b->label_y) >=
                            (a->label_height + b->label_height) / 2 - EPSILON);
        }
    }
}

static void place(struct graph *g, struct lg_arena *arena)
{
    assert_true(lg_layered_place(&g->layered, arena));
}

static void test_nothing_overlaps(void **state)
{
    (void)state;
    static struct graph g;
    struct lg_rng rng = {20261121};
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 60; i++) {
        size_t nodes = 1 + lg_rng_below(&rng, i < 40 ? 30 : NODES_MAX);
        size_t edges = lg_rng_below(&rng, 3 * nodes);
        bool cyclic = i % 2 == 1;
        graph_random(&g, &rng, nodes, edges, cyclic);
        place(&g, &arena);
        check_boxes(&g);
        check_edges(&g, cyclic);
        check_labels(&g);
        lg_arena_reset(&arena);
    }
    lg_arena_deinit(&arena);
}

/* A call graph that can be drawn without crossings is: a tree. */
static void test_tree_has_no_crossings(void **state)
{
    (void)state;
    static struct graph g;
    struct lg_rng rng = {7};
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    graph_random(&g, &rng, 60, 59, false);
    for (uint32_t i = 0; i < 59; i++) {
        g.edges[i].src = (uint32_t)lg_rng_below(&rng, i + 1);
        g.edges[i].dest = i + 1;
        g.edges[i].rows = 1;
    }
    place(&g, &arena);
    for (size_t i = 0; i < 59; i++) {
        for (size_t k = i + 1; k < 59; k++) {
            const struct lg_layered_edge *a = &g.edges[i], *b = &g.edges[k];
            if (fabs(a->runs[0].bottom - b->runs[0].bottom) > EPSILON)
                continue;
            double above = a->runs[0].x - b->runs[0].x;
            double below =
                a->runs[a->run_count - 1].x - b->runs[b->run_count - 1].x;
            assert_true(above * below >= -EPSILON);
        }
    }
    lg_arena_deinit(&arena);
}

/* Two functions that call each other: one arrow goes up. */
static void test_cycle_turns_one_arrow(void **state)
{
    (void)state;
    static struct graph g;
    struct lg_rng rng = {3};
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    graph_random(&g, &rng, 3, 4, true);
    uint32_t ends[4][2] = {{0, 1}, {1, 2}, {2, 1}, {1, 1}};
    for (size_t i = 0; i < 4; i++) {
        g.edges[i].src = ends[i][0];
        g.edges[i].dest = ends[i][1];
    }
    place(&g, &arena);
    assert_false(g.edges[0].is_upward);
    assert_false(g.edges[1].is_upward);
    assert_true(g.edges[2].is_upward);
    assert_true(g.edges[3].is_loop);
    assert_true(g.nodes[0].y < g.nodes[1].y && g.nodes[1].y < g.nodes[2].y);
    check_edges(&g, true);
    lg_arena_deinit(&arena);
}

/* A ladder whose long edges would need more cells than there are: the first
 * edges get theirs, the others are straight; nothing grows without bound. */
static void test_too_many_cells(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_layered in = {.node_count = COUNT,
                            .edge_count = 2 * COUNT - 2,
                            .node_gap = NODE_GAP,
                            .row_gap = ROW_GAP};
    in.nodes = lg_new(&arena, struct lg_layered_node, in.node_count);
    in.edges = lg_new(&arena, struct lg_layered_edge, in.edge_count);
    assert_non_null(in.nodes);
    assert_non_null(in.edges);
    for (uint32_t i = 0; i < COUNT; i++)
        in.nodes[i] = (struct lg_layered_node){.width = 30, .height = 10};
    for (uint32_t i = 0; i + 1 < COUNT; i++) {
        in.edges[i] = (struct lg_layered_edge){
            .src = i, .dest = i + 1, .weight = 1, .rows = 1};
        in.edges[COUNT - 1 + i] = (struct lg_layered_edge){
            .src = 0, .dest = i + 1, .weight = 1, .rows = 1};
    }
    assert_true(lg_layered_place(&in, &arena));
    assert_false(in.edges[COUNT - 1].is_direct);
    assert_true(in.edges[in.edge_count - 1].is_direct);
    assert_int_equal(in.edges[in.edge_count - 1].run_count, 2);
    assert_true(in.width < 1e6);
    lg_arena_deinit(&arena);
}

static bool place_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct graph *g = context;
    return lg_layered_place(&g->layered, arena) || lg_fail_nomem(err);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static struct graph g;
    struct lg_rng rng = {11};
    graph_random(&g, &rng, 12, 20, true);
    assert_true(0 < lg_alloc_fail_all(place_again, &g));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_overlaps),
        cmocka_unit_test(test_tree_has_no_crossings),
        cmocka_unit_test(test_cycle_turns_one_arrow),
        cmocka_unit_test(test_too_many_cells),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
