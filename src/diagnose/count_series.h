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
    bool grows_on; /* by a twentieth in the last fifth of the time */
    /* What fills up at the start and then stays is a pool, however few there
     * were at the first capture: the second half of the time adds less than a
     * fifth, or it stood still while usage grew (lg_case_had_all). */
    bool came_to_rest;
};

/* The shot lies in the last fifth of the time from first to last: captures may
 * come so often that hardly anything is between two of them. */
bool lg_is_late(const struct lg_shot *first, const struct lg_shot *last,
                const struct lg_shot *shot);
/* … and a twentieth more than before then is more: it grows on. */
static inline bool lg_grows_on(uint64_t count, uint64_t before_late)
{
    return count > before_late + before_late / 20;
}

/* How many there were at a capture; not known: it does not tell. */
typedef struct lg_num lg_count_fn(const void *context,
                                  const struct lg_shot *shot);
/* Over all captures but those of a CPU profile (it takes a second beside other
 * captures, and its files are read at its end: out of order), and what a dying
 * process has let go. */
struct lg_count_series lg_count_series_of(const struct lg_case *c,
                                          lg_count_fn *count_of,
                                          const void *context);
static inline uint64_t lg_count_series_grown(const struct lg_count_series *s)
{
    return s->last_count > s->first_count ? s->last_count - s->first_count : 0;
}

#endif
