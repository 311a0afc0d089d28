/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/run_tool.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_BYTES 300 /* of stderr; fits an error's text */

extern char **environ;

static int start(const char *const *argv, int out_fd, int said_fd,
                 pid_t *pid_ret)
{
    posix_spawn_file_actions_t actions;
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0)
        return number;
    number =
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (number == 0)
        number = posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
    if (number == 0)
        number = posix_spawn_file_actions_adddup2(&actions, said_fd, 2);
    if (number == 0)
        number = posix_spawn_file_actions_addchdir_np(&actions, "/");
    /* posix_spawn has the arguments of execve, whose constness is history. */
    if (number == 0)
        number = posix_spawnp(pid_ret, argv[0], &actions, NULL,
                              (char *const *)(uintptr_t)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return number;
}

static bool wait_for(pid_t pid)
{
    int status;
    pid_t got;
    do {
        got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    return got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool fail_with_said(const char *name, int said_fd, struct lg_error *err)
{
    char said[SAID_BYTES];
    ssize_t n = pread(said_fd, said, sizeof said, 0);
    struct lg_str text = lg_str_from(said, n > 0 ? (size_t)n : 0);
    text = lg_str_trim(lg_str_cut_char(lg_str_trim(text), '\n').head);
    if (text.len == 0)
        text = LG_STR("it failed without a word");
    return lg_fail(err, LG_UNSUPPORTED, "%s: %.*s", name, LG_STR_ARG(text));
}

bool lg_run_tool(const char *const *argv, size_t limit_bytes,
                 struct lg_arena *arena, struct lg_str *output_ret,
                 struct lg_error *err)
{
    int ends[2];
    pid_t pid;
    LG_CLOSE
    int said = memfd_create("said", MFD_CLOEXEC);
    if (said < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return lg_fail_os(err, errno, "cannot run %s", argv[0]);
    int number = start(argv, ends[1], said, &pid);
    (void)close(ends[1]);
    LG_CLOSE
    int from = ends[0];
    if (number != 0)
        return lg_fail_os(err, number, "cannot run %s", argv[0]);
    bool is_read = lg_read_all(from, limit_bytes, arena, output_ret, err);
    if (!is_read)
        (void)kill(pid, SIGKILL);
    bool is_good = wait_for(pid);
    return is_read && (is_good || fail_with_said(argv[0], said, err));
}
