/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/rule.h"

/* Order matters only in that a rule may claim the memory behind a line; what
 * follows leaves it alone. Ranking comes afterwards. */
const struct lg_rule lg_rules[] = {
    {LG_CAUSE_NEIGHBOUR, 0, lg_judge_victim_beside, 3.5},
    {LG_CAUSE_NOT_OOM, LG_NEED_END, lg_judge_not_oom, 3.0},
    {LG_CAUSE_NEIGHBOUR, LG_NEED_PROCESS, lg_judge_neighbour, 1.6},
    {LG_CAUSE_INFINITE_RECURSION, LG_NEED_GOROUTINES, lg_judge_recursion, 1.5},
    {LG_CAUSE_THREAD_LEAK, LG_NEED_PROCESS, lg_judge_threads, 0},
    {LG_CAUSE_GOROUTINE_LEAK, LG_NEED_GOROUTINES, lg_judge_goroutine_leak, 0},
    {LG_CAUSE_GOROUTINE_BURST, LG_NEED_GOROUTINES, lg_judge_goroutine_burst, 0},
    {LG_CAUSE_TIMER_LEAK, LG_NEED_HEAP, lg_judge_timers, 0},
    {LG_CAUSE_FD_LEAK, LG_NEED_PROCESS, lg_judge_fds, 0},
    {LG_CAUSE_GC_HEADROOM, LG_NEED_MEMSTATS | LG_NEED_TIMELINE,
     lg_judge_gc_headroom, 1.2},
    {LG_CAUSE_LIMIT_TOO_LOW, LG_NEED_END | LG_NEED_TIMELINE, lg_judge_limit,
     1.1},
    {LG_CAUSE_HEAP_BURST, LG_NEED_HEAP | LG_NEED_TIMELINE, lg_judge_heap_burst,
     0},
    {LG_CAUSE_HEAP_LEAK, LG_NEED_HEAP, lg_judge_heap_leak, 0},
    {LG_CAUSE_OFF_HEAP, LG_NEED_MEMSTATS | LG_NEED_PROCESS, lg_judge_off_heap,
     0},
    {LG_CAUSE_SHMEM, LG_NEED_CGROUP, lg_judge_shmem, 0},
    {LG_CAUSE_PAGE_CACHE, LG_NEED_CGROUP | LG_NEED_END, lg_judge_page_cache, 0},
    {LG_CAUSE_KERNEL_MEMORY, LG_NEED_CGROUP | LG_NEED_END,
     lg_judge_kernel_memory, 0},
    {LG_CAUSE_HEAP_BURST, LG_NEED_GOROUTINES | LG_NEED_TIMELINE,
     lg_judge_unseen_burst, 0},
    {LG_CAUSE_HEAP_LEAK, LG_NEED_MEMSTATS, lg_judge_unseen_leak, 0},
    {LG_CAUSE_LIMIT_TOO_LOW, LG_NEED_END | LG_NEED_TIMELINE, lg_judge_level,
     1.1},
};

const size_t lg_rule_count = LG_COUNT(lg_rules);
