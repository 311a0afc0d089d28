/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a million addresses in order, without memory beside them. What a
 * runtime lists is in order already but for a few places (a million goroutines
 * made 17 ascending runs): such runs are merged. Anything else is sorted by its
 * highest digit first, in place.
 */
#ifndef LG_TARGET_FETCH_SORT_H
#define LG_TARGET_FETCH_SORT_H

#include "target/image.h"

/* By address; equal ones in any order. scratch[scratch_bytes] is written to;
 * the more, the longer runs can be merged. Cost: O(n), at most 8 n moves. */
void lg_fetch_sort(struct lg_fetch *fetches, size_t count, void *scratch,
                   size_t scratch_bytes);

#endif
