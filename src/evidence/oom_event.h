/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the kernel wrote when it killed for memory. One event per OOM
 * report: who asked for memory, whose limit was hit, who was killed. All in
 * bytes. A field that this kernel does not print, or that the ring buffer has
 * cut away, is not known.
 *
 * Sources: mm/oom_kill.c, mm/memcontrol.c, mm/memcontrol-v1.c of Linux
 * 3.10 … 6.18; see docs/formats/kernel-oom.md.
 */
#ifndef LG_EVIDENCE_OOM_EVENT_H
#define LG_EVIDENCE_OOM_EVENT_H

#include "base/vec.h"
#include "evidence/fact.h"

enum lg_oom_scope {
    LG_OOM_UNKNOWN = 0,
    LG_OOM_MEMCG,     /* CONSTRAINT_MEMCG: a cgroup's limit */
    LG_OOM_HOST,      /* CONSTRAINT_NONE: the whole machine */
    LG_OOM_CPUSET,    /* CONSTRAINT_CPUSET */
    LG_OOM_MEMPOLICY, /* CONSTRAINT_MEMORY_POLICY */
};

struct lg_oom_task { /* a row of the task table, or a victim */
    int64_t pid;     /* thread group id, in the initial pid namespace; 0:
                        unknown */
    struct lg_str comm;
    struct lg_num uid, total_vm_bytes, rss_bytes, anon_rss_bytes,
        file_rss_bytes, shmem_rss_bytes, pgtables_bytes, swap_bytes;
    bool has_oom_score_adj;
    int32_t oom_score_adj;
    bool reaped; /* an oom_reaper line named it */
};

struct lg_oom_stat { /* a row of "Memory cgroup stats" */
    struct lg_str name;
    uint64_t value; /* bytes or a count, as the kernel's name says */
};

struct lg_oom_event {
    int64_t wall_ns;              /* 0: the log carries no wall time */
    uint64_t uptime_ns;           /* of its first line; 0: none */
    struct lg_str kernel_release; /* "6.18.44" when the report says */
    struct lg_str trigger_comm;   /* the task that asked for memory */
    int64_t trigger_pid;          /* its thread id; 0: unknown */
    struct lg_str gfp_mask;       /* as printed: "0xcc0(GFP_KERNEL)" */
    struct lg_num order;
    struct lg_num user_rip, user_rsp, user_rbp; /* of the asking thread */
    enum lg_oom_scope scope;
    struct lg_str constraint; /* "CONSTRAINT_MEMCG"; empty when not said */
    struct lg_str oom_memcg;  /* whose limit was hit; path from the root */
    struct lg_str task_memcg; /* where the victim lives */
    struct lg_num usage_bytes, limit_bytes, failcnt;
    struct lg_num memsw_usage_bytes, memsw_limit_bytes; /* v1 memory+swap */
    struct lg_num swap_usage_bytes, swap_limit_bytes;   /* v2 swap */
    struct lg_num kmem_usage_bytes, kmem_limit_bytes;   /* v1 */
    struct lg_num host_total_bytes, host_free_bytes, swap_total_bytes,
        swap_free_bytes; /* Mem-Info of a host OOM */
    LG_VEC(struct lg_oom_stat) stats;
    LG_VEC(struct lg_oom_task) tasks;   /* the task table */
    LG_VEC(struct lg_oom_task) victims; /* in order; each pid once */
    bool oom_group;       /* memory.oom.group: all tasks are killed */
    bool no_killable;     /* "no killable processes" */
    bool rate_limited;    /* only the "Killed process" line was printed */
    bool truncated;       /* lines are missing: cut ring, lost messages */
    bool panic;           /* the kernel panicked instead of killing */
    bool already_exiting; /* the victim was dying already: no signal sent */
    struct lg_str group_memcg;      /* whose memory.oom.group it was */
    uint64_t tasks_dropped_count;   /* rows of a very long table not kept: the
                                       smallest */
    uint64_t line_first, line_last; /* 1-based lines of the input */
    struct lg_str text; /* the report's own lines, as read; for kernel.log */
};

const char *lg_oom_scope_name(enum lg_oom_scope scope); /* "memcg"… or NULL */

#endif
