/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the cgroup was charged for, kind by kind, at the captures and
 * at the kill. The kernel's own numbers at the kill count before those of the
 * last capture; a kind matters when it is a large part and has grown.
 */
#ifndef LG_DIAGNOSE_CHARGE_H
#define LG_DIAGNOSE_CHARGE_H

#include "diagnose/rule.h"

enum lg_charge_kind {
    LG_CHARGE_SHMEM,
    LG_CHARGE_CACHE,  /* page cache without shmem, mapped files included */
    LG_CHARGE_KERNEL, /* slab, stacks, page tables, pipes, sockets */
};

struct lg_charge {
    uint64_t bytes, before_bytes; /* at the end; at the first capture */
    uint64_t usage_bytes;         /* what bytes are a part of */
    uint64_t end_usage_bytes;     /* at the end, if that is later */
    const struct lg_shot *first;
    const struct lg_shot *last; /* where bytes are from; NULL: not a capture */
    const char *file;           /* to cite bytes with */
    /* Some capture had as much when usage was much less (lg_case_had_all). */
    bool stood_still;
};

/* false: no capture tells. */
bool lg_charge_of(const struct lg_case *c, enum lg_charge_kind kind,
                  struct lg_charge *ret);
/* Bytes are a large part of usage and, where there is a before, more than half
 * as much again; not less than half of it that stood still while others grew;
 * while it lives, only near the limit, and when usage still grows. */
bool lg_charge_matters(const struct lg_case *c, const struct lg_charge *charge);
/* The finding's line: the user's through one of these functions, in that role,
 * else where most CPU time went. */
void lg_charge_find_line(const struct lg_case *c, struct lg_finding *f,
                         const char *const *functions, size_t count,
                         const char *role);
/* A row of the kernel's report at the kill, by the first of these names that
 * it has. */
struct lg_num lg_kill_stat(const struct lg_case *c, const char *const *names,
                           size_t count);

#endif
