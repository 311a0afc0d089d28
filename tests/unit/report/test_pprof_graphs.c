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
#include <stdlib.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "call_graph_sample.h"
#include "golden.h"

struct variant {
    const char *golden;
    lg_pprof_report_fn *report;
    enum lg_pprof_format format;
    bool addresses; /* callgrind's granularity */
    bool call_tree, has_mean, drop_negative;
    int64_t node_count;
    double node_fraction, edge_fraction;
    const char *unit;
};

#define DOT lg_pprof_dot, LG_PPROF_DOT, false
#define CALLGRIND lg_pprof_callgrind, LG_PPROF_CALLGRIND, true
#define DEFAULTS 80, .005, .001, "minimum"

static const struct variant variants[] = {
    {"functions.dot", DOT, false, false, false, DEFAULTS},
    {"whole.dot", DOT, false, false, false, 80, 0, 0, "minimum"},
    {"tree.dot", DOT, true, false, false, DEFAULTS},
    {"mean.dot", DOT, false, true, false, DEFAULTS},
    {"few.dot", DOT, false, false, false, 9, .005, .001, "minimum"},
    {"kept.dot", DOT, false, false, true, 80, 0, .001, "kB"},
    {"whole.callgrind", CALLGRIND, false, false, false, 0, 0, 0, "minimum"},
    {"tree.callgrind", CALLGRIND, true, false, false, 0, 0, 0, "minimum"},
};

struct made {
    struct lg_profile profile;
    struct lg_label_units units;
    struct lg_pprof_report report;
};

/* As the command does it, without filters. */
static void make(struct made *m, const struct variant *v,
                 struct lg_arena *arena)
{
    struct lg_aggregation keep = {.inlines = true, .function = true};
    lg_sample_profile(&m->profile, arena);
    assert_true(lg_profile_label_units(&m->profile, arena, &m->units));
    m->report = (struct lg_pprof_report){
        .profile = &m->profile,
        .format = v->format,
        .call_tree = v->call_tree,
        .drop_negative = v->drop_negative,
        .ratio = 1,
        .title = LG_STR("shop"),
        .label_units = &m->units,
        .node_count = v->node_count,
        .node_fraction = v->node_fraction,
        .edge_fraction = v->edge_fraction,
        .value_type = 1,
        .has_mean = v->has_mean,
        .sample_type =
            v->has_mean ? LG_STR("mean_alloc_space") : LG_STR("alloc_space"),
        .sample_unit = LG_STR("bytes"),
        .output_unit = lg_str_of(v->unit),
        .total = lg_pprof_total(&m->profile, 1, v->has_mean),
    };
    if (!v->addresses)
        assert_true(
            lg_profile_aggregate(&m->profile, &keep, arena, &m->profile));
}

static void test_same_as_pprof(void **state)
{
    (void)state;
    for (size_t i = 0; i < LG_COUNT(variants); i++) {
        char name[64];
        struct lg_arena arena;
        struct made m;
        struct lg_sb out;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        make(&m, &variants[i], &arena);
        lg_sb_init(&out, &arena);
        assert_true(variants[i].report(&m.report, &out, &err));
        (void)snprintf(name, sizeof name, "pprof-graph/%s", variants[i].golden);
        lg_golden_check(name, lg_sb_view(&out));
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

struct again {
    const struct variant *variant;
    lg_pprof_report_fn *report;
};

static bool report_again(void *context, struct lg_arena *arena,
                         struct lg_error *err)
{
    const struct again *a = context;
    struct lg_arena own; /* what is not under test may not run out */
    struct made m;
    struct lg_sb out;
    lg_arena_init(&own, 0);
    make(&m, a->variant, &own);
    lg_sb_init(&out, arena);
    bool ok = a->report(&m.report, &out, err);
    lg_arena_deinit(&own);
    return ok;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct again runs[] = {{&variants[1], lg_pprof_dot},
                           {&variants[1], lg_pprof_svg},
                           {&variants[7], lg_pprof_callgrind}};
    for (size_t i = 0; i < LG_COUNT(runs); i++)
        assert_true(lg_alloc_fail_all(report_again, &runs[i]) > 0);
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
