/* SPDX-License-Identifier: Apache-2.0 */
/* Expected: what internal/measurement of Go 1.27.4's cmd/pprof prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/vec.h"
#include "evidence/measure.h"
#include "rng.h"

struct label_case {
    int64_t value;
    const char *from, *to, *text;
};

static const struct label_case labels[] = {
    {0, "bytes", "auto", "0"},
    {1, "bytes", "auto", "1B"},
    {-1023, "bytes", "auto", "-1023B"},
    {1024, "bytes", "minimum", "1kB"},
    {1536, "BYTE", "auto", "1.50kB"},
    {INT64_C(5) << 60, "bytes", "auto", "5120PB"},
    {10, "kilobytes", "mb", "0.01MB"},
    {10, "kilobytes", "gb", "0"},
    {10, "kilobytes", "ms", "10240B"},
    {-10, "kilobytes", "gb", "0"},
    {12345678, "nanoseconds", "auto", "12.35ms"},
    {90, "s", "minimum", "90s"},
    {7200, "seconds", "auto", "2hrs"},
    {1, "us", "ns", "1000ns"},
    {1, "ns", "auto", "1ns"},
    {5, "seconds", "kb", "5s"},
    {3, "\u03bcs", "auto", "3"},
    {3, "\u03bcs", "\u03bcs", "3\u03bcs"},
    {4, "min", "s", "4s"},
    {4, "", "widgets", "4widgets"},
    {4, "widgets", "ms", "4ms"},
    {4, "count", "count", "4"},
    {4, "sample", "unit", "4"},
    {1500, "milligcu", "auto", "1.50GCU"},
    {1, "nanogcu", "gcu", "0"},
    {INT64_MIN, "bytes", "auto", "-9223372036854775808B"},
    {INT64_MIN, "", "", "-9223372036854775808"},
    {INT64_MAX, "count", "auto", "9223372036854775808"},
    {999, "ms", "s", "1s"},
    {995, "ms", "s", "0.99s"},
    {1005, "ms", "s", "1s"},
};

static void test_labels(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(labels); i++) {
        const struct label_case *c = &labels[i];
        struct lg_sb sb;
        lg_sb_init(&sb, &arena);
        lg_measure_label(&sb, c->value, lg_str_of(c->from), lg_str_of(c->to));
        assert_string_equal(lg_sb_cstr_of(&sb), c->text);
    }
    lg_arena_deinit(&arena);
}

static const struct {
    int64_t value, total;
    const char *text;
} shares[] = {
    {0, 0, "    0%"},
    {5, 0, "    0%"},
    {0, 9, "    0%"},
    {9, 9, "  100%"},
    {9995, 10000, "  100%"},
    {99949, 100000, "99.95%"},
    {10005, 10000, "  100%"},
    {10006, 10000, "100.06%"},
    {1, 100, " 1.00%"},
    {999, 100000, "    1%"},
    {-50, 100, "50.00%"},
    {1, 1000, "  0.1%"},
    {1, 3000, "0.033%"},
    {1, 1000000, "0.0001%"},
    {1, 10000000, "1e-05%"},
    {4, 93000000000000000, "4.3e-15%"},
    {123456, 1, "12345600.00%"},
};

static void test_percentages(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(shares); i++) {
        struct lg_sb sb;
        lg_sb_init(&sb, &arena);
        lg_measure_percentage(&sb, shares[i].value, shares[i].total);
        assert_string_equal(lg_sb_cstr_of(&sb), shares[i].text);
    }
    lg_arena_deinit(&arena);
}

/* What the nearest double of n half hundredths of a second is nearer to. */
static void check_middle(int64_t n, struct lg_sb *sb)
{
    char expected[64];
    int len = snprintf(expected, sizeof expected, "%.2f",
                       (double)(n * 5000000) / 1e9);
    if (memcmp(expected + len - 3, ".00", 3) == 0)
        len -= 3;
    snprintf(expected + len, sizeof expected - (size_t)len, "s");
    sb->len = 0;
    lg_measure_label(sb, n * 5000000, LG_STR("ns"), LG_STR("s"));
    assert_string_equal(lg_sb_cstr_of(sb),
                        strcmp(expected, "0s") == 0 ? "0" : expected);
}

static void check_share(int64_t value, int64_t total, struct lg_sb *sb)
{
    char expected[64];
    double ratio = (double)value / (double)total * 100;
    if (ratio >= 99.95 && ratio <= 100.05)
        snprintf(expected, sizeof expected, "  100%%");
    else
        snprintf(expected, sizeof expected, ratio >= 1 ? "%5.2f%%" : "%5.2g%%",
                 ratio);
    sb->len = 0;
    lg_measure_percentage(sb, value, total);
    assert_string_equal(lg_sb_cstr_of(sb), expected);
}

/* What is printed without printf is what printf prints, in the middle between
 * two numbers, too. */
static void test_same_as_printf(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_sb sb;
    struct lg_rng rng = {51};
    char expected[410];
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    for (size_t i = 0; i < 200000; i++) {
        int64_t bytes = (int64_t)(lg_rng_any_width(&rng) >> 1);
        char number[400];
        int n = snprintf(number, sizeof number, "%.2f", (double)bytes / 1024);
        if (n > 3 && memcmp(number + n - 3, ".00", 3) == 0)
            number[n - 3] = '\0';
        snprintf(expected, sizeof expected, "%s%s", number,
                 strcmp(number, "0") == 0 ? "" : "kB");
        sb.len = 0;
        lg_measure_label(&sb, bytes, LG_STR("b"), LG_STR("kb"));
        assert_string_equal(lg_sb_cstr_of(&sb), expected);
        int64_t total = 1 + (int64_t)(lg_rng_any_width(&rng) >> 1);
        check_share(bytes, total > 0 ? total : 1, &sb);
        check_share((int64_t)(i % 2001), 20000, &sb);
        check_share((int64_t)i, 10000000, &sb);
        check_middle((int64_t)i, &sb);
        check_middle((int64_t)lg_rng_below(&rng, (size_t)1 << 39), &sb);
    }
    lg_arena_deinit(&arena);
}

static void test_compatible_units(void **state)
{
    (void)state;
    assert_true(lg_measure_compatible(LG_STR("x"), LG_STR("x")));
    assert_true(lg_measure_compatible(LG_STR("bytes"), LG_STR("kB")));
    assert_true(lg_measure_compatible(LG_STR("Seconds"), LG_STR("hr")));
    assert_false(lg_measure_compatible(LG_STR("bytes"), LG_STR("ms")));
    assert_false(lg_measure_compatible(LG_STR("x"), LG_STR("y")));
    assert_false(lg_measure_compatible(LG_STR("count"), LG_STR("bytes")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_percentages),
        cmocka_unit_test(test_same_as_printf),
        cmocka_unit_test(test_compatible_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
