/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process's memory cgroup is, and all facts of one. */
#include "sources/cgroupfs.h"

#include "base/io.h"
#include "base/lines.h"
#include "base/sb.h"
#include "decode/cgroup_files.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* One line per mount; a machine with 10,000 containers has 50,000 of them. */
#define MAX_MOUNTINFO_BYTES ((size_t)32 << 20)
#define MAX_CGROUP_BYTES ((size_t)256 << 10)
#define MAX_PROCS_BYTES ((size_t)4 << 20)
#define MAX_PIDS 65536
/* Levels below a cgroup that are looked into for its processes. */
#define MAX_DEPTH 10

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

static bool find_place(const struct lg_host *host, const char *pid,
                       struct lg_arena *arena, struct lg_arena *scratch,
                       struct lg_cgroup_place *place_ret, struct lg_error *err)
{
    struct lg_cgroup_place place = {0};
    struct lg_str text, path, mount, root;
    if (!read_proc(host, pid, "cgroup", MAX_CGROUP_BYTES, scratch, &text, err))
        return false;
    if (!lg_proc_cgroup_parse(text, &place.version, &path, err))
        return false;
    place.path = lg_str_dup(arena, path);
    if (place.path.data == NULL)
        return lg_fail_nomem(err);
    if (!read_mountinfo(host, pid, scratch, &text, err) ||
        !lg_mountinfo_cgroup_parse(text, place.version, arena, &mount, &root,
                                   err) ||
        !fill_place(&place, mount, root, arena, err))
        return false;
    *place_ret = place;
    return true;
}

bool lg_cgroup_place_find(const struct lg_host *host, int64_t pid,
                          struct lg_arena *arena,
                          struct lg_cgroup_place *place_ret,
                          struct lg_error *err)
{
    struct lg_arena scratch;
    char name[24];
    (void)snprintf(name, sizeof name, "%lld", (long long)pid);
    lg_arena_init(&scratch, 4 * MAX_MOUNTINFO_BYTES);
    bool ok = find_place(host, name, arena, &scratch, place_ret, err);
    lg_arena_deinit(&scratch);
    return ok;
}

static struct lg_num read_number(int dir_fd, const char *name)
{
    char buffer[64];
    struct lg_str text;
    if (!lg_small_file(dir_fd, name, buffer, sizeof buffer, &text))
        return (struct lg_num){0};
    return lg_cgroup_number_parse(text);
}

static struct lg_num read_limit(int dir_fd, const char *name)
{
    char buffer[64];
    struct lg_str text;
    if (!lg_small_file(dir_fd, name, buffer, sizeof buffer, &text))
        return (struct lg_num){0};
    return lg_cgroup_limit_parse(text);
}

static struct lg_num difference(struct lg_num a, struct lg_num b)
{
    if (!a.known || !b.known)
        return (struct lg_num){0};
    return lg_known(a.value > b.value ? a.value - b.value : 0);
}

static void read_v1(int dir_fd, struct lg_cgroup *c)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text;
    c->limit_bytes = read_limit(dir_fd, "memory.limit_in_bytes");
    c->usage_bytes = read_number(dir_fd, "memory.usage_in_bytes");
    c->peak_bytes = read_number(dir_fd, "memory.max_usage_in_bytes");
    c->failcnt = read_number(dir_fd, "memory.failcnt");
    c->kmem_bytes = read_number(dir_fd, "memory.kmem.usage_in_bytes");
    c->kernel_bytes = c->kmem_bytes;
    c->swap_bytes = difference(
        read_number(dir_fd, "memory.memsw.usage_in_bytes"), c->usage_bytes);
    c->swap_limit_bytes = difference(
        read_limit(dir_fd, "memory.memsw.limit_in_bytes"), c->limit_bytes);
    if (lg_small_file(dir_fd, "memory.oom_control", buffer, sizeof buffer,
                      &text))
        lg_cgroup_oom_control_parse(text, c);
}

static void read_v2(int dir_fd, struct lg_cgroup *c)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text;
    c->limit_bytes = read_limit(dir_fd, "memory.max");
    c->usage_bytes = read_number(dir_fd, "memory.current");
    c->peak_bytes = read_number(dir_fd, "memory.peak");
    c->swap_bytes = read_number(dir_fd, "memory.swap.current");
    c->swap_limit_bytes = read_limit(dir_fd, "memory.swap.max");
    c->oom_group = read_number(dir_fd, "memory.oom.group").value == 1;
    if (lg_small_file(dir_fd, "memory.events", buffer, sizeof buffer, &text))
        lg_cgroup_events_parse(text, c);
    if (lg_small_file(dir_fd, "memory.pressure", buffer, sizeof buffer, &text))
        lg_psi_parse(text, &c->psi);
}

/* "/a/b" → "/a" → "/"; false at the top. */
static bool go_up(struct lg_str *path)
{
    ptrdiff_t at = lg_str_rfind_char(*path, '/');
    if (at < 0 || path->len <= 1)
        return false;
    *path = lg_str_first(*path, at == 0 ? 1 : (size_t)at);
    return true;
}

static void lower(struct lg_cgroup *c, struct lg_num limit, struct lg_str path)
{
    if (!limit.known || (c->effective_limit_bytes.known &&
                         limit.value >= c->effective_limit_bytes.value))
        return;
    c->effective_limit_bytes = limit;
    c->limit_path = path;
}

static void lower_high(struct lg_cgroup *c, struct lg_num high)
{
    if (high.known &&
        (!c->high_bytes.known || high.value < c->high_bytes.value))
        c->high_bytes = high;
}

/* v1 up to Linux 5.10 charges a parent only where it says so. */
static bool charges_parent(int version, int parent_fd)
{
    struct lg_num n;
    if (version == 2)
        return true;
    n = read_number(parent_fd, "memory.use_hierarchy");
    return !n.known || n.value != 0;
}

static void look_up(const struct lg_host *host,
                    const struct lg_cgroup_place *place, struct lg_cgroup *c)
{
    struct lg_str dir = place->dir, path = place->path;
    bool v1 = place->version == 1;
    while (dir.len > place->top.len && go_up(&dir) && go_up(&path)) {
        LG_CLOSE
        int fd = lg_cgroup_open(host, dir, NULL);
        if (fd < 0 || !charges_parent(place->version, fd))
            return;
        lower(c, read_limit(fd, v1 ? "memory.limit_in_bytes" : "memory.max"),
              path);
        if (!v1)
            lower_high(c, read_limit(fd, "memory.high"));
    }
}

/* v1 tells the lowest limit of all ancestors, those too that a container's
 * mount hides. */
static void lower_by_stat(struct lg_cgroup *c,
                          const struct lg_cgroup_place *place)
{
    lg_each(s, c->stats) {
        if (lg_str_eq(s->name, LG_STR("hierarchical_memory_limit")) &&
            s->value < (UINT64_C(1) << 62))
            lower(c, lg_known(s->value), place->hierarchy_root);
    }
}

struct lg_num lg_host_memory_bytes(const struct lg_host *host)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text, line, rest, word;
    uint64_t kib;
    LG_CLOSE
    int fd = lg_host_open(host, "proc/meminfo", O_RDONLY);
    if (fd < 0 || !lg_small_pread(fd, buffer, sizeof buffer, &text))
        return (struct lg_num){0};
    while (lg_lines_next(&text, &line)) {
        if (lg_str_after(line, LG_STR("MemTotal:"), &rest) &&
            lg_str_word(&rest, &word) && lg_str_u64(word, &kib) &&
            kib < UINT64_MAX / 1024)
            return lg_known(kib * 1024);
    }
    return (struct lg_num){0};
}

static bool add_pids(int dir_fd, struct lg_arena *arena, struct lg_cgroup *c)
{
    struct lg_arena scratch;
    struct lg_str text, line;
    bool ok = true;
    int64_t pid;
    lg_arena_init(&scratch, 4 * MAX_PROCS_BYTES);
    if (!lg_read_file(dir_fd, "cgroup.procs", MAX_PROCS_BYTES, &scratch, &text,
                      NULL))
        text = LG_STR("");
    while (ok && c->pids.count < MAX_PIDS && lg_lines_next(&text, &line)) {
        if (!lg_str_i64(line, &pid))
            continue;
        int64_t *slot = lg_push(arena, &c->pids);
        ok = slot != NULL;
        if (ok)
            *slot = pid;
    }
    lg_arena_deinit(&scratch);
    return ok;
}

static bool add_subtree(int dir_fd, int depth, struct lg_arena *arena,
                        struct lg_cgroup *c)
{
    struct lg_dents d;
    struct stat st;
    const char *name;
    if (!add_pids(dir_fd, arena, c))
        return false;
    if (depth == MAX_DEPTH)
        return true;
    lg_dents_init(&d, dir_fd);
    while ((name = lg_dents_next(&d)) != NULL) {
        if (*name == '.' ||
            fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(st.st_mode))
            continue;
        LG_CLOSE
        int child = openat(dir_fd, name,
                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0 && !add_subtree(child, depth + 1, arena, c))
            return false;
    }
    return true;
}

bool lg_cgroup_read(const struct lg_host *host,
                    const struct lg_cgroup_place *place, bool with_pids,
                    struct lg_arena *arena, struct lg_cgroup *ret,
                    struct lg_error *err)
{
    struct lg_cgroup c = {.version = place->version, .path = place->path};
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text;
    LG_CLOSE
    int fd = lg_cgroup_open(host, place->dir, err);
    if (fd < 0)
        return false;
    if (place->version == 1)
        read_v1(fd, &c);
    else
        read_v2(fd, &c);
    if (lg_small_file(fd, "memory.stat", buffer, sizeof buffer, &text))
        lg_cgroup_stat_parse(text, place->version, arena, &c);
    lower(&c, c.limit_bytes, place->path);
    if (place->version == 2)
        lower_high(&c, read_limit(fd, "memory.high"));
    look_up(host, place, &c);
    lower_by_stat(&c, place);
    lower(&c, lg_host_memory_bytes(host), LG_STR(""));
    if (with_pids && !add_subtree(fd, 0, arena, &c))
        return lg_fail_nomem(err);
    *ret = c;
    return true;
}
