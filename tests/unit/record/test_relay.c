/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"
#include "record/relay.h"
#include "rng.h"
#include "tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Three processes play: we stand for whoever reads stderr; `recorder` runs in
 * a child whose descriptor 2 is a pipe to us; the program is its child and
 * writes to what the relay gave it. What the recorder got as the tail goes
 * into a file, since an assertion in a child would be nobody's.
 */

/* Bytes that tell their place, so that an exchange or a gap is seen. */
static char byte_at(uint64_t i)
{
    return (char)((i * 2654435761u) >> 13);
}

static void write_pattern(int fd, uint64_t from, uint64_t len)
{
    char buffer[4096];
    while (len > 0) {
        size_t n = len < sizeof buffer ? (size_t)len : sizeof buffer;
        for (size_t i = 0; i < n; i++)
            buffer[i] = byte_at(from + i);
        if (!lg_write_all(fd, buffer, n, NULL))
            _exit(9);
        from += n;
        len -= n;
    }
}

static void assert_pattern(const char *data, size_t len, uint64_t from)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != byte_at(from + i))
            fail_msg("byte %llu of the stream is wrong",
                     (unsigned long long)(from + i));
    }
}

struct play {
    uint64_t bytes;     /* that the program writes */
    bool recorder_dies; /* before the program has written */
    int hold_fd;        /* a grandchild keeps stderr open until this ends */
    const char *tail_path;
};

/* The program: waits for its cue, writes, tells by its status. */
static void program(const struct play *play, int fd, int cue_fd)
{
    char cue;
    while (read(cue_fd, &cue, 1) < 0 && errno == EINTR) {
    }
    signal(SIGPIPE, SIG_DFL);
    write_pattern(fd, 0, play->bytes);
    _exit(0);
}

static void recorder(const struct play *play, const int *cue)
{
    struct lg_relay relay;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    lg_relay_start(&relay);
    if (relay.write_fd < 0 || relay.copier_pid <= 0)
        _exit(3);
    pid_t child = fork();
    if (child == 0)
        program(play, relay.write_fd, cue[0]);
    if (play->hold_fd > 0 && fork() == 0) {
        (void)!read(play->hold_fd, &(char){0}, 1);
        _exit(0);
    }
    lg_relay_started(&relay);
    if (play->recorder_dies)
        raise(SIGKILL);
    close(cue[0]);
    (void)!write(cue[1], "x", 1);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    struct lg_str tail = lg_relay_finish(&relay, &arena);
    bool ok = lg_write_file(AT_FDCWD, play->tail_path, tail, 0600, NULL);
    _exit(ok && status == 0 ? 0 : 4);
}

static pid_t start_recorder(const struct play *play, int *read_fd_ret,
                            int *cue_fd_ret)
{
    int err[2], cue[2];
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    assert_int_equal(pipe2(cue, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(err[1], 2);
        close(err[0]);
        close(err[1]);
        recorder(play, cue);
    }
    close(err[1]);
    close(cue[0]);
    *read_fd_ret = err[0];
    *cue_fd_ret = cue[1];
    return pid;
}

/* Everything that came through, which must be the pattern. */
static uint64_t read_all(int fd)
{
    static char buffer[65536];
    uint64_t total = 0;
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return total;
        assert_pattern(buffer, (size_t)got, total);
        total += (uint64_t)got;
    }
}

static int wait_for(pid_t pid)
{
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void passes_through(const char *folder, uint64_t bytes)
{
    static char tail[LG_RELAY_TAIL_BYTES + 1];
    char path[300];
    int read_fd, cue_fd;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/tail", folder);
    struct play play = {.bytes = bytes, .tail_path = path};
    pid_t pid = start_recorder(&play, &read_fd, &cue_fd);
    assert_int_equal(read_all(read_fd), bytes);
    assert_int_equal(wait_for(pid), 0);
    assert_true(lg_read_small(AT_FDCWD, path, tail, sizeof tail, &len, NULL));
    uint64_t kept = bytes < LG_RELAY_TAIL_BYTES ? bytes : LG_RELAY_TAIL_BYTES;
    assert_int_equal(len, kept);
    assert_pattern(tail, len, bytes - kept);
    close(read_fd);
    close(cue_fd);
}

static void test_bytes_pass_unchanged(void **state)
{
    static const uint64_t sizes[] = {0,
                                     1,
                                     4096,
                                     LG_RELAY_TAIL_BYTES - 1,
                                     LG_RELAY_TAIL_BYTES,
                                     LG_RELAY_TAIL_BYTES + 1,
                                     1234567};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        passes_through(*state, sizes[i]);
}

/* The recorder is killed: the program goes on writing, and all of it comes. */
static void test_recorder_dies(void **state)
{
    (void)state;
    int read_fd, cue_fd;
    struct play play = {.bytes = 3000000, .recorder_dies = true};
    pid_t pid = start_recorder(&play, &read_fd, &cue_fd);
    int status = wait_for(pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(write(cue_fd, "x", 1), 1);
    assert_int_equal(read_all(read_fd), play.bytes);
    close(read_fd);
    close(cue_fd);
}

/* Nobody reads our stderr any more: the program must not feel it. */
static void test_reader_goes_away(void **state)
{
    char path[300], tail[8];
    int read_fd, cue_fd;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/tail", (const char *)*state);
    struct play play = {.bytes = 1000000, .tail_path = path};
    pid_t pid = start_recorder(&play, &read_fd, &cue_fd);
    close(read_fd);
    assert_int_equal(wait_for(pid), 0); /* the program ended with 0 */
    (void)lg_read_small(AT_FDCWD, path, tail, sizeof tail, &len, NULL);
    assert_int_equal(access(path, F_OK), 0);
    close(cue_fd);
}

/* A grandchild keeps stderr open: the end is not waited for for ever. */
static void test_grandchild_keeps_it_open(void **state)
{
    char path[300];
    int read_fd, cue_fd, hold[2];
    snprintf(path, sizeof path, "%s/tail", (const char *)*state);
    assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
    struct play play = {.bytes = 5000, .tail_path = path, .hold_fd = hold[0]};
    pid_t pid = start_recorder(&play, &read_fd, &cue_fd);
    assert_int_equal(wait_for(pid), 0);
    static char tail[LG_RELAY_TAIL_BYTES];
    size_t len = 0;
    assert_true(lg_read_small(AT_FDCWD, path, tail, sizeof tail, &len, NULL));
    assert_int_equal(len, 5000);
    assert_pattern(tail, len, 0);
    assert_int_equal(write(hold[1], "x", 1), 1); /* let it go */
    close(hold[0]);
    close(hold[1]);
    close(cue_fd);
    close(read_fd);
}

/* Runs in a child whose descriptors 1 and 2 are as wanted; its status. */
static int in_child(int out_fd, int err_fd, int (*check)(const char *),
                    const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out_fd, 1);
        dup2(err_fd, 2);
        _exit(check(path));
    }
    int status = wait_for(pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int left_alone(const char *path)
{
    (void)path;
    struct lg_relay relay;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    lg_relay_start(&relay);
    bool alone = relay.write_fd == -1 && relay.copier_pid == 0;
    lg_relay_started(&relay);
    struct lg_str tail = lg_relay_finish(&relay, &arena);
    lg_arena_deinit(&arena);
    return alone && tail.len == 0 ? 0 : 1;
}

/* 2>&1: a copier would change the order of lines. */
static void test_same_file_as_stdout(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(in_child(fds[1], fds[1], left_alone, NULL), 0);
    close(fds[0]);
    close(fds[1]);
}

static void test_terminal(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        skip();
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_int_equal(in_child(null_fd, terminal, left_alone, NULL), 0);
    close(null_fd);
    close(terminal);
    close(master);
}

/* A regular file: nobody copies, and only what is new is the tail. */
static int file_tail_is(const char *want)
{
    struct lg_relay relay;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    lg_relay_start(&relay);
    bool direct = relay.write_fd == -1 && relay.copier_pid == 0;
    (void)!write(2, want, strlen(want));
    struct lg_str tail = lg_relay_finish(&relay, &arena);
    bool same = lg_str_eq(tail, lg_str_of(want));
    lg_arena_deinit(&arena);
    return direct && same ? 0 : 1;
}

static void test_regular_file(void **state)
{
    char path[300];
    snprintf(path, sizeof path, "%s/log", (const char *)*state);
    assert_true(lg_write_file(AT_FDCWD, path, LG_STR("of an earlier run\n"),
                              0600, NULL));
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && null_fd >= 0);
    assert_int_equal(
        in_child(null_fd, fd, file_tail_is, "panic: boom\n\ngoroutine 1"), 0);
    assert_int_equal(in_child(null_fd, fd, file_tail_is, ""), 0);
    close(fd);
    close(null_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(test_bytes_pass_unchanged),
        cmocka_unit_test(test_recorder_dies),
        lg_tmpdir_test(test_reader_goes_away),
        lg_tmpdir_test(test_grandchild_keeps_it_open),
        cmocka_unit_test(test_same_file_as_stdout),
        cmocka_unit_test(test_terminal),
        lg_tmpdir_test(test_regular_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
