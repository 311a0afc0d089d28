/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/varints.h"
#include "pb.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

#define MOST 300

/* Up to so many bytes, mostly of one length, as ids are. */
static uint32_t random_small(struct lg_rng *rng, size_t bytes)
{
    size_t bits =
        7 * (lg_rng_below(rng, 4) == 0 ? bytes : 1 + lg_rng_below(rng, bytes));
    return 1 + (uint32_t)lg_rng_below(rng, ((size_t)1 << bits) - 1);
}

/* In a block of exactly its size, so that a sanitizer sees what is read behind
 * it; with `slack` bytes that may be read. */
static void assert_read(const struct lg_sb *sb, size_t slack,
                        const uint32_t *numbers, size_t count)
{
    uint8_t *copy = malloc(sb->len + slack + 1);
    uint32_t *out = calloc(count + 1, sizeof *out);
    assert_non_null(copy);
    assert_non_null(out);
    if (sb->len != 0)
        memcpy(copy, sb->data, sb->len);
    memset(copy + sb->len, 0xff, slack);
    const uint8_t *end = copy + sb->len;
    assert_int_equal(lg_varints_count(copy, end), count);
    uint32_t *out_end =
        lg_varints_indices(copy, end, end + slack, UINT32_MAX, out);
    assert_ptr_equal(out_end, out + count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(out[i], numbers[i] - 1);
    free(copy);
    free(out);
}

static void test_small(void **state)
{
    struct lg_rng rng = {7};
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t run = 0; run < 3000; run++) {
        uint32_t numbers[MOST];
        size_t count = lg_rng_below(&rng, MOST);
        size_t bytes = run % 3 == 0 ? 4 : 2, longer = lg_rng_below(&rng, 1000);
        struct lg_sb sb;
        lg_sb_init(&sb, &arena);
        for (size_t i = 0; i < count; i++) {
            numbers[i] = random_small(&rng, i == longer ? 3 : bytes);
            pb_raw_varint(&sb, numbers[i]);
        }
        assert_read(&sb, lg_rng_below(&rng, 2) != 0 ? 100 : run % 70, numbers,
                    count);
        lg_arena_reset(&arena);
    }
    lg_arena_deinit(&arena);
}

/* One that is too long among others, anywhere; the last one cut. */
static void test_refused(void **state)
{
    for (size_t at = 0; at < 90; at++) {
        uint8_t bytes[200];
        uint32_t out[sizeof bytes];
        for (size_t slack = 0; slack <= 100; slack += 100) {
            memset(bytes, 1, sizeof bytes);
            memset(bytes + at, 0x81, 4);
            assert_null(lg_varints_indices(
                bytes, bytes + 100, bytes + 100 + slack, UINT32_MAX, out));
            memset(bytes + at, 0x81, 10);
            assert_null(lg_varints_indices(
                bytes, bytes + 100, bytes + 100 + slack, UINT32_MAX, out));
            memset(bytes, 1, sizeof bytes);
            bytes[at] = 0x81;
            assert_null(lg_varints_indices(bytes, bytes + at + 1,
                                           bytes + at + 1 + slack, UINT32_MAX,
                                           out));
        }
    }
}

/* An id that is no index, among short and long ones. */
static void test_limit(void **state)
{
    static const uint32_t limits[] = {5, 127, 128, 16383, 16384, 70000};
    (void)state;
    for (size_t n = 0; n < sizeof limits / sizeof limits[0]; n++) {
        for (size_t odd = 0; odd < 70; odd++) {
            struct lg_arena arena;
            struct lg_sb sb, good;
            uint32_t out[70];
            lg_arena_init(&arena, 0);
            for (uint32_t bad = 0; bad < 3; bad++) {
                lg_sb_init(&sb, &arena);
                for (size_t i = 0; i < 70; i++)
                    pb_raw_varint(&sb, i != odd   ? 1 + i % limits[n]
                                       : bad == 0 ? 0
                                       : bad == 1 ? limits[n]
                                                  : limits[n] + 1);
                for (size_t slack = 0; slack < 2; slack++) {
                    good = sb; /* bytes of another field */
                    for (size_t i = 0; i < 100 * slack; i++)
                        lg_sb_char(&good, 1);
                    const uint8_t *at = (const uint8_t *)good.data;
                    uint32_t *end = lg_varints_indices(
                        at, at + sb.len, at + good.len, limits[n], out);
                    assert_ptr_equal(end, bad == 1 ? out + 70 : NULL);
                }
            }
            lg_arena_deinit(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
