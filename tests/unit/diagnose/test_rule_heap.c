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

/* A table loaded at the start, and goroutines ever since. No collection has
 * finished after the load, or the last one fell into it; but what there is up
 * to now has no more of it. */
static void test_loaded_before_the_last_collection(void **state)
{
    static const uint64_t alive_mib[] = {55, 36};
    struct case_builder *b = *state;
    for (size_t k = 0; k < LG_COUNT(alive_mib); k++) {
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {9000, 256});
        uint64_t first = b->next_id;
        for (uint64_t i = 0; i < 5; i++) {
            struct lg_capture *c = full_capture(b, 300 + 2100 * i, 60 + 45 * i,
                                                56 + 6 * i, 2 + 35 * i);
            struct lg_profile *gc = heap_of(c), *now = case_heap(b, c);
            uint64_t alive = i == 0 ? 20 : alive_mib[k];
            case_memstats(b, c, 56 + 10 * i, 2 + 35 * i)->gc_count =
                lg_known(i == 0 ? 3 : 4);
            c->heap_now = now;
            c->heap = gc;
            case_alloc(b, gc, (int64_t)(alive * CASE_MIB), 1000, 9,
                       "shop.load load.go:3");
            case_alloc(b, now, (int64_t)(55 * CASE_MIB), 1000, 9,
                       "shop.load load.go:3");
            case_go_again(b, dump_of(c), first, 800 * i, "chan receive",
                          CONSUMER, STARTER);
        }
        case_end(b, LG_END_OOM_KILL, 9000);
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
        assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
    }
}

/* The profile right after a collection is that of the one before: it is not the
 * line that has come to rest. */
static void test_profile_of_the_one_before(void **state)
{
    static const struct {
        uint64_t at_ms, cycle, mib;
    } rows[] = {{500, 2, 4},     {4000, 6, 20},   {9500, 10, 60},
                {15900, 11, 60}, {17000, 11, 98}, {19500, 11, 98}};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {20000, 256});
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        uint64_t usage = 12 * rows[i].at_ms / 1000 + 6;
        struct lg_capture *c =
            full_capture(b, rows[i].at_ms, usage, usage - 4, 1);
        case_memstats(b, c, usage - 4, 1)->gc_count = lg_known(rows[i].cycle);
        case_alloc(b, heap_of(c), (int64_t)(rows[i].mib * CASE_MIB), 1000, 9,
                   PUT);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
    /* … but it has where the next one finds the same. */
    b->in.captures.items[4].heap = b->in.captures.items[3].heap;
    b->in.captures.items[5].heap = b->in.captures.items[3].heap;
    v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

/* It hung at its limit before it was killed, where it allocated nothing. */
static void test_leak_that_hung(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, PUT);
    for (uint64_t i = 0; i < 8; i++) {
        if (i >= 5) {
            struct lg_capture *c =
                full_capture(b, 30000 + 10000 * (i - 5), 255, 245, 1);
            c->heap = b->in.captures.items[4].heap;
        }
        struct lg_capture *c = &b->in.captures.items[i];
        const struct lg_profile *gc = c->heap;
        int64_t bytes = (int64_t)((i < 5 ? 40 * (i + 1) : 240) * CASE_MIB);
        c->heap_now = case_heap(b, c);
        c->heap = gc;
        case_memstats(b, c, i < 5 ? 40 * (i + 1) : 245, 1)->gc_count =
            lg_known(i < 5 ? 2 + i : 6);
        case_alloc(b, (struct lg_profile *)(uintptr_t)c->heap_now, bytes,
                   bytes / 4096, bytes, PUT);
    }
    case_timeline_of(b, {0, 4}, {20000, 255}, {50000, 256});
    case_end(b, LG_END_OOM_KILL, 50000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
}

/* Beside goroutines that leak: what calls allocate and drop lives through the
 * collection that they run in, and the more of it the slower that is. */
static void test_garbage_beside_a_cause(void **state)
{
    /* of other sizes each time, so that they do not come with the goroutines */
    static const int64_t objects[] = {100, 8000, 8100, 300};
    struct case_builder *b = *state;
    for (int stays = 0; stays < 2; stays++) {
        case_begin(b, b->arena, "shop", 256);
        goroutine_leak(b, "chan receive");
        for (uint64_t i = 0; i < b->in.captures.count; i++) {
            struct lg_capture *c = &b->in.captures.items[i];
            const struct lg_profile *gc = c->heap;
            int64_t bytes = (int64_t)((i + 1) * 30 * CASE_MIB);
            case_alloc(b, heap_of(c), bytes, objects[i], bytes, PUT);
            ((struct lg_memstats *)(uintptr_t)c->memstats)->heap_alloc_bytes =
                lg_known(c->memstats->heap_alloc_bytes.value + (uint64_t)bytes);
            ((struct lg_memstats *)(uintptr_t)c->memstats)->gc_count =
                lg_known(2 + i);
            struct lg_profile *now = case_heap(b, c);
            c->heap_now = now;
            c->heap = gc;
            case_alloc(b, now, bytes, bytes / 4096, stays ? bytes : 20 * bytes,
                       PUT);
        }
        case_end(b, LG_END_OOM_KILL, 8500);
        struct lg_verdict v = judge(b);
        assert_non_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
        assert_int_equal(verdict_find(&v, LG_CAUSE_HEAP_LEAK) != NULL, stays);
    }
}

#define APPEND "bytes.(*Buffer).Write b.go:9 < shop.audit audit.go:7"

/* What is appended to doubles now and then, and stands between; the rest is
 * garbage that no limit would have bounded. One made at the start stands. */
static void test_buffer_that_is_appended_to(void **state)
{
    static const uint64_t grows[] = {9, 36, 72, 144, 144, 144};
    static const uint64_t made[] = {144, 144, 144, 144, 144, 144};
    struct case_builder *b = *state;
    for (int k = 0; k < 2; k++) {
        const uint64_t *mib = k == 0 ? grows : made;
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {4500, 150}, {8000, 256});
        for (uint64_t i = 0; i < 6; i++) {
            uint64_t at_ms = 300 + 1450 * i;
            uint64_t usage =
                at_ms < 4500 ? mib[i] + 8 : 150 + (at_ms - 4500) * 106 / 3500;
            struct lg_capture *c = full_capture(b, at_ms, usage, usage - 6, 1);
            struct lg_memstats *m = case_memstats(b, c, usage - 6, 1);
            m->gc_count = lg_known(i < 3 ? 4 + i : 7);
            m->next_gc_bytes = lg_known(2 * mib[i] * CASE_MIB);
            struct lg_profile *gc = heap_of(c), *now = case_heap(b, c);
            c->heap_now = now;
            c->heap = gc;
            case_alloc(b, gc, (int64_t)(mib[i] * CASE_MIB), 1, 9, APPEND);
            case_alloc(b, now, (int64_t)(mib[i] * CASE_MIB), 1, 9, APPEND);
        }
        case_end(b, LG_END_OOM_KILL, 8000);
        struct lg_verdict v = judge(b);
        assert_true((verdict_find(&v, LG_CAUSE_HEAP_LEAK) != NULL) == (k == 0));
        if (k == 0)
            assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.audit audit.go:7");
    }
}

/* Usage was level, for what one had given back the other took; it rose all the
 * time, however little a late profile has of what came after. */
static void test_leak_under_a_level(void **state)
{
    static const uint64_t mib[] = {2, 8, 20, 34, 48, 60};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {400, 110}, {9000, 112}, {20000, 256});
    for (uint64_t i = 0; i < LG_COUNT(mib); i++) {
        uint64_t at_ms = 500 + 2400 * i;
        struct lg_capture *c =
            full_capture(b, at_ms, i < 4 ? 112 : 90 + 25 * i, 40 + 22 * i, 1);
        case_memstats(b, c, 40 + 22 * i, 1)->gc_count = lg_known(3 + i);
        case_alloc(b, heap_of(c), (int64_t)(mib[i] * CASE_MIB), 1000, 9, PUT);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
}

/* Garbage that some collections count as alive: as often less as more. */
static void test_garbage_that_comes_and_goes(void **state)
{
    static const int64_t mib[] = {4, 10, 6, 30, 12, 40, 22, 60};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {20000, 256});
    for (uint64_t i = 0; i < LG_COUNT(mib); i++) {
        struct lg_capture *c =
            full_capture(b, 2400 * (i + 1), 31 * (i + 1), 14 * (i + 1), 1);
        case_alloc(b, heap_of(c), mib[i] * (int64_t)CASE_MIB, mib[i] * 64, 9,
                   "shop.answer a.go:3");
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
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

/* A starved machine: every third dump finds the call waiting for something, and
 * towards the end the heap hardly grows any more, though the call goes on. */
static void test_starved_burst(void **state)
{
    static const uint64_t mib[] = {10, 60, 100, 108, 110, 110, 110, 110, 110};
    static const char call[] =
        "gorm.io/gorm.Scan scan.go:342 < " EXPORT " < shop/api.list api.go:12";
    struct case_builder *b = *state;
    case_dep(b, "gorm.io/gorm", "v1.31.0");
    case_timeline_of(b, {0, 4}, {2000, 20}, {12000, 230}, {20000, 256});
    for (uint64_t i = 0; i < LG_COUNT(mib); i++) {
        uint64_t usage = i < 6 ? 20 + 40 * i : 235 + i;
        struct lg_capture *c =
            full_capture(b, 1000 + i * 2100, usage, usage - 8, 1);
        int64_t bytes = (int64_t)(mib[i] * CASE_MIB);
        if (i == 0)
            continue;
        case_alloc(b, heap_of(c), bytes, bytes / 100, bytes, call);
        case_go_again(b, dump_of(c), 77, 1,
                      i % 3 == 0 ? "semacquire" : "running", call, NULL);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_BURST, EXPORT);
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

/* A capture after the collection of that number, which left so much. */
static struct lg_capture *collected(struct case_builder *b, uint64_t at_ms,
                                    uint64_t usage_mib, uint64_t live_mib,
                                    uint64_t collection)
{
    struct lg_capture *c = full_capture(b, at_ms, usage_mib, usage_mib - 8, 1);
    struct lg_memstats *m = case_memstats(b, c, usage_mib - 8, 1);
    m->heap_marked_bytes = lg_known(live_mib * CASE_MIB);
    m->next_gc_bytes = lg_known(2 * live_mib * CASE_MIB);
    m->gc_count = lg_known(collection);
    return c;
}

/* Filled in the first part of the life, then level through collections, while
 * garbage reaches the limit: whatever the line holds, it does not grow. */
static void test_load_and_level(void **state)
{
    static const struct {
        uint64_t at_ms, usage_mib, live_mib;
    } rows[] = {{500, 40, 20},    {1500, 90, 60},   {3000, 160, 135},
                {6000, 200, 136}, {9000, 180, 136}, {9700, 250, 136}};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {3000, 160}, {9800, 256});
    for (uint64_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_capture *c = collected(b, rows[i].at_ms, rows[i].usage_mib,
                                         rows[i].live_mib, i + 3);
        int64_t bytes = (int64_t)((rows[i].live_mib - 2) * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, bytes / 4096, bytes, PUT);
    }
    case_end(b, LG_END_OOM_KILL, 9800);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
    assert_first(&v, LG_CAUSE_GC_HEADROOM, NULL);
}

/* A large table of the first second, and beside it a line that goes on. */
static void test_small_leak_beside_a_table(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {1000, 110}, {40000, 256});
    for (uint64_t i = 0; i < 8; i++) {
        uint64_t table = i == 0 ? 30 : 100, leaked = 12 * i;
        struct lg_capture *c = collected(b, 300 + i * 5600, table + leaked + 20,
                                         table + leaked, i + 3);
        case_alloc(b, heap_of(c), (int64_t)(table * CASE_MIB), 9000,
                   (int64_t)(table * CASE_MIB), "main.load main.go:17");
        case_alloc(b, heap_of(c), (int64_t)(leaked * CASE_MIB), 900,
                   (int64_t)(leaked * CASE_MIB), PUT);
    }
    case_end(b, LG_END_OOM_KILL, 40000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
}

/* One growing slice, collected while it grows: no level live heap. */
static void test_burst_is_no_lack_of_headroom(void **state)
{
    static const uint64_t live[] = {1, 12, 27, 62, 62, 110};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 6}, {7200, 8}, {8200, 256});
    for (uint64_t i = 0; i < LG_COUNT(live); i++) {
        struct lg_capture *c =
            collected(b, i == 0 ? 1000 : 7200 + 160 * i, 10 + 45 * i, live[i],
                      i == 4 ? 3 + 3 : 3 + i);
        if (i > 0)
            case_alloc(b, heap_of(c), (int64_t)(live[i] * CASE_MIB), 1,
                       (int64_t)(live[i] * CASE_MIB),
                       "io.ReadAll io.go:746 < " EXPORT);
        if (i > 0)
            case_go_again(b, dump_of(c), 77, 1, "running",
                          "io.ReadAll io.go:746 < " EXPORT, NULL);
    }
    case_end(b, LG_END_OOM_KILL, 8200);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_BURST, EXPORT);
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
}

/* A program that was not stopped: every other dump has no stack of what runs,
 * and so says nothing of the call, neither for it nor against. */
static void test_burst_in_dumps_without_stacks(void **state)
{
    static const char call[] =
        "gorm.io/gorm.Scan scan.go:342 < " EXPORT " < shop/api.list api.go:12";
    struct case_builder *b = *state;
    case_dep(b, "gorm.io/gorm", "v1.31.0");
    case_timeline_of(b, {0, 16}, {2200, 16}, {6000, 256});
    for (uint64_t i = 0; i < 12; i++) {
        uint64_t usage = i == 0 ? 16 : 20 * i + 20;
        struct lg_capture *c =
            full_capture(b, 2000 + i * 330, usage, usage - 8, 1);
        int64_t bytes = (int64_t)((usage - 12) * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, bytes / 100, bytes, call);
        case_go_again(b, dump_of(c), 77, 1, "running", i % 2 == 1 ? "" : call,
                      NULL);
    }
    case_end(b, LG_END_OOM_KILL, 6000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_BURST, EXPORT);
}

/* As measured with Go 1.27.4: while the slice of one call moves to a larger
 * array, the runtime marks 128 MiB, and no more than 113 are there. */
static void test_marked_more_than_there_is(void **state)
{
    static const struct {
        uint64_t at_ms, usage_mib, alloc_mib, marked_mib, collection;
    } rows[] = {{2000, 16, 3, 0, 0},       {2700, 60, 45, 23, 15},
                {3300, 80, 58, 55, 19},    {3900, 160, 137, 69, 20},
                {4240, 180, 113, 128, 21}, {4330, 220, 171, 128, 21},
                {5020, 235, 145, 134, 23}, {5290, 255, 169, 134, 23}};
    struct case_builder *b = *state;
    /* Even where the capture that tells so is missing. */
    for (int k = 0; k < 2; k++) {
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 16}, {2050, 16}, {5300, 256});
        for (uint64_t i = 0; i < LG_COUNT(rows); i++) {
            if (k == 1 && i == 4)
                continue;
            uint64_t live = rows[i].marked_mib;
            struct lg_capture *c = collected(
                b, rows[i].at_ms, rows[i].usage_mib, live, rows[i].collection);
            struct lg_memstats *m = case_memstats(b, c, rows[i].alloc_mib, 1);
            m->heap_marked_bytes = lg_known(live * CASE_MIB);
            m->next_gc_bytes = lg_known((2 * live + 1) * CASE_MIB);
            m->gc_count = lg_known(rows[i].collection);
            if (i == 0)
                continue;
            case_alloc(b, heap_of(c), (int64_t)(live * CASE_MIB), 900,
                       (int64_t)(live * CASE_MIB), EXPORT);
            case_go_again(b, dump_of(c), 77, 1, "running", EXPORT, NULL);
        }
        case_end(b, LG_END_OOM_KILL, 5300);
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_HEAP_BURST, EXPORT);
        const struct lg_finding *f = verdict_find(&v, LG_CAUSE_GC_HEADROOM);
        assert_true(k == 1 ? f != NULL && f->confidence < 0.5 : f == NULL);
    }
}

/* Needed nearly all of the limit from early on; then a little more. */
static void test_full_early(void **state)
{
    static const struct {
        uint64_t at_ms, live_mib;
    } rows[] = {{800, 90}, {2500, 200}, {5000, 200}, {8000, 200}, {8700, 236}};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {2500, 205}, {8500, 210}, {8800, 256});
    for (uint64_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_capture *c = collected(
            b, rows[i].at_ms, rows[i].live_mib + 10, rows[i].live_mib, 20 + i);
        uint64_t table = rows[i].live_mib > 200 ? 200 : rows[i].live_mib;
        case_alloc(b, heap_of(c), (int64_t)(table * CASE_MIB), 900,
                   (int64_t)(table * CASE_MIB), "main.load main.go:13");
    }
    case_end(b, LG_END_OOM_KILL, 8800);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_LIMIT_TOO_LOW, NULL);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_leak),
        case_test(test_level_heap),
        case_test(test_alive_and_warmed_up),
        case_test(test_loaded_before_the_last_collection),
        case_test(test_profile_of_the_one_before),
        case_test(test_leak_that_hung),
        case_test(test_garbage_beside_a_cause),
        case_test(test_buffer_that_is_appended_to),
        case_test(test_leak_under_a_level),
        case_test(test_garbage_that_comes_and_goes),
        case_test(test_leak_not_judged),
        case_test(test_burst),
        case_test(test_slow_burst),
        case_test(test_starved_burst),
        case_test(test_many_calls_are_no_burst),
        case_test(test_peaks_are_no_burst),
        case_test(test_runtime_allocations),
        case_test(test_load_and_level),
        case_test(test_small_leak_beside_a_table),
        case_test(test_burst_is_no_lack_of_headroom),
        case_test(test_burst_in_dumps_without_stacks),
        case_test(test_marked_more_than_there_is),
        case_test(test_full_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
