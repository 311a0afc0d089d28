/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the line that holds most of the live heap, followed through the
 * captures: what the rules on heap, headroom and limit all look at.
 */
#ifndef LG_DIAGNOSE_HEAP_VIEW_H
#define LG_DIAGNOSE_HEAP_VIEW_H

#include "diagnose/rule.h"

/* A line's bytes in use, from profile to profile. */
struct lg_line_trend {
    int64_t first_bytes; /* at the first */
    size_t captures;
    size_t changes, rising; /* profiles that differ from the one before (each
                               collection makes a new one); of these, more */
};

struct lg_heap_view {
    const struct lg_heap_site *site;
    const struct lg_shot *last;
    struct lg_line_trend trend;
    bool in_main;   /* the program's main goroutine was in that function in most
                       dumps, asleep or not */
    bool main_runs; /* … and was running, not waiting, in most */
    bool in_progress;   /* the same goroutine stood on that line for long */
    bool one_call;      /* … and not at first, at one line throughout */
    bool not_running;   /* dumps were there, and nobody stood on that line */
    uint64_t goroutine; /* that is under way */
    int score;          /* for a burst */
};

/* Confidence of missing headroom where collections have proven that the live
 * heap stands; anything less may be doubted by what grew. */
#define LG_HEADROOM_PROVEN 0.9

/* What collections left, the last against one that lies well before it. */
struct lg_live {
    const struct lg_shot *now, *before; /* first captures that knew of them */
    bool apart;                         /* there are two that can be compared */
    bool level; /* … and between them it hardly grew */
    /* What the next collection would leave, if it kept as much of what is new
     * as the last did; 0: unknown. */
    uint64_t expected_bytes;
    bool slowed; /* usage has grown for long since, and much slower */
};

/* Collection after collection, up to the end: a leak, however much garbage is
 * beside it. */
bool lg_live_keeps_growing(const struct lg_case *c);
void lg_live_look(const struct lg_case *c, struct lg_live *live);
/* What survived the last collection, as the runtime counted it, else what its
 * goal for the next one was made of; no more than any capture before the next
 * found allocated. 0: unknown. */
uint64_t lg_live_bytes(const struct lg_case *c,
                       const struct lg_memstats *stats);
/* GOGC / 100; below 0: off. */
double lg_live_gogc(const struct lg_case *c);
/* Age of the process at a capture; since recording began, if all else is
 * unknown. */
double lg_case_age_s(const struct lg_case *c, const struct lg_shot *shot);
/* Far enough from each other to speak of growth between them. */
bool lg_lie_apart(double before_s, double now_s);
/* What was `before` at that age grew, until `now`, much slower than it had on
 * average: a load that is over, not a leak. */
bool lg_stands_still(double before, double before_s, double now, double now_s);

/* In use, allocated by the line, by that capture's profile. */
int64_t lg_heap_bytes_at(const struct lg_shot *shot,
                         const struct lg_frame *where);
/* Bytes in samples that are a few huge objects each, of that line (NULL: of
 * all). */
int64_t lg_buffer_bytes(const struct lg_case *c, const struct lg_profile *heap,
                        const struct lg_frame *where);
struct lg_line_trend lg_line_trend_of(const struct lg_case *c,
                                      const struct lg_frame *where);
/* The line holds a buffer that is appended to and grows by steps: that it has
 * stood since the last one says nothing yet. */
bool lg_line_steps(const struct lg_case *c, const struct lg_frame *where);
/* All that the line had at the last collection may have come since the one
 * before: what a collection in full swing finds alive, of calls that keep
 * nothing. Not known without profiles up to now: false. */
bool lg_line_passes_through(const struct lg_case *c,
                            const struct lg_frame *where);
/* The line's bytes hardly grew in the last part of the life. */
bool lg_line_stands(const struct lg_case *c, const struct lg_frame *where);

/* false: no heap profile, or every line is claimed by another finding. */
bool lg_heap_look(const struct lg_case *c, struct lg_heap_view *v);
/* After a level stretch: a line's bytes rose by a share of the growth that
 * matters, whoever explains it. */
bool lg_heap_rose_since_level(const struct lg_case *c);
/* The line holds enough of the heap, and the heap of the memory, to matter. */
bool lg_heap_is_dominant(const struct lg_case *c, const struct lg_heap_view *v);
/* Share of the usage that is heap at that capture; 1 when nobody knows. */
double lg_heap_share(const struct lg_shot *shot);

#endif
