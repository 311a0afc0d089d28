/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process's memory cgroup is. */
#include "sources/cgroupfs.h"

#include "base/io.h"
#include "base/sb.h"
#include "decode/cgroup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* One line per mount; a machine with 10,000 containers has 50,000 of them. */
#define MAX_MOUNTINFO_BYTES ((size_t)32 << 20)
#define MAX_CGROUP_BYTES ((size_t)256 << 10)

int lg_cgroup_open(const struct lg_host *host, struct lg_str dir,
                   struct lg_error *err)
{
    char path[PATH_MAX];
    if (dir.len >= sizeof path) {
        (void)lg_fail(err, LG_LIMIT, "the cgroup's path is too long");
        return -1;
    }
    (void)snprintf(path, sizeof path, "%.*s", LG_STR_ARG(dir));
    int fd = lg_host_open(host, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        (void)lg_fail_os(err, errno, "cannot open cgroup %s", path);
    return fd;
}

static bool read_proc(const struct lg_host *host, const char *who,
                      const char *name, size_t limit, struct lg_arena *arena,
                      struct lg_str *text_ret, struct lg_error *err)
{
    char path[64];
    (void)snprintf(path, sizeof path, "proc/%s/%s", who, name);
    LG_CLOSE
    int fd = lg_host_open(host, path, O_RDONLY);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s", path);
    return lg_read_all(fd, limit, arena, text_ret, err) ||
           lg_context(err, "%s", path);
}

/* Path of a cgroup seen through a mount that shows the hierarchy from `root`
 * on. false: it lies outside of what is mounted. */
static bool below_root(struct lg_str path, struct lg_str root,
                       struct lg_str *rest_ret)
{
    struct lg_str rest;
    if (lg_str_starts(path, LG_STR("/..")))
        return false; /* outside of our cgroup namespace */
    if (lg_str_eq(root, LG_STR("/"))) {
        *rest_ret = lg_str_eq(path, root) ? LG_STR("") : path;
        return true;
    }
    if (!lg_str_after(path, root, &rest) ||
        (rest.len > 0 && rest.data[0] != '/'))
        return false;
    *rest_ret = rest;
    return true;
}

static bool fill_place(struct lg_cgroup_place *place, struct lg_str mount,
                       struct lg_str root, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_sb sb;
    struct lg_str rest;
    /* Docker without cgroup namespaces: /proc says "/docker/<id>" and the
     * mount's root too. A process elsewhere cannot be seen from here. */
    if (!below_root(place->path, root, &rest))
        return lg_fail(
            err, LG_ABSENT,
            "cgroup %.*s lies outside of what is mounted here (%.*s)",
            LG_STR_ARG(place->path), LG_STR_ARG(root));
    place->top = lg_str_skip(mount, 1);
    place->hierarchy_root = root;
    lg_sb_init(&sb, arena);
    lg_sb_str(&sb, place->top);
    lg_sb_str(&sb, rest);
    place->dir = lg_sb_view(&sb);
    return !sb.failed || lg_fail_nomem(err);
}

/* "/a/b" → "/a" → "/" */
static bool go_up(struct lg_str *path)
{
    ptrdiff_t at = lg_str_rfind_char(*path, '/');
    if (at < 0 || path->len <= 1)
        return false;
    *path = lg_str_first(*path, at == 0 ? 1 : (size_t)at);
    return true;
}

bool lg_cgroup_place_up(struct lg_cgroup_place *place)
{
    struct lg_cgroup_place up = *place;
    if (up.dir.len <= up.top.len || !go_up(&up.dir) || !go_up(&up.path))
        return false;
    *place = up;
    return true;
}

/* Mounts as we see them ("self"); a copy may only have those of the process. */
static bool read_mountinfo(const struct lg_host *host, const char *pid,
                           struct lg_arena *arena, struct lg_str *ret,
                           struct lg_error *err)
{
    return read_proc(host, "self", "mountinfo", MAX_MOUNTINFO_BYTES, arena, ret,
                     err) ||
           (!host->is_live && read_proc(host, pid, "mountinfo",
                                        MAX_MOUNTINFO_BYTES, arena, ret, err));
}

/* v2: a cgroup without the controller is charged to the next one above that
 * has it; where none has, the process's own is as good as any. */
static void go_to_charged(const struct lg_host *host,
                          struct lg_cgroup_place *place)
{
    struct lg_cgroup_place at = *place;
    if (place->version != 2)
        return;
    do {
        LG_CLOSE
        int fd = lg_cgroup_open(host, at.dir, NULL);
        if (fd >= 0 && faccessat(fd, "memory.current", F_OK, 0) == 0) {
            *place = at;
            return;
        }
    } while (lg_cgroup_place_up(&at));
}

static bool find_mount(const struct lg_host *host, const char *pid, int version,
                       struct lg_cgroup_mounts *mounts, struct lg_arena *arena,
                       struct lg_arena *scratch, struct lg_error *err)
{
    struct lg_str text = {0};
    if (mounts->of[version].known)
        return true;
    if (!read_mountinfo(host, pid, scratch, &text, err) ||
        !lg_mountinfo_cgroup_parse(text, version, arena,
                                   &mounts->of[version].mount,
                                   &mounts->of[version].root, err))
        return false;
    mounts->of[version].known = true;
    return true;
}

static bool find_place(const struct lg_host *host, const char *pid,
                       struct lg_cgroup_mounts *mounts, struct lg_arena *arena,
                       struct lg_arena *scratch,
                       struct lg_cgroup_place *place_ret, struct lg_error *err)
{
    struct lg_cgroup_place place = {0};
    struct lg_str text = {0}, path;
    if (!read_proc(host, pid, "cgroup", MAX_CGROUP_BYTES, scratch, &text, err))
        return false;
    if (!lg_proc_cgroup_parse(text, &place.version, &path, err))
        return false;
    place.path = place.process_path = lg_str_dup(arena, path);
    if (place.path.data == NULL)
        return lg_fail_nomem(err);
    int version = place.version;
    if (!find_mount(host, pid, version, mounts, arena, scratch, err) ||
        !fill_place(&place, mounts->of[version].mount, mounts->of[version].root,
                    arena, err))
        return false;
    go_to_charged(host, &place);
    *place_ret = place;
    return true;
}

bool lg_cgroup_place_find_next(const struct lg_host *host, int64_t pid,
                               struct lg_cgroup_mounts *mounts,
                               struct lg_arena *arena,
                               struct lg_cgroup_place *place_ret,
                               struct lg_error *err)
{
    struct lg_arena scratch;
    char name[24];
    (void)snprintf(name, sizeof name, "%lld", (long long)pid);
    lg_arena_init(&scratch, 4 * MAX_MOUNTINFO_BYTES);
    bool ok = find_place(host, name, mounts, arena, &scratch, place_ret, err);
    lg_arena_deinit(&scratch);
    return ok;
}

bool lg_cgroup_place_find(const struct lg_host *host, int64_t pid,
                          struct lg_arena *arena,
                          struct lg_cgroup_place *place_ret,
                          struct lg_error *err)
{
    struct lg_cgroup_mounts mounts = {0};
    return lg_cgroup_place_find_next(host, pid, &mounts, arena, place_ret, err);
}
