/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of a pattern: read as UTF-8 or as escapes, written for PCRE2. */
#include "base/regex_syntax.h"

#include "base/utf8.h"

bool lg_regex_error(struct lg_error *err, const char *code, const char *expr,
                    const char *expr_end)
{
    return lg_fail(err, LG_USAGE, "error parsing regexp: %s: `%.*s`", code,
                   (int)(expr_end - expr), expr);
}

bool lg_regex_take_rune(struct lg_str *s, uint32_t *rune_ret,
                        struct lg_error *err)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    if (s->len == 0) {
        *rune_ret = 0xFFFD;
        return true;
    }
    size_t len = lg_utf8_len(s->data, s->len);
    if (len == 0)
        return lg_regex_error(err, "invalid UTF-8", s->data, s->data + s->len);
    uint32_t rune = (unsigned char)s->data[0] & masks[len];
    for (size_t i = 1; i < len; i++)
        rune = rune << 6 | ((unsigned char)s->data[i] & 0x3F);
    *s = lg_str_skip(*s, len);
    *rune_ret = rune;
    return true;
}

bool lg_regex_is_alnum(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

bool lg_regex_is_surrogate(uint32_t c)
{
    return c >= 0xD800 && c <= 0xDFFF;
}

void lg_regex_put_rune(struct lg_sb *out, uint32_t rune)
{
    if (lg_regex_is_alnum(rune) || rune == '_')
        lg_sb_char(out, (char)rune);
    else if (!lg_regex_is_surrogate(rune))
        lg_sb_fmt(out, "\\x{%x}", rune);
}

void lg_regex_put_range(struct lg_sb *out, uint32_t low, uint32_t high)
{
    if (lg_regex_is_surrogate(low))
        low = 0xE000;
    if (lg_regex_is_surrogate(high))
        high = 0xD7FF;
    if (low > high)
        return;
    lg_regex_put_rune(out, low);
    if (low == high)
        return;
    lg_sb_char(out, '-');
    lg_regex_put_rune(out, high);
}

static int hex_value(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return (int)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (int)(c - 'a') + 10 : -1;
}

static bool is_octal(struct lg_str s)
{
    return s.len != 0 && s.data[0] >= '0' && s.data[0] <= '7';
}

/* What follows `\x`. *valid_ret: it is a number. false: not UTF-8. */
static bool take_hex(struct lg_str *s, uint32_t *rune_ret, bool *valid_ret,
                     struct lg_error *err)
{
    uint32_t c = 0, n = 0;
    size_t digits = 0;
    *valid_ret = false;
    if (s->len == 0)
        return true;
    if (!lg_regex_take_rune(s, &c, err))
        return false;
    if (c != '{') {
        int high = hex_value(c);
        if (!lg_regex_take_rune(s, &c, err))
            return false;
        int low = hex_value(c);
        *valid_ret = high >= 0 && low >= 0;
        *rune_ret = *valid_ret ? (uint32_t)(high * 16 + low) : 0;
        return true;
    }
    while (s->len != 0) {
        if (!lg_regex_take_rune(s, &c, err))
            return false;
        if (c == '}') {
            *valid_ret = digits != 0;
            *rune_ret = n;
            return true;
        }
        int digit = hex_value(c);
        if (digit < 0)
            return true;
        n = n * 16 + (uint32_t)digit;
        if (n > LG_RUNE_MAX)
            return true;
        digits++;
    }
    return true;
}

/* The character that `\` and c are, where c alone tells. */
static bool simple_escape(uint32_t c, uint32_t *rune_ret)
{
    static const char names[] = "afnrtv", runes[] = "\a\f\n\r\t\v";
    const char *name = c != 0 && c < 0x80 ? strchr(names, (int)c) : NULL;
    if (name != NULL)
        *rune_ret = (unsigned char)runes[name - names];
    else if (c < 0x80 && !lg_regex_is_alnum(c))
        *rune_ret = c;
    else
        return false;
    return true;
}

bool lg_regex_take_escape(struct lg_str *s, uint32_t *rune_ret,
                          struct lg_error *err)
{
    const char *start = s->data;
    bool valid = false;
    uint32_t c = 0;
    *s = lg_str_skip(*s, 1);
    if (s->len == 0)
        return lg_regex_error(err, "trailing backslash at end of expression",
                              start, start);
    if (!lg_regex_take_rune(s, &c, err))
        return false;
    if (c == '0' || (c >= '1' && c <= '7' && is_octal(*s))) {
        c -= '0'; /* up to three digits */
        for (size_t i = 1; i < 3 && is_octal(*s); i++) {
            c = c * 8 + (uint32_t)(s->data[0] - '0');
            *s = lg_str_skip(*s, 1);
        }
        *rune_ret = c;
        return true;
    }
    if (c == 'x' && !take_hex(s, rune_ret, &valid, err))
        return false;
    if (valid || (c != 'x' && simple_escape(c, rune_ret)))
        return true;
    return lg_regex_error(err, "invalid escape sequence", start, s->data);
}
