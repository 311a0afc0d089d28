/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/kmsg.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The system's journals are readable: then journalctl can show the kernel's
 * lines also to who may not read the ring buffer. */
static bool journal_readable(void)
{
    static const char *const patterns[] = {"/var/log/journal/*/system.journal",
                                           "/run/log/journal/*/system.journal"};
    bool readable = false;
    for (size_t p = 0; p < 2 && !readable; p++) {
        glob_t found = {0};
        if (glob(patterns[p], GLOB_NOSORT, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc && !readable; i++)
                readable = access(found.gl_pathv[i], R_OK) == 0;
        globfree(&found);
    }
    return readable;
}

static bool spawn_journalctl(struct lg_kmsg *k, bool from_end, bool follow,
                             int write_fd, struct lg_error *err)
{
    static char name[] = "journalctl", dmesg[] = "--dmesg",
                form[] = "--output=export", no_pager[] = "--no-pager",
                quiet[] = "--quiet", follow_it[] = "--follow",
                no_lines[] = "--lines=0", all_lines[] = "--no-tail";
    char *argv[10] = {name, dmesg, form, no_pager, quiet};
    int argc = 5;
    if (follow)
        argv[argc++] = follow_it;
    if (from_end)
        argv[argc++] = no_lines;
    else if (follow)
        argv[argc++] = all_lines;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid = 0;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                     O_WRONLY, 0);
    int failed =
        posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0)
        return lg_fail_os(err, failed, "cannot start journalctl");
    k->child_pid = pid;
    return true;
}

static bool open_journal(struct lg_kmsg *k, bool from_end, bool follow,
                         struct lg_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return lg_fail_os(err, errno, "cannot make a pipe");
    LG_CLOSE
    int read_fd = ends[0];
    LG_CLOSE
    int write_fd = ends[1];
    if (fcntl(read_fd, F_SETFL, O_NONBLOCK) != 0)
        return lg_fail_os(err, errno, "cannot prepare a pipe");
    struct lg_kmsg opened = {.is_journal = true};
    if (!spawn_journalctl(&opened, from_end, follow, write_fd, err))
        return false;
    opened.fd = read_fd;
    read_fd = -1;
    *k = opened;
    return true;
}

static bool explain_denied(struct lg_error *err)
{
    return lg_fail(err, LG_DENIED,
                   "the kernel log may not be read: kernel.dmesg_restrict is "
                   "set and CAP_SYSLOG is missing, and so is the right to "
                   "read the journal (try as root)");
}

bool lg_kmsg_open(struct lg_kmsg *k, const struct lg_host *host, bool from_end,
                  bool follow, struct lg_error *err)
{
    int fd = lg_host_open(host, "dev/kmsg", O_RDONLY | O_NONBLOCK);
    if (fd < 0) {
        int why = errno;
        if (host->is_live && journal_readable())
            return open_journal(k, from_end, follow, err);
        if (why == EPERM || why == EACCES)
            return explain_denied(err);
        return lg_fail_os(err, why,
                          "there is no kernel log here: cannot open /dev/kmsg "
                          "and no journal can be read");
    }
    struct stat st;
    bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (from_end)
        (void)lseek(fd, 0, SEEK_END);
    *k = (struct lg_kmsg){.fd = fd, .is_journal = is_file};
    return true;
}

void lg_kmsg_close(struct lg_kmsg *k)
{
    lg_close_p(&k->fd);
    k->fd = -1;
    if (k->child_pid > 0) {
        pid_t pid = (pid_t)k->child_pid;
        (void)kill(pid, SIGTERM);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        k->child_pid = 0;
    }
}

bool lg_kmsg_read(struct lg_kmsg *k, char *buffer, size_t capacity,
                  size_t *len_ret, bool *end_ret, bool *lost_ret,
                  struct lg_error *err)
{
    bool lost = false;
    for (;;) {
        ssize_t n = read(k->fd, buffer, capacity);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EPIPE) { /* overwritten before we came */
            lost = true;
            continue;
        }
        if (n < 0 && errno != EAGAIN)
            return lg_fail_os(err, errno, "cannot read the kernel log");
        *len_ret = n > 0 ? (size_t)n : 0;
        *end_ret = k->is_journal ? n == 0 : n < 0;
        *lost_ret = lost;
        return true;
    }
}

int64_t lg_boot_wall_ns(const struct lg_host *host)
{
    return lg_wall_ns(host->clock) - (int64_t)lg_mono_ns(host->clock);
}
