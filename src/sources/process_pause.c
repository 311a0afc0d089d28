/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/process_pause.h"

#include "base/io.h"
#include "sources/pause_internal.h"
#include "sources/proc_fds.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NAP_NS 20000

uint64_t lg_pause_now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * LG_NS_PER_S + (uint64_t)ts.tv_nsec;
}

bool lg_pause_nap(uint64_t began_ns, bool stuck)
{
    uint64_t most_ns = stuck ? LG_PAUSE_WAIT_NS : LG_PAUSE_LONG_WAIT_NS;
    if (lg_pause_now_ns() - began_ns >= most_ns)
        return false;
    (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    return true;
}

typedef bool begin_fn(struct lg_pause *p, struct lg_image *image,
                      struct lg_error *err);

static const struct way {
    enum lg_pause_with with;
    begin_fn *begin;
} ways[] = {
    {LG_PAUSE_PTRACE, lg_pause_ptrace},
    {LG_PAUSE_CGROUP_FREEZER, lg_pause_freezer},
    {LG_PAUSE_SIGSTOP, lg_pause_sigstop},
};

/* The first error is the one that tells: the others are ways around it. */
static bool begin(struct lg_pause *p, enum lg_pause_with with,
                  struct lg_image *image, struct lg_error *err)
{
    struct lg_error first = {0}, why;
    for (size_t i = 0; i < LG_COUNT(ways); i++) {
        if (with != LG_PAUSE_BEST && with != ways[i].with)
            continue;
        p->with = ways[i].with;
        why = (struct lg_error){0};
        if (ways[i].begin(p, image, &why))
            return true;
        image->threads.count = 0;
        first = first.kind == LG_OK ? why : first;
        if (why.kind == LG_ABSENT)
            break; /* it is gone for all of them */
    }
    if (err != NULL)
        *err = first;
    return false;
}

bool lg_pause_begin(const struct lg_host *host, int64_t pid,
                    enum lg_pause_with with, struct lg_image *image,
                    struct lg_pause **pause_ret, struct lg_error *err)
{
    if (pid == getpid())
        return lg_fail(err, LG_UNSUPPORTED, "a process cannot pause itself");
    struct lg_pause *p = calloc(1, sizeof *p);
    if (p == NULL)
        return lg_fail_nomem(err);
    *p = (struct lg_pause){.host = host, .pid = pid, .undo_fd = -1};
    p->dir_fd = lg_proc_open(host, pid, err);
    if (p->dir_fd < 0 || !begin(p, with, image, err)) {
        lg_close_p(&p->dir_fd);
        free(p);
        return false;
    }
    *pause_ret = p;
    return true;
}

uint64_t lg_pause_end(struct lg_pause *p)
{
    uint64_t stood_ns;
    switch (p->with) {
    case LG_PAUSE_PTRACE:
        stood_ns = lg_pause_ptrace_end(p);
        break;
    case LG_PAUSE_CGROUP_FREEZER:
        lg_pause_freezer_end(p);
        stood_ns = lg_pause_now_ns() - p->began_ns;
        break;
    case LG_PAUSE_SIGSTOP:
    case LG_PAUSE_BEST:
    default:
        lg_pause_sigstop_end(p);
        stood_ns = lg_pause_now_ns() - p->began_ns;
        break;
    }
    lg_close_p(&p->dir_fd);
    free(p);
    return stood_ns;
}
