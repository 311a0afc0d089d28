/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathered reads. The objects are sorted by address; neighbours become one
 * run, runs fill the buffer, and one system call reads them all:
 *
 *   objects   ▪▪▪  ▪ ▪▪        ▪▪▪▪▪        sorted
 *   runs      [----------]     [---]        a page or more between them
 *   buffer    [----------][---]             one read_ranges
 *
 * The buffer is small enough for the processor's cache, and its pages are
 * there before the first read: the first touch of fresh memory costs more than
 * the copy.
 */
#include "target/fetch_sort.h"

#include <stdlib.h>
#include <string.h>

/* Fits a second-level cache beside what the caller does, and is still 60 µs of
 * copying per system call: 10 % better than 1 MiB. */
#define BUFFER_BYTES ((size_t)256 << 10)
/* IOV_MAX of Linux: what one process_vm_readv takes. */
#define MAX_RANGES ((size_t)1024)
/* A gap below a page is in the page of one of the objects around it: reading
 * it touches nothing else, and costs less than a range of its own. */
#define MAX_GAP_BYTES ((uint64_t)4095)

struct batch {
    struct lg_image_range ranges[MAX_RANGES];
    size_t range_count, fetch_count, bytes;
};

struct gather {
    struct lg_image *image;
    lg_fetch_fn fn;
    void *context;
    struct batch batch;
};

static bool is_readable(const struct lg_fetch *f)
{
    uint64_t end;
    return f->bytes <= LG_FETCH_MAX_BYTES &&
           !__builtin_add_overflow(f->address, f->bytes, &end);
}

/* Grows only for an object that does not fit. The pages are touched now. */
static bool make_buffer(struct lg_image *image, size_t bytes)
{
    size_t wanted = bytes > BUFFER_BYTES ? bytes : BUFFER_BYTES;
    if (image->buffer_bytes >= wanted)
        return true;
    uint8_t *fresh = malloc(wanted);
    if (fresh == NULL)
        return false;
    memset(fresh, 1, wanted);
    free(image->buffer);
    image->buffer = fresh;
    image->buffer_bytes = wanted;
    return true;
}

/* Takes as many fetches into the batch as fit it, at most count. */
static void plan(struct batch *b, const struct lg_fetch *f, size_t count,
                 size_t room_bytes)
{
    struct lg_image_range *range = NULL;
    uint64_t end = 0; /* of the last range */
    size_t i = 0;
    b->range_count = b->bytes = 0;
    for (; i < count && is_readable(&f[i]); i++) {
        uint64_t object_end = f[i].address + f[i].bytes;
        bool joins = range != NULL && (f[i].address <= end ||
                                       f[i].address - end <= MAX_GAP_BYTES);
        uint64_t more = !joins             ? f[i].bytes
                        : object_end > end ? object_end - end
                                           : 0;
        if (more > room_bytes - b->bytes ||
            (!joins && b->range_count == MAX_RANGES))
            break;
        if (!joins) {
            range = &b->ranges[b->range_count++];
            *range = (struct lg_image_range){f[i].address, 0};
            end = f[i].address;
        }
        range->bytes += (size_t)more;
        b->bytes += (size_t)more;
        end = object_end > end ? object_end : end;
    }
    b->fetch_count = i;
}

static size_t read_one_by_one(struct lg_image *image,
                              const struct lg_image_range *ranges, size_t count,
                              uint8_t *into)
{
    size_t copied = 0;
    for (size_t i = 0; i < count; i++) {
        size_t got = image->ops->read(image, ranges[i].address, into + copied,
                                      ranges[i].bytes);
        image->read_calls++;
        copied += got;
        if (got != ranges[i].bytes)
            break;
    }
    return copied;
}

static size_t read_batch(struct gather *g)
{
    struct lg_image *image = g->image;
    const struct batch *b = &g->batch;
    size_t copied;
    if (image->ops->read_ranges == NULL) {
        copied =
            read_one_by_one(image, b->ranges, b->range_count, image->buffer);
    } else {
        image->read_calls++;
        copied = image->ops->read_ranges(image, b->ranges, b->range_count,
                                         image->buffer);
    }
    image->read_bytes += copied;
    return copied;
}

/* Hands out the objects that lie within the copied bytes, up to the first that
 * does not. Returns how many. */
static size_t deliver(struct gather *g, const struct lg_fetch *f, size_t copied)
{
    const struct batch *b = &g->batch;
    const struct lg_image_range *range = b->ranges;
    size_t range_at = 0, i = 0; /* range_at: of the range in the buffer */
    for (; i < b->fetch_count; i++) {
        while (f[i].address - range->address > range->bytes ||
               f[i].address - range->address + f[i].bytes > range->bytes) {
            range_at += range->bytes;
            range++;
        }
        size_t at = range_at + (size_t)(f[i].address - range->address);
        if (at + f[i].bytes > copied)
            break;
        g->fn(g->context, &f[i], g->image->buffer + at);
    }
    return i;
}

/* What the batch failed at, by itself. */
static void deliver_alone(struct gather *g, const struct lg_fetch *f)
{
    struct lg_image *image = g->image;
    bool ok = is_readable(f) && f->bytes <= image->buffer_bytes &&
              lg_image_read(image, f->address, image->buffer, f->bytes);
    g->fn(g->context, f, ok ? image->buffer : NULL);
}

/* Batches begin small after a failure and double again: where much is
 * unmapped, each object costs one or two short system calls. */
static bool read_all(struct gather *g, const struct lg_fetch *f, size_t count)
{
    struct lg_image *image = g->image;
    size_t most = count, at = 0;
    while (at < count && !image->gone) {
        size_t left = count - at;
        plan(&g->batch, f + at, most < left ? most : left, image->buffer_bytes);
        size_t done = 0, planned = g->batch.fetch_count;
        if (planned != 0)
            done = deliver(g, f + at, read_batch(g));
        at += done;
        most = most < count ? most * 2 : count;
        if (done == planned && planned != 0)
            continue;
        if (is_readable(&f[at]) && !make_buffer(image, f[at].bytes))
            return false;
        deliver_alone(g, &f[at++]);
        most = planned != 0 ? 1 : most;
    }
    for (; at < count; at++)
        g->fn(g->context, &f[at], NULL);
    return true;
}

static void view_all(struct gather *g, const struct lg_fetch *f, size_t count)
{
    struct lg_image *image = g->image;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = NULL;
        if (is_readable(&f[i]))
            bytes = image->ops->view(image, f[i].address, f[i].bytes);
        if (bytes != NULL || !is_readable(&f[i]))
            g->fn(g->context, &f[i], bytes);
        else if (make_buffer(image, f[i].bytes))
            deliver_alone(g, &f[i]);
        else
            g->fn(g->context, &f[i], NULL);
    }
}

bool lg_image_fetch(struct lg_image *image, struct lg_fetch *fetches,
                    size_t count, lg_fetch_fn fn, void *context)
{
    struct gather g = {.image = image, .fn = fn, .context = context};
    if (count == 0)
        return true;
    if (!make_buffer(image, 0))
        return false;
    lg_fetch_sort(fetches, count, image->buffer, image->buffer_bytes);
    if (image->ops->view != NULL) {
        view_all(&g, fetches, count);
        return true;
    }
    if (!read_all(&g, fetches, count))
        return false;
    (void)lg_image_is_there(image);
    return true;
}
