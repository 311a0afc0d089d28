/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a Go runtime's objects laid out by hand in a fake image, in the
 * layout of any version: what a test puts there is what is read. Include after
 * cmocka.h.
 */
#ifndef LG_TESTS_FAKE_GO_H
#define LG_TESTS_FAKE_GO_H

#include "fake_image.h"
#include "target/go_process.h"

#include <stdlib.h>
#include <string.h>

#define FAKE_BASE UINT64_C(0xc000010000)
#define FAKE_BYTES ((size_t)1 << 20)

struct fake_go {
    struct lg_arena arena;
    struct lg_fake_image fake;
    struct lg_go go;
    uint8_t *memory;
    size_t used;
};

static inline void fake_go_init(struct fake_go *f, uint16_t minor)
{
    bool is_exact;
    lg_arena_init(&f->arena, 0);
    lg_fake_image_init(&f->fake, &f->arena, LG_AMD64);
    f->memory = lg_new(&f->arena, uint8_t, FAKE_BYTES);
    f->used = 0;
    lg_fake_image_add(&f->fake, FAKE_BASE, f->memory, FAKE_BYTES, true);
    f->go = (struct lg_go){
        .image = &f->fake.image,
        .arena = &f->arena,
        .minor = minor,
        .layout = lg_go_layout_find(
            (struct lg_go_version){true, true, minor, 4}, LG_AMD64, &is_exact),
    };
    assert_int_equal(f->go.layout->minor, minor);
}

static inline void fake_go_deinit(struct fake_go *f)
{
    free(f->fake.image.buffer); /* of gathered reads */
    lg_arena_deinit(&f->arena);
}

/* Zeroed memory of the target; its address. */
static inline uint64_t fake_new(struct fake_go *f, size_t bytes)
{
    uint64_t address = FAKE_BASE + f->used;
    f->used += (bytes + 15) / 16 * 16;
    assert_true(f->used <= FAKE_BYTES);
    return address;
}

static inline uint8_t *fake_at(struct fake_go *f, uint64_t address)
{
    assert_true(address >= FAKE_BASE && address < FAKE_BASE + FAKE_BYTES);
    return f->memory + (address - FAKE_BASE);
}

static inline void fake_u64(struct fake_go *f, uint64_t address, uint64_t value)
{
    memcpy(fake_at(f, address), &value, sizeof value);
}

static inline int32_t fake_offset(const struct fake_go *f, enum lg_go_field id)
{
    assert_true(lg_go_has(f->go.layout, id));
    return f->go.layout->offset[id];
}

/* Fields that this version does not have are left out. */
static inline void fake_set(struct fake_go *f, uint64_t object,
                            enum lg_go_field id, uint64_t value)
{
    const struct lg_go_layout *l = f->go.layout;
    if (lg_go_has(l, id)) {
        assert_true(l->width[id] != 0);
        memcpy(fake_at(f, object) + l->offset[id], &value, l->width[id]);
    }
}

/* A variable with room for a struct (or bytes); its address. */
static inline uint64_t fake_var(struct fake_go *f, enum lg_go_var var,
                                size_t bytes)
{
    f->go.vars[var] = fake_new(f, bytes);
    return f->go.vars[var];
}

static inline uint64_t fake_struct(struct fake_go *f, enum lg_go_field size)
{
    return fake_new(f, (size_t)fake_offset(f, size));
}

#endif
