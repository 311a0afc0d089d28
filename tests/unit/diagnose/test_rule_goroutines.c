/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

#define FIRST(v) (&(v).findings.items[0])

static void test_leak(void **state)
{
    struct case_builder *b = *state;
    goroutine_leak(b, "chan receive");
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
    assert_int_equal(v.findings.count, 1);
    const struct lg_finding *f = FIRST(v);
    assert_true(f->share > 0.4 && f->confidence > 0.9);
    assert_true(str_is(f->proof, "growth"));
    assert_true(str_is(f->wait_reason, "chan receive"));
    assert_int_equal(f->wait_count.value, 1500);
    assert_true(str_is(f->created_by.function, "shop.Start"));
    assert_true(f->count_rate_per_s > 150 && f->count_rate_per_s < 250);
    assert_true(lg_str_contains(f->fix, LG_STR("close the channel")));
    assert_true(f->stack.count > 0);
}

/* A pool: as many at the end as near the start. */
static void test_pool_is_no_leak(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 500 + i * 2500, 60 * (i + 1), 20, 4);
        case_go_again(b, dump_of(c), 500, 900, "chan receive", CONSUMER,
                      STARTER);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
    assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_BURST));
}

/* A pool that is not full yet: more than before, not many times more. */
static void test_filling_pool_is_no_leak(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 500 + i * 2500, 60 * (i + 1), 20, 4);
        case_go_again(b, dump_of(c), 500, 700 + 200 * i, "chan receive",
                      CONSUMER, STARTER);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
}

/* Made within seconds, but parked for good: a leak that is fast. */
static void test_fast_leak(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {3200, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 100 + i * 1000, 8 + 75 * i, 20, 1 + 50 * i);
        case_go_again(b, dump_of(c), 500, 600 * i, "chan receive", CONSUMER,
                      STARTER);
    }
    case_end(b, LG_END_OOM_KILL, 3200);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
}

/* A few more than before are not what filled the memory. */
static void test_a_few_more(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 500 + i * 2500, 60 * (i + 1), 20, 1);
        (void)case_go(b, dump_of(c), i * 15, "chan receive", CONSUMER, STARTER);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
}

/* Alive, and the growth has come to rest: silence. */
static void test_growth_that_stopped(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {1000, 60}, {9000, 60});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c = full_capture(b, 500 + i * 2500, 60, 20, 4);
        case_go_again(b, dump_of(c), 500, 1200, "select", CONSUMER, STARTER);
    }
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 0);
    assert_false(v.inconclusive);
}

static void test_not_judged(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    struct lg_absent *absent = case_push(b, &b->in.absent);
    absent->what = LG_STR("heap and goroutine profiles");
    absent->reason = LG_STR("the program listens on no TCP port");
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_true(verdict_not_judged(&v, LG_CAUSE_GOROUTINE_LEAK));
    assert_true(verdict_not_judged(&v, LG_CAUSE_GOROUTINE_BURST));
    assert_true(v.inconclusive);
    lg_each(n, v.not_judged) {
        if (n->cause == LG_CAUSE_GOROUTINE_LEAK)
            assert_true(
                str_is(n->reason, "the program listens on no TCP port"));
    }
}

/* No frame of the user's on any stack: the library's creator was called by the
 * user's line, which the heap profile knows. */
static void test_line_through_the_heap_profile(void **state)
{
    static const char wheel[] = "github.com/z/gz/c.(*Wheel).run wheel.go:113";
    struct case_builder *b = *state;
    uint64_t first = 0;
    case_dep(b, "github.com/z/gz", "v1.10.3");
    case_timeline_of(b, {0, 4}, {8500, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c = full_capture(b, 100 + i * 2600, 8 + 77 * i,
                                            20 + 30 * i, 1 + 20 * i);
        first = first == 0 ? b->next_id : first;
        case_go_again(b, dump_of(c), first, 500 * i, "select", wheel,
                      "github.com/z/gz/c.NewWheel wheel.go:80");
        int64_t bytes = (int64_t)(20 * i * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, 100, bytes,
                   "container/list.New list.go:50 < "
                   "github.com/z/gz/c.NewWheel wheel.go:85 < "
                   "shop/worker.handle handle.go:31 < main.main main.go:7");
    }
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK,
                 "shop/worker.handle handle.go:31");
    assert_true(
        str_is(FIRST(v)->leaf.function, "github.com/z/gz/c.(*Wheel).run"));
    assert_true(str_is(FIRST(v)->where_role, "starts them"));
    /* What they hold is theirs, not a heap leak of its own. */
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

/* Each cache starts two goroutines, by two functions of the library; the last
 * captures have no text any more, so only profiles count there. */
static void test_two_kinds_made_together(void **state)
{
    static const char wheel[] = "github.com/z/gz/c.(*Wheel).run wheel.go:113";
    static const char loop[] = "github.com/z/gz/c.(*stat).loop stat.go:29";
    struct case_builder *b = *state;
    uint64_t first = 0, other = 500000;
    case_dep(b, "github.com/z/gz", "v1.10.3");
    case_timeline_of(b, {0, 4}, {8500, 256});
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c = full_capture(b, 100 + i * 2000, 8 + 60 * i,
                                            20 + 25 * i, 1 + 15 * i);
        first = first == 0 ? b->next_id : first;
        if (i < 4) {
            case_go_again(b, dump_of(c), first, 500 * i, "select", wheel,
                          "github.com/z/gz/c.NewWheel wheel.go:80");
            case_go_again(b, dump_of(c), other, 500 * i, "chan receive", loop,
                          "github.com/z/gz/c.newStat stat.go:11");
        } else {
            c->goroutines = NULL;
            struct lg_profile *p = case_goroutine_profile(b, c);
            int64_t count = 2000;
            char stack[300];
            snprintf(stack, sizeof stack,
                     "runtime.gopark p.go:4 < runtime.selectgo s.go:3 < %s",
                     wheel);
            case_sample(b, p, stack, &count);
            snprintf(stack, sizeof stack,
                     "runtime.gopark p.go:4 < runtime.chanrecv c.go:5 < "
                     "runtime.chanrecv1 c.go:4 < %s",
                     loop);
            case_sample(b, p, stack, &count);
        }
        int64_t bytes = (int64_t)(18 * i * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, (int64_t)(500 * i * 300), bytes,
                   "container/list.New list.go:50 < "
                   "github.com/z/gz/c.NewWheel wheel.go:85 < "
                   "github.com/z/gz/c.NewCache cache.go:40 < "
                   "shop/worker.handle handle.go:31 < main.main main.go:7");
        case_alloc(b, heap_of(c), bytes / 40, (int64_t)(500 * i), bytes / 40,
                   "github.com/z/gz/c.NewCache cache.go:44 < "
                   "shop/worker.handle handle.go:31 < main.main main.go:7");
    }
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK,
                 "shop/worker.handle handle.go:31");
    assert_int_equal(v.findings.count, 1);
    assert_true(
        str_is(FIRST(v)->leaf.function, "github.com/z/gz/c.(*Wheel).run"));
}

/* One call starts both kinds; the dump catches calls half-way, with some more
 * of the one or of the other; profiles lag, so that the last has nothing of
 * it, or know nothing at all of what was allocated on the way. */
static void two_kinds(struct case_builder *b, size_t more_wheels,
                      size_t more_loops, uint64_t wheel_mib)
{
    static const char call[] = "github.com/z/gz/c.NewCache cache.go:40 < "
                               "shop/worker.handle handle.go:31 < "
                               "main.main main.go:7";
    char stack[300];
    case_dep(b, "github.com/z/gz", "v1.10.3");
    case_timeline_of(b, {0, 4}, {8500, 256});
    uint64_t first = b->next_id, other = 500000;
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c =
            full_capture(b, 100 + i * 2000, 8 + 60 * i, 60, 1 + 45 * i);
        case_go_again(b, dump_of(c), first, 500 * i + more_wheels, "select",
                      "github.com/z/gz/c.(*Wheel).run wheel.go:113",
                      "github.com/z/gz/c.NewWheel wheel.go:80");
        case_go_again(b, dump_of(c), other, 500 * i + more_loops,
                      "chan receive",
                      "github.com/z/gz/c.(*stat).loop stat.go:29",
                      "github.com/z/gz/c.newStat stat.go:11");
        bool lags = i == 4;
        snprintf(stack, sizeof stack,
                 "github.com/z/gz/c.NewWheel wheel.go:85 < %s", call);
        case_alloc(b, heap_of(c), lags ? 1 : (int64_t)(wheel_mib * CASE_MIB),
                   100, (int64_t)CASE_MIB, stack);
        snprintf(stack, sizeof stack,
                 "github.com/z/gz/c.newStat stat.go:9 < %s", call);
        case_alloc(b, heap_of(c), (int64_t)CASE_MIB, 100, (int64_t)CASE_MIB,
                   stack);
    }
    case_end(b, LG_END_OOM_KILL, 8500);
}

static void test_counts_do_not_choose_the_kind(void **state)
{
    static const struct {
        size_t wheels, loops;
        uint64_t wheel_mib;
    } rows[] = {{0, 0, 30}, {1, 0, 30}, {0, 1, 30}, {0, 9, 30},
                {0, 0, 1},  {1, 0, 1},  {0, 1, 1},  {0, 9, 1}};
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        case_begin(b, b->arena, "shop", 256);
        two_kinds(b, rows[i].wheels, rows[i].loops, rows[i].wheel_mib);
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_GOROUTINE_LEAK,
                     "shop/worker.handle handle.go:31");
        assert_int_equal(v.findings.count, 1);
        assert_true(
            str_is(FIRST(v)->leaf.function, "github.com/z/gz/c.(*Wheel).run"));
        assert_true(str_is(FIRST(v)->wait_reason, "select"));
    }
}

/* Go ≥ 1.26 proves it itself: nothing can reach what they wait on. */
static void test_proof_of_the_collector(void **state)
{
    struct case_builder *b = *state;
    goroutine_leak(b, "chan receive");
    struct lg_goroutines *g = dump_of(&b->in.captures.items[3]);
    lg_each(item, g->items) {
        item->leaked = lg_str_eq(item->state, LG_STR("chan receive"));
    }
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
    assert_true(str_is(FIRST(v)->proof, "unreachable"));
    assert_true(FIRST(v)->confidence >= 0.99);
}

/* Sleeping, running, in I/O, and made at once: too many at a time. */
static void burst(struct case_builder *b, const char *state, const char *stack)
{
    case_timeline_of(b, {0, 8}, {3000, 9}, {3500, 256});
    (void)full_capture(b, 300, 8, 3, 1);
    struct lg_capture *c = full_capture(b, 3400, 200, 60, 100);
    (void)case_go(b, dump_of(c), 3000, state, stack, STARTER);
    case_end(b, LG_END_OOM_KILL, 3500);
}

static void test_burst(void **state)
{
    static const struct {
        const char *state, *stack;
    } rows[] = {
        {"sleep", "time.Sleep t.go:195 < shop.send s.go:8"},
        {"runnable", "shop.send s.go:8"},
        {"IO wait", "internal/poll.(*FD).Read fd.go:160 < shop.send s.go:8"},
        {"select",
         "net/http.(*persistConn).roundTrip t.go:2 < shop.send s.go:8"},
    };
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        case_begin(b, b->arena, "shop", 256);
        burst(b, rows[i].state, rows[i].stack);
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_GOROUTINE_BURST, STARTER);
        assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
    }
}

/* Parked, but those that were there before have gone on: a queue in front of
 * something bounded, and not a dead end. */
static void test_queue_moves_on(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 8}, {8000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 100 + i * 2500, 8 + 80 * i, 20, 1 + 60 * i);
        (void)case_go(b, dump_of(c), 900 * i, "chan send", CONSUMER, STARTER);
    }
    case_end(b, LG_END_OOM_KILL, 8000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_BURST, NULL);
}

/* Steadily more in a lock-type wait, of whom one in ten is served, the first
 * ones first: that these are gone says little of the rest. */
static void test_few_are_served(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 8}, {5000, 256});
    for (uint64_t i = 0; i < 6; i++) {
        struct lg_capture *c =
            full_capture(b, 100 + i * 950, 8 + 48 * i, 20, 1 + 40 * i);
        uint64_t made = i == 0 ? 40 : 500 * i;
        case_go_again(b, dump_of(c), 1000 + made / 10, made - made / 10,
                      "sync.Cond.Wait", CONSUMER, STARTER);
    }
    case_end(b, LG_END_OOM_KILL, 5000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
    assert_false(lg_str_contains(FIRST(v)->summary, LG_STR("none has ended")));
}

/* A calm of some that sleep, then very many within a second. */
static void storm(struct case_builder *b, uint64_t calm_captures)
{
    case_timeline_of(b, {0, 8}, {9000, 12}, {10000, 256});
    for (uint64_t i = 0; i < calm_captures; i++) {
        struct lg_capture *c = full_capture(b, 500 + i * 2000, 8 + i, 3, 1);
        case_go_again(b, dump_of(c), 1000, 50 + 40 * i, "sleep",
                      "time.Sleep t.go:195 < shop.send s.go:8", STARTER);
    }
    struct lg_capture *c = full_capture(b, 9900, 200, 20, 150);
    case_go_again(b, dump_of(c), 1000, 4000, "sleep",
                  "time.Sleep t.go:195 < shop.send s.go:8", STARTER);
}

static void test_storm_after_a_calm(void **state)
{
    struct case_builder *b = *state;
    storm(b, 5);
    case_end(b, LG_END_OOM_KILL, 10000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_BURST, STARTER);
    assert_int_equal(v.findings.count, 1);
    /* 4,000 in the 1.4 s since the last capture, not in all of the 10 s. */
    assert_true(FIRST(v)->count_rate_per_s > 1500);
}

/* Some have got to their sleep, some have not run yet, and some are at work:
 * one storm, and no call that took everything. */
static void test_storm_in_all_its_stages(void **state)
{
    static const char *const stacks[] = {
        "time.Sleep t.go:195 < shop.send s.go:8", "shop.send s.go:5",
        "shop.fill s.go:20 < shop.send s.go:7"};
    static const char *const states[] = {"sleep", "runnable", "running"};
    struct case_builder *b = *state;
    storm(b, 5);
    struct lg_capture *c = &b->in.captures.items[5];
    (void)case_dump(b, c);
    for (size_t i = 0; i < LG_COUNT(stacks); i++)
        (void)case_go(b, dump_of(c), 1500, states[i], stacks[i], STARTER);
    c->heap = NULL;
    case_end(b, LG_END_OOM_KILL, 10000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_BURST, STARTER);
    assert_int_equal(v.findings.count, 1);
    assert_int_equal(FIRST(v)->count.value, 4500);
}

/* What each of them opens belongs to the storm. */
static void test_storm_with_descriptors(void **state)
{
    struct case_builder *b = *state;
    storm(b, 5);
    for (size_t i = 0; i < b->in.captures.count; i++) {
        struct lg_capture *c = &b->in.captures.items[i];
        (void)case_process(b, c, i < 5 ? 10 : 200, i < 5 ? 12 : 4000);
    }
    case_end(b, LG_END_OOM_KILL, 10000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_BURST, STARTER);
    assert_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
}

/* None at the very first capture, then a pool that stays as it is while other
 * memory grows. */
static void test_pool_made_at_the_start(void **state)
{
    static const char *const states[] = {"chan receive", "sleep"};
    struct case_builder *b = *state;
    for (size_t k = 0; k < LG_COUNT(states); k++) {
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {20000, 256});
        for (uint64_t i = 0; i < 5; i++) {
            struct lg_capture *c =
                full_capture(b, i == 0 ? 20 : 300 + (i - 1) * 4900, 8 + 60 * i,
                             4 + 50 * i, 2);
            int64_t bytes = (int64_t)((4 + 50 * i) * CASE_MIB);
            case_alloc(b, heap_of(c), bytes, bytes / 4096, bytes,
                       "shop.load load.go:3");
            case_go_again(b, dump_of(c), 500, i == 0 ? 10 : 300, states[k],
                          CONSUMER, STARTER);
        }
        case_end(b, LG_END_OOM_KILL, 20000);
        struct lg_verdict v = judge(b);
        assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
        assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_BURST));
    }
}

/* The same where most of the memory is there with the pool, or is the pool:
 * what grows after it is a quarter of the whole. The kill overtook the last
 * capture. */
static struct lg_verdict pool_beside_much(struct case_builder *b,
                                          const char *state,
                                          uint64_t stacks_mib,
                                          uint64_t collections_between)
{
    static const uint64_t usage_mib[] = {8, 185, 207, 251, 190};
    case_begin(b, b->arena, "shop", 256);
    case_timeline_of(b, {0, 4}, {100, 185}, {12500, 256});
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c =
            full_capture(b, i == 0 ? 20 : 90 + (i - 1) * 3000, usage_mib[i],
                         4 + 20 * i, i == 0 ? 1 : stacks_mib);
        int64_t bytes = (int64_t)((4 + 20 * i) * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, bytes / 4096, bytes,
                   "shop.load load.go:3");
        ((struct lg_memstats *)(uintptr_t)c->memstats)->gc_count =
            lg_known(1 + i * collections_between);
        case_go_again(b, dump_of(c), 500, i == 0 ? 10 : 160, state, CONSUMER,
                      STARTER);
    }
    case_end(b, LG_END_OOM_KILL, 12500);
    return judge(b);
}

static void test_pool_beside_much_that_stands(void **state)
{
    static const struct {
        const char *state;
        uint64_t stacks_mib, collections_between;
    } rows[] = {{"sleep", 1, 0}, {"sleep", 20, 1}, {"chan receive", 150, 0}};
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_verdict v =
            pool_beside_much(*state, rows[i].state, rows[i].stacks_mib,
                             rows[i].collections_between);
        assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
        assert_null(verdict_find(&v, LG_CAUSE_GOROUTINE_BURST));
    }
    /* What they may have allocated since, no collection has seen. */
    struct lg_verdict v = pool_beside_much(*state, "sleep", 20, 0);
    assert_non_null(verdict_find(&v, LG_CAUSE_GOROUTINE_BURST));
}

static void test_advice_follows_the_wait(void **state)
{
    static const struct {
        const char *state, *word;
    } rows[] = {
        {"chan receive", "close the channel"},
        {"chan send", "Nobody receives"},
        {"select", "ctx.Done()"},
        {"sync.Mutex.Lock", "lock"},
        {"sync.WaitGroup.Wait", "end"},
    };
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        case_begin(b, b->arena, "shop", 256);
        goroutine_leak(b, rows[i].state);
        case_end(b, LG_END_OOM_KILL, 8500);
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
        assert_true(lg_str_contains(FIRST(v)->fix, lg_str_of(rows[i].word)));
    }
}

/* Alive, but plainly on the way to the limit: it is said. */
static void test_alive_and_growing(void **state)
{
    struct case_builder *b = *state;
    goroutine_leak(b, "chan receive");
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop.consume c.go:9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_leak),
        case_test(test_pool_is_no_leak),
        case_test(test_filling_pool_is_no_leak),
        case_test(test_fast_leak),
        case_test(test_a_few_more),
        case_test(test_growth_that_stopped),
        case_test(test_not_judged),
        case_test(test_line_through_the_heap_profile),
        case_test(test_two_kinds_made_together),
        case_test(test_counts_do_not_choose_the_kind),
        case_test(test_proof_of_the_collector),
        case_test(test_burst),
        case_test(test_queue_moves_on),
        case_test(test_few_are_served),
        case_test(test_storm_after_a_calm),
        case_test(test_storm_in_all_its_stages),
        case_test(test_storm_with_descriptors),
        case_test(test_pool_made_at_the_start),
        case_test(test_pool_beside_much_that_stands),
        case_test(test_advice_follows_the_wait),
        case_test(test_alive_and_growing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
