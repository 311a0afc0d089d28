/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what captures of a process may come from: its memory, as soon as
 * the runtime in it has come up; where that is refused, an endpoint that it
 * serves. Asked again and again until there is one.
 */
#ifndef LG_RECORD_CAPTURE_FIND_H
#define LG_RECORD_CAPTURE_FIND_H

#include "record/capturer.h"

struct lg_capture_finder {
    const struct lg_capturer_options *options;
    struct lg_capture_source *source; /* NULL: none yet; the caller's to
                                         destroy */
    char name[256];                   /* in words, for people */
    bool from_memory;
    bool is_switched;
    int switch_tries;
    bool tell_switched; /* the heap profile was switched on: to be told */
    int memory_tries;
    uint64_t first_try_ns;
    struct lg_error memory_refused; /* for good; OK: not (yet) */
};

/* false: there is none yet, and why. */
bool lg_capture_find(struct lg_capture_finder *f, struct lg_error *err);

#endif
