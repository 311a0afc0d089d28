/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_focus.h"

#include "report/pprof_tag_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct lg_label kinds[] = {
    {.key = {"job", 3}, .str = {"import", 6}},
    {.key = {"job", 3}, .str = {"nightly", 7}},
    {.key = {"user", 4}, .str = {"eve", 3}},
    {.key = {"bytes", 5}, .is_numeric = true, .num = 8192},
    {.key = {"wait", 4}, .is_numeric = true, .num = 1500},
};
static const struct lg_profile_label labels[] = {
    {0, &kinds[0]}, {0, &kinds[1]}, {0, &kinds[2]},
    {0, &kinds[3]}, {0, &kinds[4]},
};
static struct lg_label_unit unit_items[] = {
    {.key = {"bytes", 5}, .unit = {"bytes", 5}},
    {.key = {"wait", 4}, .unit = {"ms", 2}},
};
static const struct lg_label_units units = {.items = {unit_items, 2, 2}};

static void check_tag(const char *filter, bool expected)
{
    struct lg_arena arena;
    struct lg_tag_filter f;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    if (!lg_tag_filter_parse(&f, "tagfocus", lg_str_of(filter), &units, &arena,
                             &err))
        fail_msg("%s: %s", filter, err.text);
    for (size_t i = 0; i < 2; i++) /* it remembers what it met */
        if (lg_tag_filter_match(&f, labels, LG_COUNT(labels)) != expected)
            fail_msg("%s", filter);
    lg_tag_filter_deinit(&f);
    lg_arena_deinit(&arena);
}

static void ranges_know_units(void **state)
{
    check_tag("8kb", true);
    check_tag("8192bytes", true);
    check_tag("8192", false); /* without a unit is another unit */
    check_tag("4kb:", true);
    check_tag(":4kb", false);
    check_tag("4kb:8kb", true);
    check_tag("4kb:8191b", false);
    check_tag("9kb:1mb", false);
    check_tag("bytes=8kb:8kb", true);
    check_tag("wait=8kb", false);
    check_tag("1s:2s", true);
    check_tag("+1s:1500ms", true);
    check_tag(":-5s", false);
    check_tag("none=1s:", false);
    /* No ranges: units of two kinds, or more than a range. */
    check_tag("1s:8kb", false);
    check_tag("x8kb", false);
    check_tag("1:2:3", false);
}

static void patterns_are_all_or_any(void **state)
{
    check_tag("import", true);
    check_tag("^job:imp", true);
    check_tag("^imp", false); /* on job:import */
    check_tag("import,eve", true);
    check_tag("import,bob", false);
    check_tag("job=^imp", true);
    check_tag("job=eve", false);
    check_tag("job=eve,night", true);
    check_tag("user=", true);
    check_tag("=import", true); /* no key */
    check_tag("bytes=.", false);
    check_tag("none=", false);
}

static void wrong_filters_are_refused(void **state)
{
    struct lg_arena arena;
    struct lg_tag_filter f;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_false(lg_tag_filter_parse(&f, "tagignore", LG_STR("a=b,("), &units,
                                     &arena, &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_string_equal(err.text, "parsing tagignore regexp: error parsing "
                                  "regexp: missing closing ): `(`");
    lg_tag_filter_deinit(&f);
    assert_false(lg_tag_filter_parse(
        &f, "tagfocus", LG_STR("x99999999999999999999"), &units, &arena, &err));
    assert_int_equal(err.kind, LG_LIMIT);
    lg_tag_filter_deinit(&f);
    lg_arena_deinit(&arena);
}

/* main calls f in one sample and g in the other. */
static void make(struct lg_profile *p, struct lg_arena *arena)
{
    static const char *const functions[] = {"main", "f", "g"};
    static const uint32_t stacks[2][2] = {{1, 0}, {2, 0}};
    const int64_t values[1] = {1};
    assert_true(lg_profile_init(p, arena));
    assert_non_null(lg_push(arena, &p->types));
    for (uint32_t i = 0; i < LG_COUNT(functions); i++) {
        struct lg_profile_function *f = lg_push(arena, &p->functions);
        struct lg_profile_line *line = lg_push(arena, &p->lines);
        struct lg_profile_location *l = lg_push(arena, &p->locations);
        assert_true(f != NULL && line != NULL && l != NULL);
        f->id = l->id = i + 1;
        f->name = lg_str_of(functions[i]);
        line->function = l->line_first = i;
        l->line_count = 1;
    }
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(lg_profile_sample(p, stacks[i], 2, values));
        assert_true(lg_profile_add_label(p, i, &kinds[i]));
    }
}

struct said {
    char text[500];
};

static void say(void *context, const char *text)
{
    struct said *said = context;
    size_t len = strlen(said->text);
    snprintf(said->text + len, sizeof said->text - len, "%s\n", text);
}

static bool focus(const struct lg_pprof_options *o, size_t *samples_ret,
                  struct said *said, struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    said->text[0] = '\0';
    make(&p, &arena);
    bool ok = lg_pprof_focus(&p, o, &units, say, said, &arena, &p, err);
    *samples_ret = p.samples.count;
    lg_arena_deinit(&arena);
    return ok;
}

static void what_matches_nothing_is_said(void **state)
{
    struct lg_pprof_options o;
    struct lg_error err = {0};
    struct said said;
    size_t samples;
    lg_pprof_options_init(&o);
    assert_true(focus(&o, &samples, &said, &err));
    assert_int_equal(samples, 2);
    assert_string_equal(said.text, "");
    o.focus = LG_STR("f");
    assert_true(focus(&o, &samples, &said, &err));
    assert_int_equal(samples, 1);
    assert_string_equal(said.text, "");
    o.tagignore = LG_STR("nightly");
    o.taghide = LG_STR("x");
    assert_true(focus(&o, &samples, &said, &err));
    assert_int_equal(samples, 1);
    assert_string_equal(said.text, "TagIgnore expression matched no samples\n"
                                   "TagHide expression matched no samples\n");
    o.focus = o.hide = o.ignore = o.show = o.show_from = LG_STR("none");
    o.tagfocus = LG_STR("job=1kb");
    assert_true(focus(&o, &samples, &said, &err));
    assert_int_equal(samples, 0);
    assert_string_equal(said.text,
                        "tagfocus:Interpreted '1kb' as range, not regexp\n"
                        "Focus expression matched no samples\n"
                        "Ignore expression matched no samples\n"
                        "Hide expression matched no samples\n"
                        "Show expression matched no samples\n"
                        "ShowFrom expression matched no samples\n"
                        "TagFocus expression matched no samples\n"
                        "TagIgnore expression matched no samples\n"
                        "TagHide expression matched no samples\n");
}

/* The first wrong one in pprof's order; of tagshow and taghide last. */
static void wrong_patterns_are_refused(void **state)
{
    struct lg_pprof_options o;
    struct lg_error err = {0};
    struct said said;
    size_t samples;
    lg_pprof_options_init(&o);
    o.taghide = LG_STR("[");
    o.focus = LG_STR("none");
    assert_false(focus(&o, &samples, &said, &err));
    assert_string_equal(err.text, "parsing taghide regexp: error parsing "
                                  "regexp: missing closing ]: `[`");
    assert_string_equal(said.text, "Focus expression matched no samples\n");
    o.prune_from = LG_STR("(");
    o.show_from = LG_STR("*");
    assert_false(focus(&o, &samples, &said, &err));
    assert_string_equal(err.text,
                        "parsing show_from regexp: error parsing regexp: "
                        "missing argument to repetition operator: `*`");
    assert_string_equal(said.text, "");
    assert_int_equal(samples, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_know_units),
        cmocka_unit_test(patterns_are_all_or_any),
        cmocka_unit_test(wrong_filters_are_refused),
        cmocka_unit_test(what_matches_nothing_is_said),
        cmocka_unit_test(wrong_patterns_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
