/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the Go runtime's account of its memory, as runtime.MemStats shows
 * it (the trailer of heap?debug=1, later the process's own memory). Bytes
 * unless a name says otherwise. What the source lacks is not known.
 */
#ifndef LG_EVIDENCE_MEMSTATS_H
#define LG_EVIDENCE_MEMSTATS_H

#include "evidence/fact.h"

struct lg_memstats {
    struct lg_num heap_alloc_bytes; /* live and not yet swept */
    struct lg_num heap_sys_bytes, heap_idle_bytes, heap_inuse_bytes,
        heap_released_bytes, heap_objects_count;
    struct lg_num stack_inuse_bytes, stack_sys_bytes;
    struct lg_num mspan_inuse_bytes, mspan_sys_bytes, mcache_inuse_bytes,
        mcache_sys_bytes, buck_hash_sys_bytes, gc_sys_bytes, other_sys_bytes;
    struct lg_num sys_bytes; /* of the address space obtained from the OS */
    struct lg_num total_alloc_bytes, mallocs_count, frees_count;
    struct lg_num next_gc_bytes; /* heap goal */
    struct lg_num gc_count, forced_gc_count, last_gc_unix_ns, pause_total_ns;
    struct lg_num max_rss_bytes; /* "# MaxRSS =" where it is printed */
    /* Only from the process's own memory: */
    struct lg_num heap_live_bytes;    /* marked by the last cycle, plus what was
                                         allocated since */
    struct lg_num heap_marked_bytes;  /* survived the last cycle */
    struct lg_num gogc_percent;       /* UINT64_MAX: off */
    struct lg_num memory_limit_bytes; /* GOMEMLIMIT; UINT64_MAX: none */
    struct lg_num timers_count;       /* in the Ps' heaps */
    struct lg_num finalizers_count;   /* queued to run */
    struct lg_num threads_count;      /* Ms */
    struct lg_num goroutines_count;   /* live, the runtime's own left out */
    struct lg_num gc_cpu_ppm;         /* GCCPUFraction in millionths */
    struct lg_num mem_profile_rate_bytes; /* 0: the heap profile is off */
};

#endif
