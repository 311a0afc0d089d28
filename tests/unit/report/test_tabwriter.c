/* SPDX-License-Identifier: Apache-2.0 */
/* Expected: what Go 1.27.4's text/tabwriter gives with the same settings. */
#include "report/tabwriter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"

static const struct {
    const char *text, *expected;
} cases[] = {
    {"", ""},
    {"no cells", "no cells"},
    {"a\tb\n", " ab\n"},
    {"a\tb\nccc\td\n", "   ab\n cccd\n"},
    {"a\tb\n\nccc\td\n", " ab\n\n cccd\n"},
    {"a\tb\tc\nlong\td\n", "    a bc\n longd\n"},
    {"a\t\tc\nb\tlong\td\n", " a     c\n b longd\n"},
    {"\u00e9\tb\nxx\tc\n", "  \u00e9b\n xxc\n"},
    {"\x80\x80\tb\nx\tc\n", " \x80\x80"
                            "b\n  xc\n"},
    {"a\vb\nccc\td\n", "   ab\n cccd\n"},
    {"a\tb\fccc\td\n", " ab\n cccd\n"},
    {"\xff"
     "a\tb\xff\tc\nlonger\td\n",
     "    \xff"
     "a\tb\xff"
     "c\n longerd\n"},
    {"a\tunfinished", " aunfinished"},
};

static void test_same_as_go(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_tabwriter w;
        struct lg_sb out;
        lg_sb_init(&out, &arena);
        lg_tabwriter_init(&w, &out);
        for (const char *at = cases[i].text; *at != '\0'; at++)
            lg_tabwriter_write(&w, lg_str_from(at, 1));
        assert_true(lg_tabwriter_flush(&w));
        assert_string_equal(lg_sb_cstr_of(&out), cases[i].expected);
    }
    lg_arena_deinit(&arena);
}

/* A line of a hundred thousand tabs is as many nested columns. */
static void test_many_columns(void **state)
{
    (void)state;
    const size_t count = 100000;
    struct lg_arena arena;
    struct lg_tabwriter w;
    struct lg_sb out, text;
    lg_arena_init(&arena, 0);
    lg_sb_init(&out, &arena);
    lg_sb_init(&text, &arena);
    lg_sb_repeat(&text, '\t', count);
    lg_sb_char(&text, '\n');
    lg_tabwriter_init(&w, &out);
    lg_tabwriter_write(&w, lg_sb_view(&text));
    lg_tabwriter_write(&w, lg_sb_view(&text));
    assert_true(lg_tabwriter_flush(&w));
    assert_int_equal(out.len, 2 * (count + 1)); /* a blank for each */
    lg_arena_deinit(&arena);
}

static bool write_all(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_tabwriter w;
    struct lg_sb out;
    (void)context;
    lg_sb_init(&out, arena);
    lg_tabwriter_init(&w, &out);
    for (size_t i = 0; i < 40; i++)
        lg_tabwriter_write(&w, LG_STR("a\tbcd\tefg\nx\ty\n"));
    return (lg_tabwriter_flush(&w) && !out.failed) || lg_fail_nomem(err);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(lg_alloc_fail_all(write_all, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_go),
        cmocka_unit_test(test_many_columns),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
