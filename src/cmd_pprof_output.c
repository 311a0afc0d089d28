/* SPDX-License-Identifier: Apache-2.0 */
/* Where a report goes: internal/driver/commands.go, tempfile.go (Go 1.27.4). */
#include "base/io.h"
#include "cmd.h"
#include "cmd_pprof.h"
#include "sources/pprof_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define VIEWER_WORDS 16
#define MAX_TEMPORARY 64

/* Files that viewers were given; removed at the end of the program. */
static char *temporary[MAX_TEMPORARY];
static size_t temporary_count;

static void remove_temporary(void)
{
    for (size_t i = 0; i < temporary_count; i++)
        unlink(temporary[i]);
}

static void remove_at_exit(const char *path)
{
    if (temporary_count == MAX_TEMPORARY)
        return;
    if (temporary_count == 0 && atexit(remove_temporary) != 0)
        return;
    char *copy = strdup(path);
    if (copy != NULL)
        temporary[temporary_count++] = copy;
}

/* Like pprof's, closed with a look at what the disk says. */
static bool write_and_close(int fd, struct lg_str bytes, const char *path,
                            struct lg_error *err)
{
    bool ok = lg_write_all(fd, bytes.data, bytes.len, err);
    if (close(fd) != 0 && ok)
        ok = lg_fail_os(err, errno, "close");
    return ok || lg_context(err, "%s", path);
}

static bool to_stdout(struct lg_str bytes, struct lg_error *err)
{
    return lg_write_all(STDOUT_FILENO, bytes.data, bytes.len, err) ||
           lg_context(err, "standard output");
}

/* What would fill a terminal with binary data gets a file. */
static bool to_file(const struct lg_pprof_command *c, struct lg_str bytes,
                    bool in_shell, struct lg_arena *arena, struct lg_error *err)
{
    struct lg_sb suffix;
    const char *path;
    int fd;
    bool is_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    if (!in_shell && !is_terminal)
        return to_stdout(bytes, err);
    lg_sb_init(&suffix, arena);
    lg_sb_fmt(&suffix, ".%s", c->suffix);
    const char *end = lg_sb_cstr_of(&suffix);
    if (end == NULL)
        return lg_fail_nomem(err);
    if (!lg_pprof_new_file("", LG_STR("profile"), end, arena, &fd, &path, err))
        return false;
    lg_cmd_say("Generating report in %s", path);
    return write_and_close(fd, bytes, path, err);
}

/* A viewer and its arguments, cut at blanks, then the file. */
static bool start_viewer(const char *viewer, const char *path,
                         struct lg_arena *arena, pid_t *pid_ret)
{
    char *words[VIEWER_WORDS + 2];
    size_t count = 0;
    struct lg_str rest = lg_str_of(viewer), word;
    while (count < VIEWER_WORDS && lg_str_word(&rest, &word)) {
        words[count] = lg_str_cstr(arena, word);
        if (words[count++] == NULL)
            return false;
    }
    if (count == 0)
        return false;
    words[count] = lg_str_cstr(arena, lg_str_of(path));
    words[count + 1] = NULL;
    return posix_spawnp(pid_ret, words[0], NULL, NULL, words, environ) == 0;
}

/* The viewer may be a script that hands the file on and ends at once. */
static void give_it_time(void)
{
    struct timespec second = {.tv_sec = 1};
    nanosleep(&second, NULL);
}

static bool await_viewer(const char *viewer, pid_t pid, bool in_shell,
                         struct lg_error *err)
{
    int status = 0;
    if (in_shell) { /* more commands can be given meanwhile */
        give_it_time();
        return true;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    give_it_time();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return lg_fail(err, LG_UNSUPPORTED, "%s ended with status %d", viewer,
                   WIFEXITED(status) ? WEXITSTATUS(status)
                                     : 128 + WTERMSIG(status));
}

/* Programs to try, in this order; ends with NULL. */
static const char *const *viewers_of(enum lg_pprof_viewer viewer)
{
    static const char *const eog[] = {"eog", NULL};
    static const char *const evince[] = {"evince", NULL};
    static const char *const gv[] = {"gv --noantialias", NULL};
    static const char *const kcachegrind[] = {"kcachegrind", NULL};
    static const char *browsers[8];
    size_t count = 0;
    const char *own = getenv("BROWSER"), *display = getenv("DISPLAY");
    switch (viewer) {
    case LG_PPROF_TO_EOG:
        return eog;
    case LG_PPROF_TO_EVINCE:
        return evince;
    case LG_PPROF_TO_GV:
        return gv;
    case LG_PPROF_TO_KCACHEGRIND:
        return kcachegrind;
    default:
        break;
    }
    if (own != NULL && own[0] != '\0')
        browsers[count++] = own;
    browsers[count++] = "chrome";
    browsers[count++] = "google-chrome";
    browsers[count++] = "chromium";
    browsers[count++] = "firefox";
    browsers[count++] = "sensible-browser";
    if (display != NULL && display[0] != '\0')
        browsers[count++] = "xdg-open";
    browsers[count] = NULL;
    return browsers;
}

static bool to_viewer(const struct lg_pprof_command *c, struct lg_str bytes,
                      bool in_shell, struct lg_arena *arena,
                      struct lg_error *err)
{
    const char *dir = getenv("TMPDIR"), *path;
    struct lg_sb suffix;
    pid_t pid;
    int fd;
    lg_sb_init(&suffix, arena);
    lg_sb_fmt(&suffix, ".%s", c->suffix);
    const char *end = lg_sb_cstr_of(&suffix);
    if (end == NULL)
        return lg_fail_nomem(err);
    if (!lg_pprof_new_file(dir != NULL && dir[0] != '\0' ? dir : "/tmp",
                           LG_STR("pprof"), end, arena, &fd, &path, err) ||
        !write_and_close(fd, bytes, path, err))
        return false;
    const char *const *viewers = viewers_of(c->viewer);
    for (size_t i = 0; viewers[i] != NULL; i++) {
        if (!start_viewer(viewers[i], path, arena, &pid))
            continue;
        remove_at_exit(path);
        return await_viewer(viewers[i], pid, in_shell, err);
    }
    return lg_fail(err, LG_UNSUPPORTED,
                   "no program to view it is installed; it is in %s, and "
                   "-output puts it where you want it",
                   path);
}

static bool to_output(struct lg_str bytes, struct lg_str output,
                      struct lg_arena *arena, struct lg_error *err)
{
    const char *path = lg_str_cstr(arena, output);
    if (path == NULL)
        return lg_fail_nomem(err);
    lg_cmd_say("Generating report in %s", path);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return lg_fail_os(err, errno, "%s", path);
    return write_and_close(fd, bytes, path, err);
}

bool lg_pprof_deliver(const struct lg_pprof_command *command,
                      struct lg_str bytes, struct lg_str output, bool in_shell,
                      struct lg_arena *arena, struct lg_error *err)
{
    if (output.len > 0)
        return to_output(bytes, output, arena, err);
    if (command->viewer == LG_PPROF_TO_STDOUT)
        return to_stdout(bytes, err);
    if (command->viewer == LG_PPROF_TO_FILE)
        return to_file(command, bytes, in_shell, arena, err);
    return to_viewer(command, bytes, in_shell, arena, err);
}
