/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "evidence/profile.h"
#include "rng.h"

#define LOCATIONS 40

static bool add_type(struct lg_profile *p, const char *name)
{
    struct lg_value_type *type = lg_push(p->arena, &p->types);
    if (type != NULL)
        type->type = lg_str_of(name);
    return type != NULL;
}

/* Location i is one line of function i, but for the last, which has none. */
static bool add_locations(struct lg_profile *p)
{
    for (uint32_t i = 0; i < LOCATIONS; i++) {
        struct lg_profile_location *l = lg_push(p->arena, &p->locations);
        struct lg_profile_line *line = lg_push(p->arena, &p->lines);
        struct lg_profile_function *f = lg_push(p->arena, &p->functions);
        if (l == NULL || line == NULL || f == NULL)
            return false;
        f->name = LG_STR("f");
        *line = (struct lg_profile_line){.function = i, .line = 100 + i};
        *l = (struct lg_profile_location){.line_first = i,
                                          .line_count = i + 1 < LOCATIONS};
    }
    return true;
}

#define SAMPLES 500
#define DEEPEST 20

/* Random stacks; every third sample has that of the one before. */
static size_t random_stack(struct lg_rng *rng, size_t i, uint32_t *stack,
                           size_t depth)
{
    if (i % 3 == 2)
        return depth;
    depth = lg_rng_below(rng, DEEPEST);
    for (size_t k = 0; k < depth; k++)
        stack[k] = (uint32_t)lg_rng_below(rng, LOCATIONS);
    return depth;
}

static bool build(void *context, struct lg_arena *arena, struct lg_error *err)
{
    struct lg_profile *p = context;
    struct lg_rng rng = {11};
    uint32_t stack[DEEPEST];
    size_t depth = 0;
    if (!lg_profile_init(p, arena) || !add_type(p, "objects") ||
        !add_type(p, "space") || !add_locations(p))
        return lg_fail_nomem(err);
    for (size_t i = 0; i < SAMPLES; i++) {
        depth = random_stack(&rng, i, stack, depth);
        if (!lg_profile_sample(p, stack, depth, (int64_t[]){(int64_t)i, -2}))
            return lg_fail_nomem(err);
    }
    return true;
}

/* What was put in is there, and repeats take no room. */
static void test_stacks(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_rng rng = {11};
    uint32_t stack[DEEPEST];
    size_t depth = 0, total = 0;
    lg_arena_init(&arena, 0);
    assert_true(build(&p, &arena, NULL));
    for (size_t i = 0; i < SAMPLES; i++) {
        depth = random_stack(&rng, i, stack, depth);
        struct lg_profile_stack range = p.samples.items[i];
        assert_int_equal(range.count, depth);
        assert_memory_equal(p.stacks.items + range.first, stack,
                            depth * sizeof *stack);
        if (i % 3 == 2)
            assert_int_equal(range.first, p.samples.items[i - 1].first);
        else
            total += depth;
    }
    assert_true(p.stacks.count <= total);
    lg_arena_deinit(&arena);
}

static void test_values(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    assert_true(build(&p, &arena, NULL));
    assert_int_equal(lg_profile_type(&p, LG_STR("objects")), 0);
    assert_int_equal(lg_profile_type(&p, LG_STR("space")), 1);
    assert_int_equal(lg_profile_type(&p, LG_STR("time")), -1);
    assert_int_equal(p.samples.count, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        assert_int_equal(lg_profile_value(&p, i, 0), (int64_t)i);
    assert_int_equal(lg_profile_total(&p, 0), 499 * 250);
    assert_int_equal(lg_profile_total(&p, 1), -1000);
    lg_arena_deinit(&arena);
}

static void test_frames(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_frame frame;
    lg_arena_init(&arena, 0);
    assert_true(build(&p, &arena, NULL));
    /* Location 3 gets a second line: the caller that it was inlined into. */
    p.locations.items[3].line_count = 2;
    static const uint32_t stack[] = {LOCATIONS - 1, 3, 7};
    static const int64_t values[] = {1, 1};
    assert_true(lg_profile_sample(&p, stack, LG_COUNT(stack), values));
    assert_true(lg_profile_sample(&p, NULL, 0, values));
    p.lines.items[7].line = (int64_t)1 << 40;
    struct lg_frame_iter it = lg_profile_frames(&p, SAMPLES);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.function.len, 0); /* without lines */
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.line, 103);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.line, 104);
    p.lines.items[4].function = LG_NO_FUNCTION;
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.line, 0); /* no line is that long */
    assert_false(lg_frame_iter_next(&it, &frame));
    assert_false(lg_frame_iter_next(&it, &frame));
    it = lg_profile_frames(&p, SAMPLES + 1);
    assert_false(lg_frame_iter_next(&it, &frame));
    for (size_t i = 0; i < p.samples.count; i++) {
        uint32_t frames = 0;
        it = lg_profile_frames(&p, i);
        while (lg_frame_iter_next(&it, &frame))
            frames++;
        assert_true(frames >= p.samples.items[i].count);
    }
    lg_arena_deinit(&arena);
}

static void test_out_of_memory(void **state)
{
    struct lg_profile p;
    assert_true(lg_alloc_fail_all(build, &p) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stacks),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
