/* SPDX-License-Identifier: Apache-2.0 */
/* Who a process is: its program, its build, its place. */
#include "base/io.h"
#include "base/lines.h"
#include "base/sb.h"
#include "decode/cgroup_files.h"
#include "decode/proc_files.h"
#include "sources/cgroupfs.h"
#include "sources/proc_fds.h"
#include "sources/procfs.h"
#include "sources/small_file.h"
#include "target/build_info.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ARG_MAX is 2 MB by default, arguments and environment each. */
#define MAX_ARGS_BYTES ((size_t)4 << 20)
#define MAX_ARGS 4096

static bool read_link(int dir_fd, const char *name, struct lg_arena *arena,
                      struct lg_str *ret)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir_fd, name, target, sizeof target);
    if (n <= 0)
        return true;
    *ret = lg_str_dup(arena, lg_str_from(target, (size_t)n));
    return ret->data != NULL;
}

/* Arguments end in NUL each; a program may have overwritten them. */
static bool read_cmdline(int dir_fd, struct lg_arena *arena,
                         struct lg_subject *s)
{
    struct lg_str text;
    if (!lg_read_file(dir_fd, "cmdline", MAX_ARGS_BYTES, arena, &text, NULL))
        return !arena->failed;
    while (text.len > 0 && s->cmdline.count < MAX_ARGS) {
        struct lg_cut cut = lg_str_cut_char(text, '\0');
        struct lg_str *arg = lg_push(arena, &s->cmdline);
        if (arg == NULL)
            return false;
        *arg = cut.head;
        text = cut.tail;
    }
    return true;
}

static bool read_comm(int dir_fd, struct lg_arena *arena, struct lg_subject *s)
{
    char buffer[128];
    struct lg_str text;
    if (!lg_small_file(dir_fd, "comm", buffer, sizeof buffer, &text))
        return true;
    if (lg_str_ends(text, LG_STR("\n")))
        text = lg_str_first(text, text.len - 1);
    s->comm = lg_str_dup(arena, text);
    return s->comm.data != NULL;
}

/* The two variables that set what the collector aims at. */
static bool read_environment(int dir_fd, struct lg_arena *arena,
                             struct lg_subject *s)
{
    struct lg_arena scratch;
    struct lg_str text, value;
    bool ok = true;
    lg_arena_init(&scratch, 4 * MAX_ARGS_BYTES);
    if (!lg_read_file(dir_fd, "environ", MAX_ARGS_BYTES, &scratch, &text, NULL))
        text = LG_STR("");
    while (ok && text.len > 0) {
        struct lg_cut cut = lg_str_cut_char(text, '\0');
        struct lg_str *to = NULL;
        if (lg_str_after(cut.head, LG_STR("GOGC="), &value))
            to = &s->gogc;
        else if (lg_str_after(cut.head, LG_STR("GOMEMLIMIT="), &value))
            to = &s->gomemlimit;
        if (to != NULL) {
            *to = lg_str_dup(arena, value);
            ok = to->data != NULL;
        }
        text = cut.tail;
    }
    lg_arena_deinit(&scratch);
    return ok;
}

/* Wall time of a boot's begin: from the clocks of this machine; of a copy by
 * "btime" of proc/stat, in seconds. 0: unknown. */
static int64_t boot_wall_ns(const struct lg_host *host)
{
    struct lg_arena scratch;
    struct lg_str text, line, rest;
    int64_t boot_ns = 0, seconds;
    if (host->is_live)
        return lg_wall_ns(host->clock) - (int64_t)lg_mono_ns(host->clock);
    LG_CLOSE
    int fd = lg_host_open(host, "proc/stat", O_RDONLY);
    if (fd < 0)
        return 0;
    lg_arena_init(&scratch, MAX_ARGS_BYTES);
    if (!lg_read_all(fd, MAX_ARGS_BYTES / 4, &scratch, &text, NULL))
        text = LG_STR("");
    while (boot_ns == 0 && lg_lines_next(&text, &line)) {
        if (lg_str_after(line, LG_STR("btime "), &rest) &&
            lg_str_i64(rest, &seconds) && seconds > 0 &&
            seconds < INT64_MAX / (int64_t)LG_NS_PER_S / 2)
            boot_ns = seconds * (int64_t)LG_NS_PER_S;
    }
    lg_arena_deinit(&scratch);
    return boot_ns;
}

static void read_start(const struct lg_host *host, int dir_fd,
                       struct lg_subject *s)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_process p = {0};
    struct lg_str text;
    int64_t boot_ns = boot_wall_ns(host);
    if (boot_ns <= 0 ||
        !lg_small_file(dir_fd, "stat", buffer, sizeof buffer, &text) ||
        !lg_proc_stat_parse(text, host->ticks_per_s, &p, NULL) ||
        p.start_ticks / host->ticks_per_s > INT32_MAX)
        return;
    s->started_at_ns =
        boot_ns + (int64_t)(p.start_ticks * (LG_NS_PER_S / host->ticks_per_s));
}

bool lg_build_info_read(const char *path, struct lg_arena *arena,
                        struct lg_build_info *ret, struct lg_error *err)
{
    struct lg_mapped m;
    if (!lg_mapped_open(&m, AT_FDCWD, path, err))
        return false;
    bool ok = lg_build_info_parse(m.bytes, arena, ret, err) ||
              lg_context(err, "%s", path);
    lg_mapped_deinit(&m);
    return ok;
}

/* Through /proc/PID/exe: the file that runs, though it may be deleted or in
 * another mount namespace. Of a copy: its path below the copy's root. */
static int open_exe(const struct lg_host *host, int dir_fd, struct lg_str exe)
{
    char path[PATH_MAX];
    if (host->is_live)
        return openat(dir_fd, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (exe.len < 2 || exe.len >= sizeof path) {
        errno = ENOENT;
        return -1;
    }
    (void)snprintf(path, sizeof path, "%.*s", LG_STR_ARG(exe));
    return lg_host_open(host, path, O_RDONLY | O_NONBLOCK);
}

bool lg_process_build_info(const struct lg_host *host, int64_t pid,
                           struct lg_arena *arena, struct lg_build_info *ret,
                           struct lg_num *size_bytes_ret, struct lg_error *err)
{
    struct lg_str exe = {0};
    struct lg_mapped m;
    char fd_path[32];
    LG_CLOSE
    int dir_fd = lg_proc_open(host, pid, err);
    if (dir_fd < 0)
        return false;
    if (!read_link(dir_fd, "exe", arena, &exe))
        return lg_fail_nomem(err);
    LG_CLOSE
    int fd = open_exe(host, dir_fd, exe);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open the program of process %lld",
                          (long long)pid);
    (void)snprintf(fd_path, sizeof fd_path, "/proc/self/fd/%d", fd);
    if (!lg_mapped_open(&m, AT_FDCWD, fd_path, err))
        return false;
    *size_bytes_ret = lg_known(m.bytes.len);
    bool ok = lg_build_info_parse(m.bytes, arena, ret, err);
    lg_mapped_deinit(&m);
    return ok;
}

static bool read_place(const struct lg_host *host, int64_t pid,
                       struct lg_arena *arena, struct lg_subject *s)
{
    struct lg_cgroup_place place;
    struct lg_cgroup c;
    struct lg_sb sb;
    s->host_memory_bytes = lg_host_memory_bytes(host);
    if (!lg_cgroup_place_find(host, pid, arena, &place, NULL))
        return !arena->failed;
    s->cgroup = place.path;
    s->cgroup_version = place.version;
    lg_identity_parse(place.process_path, arena, &s->identity);
    if (!lg_cgroup_read(host, &place, false, arena, &c, NULL))
        return !arena->failed;
    s->limit_bytes = c.effective_limit_bytes;
    if (c.limit_path.len == 0) {
        s->limit_source = LG_STR("host memory");
        return true;
    }
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, place.version == 1 ? "memory.limit_in_bytes of "
                                       : "memory.max of ");
    lg_sb_str(&sb, c.limit_path);
    s->limit_source = lg_sb_view(&sb);
    return !sb.failed;
}

bool lg_subject_read(const struct lg_host *host, int64_t pid,
                     struct lg_arena *arena, struct lg_subject *ret,
                     struct lg_error *err)
{
    struct lg_subject s = {.pid = pid};
    LG_CLOSE
    int dir_fd = lg_proc_open(host, pid, err);
    if (dir_fd < 0)
        return false;
    read_start(host, dir_fd, &s);
    bool ok = read_link(dir_fd, "exe", arena, &s.exe) &&
              read_comm(dir_fd, arena, &s) && read_cmdline(dir_fd, arena, &s) &&
              read_environment(dir_fd, arena, &s) &&
              read_place(host, pid, arena, &s);
    if (!ok)
        return lg_fail_nomem(err);
    /* Without the program's file it stays unknown whether it is Go. */
    if (!lg_process_build_info(host, pid, arena, &s.build, &s.exe_size_bytes,
                               NULL) &&
        arena->failed)
        return lg_fail_nomem(err);
    *ret = s;
    return true;
}
