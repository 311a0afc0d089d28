/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_BLOCKS 400

/* What the arena has given us, each block filled with a byte of its own: an
 * overlap shows as a byte of somebody else. */
struct block {
    unsigned char *at;
    size_t size;
    unsigned char fill;
};

struct model {
    struct block blocks[MAX_BLOCKS];
    size_t count;
};

static void assert_filled(const struct block *b)
{
    for (size_t i = 0; i < b->size; i++)
        assert_int_equal(b->at[i], b->fill);
}

static void assert_zero(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(at[i], 0);
}

static size_t any_size(struct lg_rng *rng)
{
    size_t small = lg_rng_below(rng, 40), large = lg_rng_below(rng, 20000);
    return lg_rng_below(rng, 10) == 0 ? large : small;
}

static void add_block(struct model *m, struct lg_arena *arena,
                      struct lg_rng *rng)
{
    size_t size = any_size(rng), align = (size_t)1 << lg_rng_below(rng, 8);
    size_t used = arena->used_bytes;
    unsigned char *at = lg_arena_alloc(arena, size, align);
    if (at == NULL) {
        assert_true(arena->failed);
        assert_int_equal(arena->used_bytes, used);
        return;
    }
    assert_int_equal((uintptr_t)at % align, 0);
    assert_true(arena->used_bytes >= used + size);
    assert_zero(at, size);
    unsigned char fill = (unsigned char)(1 + m->count % 255);
    memset(at, fill, size);
    m->blocks[m->count++] = (struct block){at, size, fill};
}

/* Mostly the newest, which can grow in place. */
static void grow_block(struct model *m, struct lg_arena *arena,
                       struct lg_rng *rng)
{
    size_t i =
        lg_rng_below(rng, 3) != 0 ? m->count - 1 : lg_rng_below(rng, m->count);
    struct block *b = &m->blocks[i];
    size_t size = b->size + any_size(rng);
    unsigned char *at = lg_arena_grow(arena, b->at, b->size, size, 1);
    if (at == NULL) {
        assert_true(arena->failed);
        return;
    }
    struct block moved = {at, b->size, b->fill};
    assert_filled(&moved);
    assert_zero(at + b->size, size - b->size);
    memset(at, b->fill, size);
    *b = (struct block){at, size, b->fill};
}

static void trim_block(struct model *m, struct lg_arena *arena,
                       struct lg_rng *rng)
{
    struct block *b = &m->blocks[m->count - 1];
    size_t size = lg_rng_below(rng, b->size + 1);
    lg_arena_trim(arena, b->at, b->size, size);
    b->size = size;
}

static void play(struct lg_arena *arena, struct lg_rng *rng, size_t limit)
{
    struct model m = {.count = 0};
    for (int step = 0; step < MAX_BLOCKS; step++) {
        size_t what = m.count == 0 ? 0 : lg_rng_below(rng, 8);
        if (what < 5)
            add_block(&m, arena, rng);
        else if (what < 7)
            grow_block(&m, arena, rng);
        else
            trim_block(&m, arena, rng);
        if (limit != 0)
            assert_true(arena->used_bytes <= limit);
    }
    for (size_t i = 0; i < m.count; i++)
        assert_filled(&m.blocks[i]);
}

static void blocks_are_zero_aligned_and_apart(void **state)
{
    struct lg_rng rng = {2};
    for (int round = 0; round < 60; round++) {
        size_t limit = lg_rng_below(&rng, 3) == 0 ? any_size(&rng) * 4 + 1 : 0;
        struct lg_arena arena;
        lg_arena_init(&arena, limit);
        /* After a reset dirty memory comes again, and must be zero too. */
        for (int life = 0; life < 3; life++) {
            play(&arena, &rng, limit);
            assert_true(limit != 0 || !arena.failed);
            lg_arena_reset(&arena);
            assert_int_equal(arena.used_bytes, 0);
            assert_false(arena.failed);
        }
        lg_arena_deinit(&arena);
    }
}

static void fixed_stays_in_its_memory(void **state)
{
    struct lg_rng rng = {3};
    for (int round = 0; round < 60; round++) {
        size_t size = any_size(&rng);
        unsigned char *memory = malloc(size + 32);
        memset(memory, 0xA5, size + 32);
        struct lg_arena arena;
        lg_arena_init_fixed(&arena, memory + 16, size);
        for (int life = 0; life < 3; life++) {
            play(&arena, &rng, size);
            assert_null(arena.chunk);
            lg_arena_reset(&arena);
            assert_ptr_equal(arena.at, memory + 16);
        }
        for (size_t i = 0; i < 16; i++) {
            assert_int_equal(memory[i], 0xA5);
            assert_int_equal(memory[16 + size + i], 0xA5);
        }
        lg_arena_deinit(&arena);
        free(memory);
    }
}

static void fixed_gives_every_byte_and_no_more(void **state)
{
    char memory[64];
    struct lg_arena arena;
    lg_arena_init_fixed(&arena, memory, sizeof memory);
    assert_ptr_equal(lg_arena_alloc(&arena, 64, 1), memory);
    assert_non_null(lg_arena_alloc(&arena, 0, 1));
    assert_false(arena.failed);
    assert_null(lg_arena_alloc(&arena, 1, 1));
    assert_true(arena.failed);
    lg_arena_init_fixed(&arena, NULL, 0);
    assert_null(lg_arena_alloc(&arena, 1, 1));
    lg_arena_reset(&arena);
}

static void limit_is_exact(void **state)
{
    for (size_t limit = 1; limit < 10000; limit += 1 + limit / 10) {
        struct lg_arena arena;
        lg_arena_init(&arena, limit);
        assert_null(lg_arena_alloc(&arena, limit + 1, 1));
        assert_true(arena.failed);
        assert_non_null(lg_arena_alloc(&arena, limit, 1));
        assert_int_equal(arena.used_bytes, limit);
        assert_null(lg_arena_alloc(&arena, 1, 1));
        assert_non_null(lg_arena_alloc(&arena, 0, 1));
        lg_arena_deinit(&arena);
    }
}

static void absurd_sizes_are_refused(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1,
                                   (size_t)PTRDIFF_MAX, SIZE_MAX - 4096};
    char memory[64];
    struct lg_arena arena, fixed;
    lg_arena_init(&arena, 0);
    lg_arena_init_fixed(&fixed, memory, sizeof memory);
    char *old = lg_arena_alloc(&arena, 8, 8);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_null(lg_arena_alloc(&arena, sizes[i], 64));
        assert_null(lg_arena_alloc(&fixed, sizes[i], 64));
        assert_null(lg_arena_grow(&arena, old, 8, sizes[i], 8));
        assert_null(lg_arena_calloc(&arena, sizes[i] / 3, 8, 8));
        assert_null(lg_arena_calloc(&arena, 8, sizes[i] / 3, 8));
    }
    assert_true(arena.failed);
    /* Refusals have cost nothing, and it still works. */
    assert_int_equal(arena.used_bytes, 8);
    assert_non_null(lg_arena_alloc(&arena, 8, 8));
    lg_arena_deinit(&arena);
}

static void newest_grows_in_place(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    char *a = lg_arena_grow(&arena, NULL, 0, 10, 1);
    assert_ptr_equal(lg_arena_grow(&arena, a, 10, 20, 1), a);
    assert_ptr_equal(lg_arena_grow(&arena, a, 20, 20, 1), a);
    assert_ptr_equal(lg_arena_grow(&arena, a, 20, 5, 1), a);
    char *b = lg_arena_alloc(&arena, 1, 1);
    assert_ptr_not_equal(lg_arena_grow(&arena, a, 20, 30, 1), a);
    assert_ptr_not_equal(lg_arena_grow(&arena, b, 1, 30, 1), b);
    lg_arena_deinit(&arena);
}

static void trim_gives_back(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 100);
    char *a = lg_arena_alloc(&arena, 100, 1);
    memset(a, 'x', 100);
    lg_arena_trim(&arena, a, 100, 40);
    assert_int_equal(arena.used_bytes, 40);
    char *b = lg_arena_alloc(&arena, 60, 1);
    assert_non_null(b);
    assert_zero((unsigned char *)b, 60);
    lg_arena_trim(&arena, a, 40, 10); /* not the newest */
    assert_int_equal(arena.used_bytes, 100);
    lg_arena_deinit(&arena);
}

static void large_blocks_leave_the_chunk_in_use(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    char *a = lg_arena_alloc(&arena, 1, 1);
    char *big = lg_arena_alloc(&arena, (size_t)64 << 20, 4096);
    char *b = lg_arena_alloc(&arena, 1, 1);
    assert_true(b > a && b - a < 64);
    assert_int_equal((uintptr_t)big % 4096, 0);
    big[((size_t)64 << 20) - 1] = 1;
    lg_arena_reset(&arena);
    assert_ptr_equal(lg_arena_alloc(&arena, 1, 1), a);
    lg_arena_deinit(&arena);
    lg_arena_deinit(&arena); /* harmless */
}

static void room_is_one_piece(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    char *a = lg_arena_alloc(&arena, 10, 1);
    struct lg_room room = lg_arena_room(&arena, 100000);
    assert_int_equal(room.bytes, 100000);
    assert_true(lg_arena_in_room(&arena));
    char *b = lg_arena_alloc(&arena, 40000, 8);
    char *c = lg_arena_alloc(&arena, 30000, 8);
    assert_ptr_equal(b, room.data);
    assert_true(c >= b + 40000 && c < b + 40100);
    assert_zero((unsigned char *)c, 30000);
    lg_arena_leave_room(&arena);
    assert_false(lg_arena_in_room(&arena));
    char *d = lg_arena_alloc(&arena, 10, 1);
    assert_true(d < b || d >= b + 100000);
    memset(a, 1, 10);
    memset(b, 1, 40000);
    memset(c, 1, 30000);
    memset(d, 1, 10);
    lg_arena_leave_room(&arena); /* is in none */
    lg_arena_reset(&arena);
    lg_arena_deinit(&arena);
}

static void room_is_bounded(void **state)
{
    char memory[64];
    struct lg_arena arena;
    lg_arena_init(&arena, 1000);
    assert_null(lg_arena_room(&arena, 1001).data);
    assert_null(lg_arena_room(&arena, SIZE_MAX).data);
    assert_false(arena.failed);
    assert_non_null(lg_arena_room(&arena, 1000).data);
    assert_non_null(lg_arena_alloc(&arena, 1000, 1));
    assert_null(lg_arena_alloc(&arena, 1, 1));
    lg_arena_deinit(&arena);
    lg_arena_init_fixed(&arena, memory, sizeof memory);
    assert_null(lg_arena_room(&arena, 10).data);
    assert_non_null(lg_arena_alloc(&arena, 10, 1));
    lg_arena_leave_room(&arena);
    assert_non_null(lg_arena_alloc(&arena, 10, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zero_aligned_and_apart),
        cmocka_unit_test(fixed_stays_in_its_memory),
        cmocka_unit_test(fixed_gives_every_byte_and_no_more),
        cmocka_unit_test(limit_is_exact),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(newest_grows_in_place),
        cmocka_unit_test(trim_gives_back),
        cmocka_unit_test(large_blocks_leave_the_chunk_in_use),
        cmocka_unit_test(room_is_one_piece),
        cmocka_unit_test(room_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
