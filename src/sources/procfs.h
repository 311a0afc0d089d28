/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: processes through /proc. Whole facts for captures and `ps`, and a
 * cheap sampler that keeps its descriptors open and allocates nothing.
 */
#ifndef LG_SOURCES_PROCFS_H
#define LG_SOURCES_PROCFS_H

#include "evidence/process.h"
#include "evidence/subject.h"
#include "sources/host.h"

enum lg_process_parts {
    LG_PROCESS_STATUS = 1, /* status, stat, oom_score(_adj), limits */
    LG_PROCESS_SMAPS_ROLLUP = 2,
    LG_PROCESS_FDS = 4,       /* count and targets, at most 20,000 looked at */
    LG_PROCESS_SMAPS = 8,     /* mapping groups; costs a page-table walk */
    LG_PROCESS_FD_COUNT = 16, /* number only */
    LG_PROCESS_TIMES = 32,    /* stat only: processor time, start */
};

/* ABSENT: no such process. Parts that cannot be read stay unknown. */
bool lg_process_read(const struct lg_host *host, int64_t pid, unsigned parts,
                     struct lg_arena *arena, struct lg_process *ret,
                     struct lg_error *err);
/* Copies the files behind these parts as they are into dest_fd, as
 * proc/PID/…: a copy that lg_process_read understands through an lg_host with
 * that root (descriptors become proc/PID/fds.txt, "FD\tTARGET" lines). Also
 * proc/meminfo, proc/PID/{cgroup,mountinfo,cmdline,comm}. No allocation; a
 * part that cannot be read is left out. ABSENT: no such process. */
bool lg_process_save(const struct lg_host *host, int64_t pid, unsigned parts,
                     int dest_fd, struct lg_error *err);
/* Since boot; of a copy: proc/uptime. */
struct lg_num lg_host_uptime_ns(const struct lg_host *host);
/* All pids of /proc, ascending. */
bool lg_process_list(const struct lg_host *host, struct lg_arena *arena,
                     int64_t **pids_ret, size_t *count_ret,
                     struct lg_error *err);
/* exe, comm, cmdline, build info, environment's GOGC and GOMEMLIMIT, started
 * at, cgroup with identity. Binary is read through /proc/PID/exe, so it works
 * across mount namespaces and for deleted files. */
bool lg_subject_read(const struct lg_host *host, int64_t pid,
                     struct lg_arena *arena, struct lg_subject *ret,
                     struct lg_error *err);
/* Build info of the program that runs in a process, and its file's size.
 * DENIED, ABSENT (a kernel thread, or the copy has it not), BAD_DATA. */
bool lg_process_build_info(const struct lg_host *host, int64_t pid,
                           struct lg_arena *arena, struct lg_build_info *ret,
                           struct lg_num *size_bytes_ret, struct lg_error *err);
/* Build info of a file. */
bool lg_build_info_read(const char *path, struct lg_arena *arena,
                        struct lg_build_info *ret, struct lg_error *err);

/* The sampler: RSS, threads, descriptors of one process, no allocation after
 * open. */
struct lg_process_sampler {
    int dir_fd, statm_fd, status_fd;
    uint64_t page_bytes;
};
struct lg_process_sample {
    struct lg_num rss_bytes, shmem_bytes, file_bytes, threads, fds;
};
bool lg_process_sampler_open(struct lg_process_sampler *s,
                             const struct lg_host *host, int64_t pid,
                             struct lg_error *err);
void lg_process_sampler_close(struct lg_process_sampler *s);
/* with_fds: also the number of descriptors (st_size of /proc/PID/fd on Linux
 * ≥ 6.2, else counted up to 4,096 entries); with_threads reads status. false:
 * it is gone. */
bool lg_process_sample(struct lg_process_sampler *s, bool with_fds,
                       bool with_threads, struct lg_process_sample *ret);

#endif
