/* SPDX-License-Identifier: Apache-2.0 */
/* All facts of a memory cgroup, and the limits on the way up. */
#include "base/io.h"
#include "base/lines.h"
#include "decode/cgroup_files.h"
#include "sources/cgroupfs.h"
#include "sources/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#define MAX_PROCS_BYTES ((size_t)4 << 20)
#define MAX_PIDS 65536
/* Levels below a cgroup that are looked into for its processes. */
#define MAX_DEPTH 10

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
    struct lg_cgroup_place up = *place;
    bool v1 = place->version == 1;
    while (lg_cgroup_place_up(&up)) {
        LG_CLOSE
        int fd = lg_cgroup_open(host, up.dir, NULL);
        if (fd < 0 || !charges_parent(place->version, fd))
            return;
        lower(c, read_limit(fd, v1 ? "memory.limit_in_bytes" : "memory.max"),
              up.path);
        if (!v1)
            lower_high(c, read_limit(fd, "memory.high"));
    }
}

/* v1 tells the lowest limit of all ancestors in memory.stat: those too that a
 * container's mount hides. */
static struct lg_num hierarchical_limit(struct lg_str stat)
{
    struct lg_str line, rest;
    while (lg_lines_next(&stat, &line)) {
        if (lg_str_after(line, LG_STR("hierarchical_memory_limit "), &rest))
            return lg_cgroup_limit_parse(rest);
    }
    return (struct lg_num){0};
}

/* What the kernel can take back before it must kill: the files' pages. */
static struct lg_num reclaimable(const struct lg_cgroup *c)
{
    if (!c->inactive_file_bytes.known || !c->active_file_bytes.known)
        return (struct lg_num){0};
    return lg_known(c->inactive_file_bytes.value + c->active_file_bytes.value);
}

bool lg_cgroup_level_read(const struct lg_host *host,
                          const struct lg_cgroup_place *place,
                          struct lg_cgroup_level *ret, struct lg_error *err)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_cgroup c = {0};
    struct lg_str text;
    LG_CLOSE
    int fd = lg_cgroup_open(host, place->dir, err);
    if (fd < 0)
        return false;
    if (place->version == 1)
        read_v1(fd, &c);
    else
        read_v2(fd, &c);
    if (lg_small_file(fd, "memory.stat", buffer, sizeof buffer, &text)) {
        lg_cgroup_stat_parse(text, place->version, NULL, &c);
        if (place->dir.len == place->top.len)
            lower(&c, hierarchical_limit(text), place->path);
    }
    lower(&c, c.limit_bytes, place->path);
    *ret = (struct lg_cgroup_level){
        .path = place->path,
        .limit_bytes = c.effective_limit_bytes,
        .usage_bytes = c.usage_bytes,
        .reclaimable_bytes = reclaimable(&c),
        .oom_group = c.oom_group,
        .oom_kill_disabled = c.oom_kill_disabled,
    };
    return true;
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
    struct lg_num hidden = {0};
    struct lg_str text;
    LG_CLOSE
    int fd = lg_cgroup_open(host, place->dir, err);
    if (fd < 0)
        return false;
    if (place->version == 1)
        read_v1(fd, &c);
    else
        read_v2(fd, &c);
    if (lg_small_file(fd, "memory.stat", buffer, sizeof buffer, &text)) {
        lg_cgroup_stat_parse(text, place->version, arena, &c);
        hidden = hierarchical_limit(text);
    }
    lower(&c, c.limit_bytes, place->path);
    if (place->version == 2)
        lower_high(&c, read_limit(fd, "memory.high"));
    look_up(host, place, &c);
    lower(&c, hidden, place->hierarchy_root);
    lower(&c, lg_host_memory_bytes(host), LG_STR(""));
    if (with_pids && !add_subtree(fd, 0, arena, &c))
        return lg_fail_nomem(err);
    *ret = c;
    return true;
}
