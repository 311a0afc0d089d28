/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: how steady a proportion is. What a line allocated beside what it may
 * belong to (goroutines, timers), profile after profile: the least and the
 * most.
 */
#ifndef LG_DIAGNOSE_RATIO_RANGE_H
#define LG_DIAGNOSE_RATIO_RANGE_H

#include <stdbool.h>
#include <stddef.h>

struct lg_ratio_range {
    double least, most;
    size_t count; /* 0: nothing was compared yet */
};

static inline void lg_ratio_range_add(struct lg_ratio_range *r, double part,
                                      double whole)
{
    double ratio = part / whole;
    r->most = ratio > r->most ? ratio : r->most;
    r->least = r->count++ == 0 || ratio < r->least ? ratio : r->least;
}

/* share: of the most, 0 … 1; what was seen once is not steady yet. */
static inline bool lg_ratio_range_is_steady(const struct lg_ratio_range *r,
                                            double share)
{
    return r->count >= 2 && r->least >= share * r->most;
}

#endif
