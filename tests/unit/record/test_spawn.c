/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"
#include "record/spawn.h"
#include "tmpdir.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static bool spawn(char *const *argv, int64_t *pid_ret, struct lg_error *err)
{
    struct lg_spawn s = {.argv = argv, .procs_fd = -1, .stderr_fd = -1};
    return lg_spawn(&s, pid_ret, err);
}

static int status_of(int64_t pid)
{
    int status = -1;
    assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
    return status;
}

/* A failed start leaves nothing behind, not even a dead child. */
static void assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void assert_fails(const char *program, enum lg_error_kind kind)
{
    char *argv[] = {(char *)(uintptr_t)program, NULL};
    struct lg_error err = {0};
    int64_t pid = -7;
    assert_false(spawn(argv, &pid, &err));
    assert_int_equal(err.kind, kind);
    assert_non_null(strstr(err.text, program)); /* it is named */
    assert_int_equal(pid, -7);
    assert_no_children();
}

static void test_not_found(void **state)
{
    (void)state;
    assert_fails("/nowhere/no-such-program", LG_ABSENT);
    assert_fails("no-such-program-in-any-path", LG_ABSENT);
}

static void write_program(const char *folder, const char *name,
                          const char *text, mode_t mode, char *path,
                          size_t capacity)
{
    snprintf(path, capacity, "%s/%s", folder, name);
    assert_true(lg_write_file(AT_FDCWD, path, lg_str_of(text), mode, NULL));
    assert_int_equal(chmod(path, mode), 0);
}

static void test_not_executable(void **state)
{
    char path[300];
    assert_fails(*state, LG_DENIED); /* a folder */
    write_program(*state, "plain", "#!/bin/sh\n", 0644, path, sizeof path);
    assert_fails(path, LG_DENIED);
}

static void test_no_program_of_this_machine(void **state)
{
    char path[300];
    write_program(*state, "cut", "\177ELF\2\1\1", 0755, path, sizeof path);
    char *argv[] = {path, NULL};
    struct lg_error err = {0};
    int64_t pid = 0;
    /* execvp hands what it cannot run to a shell, which then fails: either
     * way it is no success of the program. */
    if (spawn(argv, &pid, &err)) {
        int status = status_of(pid);
        assert_true(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    } else {
        assert_true(err.text[0] != '\0');
    }
    assert_no_children();
}

static void test_statuses(void **state)
{
    (void)state;
    static const int codes[] = {0, 1, 2, 77, 127, 255};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char command[40];
        snprintf(command, sizeof command, "exit %d", codes[i]);
        char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                        command, NULL};
        int64_t pid;
        assert_true(spawn(argv, &pid, NULL)); /* found in PATH */
        int status = status_of(pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), codes[i]);
    }
    char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t) "kill -KILL $$", NULL};
    int64_t pid;
    assert_true(spawn(argv, &pid, NULL));
    int status = status_of(pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static struct lg_str run_for_output(struct lg_spawn *s, const char *command,
                                    char *text, size_t capacity)
{
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t)command, NULL};
    int fds[2];
    size_t len = 0;
    int64_t pid;
    assert_int_equal(pipe(fds), 0);
    s->argv = argv;
    s->stderr_fd = fds[1];
    assert_true(lg_spawn(s, &pid, NULL));
    close(fds[1]);
    for (;;) {
        ssize_t got = read(fds[0], text + len, capacity - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    close(fds[0]);
    assert_int_equal(status_of(pid), 0);
    return lg_str_trim(lg_str_from(text, len));
}

static void test_stderr_goes_where_it_shall(void **state)
{
    (void)state;
    char text[200];
    struct lg_spawn s = {.procs_fd = -1};
    struct lg_str said =
        run_for_output(&s, "echo out >/dev/null; echo err >&2", text, 200);
    assert_true(lg_str_eq(said, LG_STR("err")));
}

/* The recorder blocks signals for itself; the program must not inherit it. */
static void test_signal_mask(void **state)
{
    (void)state;
    char text[400];
    sigset_t mask, old;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGCHLD);
    assert_int_equal(sigprocmask(SIG_BLOCK, &mask, &old), 0);
    struct lg_spawn s = {.procs_fd = -1, .signal_mask = &old};
    struct lg_str said = run_for_output(
        &s, "sed -n 's/^SigBlk:\t//p' /proc/self/status >&2", text, 400);
    uint64_t blocked = 1;
    assert_true(lg_str_hex(said, &blocked));
    assert_int_equal(blocked & (UINT64_C(1) << (SIGTERM - 1)), 0);
    assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
}

/* Nothing of ours is open in the program but what it shall have. */
static void test_no_descriptor_leaks(void **state)
{
    (void)state;
    char text[400];
    struct lg_spawn s = {.procs_fd = -1};
    int mine = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(mine > 2);
    char command[100];
    snprintf(command, sizeof command,
             "test -e /proc/self/fd/%d && echo open >&2; true", mine);
    struct lg_str said = run_for_output(&s, command, text, 400);
    assert_int_equal(said.len, 0);
    close(mine);
}

/* The cgroup cannot be joined: then it doesn't run outside of it either. */
static void test_no_cgroup(void **state)
{
    char path[300];
    snprintf(path, sizeof path, "%s/ran", (const char *)*state);
    char *argv[] = {(char *)(uintptr_t) "touch", path, NULL};
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0)
        skip();
    struct lg_spawn s = {.argv = argv, .procs_fd = full, .stderr_fd = -1};
    struct lg_error err = {0};
    int64_t pid;
    assert_false(lg_spawn(&s, &pid, &err));
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_non_null(strstr(err.text, "cgroup"));
    assert_int_equal(access(path, F_OK), -1);
    assert_no_children();
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_found),
        lg_tmpdir_test(test_not_executable),
        lg_tmpdir_test(test_no_program_of_this_machine),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_stderr_goes_where_it_shall),
        cmocka_unit_test(test_signal_mask),
        cmocka_unit_test(test_no_descriptor_leaks),
        lg_tmpdir_test(test_no_cgroup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
