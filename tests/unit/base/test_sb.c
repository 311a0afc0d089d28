/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sb.h"

#include "base/clock.h"
#include "rng.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define MAX_TEXT 20000

/* The same text twice: by the builder, and by hand in a large buffer. */
static bool build(void *context, struct lg_arena *arena, struct lg_error *err)
{
    struct lg_rng rng = {*(uint64_t *)context};
    static char expected[MAX_TEXT], piece[300];
    size_t len = 0;
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    for (int i = 0; i < 60; i++) {
        size_t n = lg_rng_below(&rng, lg_rng_below(&rng, 9) == 0 ? 290 : 12);
        memset(piece, 'a' + i % 26, n);
        piece[n] = '\0';
        switch (lg_rng_below(&rng, 5)) {
        case 0:
            lg_sb_str(&sb, lg_str_from(piece, n));
            break;
        case 1:
            lg_sb_cstr(&sb, piece);
            break;
        case 2:
            lg_sb_repeat(&sb, piece[0], n);
            break;
        case 3:
            lg_sb_fmt(&sb, "%s", piece);
            break;
        default:
            for (size_t k = 0; k < n; k++)
                lg_sb_char(&sb, piece[k]);
        }
        memcpy(expected + len, piece, n);
        len += n;
        /* Sometimes somebody else allocates in between. */
        if (i % 7 == 0)
            (void)lg_arena_alloc(arena, 1, 1);
    }
    char *text = lg_sb_cstr_of(&sb);
    struct lg_str view = lg_sb_view(&sb);
    assert_true(view.len <= len);
    assert_true(view.len == 0 || memcmp(view.data, expected, view.len) == 0);
    assert_int_equal(text == NULL, sb.failed);
    if (sb.failed || arena->failed)
        return lg_fail_nomem(err);
    assert_int_equal(view.len, len);
    assert_int_equal(strlen(text), len);
    return true;
}

static void builds_or_refuses(void **state)
{
    for (uint64_t seed = 70; seed < 90; seed++)
        assert_true(lg_alloc_fail_all(build, &seed) > 50);
}

static struct lg_arena arena;

static const char *word(void (*print)(struct lg_sb *, uint64_t), uint64_t n)
{
    struct lg_sb sb;
    lg_arena_reset(&arena);
    lg_sb_init(&sb, &arena);
    print(&sb, n);
    return lg_sb_cstr_of(&sb);
}

static void formats_like_printf(void **state)
{
    struct lg_rng rng = {91};
    char expected[200];
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 20000; i++) {
        struct lg_sb sb;
        int width = (int)lg_rng_below(&rng, 150);
        uint64_t n = lg_rng_any_width(&rng);
        lg_arena_reset(&arena);
        lg_sb_init(&sb, &arena);
        lg_sb_repeat(&sb, '.', lg_rng_below(&rng, 70));
        size_t before = sb.len;
        lg_sb_fmt(&sb, "%*" PRIu64 "|%s", width, n, "x");
        snprintf(expected, sizeof expected, "%*" PRIu64 "|%s", width, n, "x");
        assert_string_equal(lg_sb_cstr_of(&sb) + before, expected);
    }
    lg_arena_deinit(&arena);
}

static void counts_have_commas(void **state)
{
    struct lg_rng rng = {92};
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t n = lg_rng_any_width(&rng);
        char digits[32], stripped[32];
        snprintf(digits, sizeof digits, "%" PRIu64, n);
        const char *text = word(lg_sb_count, n);
        size_t len = strlen(text), out = 0;
        for (size_t k = 0; k < len; k++) {
            bool comma = (len - k) % 4 == 0;
            assert_int_equal(text[k] == ',', comma);
            if (!comma)
                stripped[out++] = text[k];
        }
        stripped[out] = '\0';
        assert_string_equal(stripped, digits);
    }
    assert_string_equal(word(lg_sb_count, 41208), "41,208");
    assert_string_equal(word(lg_sb_count, 0), "0");
    assert_string_equal(word(lg_sb_count, UINT64_MAX),
                        "18,446,744,073,709,551,615");
    lg_arena_deinit(&arena);
}

static void bytes_are_near_and_readable(void **state)
{
    struct lg_rng rng = {93};
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 50000; i++) {
        uint64_t n = lg_rng_any_width(&rng);
        const char *text = word(lg_sb_bytes, n);
        long double value;
        char unit[4];
        assert_int_equal(sscanf(text, "%Lf %3s", &value, unit), 2);
        const char *units = "B  KiBMiBGiBTiBPiBEiB";
        size_t power = (size_t)(strstr(units, unit) - units) / 3;
        long double scale = (long double)(UINT64_C(1) << (10 * power));
        long double error = value * scale - (long double)n;
        /* Half of a tenth, and what long double adds. */
        assert_true(fabsl(error) <= scale * 0.0500001L);
        assert_true(value < 1024 && (n < 1024 || value >= 1));
    }
    assert_string_equal(word(lg_sb_bytes, 0), "0 B");
    assert_string_equal(word(lg_sb_bytes, 1023), "1023 B");
    assert_string_equal(word(lg_sb_bytes, 1024), "1.0 KiB");
    assert_string_equal(word(lg_sb_bytes, UINT64_C(512) << 20), "512.0 MiB");
    assert_string_equal(word(lg_sb_bytes, (1 << 20) - 1), "1.0 MiB");
    assert_string_equal(word(lg_sb_bytes, (1 << 20) - 52), "1023.9 KiB");
    assert_string_equal(word(lg_sb_bytes, UINT64_MAX), "16.0 EiB");
    lg_arena_deinit(&arena);
}

/* What was printed is what lg_str_size reads, to the rounding. */
static void bytes_are_read_back(void **state)
{
    struct lg_rng rng = {94};
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t n = lg_rng_any_width(&rng) >> 15, back = 0;
        assert_true(lg_str_size(lg_str_of(word(lg_sb_bytes, n)), &back));
        uint64_t off = back > n ? back - n : n - back;
        assert_true(off <= n / 20 + 1);
    }
    lg_arena_deinit(&arena);
}

static uint64_t unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},
        {"µs", 1000},
        {"ms", LG_NS_PER_MS},
        {"s", LG_NS_PER_S},
        {"min", 60 * LG_NS_PER_S},
        {"h", 3600 * LG_NS_PER_S},
        {"d", 86400 * LG_NS_PER_S},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].name) == 0)
            return units[i].ns;
    }
    fail_msg("unit %s", unit);
    return 0;
}

static void durations_are_near(void **state)
{
    struct lg_rng rng = {95};
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 50000; i++) {
        uint64_t ns = lg_rng_any_width(&rng);
        const char *text = word(lg_sb_duration, ns);
        long double a, b = 0;
        char unit_a[8], unit_b[8] = "ns";
        int n = sscanf(text, "%Lf %7s %Lf %7s", &a, unit_a, &b, unit_b);
        assert_true(n == 2 || n == 4);
        long double value =
            a * (long double)unit_ns(unit_a) + b * (long double)unit_ns(unit_b);
        long double error = value - (long double)ns;
        /* Half of the last place: 5% of the smallest unit with tenths, and
         * never more than one part in nineteen of the whole. */
        assert_true(fabsl(error) <= value / 19);
        /* The small part is a part: 59 min 60 s does not exist. */
        assert_true(b * (long double)unit_ns(unit_b) <
                    (long double)unit_ns(unit_a));
    }
    lg_arena_deinit(&arena);
}

static void duration_examples(void **state)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {380, "380 ns"},
        {1449, "1.4 µs"},
        {12000, "12 µs"},
        {999499, "999 µs"},
        {999500, "1.0 ms"},
        {3500000, "3.5 ms"},
        {9950000, "10 ms"},
        {38000000, "38 ms"},
        {999500000, "1.0 s"},
        {UINT64_C(8400000000), "8.4 s"},
        {UINT64_C(59940000000), "59.9 s"},
        {UINT64_C(59950000000), "1 min"},
        {UINT64_C(200000000000), "3 min 20 s"},
        {UINT64_C(3599499999999), "59 min 59 s"},
        {UINT64_C(3599500000000), "1 h"},
        {UINT64_C(7500000000000), "2 h 5 min"},
        {UINT64_C(86400000000000), "1 d"},
        {UINT64_C(97200000000000), "1 d 3 h"},
    };
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(word(lg_sb_duration, cases[i].ns), cases[i].text);
    lg_arena_deinit(&arena);
}

static void print_time(struct lg_sb *sb, uint64_t unix_ns)
{
    lg_sb_time(sb, (int64_t)unix_ns);
}

static void time_has_its_form(void **state)
{
    lg_arena_init(&arena, 0);
    assert_string_equal(word(print_time, UINT64_C(1793628189123456789)),
                        "2026-11-02T14:03:09.123Z");
    assert_string_equal(word(print_time, 0), "1970-01-01T00:00:00.000Z");
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_or_refuses),
        cmocka_unit_test(formats_like_printf),
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(bytes_are_near_and_readable),
        cmocka_unit_test(bytes_are_read_back),
        cmocka_unit_test(durations_are_near),
        cmocka_unit_test(duration_examples),
        cmocka_unit_test(time_has_its_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
