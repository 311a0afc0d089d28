/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: something that can be counted (descriptors, threads, timers), from
 * capture to capture: what every rule on a growing number looks at.
 */
#ifndef LG_DIAGNOSE_COUNT_SERIES_H
#define LG_DIAGNOSE_COUNT_SERIES_H

#include "diagnose/case.h"

struct lg_count_series {
    const struct lg_shot *first, *last; /* NULL: never counted */
    uint64_t first_count, last_count;
    size_t captures;
    bool shrank;   /* by more than a tenth, from one capture to the next */
    bool grows_on; /* still more, by a twentieth, at the last one */
};

/* The captures come in order of time. */
void lg_count_series_add(struct lg_count_series *s, const struct lg_shot *shot,
                         uint64_t count);
/* Over all captures, by a count of the process: those of a CPU profile are left
 * out (it takes a second beside other captures, and its files are read at its
 * end: out of order), and what a dying process has let go. */
typedef struct lg_num lg_count_fn(const struct lg_shot *shot);
struct lg_count_series lg_count_series_of(const struct lg_case *c,
                                          lg_count_fn *count_of);
/* What fills up at the start and comes to rest is a pool, however few there
 * were at the first capture: a leak is there in the second half of the time as
 * well, and does not stand still while usage grows by a quarter. */
bool lg_count_series_goes_on(const struct lg_case *c,
                             const struct lg_count_series *s,
                             lg_count_fn *count_of);
static inline uint64_t lg_count_series_grown(const struct lg_count_series *s)
{
    return s->last_count > s->first_count ? s->last_count - s->first_count : 0;
}

#endif
