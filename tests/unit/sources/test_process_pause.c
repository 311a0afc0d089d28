/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is stopped, looked at and let go must not notice. */
#include "sources/process_image.h"

#include "base/io.h"
#include "base/vec.h"
#include "rng.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "heartbeat.h"

struct fixture {
    struct lg_host host;
    struct lg_arena arena;
    struct lg_heart heart;
    struct lg_image *image;
    struct lg_error err;
};

static void open_image(struct fixture *f)
{
    bool ok = lg_process_image_open(&f->host, f->heart.pid, &f->arena,
                                    &f->image, &f->err);
    if (!ok)
        fail_msg("%s", f->err.text);
}

static void set_up(struct fixture *f)
{
    *f = (struct fixture){0};
    lg_heart_start(&f->heart); /* before we have anything that it would copy */
    lg_arena_init(&f->arena, 0);
    assert_true(lg_host_init(&f->host, NULL, &f->err));
    open_image(f);
}

static void tear_down(struct fixture *f)
{
    lg_image_destroy(f->image);
    lg_heart_end(&f->heart);
    lg_host_deinit(&f->host);
    lg_arena_deinit(&f->arena);
}

static void pause_it(struct fixture *f)
{
    if (!lg_image_pause(f->image, &f->err))
        fail_msg("%s", f->err.text);
}

/* Nothing is counted while many reads pass. */
static void assert_stands(struct fixture *f)
{
    uint64_t before = f->heart.shared->beats, beats = 0;
    for (int i = 0; i < 2000; i++)
        assert_true(lg_image_u64(
            f->image, (uint64_t)(uintptr_t)&f->heart.shared->beats, &beats));
    assert_int_equal(beats, before);
    assert_int_equal(f->heart.shared->beats, before);
}

static char state_of(pid_t pid)
{
    char path[64], text[512];
    size_t len;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!lg_read_small(AT_FDCWD, path, text, sizeof text - 1, &len, NULL))
        return 0;
    text[len] = '\0';
    return strrchr(text, ')')[2];
}

static void assert_threads(const struct fixture *f, bool with_all_registers)
{
    const struct lg_heart_shared *shared = f->heart.shared;
    assert_int_equal(f->image->threads.count,
                     1 + LG_HEART_BUSY + LG_HEART_IDLE);
    for (size_t i = 0; i < LG_COUNT(shared->threads); i++) {
        const struct lg_image_thread *t =
            lg_image_thread_find(f->image, shared->threads[i].tid);
        assert_non_null(t);
        assert_true(t->known);
        const struct lg_image_segment *code =
            lg_image_segment_find(f->image, t->pc);
        const struct lg_image_segment *stack =
            lg_image_segment_find(f->image, t->sp);
        assert_true(code != NULL && code->can_exec);
        assert_true(stack != NULL && stack->can_write);
        if (with_all_registers)
            assert_int_equal(t->tls, shared->threads[i].self);
    }
    assert_null(lg_image_thread_find(f->image, 1));
}

static void it_stands_and_goes_on(void **state)
{
    struct fixture f;
    enum lg_pause_with with = (enum lg_pause_with)(uintptr_t)*state;
    set_up(&f);
    assert_true(lg_process_image_set_pause(f.image, with));
    for (int i = 0; i < 10; i++) {
        uint64_t before_ns = f.image->pause_ns;
        pause_it(&f);
        pause_it(&f); /* pairs nest */
        assert_stands(&f);
        assert_threads(&f, with != LG_PAUSE_SIGSTOP);
        lg_image_resume(f.image);
        assert_stands(&f);
        lg_image_resume(f.image);
        assert_true(f.image->pause_ns > before_ns);
        lg_heart_beats(&f.heart);
    }
    tear_down(&f);
}

/* What is destroyed while it is paused goes on too. */
static void destroying_resumes(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    pause_it(&f);
    pause_it(&f);
    lg_image_destroy(f.image);
    f.image = NULL;
    lg_heart_beats(&f.heart);
    tear_down(&f);
}

/* Somebody like us who pauses it, and is killed in the middle. */
static void kill_one_who_paused(struct fixture *f, enum lg_pause_with with)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)lg_process_image_set_pause(f->image, with);
        byte = lg_image_pause(f->image, &f->err) ? 'y' : 'n';
        if (byte == 'n')
            fprintf(stderr, "%s\n", f->err.text);
        if (write(ready[1], &byte, 1) == 1)
            (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_stands(f);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    lg_heart_beats(&f->heart);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void it_goes_on_when_we_are_killed(void **state)
{
    struct fixture f;
    set_up(&f);
    for (int i = 0; i < 5; i++)
        kill_one_who_paused(&f, (enum lg_pause_with)(uintptr_t)*state);
    tear_down(&f);
}

/* Signals that queue are counted one by one, whenever they come. */
static void no_signal_is_lost(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_rng rng = {.state = 0x516};
    uint64_t sent = 0, plain_before;
    union sigval none = {0};
    set_up(&f);
    assert_true(lg_process_image_set_pause(f.image, LG_PAUSE_PTRACE));
    for (int i = 0; i < 200; i++) {
        for (size_t n = lg_rng_below(&rng, 5); n > 0; n--, sent++)
            assert_int_equal(sigqueue(f.heart.pid, SIGRTMIN, none), 0);
        pause_it(&f);
        plain_before = f.heart.shared->plain_signals;
        for (size_t n = lg_rng_below(&rng, 5); n > 0; n--, sent++)
            assert_int_equal(sigqueue(f.heart.pid, SIGRTMIN, none), 0);
        if (i % 10 == 0)
            assert_int_equal(kill(f.heart.pid, SIGUSR1), 0);
        lg_image_resume(f.image);
        while (i % 10 == 0 && f.heart.shared->plain_signals == plain_before)
            (void)sched_yield();
    }
    while (f.heart.shared->queued_signals < sent)
        (void)sched_yield();
    lg_heart_beats(&f.heart);
    assert_int_equal(f.heart.shared->queued_signals, sent);
    tear_down(&f);
}

/* Stopped as by Ctrl-Z: seen by its parent, which we are. */
static void stop_it(struct lg_heart *h)
{
    siginfo_t info;
    assert_int_equal(kill(h->pid, SIGSTOP), 0);
    assert_int_equal(waitid(P_PID, (id_t)h->pid, &info, WSTOPPED | __WNOTHREAD),
                     0);
    assert_int_equal(info.si_code, CLD_STOPPED);
}

static void continue_it(struct lg_heart *h)
{
    siginfo_t info;
    assert_int_equal(kill(h->pid, SIGCONT), 0);
    assert_int_equal(
        waitid(P_PID, (id_t)h->pid, &info, WCONTINUED | __WNOTHREAD), 0);
    assert_int_equal(info.si_code, CLD_CONTINUED);
}

/* The end of a trace lets a stopped thread through the kernel once before it
 * stands again: what counts is that no instruction of the program ran. */
static void a_stopped_one_stays_stopped(void **state)
{
    struct fixture f;
    set_up(&f);
    assert_true(lg_process_image_set_pause(
        f.image, (enum lg_pause_with)(uintptr_t)*state));
    for (int i = 0; i < 20; i++) {
        stop_it(&f.heart);
        pause_it(&f);
        assert_stands(&f);
        assert_int_equal(f.image->threads.count,
                         1 + LG_HEART_BUSY + LG_HEART_IDLE);
        lg_image_resume(f.image);
        assert_stands(&f);
        while (state_of(f.heart.pid) != 'T')
            (void)sched_yield();
        continue_it(&f.heart);
        lg_heart_beats(&f.heart);
    }
    tear_down(&f);
}

/* SIGSTOP and SIGCONT that arrive while it is paused take effect afterwards,
 * in whichever order they came. */
static void stops_during_a_pause(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_true(lg_process_image_set_pause(f.image, LG_PAUSE_PTRACE));
    for (int i = 0; i < 50; i++) {
        siginfo_t info;
        pause_it(&f);
        assert_int_equal(kill(f.heart.pid, SIGSTOP), 0);
        lg_image_resume(f.image);
        assert_int_equal(
            waitid(P_PID, (id_t)f.heart.pid, &info, WSTOPPED | __WNOTHREAD), 0);
        pause_it(&f);
        assert_int_equal(kill(f.heart.pid, SIGCONT), 0);
        lg_image_resume(f.image);
        lg_heart_beats(&f.heart);
        pause_it(&f);
        assert_int_equal(kill(f.heart.pid, SIGSTOP), 0);
        assert_int_equal(kill(f.heart.pid, SIGCONT), 0);
        lg_image_resume(f.image);
        lg_heart_beats(&f.heart);
    }
    tear_down(&f);
}

/* Stops and continues at any moment, without waiting for what we do. */
static void stops_at_any_moment(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_rng rng = {.state = 0x57095};
    set_up(&f);
    pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            (void)kill(f.heart.pid, SIGSTOP);
            for (size_t n = lg_rng_below(&rng, 3000); n > 0; n--)
                (void)getppid();
            (void)kill(f.heart.pid, SIGCONT);
            for (size_t n = lg_rng_below(&rng, 3000); n > 0; n--)
                (void)getppid();
        }
    }
    for (int i = 0; i < 200; i++) {
        pause_it(&f);
        assert_int_equal(f.image->threads.count,
                         1 + LG_HEART_BUSY + LG_HEART_IDLE);
        assert_threads(&f, true);
        lg_image_resume(f.image);
    }
    assert_int_equal(kill(other, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, 0), other);
    assert_int_equal(kill(f.heart.pid, SIGCONT), 0);
    lg_heart_beats(&f.heart);
    tear_down(&f);
}

/* The parent of vfork sleeps until its child has ended, and no signal or
 * tracer wakes it: as in a page fault that waits for memory. */
static void sleep_uninterruptibly(int hold_fd, int ready_fd)
{
    char byte;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    // NOLINTBEGIN(clang-analyzer-unix.Vfork): two system calls harm nobody
    pid_t pid = vfork(); // NOLINT(clang-analyzer-security.insecureAPI.vfork)
    if (pid == 0) {
        (void)!write(ready_fd, "v", 1);
        (void)!read(hold_fd, &byte, 1);
        _exit(0);
    }
    // NOLINTEND(clang-analyzer-unix.Vfork)
    (void)!write(ready_fd, "d", 1);
    (void)!read(hold_fd, &byte, 1);
    _exit(0);
}

/* It has no registers, and is let go all the same: when what it waited for
 * comes, it goes on, and is no longer traced by anybody. */
static void one_that_cannot_be_stopped(void **state)
{
    struct fixture f = {0};
    enum lg_pause_with with = (enum lg_pause_with)(uintptr_t)*state;
    int hold[2], ready[2];
    char byte;
    assert_int_equal(pipe(hold), 0);
    assert_int_equal(pipe(ready), 0);
    lg_arena_init(&f.arena, 0);
    assert_true(lg_host_init(&f.host, NULL, &f.err));
    f.heart.pid = fork();
    assert_true(f.heart.pid >= 0);
    if (f.heart.pid == 0)
        sleep_uninterruptibly(hold[0], ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    while (state_of(f.heart.pid) != 'D')
        (void)sched_yield();
    open_image(&f);
    assert_true(lg_process_image_set_pause(f.image, with));
    pause_it(&f);
    assert_int_equal(f.image->threads.count, 1);
    if (with == LG_PAUSE_PTRACE)
        assert_false(f.image->threads.items[0].known);
    lg_image_resume(f.image);
    assert_true(f.image->pause_ns >= LG_PAUSE_WAIT_NS);
    assert_int_equal(write(hold[1], "x", 1), 1);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'd');
    assert_int_equal(write(hold[1], "x", 1), 1);
    assert_int_equal(waitpid(f.heart.pid, NULL, 0), f.heart.pid);
    for (int i = 0; i < 2; i++) {
        (void)close(hold[i]);
        (void)close(ready[i]);
    }
    lg_image_destroy(f.image);
    lg_host_deinit(&f.host);
    lg_arena_deinit(&f.arena);
}

/* The status of a child that dies while we hold it is for its parent. */
static void one_that_is_killed_meanwhile(void **state)
{
    struct fixture f;
    int status;
    set_up(&f);
    assert_true(lg_process_image_set_pause(
        f.image, (enum lg_pause_with)(uintptr_t)*state));
    pause_it(&f);
    assert_int_equal(kill(f.heart.pid, SIGKILL), 0);
    lg_image_resume(f.image);
    assert_int_equal(waitpid(f.heart.pid, &status, 0), f.heart.pid);
    assert_true(WIFSIGNALED(status));
    assert_false(lg_image_pause(f.image, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    lg_image_destroy(f.image);
    lg_host_deinit(&f.host);
    lg_arena_deinit(&f.arena);
}

/* A debugger: a process that traces it. */
static pid_t trace_it(pid_t pid)
{
    int ready[2];
    char byte = 'y';
    assert_int_equal(pipe(ready), 0);
    pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 &&
            write(ready[1], &byte, 1) == 1)
            (void)pause();
        _exit(1);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return other;
}

/* Its main thread is refused, so all are let go, and the reason is said. */
static void a_debugger_is_not_disturbed(void **state)
{
    (void)state;
    struct fixture f;
    char expected[32];
    set_up(&f);
    pid_t other = trace_it(f.heart.pid);
    snprintf(expected, sizeof expected, "process %d", other);
    assert_true(lg_process_image_set_pause(f.image, LG_PAUSE_PTRACE));
    assert_false(lg_image_pause(f.image, &f.err));
    assert_int_equal(f.err.kind, LG_DENIED);
    assert_non_null(strstr(f.err.text, expected));
    lg_heart_beats(&f.heart);
    f.err = (struct lg_error){0};
    assert_true(lg_process_image_set_pause(f.image, LG_PAUSE_SIGSTOP));
    assert_false(lg_image_pause(f.image, &f.err));
    assert_int_equal(f.err.kind, LG_DENIED);
    lg_heart_beats(&f.heart);
    assert_int_equal(kill(other, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, 0), other);
    pause_it(&f);
    lg_image_resume(f.image);
    lg_heart_beats(&f.heart);
    tear_down(&f);
}

static void nobody_pauses_himself(void **state)
{
    (void)state;
    struct lg_host host;
    struct lg_arena arena;
    struct lg_image *image;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_true(lg_host_init(&host, NULL, &err));
    assert_true(lg_process_image_open(&host, getpid(), &arena, &image, &err));
    assert_false(lg_image_pause(image, &err));
    assert_int_equal(err.kind, LG_UNSUPPORTED);
    lg_image_destroy(image);
    lg_host_deinit(&host);
    lg_arena_deinit(&arena);
}

/* A cgroup for it alone; false where there is none to be had. */
static bool give_it_a_cgroup(const struct fixture *f, char path[64])
{
    char text[32];
    snprintf(path, 64, "/sys/fs/cgroup/freezer/lg-test-%d", getpid());
    if (mkdir(path, 0755) != 0) {
        snprintf(path, 64, "/sys/fs/cgroup/lg-test-%d", getpid());
        if (mkdir(path, 0755) != 0)
            return false;
    }
    snprintf(text, sizeof text, "%d", f->heart.pid);
    int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = lg_small_write(dir_fd, "cgroup.procs", lg_str_of(text));
    (void)close(dir_fd);
    if (!ok)
        (void)rmdir(path);
    return ok;
}

static void in_a_cgroup_of_its_own(void **state)
{
    (void)state;
    struct fixture f;
    char path[64];
    set_up(&f);
    assert_true(lg_process_image_set_pause(f.image, LG_PAUSE_CGROUP_FREEZER));
    if (!give_it_a_cgroup(&f, path)) {
        tear_down(&f);
        skip();
    }
    for (int i = 0; i < 5; i++) {
        pause_it(&f);
        assert_stands(&f);
        assert_threads(&f, false);
        lg_image_resume(f.image);
        lg_heart_beats(&f.heart);
        kill_one_who_paused(&f, LG_PAUSE_CGROUP_FREEZER);
    }
    /* A debugger's business is not disturbed by this one. */
    pid_t other = trace_it(f.heart.pid);
    assert_true(lg_process_image_set_pause(f.image, LG_PAUSE_BEST));
    pause_it(&f);
    assert_stands(&f);
    lg_image_resume(f.image);
    assert_int_equal(kill(other, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, 0), other);
    tear_down(&f);
    assert_int_equal(rmdir(path), 0);
}

static void a_shared_cgroup_is_left_alone(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_true(lg_process_image_set_pause(f.image, LG_PAUSE_CGROUP_FREEZER));
    assert_false(lg_image_pause(f.image, &f.err));
    assert_int_equal(f.err.kind, LG_UNSUPPORTED);
    lg_heart_beats(&f.heart);
    tear_down(&f);
}

#define WITH(function, with)                                                   \
    {                                                                          \
        .name = #function " " #with, .test_func = (function),                  \
        .initial_state = (void *)(uintptr_t)(with)                             \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(it_stands_and_goes_on, LG_PAUSE_BEST),
        WITH(it_stands_and_goes_on, LG_PAUSE_PTRACE),
        WITH(it_stands_and_goes_on, LG_PAUSE_SIGSTOP),
        cmocka_unit_test(destroying_resumes),
        WITH(it_goes_on_when_we_are_killed, LG_PAUSE_PTRACE),
        WITH(it_goes_on_when_we_are_killed, LG_PAUSE_SIGSTOP),
        cmocka_unit_test(no_signal_is_lost),
        WITH(a_stopped_one_stays_stopped, LG_PAUSE_PTRACE),
        WITH(a_stopped_one_stays_stopped, LG_PAUSE_SIGSTOP),
        cmocka_unit_test(stops_during_a_pause),
        cmocka_unit_test(stops_at_any_moment),
        WITH(one_that_cannot_be_stopped, LG_PAUSE_PTRACE),
        WITH(one_that_cannot_be_stopped, LG_PAUSE_SIGSTOP),
        WITH(one_that_is_killed_meanwhile, LG_PAUSE_PTRACE),
        WITH(one_that_is_killed_meanwhile, LG_PAUSE_SIGSTOP),
        cmocka_unit_test(a_debugger_is_not_disturbed),
        cmocka_unit_test(nobody_pauses_himself),
        cmocka_unit_test(in_a_cgroup_of_its_own),
        cmocka_unit_test(a_shared_cgroup_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
