/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways to pause a process share. Each begins with a process that
 * runs and ends with one that stands still, or undoes what it did. */
#ifndef LG_SOURCES_PAUSE_INTERNAL_H
#define LG_SOURCES_PAUSE_INTERNAL_H

#include "sources/process_pause.h"
#include "sources/small_file.h"

#include <sys/types.h>

/* PID_MAX_LIMIT: no process has more threads. */
#define LG_PAUSE_MAX_THREADS ((size_t)4 << 20)

struct lg_tracer; /* pause_ptrace.c */

/* A child that undoes a stop when we die. */
struct lg_guardian {
    pid_t pid;
    int pipe_fd; /* our end; its end of file is our death */
};

struct lg_pause {
    const struct lg_host *host;
    int64_t pid;
    int dir_fd; /* /proc/PID */
    enum lg_pause_with with;
    struct lg_tracer *tracer;
    struct lg_guardian guardian;
    int undo_fd;      /* cgroup.freeze, freezer.state or a pidfd */
    const char *thaw; /* what to write into the former */
    bool was_stopped; /* before us: it stays so */
    uint64_t began_ns;
};

/* CLOCK_MONOTONIC. */
uint64_t lg_pause_now_ns(void);
/* Waits some 20 µs; false when it is time to give up. stuck: all that is
 * waited for are threads that sleep uninterruptibly. */
bool lg_pause_nap(uint64_t began_ns, bool stuck);

bool lg_pause_ptrace(struct lg_pause *p, struct lg_image *image,
                     struct lg_error *err);
uint64_t lg_pause_ptrace_end(struct lg_pause *p);
bool lg_pause_freezer(struct lg_pause *p, struct lg_image *image,
                      struct lg_error *err);
void lg_pause_freezer_end(struct lg_pause *p);
bool lg_pause_sigstop(struct lg_pause *p, struct lg_image *image,
                      struct lg_error *err);
void lg_pause_sigstop_end(struct lg_pause *p);

/* Undoing by writing thaw into freeze_fd, or by SIGCONT through pid_fd; the
 * other is -1. OS, NOMEM. */
bool lg_guardian_start(struct lg_guardian *g, int freeze_fd, const char *thaw,
                       int pid_fd, struct lg_error *err);
/* It ends without doing anything. */
void lg_guardian_dismiss(struct lg_guardian *g);

/* State letter of /proc/PID/task/TID/stat; 0: it is gone. */
char lg_thread_state(int task_fd, int64_t tid);
/* Threads by /proc/PID/task/TID/syscall: sp and pc of those that stand. */
bool lg_pause_list_threads(struct lg_pause *p, struct lg_image *image,
                           struct lg_error *err);

#endif
