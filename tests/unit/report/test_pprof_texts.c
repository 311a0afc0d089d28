/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reports in words of one small profile. The files in
 * tests/golden/pprof-text/ are what cmd/pprof of Go 1.27.4 printed for it, with
 * -symbolize=none and the options that stand below: they are never blessed.
 */
#include "report/pprof_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "call_graph_sample.h"
#include "report_check.h"

#define TOP .report = lg_pprof_text, .format = LG_PPROF_TEXT
#define TREE .report = lg_pprof_tree, .format = LG_PPROF_TREE
#define TRIM .node_fraction = .005, .edge_fraction = .001

static const struct lg_report_variant variants[] = {
    {"pprof-text/functions.top", TOP, TRIM},
    {"pprof-text/mean.top", TOP, TRIM, .node_count = 4, .cum_sort = true,
     .has_mean = true},
    {"pprof-text/lines.top", TOP, .lines = true, .drop_negative = true,
     .unit = "kb"},
    {"pprof-text/functions.tree", TREE, TRIM, .node_count = 80},
    {"pprof-text/few.tree", TREE, TRIM, .node_count = 5},
    {"pprof-text/some.peek", TREE, .symbol = "serve|odd"},
    {"pprof-text/addresses.traces", .report = lg_pprof_traces,
     .format = LG_PPROF_TRACES, .addresses = true},
    {"pprof-text/all.tags", .report = lg_pprof_tags, .format = LG_PPROF_TAGS},
    {"pprof-text/all.comments", .report = lg_pprof_comments,
     .format = LG_PPROF_COMMENTS},
};

struct made {
    struct lg_profile profile;
    struct lg_label_units units;
    struct lg_aggregation keep;
    struct lg_pprof_report report;
    struct lg_regex *symbol;
};

static void describe(struct lg_profile *p, struct lg_arena *arena)
{
    lg_sample_profile(p, arena);
    *lg_must_push(arena, &p->comments) = LG_STR("made for a test");
    *lg_must_push(arena, &p->comments) = LG_STR("#hidden");
    p->time_ns = INT64_C(1793628180123456789);
    p->duration_ns = 1500000000;
    p->doc_url = LG_STR("https://example.com/doc");
}

static void make(struct made *m, const struct lg_report_variant *v,
                 struct lg_arena *arena)
{
    describe(&m->profile, arena);
    assert_true(lg_profile_label_units(&m->profile, arena, &m->units));
    m->symbol =
        v->symbol != NULL ? lg_regex_create(lg_str_of(v->symbol), NULL) : NULL;
    m->keep = (struct lg_aggregation){.inlines = true,
                                      .function = true,
                                      .filename = v->lines,
                                      .line = v->lines};
    m->report = lg_sample_report(v, &m->profile, &m->units);
    m->report.aggregation = v->addresses ? NULL : &m->keep;
    m->report.symbol = m->symbol;
    m->report.symbol_text = lg_str_of(v->symbol);
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
        lg_regex_destroy(m.symbol);
        lg_arena_deinit(&arena);
    }
}

/* What was printed before an error stays. */
static void test_peek_at_nothing(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    struct lg_sb out;
    struct lg_error err = {0};
    const struct lg_report_variant v = {TREE, .symbol = "no_such"};
    lg_arena_init(&arena, 0);
    make(&m, &v, &arena);
    lg_sb_init(&out, &arena);
    assert_false(lg_pprof_tree(&m.report, &out, &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_string_equal(err.text, "no matches found for regexp: no_such");
    assert_true(lg_str_starts(lg_sb_view(&out), LG_STR("File: shop\n")));
    lg_regex_destroy(m.symbol);
    lg_arena_deinit(&arena);
}

static struct lg_profile encoded;

static bool keep_profile(const struct lg_profile *p, struct lg_arena *arena,
                         struct lg_str *ret, struct lg_error *err)
{
    (void)arena, (void)err;
    encoded = *p;
    *ret = LG_STR("bytes");
    return true;
}

static void test_topproto(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    struct lg_sb out;
    struct lg_error err = {0};
    const struct lg_report_variant v = {.format = LG_PPROF_TOPPROTO, TRIM};
    lg_arena_init(&arena, 0);
    make(&m, &v, &arena);
    m.report.encode = keep_profile;
    lg_sb_init(&out, &arena);
    assert_true(lg_pprof_topproto(&m.report, &out, &err));
    assert_true(lg_str_eq(lg_sb_view(&out), LG_STR("bytes")));
    assert_int_equal(encoded.samples.count, 11);
    assert_int_equal(encoded.functions.count, 11);
    assert_int_equal(encoded.locations.count, 11);
    assert_true(lg_str_eq(encoded.types.items[0].type, LG_STR("cum")));
    assert_true(lg_str_eq(encoded.types.items[1].unit, LG_STR("kB")));
    assert_true(
        lg_str_eq(encoded.functions.items[0].name, LG_STR("runtime.mallocgc")));
    assert_int_equal(lg_profile_value(&encoded, 0, 0), 1139); /* kB, cut */
    assert_int_equal(lg_profile_value(&encoded, 0, 1), 1139);
    assert_int_equal(encoded.time_ns, m.profile.time_ns);
    lg_arena_deinit(&arena);
}

static struct lg_profile valued(struct lg_arena *arena)
{
    struct lg_profile p;
    assert_true(lg_profile_init(&p, arena));
    for (size_t i = 0; i < 2; i++)
        lg_must_push(arena, &p.types)->type = LG_STR("x");
    const int64_t rows[][2] = {{2, 10}, {1, -20}, {1, 6}};
    for (size_t i = 0; i < LG_COUNT(rows); i++)
        assert_true(lg_profile_sample(&p, NULL, 0, rows[i]));
    return p;
}

static void test_totals(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_profile p = valued(&arena);
    assert_int_equal(lg_pprof_total(&p, 1, false), 36);
    assert_int_equal(lg_pprof_total(&p, 1, true), 9);
    for (size_t i = 0; i < 2; i++) /* twice on one sample */
        assert_true(lg_profile_add_label(
            &p, 1,
            &(struct lg_label){.key = LG_STR("pprof::base"),
                               .str = LG_STR("true")}));
    assert_int_equal(lg_pprof_total(&p, 1, false), 20);
    p.values[3] = 0; /* a base of nothing does not count */
    assert_int_equal(lg_pprof_total(&p, 1, false), 16);
    lg_arena_deinit(&arena);
}

static void test_trimmed_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path, *trim, *search, *expected;
    } cases[] = {
        {"/a/b.c", "", "", "/a/b.c"},
        {"/a/b.c", "/a", "", "b.c"},
        {"/a/b.c", "/x:/a/", "/q/a", "b.c"},
        {"/ab/c", "/a", "", "/ab/c"},
        {"/remote/my-project/foo/bar.c", "", "/local/my-project", "foo/bar.c"},
        {"/remote/my-project/foo/bar.c", "", "/x:/local/foo/", "bar.c"},
        {"/proc/self/cwd/./x/y.c", "", "", "x/y.c"},
        {"/proc/self/cwd/x/y.c", "/p", "", "x/y.c"},
        {"", "", "", ""},
    };
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_str got = lg_pprof_trim_path(
            lg_str_of(cases[i].path), lg_str_of(cases[i].trim),
            lg_str_of(cases[i].search), &arena);
        assert_string_equal(lg_str_cstr(&arena, got), cases[i].expected);
    }
    lg_arena_deinit(&arena);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < LG_COUNT(variants); i++) {
        struct lg_arena arena;
        struct made m;
        lg_arena_init(&arena, 0);
        make(&m, &variants[i], &arena);
        assert_true(lg_report_fail_all(variants[i].report, &m.report) > 0);
        lg_regex_destroy(m.symbol);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    /* Times are local ones. */
    if (setenv("TZ", "UTC", 1) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_pprof),
        cmocka_unit_test(test_peek_at_nothing),
        cmocka_unit_test(test_topproto),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_trimmed_paths),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
