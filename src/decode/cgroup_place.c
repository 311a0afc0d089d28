/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroup a process is in, and where its hierarchy is mounted. */
#include "base/lines.h"
#include "decode/cgroup_files.h"

/* Is word one of the comma-separated ones? */
static bool in_list(struct lg_str list, struct lg_str word)
{
    while (list.len > 0) {
        struct lg_cut cut = lg_str_cut_char(list, ',');
        if (lg_str_eq(cut.head, word))
            return true;
        list = cut.tail;
    }
    return false;
}

/* "4:memory:/a/b", "0::/a/b". The path may hold colons. A cgroup that was
 * removed under the process has " (deleted)" behind it. */
bool lg_proc_cgroup_parse(struct lg_str text, int *version_ret,
                          struct lg_str *path_ret, struct lg_error *err)
{
    struct lg_str line, v1 = {0}, v2 = {0};
    while (lg_lines_next(&text, &line)) {
        struct lg_cut number = lg_str_cut_char(line, ':');
        struct lg_cut names = lg_str_cut_char(number.tail, ':');
        struct lg_str path = names.tail;
        if (!names.found || !lg_str_starts(path, LG_STR("/")))
            continue;
        if (lg_str_ends(path, LG_STR(" (deleted)")))
            path = lg_str_first(path, path.len - 10);
        if (in_list(names.head, LG_STR("memory")))
            v1 = path;
        else if (names.head.len == 0 && lg_str_eq(number.head, LG_STR("0")))
            v2 = path;
    }
    if (v1.len == 0 && v2.len == 0)
        return lg_fail(err, LG_ABSENT, "no memory cgroup is named there");
    *version_ret = v1.len > 0 ? 1 : 2;
    *path_ret = v1.len > 0 ? v1 : v2;
    return true;
}

struct mount {
    struct lg_str root, point, type, options;
};

/* "36 35 98:0 /root /point opts optional… - type source super-options" */
static bool mount_line(struct lg_str line, struct mount *ret)
{
    struct lg_cut halves = lg_str_cut(line, LG_STR(" - "));
    struct lg_str left = halves.head, right = halves.tail, word;
    if (!halves.found)
        return false;
    for (int field = 0; field < 3; field++) {
        if (!lg_str_word(&left, &word))
            return false;
    }
    return lg_str_word(&left, &ret->root) && lg_str_word(&left, &ret->point) &&
           lg_str_word(&right, &ret->type) && lg_str_word(&right, &word) &&
           lg_str_word(&right, &ret->options);
}

static bool octal(struct lg_str s, char *ret)
{
    unsigned n = 0;
    if (s.len < 4)
        return false;
    for (size_t i = 1; i < 4; i++) {
        if (s.data[i] < '0' || s.data[i] > '7')
            return false;
        n = n * 8 + (unsigned)(s.data[i] - '0');
    }
    *ret = (char)(n & 0xff);
    return n <= 0xff;
}

/* Blanks, tabs, newlines and backslashes are \040 and so on. */
static struct lg_str unescape(struct lg_str s, struct lg_arena *arena)
{
    char *out = lg_arena_alloc(arena, s.len + 1, 1);
    size_t len = 0;
    if (out == NULL)
        return (struct lg_str){0};
    while (s.len > 0) {
        size_t step = s.data[0] == '\\' && octal(s, &out[len]) ? 4 : 1;
        if (step == 1)
            out[len] = s.data[0];
        len++;
        s = lg_str_skip(s, step);
    }
    return lg_str_from(out, len);
}

static bool carries_memory(const struct mount *m, int version)
{
    if (version == 2)
        return lg_str_eq(m->type, LG_STR("cgroup2"));
    return lg_str_eq(m->type, LG_STR("cgroup")) &&
           in_list(m->options, LG_STR("memory"));
}

/* A hierarchy may be mounted several times; the one that shows it from its
 * root shows the most. */
bool lg_mountinfo_cgroup_parse(struct lg_str text, int version,
                               struct lg_arena *arena, struct lg_str *mount_ret,
                               struct lg_str *root_ret, struct lg_error *err)
{
    struct mount m, best = {0};
    struct lg_str line;
    while (lg_lines_next(&text, &line)) {
        if (!mount_line(line, &m) || !carries_memory(&m, version))
            continue;
        if (best.point.len == 0 || (lg_str_eq(m.root, LG_STR("/")) &&
                                    !lg_str_eq(best.root, LG_STR("/"))))
            best = m;
    }
    if (best.point.len == 0)
        return lg_fail(err, LG_ABSENT,
                       "the memory hierarchy (cgroup v%d) is not mounted",
                       version);
    struct lg_str point = unescape(best.point, arena);
    struct lg_str root = unescape(best.root, arena);
    if (point.data == NULL || root.data == NULL)
        return lg_fail_nomem(err);
    *mount_ret = point;
    *root_ret = root;
    return true;
}
