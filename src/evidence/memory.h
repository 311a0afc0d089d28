/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: where the bytes were. Parts that add up: what the runtime says
 * (live heap, garbage, idle, stacks, its own), what the process holds beyond
 * it (cgo/mmap, files), what is charged to the cgroup beyond the process
 * (other processes, shmem, page cache, kernel); and the rest, shown.
 */
#ifndef LG_EVIDENCE_MEMORY_H
#define LG_EVIDENCE_MEMORY_H

#include "evidence/cgroup.h"
#include "evidence/memstats.h"
#include "evidence/process.h"

enum lg_memory_part {
    LG_PART_LIVE_HEAP,
    LG_PART_GARBAGE,
    LG_PART_IDLE, /* free spans that are still resident */
    LG_PART_STACKS,
    LG_PART_RUNTIME,
    LG_PART_OFF_HEAP, /* anonymous, not Go's: cgo, mmap */
    LG_PART_FILES,    /* mapped file pages of the process, binary included */
    LG_PART_SHMEM,
    LG_PART_OTHER_PROCESSES,
    LG_PART_PAGE_CACHE,
    LG_PART_KERNEL,
    LG_PART_COUNT,
};

struct lg_memory {
    bool known;    /* at least RSS or usage was there */
    int64_t at_ns; /* wall time of the capture that it was made of */
    struct lg_num rss_bytes, usage_bytes;
    struct lg_num parts[LG_PART_COUNT]; /* not known: left out of the sum */
    int64_t unexplained_bytes;          /* usage (else RSS) − sum of parts */
};

const char *lg_memory_part_name(enum lg_memory_part part); /* "live heap" */

struct lg_memory_input {
    int64_t at_ns;
    const struct lg_memstats *memstats; /* each may be NULL */
    const struct lg_process *process;
    const struct lg_cgroup *cgroup;
    struct lg_num live_heap_bytes; /* inuse_space of the heap profile: live
                                      at the last GC */
    struct lg_num others_rss_bytes;
};
void lg_memory_reconcile(const struct lg_memory_input *in,
                         struct lg_memory *ret);

#endif
