/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: captures that cost milliseconds are taken often, but nobody reads
 * hundreds of them. A few are kept, each whole: the first, the newest ones,
 * and between them those that are farthest apart in time and in memory use.
 * Pure: numbers in, the one to remove out.
 */
#ifndef LG_RECORD_CAPTURE_KEEP_H
#define LG_RECORD_CAPTURE_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A verdict reads all of them: this many take it about a second. */
#define LG_KEEP_MAX 32
/* The way into the kill is kept closely. */
#define LG_KEEP_NEWEST 8

struct lg_kept_capture {
    uint32_t id;
    char name[32];
    uint64_t t_ns, usage_bytes;
    bool complete;
};

struct lg_kept {
    struct lg_kept_capture items[LG_KEEP_MAX + 1]; /* in order of time */
    size_t count;
};

/* Adds one; true: *remove_ret is to go (it is not in the list any more). */
bool lg_kept_add(struct lg_kept *kept, const struct lg_kept_capture *capture,
                 struct lg_kept_capture *remove_ret);

#endif
