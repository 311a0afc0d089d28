/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the runtime's Ps (processors, GOMAXPROCS of them), and what each
 * keeps to itself: a cache of spans whose counts have not been flushed, a heap
 * of timers, a list of dead goroutines.
 * Source: Go 1.27 src/runtime/runtime2.go, mcache.go, time.go, proc.go.
 */
#ifndef LG_TARGET_GO_PROCS_H
#define LG_TARGET_GO_PROCS_H

#include "evidence/fact.h"
#include "target/go_spans.h"

/* Addresses of the p structs; empty when they were not found. */
struct lg_go_procs {
    LG_VEC(uint64_t) items;
};

/* false: out of memory. */
bool lg_go_procs_read(struct lg_go *go, struct lg_arena *arena,
                      struct lg_go_procs *ret);

/* What runtime.ReadMemStats flushes out of the Ps' caches before it counts.
 * Differences, for a running program may be between two steps. */
struct lg_go_unflushed {
    int64_t class_allocs[LG_GO_SIZE_CLASSES]; /* objects by size class */
    uint64_t tiny_allocs;
    uint64_t alloc_bytes;  /* of class_allocs, to add to a total */
    uint64_t unused_bytes; /* free slots that heapLive has in advance */
    uint64_t cached_spans; /* how many spans they have */
    uint64_t unreadable;   /* caches or spans that could not be read */
};
/* false: out of memory. */
bool lg_go_unflushed_read(struct lg_go *go, const struct lg_go_procs *procs,
                          struct lg_arena *arena, struct lg_go_unflushed *ret);

/* Timers in the Ps' heaps, stopped ones that are still there left out. Since
 * Go 1.23 a ticker or timer whose channel nobody waits for is in no heap: the
 * collector frees it. Not known: no field, no Ps. */
struct lg_num lg_go_timers_count(struct lg_go *go,
                                 const struct lg_go_procs *procs);
/* Live goroutines without the runtime's own, as runtime.NumGoroutine counts:
 * from counters, without a look at any of them. */
struct lg_num lg_go_goroutines_count(struct lg_go *go,
                                     const struct lg_go_procs *procs);
/* Ms that were made and not freed (runtime.mcount). */
struct lg_num lg_go_threads_count(struct lg_go *go);
/* Finalizers that wait for their goroutine to run them. */
struct lg_num lg_go_finalizers_count(struct lg_go *go);

#endif
