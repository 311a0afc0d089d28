/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc_fail.h"

struct triple {
    uint64_t a;
    char b, c;
};

struct triples {
    struct triple *items;
    size_t count, capacity;
};

/* Several vectors that grow in turn, so that most growth must copy. */
static bool push_many(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_rng rng = {*(uint64_t *)context};
    struct triples vecs[3] = {0};
    LG_VEC(char) bytes = {0};
    for (uint64_t i = 0; i < 300; i++) {
        struct triples *v = &vecs[lg_rng_below(&rng, 3)];
        struct triple before = {.a = v->count};
        struct triple *t = lg_push(arena, v);
        char *byte = lg_push(arena, &bytes);
        if (t == NULL || byte == NULL) {
            assert_true(t != NULL || v->count == before.a);
            return lg_fail_nomem(err);
        }
        assert_true(t->a == 0 && t->b == 0 && t->c == 0 && *byte == 0);
        *t = (struct triple){v->count - 1, (char)i, 1};
        *byte = (char)i;
    }
    size_t seen = 0;
    for (int k = 0; k < 3; k++) {
        uint64_t expected = 0;
        lg_each(t, vecs[k]) {
            assert_true(t->a == expected++ && t->c == 1);
            seen++;
        }
        assert_true(expected == vecs[k].count);
    }
    for (size_t i = 0; i < bytes.count; i++)
        assert_int_equal(bytes.items[i], (char)i);
    assert_int_equal(seen, 300);
    return true;
}

static void grows_or_refuses(void **state)
{
    for (uint64_t seed = 19; seed < 24; seed++)
        assert_true(lg_alloc_fail_all(push_many, &seed) > 20);
}

static void a_place_that_was_left_is_zero_again(void **state)
{
    struct lg_arena arena;
    struct triples v = {0};
    lg_arena_init(&arena, 0);
    lg_push(&arena, &v)->a = 5;
    v.count = 0;
    assert_int_equal(lg_push(&arena, &v)->a, 0);
    lg_arena_deinit(&arena);
}

static void an_empty_one_has_no_items(void **state)
{
    struct triples v = {0};
    lg_each(t, v) {
        fail();
        (void)t;
    }
}

static void overflow_is_refused(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    void *items = NULL;
    size_t capacity = SIZE_MAX / 2 + 1;
    assert_false(lg_vec_reserve_one(&arena, &items, capacity, &capacity, 1, 1));
    assert_true(arena.failed);
    capacity = SIZE_MAX / 16;
    assert_false(
        lg_vec_reserve_one(&arena, &items, capacity, &capacity, 16, 1));
    assert_int_equal(capacity, SIZE_MAX / 16);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_or_refuses),
        cmocka_unit_test(a_place_that_was_left_is_zero_again),
        cmocka_unit_test(an_empty_one_has_no_items),
        cmocka_unit_test(overflow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
