/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "no_alloc.h"

#include "record/session_internal.h"
#include "tmpdir.h"

#include <string.h>
#include <sys/wait.h>

/* The loop that looks at a live process, with a clock that the test moves. */

#define STEP_NS (20 * LG_NS_PER_MS)

static uint64_t now_ns = LG_NS_PER_S;

static uint64_t stepping_mono(void *context)
{
    (void)context;
    return now_ns;
}

static int64_t stepping_wall(void *context)
{
    (void)context;
    return INT64_C(1793628180000000000) + (int64_t)now_ns;
}

static const struct lg_clock stepping = {stepping_wall, stepping_mono, NULL};

struct fixture {
    struct lg_session *s;
    struct lg_session_options options;
    struct lg_host host;
    pid_t child;
    int stop_fd;
};

/* A child that lives until its pipe is closed. */
static void start_child(struct fixture *f)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    f->child = fork();
    if (f->child == 0) {
        char end;
        close(fds[1]);
        (void)!read(fds[0], &end, 1);
        _exit(0);
    }
    close(fds[0]);
    f->stop_fd = fds[1];
}

static void open_fixture(struct fixture *f, const char *folder)
{
    memset(f, 0, sizeof *f);
    start_child(f);
    assert_true(lg_host_init(&f->host, NULL, NULL));
    f->host.clock = &stepping;
    f->options.host = &f->host;
    f->options.id = "test";
    f->options.folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct lg_session *s = f->s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->options = &f->options;
    s->host = &f->host;
    s->start_ns = now_ns;
    s->child_fd = s->subject_fd = s->oom_fd = s->csv_fd = s->epoll_fd =
        s->signal_fd = -1;
    lg_arena_init(&s->arena, 0);
    lg_arena_init(&s->scratch, 0);
    lg_trigger_init(&s->trigger, 0);
    s->subject.pid = f->child;
    s->has_place =
        lg_cgroup_place_find(&f->host, f->child, &s->arena, &s->place, NULL);
    assert_true(lg_session_open_timeline(s, NULL));
    lg_session_open_samplers(s);
    assert_true(s->has_process_sampler);
}

static void close_fixture(struct fixture *f)
{
    struct lg_session *s = f->s;
    lg_session_close_marks(s);
    lg_process_sampler_close(&s->process_sampler);
    if (s->has_cgroup_sampler)
        lg_cgroup_sampler_close(&s->cgroup_sampler);
    if (s->oom_fd >= 0)
        close(s->oom_fd);
    close(s->csv_fd);
    lg_arena_deinit(&s->scratch);
    lg_arena_deinit(&s->arena);
    free(s);
    close(f->stop_fd);
    close(f->options.folder_fd);
    assert_int_equal(waitpid(f->child, NULL, 0), f->child);
    lg_host_deinit(&f->host);
}

/* What a sample is followed by in the loop, without captures. */
static void look(struct lg_session *s)
{
    now_ns += STEP_NS;
    lg_session_sample(s, false);
    lg_session_consider(s);
    struct lg_trigger_sample sample = {
        .usage_bytes = s->usage_bytes,
        .rate_bytes_per_s = s->rate_bytes_per_s,
    };
    (void)lg_trigger_interval_ns(&s->trigger, &sample, STEP_NS);
}

/* The steady loop never calls malloc: memory may be gone when it matters. The
 * first look may still set up what the C library does on first use. */
static void test_sampling_allocates_nothing(void **state)
{
    struct fixture f;
    open_fixture(&f, *state);
    look(f.s);
    size_t before = lg_allocations();
    for (int i = 0; i < 5000; i++)
        look(f.s);
    assert_int_equal(lg_allocations() - before, 0);
    assert_true(f.s->timeline.count > 100);
    assert_true(f.s->usage_bytes > 0);
    close_fixture(&f);
}

/* … not even when the rows are thinned and the file is written anew. */
static void test_thinning_allocates_nothing(void **state)
{
    struct fixture f;
    size_t fell = 0, count = 0;
    open_fixture(&f, *state);
    look(f.s);
    size_t before = lg_allocations();
    for (int i = 0; i < 3 * LG_SESSION_ROWS; i++) {
        f.s->facts_are_new = true; /* each look is a row */
        f.s->goroutines = lg_known(UINT64_MAX);
        f.s->heap_bytes = f.s->stack_bytes = lg_known(UINT64_MAX);
        look(f.s);
        fell += f.s->timeline.count < count;
        count = f.s->timeline.count;
    }
    assert_true(fell >= 2);
    assert_int_equal(lg_allocations() - before, 0);
    close_fixture(&f);
}

static size_t lines_of(int folder_fd)
{
    int fd = openat(folder_fd, "timeline.csv", O_RDONLY | O_CLOEXEC);
    char buffer[65536];
    size_t lines = 0;
    ssize_t got;
    assert_true(fd >= 0);
    while ((got = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            lines += buffer[i] == '\n';
    }
    close(fd);
    return lines;
}

/* The file has the rows that memory has, before and after thinning. */
static void test_file_follows_the_rows(void **state)
{
    struct fixture f;
    open_fixture(&f, *state);
    for (int i = 0; i < 100; i++) {
        f.s->facts_are_new = true;
        look(f.s);
    }
    assert_int_equal(f.s->timeline.count, 100);
    assert_int_equal(lines_of(f.options.folder_fd), 101);
    for (int i = 0; i < LG_SESSION_ROWS; i++) {
        f.s->facts_are_new = true;
        look(f.s);
    }
    assert_true(f.s->timeline.count < LG_SESSION_ROWS);
    assert_int_equal(lines_of(f.options.folder_fd), f.s->timeline.count + 1);
    close_fixture(&f);
}

/* While nothing moves, rows are few though looks are many. */
static void test_rows_at_rest(void **state)
{
    struct fixture f;
    open_fixture(&f, *state);
    f.s->has_cgroup_sampler = false; /* other processes move in ours */
    for (int i = 0; i < 500; i++)    /* 10 s */
        look(f.s);
    assert_in_range(f.s->timeline.count, 35, 60);
    assert_true(f.s->process_now.rss_bytes.known);
    assert_true(f.s->process_now.threads.value == 1);
    f.s->has_cgroup_sampler = true;
    close_fixture(&f);
}

/* The process goes away while it is looked at. */
static void test_process_ends(void **state)
{
    struct fixture f;
    open_fixture(&f, *state);
    look(f.s);
    kill(f.child, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)f.child, &info, WEXITED | WNOWAIT), 0);
    for (int i = 0; i < 100; i++)
        look(f.s);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(test_sampling_allocates_nothing),
        lg_tmpdir_test(test_thinning_allocates_nothing),
        lg_tmpdir_test(test_file_follows_the_rows),
        lg_tmpdir_test(test_rows_at_rest),
        lg_tmpdir_test(test_process_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
