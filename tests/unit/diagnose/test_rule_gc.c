/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

static void test_headroom(void **state)
{
    struct case_builder *b = *state;
    gc_headroom(b);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GC_HEADROOM, NULL);
    const struct lg_finding *f = &v.findings.items[0];
    assert_true(lg_str_contains(f->fix, LG_STR("GOMEMLIMIT")));
    assert_true(f->share > 0.2 && f->share < 0.8);
    /* Whose garbage it is, not whose live heap. */
    if (f->where.function.len > 0)
        assert_true(str_is(f->where.function, "shop.answer"));
}

/* GOMEMLIMIT is set: then the collector did what it could. */
static void test_memory_limit_is_set(void **state)
{
    struct case_builder *b = *state;
    gc_headroom(b);
    b->in.subject.gomemlimit = LG_STR("200MiB");
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
}

/* GOGC=33 plans the next collection below the limit. */
static void test_goal_below_the_limit(void **state)
{
    struct case_builder *b = *state;
    gc_headroom(b);
    b->in.subject.gogc = LG_STR("33");
    lg_each(capture, b->in.captures) {
        struct lg_memstats *m =
            (struct lg_memstats *)(uintptr_t)capture->memstats;
        m->next_gc_bytes = lg_known(185 * CASE_MIB);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
    b->in.subject.gogc = LG_STR("off");
    v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
}

/* A leak's live heap was smaller in proportion at each collection before. */
static void test_leak_is_no_lack_of_headroom(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, "shop.(*Cache).put cache.go:15");
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_memstats *m =
            (struct lg_memstats *)(uintptr_t)b->in.captures.items[i].memstats;
        m->next_gc_bytes = lg_known(52 * (i + 1) * CASE_MIB);
        m->gc_count = lg_known(4 + i);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.(*Cache).put cache.go:15");
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
}

/* A table that came at once, and a leak at a tenth of that pace, which it
 * keeps: what came since the last collection is no slower than what that one
 * found. */
static void test_table_and_leak(void **state)
{
    static const struct {
        uint64_t at_ms, usage, cycle, alive;
    } rows[] = {{100, 50, 5, 45},    {640, 100, 6, 91},   {3000, 135, 6, 91},
                {5700, 175, 7, 166}, {8000, 210, 7, 166}, {10900, 253, 7, 166}};
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {640, 100}, {11100, 256});
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_capture *c =
            full_capture(b, rows[i].at_ms, rows[i].usage, 1, 1);
        struct lg_memstats *m = case_memstats(b, c, rows[i].usage - 8, 1);
        m->gc_count = lg_known(rows[i].cycle);
        m->heap_marked_bytes = lg_known(rows[i].alive * CASE_MIB);
        m->next_gc_bytes = lg_known(2 * rows[i].alive * CASE_MIB);
        int64_t table = (int64_t)((rows[i].at_ms < 500 ? 40 : 88) * CASE_MIB);
        int64_t kept = (int64_t)((rows[i].alive - 4) * CASE_MIB) - table;
        case_alloc(b, heap_of(c), table, 1000, table, "shop.load load.go:3");
        case_alloc(b, heap_of(c), kept, 9000, kept, "shop.keep keep.go:3");
    }
    case_end(b, LG_END_OOM_KILL, 11100);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.keep keep.go:3");
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
}

/* A slow leak beside much garbage: the next collection was planned beyond the
 * limit in the end, but would have been only later without the garbage. */
static void test_leak_beside_garbage(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {10000, 256});
    for (uint64_t i = 0; i < 20; i++) {
        uint64_t alive = 40 + 10 * (i / 2), at_ms = 500 * i + 200;
        uint64_t heap = i % 2 == 0 ? alive + 2 : 2 * alive - 8;
        struct lg_capture *c = full_capture(b, at_ms, heap + 7, 1, 1);
        struct lg_memstats *m = case_memstats(b, c, heap, 1);
        m->gc_count = lg_known(2 + i / 2);
        m->heap_marked_bytes = lg_known(alive * CASE_MIB);
        m->next_gc_bytes = lg_known(2 * alive * CASE_MIB);
        int64_t kept = (int64_t)((alive - 2) * CASE_MIB);
        case_alloc(b, heap_of(c), kept, 9000, kept, "shop.keep keep.go:3");
        case_alloc(b, heap_of(c), (int64_t)CASE_MIB, 10,
                   (int64_t)(40 * i * CASE_MIB), "shop.answer answer.go:3");
    }
    case_end(b, LG_END_OOM_KILL, 10000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.keep keep.go:3");
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
}

static void test_headroom_of_the_living(void **state)
{
    struct case_builder *b = *state;
    gc_headroom(b);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
    assert_null(verdict_find(&v, LG_CAUSE_LIMIT_TOO_LOW));
}

static struct lg_memstats *stats_of(const struct lg_capture *c)
{
    return (struct lg_memstats *)(uintptr_t)c->memstats;
}

/* The runtime itself says what it was set to, whatever the environment says. */
static void test_settings_of_the_runtime(void **state)
{
    struct case_builder *b = *state;
    gc_headroom(b);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_memstats *m = stats_of(&b->in.captures.items[3]);
    m->memory_limit_bytes = lg_known(230 * CASE_MIB);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
    /* A limit beyond the cgroup's bounds nothing. */
    m->memory_limit_bytes = lg_known(300 * CASE_MIB);
    b->in.subject.gomemlimit = LG_STR("300MiB");
    v = judge(b);
    assert_first(&v, LG_CAUSE_GC_HEADROOM, NULL);
    /* GOGC=300: what survived was counted, and is not a quarter of the goal. */
    m->gogc_percent = lg_known(300);
    m->next_gc_bytes = lg_known(520 * CASE_MIB);
    m->heap_marked_bytes = lg_known(130 * CASE_MIB);
    v = judge(b);
    assert_first(&v, LG_CAUSE_GC_HEADROOM, NULL);
    assert_true(
        lg_str_contains(v.findings.items[0].summary, LG_STR("130.0 MiB")));
}

/* A log in one buffer, which has just doubled: not the garbage of calls. */
static void test_buffer_that_doubled(void **state)
{
    struct case_builder *b = *state;
    gc_headroom(b);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_capture *c = &b->in.captures.items[3];
    const struct lg_profile *gc = c->heap;
    struct lg_profile *now = case_heap(b, c);
    c->heap_now = now;
    c->heap = gc;
    case_alloc(b, now, 210 * (int64_t)CASE_MIB, 2, 9, "shop.load load.go:3");
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GC_HEADROOM));
    /* As many objects as answers were given are garbage. */
    now = case_heap(b, c);
    c->heap_now = now;
    c->heap = gc;
    case_alloc(b, now, 125 * (int64_t)CASE_MIB, 1000, 9, "shop.load load.go:3");
    case_alloc(b, now, 90 * (int64_t)CASE_MIB, 900, 9, "shop.say say.go:3");
    v = judge(b);
    assert_first(&v, LG_CAUSE_GC_HEADROOM, NULL);
}

/* No collection at all: no line is to blame for what piles up. */
static void test_switched_off(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, "shop.answer answer.go:3");
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_memstats *m = stats_of(&b->in.captures.items[4]);
    m->gogc_percent = m->next_gc_bytes = lg_known(UINT64_MAX);
    m->memory_limit_bytes = lg_known(UINT64_MAX);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GC_HEADROOM, NULL);
    assert_true(lg_str_contains(v.findings.items[0].summary, LG_STR("GOGC")));
    /* With a limit that holds, the heap itself is too large. */
    m->memory_limit_bytes = lg_known(200 * CASE_MIB);
    v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.answer answer.go:3");
}

/* main is still loading when it is killed, after so many seconds. */
static void start_up(struct case_builder *b, uint64_t times,
                     const char *main_state)
{
    case_timeline_of(b, {0, 4}, {4000 * times, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c = full_capture(b, times * (200 + i * 1200),
                                            16 + 75 * i, 10 + 70 * i, 1);
        struct lg_process *p = case_process(b, c, 16 + 75 * i, 12);
        p->utime_ns = lg_known(i * 1100 * LG_NS_PER_MS);
        p->stime_ns = lg_known(i * 100 * LG_NS_PER_MS);
        int64_t bytes = (int64_t)((9 + 60 * i) * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, 400, bytes,
                   "main.loadTable load.go:34 < main.main main.go:9");
        case_go_again(b, dump_of(c), 1, 1, main_state,
                      "main.loadTable load.go:34 < main.main main.go:9", NULL);
    }
    case_end(b, LG_END_OOM_KILL, 4000 * times);
}

static void test_start_up(void **state)
{
    struct case_builder *b = *state;
    start_up(b, 1, "running");
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_LIMIT_TOO_LOW, "main.loadTable load.go:34");
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_BURST));
}

/* Others had the CPU: four seconds of work took twelve. */
static void test_slow_start_up(void **state)
{
    struct case_builder *b = *state;
    start_up(b, 3, "running");
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_LIMIT_TOO_LOW, "main.loadTable load.go:34");
}

/* That long with little to compute, and waiting: it is at work, and leaks. */
static void test_main_at_work(void **state)
{
    struct case_builder *b = *state;
    start_up(b, 3, "IO wait");
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "main.loadTable load.go:34");
}

/* Below the size of its own file nothing can run. */
static void test_limit_below_the_file(void **state)
{
    struct case_builder *b = *state;
    b->in.subject.limit_bytes = lg_known(6 * CASE_MIB);
    b->in.subject.exe_size_bytes = lg_known(14 * CASE_MIB);
    case_timeline_of(b, {0, 1}, {100, 6});
    case_end(b, LG_END_OOM_KILL, 100);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_LIMIT_TOO_LOW, NULL);
    assert_true(
        lg_str_contains(v.findings.items[0].summary, LG_STR("6.0 MiB")));
}

/* High from early on, and level. */
static void test_level_below_the_limit(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {1500, 228}, {30000, 240}, {30200, 256});
    case_end(b, LG_END_OOM_KILL, 30200);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_LIMIT_TOO_LOW, NULL);
}

/* A leak that hung at its limit for most of the time before it was killed: full
 * it was when half of that was not over, but not when half of the growth was.
 */
static void test_hanging_at_the_limit(void **state)
{
    struct case_builder *b = *state;
    for (int has_profile = 0; has_profile < 2; has_profile++) {
        case_begin(b, b->arena, "shop", 256);
        heap_leak(b, "shop.(*Cache).put cache.go:15");
        for (size_t i = 0; i < 5; i++) {
            struct lg_capture *c = &b->in.captures.items[i];
            struct lg_memstats *m = case_memstats(b, c, 50 * (i + 1), 1);
            m->heap_marked_bytes = lg_known(48 * (i + 1) * CASE_MIB);
            m->gc_count = lg_known(2 + i);
            if (!has_profile)
                c->heap = NULL;
        }
        case_timeline_of(b, {0, 4}, {20000, 256}, {90000, 256});
        case_end(b, LG_END_OOM_KILL, 90000);
        struct lg_verdict v = judge(b);
        assert_null(verdict_find(&v, LG_CAUSE_LIMIT_TOO_LOW));
    }
}

static void test_limit_not_judged(void **state)
{
    struct case_builder *b = *state;
    case_end(b, LG_END_OOM_KILL, 100);
    struct lg_verdict v = judge(b);
    assert_true(verdict_not_judged(&v, LG_CAUSE_LIMIT_TOO_LOW));
    assert_true(verdict_not_judged(&v, LG_CAUSE_GC_HEADROOM));
    assert_true(v.inconclusive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_headroom),
        case_test(test_memory_limit_is_set),
        case_test(test_goal_below_the_limit),
        case_test(test_leak_is_no_lack_of_headroom),
        case_test(test_table_and_leak),
        case_test(test_leak_beside_garbage),
        case_test(test_headroom_of_the_living),
        case_test(test_settings_of_the_runtime),
        case_test(test_buffer_that_doubled),
        case_test(test_switched_off),
        case_test(test_start_up),
        case_test(test_slow_start_up),
        case_test(test_main_at_work),
        case_test(test_limit_below_the_file),
        case_test(test_level_below_the_limit),
        case_test(test_hanging_at_the_limit),
        case_test(test_limit_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
