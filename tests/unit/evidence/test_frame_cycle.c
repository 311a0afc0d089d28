/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evidence/goroutines.h"
#include "rng.h"

#include <stdio.h>
#include <string.h>

/* A stack as a text: each letter is a function. */
static bool find(const char *letters, uint64_t elided,
                 struct lg_frame_cycle *ret)
{
    static struct lg_frame frames[5000];
    size_t count = strlen(letters);
    assert_true(count <= LG_COUNT(frames));
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct lg_frame){.function = lg_str_from(letters + i, 1),
                                      .line = (uint32_t)i};
    return lg_frames_find_cycle(frames, count, elided, ret);
}

static void assert_cycle(const char *letters, uint32_t first, uint32_t length,
                         uint64_t repeats)
{
    struct lg_frame_cycle c;
    if (!find(letters, 7, &c))
        fail_msg("no cycle in %s", letters);
    if (c.first != first || c.length != length || c.repeats != repeats)
        fail_msg("%s: first %u length %u repeats %u", letters, c.first,
                 c.length, (unsigned)c.repeats);
    assert_int_equal(c.depth, strlen(letters) + 7);
}

static void test_cycles(void **state)
{
    assert_cycle("aaaaaaaaaa", 0, 1, 10);
    assert_cycle("xaaaaaaaaay", 1, 1, 9);
    assert_cycle("pqabcabcabcabcabcm", 2, 3, 5);
    assert_cycle("pqbcabcabcabcabm", 2, 3, 4);
    /* The leaf is somewhere in the round; so is the root. */
    assert_cycle("cabcabcabcabca", 0, 3, 4);
    /* A function twice in a round. */
    assert_cycle("abacabacabacabac", 0, 4, 4);
    /* Out of step behind the gap. */
    assert_cycle("pabcabcabcabcbcabcabcabcabcm", 1, 3, 8);
    assert_cycle("abcabcabcabcaabcabcabcabc", 0, 3, 8);
    /* Most of the stack counts, not the shortest. */
    assert_cycle("aaaabcbcbcbcbcbcbcbc", 4, 2, 8);
}

static void assert_none(const char *letters)
{
    struct lg_frame_cycle c;
    if (find(letters, 0, &c))
        fail_msg("%s: first %u length %u", letters, c.first, c.length);
}

static void test_no_cycle(void **state)
{
    assert_none("");
    assert_none("aaaaaaa"); /* too few frames */
    assert_none("abcdefghijklmn");
    assert_none("abcdabcd");         /* twice may be chance */
    assert_none("abcdefghaaa");      /* less than half */
    assert_none("hxhyhzhwhvhuhthm"); /* the same wrapper around others */
}

static void test_elided(void **state)
{
    struct lg_frame_cycle c;
    assert_true(find("aaaaaaaaaa", UINT64_MAX, &c)); /* some, number not told */
    assert_int_equal(c.depth, 10);
    assert_true(find("aaaaaaaaaa", UINT64_MAX - 1, &c));
    assert_int_equal(c.depth, 10);
    assert_true(find("aaaaaaaaaa", 5000000, &c));
    assert_int_equal(c.depth, 5000010);
}

/* A walk over data: few functions, in no order. */
static void test_irregular(void **state)
{
    struct lg_rng rng = {9};
    struct lg_frame_cycle c;
    char letters[200];
    for (size_t n = 0; n < 200; n++) {
        size_t at = 0;
        while (at < 100)
            at += (size_t)sprintf(letters + at, "w%.*s",
                                  (int)lg_rng_below(&rng, 4), "lmn");
        assert_true(find(letters, 0, &c));
        /* Chance may have made regular rounds of most of it. */
        assert_true(c.length <= 12 && c.repeats >= 6);
    }
    /* Forty handlers, each in the same wrapper, are none. */
    for (size_t i = 0; i < 80; i++)
        letters[i] = (char)(i % 2 ? 'h' : 128 + (int)i);
    letters[80] = '\0';
    assert_none(letters);
}

/* Far more frames than are looked at. */
static void test_deep(void **state)
{
    static char letters[5001];
    struct lg_frame_cycle c;
    for (size_t i = 0; i < 5000; i++)
        letters[i] = "abc"[i % 3];
    assert_true(find(letters, 0, &c));
    assert_int_equal(c.length, 3);
    assert_int_equal(c.repeats, 5000 / 3);
    assert_int_equal(c.depth, 5000);
}

/* A cycle that was put there is found, whatever stands around it. */
static void test_random(void **state)
{
    struct lg_rng rng = {5};
    for (size_t n = 0; n < 2000; n++) {
        char letters[400];
        size_t leaf = lg_rng_below(&rng, 6), root = lg_rng_below(&rng, 6);
        size_t length = 1 + lg_rng_below(&rng, 12);
        size_t rounds = 4 + lg_rng_below(&rng, 8), at = 0;
        for (size_t i = 0; i < leaf; i++)
            letters[at++] = (char)('A' + i);
        for (size_t i = 0; i < length * rounds + lg_rng_below(&rng, length);
             i++)
            letters[at++] = (char)('a' + i % length);
        for (size_t i = 0; i < root; i++)
            letters[at++] = (char)('P' + i);
        letters[at] = '\0';
        struct lg_frame_cycle c;
        bool enough = at >= 8 && (at - leaf - root) * 2 >= at;
        assert_int_equal(find(letters, 0, &c), enough);
        if (enough) {
            assert_int_equal(c.length, length);
            assert_int_equal(c.first, leaf);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cycles), cmocka_unit_test(test_no_cycle),
        cmocka_unit_test(test_elided), cmocka_unit_test(test_irregular),
        cmocka_unit_test(test_deep),   cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
