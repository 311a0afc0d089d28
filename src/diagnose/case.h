/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the questions that several rules ask of one incident, asked once:
 * how usage grew and since when, what each capture adds up to, which line of
 * the user's code a stack belongs to, how many goroutines stand where. Plain
 * numbers; opinions are in the rules.
 */
#ifndef LG_DIAGNOSE_CASE_H
#define LG_DIAGNOSE_CASE_H

#include "diagnose/finding.h"

/* Allocations of one heap profile that belong to the same line of user code
 * (or, without any, to the same first frame outside the runtime). */
struct lg_heap_site {
    struct lg_frame where; /* innermost frame of user code */
    struct lg_frame leaf;  /* innermost frame outside the runtime, of the
                              stack with most bytes */
    bool has_user;
    int64_t inuse_bytes, inuse_count, alloc_bytes;
    int64_t leaf_bytes; /* of that stack */
};

struct lg_heap_sites {
    LG_VEC(struct lg_heap_site) items; /* most bytes in use first */
    int64_t total_bytes;
};

enum lg_wait_class {
    LG_WAIT_PARKED, /* channel, select, lock, cond, wait group */
    LG_WAIT_IO,     /* network, files, and what waits for them */
    LG_WAIT_SLEEP,
    LG_WAIT_ACTIVE, /* running, runnable, in a system call */
    LG_WAIT_COUNT,
};

/* Goroutines with the same start function that stand at the same line. */
struct lg_goroutine_site {
    struct lg_frame start;      /* outermost frame: the function of `go …` */
    struct lg_frame where;      /* innermost frame of user code; may be empty */
    struct lg_frame leaf;       /* innermost frame outside the runtime */
    struct lg_frame created_by; /* empty: not told */
    struct lg_str state;        /* the most frequent one */
    uint64_t count, longest_wait_ns, leaked_count;
    uint64_t by_class[LG_WAIT_COUNT];
    uint64_t threads_count; /* locked to a thread, or in a system call or C:
                               each takes a thread for itself */
    uint64_t creator_id;    /* of the example */
    uint32_t example;       /* index into its goroutines */
    const struct lg_goroutines *dump; /* that the example is in */
};

struct lg_goroutine_sites {
    LG_VEC(struct lg_goroutine_site) items; /* most first */
    uint64_t total;
};

/* One capture with what it adds up to. */
struct lg_shot {
    const struct lg_capture *capture;
    uint64_t usage_bytes;       /* of the cgroup, else RSS; 0: unknown */
    struct lg_heap_sites *heap; /* NULL: no heap profile */
    struct lg_goroutine_sites *goroutines; /* NULL: neither form */
    struct lg_memory memory;
};

/* Collections that had finished by then; 0: none, or not told. */
static inline uint64_t lg_shot_cycle(const struct lg_shot *shot)
{
    const struct lg_memstats *m = shot->capture->memstats;
    return m != NULL && m->gc_count.known ? m->gc_count.value : 0;
}

struct lg_case {
    const struct lg_incident *in;
    struct lg_arena *arena;
    LG_VEC(struct lg_shot) shots;
    uint64_t limit_bytes; /* 0: unknown */
    uint64_t usage_bytes; /* at the end: kernel's word, else last sample */
    bool oom;             /* killed for memory */
    bool ended;           /* it ended in whatever way */
    bool failed;          /* out of memory while asking */
    /* How usage went, page cache left out: */
    size_t row_count;      /* rows of the timeline up to the end */
    uint64_t base_bytes;   /* before the growth */
    uint64_t onset_ns;     /* t at which the growth began */
    uint64_t end_ns;       /* t of the last row */
    uint64_t full_ns;      /* t at which usage was first nearly at its peak;
                              a process can hang at the limit long after */
    uint64_t growth_ns;    /* from onset until then */
    uint64_t growth_bytes; /* from base to the end */
    bool from_level;       /* usage was level at base before the growth */
    double early_rate, late_rate; /* bytes/s of both halves of the growth */
    bool has_timeline;
    LG_VEC(struct lg_frame) claimed; /* lines whose memory a finding explains */
};

bool lg_case_init(struct lg_case *c, const struct lg_incident *in,
                  struct lg_arena *arena);

/* User code: the main module's packages, and package main. */
bool lg_case_is_user(const struct lg_case *c, const struct lg_frame *frame);
/* Version of the dependency that a function belongs to, or NULL. */
const struct lg_module *lg_case_module_of(const struct lg_case *c,
                                          struct lg_str function);
bool lg_frame_same(const struct lg_frame *a, const struct lg_frame *b);

/* The most that was used up to that shot: what a capture reads of a process
 * that is being killed may be less by half. */
uint64_t lg_case_usage_by(const struct lg_case *c, const struct lg_shot *shot);
/* As many (or as much) as in the end were there at the shot already, when the
 * last fifth of the time was to come and usage was a fifth less: not what grew.
 */
bool lg_case_had_all(const struct lg_case *c, const struct lg_shot *shot,
                     uint64_t then, uint64_t last, uint64_t last_usage_bytes);
/* … of a part of the memory, at a shot before `until`. */
bool lg_case_part_stood(const struct lg_case *c, const struct lg_shot *until,
                        enum lg_memory_part part, uint64_t last,
                        uint64_t last_usage_bytes);
/* What lies outside of Go's heap at the shot and was all there before
 * (lg_case_had_all): usage without it is what may have grown. */
uint64_t lg_case_still_bytes(const struct lg_case *c,
                             const struct lg_shot *shot);

struct lg_heap_sites *lg_heap_sites_of(struct lg_case *c,
                                       const struct lg_profile *heap);
/* The line that a sample is charged to. */
struct lg_frame lg_heap_sample_where(const struct lg_case *c,
                                     const struct lg_profile *heap,
                                     size_t sample);
const struct lg_heap_site *lg_heap_site_find(const struct lg_heap_sites *sites,
                                             const struct lg_frame *where);
struct lg_goroutine_sites *lg_goroutine_sites_of(struct lg_case *c,
                                                 const struct lg_goroutines *g);
const struct lg_goroutine_site *
lg_goroutine_site_find(const struct lg_goroutine_sites *sites,
                       const struct lg_goroutine_site *like);
enum lg_wait_class lg_goroutine_class(const struct lg_goroutines *g,
                                      const struct lg_goroutine *item);
/* A frame of this function stands in the goroutine's stack. */
bool lg_goroutine_passes(const struct lg_goroutines *g,
                         const struct lg_goroutine *item,
                         struct lg_str function);
/* The innermost frame of user code at or outside of `function` (empty: of the
 * whole stack); false: none. */
bool lg_goroutine_user_frame(const struct lg_case *c,
                             const struct lg_goroutines *g,
                             const struct lg_goroutine *item,
                             struct lg_str function,
                             struct lg_frame *frame_ret);
/* First / last shot with what is asked for; NULL: none. */
const struct lg_shot *lg_case_first(const struct lg_case *c, bool heap,
                                    bool goroutines);
const struct lg_shot *lg_case_last(const struct lg_case *c, bool heap,
                                   bool goroutines);
const struct lg_shot *lg_case_last_memstats(const struct lg_case *c);
/* The user's line through which `function` was reached most, by bytes, in the
 * heap profiles (CPU profiles as well): who called it. false: no stack has
 * both. */
bool lg_case_user_caller(const struct lg_case *c, struct lg_str function,
                         struct lg_frame *frame_ret);
/* The same over several functions, the first that leads anywhere; then the
 * goroutines in whose stack one of them stands. */
bool lg_case_user_line_through(const struct lg_case *c,
                               const char *const *functions, size_t count,
                               struct lg_frame *frame_ret);
/* True when a finding has already explained this line's memory. */
bool lg_case_is_claimed(const struct lg_case *c, const struct lg_frame *where);
void lg_case_claim(struct lg_case *c, const struct lg_frame *where);
/* The innermost frame of a dependency inside `stop` (the user's frame), else
 * the innermost one outside the runtime: what a user's line led to. */
struct lg_frame lg_case_leaf(const struct lg_case *c,
                             const struct lg_frame *frames, size_t count);
/* Without a death: memory is more than half of the limit, and its growth has
 * not slowed down. A pool that filled up, a cache that reached its bound and
 * a warm-up that is over are not leaks. */
bool lg_case_alive_and_growing(const struct lg_case *c);
/* When the heap profile of this capture was true: it is published one
 * collection later (Go: runtime/mprof.go, mProf_Flush), while what else a
 * capture counts is of now. The first capture since the collection before the
 * last one; itself where that is not known. */
const struct lg_shot *lg_case_shot_behind(const struct lg_case *c,
                                          const struct lg_shot *shot);
/* The last capture of a process that ended: what was read there may be what was
 * left of it. */
bool lg_case_is_dying(const struct lg_case *c, const struct lg_shot *shot);
/* The user's line that most CPU time was spent in, by the CPU profile: what
 * touches memory that no allocator made. false: no profile. */
bool lg_case_hot_line(const struct lg_case *c, struct lg_frame *frame_ret);
/* Bytes in use of samples in whose stack a frame of this function stands. */
int64_t lg_heap_bytes_through(const struct lg_profile *heap,
                              struct lg_str function);
/* Usage without reclaimable page cache of a row. */
uint64_t lg_row_kept_bytes(const struct lg_timeline_row *row);

#endif
