/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of characters: [a-z], \d, [[:alpha:]], \p{Greek}. */
#include "base/regex_syntax.h"
#include "base/vec.h"

#include <stdio.h>

/* Outside of ASCII, these two alone have ASCII letters as other cases. */
#define KELVIN 0x212A /* k */
#define LONG_S 0x017F /* s */

struct set { /* of ASCII characters */
    const char *name;
    const char *ranges; /* pairs: first, last */
};

/* The three that have no brackets come first. */
static const struct set sets[] = {
    {"d", "09"},           {"s", "\t\n\f\r  "},
    {"w", "09AZ__az"},     {"alnum", "09AZaz"},
    {"alpha", "AZaz"},     {"ascii", "\x01\x7f"}, /* and 0: see has() */
    {"blank", "\t\t  "},   {"cntrl", "\x01\x1f\x7f\x7f"},
    {"digit", "09"},       {"graph", "!~"},
    {"lower", "az"},       {"print", " ~"},
    {"punct", "!/:@[`{~"}, {"space", "\t\r  "},
    {"upper", "AZ"},       {"word", "09AZ__az"},
    {"xdigit", "09AFaf"},
};
#define PERL_SETS 3

static bool in_ranges(const char *ranges, uint32_t c)
{
    for (; ranges[0] != '\0'; ranges += 2)
        if (c >= (unsigned char)ranges[0] && c <= (unsigned char)ranges[1])
            return true;
    return false;
}

/* With fold, of a letter both cases are in when one is. */
static bool has(const struct set *set, uint32_t c, bool fold)
{
    if (c == 0) /* which no string of ranges can hold */
        c = 1;
    bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    return in_ranges(set->ranges, c) ||
           (fold && is_letter && in_ranges(set->ranges, c ^ 0x20));
}

/* All above ASCII but what folds to a letter of the set. */
static void put_beyond_ascii(const struct set *set, bool fold,
                             struct lg_sb *out)
{
    uint32_t low = 0x80;
    if (fold && has(set, 's', true)) {
        lg_regex_put_range(out, low, LONG_S - 1);
        low = LONG_S + 1;
    }
    if (fold && has(set, 'k', true)) {
        lg_regex_put_range(out, low, KELVIN - 1);
        low = KELVIN + 1;
    }
    lg_regex_put_range(out, low, LG_RUNE_MAX);
}

/* PCRE2 adds other cases to what is written, but not before a negation. */
static void put_set(const struct set *set, bool negated, bool fold,
                    struct lg_sb *out)
{
    for (uint32_t c = 0, low; c < 0x80; c++) {
        if (has(set, c, fold) == negated)
            continue;
        low = c;
        while (c + 1 < 0x80 && has(set, c + 1, fold) != negated)
            c++;
        lg_regex_put_range(out, low, c);
    }
    if (negated)
        put_beyond_ascii(set, fold, out);
}

/* What Go's FoldCategory and FoldScript add under (?i), and PCRE2 doesn't. */
static const struct {
    const char *name;
    const char *more;
} fold_more[] = {
    {"L", "\\x{345}"},
    {"M", "\\x{399}\\x{3b9}\\x{1fbe}"},
    {"Mn", "\\x{399}\\x{3b9}\\x{1fbe}"},
    {"sc:common", "\\x{39c}\\x{3bc}"},
    {"sc:greek", "\\x{b5}\\x{345}"},
    {"sc:inherited", "\\x{399}\\x{3b9}\\x{1fbe}"},
};

/* Cased letters are all one set under (?i). */
static void put_property(const char *name, bool negated, bool fold,
                         struct lg_sb *out)
{
    bool cased = strcmp(name, "Lu") == 0 || strcmp(name, "Ll") == 0 ||
                 strcmp(name, "Lt") == 0 || strcmp(name, "LC") == 0;
    if (cased && (fold || name[1] == 'C'))
        name = "L&";
    lg_sb_fmt(out, "\\%c{%s}", negated ? 'P' : 'p', name);
    if (!fold || negated)
        return;
    for (size_t i = 0; i < LG_COUNT(fold_more); i++)
        if (strcmp(name, fold_more[i].name) == 0)
            lg_sb_cstr(out, fold_more[i].more);
}

/* false: Go knows no such set. */
static bool put_unicode(struct lg_str name, bool negated, bool fold,
                        struct lg_sb *out)
{
    static const struct set ascii = {"ascii", "\x01\x7f"};
    char text[48];
    bool exists;
    const char *pcre = lg_regex_unicode_name(name, text, &exists);
    if (pcre == NULL)
        return false;
    if (strcmp(pcre, "any") == 0) {
        if (!negated)
            lg_regex_put_range(out, 0, LG_RUNE_MAX);
    } else if (strcmp(pcre, "assigned") == 0) {
        put_property("Cn", !negated, false, out);
    } else if (strcmp(pcre, "ascii") == 0) {
        put_set(&ascii, negated, fold, out);
    } else if (exists) {
        put_property(pcre, negated, fold, out);
    } else if (negated) {
        lg_regex_put_range(out, 0, LG_RUNE_MAX);
    }
    return true;
}

/* \pL, \p{Greek}, \P{^Greek}. */
static enum lg_regex_taken take_unicode(struct lg_str *s, bool fold,
                                        struct lg_sb *out, struct lg_error *err)
{
    struct lg_str whole = *s, rest = lg_str_skip(*s, 2), name;
    bool negated = s->data[1] == 'P';
    uint32_t c;
    if (!lg_regex_take_rune(&rest, &c, err))
        return LG_REGEX_FAILED;
    name = lg_str_from(whole.data + 2, (size_t)(rest.data - whole.data) - 2);
    if (c == '{') {
        struct lg_cut cut = lg_str_cut_char(rest, '}');
        struct lg_str checked = cut.found ? cut.head : whole;
        while (checked.len != 0)
            if (!lg_regex_take_rune(&checked, &c, err))
                return LG_REGEX_FAILED;
        name = cut.head;
        rest = cut.tail;
        if (!cut.found)
            name = (struct lg_str){NULL, 0};
    }
    const char *end = whole.data + (whole.len - rest.len);
    if (lg_str_after(name, LG_STR("^"), &name))
        negated = !negated;
    if (!put_unicode(name, negated, fold, out)) {
        lg_regex_error(err, "invalid character class range", whole.data, end);
        return LG_REGEX_FAILED;
    }
    *s = lg_str_skip(whole, (size_t)(end - whole.data));
    return LG_REGEX_TAKEN;
}

enum lg_regex_taken lg_regex_take_group(struct lg_str *s, bool fold,
                                        struct lg_sb *out, struct lg_error *err)
{
    if (s->len < 2 || s->data[0] != '\\')
        return LG_REGEX_NONE;
    char c = s->data[1];
    if (c == 'p' || c == 'P')
        return take_unicode(s, fold, out, err);
    for (size_t i = 0; i < PERL_SETS; i++) {
        char name = sets[i].name[0];
        if (c != name && c != name - ('a' - 'A'))
            continue;
        put_set(&sets[i], c != name, fold, out);
        *s = lg_str_skip(*s, 2);
        return LG_REGEX_TAKEN;
    }
    return LG_REGEX_NONE;
}

/* [:alpha:], [:^alpha:] within a class. */
static enum lg_regex_taken take_posix(struct lg_str *s, bool fold,
                                      struct lg_sb *out, struct lg_error *err)
{
    if (s->len <= 2 || !lg_str_starts(*s, LG_STR("[:")))
        return LG_REGEX_NONE;
    struct lg_cut cut = lg_str_cut(lg_str_skip(*s, 2), LG_STR(":]"));
    struct lg_str name = cut.head;
    if (!cut.found)
        return LG_REGEX_NONE;
    bool negated = lg_str_after(name, LG_STR("^"), &name);
    for (size_t i = PERL_SETS; i < LG_COUNT(sets); i++) {
        if (!lg_str_eq(name, lg_str_of(sets[i].name)))
            continue;
        put_set(&sets[i], negated, fold, out);
        *s = cut.tail;
        return LG_REGEX_TAKEN;
    }
    lg_regex_error(err, "invalid character class range", s->data,
                   s->data + (s->len - cut.tail.len));
    return LG_REGEX_FAILED;
}

static bool take_class_char(struct lg_str *s, struct lg_str whole,
                            uint32_t *rune_ret, struct lg_error *err)
{
    if (s->len == 0)
        return lg_regex_error(err, "missing closing ]", whole.data,
                              whole.data + whole.len);
    if (s->data[0] == '\\')
        return lg_regex_take_escape(s, rune_ret, err);
    return lg_regex_take_rune(s, rune_ret, err);
}

/* a, a-z; in [a-] the hyphen is one like others. */
static bool take_range(struct lg_str *s, struct lg_str whole, struct lg_sb *out,
                       struct lg_error *err)
{
    const char *start = s->data;
    uint32_t low = 0, high = 0;
    if (!take_class_char(s, whole, &low, err))
        return false;
    high = low;
    if (s->len >= 2 && s->data[0] == '-' && s->data[1] != ']') {
        *s = lg_str_skip(*s, 1);
        if (!take_class_char(s, whole, &high, err))
            return false;
        if (high < low)
            return lg_regex_error(err, "invalid character class range", start,
                                  s->data);
    }
    lg_regex_put_range(out, low, high);
    return true;
}

static bool take_items(struct lg_str *s, struct lg_str whole, bool fold,
                       struct lg_sb *out, struct lg_error *err)
{
    bool first = true;
    while (s->len == 0 || s->data[0] != ']' || first) {
        first = false;
        enum lg_regex_taken taken = take_posix(s, fold, out, err);
        if (taken == LG_REGEX_NONE)
            taken = lg_regex_take_group(s, fold, out, err);
        if (taken == LG_REGEX_FAILED ||
            (taken == LG_REGEX_NONE && !take_range(s, whole, out, err)))
            return false;
        if (out->failed)
            return lg_fail_nomem(err);
    }
    return true;
}

bool lg_regex_take_class(struct lg_str *s, bool fold, struct lg_sb *out,
                         struct lg_error *err)
{
    struct lg_str whole = *s, rest = lg_str_skip(*s, 1);
    size_t start = out->len;
    bool negated = lg_str_after(rest, LG_STR("^"), &rest);
    lg_sb_cstr(out, negated ? "[^" : "[");
    size_t items = out->len;
    if (!take_items(&rest, whole, fold, out, err))
        return false;
    if (out->len != items) {
        lg_sb_char(out, ']');
    } else { /* surrogates alone, or sets that PCRE2's Unicode has not */
        out->len = start;
        lg_sb_cstr(out, negated ? "(?s:.)" : LG_REGEX_NOTHING);
    }
    *s = lg_str_skip(rest, 1);
    return true;
}
