/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

/* A program without a heap profile, whose collections were counted. */
static void collections(struct case_builder *b, const uint64_t *alive_mib,
                        size_t count)
{
    case_timeline_of(b, {0, 4}, {20000, 256});
    for (uint64_t i = 0; i < count; i++) {
        struct lg_capture *c =
            full_capture(b, (i + 1) * 3000, 40 * (i + 1), 36 * (i + 1), 1);
        struct lg_memstats *m = case_memstats(b, c, 36 * (i + 1), 1);
        (void)case_heap(b, c); /* empty */
        m->gc_count = lg_known(i + 2);
        m->heap_marked_bytes = lg_known(alive_mib[i] * CASE_MIB);
        m->gogc_percent = lg_known(100);
        m->next_gc_bytes = lg_known(2 * alive_mib[i] * CASE_MIB);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
}

static void test_survivors_grow(void **state)
{
    static const uint64_t alive[] = {10, 30, 70, 110, 150, 200};
    struct case_builder *b = *state;
    collections(b, alive, LG_COUNT(alive));
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, NULL);
    const struct lg_finding *f = &v.findings.items[0];
    assert_int_equal(f->where.function.len, 0);
    assert_int_equal(f->bytes.value, 200 * CASE_MIB);
    assert_true(lg_str_contains(f->summary, LG_STR("no heap profile")));
    assert_true(f->confidence < 0.7);
}

/* A profile that has something speaks for itself. */
static void test_a_profile_is_there(void **state)
{
    static const uint64_t alive[] = {10, 30, 70, 110, 150, 200};
    struct case_builder *b = *state;
    collections(b, alive, LG_COUNT(alive));
    struct lg_profile *p = heap_of(&b->in.captures.items[5]);
    case_alloc(b, p, 190 * (int64_t)CASE_MIB, 100, 9, "shop.put put.go:4");
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.put put.go:4");
}

/* The profile of the last finished collection has nothing of it yet; that of
 * now has, with some garbage beside. */
static void test_profile_up_to_now(void **state)
{
    static const uint64_t alive[] = {30, 110};
    struct case_builder *b = *state;
    collections(b, alive, LG_COUNT(alive));
    struct lg_profile *now = case_heap(b, &b->in.captures.items[1]);
    b->in.captures.items[1].heap_now = now;
    case_alloc(b, now, 100 * (int64_t)CASE_MIB, 100, 9, "shop.put put.go:4");
    case_alloc(b, now, 20 * (int64_t)CASE_MIB, 100, 9, "shop.say say.go:4");
    (void)case_heap(b, &b->in.captures.items[1]);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.put put.go:4");
}

/* A cache that was filled, then calm, then something else within a moment. */
static void test_survivors_from_before_the_level(void **state)
{
    static const uint64_t alive[] = {10, 40, 70, 100, 150};
    struct case_builder *b = *state;
    collections(b, alive, LG_COUNT(alive));
    b->in.timeline.count = 0;
    case_timeline_of(b, {0, 4}, {12000, 110}, {19000, 112}, {20000, 256});
    b->in.captures.items[4].t_ns = UINT64_C(19900000000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

/* Level, up and down, or too little to matter. */
static void test_survivors_that_do_not_tell(void **state)
{
    static const uint64_t alive[][4] = {
        {60, 61, 60, 62}, {20, 90, 40, 100}, {5, 9, 20, 60}};
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(alive); i++) {
        case_begin(b, b->arena, "shop", 256);
        collections(b, alive[i], 4);
        struct lg_verdict v = judge(b);
        assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_survivors_grow),
        case_test(test_a_profile_is_there),
        case_test(test_profile_up_to_now),
        case_test(test_survivors_from_before_the_level),
        case_test(test_survivors_that_do_not_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
