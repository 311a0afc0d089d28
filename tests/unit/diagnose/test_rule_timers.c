/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

#define AFTER                                                                  \
    "time.newTimer time.go:300 < time.AfterFunc sleep.go:180 < "               \
    "shop.(*desk).watch watch.go:13 < main.main main.go:9"
#define BODY "bytes.NewBuffer b.go:4 < shop.read read.go:44"

/* Orders whose timers nobody stops, each with what the order weighs. */
static void timers(struct case_builder *b, uint64_t last, bool counted,
                   bool sampled)
{
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2100, 8 + 60 * i, 4 + 58 * i, 1);
        int64_t count = (int64_t)(last * i / 4);
        struct lg_memstats *m = case_memstats(b, c, 4 + 58 * i, 1);
        m->gc_count = lg_known(2 * i); /* a profile for each capture */
        if (counted)
            m->timers_count = lg_known(3 + (uint64_t)count);
        if (sampled)
            case_alloc(b, heap_of(c), count * 112, count, count * 112, AFTER);
        case_alloc(b, heap_of(c), count * 4096, count, count * 4096, BODY);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
}

static void test_counted_timers(void **state)
{
    struct case_builder *b = *state;
    timers(b, 50000, true, true);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_TIMER_LEAK, "shop.(*desk).watch watch.go:13");
    assert_int_equal(v.findings.count, 1); /* what they pin is theirs */
    const struct lg_finding *f = &v.findings.items[0];
    assert_int_equal(f->count.value, 50003);
    assert_true(f->share > 0.8);
    assert_true(f->bytes.value > 190 * CASE_MIB);
}

/* So few bytes that no sample has them: what they pin is there. */
static void test_timers_without_a_line(void **state)
{
    struct case_builder *b = *state;
    timers(b, 50000, true, false);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_TIMER_LEAK, NULL);
    assert_int_equal(v.findings.items[0].where.function.len, 0);
    assert_true(v.findings.items[0].share > 0.8);
}

/* Captures are few, and each profile is of its own time, not of the collection
 * before: beside the timers of then the orders would go up and down. */
static void test_profiles_of_the_newer_collection(void **state)
{
    static const int64_t counts[] = {4000, 8000, 9000, 40000, 50000};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 5; i++) {
        uint64_t heap_mib = (uint64_t)counts[i] * 4096 / CASE_MIB + 4;
        struct lg_capture *c =
            full_capture(b, 300 + i * 2100, 12 + heap_mib, heap_mib, 1);
        struct lg_memstats *m = case_memstats(b, c, heap_mib, 1);
        m->gc_count = lg_known(1 + i);
        m->timers_count = lg_known((uint64_t)counts[i]);
        case_alloc(b, heap_of(c), counts[i] * 4096, counts[i], counts[i] * 4096,
                   BODY);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_TIMER_LEAK, NULL);
}

/* Nobody counts them over HTTP. */
static void test_objects_of_timers(void **state)
{
    struct case_builder *b = *state;
    timers(b, 50000, false, true);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_TIMER_LEAK, "shop.(*desk).watch watch.go:13");
    assert_int_equal(v.findings.items[0].count.value, 50000);
}

/* A deadline's timer is started by package context, and the line is outside of
 * that; a library's function is what the line led to. */
static void test_line_of_a_deadline(void **state)
{
    struct case_builder *b = *state;
    case_dep(b, "github.com/x/retry", "v1.0.0");
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2100, 8 + 60 * i, 4 + 58 * i, 1);
        int64_t bytes = (int64_t)(50 * i * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, bytes / 208, bytes,
                   "time.newTimer time.go:300 < time.AfterFunc sleep.go:180 < "
                   "context.WithDeadlineCause context.go:650 < "
                   "context.WithTimeout context.go:700 < "
                   "github.com/x/retry.Do retry.go:20 < "
                   "shop.serve serve.go:17 < main.main main.go:9");
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_TIMER_LEAK, "shop.serve serve.go:17");
    assert_true(
        str_is(v.findings.items[0].leaf.function, "github.com/x/retry.Do"));
}

/* As many at the end as near the start. */
static void test_level_timers(void **state)
{
    struct case_builder *b = *state;
    timers(b, 50000, true, true);
    lg_each(capture, b->in.captures) {
        struct lg_memstats *m =
            (struct lg_memstats *)(uintptr_t)capture->memstats;
        m->timers_count = lg_known(40000);
        struct lg_profile *p = case_heap(b, capture);
        case_alloc(b, p, 4480000, 40000, 4480000, AFTER);
        case_alloc(b, p, (int64_t)(capture->t_ns / 50), 9, 9, BODY);
    }
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_TIMER_LEAK));
}

/* A watchdog for each of many connections, all made within the first seconds:
 * neither their count nor their objects are what grows. */
static void test_timers_made_at_the_start(void **state)
{
    struct case_builder *b = *state;
    for (int counted = 0; counted < 2; counted++) {
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {9000, 256});
        for (uint64_t i = 0; i < 5; i++) {
            struct lg_capture *c =
                full_capture(b, 20 + i * 2100, 8 + 60 * i, 4 + 58 * i, 1);
            int64_t count = i < 2 ? (int64_t)(12000 * i) : 20000;
            struct lg_memstats *m = case_memstats(b, c, 4 + 58 * i, 1);
            m->gc_count = lg_known(2 * i);
            if (counted)
                m->timers_count = lg_known(3 + (uint64_t)count);
            case_alloc(b, heap_of(c), count * 112, count, count * 112, AFTER);
            case_alloc(b, heap_of(c), count * 4096, count, count * 4096, BODY);
        }
        case_end(b, LG_END_OOM_KILL, 9000);
        struct lg_verdict v = judge(b);
        assert_null(verdict_find(&v, LG_CAUSE_TIMER_LEAK));
    }
}

/* Timers became more, but next to what fills the memory they are nothing: one
 * object of 40 MiB at a time has no proportion to them. */
static void test_timers_beside_a_leak(void **state)
{
    static const int64_t objects[] = {0, 1, 2, 5, 6};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2100, 8 + 60 * i, 4 + 58 * i, 1);
        struct lg_memstats *m = case_memstats(b, c, 4 + 58 * i, 1);
        m->gc_count = lg_known(2 * i); /* a profile for each capture */
        m->timers_count = lg_known(3 + 600 * i);
        int64_t bytes = objects[i] * (int64_t)(40 * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, objects[i], bytes, BODY);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_TIMER_LEAK));
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.read read.go:44");
}

/* Sleeping goroutines have a timer each; they are the matter. */
static void test_timers_of_goroutines(void **state)
{
    struct case_builder *b = *state;
    for (size_t objects_each = 1; objects_each <= 3; objects_each += 2) {
        case_begin(b, b->arena, "shop", 256);
        goroutine_leak(b, "select");
        lg_each(capture, b->in.captures) {
            struct lg_memstats *m =
                (struct lg_memstats *)(uintptr_t)capture->memstats;
            uint64_t count = capture->goroutines->total;
            if (objects_each == 1)
                m->timers_count = lg_known(count);
            case_alloc(b, heap_of(capture), (int64_t)(count * 90000),
                       (int64_t)(count * objects_each), 9, AFTER);
        }
        case_end(b, LG_END_OOM_KILL, 8500);
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
        assert_null(verdict_find(&v, LG_CAUSE_TIMER_LEAK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_counted_timers),
        case_test(test_profiles_of_the_newer_collection),
        case_test(test_timers_without_a_line),
        case_test(test_objects_of_timers),
        case_test(test_line_of_a_deadline),
        case_test(test_level_timers),
        case_test(test_timers_made_at_the_start),
        case_test(test_timers_beside_a_leak),
        case_test(test_timers_of_goroutines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
