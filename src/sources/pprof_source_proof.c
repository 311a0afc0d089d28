/* SPDX-License-Identifier: Apache-2.0 */
/* Is this file the one that a profile means? */
#include "sources/pprof_source.h"

/* Cuts the last of a Go function's dotted parts off; dots in brackets (type
 * arguments) and parentheses do not count. false: there is only one. */
static bool cut_last(struct lg_str *s, struct lg_str *last_ret)
{
    size_t depth = 0;
    for (size_t at = s->len; at-- != 0;) {
        char c = s->data[at];
        if (c == ']' || c == ')')
            depth++;
        else if ((c == '[' || c == '(') && depth != 0)
            depth--;
        else if (c == '.' && depth == 0) {
            *last_ret = lg_str_skip(*s, at + 1);
            s->len = at;
            return true;
        }
    }
    return false;
}

static bool is_number(struct lg_str s)
{
    uint64_t ignored;
    return lg_str_u64(s, &ignored);
}

/* "func1", "2", "gowrap1", "deferwrap2", "func1-range1", "": what the compiler
 * made names for. */
static bool is_made(struct lg_str part)
{
    struct lg_str rest = lg_str_cut_char(part, '-').head;
    if (rest.len == 0 || is_number(rest))
        return true;
    return (lg_str_after(rest, LG_STR("func"), &rest) ||
            lg_str_after(rest, LG_STR("gowrap"), &rest) ||
            lg_str_after(rest, LG_STR("deferwrap"), &rest)) &&
           is_number(rest);
}

/* "run" of "a.b/c.(*T[...]).run[...].func1"; *is_made_ret: the function itself
 * has no name. */
static struct lg_str written_name(struct lg_str function, bool *is_made_ret)
{
    ptrdiff_t slash = -1;
    for (size_t at = 0, depth = 0; at < function.len; at++) {
        char c = function.data[at];
        depth += c == '[' || c == '(';
        depth -= (c == ']' || c == ')') && depth != 0;
        if (c == '/' && depth == 0)
            slash = (ptrdiff_t)at;
    }
    struct lg_str s = lg_str_skip(function, (size_t)(slash + 1)), part;
    *is_made_ret = false;
    while (cut_last(&s, &part)) {
        part = lg_str_cut_char(part, '[').head;
        if (!is_made(part))
            return lg_str_cut(part, LG_STR("-fm")).head;
        *is_made_ret = true;
    }
    return lg_str_cut_char(s, '(').head;
}

/* 1-based; empty: there is no such line. */
static struct lg_str nth_line(struct lg_str text, int64_t n)
{
    while (--n > 0 && text.len != 0)
        text = lg_str_cut_char(text, '\n').tail;
    return lg_str_cut_char(text, '\n').head;
}

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* The name stands in text as one word in front of one of `after`. "·" is what
 * Go's assembler has before names: its last byte may be there. */
static bool has_word(struct lg_str text, struct lg_str name, const char *after)
{
    for (ptrdiff_t at; name.len != 0 && (at = lg_str_find(text, name)) >= 0;) {
        char before = at == 0 ? ' ' : text.data[at - 1];
        text = lg_str_skip(text, (size_t)at + name.len);
        if ((!is_word(before) || before == '\xb7') && text.len != 0 &&
            strchr(after, text.data[0]) != NULL)
            return true;
    }
    return false;
}

bool lg_source_is_plausible(struct lg_str text,
                            const struct lg_source_query *query)
{
    bool is_made;
    struct lg_str name = written_name(query->function, &is_made);
    if (name.len == 0)
        return false;
    if (query->start_line <= 0)
        return lg_str_contains(text, LG_STR("func ")) &&
               has_word(text, name, "([");
    struct lg_str line = nth_line(text, query->start_line);
    if (!is_made)
        return has_word(line, name, "([<");
    return lg_str_contains(line, LG_STR("func")) ||
           lg_str_contains(line, LG_STR("go ")) ||
           lg_str_contains(line, LG_STR("defer ")) ||
           lg_str_contains(line, LG_STR("range "));
}
