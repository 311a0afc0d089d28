/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_options.h"

#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct lg_str shown(const struct lg_pprof_options *o, const char *name,
                           struct lg_arena *arena)
{
    const struct lg_pprof_field *field = lg_pprof_field_find(lg_str_of(name));
    assert_non_null(field);
    return lg_pprof_options_get(o, field, arena);
}

static void check_shown(const struct lg_pprof_options *o, const char *name,
                        const char *expected)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str text = shown(o, name, &arena);
    if (!lg_str_eq(text, lg_str_of(expected)))
        fail_msg("%s: %.*s", name, LG_STR_ARG(text));
    lg_arena_deinit(&arena);
}

static void defaults_are_those_of_pprof(void **state)
{
    static const char *const values[][2] = {
        {"output", ""},
        {"call_tree", "false"},
        {"unit", "minimum"},
        {"compact_labels", "false"},
        {"divide_by", "1"},
        {"sort", "flat"},
        {"nodecount", "-1"},
        {"nodefraction", "0.005"},
        {"edgefraction", "0.001"},
        {"trim", "true"},
        {"granularity", ""},
        {"showcolumns", "false"},
    };
    struct lg_pprof_options o;
    lg_pprof_options_init(&o);
    for (size_t i = 0; i < LG_COUNT(values); i++)
        check_shown(&o, values[i][0], values[i][1]);
}

/* In the order of pprof's struct, on which its usage depends. */
static void all_fields_are_there(void **state)
{
    static const char *const names[] = {
        "output",        "call_tree",      "relative_percentages",
        "unit",          "compact_labels", "source_path",
        "trim_path",     "intel_syntax",   "mean",
        "sample_index",  "divide_by",      "normalize",
        "sort",          "tagroot",        "tagleaf",
        "drop_negative", "nodecount",      "nodefraction",
        "edgefraction",  "trim",           "focus",
        "ignore",        "prune_from",     "hide",
        "show",          "show_from",      "tagfocus",
        "tagignore",     "tagshow",        "taghide",
        "noinlines",     "showcolumns",    "granularity"};
    size_t i = 0;
    for (; lg_pprof_fields[i].name != NULL; i++) {
        assert_true(i < LG_COUNT(names));
        const struct lg_pprof_field *f = &lg_pprof_fields[i];
        assert_string_equal(f->name, names[i]);
        assert_ptr_equal(lg_pprof_field_find(lg_str_of(f->name)), f);
        assert_true((f->help == NULL) == (f->choices != NULL));
        for (size_t k = 0; i > 0 && k < i; k++)
            assert_true(lg_pprof_fields[k].offset != f->offset);
    }
    assert_int_equal(i, LG_COUNT(names));
}

static void choices_are_names(void **state)
{
    const struct lg_pprof_field *field = lg_pprof_field_find(LG_STR("lines"));
    assert_string_equal(field->name, "granularity");
    assert_true(lg_pprof_field_is_bool(LG_STR("lines")));
    assert_true(lg_pprof_field_is_bool(LG_STR("cum")));
    assert_true(lg_pprof_field_is_bool(LG_STR("trim")));
    assert_false(lg_pprof_field_is_bool(LG_STR("sort")));
    assert_false(lg_pprof_field_is_bool(LG_STR("focus")));
    assert_false(lg_pprof_field_is_bool(LG_STR("nothing")));
    assert_null(lg_pprof_field_find(LG_STR("nothing")));
    assert_null(lg_pprof_field_find(LG_STR("")));
    assert_string_equal(lg_pprof_field_help(LG_STR("lines")),
                        "Aggregate at the source code line level.");
    assert_string_equal(lg_pprof_field_help(LG_STR("cum")),
                        "Sort entries based on cumulative weight\n");
    assert_string_equal(lg_pprof_field_help(LG_STR("trim_path")),
                        "Path to trim from source paths before search");
    assert_null(lg_pprof_field_help(LG_STR("sort")));
    assert_null(lg_pprof_field_help(LG_STR("nothing")));
}

static void check_set(struct lg_pprof_options *o, const char *name,
                      const char *value, const char *expected)
{
    struct lg_error err = {0};
    if (!lg_pprof_options_configure(o, lg_str_of(name), lg_str_of(value), &err))
        fail_msg("%s=%s: %s", name, value, err.text);
    check_shown(o, lg_pprof_field_find(lg_str_of(name))->name, expected);
}

static void check_refused(struct lg_pprof_options *o, const char *name,
                          const char *value, const char *error)
{
    struct lg_error err = {0};
    struct lg_pprof_options before = *o;
    assert_false(
        lg_pprof_options_configure(o, lg_str_of(name), lg_str_of(value), &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_string_equal(err.text, error);
    assert_memory_equal(&before, o, sizeof before);
}

static void values_are_set(void **state)
{
    struct lg_pprof_options o;
    memset(&o, 0, sizeof o);
    lg_pprof_options_init(&o);
    check_set(&o, "focus", "a|b", "a|b");
    check_set(&o, "trim", "No", "false");
    check_set(&o, "trim", "", "true");
    check_set(&o, "mean", "Y", "true");
    check_set(&o, "nodecount", "+12", "12");
    check_set(&o, "divide_by", "1e3", "1000");
    check_set(&o, "nodefraction", "0x1p-3", "0.125");
    check_set(&o, "sort", "cum", "cum");
    check_set(&o, "flat", "true", "flat");
    check_set(&o, "lines", "1", "lines");
    check_set(&o, "granularity", "owner", "owner");
    check_refused(&o, "trim", "maybe",
                  "illegal value \"maybe\" for bool variable");
    check_refused(&o, "nodecount", "x",
                  "strconv.Atoi: parsing \"x\": invalid syntax");
    check_refused(&o, "nodecount", "99999999999999999999",
                  "strconv.Atoi: parsing \"99999999999999999999\": value out "
                  "of range");
    check_refused(&o, "divide_by", "",
                  "strconv.ParseFloat: parsing \"\": invalid syntax");
    check_refused(&o, "sort", "a\nb", "invalid \"sort\" value \"a\\nb\"");
    check_refused(&o, "granularity", "", "invalid \"granularity\" value \"\"");
    check_refused(&o, "lines", "0", "unknown config field \"lines\"");
    check_refused(&o, "lines", "yes", "unknown config field \"lines\"");
    check_refused(&o, "nothing", "1", "unknown config field \"nothing\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_pprof),
        cmocka_unit_test(all_fields_are_there),
        cmocka_unit_test(choices_are_names),
        cmocka_unit_test(values_are_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
