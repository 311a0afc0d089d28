/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the few numbers of a capture that the recorder itself needs (for
 * its triggers and the timeline), read back from the files just written.
 */
#ifndef LG_SOURCES_CAPTURE_FACTS_H
#define LG_SOURCES_CAPTURE_FACTS_H

#include "evidence/fact.h"
#include "evidence/memstats.h"

struct lg_arena;

struct lg_capture_facts {
    struct lg_num goroutines;              /* of goroutine.pb.gz */
    struct lg_num heap_bytes, stack_bytes; /* MemStats: HeapAlloc, StackInuse */
};

/* What is missing, or larger than a recorder should decode, stays unknown.
 * The arena is used as scratch. */
void lg_capture_facts_read(int folder_fd, struct lg_arena *arena,
                           struct lg_capture_facts *ret);
/* The same numbers out of the runtime's account. */
void lg_capture_facts_of(const struct lg_memstats *stats,
                         struct lg_capture_facts *ret);

#endif
