/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_buckets.h"

#include "base/map.h"

#include <stdlib.h>

/* The runtime hashes into 179,999 chains and never frees a bucket. Real
 * programs have some thousands; at a million the buckets alone would take
 * hundreds of megabytes. */
#define MAX_BUCKETS ((uint64_t)1 << 20)
/* A record of memRecord's size today is 128 bytes at most. */
#define MAX_RECORD_BYTES 256
#define MAX_HEADER_BYTES 256
#define MAX_OBJECT_BYTES                                                       \
    (MAX_HEADER_BYTES + LG_GO_BUCKET_STACK_MAX * 8 + MAX_RECORD_BYTES)

/* Buckets lie one behind the other in blocks of 256 KiB, a block per P. So a
 * list goes through few blocks at a time, downwards in each. */
#define WINDOW_BYTES ((uint64_t)64 << 10)
#define WINDOWS 8

struct windows {
    struct lg_image *image;
    unsigned next;           /* to be reused */
    uint64_t start[WINDOWS]; /* 0: empty */
    _Alignas(8) uint8_t bytes[WINDOWS][WINDOW_BYTES];
    _Alignas(8) uint8_t object[MAX_OBJECT_BYTES];
};

struct walk {
    struct lg_go *go;
    enum lg_go_bucket_kind kind;
    size_t header_bytes, record_bytes;
    struct windows *windows;
    struct lg_map known; /* addresses of buckets */
    struct lg_go_buckets_seen seen;
};

static const uint8_t *window_at(struct windows *w, uint64_t start)
{
    for (unsigned i = 0; i < WINDOWS; i++)
        if (w->start[i] == start)
            return w->bytes[i];
    unsigned i = w->next;
    w->next = (i + 1) % WINDOWS;
    w->start[i] = 0;
    if (!lg_image_read(w->image, start, w->bytes[i], WINDOW_BYTES))
        return NULL;
    w->start[i] = start;
    return w->bytes[i];
}

/* What lies at the address: in a window, or a copy when it crosses windows or
 * the window has a hole. NULL: unreadable. Valid until the next call. */
static const uint8_t *bytes_at(struct windows *w, uint64_t address, size_t len)
{
    uint64_t offset = address % WINDOW_BYTES, start = address - offset;
    if (address % 8 != 0 || len > sizeof w->object)
        return NULL;
    if (start != 0 && len <= WINDOW_BYTES - offset) {
        const uint8_t *window = window_at(w, start);
        if (window != NULL)
            return window + offset;
    }
    if (!lg_image_read(w->image, address, w->object, len))
        return NULL;
    return w->object;
}

/* false: no bucket lies there. */
static bool read_bucket(struct walk *w, uint64_t address,
                        struct lg_go_bucket *ret, uint64_t *next_ret)
{
    const uint8_t *header = bytes_at(w->windows, address, w->header_bytes);
    if (header == NULL ||
        lg_go_get(w->go, header, LG_BUCKET_TYP) != (uint64_t)w->kind)
        return false;
    uint64_t count = lg_go_get(w->go, header, LG_BUCKET_NSTK);
    if (count > LG_GO_BUCKET_STACK_MAX)
        return false;
    size_t stack_bytes = (size_t)count * 8;
    const uint8_t *whole = bytes_at(
        w->windows, address, w->header_bytes + stack_bytes + w->record_bytes);
    if (whole == NULL)
        return false;
    *next_ret = lg_go_get(w->go, whole, LG_BUCKET_ALLNEXT);
    *ret = (struct lg_go_bucket){
        .address = address,
        .object_bytes = lg_go_get(w->go, whole, LG_BUCKET_OBJECT_SIZE),
        .record = whole + w->header_bytes + stack_bytes,
        .stack = (const uint64_t *)(const void *)(whole + w->header_bytes),
        .stack_count = (size_t)count,
    };
    return true;
}

static bool walk_list(struct walk *w, uint64_t address, lg_go_bucket_fn *fn,
                      void *context)
{
    while (address != 0) {
        struct lg_go_bucket bucket;
        uint64_t next = 0;
        bool fresh;
        if (lg_map_put_u64(&w->known, address, &fresh) == NULL)
            return false;
        if (!fresh || w->seen.count >= MAX_BUCKETS ||
            !read_bucket(w, address, &bucket, &next)) {
            w->seen.truncated = true;
            return true;
        }
        w->seen.count++;
        if (!fn(context, &bucket))
            return false;
        address = next;
    }
    return true;
}

bool lg_go_buckets_walk(struct lg_go *go, uint64_t variable,
                        enum lg_go_bucket_kind kind, size_t record_bytes,
                        lg_go_bucket_fn *fn, void *context,
                        struct lg_go_buckets_seen *seen_ret,
                        struct lg_error *err)
{
    uint64_t head;
    if (!lg_go_has(go->layout, LG_BUCKET_SIZE))
        return lg_fail(err, LG_UNSUPPORTED,
                       "this Go's profile buckets are not known");
    if (!lg_image_u64(go->image, variable, &head))
        return lg_fail(err, LG_ABSENT, "the profile's list cannot be read");
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    struct walk w = {
        .go = go,
        .kind = kind,
        .header_bytes = (size_t)go->layout->offset[LG_BUCKET_SIZE],
        .record_bytes = record_bytes,
        .windows = malloc(sizeof *w.windows),
    };
    lg_map_init(&w.known, &scratch);
    bool ok = false;
    if (w.windows != NULL) {
        w.windows->image = go->image;
        w.windows->next = 0;
        memset(w.windows->start, 0, sizeof w.windows->start);
        ok = walk_list(&w, head, fn, context);
    }
    free(w.windows);
    lg_arena_deinit(&scratch);
    if (!ok)
        return lg_fail_nomem(err);
    *seen_ret = w.seen;
    return true;
}
