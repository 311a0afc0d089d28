/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/finding.h"

static const struct {
    const char *name, *title;
} causes[LG_CAUSE_COUNT] = {
    [LG_CAUSE_NONE] = {"none", "nothing wrong"},
    [LG_CAUSE_GOROUTINE_LEAK] = {"goroutine-leak", "goroutine leak"},
    [LG_CAUSE_GOROUTINE_BURST] = {"goroutine-burst", "goroutine burst"},
    [LG_CAUSE_TIMER_LEAK] = {"timer-leak", "timer leak"},
    [LG_CAUSE_HEAP_LEAK] = {"heap-leak", "heap leak"},
    [LG_CAUSE_HEAP_BURST] = {"heap-burst", "heap burst"},
    [LG_CAUSE_INFINITE_RECURSION] = {"infinite-recursion",
                                     "infinite recursion"},
    [LG_CAUSE_FD_LEAK] = {"fd-leak", "file descriptor leak"},
    [LG_CAUSE_THREAD_LEAK] = {"thread-leak", "thread leak"},
    [LG_CAUSE_GC_HEADROOM] = {"gc-headroom", "no headroom for the GC"},
    [LG_CAUSE_OFF_HEAP] = {"off-heap", "memory outside the Go runtime"},
    [LG_CAUSE_SHMEM] = {"shmem", "shared memory"},
    [LG_CAUSE_PAGE_CACHE] = {"page-cache", "page cache"},
    [LG_CAUSE_KERNEL_MEMORY] = {"kernel-memory", "kernel memory"},
    [LG_CAUSE_NEIGHBOUR] = {"neighbour", "another process grew"},
    [LG_CAUSE_LIMIT_TOO_LOW] = {"limit-too-low", "limit too low"},
    [LG_CAUSE_NOT_OOM] = {"not-oom", "not an out-of-memory kill"},
};

const char *lg_cause_name(enum lg_cause cause)
{
    return causes[cause].name;
}

const char *lg_cause_title(enum lg_cause cause)
{
    return causes[cause].title;
}
