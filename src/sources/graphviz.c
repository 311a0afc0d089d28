/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/graphviz.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PICTURE_BYTES_MAX ((size_t)1 << 30)

extern char **environ;

/* The graph as a file: unlike a pipe it need not be fed while the picture is
 * read, and a dot that ends early sends no signal. */
static int graph_file(struct lg_str graph, struct lg_error *err)
{
    int fd = memfd_create("graph", MFD_CLOEXEC);
    if (fd < 0) {
        lg_fail_os(err, errno, "cannot make a file in memory");
        return -1;
    }
    if (lg_write_all(fd, graph.data, graph.len, err)) {
        if (lseek(fd, 0, SEEK_SET) == 0)
            return fd;
        lg_fail_os(err, errno, "cannot rewind a file in memory");
    }
    close(fd);
    return -1;
}

static bool spawn_dot(const char *format, int in_fd, int out_fd, pid_t *pid_ret,
                      struct lg_error *err)
{
    static char name[] = "dot";
    char option[32];
    char *argv[] = {name, option, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)snprintf(option, sizeof option, "-T%s", format);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    int failed =
        posix_spawnp(pid_ret, name, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed == ENOENT)
        return lg_fail(err, LG_ABSENT,
                       "dot is not on the PATH (Graphviz draws the picture; "
                       "-svg and -flame need no Graphviz)");
    if (failed != 0)
        return lg_fail_os(err, failed, "cannot start dot");
    return true;
}

static bool await_dot(pid_t pid, struct lg_error *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return lg_fail_os(err, errno, "cannot wait for dot");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        return lg_fail(err, LG_UNSUPPORTED, "dot was killed by signal %d",
                       WTERMSIG(status));
    return lg_fail(err, LG_UNSUPPORTED, "dot ended with status %d",
                   WEXITSTATUS(status));
}

bool lg_graphviz_draw(const char *format, struct lg_str graph,
                      struct lg_arena *arena, struct lg_str *picture_ret,
                      struct lg_error *err)
{
    int ends[2];
    pid_t pid;
    struct lg_str picture;
    LG_CLOSE
    int in_fd = graph_file(graph, err);
    if (in_fd < 0)
        return false;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return lg_fail_os(err, errno, "cannot make a pipe");
    bool started = spawn_dot(format, in_fd, ends[1], &pid, err);
    close(ends[1]);
    if (!started) {
        close(ends[0]);
        return false;
    }
    bool ok = lg_read_all(ends[0], PICTURE_BYTES_MAX, arena, &picture, err);
    close(ends[0]); /* lets a dot that is still writing end */
    if (!await_dot(pid, ok ? err : NULL) || !ok)
        return false;
    *picture_ret = picture;
    return true;
}
