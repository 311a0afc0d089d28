/* SPDX-License-Identifier: Apache-2.0 */
/* A process's files as they are, into a folder that lg_process_read reads. */
#include "base/io.h"
#include "base/vec.h"
#include "sources/proc_fds.h"
#include "sources/procfs.h"
#include "sources/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ALWAYS (~0u)

static const struct {
    const char *name;
    unsigned parts;
} files[] = {
    {"comm", ALWAYS},
    {"cmdline", ALWAYS},
    {"cgroup", ALWAYS},
    {"mountinfo", ALWAYS},
    {"stat", LG_PROCESS_STATUS},
    {"statm", LG_PROCESS_STATUS},
    {"status", LG_PROCESS_STATUS},
    {"limits", LG_PROCESS_STATUS},
    {"oom_score", LG_PROCESS_STATUS},
    {"oom_score_adj", LG_PROCESS_STATUS},
    {"smaps_rollup", LG_PROCESS_SMAPS_ROLLUP},
    {"smaps", LG_PROCESS_SMAPS},
};

/* fds.txt is written in few large writes. */
struct fds_file {
    int fd;
    size_t used;
    char buffer[16384];
};

static bool flush(struct fds_file *f)
{
    bool ok = lg_write_all(f->fd, f->buffer, f->used, NULL);
    f->used = 0;
    return ok;
}

static bool add_text(void *context, struct lg_str s)
{
    struct fds_file *f = context;
    if (s.len > sizeof f->buffer - f->used && !flush(f))
        return false;
    if (s.len > sizeof f->buffer)
        return false;
    memcpy(f->buffer + f->used, s.data, s.len);
    f->used += s.len;
    return true;
}

/* A process whose descriptors we may not see has no fds.txt. */
static bool save_fds(int from_fd, int to_fd, struct lg_error *err)
{
    struct fds_file f = {.used = 0};
    if (faccessat(from_fd, "fd", R_OK | X_OK, AT_EACCESS) != 0)
        return true;
    LG_CLOSE
    int fd = openat(to_fd, "fds.txt", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                    0644);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot create fds.txt");
    f.fd = fd;
    if (!lg_fds_text_write(from_fd, add_text, &f, err)) {
        if (err == NULL || err->kind == LG_LIMIT)
            return lg_fail(err, LG_OS, "cannot write fds.txt");
        (void)unlinkat(to_fd, "fds.txt", 0); /* the process is gone */
        lg_error_clear(err);
        return true;
    }
    return flush(&f) || lg_fail_os(err, errno, "cannot write fds.txt");
}

/* Files of the machine that make sense of those of the process. Mounts are
 * kept as we see them: the cgroup's copy lies at our paths. */
static bool save_host(const struct lg_host *host, int dest_fd,
                      struct lg_error *err)
{
    LG_CLOSE
    int proc = lg_host_open(host, "proc", O_RDONLY | O_DIRECTORY);
    LG_CLOSE
    int self = lg_host_open(host, "proc/self", O_RDONLY | O_DIRECTORY);
    LG_CLOSE
    int to = lg_save_dir(dest_fd, LG_STR("proc"), err);
    LG_CLOSE
    int to_self = lg_save_dir(dest_fd, LG_STR("proc/self"), err);
    if (to < 0 || to_self < 0)
        return false;
    return (proc < 0 || (lg_save_file(proc, "meminfo", to, err) &&
                         lg_save_file(proc, "uptime", to, err))) &&
           (self < 0 || lg_save_file(self, "mountinfo", to_self, err));
}

bool lg_process_save(const struct lg_host *host, int64_t pid, unsigned parts,
                     int dest_fd, struct lg_error *err)
{
    char path[32];
    int len = snprintf(path, sizeof path, "proc/%lld", (long long)pid);
    LG_CLOSE
    int from = lg_proc_open(host, pid, err);
    if (from < 0)
        return false;
    LG_CLOSE
    int to = lg_save_dir(dest_fd, lg_str_from(path, (size_t)len), err);
    if (to < 0)
        return false;
    for (size_t i = 0; i < LG_COUNT(files); i++) {
        if (((files[i].parts & parts) != 0 || files[i].parts == ALWAYS) &&
            !lg_save_file(from, files[i].name, to, err))
            return lg_context(err, "%s", path);
    }
    if ((parts & (LG_PROCESS_FDS | LG_PROCESS_FD_COUNT)) != 0 &&
        !save_fds(from, to, err))
        return lg_context(err, "%s", path);
    return save_host(host, dest_fd, err);
}
