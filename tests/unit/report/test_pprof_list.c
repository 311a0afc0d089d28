/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list, of a profile and files that tests/support/code_sample.h makes. The
 * golden texts are what cmd/pprof of Go 1.27.4 printed for the same profile
 * with -symbolize=none -source_path=/tmp/lastgasp-sources: never blessed.
 */
#include "report/pprof_source_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "code_sample.h"
#include "report_check.h"

struct made {
    struct lg_profile profile;
    struct lg_aggregation keep;
    struct lg_pprof_machine machine;
    struct lg_regex *regex;
    struct lg_pprof_report report;
};

static void make(struct made *m, const char *expression, struct lg_arena *arena)
{
    memset(m, 0, sizeof *m);
    lg_code_profile(&m->profile, arena);
    m->regex = lg_regex_create(lg_str_of(expression), NULL);
    m->keep = (struct lg_aggregation){
        .inlines = true, .function = true, .filename = true, .line = true};
    m->machine.read_source = lg_code_read;
    m->machine.working_folder = LG_STR("/tmp/lastgasp-sources");
    m->report = lg_code_report(&m->profile, &m->keep, &m->machine, m->regex,
                               expression);
}

static void check(const char *expression, bool has_mean, const char *golden)
{
    struct lg_arena arena;
    struct made m;
    lg_arena_init(&arena, 0);
    make(&m, expression, &arena);
    m.report.has_mean = has_mean;
    m.report.total = lg_pprof_total(&m.profile, 1, has_mean);
    lg_report_check(lg_pprof_list, &m.report, golden);
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

static void listings_are_those_of_pprof(void **state)
{
    (void)state;
    check("main", false, "pprof-list/main.txt");
    check("serve|gc", false, "pprof-list/serve.txt");
    check(".", true, "pprof-list/mean.txt");
}

static void nothing_that_matches_is_an_error(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    struct lg_sb out;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    make(&m, "nobody", &arena);
    lg_sb_init(&out, &arena);
    assert_false(lg_pprof_list(&m.report, &out, &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_string_equal(err.text, "no matches found for regexp: nobody");
    assert_int_equal(out.len, 0);
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    lg_arena_init(&arena, 0);
    make(&m, ".", &arena);
    assert_true(lg_report_fail_all(lg_pprof_list, &m.report) > 10);
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

/* As Go's bufio.Scanner: the text, the lines that it gives. */
static const struct {
    const char *text;
    size_t count;
    const char *lines[4];
} cuts[] = {
    {"", 0, {NULL}},
    {"a", 1, {"a"}},
    {"a\n", 1, {"a"}},
    {"\n", 1, {""}},
    {"a\r\nb\r", 2, {"a", "b"}},
    {"\r\n\r\r\n", 2, {"", "\r"}},
    {"a\n\nb", 3, {"a", "", "b"}},
};

static struct lg_str given;

static bool read_given(void *context, const struct lg_source_query *query,
                       struct lg_arena *arena, struct lg_str *text_ret)
{
    (void)context, (void)query, (void)arena;
    *text_ret = given;
    return true;
}

static const struct lg_source_file *cut(struct lg_str text,
                                        struct lg_arena *arena)
{
    static struct lg_pprof_machine machine = {.read_source = read_given};
    struct lg_pprof_report r = {.machine = &machine,
                                .source_path = LG_STR("/src")};
    struct lg_source_reader reader;
    struct lg_source_query hint = {.path = LG_STR("x.go")};
    given = text;
    assert_true(lg_source_reader_init(&reader, &r, arena, NULL));
    const struct lg_source_file *file = lg_source_reader_file(&reader, &hint);
    assert_non_null(file);
    assert_ptr_equal(file, lg_source_reader_file(&reader, &hint));
    return file;
}

static void text_is_cut_into_lines_as_a_scanner_does(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(cuts); i++) {
        const struct lg_source_file *file =
            cut(lg_str_of(cuts[i].text), &arena);
        struct lg_str line;
        assert_int_equal(file->count, cuts[i].count);
        for (size_t j = 0; j < file->count; j++) {
            assert_true(lg_source_file_line(file, (int64_t)j + 1, &line));
            assert_true(lg_str_eq(line, lg_str_of(cuts[i].lines[j])));
        }
        assert_false(lg_source_file_line(file, 0, &line));
        assert_false(lg_source_file_line(file, INT64_MIN, &line));
        assert_false(
            lg_source_file_line(file, (int64_t)file->count + 1, &line));
    }
    lg_arena_deinit(&arena);
}

/* 65,535 bytes and a newline fit the scanner's buffer, one more ends it. */
static void a_line_that_is_too_long_ends_the_file(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_str line;
    lg_arena_init(&arena, 0);
    for (size_t extra = 0; extra < 2; extra++) {
        struct lg_sb sb;
        lg_sb_init(&sb, &arena);
        lg_sb_cstr(&sb, "first\n");
        lg_sb_repeat(&sb, 'x', 65535 + extra);
        lg_sb_cstr(&sb, "\nlast\n");
        const struct lg_source_file *file = cut(lg_sb_view(&sb), &arena);
        assert_int_equal(file->count, extra == 0 ? 3 : 1);
        assert_true(lg_source_file_line(file, 1, &line));
        assert_true(lg_str_eq(line, LG_STR("first")));
    }
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listings_are_those_of_pprof),
        cmocka_unit_test(nothing_that_matches_is_an_error),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(text_is_cut_into_lines_as_a_scanner_does),
        cmocka_unit_test(a_line_that_is_too_long_ends_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
