/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

#define PUT "shop.(*Cache).put cache.go:15 < main.serve main.go:30"

static void test_leak(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, PUT);
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
    assert_int_equal(v.findings.count, 1);
    const struct lg_finding *f = &v.findings.items[0];
    assert_int_equal(f->bytes.value, 100 * CASE_MIB);
    assert_true(f->share > 0.5 && f->confidence > 0.75);
    assert_true(f->rate_bytes_per_s > 0);
    /* Each capture that shows the growth is cited. */
    assert_true(f->evidence.count >= 5);
}

/* The same heap, but level from the first capture on: it is needed. */
static void test_level_heap(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {400, 180}, {20000, 200});
    for (uint64_t i = 1; i <= 5; i++) {
        struct lg_capture *c = full_capture(b, i * 3800, 190, 180, 1);
        case_alloc(b, heap_of(c), (int64_t)(150 * CASE_MIB), 9000,
                   (int64_t)(150 * CASE_MIB), PUT);
    }
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 0);
    case_end(b, LG_END_OOM_KILL, 20000);
    v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

/* A process that is well after its growth has ended. */
static void test_alive_and_warmed_up(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {6000, 120}, {60000, 122});
    static const uint64_t mib[] = {10, 60, 100, 101, 101, 101, 101};
    for (uint64_t i = 0; i < LG_COUNT(mib); i++) {
        struct lg_capture *c =
            full_capture(b, 1000 + i * 8000, mib[i] + 15, mib[i] + 5, 1);
        case_alloc(b, heap_of(c), (int64_t)(mib[i] * CASE_MIB), 900,
                   (int64_t)(mib[i] * CASE_MIB), PUT);
    }
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 0);
}

static void test_leak_not_judged(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    (void)case_process(b, case_capture(b, 4000), 100, 9);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_true(verdict_not_judged(&v, LG_CAUSE_HEAP_LEAK));
    assert_true(verdict_not_judged(&v, LG_CAUSE_HEAP_BURST));
    assert_true(verdict_not_judged(&v, LG_CAUSE_GC_HEADROOM));
    assert_true(v.inconclusive);
}

static void test_burst(void **state)
{
    struct case_builder *b = *state;
    case_dep(b, "gorm.io/gorm", "v1.31.0");
    heap_burst(b, true);
    case_end(b, LG_END_OOM_KILL, 12000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_BURST, EXPORT);
    const struct lg_finding *f = &v.findings.items[0];
    assert_true(str_is(f->leaf.function, "gorm.io/gorm.Scan"));
    assert_true(f->confidence > 0.85 && f->share > 0.6);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

/* The same on a machine that has no time: one call that was not there at first
 * and stands at one line throughout, though for long. */
static void test_slow_burst(void **state)
{
    static const char call[] =
        "gorm.io/gorm.Scan scan.go:342 < " EXPORT " < shop/api.list api.go:12";
    struct case_builder *b = *state;
    case_dep(b, "gorm.io/gorm", "v1.31.0");
    for (int k = 0; k < 2; k++) {
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {2000, 20}, {18000, 256});
        for (uint64_t i = 0; i < 6; i++) {
            uint64_t usage = i == 0 ? 20 : 40 * i + 10;
            struct lg_capture *c =
                full_capture(b, 1000 + i * 3000, usage, usage - 8, 1);
            int64_t bytes = (int64_t)((usage - 12) * CASE_MIB);
            if (i > 0)
                case_alloc(b, heap_of(c), bytes, bytes / 100, bytes, call);
            /* A loop is there from the beginning. */
            if (i > 0 || k == 1)
                case_go_again(b, dump_of(c), 77, 1, "running", call, NULL);
        }
        case_end(b, LG_END_OOM_KILL, 18000);
        struct lg_verdict v = judge(b);
        assert_first(&v, k == 0 ? LG_CAUSE_HEAP_BURST : LG_CAUSE_HEAP_LEAK,
                     EXPORT);
    }
}

/* Nobody was on that line in any dump: many calls that return, though fast. */
static void test_many_calls_are_no_burst(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, PUT);
    lg_each(capture, b->in.captures) {
        (void)case_go(b, dump_of(capture), 3, "select",
                      "shop.(*Cache).put cache.go:15", NULL);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_BURST));
}

/* The burst's twin: the same query in pages, and nobody dies. */
static void test_peaks_are_no_burst(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 20}, {2000, 60}, {2100, 20}, {4000, 60}, {4100, 20},
                     {9000, 30});
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c = full_capture(b, 500 + i * 2000, 50, 30, 1);
        case_alloc(b, heap_of(c), (int64_t)(10 * CASE_MIB), 900,
                   (int64_t)(90 * i * CASE_MIB), EXPORT);
    }
    case_end(b, LG_END_EXIT, 9000);
    b->in.end.exit_code = 0;
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 0);
}

/* The runtime's own allocations are nobody's line; the largest line counts. */
static void test_runtime_allocations(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, PUT);
    lg_each(capture, b->in.captures) {
        case_alloc(b, heap_of(capture), (int64_t)(3 * CASE_MIB), 9, 9,
                   "runtime.allocm proc.go:2000");
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_leak),
        case_test(test_level_heap),
        case_test(test_alive_and_warmed_up),
        case_test(test_leak_not_judged),
        case_test(test_burst),
        case_test(test_slow_burst),
        case_test(test_many_calls_are_no_burst),
        case_test(test_peaks_are_no_burst),
        case_test(test_runtime_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
