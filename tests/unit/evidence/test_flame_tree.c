/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evidence/flame_tree.h"
#include "rng.h"

#define FUNCTIONS 7
#define LOCATIONS 12
#define MAX_STACK 6

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Locations of one to three frames. */
static void make_places(struct lg_profile *p, struct lg_arena *arena,
                        struct lg_rng *rng)
{
    static const char *const names[FUNCTIONS] = {"a", "b", "c", "d",
                                                 "e", "f", "g"};
    for (int i = 0; i < FUNCTIONS; i++)
        *lg_push(arena, &p->functions) =
            (struct lg_profile_function){.name = lg_str_of(names[i])};
    for (int i = 0; i < LOCATIONS; i++) {
        uint32_t lines = 1 + (uint32_t)lg_rng_below(rng, 3);
        *lg_push(arena, &p->locations) = (struct lg_profile_location){
            .line_first = (uint32_t)p->lines.count, .line_count = lines};
        for (uint32_t k = 0; k < lines; k++)
            *lg_push(arena, &p->lines) = (struct lg_profile_line){
                .function = (uint32_t)lg_rng_below(rng, FUNCTIONS)};
    }
}

static void make(struct lg_profile *p, struct lg_arena *arena,
                 struct lg_rng *rng, bool negative)
{
    assert_true(lg_profile_init(p, arena));
    *lg_push(arena, &p->types) =
        (struct lg_value_type){LG_STR("space"), LG_STR("bytes")};
    make_places(p, arena, rng);
    for (int i = 0; i < 60; i++) {
        uint32_t stack[MAX_STACK];
        size_t depth = (size_t)lg_rng_below(rng, MAX_STACK + 1);
        int64_t value = (int64_t)lg_rng_below(rng, 100);
        for (size_t k = 0; k < depth; k++)
            stack[k] = (uint32_t)lg_rng_below(rng, LOCATIONS);
        value = negative && lg_rng_below(rng, 2) == 0 ? -value : value;
        assert_true(lg_profile_sample(p, stack, depth, &value));
    }
}

/* The node that the frames, root first, lead to; UINT32_MAX: none. */
static uint32_t find(const struct lg_flame_tree *t, const struct lg_str *path,
                     size_t count)
{
    uint32_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t k = t->nodes.items[at].first_child;
        while (k != 0 &&
               !lg_str_eq(t->names->items.items[t->nodes.items[k].frame].name,
                          path[i]))
            k = t->nodes.items[k].next;
        if (k == 0)
            return UINT32_MAX;
        at = k;
    }
    return at;
}

/* Each sample walks to its node; what arrives there is the node's self. */
static void assert_selfs(const struct lg_profile *p,
                         const struct lg_flame_tree *t)
{
    uint64_t *after = lg_new(p->arena, uint64_t, t->nodes.count);
    uint64_t *before = lg_new(p->arena, uint64_t, t->nodes.count);
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_str leaf_first[MAX_STACK * 3], path[MAX_STACK * 3];
        size_t count = 0;
        struct lg_frame frame;
        struct lg_frame_iter it = lg_profile_frames(p, i);
        while (lg_frame_iter_next(&it, &frame))
            leaf_first[count++] = frame.function;
        for (size_t k = 0; k < count; k++)
            path[k] = leaf_first[count - 1 - k];
        uint32_t node = find(t, path, count);
        int64_t value = lg_profile_value(p, i, 0);
        if (value == 0)
            continue; /* weighs nothing: may have no node */
        assert_true(node != UINT32_MAX);
        *(value < 0 ? &before[node] : &after[node]) +=
            (uint64_t)(value < 0 ? -value : value);
    }
    for (size_t i = 0; i < t->nodes.count; i++) {
        assert_int_equal(t->nodes.items[i].self_after, after[i]);
        assert_int_equal(t->nodes.items[i].self_before, before[i]);
    }
}

/* Sums and widths follow from the selves; siblings are widest first. */
static void assert_sums(const struct lg_flame_tree *t)
{
    for (size_t i = 0; i < t->nodes.count; i++) {
        const struct lg_flame_node *n = &t->nodes.items[i];
        uint64_t after = n->self_after, before = n->self_before;
        uint64_t width = larger(after, before) + n->hidden;
        uint64_t last = UINT64_MAX;
        for (uint32_t k = n->first_child; k != 0; k = t->nodes.items[k].next) {
            const struct lg_flame_node *child = &t->nodes.items[k];
            assert_int_equal(child->parent, i);
            assert_int_equal(child->depth, n->depth + 1);
            assert_true(child->width <= last);
            last = child->width;
            after += child->after;
            before += child->before;
            width += child->width;
        }
        assert_int_equal(width, n->width);
        assert_true(after <= n->after && before <= n->before);
        if (n->hidden == 0) {
            assert_int_equal(after, n->after);
            assert_int_equal(before, n->before);
        }
    }
}

static void test_whole_trees(void **state)
{
    (void)state;
    struct lg_rng rng = {7};
    for (int round = 0; round < 300; round++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_frame_names names;
        struct lg_flame_tree t;
        lg_arena_init(&arena, 0);
        make(&p, &arena, &rng, round % 2 == 1);
        assert_true(lg_frame_names_of(&p, &arena, &names));
        assert_true(lg_flame_tree_build(&p, &names, 0, 0, 100, &arena, &t));
        assert_selfs(&p, &t);
        assert_sums(&t);
        lg_arena_deinit(&arena);
    }
}

/* What is too narrow or too deep is summed up where it would have been. */
static void test_cut_trees(void **state)
{
    (void)state;
    struct lg_rng rng = {11};
    bool hid = false;
    for (int round = 0; round < 300; round++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_frame_names names;
        struct lg_flame_tree t;
        lg_arena_init(&arena, 0);
        make(&p, &arena, &rng, round % 2 == 1);
        assert_true(lg_frame_names_of(&p, &arena, &names));
        assert_true(lg_flame_tree_build(&p, &names, 0, 0.05, 4, &arena, &t));
        assert_sums(&t);
        lg_each(n, t.nodes)
            assert_true(n->depth <= 4);
        hid = hid || t.hidden_count > 0;
        lg_arena_deinit(&arena);
    }
    assert_true(hid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_trees),
        cmocka_unit_test(test_cut_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
