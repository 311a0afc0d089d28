/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict.h"

#define MIB CASE_MIB
#define MS LG_NS_PER_MS

static struct lg_case init(struct case_builder *b)
{
    struct lg_case c;
    assert_true(lg_case_init(&c, &b->in, b->arena));
    return c;
}

#define assert_between(x, low, high)                                           \
    do {                                                                       \
        double between_ = (double)(x);                                         \
        if (between_ < (double)(low) || between_ > (double)(high))             \
            fail_msg(#x " = %g is not in %g … %g", between_, (double)(low),    \
                     (double)(high));                                          \
    } while (0)

/* Flat for long, then up: the base is the level, the onset its end. */
static void test_flat_then_growth(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 2}, {200, 40}, {5000, 41}, {6000, 256});
    case_end(b, LG_END_OOM_KILL, 6000);
    struct lg_case c = init(b);
    assert_true(c.has_timeline && c.oom && c.ended);
    assert_between(c.base_bytes, 38 * MIB, 60 * MIB);
    assert_between(c.onset_ns, 4900 * MS, 5150 * MS);
    assert_between(c.growth_ns, 800 * MS, 1100 * MS);
    assert_between(c.growth_bytes, 196 * MIB, 218 * MIB);
    assert_int_equal(c.end_ns, 6000 * MS);
}

/* Grows all its life: there is no level, and the onset is at the start. */
static void test_growth_from_the_start(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {10000, 256});
    case_end(b, LG_END_OOM_KILL, 10000);
    struct lg_case c = init(b);
    assert_int_equal(c.base_bytes, 0);
    assert_between(c.onset_ns, 0, 1100 * MS);
    assert_between(c.growth_ns, 8500 * MS, 10000 * MS);
    /* A straight line grows as fast in both halves. */
    assert_between(c.late_rate / c.early_rate, 0.9, 1.25);
}

/* attach: what was there before the recording is the base. */
static void test_recording_that_began_later(void **state)
{
    struct case_builder *b = *state;
    b->in.subject.started_at_ns = CASE_START_NS - (int64_t)(3600 * LG_NS_PER_S);
    case_timeline_of(b, {0, 100}, {10000, 256});
    case_end(b, LG_END_OOM_KILL, 10000);
    struct lg_case c = init(b);
    assert_int_equal(c.base_bytes, 100 * MIB);
    assert_int_equal(c.growth_bytes, 156 * MIB);
    /* … and nothing is known when nobody says when it started. */
    b->in.subject.started_at_ns = 0;
    c = init(b);
    assert_int_equal(c.base_bytes, 100 * MIB);
}

/* Rows after the kill show memory being given back. */
static void test_rows_after_the_kill(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {4000, 256}, {4100, 3}, {5000, 1});
    case_end(b, LG_END_OOM_KILL, 4000);
    struct lg_case c = init(b);
    assert_true(c.row_count < b->in.timeline.count);
    assert_between(c.end_ns, 3900 * MS, 4025 * MS);
    assert_between(c.growth_bytes, 250 * MIB, 256 * MIB);
    /* Without a kill it is what happened, and stays. */
    b->in.end.kind = LG_END_RUNNING;
    c = init(b);
    assert_int_equal(c.row_count, b->in.timeline.count);
    assert_false(c.oom || c.ended);
}

/* A process can hang at the limit long before it dies. */
static void test_hanging_at_the_limit(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 20}, {2000, 20}, {3000, 255}, {20000, 256});
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_case c = init(b);
    assert_between(c.full_ns, 2800 * MS, 3100 * MS);
    assert_true(c.growth_ns <= 3100 * MS);
    assert_true(c.end_ns == 20000 * MS);
}

static void test_slowing_growth(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 2}, {1000, 130}, {9000, 256});
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_case c = init(b);
    assert_true(c.late_rate * 4 < c.early_rate);
}

static void test_no_timeline(void **state)
{
    struct case_builder *b = *state;
    struct lg_case c = init(b);
    assert_false(c.has_timeline);
    assert_int_equal(c.usage_bytes, 0);
    assert_int_equal(c.limit_bytes, 256 * MIB);
    /* One row is no timeline. */
    case_timeline_of(b, {0, 7}, {25, 7});
    b->in.timeline.count = 1;
    c = init(b);
    assert_false(c.has_timeline);
    assert_int_equal(c.usage_bytes, 7 * MIB);
}

static void test_falling_usage(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 200}, {3000, 50});
    struct lg_case c = init(b);
    assert_true(c.has_timeline);
    assert_int_equal(c.growth_bytes, 0);
    assert_int_equal(c.usage_bytes, 50 * MIB);
}

static void test_kept_bytes(void **state)
{
    (void)state;
    struct lg_timeline_row row = {
        .usage_bytes = lg_known(100 * MIB),
        .rss_bytes = lg_known(70 * MIB),
        .file_bytes = lg_known(40 * MIB),
        .shmem_bytes = lg_known(15 * MIB),
    };
    /* Page cache goes when memory runs short, shared memory does not. */
    assert_int_equal(lg_row_kept_bytes(&row), 75 * MIB);
    row.shmem_bytes = lg_known(60 * MIB);
    assert_int_equal(lg_row_kept_bytes(&row), 100 * MIB);
    row.file_bytes = lg_known(UINT64_MAX);
    assert_int_equal(lg_row_kept_bytes(&row), 0);
    row.usage_bytes = (struct lg_num){false, 0};
    assert_int_equal(lg_row_kept_bytes(&row), 70 * MIB);
}

/* The kernel's numbers count more than ours. */
static void test_words_of_the_kernel(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {1000, 200});
    case_end(b, LG_END_OOM_KILL, 1000);
    struct lg_oom_event *oom = case_kernel(b, 240);
    oom->usage_bytes = lg_known(250 * MIB);
    oom->limit_bytes = lg_known(251 * MIB);
    struct lg_case c = init(b);
    assert_int_equal(c.usage_bytes, 250 * MIB);
    assert_int_equal(c.limit_bytes, 251 * MIB);
}

static void test_shots(void **state)
{
    struct case_builder *b = *state;
    struct lg_capture *one = case_capture(b, 100);
    (void)case_heap(b, one);
    (void)case_process(b, one, 30, 5);
    struct lg_capture *two = case_capture(b, 200);
    (void)case_go(b, case_dump(b, two), 3, "select", "shop.a a.go:1", NULL);
    (void)case_cgroup(b, two, 80);
    (void)case_memstats(b, two, 10, 1);
    struct lg_capture *three = case_capture(b, 300);
    struct lg_profile *p = case_goroutine_profile(b, three);
    int64_t count = 9;
    case_sample(b, p, "runtime.gopark p.go:1 < shop.a a.go:1", &count);
    struct lg_case c = init(b);
    assert_int_equal(c.shots.count, 3);
    assert_int_equal(c.shots.items[0].usage_bytes, 30 * MIB);
    assert_int_equal(c.shots.items[1].usage_bytes, 80 * MIB);
    assert_int_equal(c.usage_bytes, 80 * MIB);
    assert_ptr_equal(lg_case_first(&c, true, false), &c.shots.items[0]);
    assert_ptr_equal(lg_case_first(&c, false, true), &c.shots.items[1]);
    assert_ptr_equal(lg_case_last(&c, false, true), &c.shots.items[2]);
    assert_null(lg_case_last(&c, true, true));
    assert_ptr_equal(lg_case_last_memstats(&c), &c.shots.items[1]);
    assert_int_equal(c.shots.items[2].goroutines->total, 9);
}

/* The kill overtook a capture: its cgroup was empty by the time it was read. */
static void test_capture_that_the_kill_overtook(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 2}, {1000, 202}, {1100, 256}, {1200, 1});
    struct lg_capture *capture = case_capture(b, 1000);
    capture->duration_ns = 400 * MS;
    (void)case_memstats(b, capture, 180, 1);
    (void)case_memstats(b, case_capture(b, 1300), 180, 1);
    struct lg_case c = init(b);
    assert_int_equal(c.shots.items[0].usage_bytes, 256 * MIB);
    assert_int_equal(c.shots.items[1].usage_bytes, MIB);
}

/* A text that was cut counts less than a profile of the same instant. */
static void test_cut_text(void **state)
{
    struct case_builder *b = *state;
    struct lg_capture *capture = case_capture(b, 100);
    struct lg_goroutines *g = case_dump(b, capture);
    (void)case_go(b, g, 3, "select", "shop.a a.go:1", NULL);
    g->truncated = true;
    struct lg_case c = init(b);
    assert_int_equal(c.shots.items[0].goroutines->total, 3);
    struct lg_profile *p = case_goroutine_profile(b, capture);
    int64_t count = 900;
    case_sample(b, p, "runtime.gopark p.go:1 < shop.a a.go:1", &count);
    c = init(b);
    assert_int_equal(c.shots.items[0].goroutines->total, 900);
}

static void test_claims(void **state)
{
    struct case_builder *b = *state;
    struct lg_case c = init(b);
    struct lg_frame a = case_frame(LG_STR("shop.a a.go:1"));
    struct lg_frame other = case_frame(LG_STR("shop.a a.go:2"));
    struct lg_frame nobody = {0};
    assert_false(lg_case_is_claimed(&c, &a));
    lg_case_claim(&c, &a);
    lg_case_claim(&c, &a);
    lg_case_claim(&c, &nobody);
    assert_true(lg_case_is_claimed(&c, &a));
    assert_false(lg_case_is_claimed(&c, &other));
    assert_false(lg_case_is_claimed(&c, &nobody));
    assert_int_equal(c.claimed.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_flat_then_growth),
        case_test(test_growth_from_the_start),
        case_test(test_recording_that_began_later),
        case_test(test_rows_after_the_kill),
        case_test(test_hanging_at_the_limit),
        case_test(test_slowing_growth),
        case_test(test_no_timeline),
        case_test(test_falling_usage),
        case_test(test_kept_bytes),
        case_test(test_words_of_the_kernel),
        case_test(test_shots),
        case_test(test_capture_that_the_kill_overtook),
        case_test(test_cut_text),
        case_test(test_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
