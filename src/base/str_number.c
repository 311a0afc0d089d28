/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in views: exact, locale-free, and false instead of a guess. */
#include "base/clock.h"
#include "base/str.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at the start of s as a number; *len_ret is how many. */
static bool leading_digits(struct lg_str s, uint64_t *ret, size_t *len_ret)
{
    uint64_t n = 0;
    size_t i = 0;
    for (; i < s.len && is_digit(s.data[i]); i++) {
        if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(s.data[i] - '0'), &n))
            return false;
    }
    if (i == 0)
        return false;
    *ret = n;
    *len_ret = i;
    return true;
}

bool lg_str_u64(struct lg_str s, uint64_t *ret)
{
    uint64_t n;
    size_t len;
    if (!leading_digits(s, &n, &len) || len != s.len)
        return false;
    *ret = n;
    return true;
}

bool lg_str_i64(struct lg_str s, int64_t *ret)
{
    bool negative = s.len != 0 && s.data[0] == '-';
    uint64_t n;
    if (!lg_str_u64(lg_str_skip(s, negative ? 1 : 0), &n))
        return false;
    if (n > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *ret = negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool lg_str_hex(struct lg_str s, uint64_t *ret)
{
    if (!lg_str_after(s, LG_STR("0x"), &s))
        (void)lg_str_after(s, LG_STR("0X"), &s);
    if (s.len == 0)
        return false;
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        int digit = hex_digit(s.data[i]);
        if (digit < 0 || n >> 60 != 0)
            return false;
        n = n << 4 | (uint64_t)digit;
    }
    *ret = n;
    return true;
}

/* Only what a decimal number is made of: strtod would also take "inf", "nan",
 * hexadecimal, leading blanks and a leading '+'. */
static bool looks_decimal(struct lg_str s)
{
    if (s.len == 0 || s.data[0] == '+')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.data[i]) && memchr("+-.eE", s.data[i], 5) == NULL)
            return false;
    }
    return true;
}

bool lg_str_f64(struct lg_str s, double *ret)
{
    char text[LG_STR_F64_MAX_BYTES + 1];
    if (s.len >= sizeof text || !looks_decimal(s))
        return false;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    /* glibc gives its static C locale here: no allocation, nothing to free. */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return false;
    char *end;
    double n = strtod_l(text, &end, c_locale);
    freelocale(c_locale);
    if (end != text + s.len || !isfinite(n))
        return false;
    *ret = n;
    return true;
}

bool lg_str_take_u64(struct lg_str *s, uint64_t *ret)
{
    uint64_t n;
    size_t len;
    if (!leading_digits(*s, &n, &len))
        return false;
    *ret = n;
    *s = lg_str_skip(*s, len);
    return true;
}

/* A decimal number with an optional fraction, kept exact. */
struct decimal {
    uint64_t whole;
    uint64_t fraction, fraction_scale; /* fraction / fraction_scale < 1 */
};

/* 10^9 times the largest unit still fits 128 bits with room to spare, and
 * nobody writes more digits; more are an error. */
#define MAX_FRACTION_DIGITS 9

static bool take_decimal(struct lg_str *s, struct decimal *ret)
{
    struct lg_str rest = *s;
    struct decimal d = {.fraction_scale = 1};
    if (!lg_str_take_u64(&rest, &d.whole))
        return false;
    if (lg_str_after(rest, LG_STR("."), &rest)) {
        size_t len;
        if (!leading_digits(rest, &d.fraction, &len) ||
            len > MAX_FRACTION_DIGITS)
            return false;
        for (size_t i = 0; i < len; i++)
            d.fraction_scale *= 10;
        rest = lg_str_skip(rest, len);
    }
    *ret = d;
    *s = rest;
    return true;
}

/* d * unit, rounded down; false on overflow. */
static bool scale(struct decimal d, uint64_t unit, uint64_t *ret)
{
    uint64_t whole;
    unsigned __int128 part = (unsigned __int128)d.fraction * unit;
    return !__builtin_mul_overflow(d.whole, unit, &whole) &&
           !__builtin_add_overflow(whole, (uint64_t)(part / d.fraction_scale),
                                   ret);
}

/* "", "b", "k", "kb", "kib", … → the power of 1024. */
static bool size_unit(struct lg_str suffix, uint64_t *unit_ret)
{
    static const char letters[] = "bkmgt";
    char lower[3];
    if (suffix.len > sizeof lower)
        return false;
    for (size_t i = 0; i < suffix.len; i++)
        lower[i] = (char)(suffix.data[i] | 0x20);
    size_t power = 0;
    if (suffix.len != 0) {
        const char *letter = memchr(letters, lower[0], sizeof letters - 1);
        if (letter == NULL)
            return false;
        power = (size_t)(letter - letters);
    }
    bool plain = suffix.len <= 1;
    bool with_b = suffix.len == 2 && lower[1] == 'b';
    bool with_ib = suffix.len == 3 && lower[1] == 'i' && lower[2] == 'b';
    if (!plain && (power == 0 || (!with_b && !with_ib)))
        return false;
    *unit_ret = UINT64_C(1) << (10 * power);
    return true;
}

bool lg_str_size(struct lg_str s, uint64_t *bytes_ret)
{
    struct decimal d;
    uint64_t unit, bytes;
    if (!take_decimal(&s, &d))
        return false;
    if (s.len > 1)
        (void)lg_str_after(s, LG_STR(" "), &s);
    if (!size_unit(s, &unit) || (unit == 1 && d.fraction_scale != 1) ||
        !scale(d, unit, &bytes))
        return false;
    *bytes_ret = bytes;
    return true;
}

static bool take_duration_unit(struct lg_str *s, uint64_t *unit_ret)
{
    /* "ms" comes before "m": the first that fits is taken. */
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"\u00b5s", 1000},
        {"ms", LG_NS_PER_MS},
        {"s", LG_NS_PER_S},
        {"m", 60 * LG_NS_PER_S},
        {"h", 3600 * LG_NS_PER_S},
        {"d", 86400 * LG_NS_PER_S},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (lg_str_after(*s, lg_str_of(units[i].name), s)) {
            *unit_ret = units[i].ns;
            return true;
        }
    }
    return false;
}

bool lg_str_duration(struct lg_str s, uint64_t *ns_ret)
{
    uint64_t total = 0;
    bool first = true;
    do {
        struct decimal d;
        uint64_t unit, part;
        if (!take_decimal(&s, &d))
            return false;
        if (first && s.len == 0)
            unit = LG_NS_PER_S;
        else if (!take_duration_unit(&s, &unit))
            return false;
        if (!scale(d, unit, &part) ||
            __builtin_add_overflow(total, part, &total))
            return false;
        first = false;
    } while (s.len != 0);
    *ns_ret = total;
    return true;
}
