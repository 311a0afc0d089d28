/* SPDX-License-Identifier: Apache-2.0 */
/* All facts of one process, and the list of processes. */
#include "sources/procfs.h"

#include "base/io.h"
#include "decode/proc_files.h"
#include "sources/proc_fds.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* A process of 65,530 mappings (vm.max_map_count) has 50 MB of smaps. */
#define MAX_SMAPS_BYTES ((size_t)128 << 20)
/* PID_MAX_LIMIT is 4 million. */
#define MAX_PIDS ((size_t)4 << 20)

int lg_proc_open(const struct lg_host *host, int64_t pid, struct lg_error *err)
{
    char path[32];
    (void)snprintf(path, sizeof path, "proc/%lld", (long long)pid);
    int fd = lg_host_open(host, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0 && (errno == ENOENT || errno == ESRCH))
        (void)lg_fail(err, LG_ABSENT, "there is no process %lld",
                      (long long)pid);
    else if (fd < 0)
        (void)lg_fail_os(err, errno, "cannot open %s", path);
    return fd;
}

static void read_scores(int dir_fd, struct lg_process *p)
{
    char buffer[64];
    struct lg_str text;
    int64_t score, adj;
    if (!lg_small_file(dir_fd, "oom_score", buffer, sizeof buffer, &text) ||
        !lg_str_i64(lg_str_trim(text), &score) ||
        !lg_small_file(dir_fd, "oom_score_adj", buffer, sizeof buffer, &text) ||
        !lg_str_i64(lg_str_trim(text), &adj))
        return;
    if (score < INT32_MIN || score > INT32_MAX || adj < -1000 || adj > 1000)
        return;
    p->has_oom_score = true;
    p->oom_score = (int32_t)score;
    p->oom_score_adj = (int32_t)adj;
}

static bool read_exe(int dir_fd, struct lg_arena *arena, struct lg_process *p)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir_fd, "exe", target, sizeof target);
    if (n <= 0)
        return true; /* a kernel thread, not permitted, or a copy */
    p->exe = lg_str_dup(arena, lg_str_from(target, (size_t)n));
    return p->exe.data != NULL;
}

static bool read_stat(const struct lg_host *host, int dir_fd,
                      struct lg_process *p, struct lg_error *err)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text;
    if (!lg_small_file(dir_fd, "stat", buffer, sizeof buffer, &text))
        return lg_fail_os(err, errno, "cannot read stat");
    return lg_proc_stat_parse(text, host->ticks_per_s, p, err);
}

static bool read_status(const struct lg_host *host, int dir_fd,
                        struct lg_arena *arena, struct lg_process *p,
                        struct lg_error *err)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text;
    if (!read_stat(host, dir_fd, p, err))
        return false;
    if (lg_small_file(dir_fd, "status", buffer, sizeof buffer, &text))
        lg_proc_status_parse(text, arena, p);
    if (lg_small_file(dir_fd, "limits", buffer, sizeof buffer, &text))
        lg_proc_limits_parse(text, p);
    read_scores(dir_fd, p);
    if (!read_exe(dir_fd, arena, p))
        return lg_fail_nomem(err);
    return true;
}

/* A text that is as large as the process is kept in a scratch arena. */
static void read_smaps(int dir_fd, struct lg_arena *arena, struct lg_process *p)
{
    struct lg_arena scratch;
    struct lg_error ignored = {0};
    struct lg_str text;
    lg_arena_init(&scratch, 3 * MAX_SMAPS_BYTES);
    if (lg_read_file(dir_fd, "smaps", MAX_SMAPS_BYTES, &scratch, &text,
                     &ignored))
        (void)lg_proc_smaps_parse(text, arena, p, &ignored);
    lg_arena_deinit(&scratch);
}

static void count_sockets(struct lg_process *p)
{
    uint64_t count = 0;
    lg_each(g, p->fds.groups)
        count += lg_str_eq(g->kind, LG_STR("socket")) ? g->count : 0;
    if (!p->fds.truncated)
        p->sockets_count = lg_known(count);
}

/* Descriptors of a live process, or fds.txt of a copy. */
static bool read_fds(int dir_fd, struct lg_arena *arena, struct lg_process *p,
                     struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_error ignored = {0};
    struct lg_str text = {0};
    lg_arena_init(&scratch, 4 * LG_MAX_FDS_TEXT_BYTES);
    bool ok = true, have = lg_fds_text_read(dir_fd, &scratch, &text, &ignored);
    if (have)
        ok = lg_fds_text_parse(text, arena, &p->fds, err);
    lg_arena_deinit(&scratch);
    if (!have || !ok)
        return ok;
    p->fds_count = lg_known(p->fds.count);
    count_sockets(p);
    return true;
}

static bool read_parts(const struct lg_host *host, int dir_fd, unsigned parts,
                       struct lg_arena *arena, struct lg_process *p,
                       struct lg_error *err)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text;
    if ((parts & LG_PROCESS_TIMES) != 0 && !read_stat(host, dir_fd, p, err))
        return false;
    if ((parts & LG_PROCESS_STATUS) != 0 &&
        !read_status(host, dir_fd, arena, p, err))
        return false;
    if ((parts & LG_PROCESS_SMAPS_ROLLUP) != 0 &&
        lg_small_file(dir_fd, "smaps_rollup", buffer, sizeof buffer, &text))
        lg_proc_smaps_rollup_parse(text, &p->smaps);
    if ((parts & LG_PROCESS_SMAPS) != 0)
        read_smaps(dir_fd, arena, p);
    if ((parts & LG_PROCESS_FDS) != 0 ||
        ((parts & LG_PROCESS_FD_COUNT) != 0 && !host->is_live))
        return read_fds(dir_fd, arena, p, err);
    if ((parts & LG_PROCESS_FD_COUNT) != 0)
        p->fds_count = lg_fds_count(dir_fd, UINT64_MAX);
    return true;
}

bool lg_process_read(const struct lg_host *host, int64_t pid, unsigned parts,
                     struct lg_arena *arena, struct lg_process *ret,
                     struct lg_error *err)
{
    struct lg_process p = {.pid = pid};
    LG_CLOSE
    int dir_fd = lg_proc_open(host, pid, err);
    if (dir_fd < 0)
        return false;
    if (!read_parts(host, dir_fd, parts, arena, &p, err))
        return lg_context(err, "process %lld", (long long)pid);
    p.pid = pid; /* as we see it, not as its own namespace does */
    *ret = p;
    return true;
}

struct lg_num lg_host_uptime_ns(const struct lg_host *host)
{
    char buffer[64];
    struct lg_str text, word;
    double seconds;
    if (host->is_live)
        return lg_known(lg_mono_ns(host->clock));
    LG_CLOSE
    int fd = lg_host_open(host, "proc/uptime", O_RDONLY);
    if (fd < 0 || !lg_small_pread(fd, buffer, sizeof buffer, &text) ||
        !lg_str_word(&text, &word) || !lg_str_f64(word, &seconds) ||
        seconds < 0 || seconds > 1e9)
        return (struct lg_num){0};
    return lg_known((uint64_t)(seconds * 1e9));
}

struct pids {
    int64_t *items;
    size_t count, capacity;
};

/* Entries of /proc come in ascending order from the kernel, but not from the
 * folder of a copy. */
static void insert_sorted(struct pids *v, int64_t pid)
{
    size_t at = v->count - 1;
    for (; at > 0 && v->items[at - 1] > pid; at--)
        v->items[at] = v->items[at - 1];
    v->items[at] = pid;
}

bool lg_process_list(const struct lg_host *host, struct lg_arena *arena,
                     int64_t **pids_ret, size_t *count_ret,
                     struct lg_error *err)
{
    struct pids v = {0};
    struct lg_dents d;
    const char *name;
    int64_t pid;
    LG_CLOSE
    int fd = lg_host_open(host, "proc", O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open /proc");
    lg_dents_init(&d, fd);
    while ((name = lg_dents_next(&d)) != NULL) {
        if (!lg_str_i64(lg_str_of(name), &pid) || pid <= 0 ||
            v.count >= MAX_PIDS)
            continue;
        if (lg_push(arena, &v) == NULL)
            return lg_fail_nomem(err);
        insert_sorted(&v, pid);
    }
    if (d.sys_errno != 0)
        return lg_fail_os(err, d.sys_errno, "cannot list /proc");
    *pids_ret = v.items;
    *count_ret = v.count;
    return true;
}
