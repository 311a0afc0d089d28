/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

/* Two rules that both hold: which comes first, and whose memory it is. */

static void test_recursion_over_heap(void **state)
{
    struct case_builder *b = *state;
    recursion(b, 1400000, 110);
    /* Each round also allocates: most of the live heap is one line's. */
    case_alloc(b, heap_of(&b->in.captures.items[1]), (int64_t)(70 * CASE_MIB),
               900, (int64_t)(70 * CASE_MIB),
               "shop/pool.newConn conn.go:8 < shop/pool.(*Pool).get get.go:43");
    (void)case_memstats(b, &b->in.captures.items[1], 75, 110);
    case_end(b, LG_END_OOM_KILL, 2800);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_INFINITE_RECURSION,
                 "shop/pool.(*Pool).get get.go:45");
}

static void test_neighbour_over_leak(void **state)
{
    struct case_builder *b = *state;
    goroutine_leak(b, "select");
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c = &b->in.captures.items[i];
        (void)case_process(b, c, 20 + 10 * i, 12);
        case_peer(b, c, 5000, "ffmpeg", 2 + 66 * i);
    }
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NEIGHBOUR, NULL);
}

/* What leaked goroutines allocate is theirs; another line's leak is not. */
static void add_cache(struct case_builder *b, int64_t mib)
{
    for (int64_t i = 0; i < 4; i++) {
        struct lg_capture *c = &b->in.captures.items[i];
        int64_t bytes = mib * i * (int64_t)CASE_MIB;
        case_alloc(b, heap_of(c), bytes, 900, bytes,
                   "shop.buffer buf.go:3 < " CONSUMER);
    }
}

static void test_goroutine_leak_claims_its_heap(void **state)
{
    struct case_builder *b = *state;
    goroutine_leak(b, "chan receive");
    add_cache(b, 12);
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, NULL);
    const struct lg_finding *f = &v.findings.items[0];
    double with_heap = f->share;
    assert_true(f->bytes.value > 36 * CASE_MIB);
    case_begin(b, b->arena, "shop", 256);
    goroutine_leak(b, "chan receive");
    case_end(b, LG_END_OOM_KILL, 8500);
    v = judge(b);
    assert_true(v.findings.items[0].share < with_heap);
}

static void test_two_leaks_larger_first(void **state)
{
    struct case_builder *b = *state;
    for (int round = 0; round < 2; round++) {
        bool goroutines_larger = round == 0;
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {8500, 256});
        uint64_t first = b->next_id;
        for (uint64_t i = 0; i < 4; i++) {
            uint64_t stacks = goroutines_larger ? 1 + 45 * i : 1 + 4 * i;
            uint64_t heap = goroutines_larger ? 8 + 15 * i : 8 + 60 * i;
            struct lg_capture *c =
                full_capture(b, 100 + i * 2600, 12 + 76 * i, heap, stacks);
            case_go_again(b, dump_of(c), first, 800 * i, "chan send", CONSUMER,
                          STARTER);
            int64_t bytes = (int64_t)(heap - 6) * (int64_t)CASE_MIB;
            case_alloc(b, heap_of(c), bytes, bytes / 4096, bytes,
                       "shop.(*Cache).put cache.go:15");
        }
        case_end(b, LG_END_OOM_KILL, 8500);
        struct lg_verdict v = judge(b);
        assert_first(&v,
                     goroutines_larger ? LG_CAUSE_GOROUTINE_LEAK
                                       : LG_CAUSE_HEAP_LEAK,
                     NULL);
        assert_non_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
        if (!goroutines_larger)
            continue;
        assert_true(v.findings.items[0].share > 0.4);
    }
}

static void test_two_goroutine_leaks(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {8500, 256});
    uint64_t one = b->next_id, two = one + 100000;
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 100 + i * 2600, 12 + 76 * i, 10, 1 + 60 * i);
        case_go_again(b, dump_of(c), one, 200 * i, "chan receive", CONSUMER,
                      STARTER);
        case_go_again(b, dump_of(c), two, 900 * i, "chan send",
                      "shop/bus.push bus.go:13",
                      "shop/bus.Subscribe bus.go:11");
    }
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 2);
    assert_first(&v, LG_CAUSE_GOROUTINE_LEAK, "shop/bus.push bus.go:13");
    struct lg_frame second = case_frame(LG_STR("shop.consume c.go:9"));
    assert_true(lg_frame_same(&v.findings.items[1].where, &second));
}

static void test_descriptors_and_a_leak_beside(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    uint64_t first = b->next_id;
    for (uint64_t i = 0; i < 4; i++)
        case_go_again(b, dump_of(&b->in.captures.items[i]), first, 380 * i,
                      "chan send", "shop/bus.push bus.go:13",
                      "shop/bus.Subscribe bus.go:11");
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:29");
    assert_non_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
}

/* Ended by somebody while it leaked: that somebody ended it comes first. */
static void test_signal_over_leak(void **state)
{
    struct case_builder *b = *state;
    goroutine_leak(b, "chan receive");
    case_end(b, LG_END_SIGNAL, 8500);
    case_signal(b, 9, 1, "systemd", 8500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NOT_OOM, NULL);
    assert_non_null(verdict_find(&v, LG_CAUSE_GOROUTINE_LEAK));
}

static void test_headroom_over_what_is_alive(void **state)
{
    struct case_builder *b = *state;
    gc_headroom(b);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GC_HEADROOM, NULL);
}

/* Every title says its share, and every share its part of the end. */
static void test_titles(void **state)
{
    struct case_builder *b = *state;
    goroutine_leak(b, "chan receive");
    case_end(b, LG_END_OOM_KILL, 8500);
    struct lg_verdict v = judge(b);
    char want[80];
    snprintf(want, sizeof want, "goroutine leak: %d %% of the memory",
             (int)(v.findings.items[0].share * 100 + 0.5));
    assert_true(str_is(v.findings.items[0].title, want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_recursion_over_heap),
        case_test(test_neighbour_over_leak),
        case_test(test_goroutine_leak_claims_its_heap),
        case_test(test_two_leaks_larger_first),
        case_test(test_two_goroutine_leaks),
        case_test(test_descriptors_and_a_leak_beside),
        case_test(test_signal_over_leak),
        case_test(test_headroom_over_what_is_alive),
        case_test(test_titles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
