/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capturer.h"

#include "base/io.h"
#include "record/capture_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker that dies of what it reads is replaced, but not for ever. */
#define MAX_RESTARTS 3

struct lg_capturer {
    struct lg_capturer_options options;
    pid_t worker;
    int fd;                    /* the socket; −1: no worker any more */
    struct lg_capture_job job; /* under way */
    bool busy;
    int restarts;
    uint64_t submitted_ns;
};

/* The child keeps only what it needs: a descriptor that it would hold open
 * would go on living behind the recorder's back (in its epoll set, too). */
static void close_others(const struct lg_capturer_options *o, int socket_fd)
{
    int keep[] = {STDERR_FILENO, o->host->root_fd, o->folder_fd, socket_fd};
    size_t count = LG_COUNT(keep);
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && keep[j] < keep[j - 1]; j--) {
            int swap = keep[j];
            keep[j] = keep[j - 1];
            keep[j - 1] = swap;
        }
    }
    for (size_t i = 0; i < count; i++) {
        unsigned from = (unsigned)keep[i] + 1;
        unsigned to = i + 1 < count ? (unsigned)keep[i + 1] - 1 : ~0u;
        if (from <= to) {
            (void)close_range(from, to, 0);
        }
    }
}

static void be_worker(const struct lg_capturer_options *o, int socket_fd,
                      pid_t recorder)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == recorder) {
        close_others(o, socket_fd);
        lg_capture_worker_run(o, socket_fd);
    }
    _exit(0); /* what the recorder has in its buffers is not ours to flush */
}

static bool start_worker(struct lg_capturer *c, struct lg_error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return lg_fail_os(err, errno, "a socket for captures");
    }
    pid_t recorder = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        be_worker(&c->options, pair[1], recorder);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return lg_fail_os(err, errno, "a process for captures");
    }
    c->worker = pid;
    c->fd = pair[0];
    return true;
}

/* How the worker ended, in words. */
static void bury_worker(struct lg_capturer *c, struct lg_error *err)
{
    int status = 0;
    lg_close_p(&c->fd);
    if (c->worker > 0) {
        while (waitpid(c->worker, &status, 0) < 0 && errno == EINTR) {
        }
        c->worker = 0;
    }
    if (WIFSIGNALED(status)) {
        lg_fail(err, LG_OS, "the process that captures died of signal %d",
                WTERMSIG(status));
    } else {
        lg_fail(err, LG_OS, "the process that captures ended");
    }
}

bool lg_capturer_create(const struct lg_capturer_options *options,
                        struct lg_capturer **capturer_ret, struct lg_error *err)
{
    struct lg_capturer *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return lg_fail_nomem(err);
    }
    c->options = *options;
    c->fd = -1;
    if (!start_worker(c, err)) {
        free(c);
        return false;
    }
    *capturer_ret = c;
    return true;
}

void lg_capturer_destroy(struct lg_capturer *c)
{
    if (c == NULL) {
        return;
    }
    /* The worker sees the end of its jobs once it has done the last one. */
    if (c->fd >= 0) {
        (void)shutdown(c->fd, SHUT_WR);
    }
    bury_worker(c, NULL);
    free(c);
}

int lg_capturer_fd(const struct lg_capturer *c)
{
    return c->fd;
}

bool lg_capturer_busy(const struct lg_capturer *c)
{
    return c->busy || c->fd < 0;
}

void lg_capturer_submit(struct lg_capturer *c, const struct lg_capture_job *job)
{
    c->job = *job;
    c->busy = true;
    c->submitted_ns = lg_mono_ns(c->options.host->clock);
    /* A worker that has died is seen by take, as the end of the socket. */
    (void)send(c->fd, job, sizeof *job, MSG_NOSIGNAL);
}

/* What was being read has killed a worker: it is not tried for ever. */
static void replace_worker(struct lg_capturer *c,
                           struct lg_capture_outcome *outcome)
{
    *outcome = (struct lg_capture_outcome){.job = c->job, .crashed = true};
    bury_worker(c, &outcome->error);
    outcome->end_mono_ns = lg_mono_ns(c->options.host->clock);
    outcome->duration_ns = outcome->end_mono_ns - c->submitted_ns;
    if (++c->restarts == MAX_RESTARTS && c->options.from == LG_FROM_ANY) {
        c->options.from = LG_FROM_HTTP;
    }
    if (c->restarts <= 2 * MAX_RESTARTS) {
        (void)start_worker(c, NULL);
    }
}

bool lg_capturer_take(struct lg_capturer *c,
                      struct lg_capture_outcome *outcome_ret)
{
    struct lg_capture_outcome got;
    if (c->fd < 0) {
        return false;
    }
    ssize_t n = recv(c->fd, &got, sizeof got, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    c->busy = false;
    if (n == (ssize_t)sizeof got) {
        *outcome_ret = got;
    } else {
        replace_worker(c, outcome_ret);
    }
    return true;
}
