/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

int lg_str_cmp(struct lg_str a, struct lg_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common != 0 ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t lg_str_find(struct lg_str s, struct lg_str needle)
{
    if (needle.len == 0)
        return 0;
    if (s.len < needle.len)
        return -1;
    const char *p = memmem(s.data, s.len, needle.data, needle.len);
    return p != NULL ? p - s.data : -1;
}

ptrdiff_t lg_str_rfind(struct lg_str s, struct lg_str needle)
{
    if (needle.len == 0)
        return (ptrdiff_t)s.len;
    if (s.len < needle.len)
        return -1;
    size_t starts = s.len - needle.len + 1;
    while (starts != 0) {
        const char *p = memrchr(s.data, needle.data[0], starts);
        if (p == NULL)
            return -1;
        if (memcmp(p, needle.data, needle.len) == 0)
            return p - s.data;
        starts = (size_t)(p - s.data);
    }
    return -1;
}

ptrdiff_t lg_str_find_char(struct lg_str s, char c)
{
    const char *p = s.len != 0 ? memchr(s.data, c, s.len) : NULL;
    return p != NULL ? p - s.data : -1;
}

ptrdiff_t lg_str_rfind_char(struct lg_str s, char c)
{
    const char *p = s.len != 0 ? memrchr(s.data, c, s.len) : NULL;
    return p != NULL ? p - s.data : -1;
}

bool lg_str_contains(struct lg_str s, struct lg_str needle)
{
    return lg_str_find(s, needle) >= 0;
}

static struct lg_cut cut_at(struct lg_str s, ptrdiff_t at, size_t width)
{
    if (at < 0)
        return (struct lg_cut){.head = s, .tail = lg_str_skip(s, s.len)};
    return (struct lg_cut){.head = lg_str_first(s, (size_t)at),
                           .tail = lg_str_skip(s, (size_t)at + width),
                           .found = true};
}

struct lg_cut lg_str_cut(struct lg_str s, struct lg_str separator)
{
    return cut_at(s, lg_str_find(s, separator), separator.len);
}

struct lg_cut lg_str_cut_char(struct lg_str s, char separator)
{
    return cut_at(s, lg_str_find_char(s, separator), 1);
}

struct lg_cut lg_str_rcut(struct lg_str s, struct lg_str separator)
{
    return cut_at(s, lg_str_rfind(s, separator), separator.len);
}

struct lg_cut lg_str_rcut_char(struct lg_str s, char separator)
{
    return cut_at(s, lg_str_rfind_char(s, separator), 1);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct lg_str lg_str_trim(struct lg_str s)
{
    return lg_str_trim_left(lg_str_trim_right(s));
}

struct lg_str lg_str_trim_left(struct lg_str s)
{
    size_t n = 0;
    while (n < s.len && is_blank(s.data[n]))
        n++;
    return lg_str_skip(s, n);
}

struct lg_str lg_str_trim_right(struct lg_str s)
{
    while (s.len > 0 && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

bool lg_str_word(struct lg_str *s, struct lg_str *word_ret)
{
    struct lg_str rest = lg_str_trim_left(*s);
    size_t n = 0;
    while (n < rest.len && !is_blank(rest.data[n]))
        n++;
    *s = lg_str_skip(rest, n);
    if (n == 0)
        return false;
    *word_ret = lg_str_first(rest, n);
    return true;
}

struct lg_str lg_str_dup(struct lg_arena *arena, struct lg_str s)
{
    char *copy = lg_arena_alloc(arena, s.len, 1);
    if (copy == NULL)
        return (struct lg_str){NULL, 0};
    if (s.len != 0)
        memcpy(copy, s.data, s.len);
    return (struct lg_str){copy, s.len};
}

char *lg_str_cstr(struct lg_arena *arena, struct lg_str s)
{
    char *copy = lg_arena_alloc(arena, s.len + 1, 1);
    if (copy != NULL && s.len != 0)
        memcpy(copy, s.data, s.len);
    return copy;
}

uint64_t lg_str_hash(struct lg_str s)
{
    return XXH3_64bits(s.len != 0 ? s.data : "", s.len);
}
