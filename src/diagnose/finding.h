/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a finding names a cause and cites what speaks for and against it.
 * Every sentence of a verdict comes from one of these fields, and every field
 * from a number with its file.
 */
#ifndef LG_DIAGNOSE_FINDING_H
#define LG_DIAGNOSE_FINDING_H

#include "base/vec.h"
#include "evidence/incident.h"

enum lg_cause {
    LG_CAUSE_NONE = 0,
    LG_CAUSE_GOROUTINE_LEAK,
    LG_CAUSE_GOROUTINE_BURST,
    LG_CAUSE_TIMER_LEAK,
    LG_CAUSE_HEAP_LEAK,
    LG_CAUSE_HEAP_BURST,
    LG_CAUSE_INFINITE_RECURSION,
    LG_CAUSE_FD_LEAK,
    LG_CAUSE_THREAD_LEAK,
    LG_CAUSE_GC_HEADROOM,
    LG_CAUSE_OFF_HEAP,
    LG_CAUSE_SHMEM,
    LG_CAUSE_PAGE_CACHE,
    LG_CAUSE_KERNEL_MEMORY,
    LG_CAUSE_NEIGHBOUR,
    LG_CAUSE_LIMIT_TOO_LOW,
    LG_CAUSE_NOT_OOM,
    LG_CAUSE_COUNT,
};

const char *lg_cause_name(enum lg_cause cause);  /* "goroutine-leak" */
const char *lg_cause_title(enum lg_cause cause); /* "goroutine leak" */

struct lg_evidence {    /* one fact for or against */
    struct lg_str fact; /* "goroutines in this group" */
    double value;
    struct lg_str unit;   /* "bytes", "count", "count/s", "bytes/s", "ns",
                             "ratio", "" when text says it all */
    struct lg_str text;   /* instead of a value, may be empty */
    struct lg_str source; /* the file: "captures/0003…/goroutines.txt" */
    uint32_t capture;     /* its id; 0: none */
};

struct lg_finding {
    enum lg_cause cause;
    struct lg_str title;   /* "goroutine leak: 93 % of the memory" */
    struct lg_str summary; /* one or two sentences with the numbers */
    double confidence;     /* 0 … 1 */
    struct lg_str proof;   /* "unreachable", "growth", "signature" or empty */
    struct lg_frame where, leaf, created_by; /* function empty: not known */
    struct lg_str where_role; /* what the line does: "blocked here", "allocates
                                 here", "calls itself here"; may be empty */
    struct lg_str wait_reason;
    struct lg_num wait_count, wait_longest_ns;
    struct lg_num bytes;
    double share; /* of the usage at the end, 0 … 1; 0: unknown */
    double rate_bytes_per_s, count_rate_per_s; /* 0: not known */
    struct lg_num count;
    LG_VEC(struct lg_evidence) evidence;
    LG_VEC(struct lg_evidence) against;
    LG_VEC(struct lg_frame) stack; /* the folded stack that shows it */
    struct lg_str fix;
};

struct lg_not_judged {
    enum lg_cause cause;
    struct lg_str missing; /* the evidence: "two heap captures" */
    struct lg_str reason;
};

struct lg_verdict {
    LG_VEC(struct lg_finding) findings; /* first = the verdict; none: "none" */
    LG_VEC(struct lg_not_judged) not_judged;
    struct lg_memory memory; /* at the last capture that tells */
    bool inconclusive;       /* it died of memory and no rule named a cause */
};

#endif
