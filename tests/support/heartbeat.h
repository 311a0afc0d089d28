/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a child that can be watched living: threads that count, threads
 * that sleep in a read, handlers that count signals; a byte on a pipe whenever
 * it is asked for one. What it counts lies in memory that it shares with us.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_HEARTBEAT_H
#define LG_TESTS_HEARTBEAT_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LG_HEART_BUSY 2
#define LG_HEART_IDLE 6

struct lg_heart_shared {
    _Atomic uint64_t beats; /* of the busy threads together */
    _Atomic uint64_t queued_signals, plain_signals, terminations;
    struct {
        _Atomic int64_t tid;
        _Atomic uint64_t self; /* pthread_self(): the thread pointer */
    } threads[LG_HEART_BUSY + LG_HEART_IDLE];
};

struct lg_heart {
    pid_t pid;
    int ask_fd, answer_fd;
    struct lg_heart_shared *shared;
};

static struct lg_heart_shared *lg_heart_of_child;

static inline void lg_heart_on_signal(int number)
{
    if (number == SIGRTMIN)
        lg_heart_of_child->queued_signals++;
    else
        lg_heart_of_child->plain_signals++;
}

static inline void lg_heart_register(size_t index)
{
    lg_heart_of_child->threads[index].self = (uint64_t)pthread_self();
    lg_heart_of_child->threads[index].tid = (int64_t)syscall(SYS_gettid);
}

static inline void *lg_heart_busy(void *index)
{
    lg_heart_register((size_t)(uintptr_t)index);
    for (;;)
        lg_heart_of_child->beats++;
    return NULL;
}

/* Sleeps in a read of a pipe that nobody writes to. */
static inline void *lg_heart_idle(void *index)
{
    int ends[2];
    char byte;
    lg_heart_register((size_t)(uintptr_t)index);
    if (pipe(ends) != 0)
        return NULL;
    while (read(ends[0], &byte, 1) < 0)
        ;
    return NULL;
}

static inline _Noreturn void lg_heart_live(int ask_fd, int answer_fd)
{
    struct sigaction action = {.sa_handler = lg_heart_on_signal,
                               .sa_flags = SA_RESTART};
    pthread_t thread;
    char byte;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigaction(SIGRTMIN, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
    for (uintptr_t i = 0; i < LG_HEART_BUSY + LG_HEART_IDLE; i++) {
        if (pthread_create(&thread, NULL,
                           i < LG_HEART_BUSY ? lg_heart_busy : lg_heart_idle,
                           (void *)i) != 0)
            _exit(1);
        while (lg_heart_of_child->threads[i].tid == 0)
            (void)sched_yield();
    }
    while (read(ask_fd, &byte, 1) == 1) {
        if (write(answer_fd, &byte, 1) != 1)
            _exit(1);
    }
    _exit(0);
}

/* Comes back once all its threads run. */
static inline void lg_heart_start(struct lg_heart *h)
{
    int ask[2], answer[2];
    assert_int_equal(pipe(ask), 0);
    assert_int_equal(pipe(answer), 0);
    h->shared = mmap(NULL, sizeof *h->shared, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(h->shared != MAP_FAILED);
    h->pid = fork();
    assert_true(h->pid >= 0);
    if (h->pid == 0) {
        (void)close(ask[1]);
        (void)close(answer[0]);
        lg_heart_of_child = h->shared;
        lg_heart_live(ask[0], answer[1]);
    }
    (void)close(ask[0]);
    (void)close(answer[1]);
    h->ask_fd = ask[1];
    h->answer_fd = answer[0];
    char byte = 'b';
    assert_int_equal(write(h->ask_fd, &byte, 1), 1);
    assert_int_equal(read(h->answer_fd, &byte, 1), 1);
}

/* It lives: it answers, and its busy threads get on. */
static inline void lg_heart_beats(struct lg_heart *h)
{
    char byte = 'b';
    uint64_t before = h->shared->beats;
    assert_int_equal(write(h->ask_fd, &byte, 1), 1);
    assert_int_equal(read(h->answer_fd, &byte, 1), 1);
    while (h->shared->beats == before)
        (void)sched_yield();
}

static inline void lg_heart_end(struct lg_heart *h)
{
    int status;
    assert_int_equal(kill(h->pid, SIGKILL), 0);
    while (waitpid(h->pid, &status, 0) != h->pid || WIFSTOPPED(status))
        ;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(h->ask_fd);
    (void)close(h->answer_fd);
    (void)munmap(h->shared, sizeof *h->shared);
}

#endif
