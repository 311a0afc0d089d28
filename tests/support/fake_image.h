/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: an image over memory of the test's own: regions at addresses it
 * chooses, to lay out runtime objects by hand or to let them lie.
 *
 *     struct lg_fake_image fake;
 *     lg_fake_image_init(&fake, &arena, LG_AMD64);
 *     lg_fake_image_add(&fake, 0xc000000000, bytes, len, true);
 *     lg_go_…(&fake.image, …);
 *
 * Nothing has to be undone: all is the arena's and the test's.
 */
#ifndef LG_TESTS_FAKE_IMAGE_H
#define LG_TESTS_FAKE_IMAGE_H

#include "target/image.h"

#include <assert.h>

#define LG_FAKE_REGIONS_MAX 16

struct lg_fake_image {
    struct lg_image image; /* first: ops get here from it */
    struct {
        uint64_t start;
        uint8_t *bytes; /* borrowed; tests change it between reads */
        size_t len;
    } regions[LG_FAKE_REGIONS_MAX];
    size_t region_count;
    uint64_t reads_left; /* the process ends after so many; UINT64_MAX: never */
};

static inline size_t lg_fake_image_read(struct lg_image *image,
                                        uint64_t address, void *into,
                                        size_t bytes)
{
    struct lg_fake_image *fake = (struct lg_fake_image *)(void *)image;
    if (fake->reads_left == 0) {
        image->gone = true;
        return 0;
    }
    if (fake->reads_left != UINT64_MAX)
        fake->reads_left--;
    for (size_t i = 0; i < fake->region_count; i++) {
        uint64_t start = fake->regions[i].start;
        size_t len = fake->regions[i].len;
        if (address < start || address - start >= len)
            continue;
        size_t at = (size_t)(address - start);
        size_t there = len - at < bytes ? len - at : bytes;
        memcpy(into, fake->regions[i].bytes + at, there);
        return there;
    }
    return 0;
}

static inline void lg_fake_image_destroy(struct lg_image *image)
{
}

static const struct lg_image_ops lg_fake_image_ops = {
    .name = "test's memory",
    .read = lg_fake_image_read,
    .destroy = lg_fake_image_destroy,
};

static inline void lg_fake_image_init(struct lg_fake_image *fake,
                                      struct lg_arena *arena,
                                      enum lg_machine machine)
{
    *fake = (struct lg_fake_image){.reads_left = UINT64_MAX};
    fake->image.ops = &lg_fake_image_ops;
    fake->image.machine = machine;
    fake->image.arena = arena;
}

/* Regions are added in the order of their addresses and do not overlap. A named
 * one counts as mapped from a file. */
static inline void lg_fake_image_add_named(struct lg_fake_image *fake,
                                           uint64_t start, void *bytes,
                                           size_t len, bool can_write,
                                           const char *path)
{
    struct lg_image_segment *s =
        lg_push(fake->image.arena, &fake->image.segments);
    assert(s != NULL && fake->region_count < LG_FAKE_REGIONS_MAX);
    fake->regions[fake->region_count].start = start;
    fake->regions[fake->region_count].bytes = bytes;
    fake->regions[fake->region_count++].len = len;
    *s = (struct lg_image_segment){
        .start = start,
        .end = start + len,
        .can_read = true,
        .can_write = can_write,
        .path = lg_str_of(path),
        .present = true,
    };
}

static inline void lg_fake_image_add(struct lg_fake_image *fake, uint64_t start,
                                     void *bytes, size_t len, bool can_write)
{
    lg_fake_image_add_named(fake, start, bytes, len, can_write, NULL);
}

#endif
