/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the goroutines of one instant, from a text dump (debug=2, crash,
 * SIGQUIT: each goroutine with id, wait and creator) or from a goroutine
 * profile (debug=0/1: only unique stacks with counts). Both answer the same
 * question: groups of goroutines that stand at the same place for the same
 * reason, made by the same line.
 */
#ifndef LG_EVIDENCE_GOROUTINES_H
#define LG_EVIDENCE_GOROUTINES_H

#include "base/vec.h"
#include "evidence/fact.h"
#include "evidence/frame.h"
#include "evidence/profile.h"

struct lg_goroutine {
    uint64_t id;         /* 0 in a profile: not told */
    uint64_t count;      /* how many this stands for: 1 in a dump */
    struct lg_str state; /* "chan receive", "running", "IO wait"…; in a
                            profile inferred from the leaf ("select" of
                            runtime.selectgo) or empty */
    uint64_t wait_ns;    /* whole minutes in a dump; 0: under one or unknown */
    uint32_t frame_first, frame_count; /* leaf first, into frames */
    uint64_t elided_frames; /* left out by the runtime between the frames;
                               UINT64_MAX: some, number not told (≤ 1.20) */
    uint32_t elided_at;     /* they belong before frames[frame_first+this] */
    struct lg_frame created_by; /* function empty: not told */
    uint64_t creator_id;        /* 0: not told (≤ 1.20, profile) */
    bool leaked;                /* "(leaked)": proven by Go ≥ 1.26 */
    bool locked_to_thread;
    bool stack_unavailable; /* running on another thread */
    struct lg_str labels;   /* raw text; empty: none */
    /* Only from the process's own memory: */
    struct lg_frame start;  /* its first function; empty: not told */
    uint64_t stack_bytes;   /* hi - lo; 0: not told */
    uint64_t thread_id;     /* of the OS, while it has one; 0: none */
    struct lg_str waits_on; /* "chan", "mutex", "semaphore"…; may be empty */
    uint64_t waits_on_address;    /* of that object; 0: not told */
    struct lg_str waits_on_state; /* "cap 10, len 10, open"; may be empty */
};

struct lg_goroutines {
    LG_VEC(struct lg_goroutine) items;
    LG_VEC(struct lg_frame) frames;
    uint64_t total;          /* goroutines in all, sum of counts */
    bool from_profile;       /* no ids, no creators, no waits */
    bool truncated;          /* the dump was cut (64 MiB bound, short read) */
    uint64_t sampled_one_in; /* a dump of very many: those that
                                lg_goroutine_is_chosen, with counts that make
                                up for the others; 0, 1: all are there */
    struct lg_arena *arena;
};

/* Whether a sample of one in so many (a power of two) has this goroutine. What
 * is chosen of more is chosen of fewer: the same ones in every capture. */
static inline bool lg_goroutine_is_chosen(uint64_t id, uint64_t one_in)
{
    unsigned __int128 wide =
        (unsigned __int128)id * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t hash = (uint64_t)wide ^ (uint64_t)(wide >> 64);
    return one_in <= 1 || (hash & (one_in - 1)) == 0;
}

/* The item's frames, leaf first; NULL when it has none. */
static inline const struct lg_frame *
lg_goroutine_frames(const struct lg_goroutines *g,
                    const struct lg_goroutine *item)
{
    return item->frame_count != 0 ? &g->frames.items[item->frame_first] : NULL;
}

/* A group: same state, same stack (function and line of every frame), same
 * creation line. */
struct lg_goroutine_group {
    uint64_t count;
    uint64_t longest_wait_ns;
    uint64_t leaked_count;
    uint32_t example; /* index of its first goroutine in items */
    uint64_t key;     /* hash over creation line, state, all frames: equal in
                         two dumps of the same process for the same group */
    uint64_t id_min, id_max; /* 0 when ids are not told */
};

struct lg_goroutine_groups {
    LG_VEC(struct lg_goroutine_group) items; /* largest first, then by key */
};

bool lg_goroutines_group(const struct lg_goroutines *g, struct lg_arena *arena,
                         struct lg_goroutine_groups *groups_ret);
/* A goroutine profile (sample type "goroutine", or "goroutineleak" of Go ≥
 * 1.26, whose goroutines are proven to be leaked) as goroutines; none come out
 * of another profile. Runtime frames that a dump does not show (gopark at the
 * leaf, runtime.main at the root) are cut, behind the inference of state. */
bool lg_goroutines_from_profile(const struct lg_profile *p,
                                struct lg_arena *arena,
                                struct lg_goroutines *ret);
/* The state that the frames at the leaf tell: "chan receive" for
 * runtime.chanrecv… under runtime.gopark, "syscall", "running" for the one that
 * takes the profile, "runnable" for others that are not parked, "waiting" when
 * parked for a reason unknown; empty without frames. frames leaf first, with
 * runtime frames. */
struct lg_str lg_goroutine_infer_state(const struct lg_frame *frames,
                                       size_t count);

/* A repeated cycle of frames within a stack: infinite recursion's mark. */
struct lg_frame_cycle {
    uint32_t first, length; /* frames[first … first+length) repeat */
    uint64_t repeats;       /* in the frames that are there */
    uint64_t depth; /* frames of the whole stack, elided ones included */
};
/* The cycle that covers most of the stack, the shortest of equal ones; false
 * when none covers at least half of at least 8 frames in three rounds. Lines
 * may differ between rounds by inlining, so functions count, and the line of
 * the first round is what is reported. The round may be out of step behind the
 * gap of elided frames. Recursion over data, whose few functions have no fixed
 * order, counts too (in 32 frames or more): its first round is told, and how
 * often its commonest function is there. elided UINT64_MAX: not told, depth is
 * a lower bound. Needs no memory. */
bool lg_frames_find_cycle(const struct lg_frame *frames, size_t count,
                          uint64_t elided, struct lg_frame_cycle *ret);

#endif
