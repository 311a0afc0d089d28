/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_scan.h"

#include "base/vec.h"

bool lg_scan_next(struct lg_scan *s)
{
    struct lg_str none = {0};
    s->line = none;
    if (s->too_long || s->rest.len == 0)
        return false;
    struct lg_cut cut =
        lg_str_cut_char(lg_str_first(s->rest, LG_SCAN_LINE_BYTES), '\n');
    if (!cut.found && s->rest.len >= LG_SCAN_LINE_BYTES) {
        s->too_long = true;
        return false;
    }
    s->line = cut.head;
    s->rest = lg_str_skip(s->rest, cut.head.len + (cut.found ? 1 : 0));
    if (lg_str_ends(s->line, LG_STR("\r")))
        s->line.len--;
    return true;
}

bool lg_scan_finish(const struct lg_scan *s, struct lg_error *err)
{
    if (s->too_long)
        return lg_fail(err, LG_BAD_DATA, "bufio.Scanner: token too long");
    return true;
}

/* UTF-8 of the blanks beyond ASCII (Unicode's White_Space). */
static const struct lg_str wide_blanks[] = {
    LG_STR("\xc2\x85"),     LG_STR("\xc2\xa0"),     LG_STR("\xe1\x9a\x80"),
    LG_STR("\xe2\x80\x80"), LG_STR("\xe2\x80\x81"), LG_STR("\xe2\x80\x82"),
    LG_STR("\xe2\x80\x83"), LG_STR("\xe2\x80\x84"), LG_STR("\xe2\x80\x85"),
    LG_STR("\xe2\x80\x86"), LG_STR("\xe2\x80\x87"), LG_STR("\xe2\x80\x88"),
    LG_STR("\xe2\x80\x89"), LG_STR("\xe2\x80\x8a"), LG_STR("\xe2\x80\xa8"),
    LG_STR("\xe2\x80\xa9"), LG_STR("\xe2\x80\xaf"), LG_STR("\xe2\x81\x9f"),
    LG_STR("\xe3\x80\x80"),
};

static size_t wide_blank(struct lg_str s, bool at_end)
{
    for (size_t i = 0; i < LG_COUNT(wide_blanks); i++)
        if (at_end ? lg_str_ends(s, wide_blanks[i])
                   : lg_str_starts(s, wide_blanks[i]))
            return wide_blanks[i].len;
    return 0;
}

/* Bytes of the blank at that end of s; 0: there is none. */
static size_t blank_at(struct lg_str s, bool at_end)
{
    if (s.len == 0)
        return 0;
    char c = s.data[at_end ? s.len - 1 : 0];
    if (c == ' ' || (c >= '\t' && c <= '\r'))
        return 1;
    return (unsigned char)c < 0x80 ? 0 : wide_blank(s, at_end);
}

struct lg_str lg_scan_trim(struct lg_str s)
{
    size_t n;
    while ((n = blank_at(s, false)) != 0)
        s = lg_str_skip(s, n);
    while ((n = blank_at(s, true)) != 0)
        s.len -= n;
    return s;
}

bool lg_scan_is_comment(struct lg_str line)
{
    line = lg_scan_trim(line);
    return line.len == 0 || line.data[0] == '#';
}

bool lg_scan_is_map(struct lg_str line)
{
    return lg_str_contains(line, LG_STR("MAPPED_LIBRARIES:")) ||
           lg_str_contains(line, LG_STR("--- Memory map: ---"));
}

/* The base of s by its prefix, which is cut off; octal's 0 may stay. */
static unsigned base_of(struct lg_str *s)
{
    static const struct {
        char letter;
        unsigned base;
    } bases[] = {{'x', 16}, {'b', 2}, {'o', 8}};
    if (s->len == 0 || s->data[0] != '0')
        return 10;
    for (size_t i = 0; i < LG_COUNT(bases) && s->len > 2; i++)
        if ((s->data[1] | 0x20) == bases[i].letter) {
            *s = lg_str_skip(*s, 2);
            return bases[i].base;
        }
    return 8;
}

static unsigned digit_of(char c)
{
    if (lg_scan_digit(c))
        return (unsigned)(c - '0');
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
        return (unsigned)((c | 0x20) - 'a') + 10;
    return UINT8_MAX;
}

static bool parse_magnitude(struct lg_str s, unsigned base, bool underscores,
                            bool prefixed, uint64_t *ret)
{
    uint64_t n = 0;
    bool after_digit = prefixed;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = digit_of(s.data[i]);
        if (s.data[i] == '_') {
            if (!underscores || !after_digit)
                return false;
            after_digit = false;
            continue;
        }
        if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
            __builtin_add_overflow(n, digit, &n))
            return false;
        after_digit = true;
    }
    *ret = n;
    return after_digit;
}

bool lg_scan_int(struct lg_str s, int base, int64_t *ret)
{
    uint64_t n, limit = INT64_MAX;
    bool negative = false;
    if (s.len != 0 && (s.data[0] == '-' || s.data[0] == '+')) {
        negative = s.data[0] == '-';
        limit += negative;
        s = lg_str_skip(s, 1);
    }
    size_t len = s.len;
    unsigned radix = base == 0 ? base_of(&s) : (unsigned)base;
    if (!parse_magnitude(s, radix, base == 0, s.len != len, &n) || n > limit)
        return false;
    *ret = (int64_t)(negative ? 0 - n : n);
    return true;
}

bool lg_scan_address(struct lg_str *s, uint64_t *ret, struct lg_str *big_ret)
{
    struct lg_cut cut;
    *big_ret = (struct lg_str){0};
    while ((cut = lg_str_cut(*s, LG_STR("0x"))).found) {
        uint64_t n = 0;
        size_t i = 0;
        bool fits = true;
        for (; i < cut.tail.len; i++) {
            char c = cut.tail.data[i];
            if (!lg_scan_digit(c) && (c < 'a' || c > 'f'))
                break;
            fits = fits && n >> 60 == 0;
            n = n << 4 | digit_of(c);
        }
        *s = lg_str_skip(cut.tail, i);
        if (!fits)
            *big_ret = (struct lg_str){cut.tail.data - 2, i + 2};
        if (i != 0) {
            *ret = n;
            return fits;
        }
    }
    return false;
}

bool lg_scan_xdigit(char c)
{
    return digit_of(c) < 16;
}

bool lg_scan_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

bool lg_scan_nonblank(char c)
{
    return !lg_scan_blank(c);
}

void lg_scan_spaces(struct lg_str *s)
{
    size_t n = 0;
    while (n < s->len && s->data[n] == ' ')
        n++;
    *s = lg_str_skip(*s, n);
}

bool lg_scan_digits(struct lg_str *s, struct lg_str *ret)
{
    return lg_scan_run(s, lg_scan_digit, ret);
}

bool lg_scan_xdigits(struct lg_str *s, struct lg_str *ret)
{
    return lg_scan_run(s, lg_scan_xdigit, ret);
}

bool lg_scan_blanks(struct lg_str *s)
{
    struct lg_str ignored;
    return lg_scan_run(s, lg_scan_blank, &ignored);
}

static bool is_in_stack(char c)
{
    return c == ' ' || c == 'x' || lg_scan_digit(c) || (c >= 'a' && c <= 'f');
}

struct lg_str lg_scan_stack(struct lg_str s)
{
    struct lg_str stack;
    (void)lg_scan_run(&s, is_in_stack, &stack);
    return stack;
}
