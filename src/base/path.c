/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

/* The next element of *rest, which advances; slashes before it are skipped.
 * false: none is left. */
static bool next_element(struct lg_str *rest, struct lg_str *ret)
{
    size_t at = 0;
    while (at < rest->len && rest->data[at] == '/')
        at++;
    *rest = lg_str_skip(*rest, at);
    if (rest->len == 0)
        return false;
    ptrdiff_t end = lg_str_find_char(*rest, '/');
    *ret = lg_str_first(*rest, end < 0 ? rest->len : (size_t)end);
    *rest = lg_str_skip(*rest, ret->len);
    return true;
}

/* Elements apart by one slash, no trailing one, no "." and no "..": the usual
 * case, which needs no memory. A leading ".." is clean, but rare. */
static bool is_clean(struct lg_str s)
{
    if (s.len == 0)
        return false;
    if (s.len == 1)
        return true;
    size_t at = s.data[0] == '/';
    while (at < s.len) {
        struct lg_str tail = lg_str_skip(s, at);
        ptrdiff_t end = lg_str_find_char(tail, '/');
        size_t len = end < 0 ? tail.len : (size_t)end;
        if (len == 0 || (len <= 2 && tail.data[0] == '.' &&
                         (len == 1 || tail.data[1] == '.')))
            return false;
        at += len + 1;
    }
    return s.data[s.len - 1] != '/';
}

struct written {
    char *text;
    size_t len;
    size_t fixed; /* what ".." does not take back: the root, leading ".." */
};

static void append(struct written *w, struct lg_str element)
{
    if (w->len != 0 && w->text[w->len - 1] != '/')
        w->text[w->len++] = '/';
    memcpy(w->text + w->len, element.data, element.len);
    w->len += element.len;
}

static void put_element(struct written *w, struct lg_str element, bool rooted)
{
    if (lg_str_eq(element, LG_STR(".")))
        return;
    if (!lg_str_eq(element, LG_STR(".."))) {
        append(w, element);
    } else if (w->len > w->fixed) {
        while (w->len > w->fixed && w->text[w->len - 1] != '/')
            w->len--;
        if (w->len > w->fixed)
            w->len--;
    } else if (!rooted) {
        append(w, element);
        w->fixed = w->len;
    }
}

struct lg_str lg_path_clean(struct lg_str s, struct lg_arena *arena)
{
    if (is_clean(s))
        return s;
    bool rooted = lg_path_is_absolute(s);
    struct written w = {.text = lg_arena_alloc(arena, s.len + 1, 1)};
    if (w.text == NULL)
        return (struct lg_str){0};
    if (rooted) {
        w.text[w.len++] = '/';
        w.fixed = 1;
    }
    struct lg_str element;
    while (next_element(&s, &element))
        put_element(&w, element, rooted);
    if (w.len == 0)
        w.text[w.len++] = '.';
    return lg_str_from(w.text, w.len);
}

struct lg_str lg_path_join(struct lg_str folder, struct lg_str name,
                           struct lg_arena *arena)
{
    if (folder.len == 0 && name.len == 0)
        return LG_STR("");
    if (folder.len == 0)
        return lg_path_clean(name, arena);
    if (name.len == 0)
        return lg_path_clean(folder, arena);
    char *text = lg_arena_alloc(arena, folder.len + 1 + name.len, 1);
    if (text == NULL)
        return (struct lg_str){0};
    memcpy(text, folder.data, folder.len);
    text[folder.len] = '/';
    memcpy(text + folder.len + 1, name.data, name.len);
    return lg_path_clean(lg_str_from(text, folder.len + 1 + name.len), arena);
}

struct lg_str lg_path_base(struct lg_str s)
{
    if (s.len == 0)
        return LG_STR(".");
    while (s.len > 1 && s.data[s.len - 1] == '/')
        s.len--;
    if (s.len == 1 && s.data[0] == '/')
        return s;
    return lg_str_skip(s, (size_t)(lg_str_rfind_char(s, '/') + 1));
}

struct lg_str lg_path_dir(struct lg_str s, struct lg_arena *arena)
{
    return lg_path_clean(
        lg_str_first(s, (size_t)(lg_str_rfind_char(s, '/') + 1)), arena);
}
