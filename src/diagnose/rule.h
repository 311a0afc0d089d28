/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a rule is a row: a cause, what it needs, how it judges. A rule that
 * lacks its evidence says so and never guesses. To add one: a file with the
 * judging function, a row in rules.c, a page in docs/causes, a test.
 */
#ifndef LG_DIAGNOSE_RULE_H
#define LG_DIAGNOSE_RULE_H

#include "diagnose/case.h"
#include "diagnose/write.h"

enum lg_need {
    LG_NEED_END = 1,        /* how it ended */
    LG_NEED_HEAP = 2,       /* a heap profile */
    LG_NEED_GOROUTINES = 4, /* a goroutine dump or profile */
    LG_NEED_MEMSTATS = 8,   /* the runtime's own statistics */
    LG_NEED_PROCESS = 16,   /* /proc at a capture */
    LG_NEED_CGROUP = 32,    /* the cgroup's files at a capture */
    LG_NEED_TIMELINE = 64,
};

struct lg_rule {
    enum lg_cause cause;
    unsigned needs; /* all of these */
    /* Judges; adds findings by lg_add_finding. */
    void (*judge)(struct lg_case *c, struct lg_verdict *verdict);
    /* How much of the matter it explains when it holds: rules that explain
     * the whole end (a kill by somebody) rank before those that explain a
     * share of the memory. 0: rank by share. */
    double weight;
};

extern const struct lg_rule lg_rules[];
extern const size_t lg_rule_count;

/* A new finding of this cause; NULL: out of memory (c->failed is set). */
struct lg_finding *lg_add_finding(struct lg_case *c, struct lg_verdict *verdict,
                                  enum lg_cause cause);
/* The first finding of this cause so far, or NULL. */
struct lg_finding *lg_find_cause(const struct lg_verdict *verdict,
                                 enum lg_cause cause);
/* A finding that explains this much is enough: others look no further. */
#define LG_EXPLAINED_SHARE 0.3
/* A finding explains at least this share of the memory. */
bool lg_has_share(const struct lg_verdict *verdict, double share);
/* Share of the usage at the end (or at the capture) that bytes are. */
double lg_share(uint64_t bytes, uint64_t of_bytes);

/* The line that calls itself in the crash's own dump; false: none does. */
bool lg_recursion_line(const struct lg_case *c, struct lg_frame *where_ret);

void lg_judge_recursion(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_threads(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_goroutine_leak(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_goroutine_burst(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_timers(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_fds(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_heap_leak(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_heap_burst(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_unseen_burst(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_unseen_leak(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_gc_headroom(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_limit(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_level(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_off_heap(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_shmem(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_page_cache(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_kernel_memory(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_victim_beside(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_neighbour(struct lg_case *c, struct lg_verdict *verdict);
void lg_judge_not_oom(struct lg_case *c, struct lg_verdict *verdict);

#endif
