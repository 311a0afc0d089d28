/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what `ps` found: every process with its place in the kernel's
 * order, the Go ones among them told. Collecting and printing are apart.
 */
#ifndef LG_CMD_PS_H
#define LG_CMD_PS_H

#include "base/vec.h"
#include "evidence/kill_order.h"
#include "evidence/process.h"
#include "evidence/subject.h"
#include "sources/host.h"

struct lg_ps_row {
    struct lg_process process;
    struct lg_build_info build;
    bool program_known; /* its file could be read */
    struct lg_identity identity;
    struct lg_str cgroup;
    struct lg_num limit_bytes; /* effective */
    struct lg_str limit_path;  /* of the cgroup that sets it; empty: machine */
    bool has_cpu;
    double cpu_cores;
    const struct lg_kill_candidate *order;
};

struct lg_ps {
    LG_VEC(struct lg_ps_row) rows; /* in the kernel's order */
    LG_VEC(struct lg_kill_domain) domains;
    struct lg_kill_candidate *order;
    uint64_t cpu_over_ns; /* 0: since each one's start */
    size_t denied_count;  /* programs that we may not read */
    size_t go_count;
};

/* over_ns: how long the processors' time is measured; 0: no waiting, since
 * the start of each process. */
bool lg_ps_collect(const struct lg_host *host, uint64_t over_ns,
                   struct lg_arena *arena, struct lg_ps *ret,
                   struct lg_error *err);
/* Is it a row without --all? In a copy whose programs are missing it cannot
 * be told, and all are. */
bool lg_ps_is_shown(const struct lg_ps *ps, const struct lg_ps_row *row,
                    bool all, bool is_live);
/* One clause: why it stands where it stands. */
struct lg_str lg_ps_why(const struct lg_ps *ps, const struct lg_ps_row *row,
                        struct lg_arena *arena);
bool lg_ps_print_table(const struct lg_ps *ps, bool all, bool is_live,
                       int columns, struct lg_arena *arena);
bool lg_ps_print_json(const struct lg_ps *ps, bool all, bool is_live,
                      struct lg_arena *arena);

#endif
