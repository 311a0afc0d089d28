/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: whom the kernel would kill next. An out-of-memory kill happens in a
 * domain: a memory cgroup that reached its limit, or the whole machine. The
 * domain with the least left comes first; in it the kernel takes the process
 * with the most points.
 * Source: mm/oom_kill.c, oom_badness(): RSS + swap + page tables, plus
 * oom_score_adj thousandths of the domain's memory; −1000 is never killed.
 */
#ifndef LG_EVIDENCE_KILL_ORDER_H
#define LG_EVIDENCE_KILL_ORDER_H

#include "evidence/fact.h"

#include <stddef.h>

struct lg_kill_domain {
    struct lg_str path; /* of the cgroup; empty: the machine */
    uint64_t limit_bytes;
    uint64_t left_bytes; /* after what can be taken back from files */
    bool oom_group;      /* all of it dies together */
    bool kill_disabled;  /* v1: it would be frozen instead */
};

struct lg_kill_candidate {
    /* In: */
    int64_t pid;
    size_t domain;         /* index: the one of its domains with least left */
    uint64_t memory_bytes; /* RSS + swap + page tables */
    int32_t oom_score_adj;
    bool is_immune; /* init, −1000 */
    /* Out: */
    int64_t points_bytes;
    size_t place;           /* in the whole order, from 1 */
    size_t place_in_domain; /* likewise; 0: never */
};

/* left of limit: the smaller, the nearer. A limit of 0 has nothing left. */
double lg_kill_domain_left_ratio(const struct lg_kill_domain *d);
/* Sorts the candidates; those that are never killed come last. A domain index
 * that does not exist is our bug. Equals are ordered by pid. */
void lg_kill_order(const struct lg_kill_domain *domains, size_t domain_count,
                   struct lg_kill_candidate *candidates, size_t count);

#endif
