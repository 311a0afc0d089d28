/* SPDX-License-Identifier: Apache-2.0 */
/* A core of anybody: its notes, its segments, reads all over it. */
#include "sources/core_image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FETCHES 64

struct seen {
    struct lg_image *image;
    size_t count;
};

/* What is given as a view is what a read gives. */
static void take(void *context, const struct lg_fetch *fetch,
                 const uint8_t *bytes)
{
    struct seen *s = context;
    uint8_t copy[256];
    s->count++;
    if (bytes == NULL || fetch->bytes > sizeof copy)
        return;
    if (!lg_image_read(s->image, fetch->address, copy, fetch->bytes) ||
        memcmp(copy, bytes, fetch->bytes) != 0)
        abort();
}

static void read_all(struct lg_image *image)
{
    struct lg_fetch fetches[FETCHES];
    struct seen seen = {.image = image};
    size_t count = 0;
    uint64_t last_end = 0;
    lg_each(s, image->segments) {
        if (s->start < last_end || s->end <= s->start)
            abort(); /* sorted, not overlapping */
        last_end = s->end;
        if (count + 4 > FETCHES)
            continue;
        fetches[count++] = (struct lg_fetch){s->start, 64, 0};
        fetches[count++] = (struct lg_fetch){s->end - 8, 16, 1};
        fetches[count++] =
            (struct lg_fetch){s->start + (s->end - s->start) / 2, 200, 2};
        fetches[count++] = (struct lg_fetch){s->start, 5000, 3};
    }
    if (!lg_image_fetch(image, fetches, count, take, &seen) ||
        seen.count != count)
        abort();
    lg_each(t, image->threads) {
        uint64_t word;
        (void)lg_image_u64(image, t->sp, &word);
        (void)lg_image_go_string(image, t->sp, 1000, image->arena);
        (void)lg_image_copy(image, t->pc, (size_t)t->bp, image->arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_image *image;
    lg_arena_init(&arena, (size_t)64 << 20);
    if (lg_core_image_of(lg_str_from(data, len), NULL, false, &arena, &image,
                         NULL)) {
        read_all(image);
        lg_image_destroy(image);
    }
    lg_arena_deinit(&arena);
    return 0;
}
