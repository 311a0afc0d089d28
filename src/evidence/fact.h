/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a number that may be missing, and why it is. Absence is a fact, not
 * an error: it is stored, shown and reasoned with. Never -1, never silence.
 */
#ifndef LG_EVIDENCE_FACT_H
#define LG_EVIDENCE_FACT_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct lg_num {
    bool known;
    uint64_t value; /* 0 unless known */
};

static inline struct lg_num lg_known(uint64_t value)
{
    return (struct lg_num){true, value};
}

enum lg_absence {
    LG_NOT_ASKED = 0, /* nobody tried */
    LG_NOT_SUPPORTED, /* this kernel, Go version or machine has it not */
    LG_NOT_PERMITTED,
    LG_GONE,       /* the process or cgroup had vanished */
    LG_NOT_THERE,  /* looked for, not found */
    LG_UNREADABLE, /* there, but damaged */
};

/* One thing that is missing, for `not_judged` and quality flags. */
struct lg_absent {
    struct lg_str what;   /* "goroutine dump", "memory.peak" */
    struct lg_str source; /* the path or URL that was tried; may be empty */
    struct lg_str reason; /* one clause */
    enum lg_absence kind;
};

#endif
