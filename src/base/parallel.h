/* SPDX-License-Identifier: Apache-2.0 */
/* Concept: work in parts, on as many threads as there are processors for. */
#ifndef LG_BASE_PARALLEL_H
#define LG_BASE_PARALLEL_H

#include <stddef.h>
#include <stdint.h>

#define LG_PARALLEL_MAX_PARTS 8

/* Parts to make of so much work, each at least min_per_part: 1 to
 * LG_PARALLEL_MAX_PARTS, no more than processors. */
size_t lg_parallel_parts(uint64_t work, uint64_t min_per_part);
/* run(part), whose result is not looked at, for each of count parts (at most
 * LG_PARALLEL_MAX_PARTS) of part_bytes, at the same time; the first on the
 * caller's thread, and any whose thread cannot be started as well. */
void lg_parallel(void *(*run)(void *part), void *parts, size_t part_bytes,
                 size_t count);

#endif
