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

/* Random stacks, most of them with a part in common. */
static bool build(void *context, struct lg_arena *arena, struct lg_error *err)
{
    struct lg_profile *p = context;
    struct lg_rng rng = {11};
    if (!lg_profile_init(p, arena) || !add_type(p, "objects") ||
        !add_type(p, "space") || !add_locations(p))
        return lg_fail_nomem(err);
    for (size_t i = 0; i < 500; i++) {
        uint32_t node = 0;
        for (size_t depth = lg_rng_below(&rng, 20); depth > 0; depth--) {
            node = lg_profile_node(
                p, node, (uint32_t)lg_rng_below(&rng, 1 + depth % LOCATIONS));
            if (node == UINT32_MAX)
                return lg_fail_nomem(err);
        }
        if (!lg_profile_sample(p, node, (int64_t[]){(int64_t)i, -2}))
            return lg_fail_nomem(err);
    }
    return true;
}

/* Equal stacks are one node, and each is as deep as it says. */
static void test_nodes(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    assert_true(build(&p, &arena, NULL));
    for (uint32_t a = 1; a < p.nodes.count; a++) {
        const struct lg_stack_node *n = &p.nodes.items[a];
        assert_true(n->parent < a);
        assert_int_equal(n->depth, p.nodes.items[n->parent].depth + 1);
        assert_int_equal(lg_profile_node(&p, n->parent, n->location), a);
        for (uint32_t b = 1; b < a; b++)
            assert_false(p.nodes.items[b].parent == n->parent &&
                         p.nodes.items[b].location == n->location);
    }
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
    assert_int_equal(p.sample_nodes.count, 500);
    for (size_t i = 0; i < 500; i++)
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
    uint32_t node = lg_profile_node(&p, 0, 7);
    node = lg_profile_node(&p, node, 3);
    node = lg_profile_node(&p, node, LOCATIONS - 1);
    p.lines.items[7].line = (int64_t)1 << 40;
    struct lg_frame_iter it = lg_profile_node_frames(&p, node);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.function.len, 0); /* without lines */
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.line, 103);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.line, 104);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.line, 0); /* no line is that long */
    assert_false(lg_frame_iter_next(&it, &frame));
    assert_false(lg_frame_iter_next(&it, &frame));
    it = lg_profile_node_frames(&p, 0);
    assert_false(lg_frame_iter_next(&it, &frame));
    for (size_t i = 0; i < p.sample_nodes.count; i++) {
        const struct lg_stack_node *n = &p.nodes.items[p.sample_nodes.items[i]];
        uint32_t frames = 0;
        it = lg_profile_frames(&p, i);
        while (lg_frame_iter_next(&it, &frame))
            frames++;
        assert_true(frames >= n->depth);
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
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
