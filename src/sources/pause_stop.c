/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping by SIGSTOP or the cgroup freezer, both with a guardian. */
#include "base/io.h"
#include "base/lines.h"
#include "sources/pause_internal.h"
#include "sources/process_exit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* "5 (comm) S …": the name may hold anything, so from the right. */
char lg_thread_state(int task_fd, int64_t tid)
{
    char path[48], buffer[1024];
    struct lg_str text;
    (void)snprintf(path, sizeof path, "%lld/stat", (long long)tid);
    if (!lg_small_file(task_fd, path, buffer, sizeof buffer, &text))
        return 0;
    ptrdiff_t at = lg_str_rfind(text, LG_STR(") "));
    return at >= 0 && (size_t)at + 2 < text.len ? text.data[at + 2] : 0;
}

/* "202 0x… (six of them) SP PC", "-1 SP PC" outside of a system call, or
 * "running". */
static void read_stack_pointer(int task_fd, struct lg_image_thread *t)
{
    char path[48], buffer[512];
    struct lg_str text, word, words[9];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%lld/syscall", (long long)t->tid);
    if (!lg_small_file(task_fd, path, buffer, sizeof buffer, &text))
        return;
    while (count < LG_COUNT(words) && lg_str_word(&text, &word))
        words[count++] = word;
    t->known = count >= 3 && lg_str_hex(words[count - 2], &t->sp) &&
               lg_str_hex(words[count - 1], &t->pc);
}

static int open_tasks(const struct lg_pause *p)
{
    return openat(p->dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool lg_pause_list_threads(struct lg_pause *p, struct lg_image *image,
                           struct lg_error *err)
{
    struct lg_dents dents;
    const char *name;
    int64_t tid;
    LG_CLOSE
    int task_fd = open_tasks(p);
    image->threads.count = 0;
    lg_dents_init(&dents, task_fd);
    while (task_fd >= 0 && (name = lg_dents_next(&dents)) != NULL) {
        if (!lg_str_i64(lg_str_of(name), &tid) ||
            image->threads.count >= LG_PAUSE_MAX_THREADS)
            continue;
        struct lg_image_thread *t = lg_push(image->arena, &image->threads);
        if (t == NULL)
            return lg_fail_nomem(err);
        t->tid = tid;
        read_stack_pointer(task_fd, t);
    }
    if (image->threads.count == 0)
        return lg_fail(err, LG_ABSENT, "process %lld has ended",
                       (long long)p->pid);
    return true;
}

enum standing { ALL_STAND, REST_IS_STUCK, SOME_RUN };

/* Stopped by a signal or by a tracer; stuck: in an uninterruptible sleep. */
static enum standing look(const struct lg_pause *p)
{
    struct lg_dents dents;
    const char *name;
    int64_t tid;
    enum standing all = ALL_STAND;
    LG_CLOSE
    int task_fd = open_tasks(p);
    lg_dents_init(&dents, task_fd);
    while (task_fd >= 0 && (name = lg_dents_next(&dents)) != NULL) {
        if (!lg_str_i64(lg_str_of(name), &tid))
            continue;
        char state = lg_thread_state(task_fd, tid);
        if (state == 'T' || state == 't' || state == 0 || state == 'Z' ||
            state == 'X')
            continue;
        if (state != 'D')
            return SOME_RUN;
        all = REST_IS_STUCK;
    }
    return all;
}

static void wait_until_standing(const struct lg_pause *p)
{
    enum standing standing;
    do {
        standing = look(p);
    } while (standing != ALL_STAND &&
             lg_pause_nap(p->began_ns, standing == REST_IS_STUCK));
}

static bool is_traced(const struct lg_pause *p)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text;
    if (!lg_small_file(p->dir_fd, "status", buffer, sizeof buffer, &text))
        return false;
    return lg_str_contains(text, LG_STR("\nTracerPid:")) &&
           !lg_str_contains(text, LG_STR("\nTracerPid:\t0\n"));
}

static bool send(int pid_fd, int signal_number)
{
    return syscall(SYS_pidfd_send_signal, pid_fd, signal_number, NULL, 0) == 0;
}

bool lg_pause_sigstop(struct lg_pause *p, struct lg_image *image,
                      struct lg_error *err)
{
    LG_CLOSE
    int pid_fd = -1;
    p->began_ns = lg_pause_now_ns();
    p->was_stopped = look(p) == ALL_STAND;
    if (p->was_stopped)
        return lg_pause_list_threads(p, image, err);
    if (is_traced(p)) /* it would get the signal instead of the process */
        return lg_fail(err, LG_DENIED,
                       "cannot stop process %lld: a debugger traces it",
                       (long long)p->pid);
    if (!lg_pidfd_open(p->pid, &pid_fd, err) ||
        !lg_guardian_start(&p->guardian, -1, NULL, pid_fd, err))
        return false;
    p->began_ns = lg_pause_now_ns();
    if (!send(pid_fd, SIGSTOP)) {
        int sys_errno = errno;
        lg_guardian_dismiss(&p->guardian);
        return lg_fail_os(err, sys_errno, "cannot stop process %lld",
                          (long long)p->pid);
    }
    p->undo_fd = pid_fd; /* kept open */
    pid_fd = -1;
    wait_until_standing(p);
    if (lg_pause_list_threads(p, image, err))
        return true;
    lg_pause_sigstop_end(p);
    return false;
}

void lg_pause_sigstop_end(struct lg_pause *p)
{
    if (p->was_stopped)
        return;
    (void)send(p->undo_fd, SIGCONT);
    lg_close_p(&p->undo_fd);
    p->undo_fd = -1;
    lg_guardian_dismiss(&p->guardian);
}

/* Where freezers are mounted, as every distribution does it. What lies there
 * is checked by the processes in it. */
static const struct place {
    const char *top, *file, *freeze, *thaw, *state, *frozen;
    int version;
} places[] = {
    {"sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED",
     "freezer.state", "FROZEN", 1},
    {"sys/fs/cgroup", "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1",
     2},
    {"sys/fs/cgroup/unified", "cgroup.freeze", "1", "0", "cgroup.events",
     "frozen 1", 2},
};

/* "7:freezer:/a", "0::/a". The root cannot be frozen. */
static bool cgroup_path(const struct lg_pause *p, int version, char *path,
                        size_t capacity)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_str text, line;
    if (!lg_small_file(p->dir_fd, "cgroup", buffer, sizeof buffer, &text))
        return false;
    while (lg_lines_next(&text, &line)) {
        struct lg_cut number = lg_str_cut_char(line, ':');
        struct lg_cut names = lg_str_cut_char(number.tail, ':');
        bool ours = version == 1 ? lg_str_eq(names.head, LG_STR("freezer"))
                                 : lg_str_eq(number.head, LG_STR("0"));
        if (!ours || !names.found || names.tail.len < 2 ||
            names.tail.len >= capacity)
            continue;
        (void)snprintf(path, capacity, "%.*s", LG_STR_ARG(names.tail));
        return true;
    }
    return false;
}

/* Nobody else may stand still with it: it must be alone there, without
 * groups below. */
static bool is_alone(int cgroup_fd, int64_t pid)
{
    char buffer[256], expected[32];
    struct lg_str text;
    struct stat st;
    if (!lg_small_file(cgroup_fd, "cgroup.procs", buffer, sizeof buffer, &text))
        return false;
    (void)snprintf(expected, sizeof expected, "%lld\n", (long long)pid);
    return lg_str_eq(text, lg_str_of(expected)) && fstat(cgroup_fd, &st) == 0 &&
           st.st_nlink <= 2;
}

static int open_freezer(const struct lg_pause *p, const struct place *place)
{
    char path[PATH_MAX], full[PATH_MAX + 64];
    if (!cgroup_path(p, place->version, path, sizeof path))
        return -1;
    (void)snprintf(full, sizeof full, "%s%s", place->top, path);
    int fd = lg_host_open(p->host, full, O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && !is_alone(fd, p->pid))
        lg_close_p(&fd);
    return fd;
}

static bool freeze(struct lg_pause *p, int cgroup_fd, const struct place *place)
{
    char buffer[256];
    struct lg_str text;
    if (write(p->undo_fd, place->freeze, strlen(place->freeze)) < 0)
        return false;
    do {
        if (lg_small_file(cgroup_fd, place->state, buffer, sizeof buffer,
                          &text) &&
            lg_str_contains(text, lg_str_of(place->frozen)))
            return true;
    } while (lg_pause_nap(p->began_ns, false));
    return true; /* those that still run have no registers */
}

static bool freeze_with(struct lg_pause *p, int cgroup_fd,
                        const struct place *place, struct lg_image *image,
                        struct lg_error *err)
{
    p->undo_fd = openat(cgroup_fd, place->file, O_WRONLY | O_CLOEXEC);
    if (p->undo_fd < 0)
        return lg_fail_os(err, errno, "cannot freeze process %lld",
                          (long long)p->pid);
    p->thaw = place->thaw;
    if (!lg_guardian_start(&p->guardian, p->undo_fd, p->thaw, -1, err)) {
        lg_close_p(&p->undo_fd);
        return false;
    }
    p->began_ns = lg_pause_now_ns();
    if (freeze(p, cgroup_fd, place) && lg_pause_list_threads(p, image, err))
        return true;
    int sys_errno = errno;
    lg_pause_freezer_end(p);
    return lg_fail_os(err, sys_errno, "cannot freeze process %lld",
                      (long long)p->pid);
}

bool lg_pause_freezer(struct lg_pause *p, struct lg_image *image,
                      struct lg_error *err)
{
    for (size_t i = 0; i < LG_COUNT(places); i++) {
        LG_CLOSE
        int cgroup_fd = open_freezer(p, &places[i]);
        if (cgroup_fd >= 0)
            return freeze_with(p, cgroup_fd, &places[i], image, err);
    }
    return lg_fail(err, LG_UNSUPPORTED,
                   "process %lld is not alone in a cgroup that can be frozen",
                   (long long)p->pid);
}

void lg_pause_freezer_end(struct lg_pause *p)
{
    (void)!write(p->undo_fd, p->thaw, strlen(p->thaw));
    lg_close_p(&p->undo_fd);
    p->undo_fd = -1;
    lg_guardian_dismiss(&p->guardian);
}
