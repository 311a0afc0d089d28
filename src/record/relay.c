/* SPDX-License-Identifier: Apache-2.0 */
#include "record/relay.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A grandchild may keep stderr open for ever: after the program's end we wait
 * for its last words only as long as they flow. */
#define QUIET_MS 50

struct lg_relay_tail {
    _Atomic uint64_t total; /* bytes copied so far */
    _Atomic int ended;      /* the copier saw the end */
    char bytes[LG_RELAY_TAIL_BYTES];
};

static bool same_open_file(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino && x.st_rdev == y.st_rdev;
}

static void keep(struct lg_relay_tail *tail, const char *data, size_t len)
{
    uint64_t total = tail->total;
    for (size_t i = 0; i < len; i++) {
        tail->bytes[(total + i) % LG_RELAY_TAIL_BYTES] = data[i];
    }
    tail->total = total + len;
}

/* The copier: ends only with the last writer. Every signal that somebody may
 * send to the whole group is ignored; a broken stderr no longer gets anything
 * but is still drained, so that the program never blocks on us. */
static _Noreturn void copy(int from, struct lg_relay_tail *tail)
{
    static char buffer[32768];
    static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                                  SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        signal(ignored[i], SIG_IGN);
    }
    prctl(PR_SET_NAME, "lastgasp-stderr");
    bool broken = false;
    for (;;) {
        ssize_t len = read(from, buffer, sizeof buffer);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len <= 0) {
            break;
        }
        broken = broken || !lg_write_all(2, buffer, (size_t)len, NULL);
        keep(tail, buffer, (size_t)len);
    }
    tail->ended = 1;
    _exit(0);
}

/* The copier outlives us: what we hold must not stay open through it. */
static void close_others(int keep_fd)
{
    close_range(3, (unsigned)keep_fd - 1, 0);
    close_range((unsigned)keep_fd + 1, ~0U, 0);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd >= 0) {
        dup2(null_fd, 0);
        dup2(null_fd, 1);
        close(null_fd);
    }
}

static void start_copier(struct lg_relay *relay)
{
    int pipe_fds[2];
    void *shared = mmap(NULL, sizeof *relay->tail, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return;
    }
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        munmap(shared, sizeof *relay->tail);
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close_others(pipe_fds[0]);
        copy(pipe_fds[0], shared);
    }
    close(pipe_fds[0]);
    if (pid < 0) {
        close(pipe_fds[1]);
        munmap(shared, sizeof *relay->tail);
        return;
    }
    relay->tail = shared;
    relay->copier_pid = pid;
    relay->write_fd = pipe_fds[1];
}

void lg_relay_start(struct lg_relay *relay)
{
    *relay = (struct lg_relay){.write_fd = -1, .file_fd = -1};
    struct stat st;
    if (fstat(2, &st) != 0 || isatty(2)) {
        return;
    }
    if (S_ISREG(st.st_mode)) {
        relay->file_fd = open("/proc/self/fd/2", O_RDONLY | O_CLOEXEC);
        relay->file_from = st.st_size;
        return;
    }
    if (!same_open_file(1, 2)) {
        start_copier(relay);
    }
}

void lg_relay_started(struct lg_relay *relay)
{
    if (relay->write_fd >= 0) {
        close(relay->write_fd);
        relay->write_fd = -1;
    }
}

/* Until the copier has seen the end, or nothing more has come for a while. */
static void drain(struct lg_relay *relay)
{
    uint64_t seen = UINT64_MAX;
    while (!relay->tail->ended && relay->tail->total != seen) {
        seen = relay->tail->total;
        poll(NULL, 0, QUIET_MS);
    }
}

static struct lg_str copied_tail(const struct lg_relay *relay,
                                 struct lg_arena *arena)
{
    uint64_t total = relay->tail->total;
    size_t len =
        total < LG_RELAY_TAIL_BYTES ? (size_t)total : LG_RELAY_TAIL_BYTES;
    char *bytes = lg_new(arena, char, len);
    if (bytes == NULL) {
        return (struct lg_str){NULL, 0};
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = relay->tail->bytes[(total - len + i) % LG_RELAY_TAIL_BYTES];
    }
    return lg_str_from(bytes, len);
}

static struct lg_str file_tail(const struct lg_relay *relay,
                               struct lg_arena *arena)
{
    struct stat st;
    if (fstat(relay->file_fd, &st) != 0 || st.st_size <= relay->file_from) {
        return (struct lg_str){NULL, 0};
    }
    int64_t from = st.st_size - LG_RELAY_TAIL_BYTES;
    from = from < relay->file_from ? relay->file_from : from;
    size_t len = (size_t)(st.st_size - from);
    char *bytes = lg_new(arena, char, len);
    ssize_t got = bytes == NULL ? 0 : pread(relay->file_fd, bytes, len, from);
    return lg_str_from(bytes, got > 0 ? (size_t)got : 0);
}

struct lg_str lg_relay_finish(struct lg_relay *relay, struct lg_arena *arena)
{
    struct lg_str text = {NULL, 0};
    lg_relay_started(relay);
    if (relay->tail != NULL) {
        drain(relay);
        text = copied_tail(relay, arena);
        if (relay->tail->ended) {
            while (waitpid((pid_t)relay->copier_pid, NULL, 0) < 0 &&
                   errno == EINTR) {
            }
        }
        munmap(relay->tail, sizeof *relay->tail);
        relay->tail = NULL;
    } else if (relay->file_fd >= 0) {
        text = file_tail(relay, arena);
    }
    if (relay->file_fd >= 0) {
        close(relay->file_fd);
        relay->file_fd = -1;
    }
    return text;
}
