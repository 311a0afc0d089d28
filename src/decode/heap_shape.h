/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what every Go heap profile looks like, from whichever place its
 * numbers were taken: four sample types, and samples that stand for more than
 * was seen.  Source: runtime/pprof (Go 1.27), writeHeapProto.
 */
#ifndef LG_DECODE_HEAP_SHAPE_H
#define LG_DECODE_HEAP_SHAPE_H

#include "evidence/profile.h"

enum lg_heap_type {
    LG_ALLOC_OBJECTS,
    LG_ALLOC_SPACE,
    LG_INUSE_OBJECTS,
    LG_INUSE_SPACE,
    LG_HEAP_TYPES,
};

/* Sample, period and default type. false: out of memory. */
bool lg_heap_shape_types(struct lg_profile *p);
/* An object of n bytes is sampled with the probability 1 - e^(-n/rate): what
 * was sampled stands for so many more (scaleHeapSample). bytes: of all count
 * objects. What no int64 holds becomes the largest. */
void lg_heap_shape_unsample(uint64_t count, double bytes, uint64_t rate_bytes,
                            int64_t *count_ret, int64_t *bytes_ret);

#endif
