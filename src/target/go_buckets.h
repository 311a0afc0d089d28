/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the runtime's profile buckets: one per stack (and object size) that
 * was ever sampled, in three lists, newest first. They are never freed and
 * never move, so a list can be read while the program goes on; what is
 * prepended meanwhile is not seen.
 *
 *     head ─▶ bucket │ nstk return addresses │ record ─allnext─▶ bucket …
 *
 * Source: Go 1.27 src/runtime/mprof.go, stkbucket, newBucket.
 */
#ifndef LG_TARGET_GO_BUCKETS_H
#define LG_TARGET_GO_BUCKETS_H

#include "target/go_process.h"

/* bucket.typ. */
enum lg_go_bucket_kind {
    LG_BUCKET_MEMORY = 1,
    LG_BUCKET_BLOCK,
    LG_BUCKET_MUTEX,
};

/* runtime.maxProfStackDepth, and what a stack has beyond it before its inlined
 * calls are told apart (maxSkip, a sentinel). Go 1.23. */
#define LG_GO_BUCKET_STACK_MAX (1024 + 8)

/* Views are valid during the call. */
struct lg_go_bucket {
    uint64_t address, object_bytes; /* size of its objects; 0 in other lists */
    const uint8_t *record;          /* record_bytes of them */
    const uint64_t *stack;          /* return addresses, leaf first */
    size_t stack_count;
};

/* false: stop (out of memory). */
typedef bool lg_go_bucket_fn(void *context, const struct lg_go_bucket *bucket);

struct lg_go_buckets_seen {
    uint64_t count;
    bool truncated; /* the list was broken, went in a circle or never ended */
};

/* Calls fn for every bucket of the list whose head is the variable at
 * `variable`, in order of the list. Costs a read per 64 KiB of buckets. NOMEM;
 * ABSENT: the variable cannot be read (the process ended). A list that breaks
 * off is not an error: seen_ret says so. */
bool lg_go_buckets_walk(struct lg_go *go, uint64_t variable,
                        enum lg_go_bucket_kind kind, size_t record_bytes,
                        lg_go_bucket_fn *fn, void *context,
                        struct lg_go_buckets_seen *seen_ret,
                        struct lg_error *err);

#endif
