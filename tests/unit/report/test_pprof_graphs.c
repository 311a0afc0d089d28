/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dot, callgrind and svg of one small profile that has everything. The files in
 * tests/golden/pprof-graph/ are what cmd/pprof of Go 1.27.4 printed for it,
 * with -symbolize=none and the options that stand below: they are never
 * blessed.
 */
#include "report/pprof_svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call_graph_sample.h"
#include "report_check.h"

#define DOT .report = lg_pprof_dot, .format = LG_PPROF_DOT
#define CALLGRIND                                                              \
    .report = lg_pprof_callgrind, .format = LG_PPROF_CALLGRIND,                \
    .addresses = true
#define TRIM .node_fraction = .005, .edge_fraction = .001

static const struct lg_report_variant variants[] = {
    {"pprof-graph/functions.dot", DOT, TRIM, .node_count = 80},
    {"pprof-graph/whole.dot", DOT, .node_count = 80},
    {"pprof-graph/tree.dot", DOT, TRIM, .node_count = 80, .call_tree = true},
    {"pprof-graph/mean.dot", DOT, TRIM, .node_count = 80, .has_mean = true},
    {"pprof-graph/few.dot", DOT, TRIM, .node_count = 9},
    {"pprof-graph/kept.dot", DOT, .node_count = 80, .edge_fraction = .001,
     .drop_negative = true, .unit = "kB"},
    {"pprof-graph/whole.callgrind", CALLGRIND},
    {"pprof-graph/tree.callgrind", CALLGRIND, .call_tree = true},
};

struct made {
    struct lg_profile profile;
    struct lg_label_units units;
    struct lg_pprof_report report;
};

static void make(struct made *m, const struct lg_report_variant *v,
                 struct lg_arena *arena)
{
    struct lg_aggregation keep = {.inlines = true, .function = true};
    lg_sample_profile(&m->profile, arena);
    assert_true(lg_profile_label_units(&m->profile, arena, &m->units));
    m->report = lg_sample_report(v, &m->profile, &m->units);
    m->report.title = LG_STR("shop");
    if (!v->addresses)
        assert_true(
            lg_profile_aggregate(&m->profile, &keep, arena, &m->profile));
}

static void test_same_as_pprof(void **state)
{
    (void)state;
    for (size_t i = 0; i < LG_COUNT(variants); i++) {
        struct lg_arena arena;
        struct made m;
        lg_arena_init(&arena, 0);
        make(&m, &variants[i], &arena);
        lg_report_check(variants[i].report, &m.report, variants[i].golden);
        lg_arena_deinit(&arena);
    }
}

static size_t occurrences(struct lg_str text, struct lg_str of)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = lg_str_find(text, of)) >= 0; count++)
        text = lg_str_skip(text, (size_t)at + of.len);
    return count;
}

/* Everything that stands in dot's text stands in our own picture, too. */
static void test_svg_shows_what_dot_does(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    struct lg_sb dot, svg;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    make(&m, &variants[1], &arena);
    lg_sb_init(&dot, &arena);
    assert_true(lg_pprof_dot(&m.report, &dot, &err));
    lg_sb_init(&svg, &arena);
    assert_true(lg_pprof_svg(&m.report, &svg, &err));
    struct lg_str text = lg_sb_view(&dot), picture = lg_sb_view(&svg);
    size_t arrows = occurrences(text, LG_STR("labeltooltip="));
    size_t boxes = occurrences(text, LG_STR(" fontsize=")) - 1; /* legend */
    assert_int_equal(occurrences(picture, LG_STR("class=\"edge\"")), arrows);
    assert_int_equal(occurrences(picture, LG_STR("class=\"node\"")), boxes);
    assert_true(lg_str_contains(picture, LG_STR(">1MB</tspan>")));
    assert_true(lg_str_contains(picture, LG_STR(">tenant:zeta</tspan>")));
    assert_true(lg_str_contains(picture, LG_STR("odd &quot;name&quot;\\with")));
    assert_true(lg_str_contains(picture, LG_STR("Build ID: c0ffee")));
    assert_true(lg_str_contains(picture, LG_STR("kB (inline)</text>")));
    assert_true(lg_str_contains(picture, LG_STR("vector&lt;int&gt;")));
    lg_arena_deinit(&arena);
}

/* What Graphviz writes around the picture. */
static void test_svg_of_dot_gets_the_script(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_sb out;
    lg_arena_init(&arena, 0);
    lg_sb_init(&out, &arena);
    lg_pprof_svg_of_dot(
        LG_STR("<?xml version=\"1.0\"?>\n<svg width=\"62pt\" height=\"44pt\"\n"
               " viewBox=\"0.00 0.00 62.00 44.00\" xmlns=\"x\">\n"
               "<g id=\"graph0\"></g>\n</svg>\n"),
        &out);
    struct lg_str svg = lg_sb_view(&out);
    assert_true(lg_str_starts(
        svg, LG_STR("<?xml version=\"1.0\"?>\n<svg width=\"100%\" "
                    "height=\"100%\" viewBox=\"0.00 0.00 62.00 44.00\" "
                    "xmlns=\"x\">\n<g id=\"graph0\"></g>\n")));
    assert_true(lg_str_contains(svg, LG_STR("<script>")));
    assert_true(lg_str_ends(svg, LG_STR("]]></script>\n</svg>\n")));
    assert_int_equal(occurrences(svg, LG_STR("]]>")), 1);

    lg_sb_init(&out, &arena);
    lg_pprof_svg_of_dot(LG_STR("no picture"), &out);
    assert_true(lg_str_eq(lg_sb_view(&out), LG_STR("no picture")));
    lg_arena_deinit(&arena);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static const struct {
        const struct lg_report_variant *variant;
        lg_pprof_report_fn *report;
    } runs[] = {{&variants[1], lg_pprof_dot},
                {&variants[1], lg_pprof_svg},
                {&variants[7], lg_pprof_callgrind}};
    for (size_t i = 0; i < LG_COUNT(runs); i++) {
        struct lg_arena arena;
        struct made m;
        lg_arena_init(&arena, 0);
        make(&m, runs[i].variant, &arena);
        assert_true(lg_report_fail_all(runs[i].report, &m.report) > 0);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_pprof),
        cmocka_unit_test(test_svg_shows_what_dot_does),
        cmocka_unit_test(test_svg_of_dot_gets_the_script),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
