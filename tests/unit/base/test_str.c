/* SPDX-License-Identifier: Apache-2.0 */
/* Every function against a loop that is too simple to be wrong, on short
 * strings over a small alphabet, so that partial matches abound. The strings
 * are copied to blocks of their exact size for AddressSanitizer. */
#include "base/str.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define ROUNDS 20000

static struct lg_str random_str(struct lg_rng *rng, size_t max_len)
{
    size_t len = lg_rng_below(rng, max_len + 1);
    if (len == 0)
        return (struct lg_str){lg_rng_below(rng, 2) ? "" : NULL, 0};
    char *data = malloc(len);
    lg_rng_text(rng, "ab \t\0", 5, data, len);
    return (struct lg_str){data, len};
}

static void drop(struct lg_str s)
{
    if (s.len != 0)
        free((void *)(uintptr_t)s.data);
}

static bool slow_at(struct lg_str s, size_t at, struct lg_str needle)
{
    if (at + needle.len > s.len)
        return false;
    for (size_t i = 0; i < needle.len; i++) {
        if (s.data[at + i] != needle.data[i])
            return false;
    }
    return true;
}

static ptrdiff_t slow_find(struct lg_str s, struct lg_str needle)
{
    for (size_t at = 0; at <= s.len; at++) {
        if (slow_at(s, at, needle))
            return (ptrdiff_t)at;
    }
    return -1;
}

static ptrdiff_t slow_rfind(struct lg_str s, struct lg_str needle)
{
    for (size_t at = s.len + 1; at-- > 0;) {
        if (slow_at(s, at, needle))
            return (ptrdiff_t)at;
    }
    return -1;
}

static int slow_cmp(struct lg_str a, struct lg_str b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        unsigned char x = (unsigned char)a.data[i],
                      y = (unsigned char)b.data[i];
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static void finds_like_a_loop(void **state)
{
    struct lg_rng rng = {4};
    for (int i = 0; i < ROUNDS; i++) {
        struct lg_str s = random_str(&rng, 12), n = random_str(&rng, 3);
        ptrdiff_t first = slow_find(s, n), last = slow_rfind(s, n);
        assert_int_equal(lg_str_find(s, n), first);
        assert_int_equal(lg_str_rfind(s, n), last);
        assert_int_equal(lg_str_contains(s, n), first >= 0);
        assert_int_equal(lg_str_starts(s, n), slow_at(s, 0, n));
        assert_int_equal(lg_str_ends(s, n),
                         n.len <= s.len && slow_at(s, s.len - n.len, n));
        assert_int_equal(lg_str_cmp(s, n), slow_cmp(s, n));
        assert_int_equal(lg_str_eq(s, n), slow_cmp(s, n) == 0);
        for (int c = 0; c < 128; c++) {
            char text = (char)c;
            struct lg_str one = {&text, 1};
            assert_int_equal(lg_str_find_char(s, text), slow_find(s, one));
            assert_int_equal(lg_str_rfind_char(s, text), slow_rfind(s, one));
        }
        drop(s);
        drop(n);
    }
}

static void assert_cut(struct lg_str s, struct lg_cut cut, ptrdiff_t at,
                       size_t width)
{
    assert_int_equal(cut.found, at >= 0);
    if (at < 0) {
        assert_true(lg_str_eq(cut.head, s));
        assert_int_equal(cut.tail.len, 0);
        return;
    }
    assert_int_equal(cut.head.len, at);
    assert_int_equal(cut.head.len + width + cut.tail.len, s.len);
    assert_ptr_equal(cut.head.data, s.data);
    if (cut.tail.len != 0)
        assert_ptr_equal(cut.tail.data, s.data + at + width);
}

static void cuts_around_what_is_found(void **state)
{
    struct lg_rng rng = {5};
    for (int i = 0; i < ROUNDS; i++) {
        struct lg_str s = random_str(&rng, 12), n = random_str(&rng, 3);
        assert_cut(s, lg_str_cut(s, n), slow_find(s, n), n.len);
        assert_cut(s, lg_str_rcut(s, n), slow_rfind(s, n), n.len);
        struct lg_str a = LG_STR("a"), rest = {"?", 1};
        assert_cut(s, lg_str_cut_char(s, 'a'), slow_find(s, a), 1);
        assert_cut(s, lg_str_rcut_char(s, 'a'), slow_rfind(s, a), 1);
        assert_int_equal(lg_str_after(s, n, &rest), slow_at(s, 0, n));
        if (lg_str_starts(s, n))
            assert_int_equal(rest.len, s.len - n.len);
        else
            assert_string_equal(rest.data, "?");
        size_t k = lg_rng_below(&rng, 15), kept = k < s.len ? k : s.len;
        struct lg_str head = lg_str_first(s, k), tail = lg_str_skip(s, k);
        assert_int_equal(head.len, kept);
        assert_int_equal(tail.len, s.len - kept);
        assert_true(slow_at(s, 0, head) && slow_at(s, kept, tail));
        drop(s);
        drop(n);
    }
}

static bool slow_blank(char c)
{
    return c != '\0' && strchr(" \t\n\v\f\r", c) != NULL;
}

static void words_and_trims(void **state)
{
    struct lg_rng rng = {6};
    for (int i = 0; i < ROUNDS; i++) {
        struct lg_str s = random_str(&rng, 12), rest = s, word;
        size_t at = 0, begin = 0, end = s.len;
        while (begin < end && slow_blank(s.data[begin]))
            begin++;
        assert_int_equal(lg_str_trim_left(s).len, s.len - begin);
        while (end > 0 && slow_blank(s.data[end - 1]))
            end--;
        assert_int_equal(lg_str_trim_right(s).len, end);
        assert_int_equal(lg_str_trim(s).len, end > begin ? end - begin : 0);
        /* Each word is where the last one ended, but for blanks. */
        while (lg_str_word(&rest, &word)) {
            assert_true(word.len > 0);
            for (; s.data + at < word.data; at++)
                assert_true(slow_blank(s.data[at]));
            for (; at < (size_t)(word.data - s.data) + word.len; at++)
                assert_false(slow_blank(s.data[at]));
            assert_true(at == s.len || slow_blank(s.data[at]));
        }
        for (; at < s.len; at++)
            assert_true(slow_blank(s.data[at]));
        assert_int_equal(rest.len, 0);
        drop(s);
    }
}

static bool copies(void *context, struct lg_arena *arena, struct lg_error *err)
{
    struct lg_str s = *(struct lg_str *)context;
    struct lg_str copy = lg_str_dup(arena, s);
    char *cstr = lg_str_cstr(arena, s);
    if (copy.data == NULL || cstr == NULL) {
        assert_true(copy.data != NULL || copy.len == 0);
        return lg_fail_nomem(err);
    }
    assert_true(lg_str_eq(copy, s));
    assert_true(s.len == 0 || memcmp(cstr, s.data, s.len) == 0);
    assert_int_equal(cstr[s.len], '\0');
    return true;
}

static void copies_are_whole_or_refused(void **state)
{
    struct lg_rng rng = {7};
    for (int i = 0; i < 100; i++) {
        struct lg_str s = random_str(&rng, 40);
        size_t expected = 0;
        for (size_t n = 1; n < 2 * s.len + 1; n = lg_alloc_fail_next(n))
            expected++;
        assert_int_equal(lg_alloc_fail_all(copies, &s), expected);
        drop(s);
    }
}

static void equal_strings_have_equal_hashes(void **state)
{
    struct lg_rng rng = {8};
    for (int i = 0; i < ROUNDS; i++) {
        struct lg_str a = random_str(&rng, 5), b = random_str(&rng, 5);
        assert_int_equal(lg_str_hash(a) == lg_str_hash(b), lg_str_eq(a, b));
        drop(a);
        drop(b);
    }
    /* Fixed for good: XXH3_64bits of nothing (xxHash 0.8). */
    assert_true(lg_str_hash(LG_STR("")) == UINT64_C(0x2D06800538D394C2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_like_a_loop),
        cmocka_unit_test(cuts_around_what_is_found),
        cmocka_unit_test(words_and_trims),
        cmocka_unit_test(copies_are_whole_or_refused),
        cmocka_unit_test(equal_strings_have_equal_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
