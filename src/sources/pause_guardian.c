/* SPDX-License-Identifier: Apache-2.0 */
/* A child that outlives us by the moment that it takes to undo a stop. It
 * calls nothing but system calls: it is forked while other threads run. */
#include "base/io.h"
#include "sources/pause_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_others(const int keep[3])
{
    /* Closes what lies between those that are kept, in ascending order. */
    int sorted[3] = {keep[0], keep[1], keep[2]};
    for (int i = 1; i < 3; i++) {
        for (int k = i; k > 0 && sorted[k - 1] > sorted[k]; k--) {
            int swapped = sorted[k];
            sorted[k] = sorted[k - 1];
            sorted[k - 1] = swapped;
        }
    }
    unsigned next = 0;
    for (int i = 0; i < 3; i++) {
        if (sorted[i] < 0)
            continue;
        unsigned kept = (unsigned)sorted[i];
        if (kept > next)
            (void)syscall(SYS_close_range, next, kept - 1, 0);
        next = kept + 1;
    }
    (void)syscall(SYS_close_range, next, ~0U, 0);
}

static _Noreturn void guard(int pipe_fd, int freeze_fd, const char *thaw,
                            int pid_fd)
{
    char byte;
    ssize_t n;
    /* What ends our group or our terminal must not end it too. */
    (void)setsid();
    close_others((int[]){pipe_fd, freeze_fd, pid_fd});
    do {
        n = read(pipe_fd, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 1) /* dismissed */
        _exit(0);
    if (freeze_fd >= 0)
        (void)!write(freeze_fd, thaw, strlen(thaw));
    if (pid_fd >= 0)
        (void)syscall(SYS_pidfd_send_signal, pid_fd, SIGCONT, NULL, 0);
    _exit(0);
}

bool lg_guardian_start(struct lg_guardian *g, int freeze_fd, const char *thaw,
                       int pid_fd, struct lg_error *err)
{
    int ends[2];
    sigset_t all, before;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return lg_fail_os(err, errno, "cannot make a pipe");
    /* No handler of ours may run in the child; it keeps them blocked. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        guard(ends[0], freeze_fd, thaw, pid_fd);
    int sys_errno = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[0]);
    if (pid < 0) {
        (void)close(ends[1]);
        return lg_fail_os(err, sys_errno, "cannot start a guardian");
    }
    *g = (struct lg_guardian){.pid = pid, .pipe_fd = ends[1]};
    return true;
}

void lg_guardian_dismiss(struct lg_guardian *g)
{
    char byte = 0;
    if (g->pid <= 0)
        return;
    (void)!write(g->pipe_fd, &byte, 1);
    lg_close_p(&g->pipe_fd);
    while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *g = (struct lg_guardian){.pipe_fd = -1};
}
