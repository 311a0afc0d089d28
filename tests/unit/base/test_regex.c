/* SPDX-License-Identifier: Apache-2.0 */
#include "base/regex.h"

#include "base/io.h"
#include "base/vec.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool matches(const char *pattern, struct lg_str subject)
{
    struct lg_error err = {0};
    struct lg_regex *re = lg_regex_create(lg_str_of(pattern), &err);
    if (re == NULL)
        fail_msg("%s: %s", pattern, err.text);
    bool match = lg_regex_match(re, subject);
    lg_regex_destroy(re);
    return match;
}

static struct lg_str from_hex(struct lg_arena *arena, struct lg_str hex)
{
    char *out = lg_arena_alloc(arena, hex.len / 2, 1);
    assert_non_null(out);
    for (size_t i = 0; i < hex.len / 2; i++) {
        uint64_t byte = 0;
        assert_true(lg_str_hex(lg_str_from(hex.data + 2 * i, 2), &byte));
        out[i] = (char)byte;
    }
    return lg_str_from(out, hex.len / 2);
}

/* Errors longer than ours can be are compared as far as they go. */
static void check_error(struct lg_str pattern, struct lg_str expected,
                        const struct lg_error *err)
{
    struct lg_str text = lg_str_of(err->text);
    if (text.len >= LG_ERROR_TEXT_BYTES - 4)
        expected = lg_str_first(expected, text.len);
    assert_int_equal(err->kind, LG_USAGE);
    if (!lg_str_eq(text, expected))
        fail_msg("%.*s: %s, not %.*s", LG_STR_ARG(pattern), err->text,
                 LG_STR_ARG(expected));
}

static void check_case(struct lg_arena *arena, const struct lg_str *subjects,
                       size_t count, struct lg_str line)
{
    struct lg_cut cut = lg_str_cut_char(line, '\t');
    struct lg_str pattern = from_hex(arena, cut.head), result = cut.tail;
    struct lg_error err = {0};
    struct lg_regex *re = lg_regex_create(pattern, &err);
    if (re == NULL) {
        check_error(pattern, from_hex(arena, result), &err);
        return;
    }
    assert_true(lg_str_eq(lg_regex_pattern(re), pattern));
    if (result.len != count)
        fail_msg("%.*s must be refused", LG_STR_ARG(pattern));
    for (size_t i = 0; i < count; i++) {
        struct lg_str group;
        bool match = lg_regex_match(re, subjects[i]);
        if (match != (result.data[i] == '1') ||
            lg_regex_find(re, subjects[i], &group, 1) != match)
            fail_msg("%.*s on subject %zu", LG_STR_ARG(pattern), i);
    }
    lg_regex_destroy(re);
}

/* What Go's own regexp said of 900 patterns, drawn ones among them. */
static void goes_with_go(void **state)
{
    struct lg_arena arena;
    struct lg_str subjects[64], rest, text;
    struct lg_error err = {0};
    char path[512];
    lg_arena_init(&arena, 0);
    snprintf(path, sizeof path, "%s/golden/regex/cases.txt",
             getenv("LG_TESTS"));
    if (!lg_read_file(AT_FDCWD, path, (size_t)16 << 20, &arena, &text, &err))
        fail_msg("%s", err.text);
    struct lg_cut line = lg_str_cut_char(text, '\n');
    size_t count = 0, cases = 0;
    rest = line.head;
    for (struct lg_cut cut = {.found = true}; cut.found; rest = cut.tail) {
        cut = lg_str_cut_char(rest, '\t');
        assert_true(count < LG_COUNT(subjects));
        subjects[count++] = from_hex(&arena, cut.head);
    }
    while (line.tail.len != 0) {
        line = lg_str_cut_char(line.tail, '\n');
        check_case(&arena, subjects, count, line.head);
        cases++;
    }
    assert_true(cases > 900);
    lg_arena_deinit(&arena);
}

static void finds_groups(void **state)
{
    struct lg_error err = {0};
    struct lg_str groups[4];
    struct lg_regex *re =
        lg_regex_create(LG_STR("(\\d+)-(?P<unit>[a-z]+)?(x)?"), &err);
    assert_non_null(re);
    struct lg_str text = LG_STR("\xff at 12-kb \xff");
    assert_true(lg_regex_find(re, text, groups, 4));
    assert_true(lg_str_eq(groups[0], LG_STR("12-kb")));
    assert_ptr_equal(groups[0].data, text.data + 5);
    assert_true(lg_str_eq(groups[1], LG_STR("12")));
    assert_true(lg_str_eq(groups[2], LG_STR("kb")));
    assert_null(groups[3].data);
    assert_false(lg_regex_find(re, LG_STR("12 kb"), groups, 4));
    lg_regex_destroy(re);
}

/* Backtracking would take longer than anybody waits. */
static void no_pattern_is_slow(void **state)
{
    char text[2000];
    memset(text, 'a', sizeof text);
    struct lg_str subject = lg_str_from(text, sizeof text);
    assert_false(matches("(a*)*b", subject));
    assert_false(matches("(a|aa)+$b", subject));
    assert_false(matches("^(a+)+[^a]$", subject));
    text[sizeof text - 1] = 'b';
    assert_true(matches("^(a+)+[^a]$", subject));
    assert_true(matches("(?:a?){50}a{50}b", subject));
}

/* An empty view may have no data. */
static void nothing_is_a_subject(void **state)
{
    struct lg_str nothing = {NULL, 0}, group;
    assert_true(matches("", nothing));
    assert_true(matches("^$", nothing));
    assert_false(matches(".", nothing));
    struct lg_regex *re = lg_regex_create(nothing, NULL);
    assert_non_null(re);
    assert_true(lg_regex_find(re, nothing, &group, 1));
    assert_int_equal(group.len, 0);
    lg_regex_destroy(re);
    lg_regex_destroy(NULL);
}

/* Go counts instructions, and takes longer texts than repetitions of them. */
static void sizes_have_limits(void **state)
{
    static char pattern[6000];
    struct lg_error err = {0};
    memset(pattern, 'a', 4000);
    memcpy(pattern, "(?:(?:", 6);
    strcpy(pattern + 4000, "|b)c|d){1000}");
    assert_null(lg_regex_create(lg_str_of(pattern), &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_non_null(strstr(err.text, "expression too large"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_with_go),
        cmocka_unit_test(finds_groups),
        cmocka_unit_test(no_pattern_is_slow),
        cmocka_unit_test(nothing_is_a_subject),
        cmocka_unit_test(sizes_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
