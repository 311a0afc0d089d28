/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory cgroup for one run. Where it may be made:
 *
 *   v1              below our own; below the hierarchy's root when our own
 *                   cannot hold children
 *   v2, root        beside our own (below its parent), else below the root:
 *                   a cgroup with processes cannot share out memory
 *   v2, delegated   below our own, after all its processes went to its new
 *                   leaf lastgasp-self; else beside our own
 *
 * What was made or moved is undone when a later step fails.
 */
#include "base/io.h"
#include "base/sb.h"
#include "sources/cgroupfs.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF_LEAF LG_CGROUP_SELF_LEAF
/* Below this nothing can even be executed. */
#define MIN_LIMIT_BYTES (UINT64_C(64) << 10)
#define MAX_LIMIT_BYTES (UINT64_C(1) << 62)
/* A cgroup whose last process has just exited stays busy for a moment. */
#define EMPTY_TRIES 200
#define EMPTY_WAIT_MS 10
/* Rounds of moving: who forks meanwhile is in the next. */
#define MOVE_ROUNDS 16

static const char *way_out(int version)
{
    return version == 1 ? "run it with sudo"
                        : "run it as: systemd-run --user --scope -p "
                          "Delegate=yes lastgasp run …, or with sudo";
}

/* Moves every process of from_fd; false with errno when one could not. */
static bool move_all(int from_fd, int to_fd)
{
    char buffer[LG_SMALL_FILE_BYTES];
    for (int round = 0; round < MOVE_ROUNDS; round++) {
        struct lg_str text, word;
        if (!lg_small_file(from_fd, "cgroup.procs", buffer, sizeof buffer,
                           &text))
            return false;
        if (text.len == 0)
            return true;
        while (lg_str_word(&text, &word)) {
            /* A number at the buffer's end may be cut: the next round has it.
             * 0 is a process that our pid namespace does not show. */
            if (word.data + word.len == buffer + sizeof buffer ||
                lg_str_eq(word, LG_STR("0")))
                continue;
            if (!lg_small_write(to_fd, "cgroup.procs", word) && errno != ESRCH)
                return false;
        }
    }
    errno = EBUSY;
    return false;
}

static bool has_word(int dir_fd, const char *file, struct lg_str wanted)
{
    char buffer[1024];
    struct lg_str text, word;
    if (!lg_small_file(dir_fd, file, buffer, sizeof buffer, &text))
        return false;
    while (lg_str_word(&text, &word)) {
        if (lg_str_eq(word, wanted))
            return true;
    }
    return false;
}

/* v2: are children of this cgroup given a memory controller? */
static bool share_memory(int dir_fd)
{
    if (has_word(dir_fd, "cgroup.subtree_control", LG_STR("memory")))
        return true;
    if (!has_word(dir_fd, "cgroup.controllers", LG_STR("memory"))) {
        errno = EOPNOTSUPP;
        return false;
    }
    return lg_small_write(dir_fd, "cgroup.subtree_control", LG_STR("+memory"));
}

static int open_dir(int dir_fd, const char *name)
{
    return openat(dir_fd, name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool write_number(int dir_fd, const char *name, uint64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    return lg_small_write(dir_fd, name, lg_str_from(text, (size_t)len));
}

/* Without a limit on swap the program would go on, slower and slower. */
static bool set_limit(int dir_fd, int version, uint64_t limit_bytes)
{
    if (limit_bytes == 0)
        return true;
    if (version == 2) {
        if (!write_number(dir_fd, "memory.max", limit_bytes))
            return false;
        (void)write_number(dir_fd, "memory.swap.max", 0); /* no swap: absent */
        return true;
    }
    if (!write_number(dir_fd, "memory.limit_in_bytes", limit_bytes))
        return false;
    if (!write_number(dir_fd, "memory.memsw.limit_in_bytes", limit_bytes))
        (void)write_number(dir_fd, "memory.swappiness", 0);
    return true;
}

struct attempt {
    const struct lg_host *host;
    const struct lg_cgroup_place *own;
    const char *name;
    uint64_t limit_bytes;
    struct lg_arena *arena;
    struct lg_transient_cgroup c;
    int sys_errno; /* of the last place that was tried */
    const char *step;
};

static void no_cgroup(struct lg_transient_cgroup *c)
{
    *c = (struct lg_transient_cgroup){
        .dir_fd = -1, .procs_fd = -1, .parent_fd = -1, .home_fd = -1};
}

static bool failed_at(struct attempt *a, const char *step)
{
    a->sys_errno = errno;
    a->step = step;
    return false;
}

/* place of name below parent. */
static bool child_place(struct attempt *a, const struct lg_cgroup_place *parent,
                        struct lg_cgroup_place *ret)
{
    struct lg_sb path, dir;
    *ret = *parent;
    lg_sb_init(&path, a->arena);
    lg_sb_str(&path,
              lg_str_eq(parent->path, LG_STR("/")) ? LG_STR("") : parent->path);
    lg_sb_char(&path, '/');
    lg_sb_cstr(&path, a->name);
    lg_sb_init(&dir, a->arena);
    lg_sb_str(&dir, parent->dir);
    lg_sb_char(&dir, '/');
    lg_sb_cstr(&dir, a->name);
    ret->path = lg_sb_view(&path);
    ret->dir = lg_sb_view(&dir);
    return !path.failed && !dir.failed;
}

/* Takes the parent's descriptor. Makes the folder, sets the limit and opens
 * what the caller needs. */
static bool make_below(struct attempt *a, const struct lg_cgroup_place *parent,
                       int parent_fd)
{
    struct lg_transient_cgroup *c = &a->c;
    c->parent_fd = parent_fd;
    if (!child_place(a, parent, &c->place)) {
        errno = ENOMEM;
        return failed_at(a, "name it");
    }
    if (mkdirat(parent_fd, a->name, 0755) != 0)
        return failed_at(a, "make it");
    c->created = true;
    c->dir_fd = open_dir(parent_fd, a->name);
    if (c->dir_fd < 0)
        return failed_at(a, "open it");
    lg_cgroup_hold(c->dir_fd);
    lg_cgroup_sweep(parent_fd, a->name);
    if (!set_limit(c->dir_fd, parent->version, a->limit_bytes))
        return failed_at(a, "set its limit");
    c->procs_fd = openat(c->dir_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (c->procs_fd < 0)
        return failed_at(a, "put processes into it");
    if (c->home_fd < 0)
        c->home_fd = lg_cgroup_open(a->host, a->own->dir, NULL);
    /* v2: to move a process the common ancestor must be ours as well. */
    if (parent->version == 2 &&
        faccessat(parent_fd, "cgroup.procs", W_OK, AT_EACCESS) != 0)
        return failed_at(a, "move processes into it");
    return true;
}

static bool try_below(struct attempt *a, const struct lg_cgroup_place *parent)
{
    /* A taken name is no matter of place. */
    if (a->sys_errno == EEXIST)
        return false;
    int parent_fd = lg_cgroup_open(a->host, parent->dir, NULL);
    if (parent_fd < 0)
        return failed_at(a, "open its parent");
    if (parent->version == 2 && !share_memory(parent_fd)) {
        (void)failed_at(a, "enable the memory controller");
        (void)close(parent_fd);
        return false;
    }
    if (make_below(a, parent, parent_fd))
        return true;
    lg_transient_cgroup_destroy(&a->c);
    return false;
}

/* v2 in a delegated cgroup of our own: its processes go to a leaf, so that it
 * may share out memory. */
static bool try_inside(struct attempt *a, const struct lg_cgroup_place *own)
{
    struct lg_transient_cgroup *c = &a->c;
    if (a->sys_errno == EEXIST)
        return false;
    c->parent_fd = lg_cgroup_open(a->host, own->dir, NULL);
    if (c->parent_fd < 0)
        return failed_at(a, "open our own cgroup");
    if (mkdirat(c->parent_fd, SELF_LEAF, 0755) != 0 && errno != EEXIST) {
        (void)failed_at(a, "make a leaf for ourselves");
        lg_close_p(&c->parent_fd);
        return false;
    }
    c->moved_self = true;
    c->home_fd = open_dir(c->parent_fd, SELF_LEAF);
    bool ok = (c->home_fd >= 0 && move_all(c->parent_fd, c->home_fd)) ||
              failed_at(a, "move ourselves into a leaf");
    ok = ok && (share_memory(c->parent_fd) ||
                failed_at(a, "enable the memory controller"));
    if (ok && make_below(a, own, c->parent_fd))
        return true;
    lg_transient_cgroup_destroy(c);
    return false;
}

static struct lg_cgroup_place top_of(const struct lg_cgroup_place *own)
{
    struct lg_cgroup_place top = *own;
    top.path = own->hierarchy_root;
    top.dir = own->top;
    return top;
}

/* false: our own is the top already. */
static bool parent_of(const struct lg_cgroup_place *own,
                      struct lg_cgroup_place *ret)
{
    ptrdiff_t dir = lg_str_rfind_char(own->dir, '/');
    ptrdiff_t path = lg_str_rfind_char(own->path, '/');
    if (own->dir.len <= own->top.len || dir < 0 || path < 0)
        return false;
    *ret = *own;
    ret->dir = lg_str_first(own->dir, (size_t)dir);
    ret->path = lg_str_first(own->path, path == 0 ? 1 : (size_t)path);
    return true;
}

static bool try_v1(struct attempt *a, const struct lg_cgroup_place *own)
{
    struct lg_cgroup_place top = top_of(own);
    return try_below(a, own) ||
           (own->dir.len > own->top.len && try_below(a, &top));
}

/* Nobody but us decides over a cgroup of a user's tree that we may write. */
static bool is_delegated(const struct lg_host *host,
                         const struct lg_cgroup_place *own)
{
    LG_CLOSE
    int fd = lg_cgroup_open(host, own->dir, NULL);
    return fd >= 0 && faccessat(fd, ".", W_OK, AT_EACCESS) == 0 &&
           faccessat(fd, "cgroup.subtree_control", W_OK, AT_EACCESS) == 0;
}

static bool try_v2(struct attempt *a, const struct lg_cgroup_place *own)
{
    struct lg_cgroup_place parent, top = top_of(own);
    bool has_parent = parent_of(own, &parent);
    bool is_root = geteuid() == 0;
    /* Another lastgasp has moved us into its leaf: we are its sibling. */
    if (has_parent && lg_str_ends(own->dir, LG_STR("/" SELF_LEAF)) &&
        try_below(a, &parent))
        return true;
    if (!is_root && is_delegated(a->host, own) && try_inside(a, own))
        return true;
    if (has_parent && try_below(a, &parent))
        return true;
    if ((is_root || !has_parent) && try_below(a, &top))
        return true;
    /* A container's own root: the only place there is. */
    return is_root && !has_parent && try_inside(a, own);
}

static bool explain(const struct attempt *a, const struct lg_cgroup_place *own,
                    struct lg_error *err)
{
    int e = a->sys_errno;
    if (e == EROFS)
        return lg_fail(err, LG_DENIED,
                       "cgroups are mounted read-only here, as in a container; "
                       "run lastgasp on the host, or give the container "
                       "writable cgroups (--cgroupns=private, privileged)");
    if (e == EACCES || e == EPERM)
        return lg_fail(err, LG_DENIED,
                       "no permission to %s (a memory cgroup for the run, "
                       "cgroup v%d, from %.*s); %s",
                       a->step, own->version, LG_STR_ARG(own->path),
                       way_out(own->version));
    if (e == EOPNOTSUPP)
        return lg_fail(err, LG_UNSUPPORTED,
                       "the memory controller is not available in cgroup %.*s; "
                       "%s",
                       LG_STR_ARG(own->path), way_out(own->version));
    if (e == EEXIST)
        return lg_fail_os(err, e, "a memory cgroup named %s", a->name);
    return lg_fail_os(err, e, "cannot get a memory cgroup for the run: %s",
                      a->step);
}

static bool check_request(const struct lg_host *host, const char *name,
                          uint64_t limit_bytes, struct lg_error *err)
{
    if (!host->is_live)
        return lg_fail(err, LG_USAGE, "nothing can be run in a copy");
    if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL ||
        strlen(name) > NAME_MAX)
        return lg_fail(err, LG_USAGE, "\"%s\" cannot name a cgroup", name);
    if (limit_bytes != 0 && limit_bytes < MIN_LIMIT_BYTES)
        return lg_fail(err, LG_USAGE,
                       "a limit of %llu bytes is too small: no program starts "
                       "in less than %llu",
                       (unsigned long long)limit_bytes,
                       (unsigned long long)MIN_LIMIT_BYTES);
    if (limit_bytes > MAX_LIMIT_BYTES)
        return lg_fail(
            err, LG_USAGE,
            "a limit of %llu bytes is more than the kernel can count",
            (unsigned long long)limit_bytes);
    return true;
}

bool lg_transient_cgroup_create(const struct lg_host *host, const char *name,
                                uint64_t limit_bytes, struct lg_arena *arena,
                                struct lg_transient_cgroup *ret,
                                struct lg_error *err)
{
    struct attempt a = {.host = host,
                        .name = name,
                        .limit_bytes = limit_bytes,
                        .arena = arena,
                        .step = "find a place"};
    struct lg_cgroup_place own;
    no_cgroup(&a.c);
    if (!check_request(host, name, limit_bytes, err))
        return false;
    if (!lg_cgroup_place_find(host, getpid(), arena, &own, err))
        return lg_context(err, "cannot get a memory cgroup for the run");
    a.own = &own;
    if (own.version == 1 ? !try_v1(&a, &own) : !try_v2(&a, &own))
        return explain(&a, &own, err);
    *ret = a.c;
    return true;
}

/* rmdir, waiting for what has just exited; what forked meanwhile is moved. */
static void remove_when_empty(int parent_fd, const char *name, int dir_fd,
                              int home_fd)
{
    for (int i = 0; i < EMPTY_TRIES; i++) {
        if (dir_fd >= 0 && home_fd >= 0)
            (void)move_all(dir_fd, home_fd);
        if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno != EBUSY)
            return;
        (void)poll(NULL, 0, EMPTY_WAIT_MS);
    }
}

/* The last part of the folder, terminated. */
static void name_of(const struct lg_transient_cgroup *c, char name[256])
{
    struct lg_str last = lg_str_rcut_char(c->place.dir, '/').tail;
    (void)snprintf(name, 256, "%.*s", LG_STR_ARG(last));
}

void lg_transient_cgroup_destroy(struct lg_transient_cgroup *c)
{
    char name[256];
    if (c->created) {
        name_of(c, name);
        remove_when_empty(c->parent_fd, name, c->dir_fd, c->home_fd);
    }
    if (c->moved_self && c->parent_fd >= 0) {
        (void)lg_small_write(c->parent_fd, "cgroup.subtree_control",
                             LG_STR("-memory"));
        remove_when_empty(c->parent_fd, SELF_LEAF, c->home_fd, c->parent_fd);
    }
    lg_close_p(&c->dir_fd);
    lg_close_p(&c->procs_fd);
    lg_close_p(&c->home_fd);
    lg_close_p(&c->parent_fd);
    no_cgroup(c);
}
