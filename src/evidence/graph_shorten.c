/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pprof shortens names by five regular expressions (graph.go
 * ShortenFunctionName); here they are written out, each quoted where it is
 * matched, for a name of each node is tried against all of them.
 */
#include "evidence/graph.h"

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c) /* \w */
{
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
}

static char at(struct lg_str s, size_t i)
{
    return i < s.len ? s.data[i] : '\0';
}

/* /v(?:[2-9]|[1-9][0-9]+)[./]: length before the last character, or 0. */
static size_t version_len(struct lg_str s)
{
    size_t len = 2;
    if (at(s, 0) != '/' || at(s, 1) != 'v' || !is_digit(at(s, 2)) ||
        at(s, 2) == '0')
        return 0;
    while (is_digit(at(s, len)))
        len++;
    if (len == 3 && at(s, 2) == '1')
        return 0;
    return at(s, len) == '.' || at(s, len) == '/' ? len : 0;
}

/* ^(.*?)/v(?:[2-9]|[1-9][0-9]+)([./].*)$: the version goes. */
static struct lg_str without_version(struct lg_str s, struct lg_arena *arena)
{
    for (size_t i = 0; i < s.len; i++) {
        size_t len = version_len(lg_str_skip(s, i));
        if (len == 0)
            continue;
        char *text = lg_str_find_char(s, '\n') < 0
                         ? lg_new(arena, char, s.len - len)
                         : NULL;
        if (text == NULL)
            return s;
        memcpy(text, s.data, i);
        memcpy(text + i, s.data + i + len, s.len - i - len);
        return lg_str_from(text, s.len - len);
    }
    return s;
}

/* [^.]+\..+ at the start of s. */
static bool go_tail(struct lg_str s, struct lg_str *ret)
{
    ptrdiff_t dot = lg_str_find_char(s, '.');
    if (dot < 1 || (size_t)dot + 1 >= s.len || s.data[dot + 1] == '\n')
        return false;
    struct lg_str rest = lg_str_skip(s, (size_t)dot);
    ptrdiff_t end = lg_str_find_char(rest, '\n');
    *ret = end < 0 ? s : lg_str_first(s, (size_t)dot + (size_t)end);
    return true;
}

/* ^(?:[\w\-\.]+\/)+([^.]+\..+): as many folders as can go. */
static bool go_name(struct lg_str s, struct lg_str *ret)
{
    bool found = false;
    size_t start = 0; /* of the folder */
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '/' && i > start) {
            start = i + 1;
            found = go_tail(lg_str_skip(s, start), ret) || found;
        } else if (!is_word(c) && c != '-' && c != '.') {
            break;
        }
    }
    return found;
}

static size_t word_end(struct lg_str s, size_t i, bool with_dollar)
{
    while (i < s.len &&
           (is_word(s.data[i]) || (with_dollar && s.data[i] == '$')))
        i++;
    return i;
}

/* ^(?:[a-z]\w*\.)*([A-Z][\w\$]*\.(?:<init>|[a-z][\w\$]*(?:\$\d+)?))(?:(?:\()|$)
 */
static bool java_name(struct lg_str s, struct lg_str *ret)
{
    size_t i = 0;
    while (is_lower(at(s, i))) {
        size_t end = word_end(s, i, false);
        if (at(s, end) != '.')
            return false;
        i = end + 1;
    }
    size_t start = i;
    if (!is_upper(at(s, i)))
        return false;
    i = word_end(s, i, true);
    if (at(s, i) != '.')
        return false;
    i++;
    if (lg_str_starts(lg_str_skip(s, i), LG_STR("<init>")))
        i += 6;
    else if (is_lower(at(s, i)))
        i = word_end(s, i, true);
    else
        return false;
    if (i < s.len && s.data[i] != '(')
        return false;
    *ret = lg_str_skip(lg_str_first(s, i), start);
    return true;
}

static bool begins_identifier(struct lg_str s, size_t i)
{
    return i < s.len && is_word(s.data[i]) && !is_digit(s.data[i]);
}

/* [_a-zA-Z]\w*:: from i: the end, or i. */
static size_t scope_end(struct lg_str s, size_t i)
{
    if (!begins_identifier(s, i))
        return i;
    size_t end = word_end(s, i, false);
    return at(s, end) == ':' && at(s, end + 1) == ':' ? end + 2 : i;
}

/* _*[A-Z] at i. */
static bool begins_class(struct lg_str s, size_t i)
{
    while (at(s, i) == '_')
        i++;
    return is_upper(at(s, i));
}

/* ~?[_a-zA-Z]\w*(?:<.*>)? from i: the end, or i. */
static size_t method_end(struct lg_str s, size_t i)
{
    size_t start = i;
    if (at(s, i) == '~')
        i++;
    if (!begins_identifier(s, i))
        return start;
    i = word_end(s, i, false);
    if (at(s, i) != '<')
        return i;
    size_t end = i;
    for (size_t k = i; k < s.len && s.data[k] != '\n'; k++) {
        if (s.data[k] == '>')
            end = k + 1;
    }
    return end;
}

/* ^(?:[_a-zA-Z]\w*::)+(_*[A-Z]\w*::~?[_a-zA-Z]\w*(?:<.*>)?): as many name
 * spaces as can go. */
static bool cpp_name(struct lg_str s, struct lg_str *ret)
{
    bool found = false;
    size_t i = scope_end(s, 0), end;
    while (i != 0 && (end = scope_end(s, i)) != i) {
        size_t method = method_end(s, end);
        if (begins_class(s, i) && method != end) {
            *ret = lg_str_skip(lg_str_first(s, method), i);
            found = true;
        }
        i = end;
    }
    return found;
}

struct lg_str lg_shorten_function_name(struct lg_str name,
                                       struct lg_arena *arena)
{
    struct lg_str shorter;
    lg_str_after(name, LG_STR("(anonymous namespace)::"), &name);
    name = without_version(name, arena);
    if (go_name(name, &shorter) || java_name(name, &shorter) ||
        cpp_name(name, &shorter))
        return shorter;
    return name;
}
