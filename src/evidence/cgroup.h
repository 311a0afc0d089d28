/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a memory cgroup at one instant, v1 and v2 in the same words. The
 * limit that counts is the lowest on the whole path up to the root.
 * Source: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst.
 */
#ifndef LG_EVIDENCE_CGROUP_H
#define LG_EVIDENCE_CGROUP_H

#include "base/vec.h"
#include "evidence/fact.h"

struct lg_cgroup_stat {
    struct lg_str name; /* memory.stat's own name */
    uint64_t value;
};

struct lg_psi { /* memory.pressure; total in ns */
    bool known;
    double some_avg10, full_avg10;
    uint64_t some_total_ns, full_total_ns;
};

struct lg_cgroup {
    int version;               /* 1 or 2; 0: none found */
    struct lg_str path;        /* from the hierarchy's root: "/a/b" */
    struct lg_num limit_bytes; /* own memory.max / limit_in_bytes; not known:
                                  unlimited */
    struct lg_num effective_limit_bytes; /* lowest on the path, host total
                                            included */
    struct lg_str limit_path; /* the cgroup that sets it; "" = host */
    struct lg_num high_bytes; /* lowest memory.high on the path (v2) */
    struct lg_num usage_bytes, peak_bytes, swap_bytes, swap_limit_bytes;
    struct lg_num kmem_bytes, failcnt;
    struct lg_num oom_count, oom_kill_count, oom_group_kill_count, high_count,
        max_count; /* memory.events; v1: oom_kill of memory.oom_control */
    bool oom_group, oom_kill_disabled, under_oom;
    struct lg_psi psi;
    LG_VEC(struct lg_cgroup_stat) stats;
    /* In the same words for v1 and v2, from stats. file is the page cache as
     * the kernel counts it, with shmem in it; kernel has the stacks, page
     * tables, sockets and slab in it. */
    struct lg_num anon_bytes, file_bytes, shmem_bytes, kernel_bytes,
        kernel_stack_bytes, pagetables_bytes, sock_bytes, slab_bytes,
        inactive_file_bytes, active_file_bytes, dirty_bytes;
    LG_VEC(int64_t) pids; /* cgroup.procs, the whole subtree */
};

#endif
