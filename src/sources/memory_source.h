/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the Go runtime's own memory as a source of captures. Nothing is
 * imported by the program and nothing is allocated in it; it answers while the
 * program cannot schedule. Opened once for a process: binary, layout and the
 * runtime's variables stay known, each capture reads the objects anew. After
 * an exec it opens itself again.
 *
 * The heap profile is LG_HEAP_NOW: with what no collection has published yet.
 * goroutine.pb.gz counts every goroutine; goroutines.txt has each of them up
 * to a bound, and beyond it those that a hash of their id chooses, the same
 * ones in every capture.
 */
#ifndef LG_SOURCES_MEMORY_SOURCE_H
#define LG_SOURCES_MEMORY_SOURCE_H

#include "sources/capture_source.h"
#include "sources/host.h"
#include "target/go_goroutines.h"

/* DENIED: which permission is missing; UNSUPPORTED: a Go that no layout fits;
 * ABSENT: no Go program, or its runtime has not come up yet. */
bool lg_memory_source_create(const struct lg_host *host, int64_t pid,
                             enum lg_freeze freeze,
                             struct lg_capture_source **ret,
                             struct lg_error *err);
/* Over an image and a Go program that are the caller's and stay so: a core, or
 * a process that was opened for something else as well. */
bool lg_memory_source_over(struct lg_go *go, enum lg_freeze freeze,
                           struct lg_capture_source **ret,
                           struct lg_error *err);

/* A program that imports neither runtime/pprof nor net/http/pprof is linked
 * with runtime.disableMemoryProfiling set, and schedinit sets MemProfileRate
 * to 0. Writing the usual rate there makes the runtime keep the profile that
 * it always keeps otherwise (some 1.4 MiB for its table of buckets): one write
 * of eight bytes, of what is allocated from then on. ABSENT: there is nothing
 * to switch on (the profile is on, or the program itself wants it off).
 * Source: Go 1.27: runtime/proc.go schedinit, runtime/malloc.go. */
bool lg_memory_source_switch_heap_profile(struct lg_capture_source *source,
                                          struct lg_error *err);
#define LG_MEM_PROFILE_RATE_BYTES                                              \
    524288 /* runtime.MemProfileRate's default                                 \
            */

#endif
