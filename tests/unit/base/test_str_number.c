/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars against POSIX regular expressions, values against printf and wide
 * arithmetic. */
#include "base/str.h"

#include "rng.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy without a terminator in a block of its size. */
static struct lg_str exact(const char *text)
{
    size_t len = strlen(text);
    char *data = malloc(len != 0 ? len : 1);
    memcpy(data, text, len);
    return (struct lg_str){data, len};
}

static void drop(struct lg_str s)
{
    free((void *)(uintptr_t)s.data);
}

static void integers_round_trip(void **state)
{
    struct lg_rng rng = {9};
    for (int i = 0; i < 50000; i++) {
        uint64_t n = lg_rng_any_width(&rng), u = ~n;
        int64_t s = ~(int64_t)n;
        char text[64];
        snprintf(text, sizeof text, "%" PRIu64, n);
        struct lg_str view = exact(text);
        assert_true(lg_str_u64(view, &u) && u == n);
        drop(view);
        snprintf(text, sizeof text, "%" PRId64, (int64_t)n);
        assert_true(lg_str_i64(lg_str_of(text), &s) && s == (int64_t)n);
        snprintf(text, sizeof text, i % 2 ? "%" PRIx64 : "0x%" PRIX64, n);
        view = exact(text);
        assert_true(lg_str_hex(view, &u) && u == n);
        drop(view);
        snprintf(text, sizeof text, "%" PRIu64 " kB", n);
        struct lg_str rest = lg_str_of(text);
        assert_true(lg_str_take_u64(&rest, &u) && u == n);
        assert_true(lg_str_eq(rest, LG_STR(" kB")));
    }
}

static void integers_know_their_bounds(void **state)
{
    uint64_t u = 77;
    int64_t i = 77;
    assert_true(lg_str_u64(LG_STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_true(lg_str_i64(LG_STR("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_true(lg_str_i64(LG_STR("9223372036854775807"), &i));
    assert_true(i == INT64_MAX);
    assert_true(lg_str_hex(LG_STR("0000ffffffffffffffff"), &u));
    assert_true(u == UINT64_MAX);
    u = 77;
    i = 77;
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x",
        "--1",
        "18446744073709551616",
        "99999999999999999999999999",
    };
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        struct lg_str s = lg_str_of(bad[k]);
        assert_false(lg_str_u64(s, &u));
        assert_false(lg_str_i64(s, &i));
    }
    assert_false(lg_str_u64(LG_STR("-1"), &u));
    assert_false(lg_str_i64(LG_STR("9223372036854775808"), &i));
    assert_false(lg_str_i64(LG_STR("-9223372036854775809"), &i));
    assert_false(lg_str_hex(LG_STR("10000000000000000"), &u));
    assert_false(lg_str_hex(LG_STR("0x"), &u));
    assert_false(lg_str_hex(LG_STR("0x0x1"), &u));
    assert_false(lg_str_hex(LG_STR("g"), &u));
    struct lg_str s = LG_STR("99999999999999999999x");
    assert_false(lg_str_take_u64(&s, &u));
    assert_int_equal(s.len, 21);
    assert_int_equal(u, 77);
    assert_int_equal(i, 77);
}

static void floats_round_trip(void **state)
{
    struct lg_rng rng = {10};
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = lg_rng_u64(&rng);
        double n, back = 0;
        memcpy(&n, &bits, sizeof n);
        if (!isfinite(n))
            continue;
        char text[512];
        snprintf(text, sizeof text, "%.17g", n);
        struct lg_str view = exact(text);
        assert_true(lg_str_f64(view, &back));
        assert_memory_equal(&n, &back, sizeof n);
        drop(view);
    }
}

/* Runs with a comma for a decimal point, where the machine has such a locale.
 */
static void floats_have_no_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",
                                        "fr_FR.UTF-8", "ps_AF"};
    for (size_t i = 0; i < 4 && setlocale(LC_ALL, names[i]) == NULL; i++)
        ;
    double n = 0;
    assert_true(lg_str_f64(LG_STR("1.5"), &n) && n == 1.5);
    assert_false(lg_str_f64(LG_STR("1,5"), &n));
    setlocale(LC_ALL, "C");
}

typedef bool accepts_fn(const char *text);

/* Too large for a double is refused too, but here the grammar is asked. */
static bool accepts_f64(const char *text)
{
    double n;
    struct lg_str s = exact(text);
    bool ok = lg_str_f64(s, &n) || isinf(strtod(text, NULL));
    drop(s);
    return ok;
}

static bool accepts_size(const char *text)
{
    uint64_t n;
    struct lg_str s = exact(text);
    bool ok = lg_str_size(s, &n);
    drop(s);
    return ok;
}

static bool accepts_duration(const char *text)
{
    uint64_t n;
    struct lg_str s = exact(text);
    bool ok = lg_str_duration(s, &n);
    drop(s);
    return ok;
}

/* Random short texts; no integer overflows at these lengths, so that the
 * grammar alone decides. */
static void compare_grammar(uint64_t seed, const char *alphabet,
                            const char *pattern, accepts_fn *accepts)
{
    struct lg_rng rng = {seed};
    regex_t regex;
    int accepted = 0;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    for (int i = 0; i < 60000; i++) {
        char text[8];
        size_t len = lg_rng_below(&rng, sizeof text);
        lg_rng_text(&rng, alphabet, strlen(alphabet), text, len);
        text[len] = '\0';
        bool expected = regexec(&regex, text, 0, NULL, 0) == 0;
        if (accepts(text) != expected)
            fail_msg("\"%s\": expected %d", text, expected);
        accepted += expected;
    }
    assert_true(accepted > 500);
    regfree(&regex);
}

static void grammars(void **state)
{
    compare_grammar(11, "120.-+eExnf ",
                    "^-?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?$",
                    accepts_f64);
    compare_grammar(12, "120.kKbBiI x",
                    "^([0-9]+( ?[bB])?|[0-9]+(\\.[0-9]+)? "
                    "?[kKmMgGtT]([bB]|[iI][bB])?)$",
                    accepts_size);
    compare_grammar(13, "12.smhnu",
                    "^([0-9]+(\\.[0-9]+)?"
                    "|([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d))+)$",
                    accepts_duration);
}

static void sizes_are_exact(void **state)
{
    static const char suffixes[] = "kMGt";
    struct lg_rng rng = {14};
    for (int i = 0; i < 50000; i++) {
        uint64_t whole = lg_rng_any_width(&rng), got = 5;
        unsigned fraction = (unsigned)lg_rng_below(&rng, 1000);
        size_t power = lg_rng_below(&rng, 4);
        char text[64];
        snprintf(text, sizeof text, "%" PRIu64 ".%03u%c%s", whole, fraction,
                 suffixes[power],
                 i % 3 == 0   ? "iB"
                 : i % 3 == 1 ? "b"
                              : "");
        unsigned __int128 unit = (unsigned __int128)1 << (10 * (power + 1));
        unsigned __int128 expected = whole * unit + fraction * unit / 1000;
        bool fits = expected <= UINT64_MAX;
        assert_int_equal(lg_str_size(lg_str_of(text), &got), fits);
        assert_true(got == (fits ? (uint64_t)expected : 5));
    }
}

static void size_examples(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"256M", UINT64_C(256) << 20},
        {"1.5GiB", UINT64_C(3) << 29},
        {"300000", 300000},
        {"64k", 65536},
        {"512.0 MiB", UINT64_C(1) << 29},
        {"12 B", 12},
        {"2tb", UINT64_C(2) << 40},
        {"0", 0},
        {"18446744073709551615", UINT64_MAX},
    };
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(lg_str_size(lg_str_of(cases[i].text), &n));
        assert_true(n == cases[i].bytes);
    }
    static const char *const bad[] = {
        "",
        "M",
        "-1M",
        "+1M",
        "1.5",
        "1,5M",
        "1MM",
        "1 M B",
        "1  M",
        "16777216t",
        "18446744073709551616",
        "1i",
        "1bi",
        "1e3",
        "1.0000000001G",
        ".5G",
        "1.G",
        "0x10",
        "1P",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(lg_str_size(lg_str_of(bad[i]), &n));
}

static void duration_examples(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } cases[] = {
        {"90s", UINT64_C(90000000000)},
        {"500ms", 500000000},
        {"5m", UINT64_C(300000000000)},
        {"1h30m", UINT64_C(5400000000000)},
        {"10", UINT64_C(10000000000)},
        {"1.5s", 1500000000},
        {"0.5", 500000000},
        {"2us", 2000},
        {"2\u00b5s", 2000},
        {"7ns", 7},
        {"1d", UINT64_C(86400000000000)},
        {"0s", 0},
        {"0.9999ns", 0},
    };
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(lg_str_duration(lg_str_of(cases[i].text), &n));
        assert_true(n == cases[i].ns);
    }
    static const char *const bad[] = {
        "",        "s",
        "-1s",     "1x",
        "1 s",     "1h30",
        "30 ",     "1.s",
        ".5s",     "18446744073709551615s",
        "213504d", "18446744073709551615ns1ns",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(lg_str_duration(lg_str_of(bad[i]), &n));
}

static void float_examples(void **state)
{
    double n = 7;
    assert_true(lg_str_f64(LG_STR("1e+20"), &n) && n == 1e20);
    assert_true(lg_str_f64(LG_STR("1e-999"), &n) && n == 0);
    n = 7;
    assert_false(lg_str_f64(LG_STR("1e999"), &n));
    assert_false(lg_str_f64(LG_STR("inf"), &n));
    assert_false(lg_str_f64(LG_STR("nan"), &n));
    assert_false(lg_str_f64((struct lg_str){NULL, 0}, &n));
    assert_false(lg_str_f64((struct lg_str){"1\0002", 3}, &n));
    assert_true(n == 7);
    char digits[LG_STR_F64_MAX_BYTES + 1];
    memset(digits, '0', sizeof digits);
    assert_true(lg_str_f64(lg_str_from(digits, sizeof digits - 1), &n));
    assert_false(lg_str_f64(lg_str_from(digits, sizeof digits), &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_round_trip),
        cmocka_unit_test(integers_know_their_bounds),
        cmocka_unit_test(floats_round_trip),
        cmocka_unit_test(floats_have_no_locale),
        cmocka_unit_test(grammars),
        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(size_examples),
        cmocka_unit_test(duration_examples),
        cmocka_unit_test(float_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
