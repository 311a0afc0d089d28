/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the line that holds most of the live heap, followed through the
 * captures: what the rules on heap, headroom and limit all look at.
 */
#ifndef LG_DIAGNOSE_HEAP_VIEW_H
#define LG_DIAGNOSE_HEAP_VIEW_H

#include "diagnose/rule.h"

struct lg_heap_view {
    const struct lg_heap_site *site;
    const struct lg_shot *last, *first;
    int64_t first_bytes, onset_bytes; /* at the first capture; at the onset */
    size_t captures;
    size_t changes, rising; /* profiles that differ from the one before (each
                               collection makes a new one); of these, more */
    bool in_main;   /* the program's main goroutine was in that function in most
                       dumps, asleep or not */
    bool main_runs; /* … and was running, not waiting, in most */
    bool in_progress;   /* the same goroutine stood on that line for long */
    bool one_call;      /* … and not at first, at one line throughout */
    bool not_running;   /* dumps were there, and nobody stood on that line */
    uint64_t goroutine; /* that is under way */
    int score;          /* for a burst */
};

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
