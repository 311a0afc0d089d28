/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "must_push.h"
#include "rng.h"
#include "sources/folder_internal.h"

#include <string.h>

/* A process with three kinds of goroutines, of which goroutines.txt has one in
 * 16: what it counts for, after the profile's exact counts, is all of them. */

#define ONE_IN 16

struct fixture {
    struct lg_arena arena;
    struct lg_incident in;
    struct lg_folder f;
    struct lg_profile profile;
    struct lg_capture c;
    struct lg_goroutines g;
};

static void set_up(struct fixture *x)
{
    memset(x, 0, sizeof *x);
    lg_arena_init(&x->arena, 0);
    x->f = (struct lg_folder){.arena = &x->arena, .in = &x->in, .fd = -1};
    assert_true(lg_profile_init(&x->profile, &x->arena));
    struct lg_value_type *type = lg_must_push(&x->arena, &x->profile.types);
    *type = (struct lg_value_type){LG_STR("goroutine"), LG_STR("count")};
    x->c.goroutine_profile = &x->profile;
    x->c.sampled_one_in = ONE_IN;
}

/* One function, one line: a whole stack. */
static void add_kind(struct fixture *x, const char *name, int64_t count)
{
    struct lg_profile *p = &x->profile;
    struct lg_profile_function *function =
        lg_must_push(&x->arena, &p->functions);
    struct lg_profile_line *line = lg_must_push(&x->arena, &p->lines);
    function->name = lg_str_of(name);
    function->file = LG_STR("/x/main.go");
    *line = (struct lg_profile_line){(uint32_t)p->functions.count - 1, 7, 0};
    struct lg_profile_location *at = lg_must_push(&x->arena, &p->locations);
    at->line_first = (uint32_t)p->lines.count - 1;
    at->line_count = 1;
    uint32_t location = (uint32_t)p->locations.count - 1;
    assert_true(lg_profile_sample(p, &location, 1, &count));
}

static void add_goroutine(struct fixture *x, const char *name, uint64_t id)
{
    struct lg_goroutine *item = lg_must_push(&x->arena, &x->g.items);
    struct lg_frame *frame = lg_must_push(&x->arena, &x->g.frames);
    *frame = (struct lg_frame){lg_str_of(name), LG_STR("/x/main.go"), 7};
    item->id = id;
    item->count = 1;
    item->frame_first = (uint32_t)x->g.frames.count - 1;
    item->frame_count = 1;
}

static uint64_t counted(const struct fixture *x, const char *name)
{
    uint64_t sum = 0;
    lg_each(item, x->g.items) {
        const struct lg_frame *frames = lg_goroutine_frames(&x->g, item);
        sum += lg_str_eq(frames[0].function, lg_str_of(name)) ? item->count : 0;
    }
    return sum;
}

static void test_counts_are_exact(void **state)
{
    (void)state;
    struct fixture x;
    set_up(&x);
    add_kind(&x, "main.worker", 9001);
    add_kind(&x, "main.reader", 1000);
    add_kind(&x, "main.rare", 3);
    for (uint64_t id = 1; id <= 10001; id++) {
        if (lg_goroutine_is_chosen(id, ONE_IN)) {
            add_goroutine(&x, id <= 9001 ? "main.worker" : "main.reader", id);
        }
    }
    size_t sampled = x.g.items.count;
    assert_in_range(sampled, 10001 / ONE_IN / 2, 10001 / ONE_IN * 2);
    add_goroutine(&x, "main.new", 10002); /* came after the counting */
    assert_true(lg_folder_weigh_sample(&x.f, &x.c, &x.g));
    assert_int_equal(counted(&x, "main.worker"), 9001);
    assert_int_equal(counted(&x, "main.reader"), 1000);
    assert_int_equal(counted(&x, "main.rare"), 3); /* out of the profile */
    assert_int_equal(counted(&x, "main.new"), ONE_IN);
    assert_int_equal(x.g.total, 9001 + 1000 + 3 + ONE_IN);
    assert_int_equal(x.g.items.count, sampled + 2);
    assert_int_equal(x.g.sampled_one_in, ONE_IN);
    lg_arena_deinit(&x.arena);
}

/* Without the profile each stands for as many as chance says. */
static void test_without_counts(void **state)
{
    (void)state;
    struct fixture x;
    set_up(&x);
    x.c.goroutine_profile = NULL;
    add_goroutine(&x, "main.worker", 1);
    add_goroutine(&x, "main.worker", 2);
    assert_true(lg_folder_weigh_sample(&x.f, &x.c, &x.g));
    assert_int_equal(x.g.total, 2 * ONE_IN);
    lg_arena_deinit(&x.arena);
}

/* What is followed from capture to capture stays in sight when there are more:
 * one in 8 is within one in 4. */
static void test_samples_nest(void **state)
{
    (void)state;
    struct lg_rng rng = {3};
    size_t chosen[6] = {0};
    for (int i = 0; i < 100000; i++) {
        uint64_t id = lg_rng_any_width(&rng);
        bool before = true;
        for (size_t k = 0; k < 6; k++) {
            bool now = lg_goroutine_is_chosen(id, UINT64_C(1) << k);
            assert_true(before || !now);
            chosen[k] += now;
            before = now;
        }
    }
    assert_int_equal(chosen[0], 100000);
    size_t consecutive = 0;
    for (uint64_t id = 1; id <= 64000; id++) {
        consecutive += lg_goroutine_is_chosen(id, 64);
    }
    assert_in_range(consecutive, 900, 1100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_exact),
        cmocka_unit_test(test_without_counts),
        cmocka_unit_test(test_samples_nest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
