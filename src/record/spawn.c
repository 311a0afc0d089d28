/* SPDX-License-Identifier: Apache-2.0 */
#include "record/spawn.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_AHEAD_BYTES ((int64_t)256 << 20)

enum stage { STAGE_CGROUP, STAGE_STDERR, STAGE_EXEC };

/* What the child tells before exec closes the pipe. */
struct failure {
    enum stage stage;
    int sys_errno;
};

static void restore_signals(const sigset_t *mask)
{
    /* Ignored and default dispositions stay as we inherited them; handlers
     * are ours and are reset by exec anyway. */
    if (mask != NULL) {
        sigprocmask(SIG_SETMASK, mask, NULL);
    }
}

static void report(int pipe_fd, enum stage stage)
{
    struct failure failure = {stage, errno};
    ssize_t written = write(pipe_fd, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

static void child(const struct lg_spawn *spawn, int pipe_fd)
{
    if (spawn->procs_fd >= 0 && write(spawn->procs_fd, "0\n", 2) != 2) {
        report(pipe_fd, STAGE_CGROUP);
    }
    if (spawn->stderr_fd >= 0 && dup2(spawn->stderr_fd, 2) < 0) {
        report(pipe_fd, STAGE_STDERR);
    }
    restore_signals(spawn->signal_mask);
    execvp(spawn->argv[0], spawn->argv);
    report(pipe_fd, STAGE_EXEC);
}

static bool explain_failure(const struct failure *failure, const char *program,
                            struct lg_error *err)
{
    switch (failure->stage) {
    case STAGE_CGROUP:
        return lg_fail_os(err, failure->sys_errno,
                          "the program cannot be put into its cgroup");
    case STAGE_STDERR:
        return lg_fail_os(err, failure->sys_errno, "stderr");
    case STAGE_EXEC:
        break;
    }
    switch (failure->sys_errno) {
    case ENOENT:
        return lg_fail(err, LG_ABSENT,
                       "%s: not found; give a path or a name that is in PATH",
                       program);
    case EACCES:
        return lg_fail(err, LG_DENIED,
                       "%s: not executable; chmod +x makes it so, and a "
                       "folder or a noexec mount never is",
                       program);
    case ENOEXEC:
        return lg_fail(err, LG_BAD_DATA, "%s: not a program for this machine",
                       program);
    default:
        return lg_fail_os(err, failure->sys_errno, "%s", program);
    }
}

/* As execvp finds it. */
static int open_program(const char *program)
{
    const char *path = getenv("PATH");
    struct lg_str rest = lg_str_of(path != NULL ? path : "/usr/bin:/bin");
    char file[PATH_MAX];
    if (strchr(program, '/') != NULL) {
        return open(program, O_RDONLY | O_CLOEXEC);
    }
    while (rest.len > 0) {
        struct lg_cut cut = lg_str_cut_char(rest, ':');
        snprintf(file, sizeof file, "%.*s/%s", LG_STR_ARG(cut.head), program);
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            return fd;
        }
        rest = cut.tail;
    }
    return -1;
}

void lg_spawn_read_ahead(const char *program)
{
    LG_CLOSE
    int fd = open_program(program);
    struct stat st;
    char buffer[65536];
    uint64_t total = 0;
    ssize_t len = 1;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return;
    }
    (void)posix_fadvise(fd, 0, READ_AHEAD_BYTES, POSIX_FADV_WILLNEED);
    while (len > 0 && total < (uint64_t)READ_AHEAD_BYTES) {
        len = read(fd, buffer, sizeof buffer);
        total += len > 0 ? (uint64_t)len : 0;
    }
}

bool lg_spawn(const struct lg_spawn *spawn, int64_t *pid_ret,
              struct lg_error *err)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return lg_fail_os(err, errno, "pipe");
    }
    LG_CLOSE
    int read_fd = pipe_fds[0];
    pid_t pid = fork();
    if (pid < 0) {
        close(pipe_fds[1]);
        return lg_fail_os(err, errno, "fork");
    }
    if (pid == 0) {
        child(spawn, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    struct failure failure;
    ssize_t len;
    do {
        len = read(read_fd, &failure, sizeof failure);
    } while (len < 0 && errno == EINTR);
    if (len == (ssize_t)sizeof failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        return explain_failure(&failure, spawn->argv[0], err);
    }
    *pid_ret = pid;
    return true;
}
