/* SPDX-License-Identifier: Apache-2.0 */
#include "target/image.h"

#include <assert.h>
#include <stdlib.h>

bool lg_image_read(struct lg_image *image, uint64_t address, void *into,
                   size_t bytes)
{
    uint64_t end;
    if (image->gone || __builtin_add_overflow(address, bytes, &end)) {
        image->failed_reads++;
        return false;
    }
    image->read_calls++;
    size_t got = image->ops->read(image, address, into, bytes);
    image->read_bytes += got;
    if (got == bytes)
        return true;
    image->failed_reads++;
    return false;
}

/* Before memory is taken for what cannot be there. A live process may have
 * mapped more since its mappings were read, but what people name is short. */
#define MAX_UNMAPPED_COPY_BYTES ((size_t)64 << 10)

static bool could_be_there(struct lg_image *image, uint64_t address,
                           size_t bytes)
{
    const struct lg_image_segment *s = lg_image_segment_find(image, address);
    const struct lg_image_segment *end =
        image->segments.items + image->segments.count;
    if (image->is_live && bytes <= MAX_UNMAPPED_COPY_BYTES)
        return true;
    if (s == NULL || bytes > UINT64_MAX - address)
        return false;
    while (s + 1 < end && s->end == s[1].start && s->end < address + bytes)
        s++;
    if (address + bytes > s->end)
        return false;
    /* A core's segment may claim 2^60 bytes and have a page of them. */
    char last;
    return bytes <= MAX_UNMAPPED_COPY_BYTES ||
           lg_image_read(image, address + bytes - 1, &last, 1);
}

struct lg_str lg_image_copy(struct lg_image *image, uint64_t address,
                            size_t bytes, struct lg_arena *arena)
{
    if (bytes == 0 || !could_be_there(image, address, bytes))
        return (struct lg_str){0};
    char *copy = lg_arena_alloc(arena, bytes, 8);
    if (copy == NULL)
        return (struct lg_str){0};
    if (lg_image_read(image, address, copy, bytes))
        return lg_str_from(copy, bytes);
    lg_arena_trim(arena, copy, bytes, 0);
    return (struct lg_str){0};
}

struct lg_str lg_image_go_string(struct lg_image *image, uint64_t address,
                                 size_t limit_bytes, struct lg_arena *arena)
{
    uint64_t header[2];
    if (!lg_image_read(image, address, header, sizeof header) ||
        header[1] == 0 || header[1] > limit_bytes)
        return (struct lg_str){0};
    return lg_image_copy(image, header[0], (size_t)header[1], arena);
}

const struct lg_image_segment *lg_image_segment_find(const struct lg_image *im,
                                                     uint64_t address)
{
    size_t low = 0, high = im->segments.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (im->segments.items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == im->segments.count || im->segments.items[low].start > address)
        return NULL;
    return &im->segments.items[low];
}

bool lg_image_refresh(struct lg_image *image, struct lg_error *err)
{
    if (image->gone)
        return lg_fail(err, LG_ABSENT, "process %lld has ended",
                       (long long)image->pid);
    return image->ops->refresh == NULL || image->ops->refresh(image, err);
}

bool lg_image_is_there(struct lg_image *image)
{
    if (!image->gone && image->ops->check != NULL)
        image->ops->check(image);
    return !image->gone;
}

bool lg_image_pause(struct lg_image *image, struct lg_error *err)
{
    if (image->pause_depth == 0 && image->ops->pause != NULL &&
        !image->ops->pause(image, err))
        return false;
    image->pause_depth++;
    return true;
}

void lg_image_resume(struct lg_image *image)
{
    assert(image->pause_depth > 0);
    image->pause_depth--;
    if (image->pause_depth == 0 && image->ops->resume != NULL)
        image->ops->resume(image);
}

const struct lg_image_thread *lg_image_thread_find(const struct lg_image *im,
                                                   int64_t tid)
{
    lg_each(thread, im->threads) {
        if (thread->tid == tid)
            return thread;
    }
    return NULL;
}

void lg_image_destroy(struct lg_image *image)
{
    if (image == NULL)
        return;
    if (image->pause_depth > 0) {
        image->pause_depth = 1;
        lg_image_resume(image);
    }
    free(image->buffer);
    image->ops->destroy(image);
}
