/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of ours traces: what it holds goes on when it ends, for whatever
 * reason, also threads that were not yet stopped (those in an uninterruptible
 * sleep), which PTRACE_DETACH would refuse.
 *
 *   caller              tracer thread
 *   begin ───────────▶  SEIZE, INTERRUPT, wait, registers; list again until
 *   (waits)             no thread is new
 *   reads memory ◀────  ready
 *   end ─────────────▶  DETACH each, with the signal that it was about to get
 *   (joins) ◀─────────  ends
 *
 * Source: ptrace(2); Linux kernel/ptrace.c (exit_ptrace, __ptrace_unlink:
 * "Reinstate JOBCTL_STOP_PENDING if group stop is in effect").
 */
#include "base/io.h"
#include "sources/pause_internal.h"
#include "sources/process_access.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Each pass finds what was started before the one that started it had
 * stopped; two or three are usual. */
#define MAX_PASSES 64
#define STACK_BYTES ((size_t)128 << 10)

struct tracee {
    pid_t tid;
    int signal; /* that it was about to get when it stopped */
    bool stopped, gone;
    struct lg_image_thread registers;
};

struct lg_tracer {
    struct lg_pause *pause; /* borrowed */
    pthread_t thread;
    sem_t ready, release;
    struct tracee *items; /* malloc */
    size_t count, capacity;
    bool ok;
    int seize_errno; /* of the thread that was refused */
    uint64_t began_ns, ended_ns;
};

static bool is_known(const struct lg_tracer *t, int64_t tid, size_t *hint)
{
    /* The folder lists them in the same order each time. */
    if (*hint < t->count && t->items[*hint].tid == tid) {
        (*hint)++;
        return true;
    }
    for (size_t i = 0; i < t->count; i++) {
        if (t->items[i].tid == tid) {
            *hint = i + 1;
            return true;
        }
    }
    return false;
}

static bool add(struct lg_tracer *t, int64_t tid)
{
    if (t->count == t->capacity) {
        size_t wanted = t->capacity != 0 ? t->capacity * 2 : 32;
        struct tracee *grown = reallocarray(t->items, wanted, sizeof *t->items);
        if (grown == NULL)
            return false;
        t->items = grown;
        t->capacity = wanted;
    }
    t->items[t->count++] = (struct tracee){.tid = (pid_t)tid};
    return true;
}

/* A thread that has just ended is no failure. */
static bool seize(struct lg_tracer *t, int task_fd, int64_t tid)
{
    if (ptrace(PTRACE_SEIZE, (pid_t)tid, NULL, NULL) != 0) {
        int sys_errno = errno;
        char state = lg_thread_state(task_fd, tid);
        if (sys_errno == ESRCH || state == 0 || state == 'Z' || state == 'X')
            return true;
        t->seize_errno = sys_errno;
        return false;
    }
    if (!add(t, tid)) {
        t->seize_errno = ENOMEM;
        return false;
    }
    if (t->began_ns == 0)
        t->began_ns = lg_pause_now_ns();
    (void)ptrace(PTRACE_INTERRUPT, (pid_t)tid, NULL, NULL);
    return true;
}

static bool seize_new(struct lg_tracer *t, int task_fd, size_t *new_ret)
{
    struct lg_dents dents;
    const char *name;
    size_t hint = 0, before = t->count;
    (void)lseek(task_fd, 0, SEEK_SET);
    lg_dents_init(&dents, task_fd);
    while ((name = lg_dents_next(&dents)) != NULL) {
        int64_t tid;
        if (!lg_str_i64(lg_str_of(name), &tid) || tid <= 0 ||
            is_known(t, tid, &hint))
            continue;
        if (t->count >= LG_PAUSE_MAX_THREADS || !seize(t, task_fd, tid))
            return false;
    }
    *new_ret = t->count - before;
    return true;
}

/* Whether it has ended, without taking the status away: of our child that is
 * for whom waits for it. What a tracer asks is answered with stops too. */
static bool has_ended(pid_t tid)
{
    siginfo_t info = {0};
    int flags = WEXITED | WNOWAIT | WNOHANG | __WALL | __WNOTHREAD;
    if (waitid(P_PID, (id_t)tid, &info, flags) != 0)
        return errno != EINTR;
    return info.si_pid != 0 &&
           (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED ||
            info.si_code == CLD_DUMPED);
}

static void look(struct tracee *e)
{
    siginfo_t info = {0};
    int flags = WSTOPPED | WNOHANG | __WALL | __WNOTHREAD;
    if (waitid(P_PID, (id_t)e->tid, &info, flags) != 0) {
        e->gone = errno != EINTR;
        return;
    }
    if (info.si_pid == 0) {
        e->gone = has_ended(e->tid);
        return;
    }
    e->stopped = true;
    /* High byte: PTRACE_EVENT_STOP, which is ours, or a stop of the whole
     * group that goes on without us. Else a signal on its way. */
    e->signal = info.si_status >> 8 != 0 ? 0 : info.si_status & 0xff;
}

static bool is_stuck(int task_fd, pid_t tid)
{
    return lg_thread_state(task_fd, tid) == 'D';
}

/* States are only asked for when it takes long. */
static void wait_all(struct lg_tracer *t, int task_fd)
{
    size_t left, stuck;
    do {
        bool late = lg_pause_now_ns() - t->began_ns >= LG_PAUSE_WAIT_NS;
        left = stuck = 0;
        for (size_t i = 0; i < t->count; i++) {
            struct tracee *e = &t->items[i];
            if (!e->stopped && !e->gone)
                look(e);
            if (e->stopped || e->gone)
                continue;
            left++;
            stuck += late && is_stuck(task_fd, e->tid);
        }
    } while (left != 0 && lg_pause_nap(t->began_ns, left == stuck));
}

static void read_registers(struct tracee *e)
{
    struct lg_image_thread *r = &e->registers;
    *r = (struct lg_image_thread){.tid = e->tid};
#if defined(__x86_64__)
    struct user_regs_struct regs;
    struct iovec into = {&regs, sizeof regs};
    r->known = e->stopped && ptrace(PTRACE_GETREGSET, e->tid,
                                    (void *)NT_PRSTATUS, &into) == 0;
    if (!r->known)
        return;
    r->pc = regs.rip;
    r->sp = regs.rsp;
    r->bp = regs.rbp;
    r->g = regs.r14;
    r->tls = regs.fs_base;
#elif defined(__aarch64__)
    struct user_regs_struct regs;
    struct iovec into = {&regs, sizeof regs};
    uint64_t tls = 0;
    struct iovec into_tls = {&tls, sizeof tls};
    r->known = e->stopped && ptrace(PTRACE_GETREGSET, e->tid,
                                    (void *)NT_PRSTATUS, &into) == 0;
    if (!r->known)
        return;
    (void)ptrace(PTRACE_GETREGSET, e->tid, (void *)NT_ARM_TLS, &into_tls);
    r->pc = regs.pc;
    r->sp = regs.sp;
    r->bp = regs.regs[29];
    r->link = regs.regs[30];
    r->g = regs.regs[28];
    r->tls = tls;
#endif
}

/* What is stopped starts nothing: two listings with nothing new between them
 * and all of them stopped are the whole. */
static bool stop_all(struct lg_tracer *t)
{
    size_t added = 0;
    LG_CLOSE
    int task_fd =
        openat(t->pause->dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (task_fd < 0) {
        t->seize_errno = errno;
        return false;
    }
    for (int pass = 0; pass < MAX_PASSES; pass++) {
        if (!seize_new(t, task_fd, &added))
            return false;
        wait_all(t, task_fd);
        if (added == 0)
            break;
    }
    for (size_t i = 0; i < t->count; i++)
        read_registers(&t->items[i]);
    return t->count != 0;
}

/* The rest is let go by the end of this thread. */
static void release_all(struct lg_tracer *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct tracee *e = &t->items[i];
        if (e->stopped)
            (void)ptrace(PTRACE_DETACH, e->tid, NULL,
                         (void *)(intptr_t)e->signal);
    }
    t->ended_ns = lg_pause_now_ns();
}

static void *trace(void *argument)
{
    struct lg_tracer *t = argument;
    /* Naps of 20 µs are 70 otherwise. Of this thread only. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    t->ok = stop_all(t);
    if (!t->ok)
        release_all(t);
    (void)sem_post(&t->ready);
    if (!t->ok)
        return NULL;
    while (sem_wait(&t->release) != 0)
        ;
    release_all(t);
    return NULL;
}

/* Signals are for the other threads. */
static int start(struct lg_tracer *t)
{
    pthread_attr_t attr;
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int sys_errno = pthread_create(&t->thread, &attr, trace, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    return sys_errno;
}

static void destroy(struct lg_tracer *t)
{
    (void)sem_destroy(&t->ready);
    (void)sem_destroy(&t->release);
    free(t->items);
    free(t);
}

static int64_t tracer_pid(int dir_fd)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text, rest;
    int64_t pid = 0;
    if (!lg_small_file(dir_fd, "status", buffer, sizeof buffer, &text))
        return 0;
    struct lg_cut cut = lg_str_cut(text, LG_STR("\nTracerPid:"));
    rest = lg_str_cut_char(cut.tail, '\n').head;
    return lg_str_i64(lg_str_trim(rest), &pid) ? pid : 0;
}

static bool refused(const struct lg_pause *p, int sys_errno,
                    struct lg_error *err)
{
    char what[64];
    int64_t by = tracer_pid(p->dir_fd);
    (void)snprintf(what, sizeof what, "cannot stop process %lld",
                   (long long)p->pid);
    if (sys_errno == 0)
        return lg_fail(err, LG_ABSENT, "%s: it has ended", what);
    if (sys_errno == EPERM && by != 0)
        return lg_fail(err, LG_DENIED,
                       "%s: process %lld (a debugger?) traces it; end that one "
                       "first",
                       what, (long long)by);
    return lg_process_access_explain(p->host, p->pid, what, sys_errno, err);
}

static bool take_threads(const struct lg_tracer *t, struct lg_image *image)
{
    image->threads.count = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->items[i].gone)
            continue;
        struct lg_image_thread *thread = lg_push(image->arena, &image->threads);
        if (thread == NULL)
            return false;
        *thread = t->items[i].registers;
    }
    return true;
}

bool lg_pause_ptrace(struct lg_pause *p, struct lg_image *image,
                     struct lg_error *err)
{
    struct lg_tracer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return lg_fail_nomem(err);
    t->pause = p;
    (void)sem_init(&t->ready, 0, 0);
    (void)sem_init(&t->release, 0, 0);
    int sys_errno = start(t);
    if (sys_errno != 0) {
        destroy(t);
        return lg_fail_os(err, sys_errno, "cannot start a thread");
    }
    while (sem_wait(&t->ready) != 0)
        ;
    p->tracer = t;
    if (!t->ok) {
        sys_errno = t->seize_errno;
        (void)pthread_join(t->thread, NULL);
        destroy(t);
        return refused(p, sys_errno, err);
    }
    if (take_threads(t, image))
        return true;
    (void)lg_pause_ptrace_end(p);
    return lg_fail_nomem(err);
}

uint64_t lg_pause_ptrace_end(struct lg_pause *p)
{
    struct lg_tracer *t = p->tracer;
    (void)sem_post(&t->release);
    (void)pthread_join(t->thread, NULL);
    uint64_t stood_ns = t->ended_ns - t->began_ns;
    destroy(t);
    p->tracer = NULL;
    return stood_ns;
}
