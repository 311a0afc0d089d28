/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sb.h"
#include "decode/folded.h"

#include <string.h>

#define TEXT                                                                   \
    "# from somewhere\n"                                                       \
    "main;serve;read 17\n"                                                     \
    "\n"                                                                       \
    "main;serve 3\r\n"                                                         \
    "main;operator new(unsigned long) -4"

static int begin(void **state)
{
    static struct lg_arena arena;
    lg_arena_init(&arena, 0);
    *state = &arena;
    return 0;
}

static int end(void **state)
{
    lg_arena_deinit(*state);
    return 0;
}

/* Back into the format: root first. */
static struct lg_str fold(struct lg_arena *arena, const struct lg_profile *p)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_profile_stack s = p->samples.items[i];
        for (uint32_t k = s.count; k-- > 0;) {
            uint32_t l = p->stacks.items[s.first + k];
            lg_sb_str(&sb, p->functions.items[l].name);
            lg_sb_char(&sb, k > 0 ? ';' : ' ');
        }
        lg_sb_fmt(&sb, "%lld\n", (long long)lg_profile_value(p, i, 0));
    }
    return lg_sb_view(&sb);
}

static void test_stacks(void **state)
{
    struct lg_arena *arena = *state;
    struct lg_profile p;
    struct lg_error err = {0};
    assert_true(lg_folded_parse(LG_STR(TEXT), arena, &p, &err));
    struct lg_str back = fold(arena, &p);
    static const char want[] = "main;serve;read 17\nmain;serve 3\n"
                               "main;operator new(unsigned long) -4\n";
    assert_int_equal(back.len, sizeof want - 1);
    assert_memory_equal(back.data, want, back.len);
    assert_int_equal(p.functions.count, 4); /* each once */
    assert_true(lg_str_eq(p.types.items[0].type, LG_STR("samples")));
}

static void test_what_is_none(void **state)
{
    struct lg_arena *arena = *state;
    static const char *const other[] = {
        "", "\n\n", "hello\n", "a;b c\n", " 17\n", "heap profile: 1: 2 @ x\n"};
    for (size_t i = 0; i < LG_COUNT(other); i++) {
        struct lg_profile p;
        struct lg_error err = {0};
        assert_false(lg_folded_parse(lg_str_of(other[i]), arena, &p, &err));
        assert_int_equal(err.kind, LG_UNSUPPORTED);
    }
}

static void test_broken_line_is_placed(void **state)
{
    struct lg_profile p;
    struct lg_error err = {0};
    assert_false(
        lg_folded_parse(LG_STR("a;b 1\nno number\n"), *state, &p, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_int_equal(err.offset, 6);
}

/* Cut anywhere: a profile or an error, and never out of bounds. */
static void test_cut_anywhere(void **state)
{
    struct lg_str text = LG_STR(TEXT);
    for (size_t len = 0; len <= text.len; len++) {
        struct lg_profile p;
        struct lg_error err = {0};
        if (!lg_folded_parse(lg_str_first(text, len), *state, &p, &err))
            assert_true(err.text[0] != '\0');
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t limit = 64; limit < 8192; limit += 64) {
        struct lg_arena small;
        struct lg_profile p;
        struct lg_error err = {0};
        lg_arena_init(&small, limit);
        if (!lg_folded_parse(LG_STR(TEXT), &small, &p, &err))
            assert_int_equal(err.kind, LG_NOMEM);
        lg_arena_deinit(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stacks, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_none, begin, end),
        cmocka_unit_test_setup_teardown(test_broken_line_is_placed, begin, end),
        cmocka_unit_test_setup_teardown(test_cut_anywhere, begin, end),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
