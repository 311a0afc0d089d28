/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_number.h"

#include "base/utf8.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a digit in any base; 99: none. */
static unsigned digit_of(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    c = lower(c);
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 99;
}

const char *lg_go_number_fault(enum lg_go_number fault)
{
    switch (fault) {
    case LG_GO_SYNTAX:
        return "invalid syntax";
    case LG_GO_RANGE:
        return "value out of range";
    case LG_GO_OK:
        break;
    }
    return "";
}

/* Underscores stand between digits, or between a base's prefix and a digit. */
static bool underscores_fit(struct lg_str s)
{
    char before = '^'; /* '0': a digit or prefix, '_', '!': anything else */
    size_t i = s.len != 0 && (s.data[0] == '-' || s.data[0] == '+');
    bool hex = false;
    if (s.len - i >= 2 && s.data[i] == '0' &&
        memchr("box", lower(s.data[i + 1]), 3) != NULL) {
        hex = lower(s.data[i + 1]) == 'x';
        before = '0';
        i += 2;
    }
    for (; i < s.len; i++) {
        char c = s.data[i];
        if (is_digit(c) || (hex && digit_of(c) < 16)) {
            before = '0';
        } else if (c == '_') {
            if (before != '0')
                return false;
            before = '_';
        } else {
            if (before == '_')
                return false;
            before = '!';
        }
    }
    return before != '_';
}

/* Cuts the prefix of base 0 off. "0" alone is decimal, "017" octal. */
static unsigned take_base(struct lg_str *digits)
{
    if (digits->len == 0 || digits->data[0] != '0')
        return 10;
    if (digits->len >= 3) {
        char c = lower(digits->data[1]);
        unsigned base = c == 'b' ? 2 : c == 'o' ? 8 : c == 'x' ? 16 : 0;
        if (base != 0) {
            *digits = lg_str_skip(*digits, 2);
            return base;
        }
    }
    *digits = lg_str_skip(*digits, 1);
    return 8;
}

static enum lg_go_number parse_digits(struct lg_str digits, unsigned base,
                                      bool with_underscores, uint64_t *ret)
{
    uint64_t n = 0;
    bool overflow = false;
    for (size_t i = 0; i < digits.len; i++) {
        if (with_underscores && digits.data[i] == '_')
            continue;
        unsigned digit = digit_of(digits.data[i]);
        if (digit >= base)
            return LG_GO_SYNTAX;
        overflow = overflow || __builtin_mul_overflow(n, (uint64_t)base, &n) ||
                   __builtin_add_overflow(n, (uint64_t)digit, &n);
    }
    *ret = overflow ? UINT64_MAX : n;
    return overflow ? LG_GO_RANGE : LG_GO_OK;
}

enum lg_go_number lg_go_parse_int(struct lg_str s, int base, int bits,
                                  int64_t *ret)
{
    bool signed_text = s.len != 0 && (s.data[0] == '-' || s.data[0] == '+');
    bool negative = signed_text && s.data[0] == '-';
    struct lg_str digits = lg_str_skip(s, signed_text ? 1 : 0);
    if (digits.len == 0)
        return LG_GO_SYNTAX;
    unsigned used_base = base == 0 ? take_base(&digits) : (unsigned)base;
    uint64_t n;
    enum lg_go_number fault = parse_digits(digits, used_base, base == 0, &n);
    if (fault == LG_GO_SYNTAX || (base == 0 && !underscores_fit(s)))
        return LG_GO_SYNTAX;
    uint64_t limit = UINT64_C(1) << (bits - 1);
    if (n > limit - (negative ? 0 : 1)) {
        n = limit - (negative ? 0 : 1);
        fault = LG_GO_RANGE;
    }
    *ret = negative ? (int64_t)(0 - n) : (int64_t)n;
    return fault;
}

static bool is_word(struct lg_str s, const char *word)
{
    if (s.len != strlen(word))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (lower(s.data[i]) != word[i])
            return false;
    return true;
}

/* "nan" has no sign. */
static bool parse_special(struct lg_str s, double *ret)
{
    if (is_word(s, "nan")) {
        *ret = (double)NAN;
        return true;
    }
    bool minus = s.len != 0 && s.data[0] == '-';
    if (minus || (s.len != 0 && s.data[0] == '+'))
        s = lg_str_skip(s, 1);
    if (!is_word(s, "inf") && !is_word(s, "infinity"))
        return false;
    *ret = minus ? -(double)INFINITY : (double)INFINITY;
    return true;
}

/* Length of the digits, underscores and (once) dot at the start. */
static size_t mantissa_len(struct lg_str s, unsigned base, bool *digits_ret)
{
    bool dot = false;
    size_t i = 0;
    *digits_ret = false;
    for (; i < s.len; i++) {
        if (s.data[i] == '.') {
            if (dot)
                break;
            dot = true;
        } else if (digit_of(s.data[i]) < base) {
            *digits_ret = true;
        } else if (s.data[i] != '_') {
            break;
        }
    }
    return i;
}

/* The whole of s is a number as strconv's readFloat has it. */
static bool is_float(struct lg_str s)
{
    struct lg_str rest = s;
    if (rest.len != 0 && (rest.data[0] == '+' || rest.data[0] == '-'))
        rest = lg_str_skip(rest, 1);
    bool hex =
        rest.len > 2 && rest.data[0] == '0' && lower(rest.data[1]) == 'x';
    rest = lg_str_skip(rest, hex ? 2 : 0);
    bool digits;
    rest = lg_str_skip(rest, mantissa_len(rest, hex ? 16 : 10, &digits));
    if (!digits)
        return false;
    if (rest.len != 0 && lower(rest.data[0]) == (hex ? 'p' : 'e')) {
        rest = lg_str_skip(rest, 1);
        if (rest.len != 0 && (rest.data[0] == '+' || rest.data[0] == '-'))
            rest = lg_str_skip(rest, 1);
        if (rest.len == 0 || !is_digit(rest.data[0]))
            return false;
        while (rest.len != 0 && (is_digit(rest.data[0]) || rest.data[0] == '_'))
            rest = lg_str_skip(rest, 1);
    } else if (hex) {
        return false;
    }
    return rest.len == 0 &&
           (lg_str_find_char(s, '_') < 0 || underscores_fit(s));
}

/* What is_float accepts, without underscores, is C's too. */
static double c_float(const char *text)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return (double)INFINITY;
    double n = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    return n;
}

enum lg_go_number lg_go_parse_float(struct lg_str s, double *ret)
{
    if (parse_special(s, ret))
        return LG_GO_OK;
    if (!is_float(s))
        return LG_GO_SYNTAX;
    char few[256], *text = few;
    if (s.len >= sizeof few)
        text = malloc(s.len + 1);
    if (text == NULL)
        return LG_GO_RANGE;
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] != '_')
            text[len++] = s.data[i];
    text[len] = '\0';
    *ret = c_float(text);
    if (text != few)
        free(text);
    return isinf(*ret) ? LG_GO_RANGE : LG_GO_OK;
}

bool lg_go_parse_bool(struct lg_str s, bool *ret)
{
    static const char *const words[2][6] = {
        {"0", "f", "F", "false", "FALSE", "False"},
        {"1", "t", "T", "true", "TRUE", "True"},
    };
    for (size_t i = 0; i < 12; i++) {
        if (lg_str_eq(s, lg_str_of(words[i / 6][i % 6]))) {
            *ret = i / 6 == 1;
            return true;
        }
    }
    return false;
}

/* digits[count] are those of d.ddd * 10^exponent. */
static size_t plain_text(const char *digits, int count, int exponent, char *at)
{
    char *start = at;
    if (exponent < 0) {
        *at++ = '0';
        *at++ = '.';
        for (int i = -1; i > exponent; i--)
            *at++ = '0';
    }
    for (int i = 0; i < count; i++) {
        if (i == exponent + 1 && i > 0 && exponent >= 0)
            *at++ = '.';
        *at++ = digits[i];
    }
    for (int i = count; i <= exponent; i++)
        *at++ = '0';
    return (size_t)(at - start);
}

/* The fewest digits that read back as value, of its "%.*e" text. */
static int shortest_digits(double value, char digits[20], int *exponent_ret)
{
    char text[40];
    int precision = 0;
    do
        snprintf(text, sizeof text, "%.*e", precision, value);
    while (precision++ < 16 && c_float(text) != value);
    int count = 0;
    const char *at = text;
    for (; *at != '\0' && *at != 'e'; at++)
        if (is_digit(*at) && count < 18)
            digits[count++] = *at;
    *exponent_ret = *at == 'e' ? (int)strtol(at + 1, NULL, 10) : 0;
    return count;
}

/* Go's exponents have two digits at least, and begin at 10^-5 and 10^6. */
size_t lg_go_float_text(double value, char text[LG_GO_FLOAT_BYTES])
{
    if (!isfinite(value))
        return (size_t)snprintf(text, LG_GO_FLOAT_BYTES, "%s",
                                isnan(value) ? "NaN"
                                : value > 0  ? "+Inf"
                                             : "-Inf");
    char digits[20] = "";
    int exponent;
    size_t len = 0;
    if (signbit(value))
        text[len++] = '-';
    int count = shortest_digits(fabs(value), digits, &exponent);
    if (exponent < -4 || exponent >= 6) {
        text[len++] = digits[0];
        if (count > 1)
            text[len++] = '.';
        for (int i = 1; i < count; i++)
            text[len++] = digits[i];
        len += (size_t)snprintf(text + len, LG_GO_FLOAT_BYTES - len, "e%c%02d",
                                exponent < 0 ? '-' : '+', abs(exponent));
        return len;
    }
    len += plain_text(digits, count, exponent, text + len);
    text[len] = '\0';
    return len;
}

/* One character's text; its length. */
static size_t quoted(struct lg_str s, char out[8], size_t *taken_ret)
{
    static const char escaped[] = "\a\b\f\n\r\t\v\\\"", names[] = "abfnrtv\\\"";
    unsigned char c = (unsigned char)s.data[0];
    const char *special = c != 0 ? strchr(escaped, c) : NULL;
    size_t len = lg_utf8_len(s.data, s.len);
    *taken_ret = len != 0 ? len : 1;
    if (special != NULL)
        return (size_t)snprintf(out, 8, "\\%c", names[special - escaped]);
    if (len == 0 || c < ' ' || c == 0x7F)
        return (size_t)snprintf(out, 8, "\\x%02x", c);
    if (len == 2 && c == 0xC2 &&
        ((unsigned char)s.data[1] <= 0xA0 || (unsigned char)s.data[1] == 0xAD))
        return (size_t)snprintf(out, 8, "\\u00%02x", (unsigned char)s.data[1]);
    memcpy(out, s.data, len);
    return len;
}

void lg_go_quote(struct lg_str s, char *text, size_t size)
{
    size_t at = 0;
    char piece[8];
    if (size < 3) {
        text[0] = '\0';
        return;
    }
    text[at++] = '"';
    while (s.len != 0) {
        size_t taken, len = quoted(s, piece, &taken);
        if (len + 2 > size - at)
            break;
        memcpy(text + at, piece, len);
        at += len;
        s = lg_str_skip(s, taken);
    }
    text[at++] = '"';
    text[at] = '\0';
}
