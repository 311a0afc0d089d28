/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what /proc says of one process at one instant. Bytes throughout.
 * Source: Documentation/filesystems/proc.rst; fields are taken by name.
 */
#ifndef LG_EVIDENCE_PROCESS_H
#define LG_EVIDENCE_PROCESS_H

#include "base/vec.h"
#include "evidence/fact.h"

/* Descriptors with the same kind and the same target, or the same pattern of
 * target (numbers replaced by N), counted together; largest first. */
struct lg_fd_group {
    struct lg_str kind;    /* "file", "socket", "pipe", "anon", "dev",
                              "memfd", "deleted" */
    struct lg_str target;  /* example path; "TCP 127.0.0.1:80 → …" */
    struct lg_str pattern; /* what they share: "/tmp/x-N"; target when all
                              are the same */
    uint64_t count;
};

struct lg_fds {
    uint64_t count;
    LG_VEC(struct lg_fd_group) groups;
    bool truncated; /* more than we look at; count is right all the same */
};

struct lg_smaps { /* smaps_rollup, or the sum of smaps */
    struct lg_num rss, pss, anonymous, shared_clean, shared_dirty,
        private_clean, private_dirty, pss_anon, pss_file, pss_shmem, swap,
        anon_huge, locked;
};

/* One mapping class by what backs it, from /proc/PID/smaps (only where it was
 * taken): Go's arenas, [heap], files, shared memory … */
struct lg_map_group {
    struct lg_str name; /* "[heap]", "/path", "anon", "anon: Go: heap",
                           "/memfd:x (deleted)" */
    uint64_t mappings_count, size_bytes, rss_bytes, anon_bytes, shmem_bytes;
};

struct lg_process {
    int64_t pid, ppid;
    struct lg_str comm, exe;
    char state;           /* as /proc/PID/stat; 0: unknown */
    uint64_t start_ticks; /* since boot: with pid the identity of a process */
    struct lg_num vm_size, vm_peak, vm_hwm, vm_rss, rss_anon, rss_file,
        rss_shmem, vm_swap, vm_data, vm_pte, vm_stk;
    struct lg_num threads_count, fds_limit, fds_count;
    struct lg_num utime_ns, stime_ns, minflt_count, majflt_count;
    bool has_oom_score;
    int32_t oom_score, oom_score_adj;
    struct lg_smaps smaps;
    LG_VEC(struct lg_map_group) maps;
    struct lg_fds fds;
    struct lg_num sockets_count;
    struct lg_num sig_caught; /* SigCgt mask */
};

#endif
