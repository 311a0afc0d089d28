/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/capturer.h"
#include "tmpdir.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A lane over ourselves, who are no Go program: jobs come back, files are
 * there, and a worker that dies costs one job. */

struct fixture {
    struct lg_host host;
    int folder_fd;
    struct lg_capturer *capturer;
};

static void open_lane(struct fixture *f, const char *path,
                      enum lg_capture_from from)
{
    assert_true(lg_host_init(&f->host, NULL, NULL));
    f->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct lg_capturer_options options = {
        .host = &f->host,
        .folder_fd = f->folder_fd,
        .pid = getpid(),
        .start_mono_ns = lg_mono_ns(f->host.clock),
        .from = from,
    };
    assert_true(lg_capturer_create(&options, &f->capturer, NULL));
}

static void close_lane(struct fixture *f)
{
    lg_capturer_destroy(f->capturer);
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    close(f->folder_fd);
    lg_host_deinit(&f->host);
}

static struct lg_capture_outcome wait_for(struct fixture *f)
{
    struct lg_capture_outcome outcome;
    struct pollfd ready = {.fd = lg_capturer_fd(f->capturer), .events = POLLIN};
    assert_true(lg_capturer_busy(f->capturer));
    while (!lg_capturer_take(f->capturer, &outcome)) {
        (void)poll(&ready, 1, -1);
    }
    assert_false(lg_capturer_busy(f->capturer));
    return outcome;
}

static void test_a_job_comes_back(void **state)
{
    struct fixture f;
    open_lane(&f, *state, LG_FROM_MEMORY);
    struct lg_capture_job job = {
        .kind = LG_JOB_CAPTURE,
        .id = 7,
        .name = "usage-50",
        .parts = ~0u,
        .newest = true,
    };
    lg_capturer_submit(f.capturer, &job);
    struct lg_capture_outcome outcome = wait_for(&f);
    assert_int_equal(outcome.job.id, 7);
    assert_false(outcome.has_source || outcome.complete || outcome.crashed);
    assert_int_not_equal(outcome.error.kind, LG_OK);
    assert_true(outcome.duration_ns > 0);
    assert_int_equal(
        faccessat(f.folder_fd, "captures/0007-usage-50/capture.json", R_OK, 0),
        0);
    close_lane(&f);
}

static pid_t only_child(void)
{
    char path[64], text[64];
    size_t len = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    assert_true(
        lg_read_small(AT_FDCWD, path, text, sizeof text - 1, &len, NULL));
    text[len] = '\0';
    return (pid_t)strtol(text, NULL, 10);
}

static void test_a_worker_dies(void **state)
{
    struct fixture f;
    open_lane(&f, *state, LG_FROM_MEMORY);
    struct lg_capture_job job = {.kind = LG_JOB_FIND};
    for (int i = 0; i < 2; i++) {
        pid_t worker = only_child();
        assert_true(worker > 1);
        assert_int_equal(kill(worker, SIGSTOP),
                         0); /* not done before it dies */
        lg_capturer_submit(f.capturer, &job);
        assert_int_equal(kill(worker, SIGKILL), 0);
        struct lg_capture_outcome outcome = wait_for(&f);
        assert_true(outcome.crashed);
        assert_non_null(strstr(outcome.error.text, "signal 9"));
        assert_int_not_equal(only_child(), worker);
    }
    lg_capturer_submit(f.capturer, &job);
    assert_false(wait_for(&f).crashed);
    close_lane(&f);
}

/* One that dies of every job is not started for ever. */
static void test_workers_die_again_and_again(void **state)
{
    struct fixture f;
    open_lane(&f, *state, LG_FROM_ANY);
    struct lg_capture_job job = {.kind = LG_JOB_FIND};
    int died = 0;
    while (!lg_capturer_busy(f.capturer) && died < 100) {
        pid_t worker = only_child();
        assert_int_equal(kill(worker, SIGKILL), 0);
        lg_capturer_submit(f.capturer, &job);
        struct pollfd ready = {.fd = lg_capturer_fd(f.capturer),
                               .events = POLLIN};
        struct lg_capture_outcome outcome;
        while (!lg_capturer_take(f.capturer, &outcome)) {
            (void)poll(&ready, 1, -1);
        }
        assert_true(outcome.crashed);
        died++;
    }
    assert_true(died > 2 && died < 20);
    close_lane(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(test_a_job_comes_back),
        lg_tmpdir_test(test_a_worker_dies),
        lg_tmpdir_test(test_workers_die_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
