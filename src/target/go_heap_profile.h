/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the runtime's own sampling profiles, read out of its buckets. The
 * heap profile that runtime/pprof writes is as old as the last but one
 * collection; the buckets also hold what was allocated since (future cycles),
 * which is what matters when a program dies before the next one.
 * Source: Go 1.27 src/runtime/mprof.go, runtime/pprof/protomem.go.
 */
#ifndef LG_TARGET_GO_HEAP_PROFILE_H
#define LG_TARGET_GO_HEAP_PROFILE_H

#include "evidence/profile.h"
#include "target/go_process.h"

enum lg_heap_when {
    LG_HEAP_PUBLISHED, /* exactly what runtime/pprof would write now */
    LG_HEAP_MARKED,    /* what the last collection left, a cycle sooner than the
                          runtime publishes it; as published while that
                          collection's garbage is still being swept */
    LG_HEAP_NOW,       /* with the cycles not yet published */
};

struct lg_go_heap_profile_info {
    bool disabled;       /* rate 0, or compiled out by the linker */
    bool compiled_out;   /* off because nobody in the program reads the profile
                            and nobody has switched it on from outside */
    uint64_t rate_bytes; /* runtime.MemProfileRate */
    uint64_t bucket_count, torn_count;
    bool truncated;
};

/* Sample types alloc_objects, alloc_space, inuse_objects, inuse_space, scaled
 * as runtime/pprof does; symbolised with inlines, mappings and build ids.
 * A disabled profile is not an error: info says so, and there are no samples,
 * or those from before it was disabled. time_ns is left to the caller.
 * ABSENT: the buckets' variable was not found, or the process ended. */
bool lg_go_heap_profile_read(struct lg_go *go, enum lg_heap_when when,
                             struct lg_arena *arena, struct lg_profile *ret,
                             struct lg_go_heap_profile_info *info_ret,
                             struct lg_error *err);

enum lg_contention { LG_CONTENTION_BLOCK, LG_CONTENTION_MUTEX };
/* contentions/count and delay/nanoseconds, as runtime/pprof writes them. */
bool lg_go_contention_read(struct lg_go *go, enum lg_contention which,
                           struct lg_arena *arena, struct lg_profile *ret,
                           struct lg_error *err);

#endif
