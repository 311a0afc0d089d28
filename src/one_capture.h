/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a running process, or a core, as an incident with one capture, made
 * now: so that `heap` and `memstats` ask and print the same things of a
 * process, of a core and of an incident of the store.
 */
#ifndef LG_ONE_CAPTURE_H
#define LG_ONE_CAPTURE_H

#include "source_arg.h"
#include "target/go_heap_profile.h"

struct lg_one_capture {
    struct lg_incident incident; /* of image sources: subject and a capture */
    /* What of it is looked at; NULL: nothing of it is there. */
    const struct lg_capture *capture;
    /* Of the heap profile of an image source. */
    bool has_heap_info;
    struct lg_go_heap_profile_info heap_info;
};

/* Reads the heap profile. Of files and incidents: the newest one there is.
 * ABSENT: it has none. */
bool lg_one_capture_heap(struct lg_source_arg *source, enum lg_heap_when when,
                         struct lg_arena *arena, struct lg_one_capture *ret,
                         struct lg_error *err);
/* Reads the memory statistics, and what /proc and the cgroup say of the
 * process. Of files and incidents: the newest there are. */
bool lg_one_capture_memstats(struct lg_source_arg *source,
                             struct lg_arena *arena, struct lg_one_capture *ret,
                             struct lg_error *err);
/* "consumer (pid 4711, go1.26.8)" of whatever it is. */
void lg_one_capture_title(const struct lg_source_arg *source,
                          const struct lg_one_capture *c, struct lg_sb *sb);

#endif
