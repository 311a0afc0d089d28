/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

#define READ "syscall.Read z.go:9 < shop/scale.read scale.go:14"
#define RENDER "shop/draw.(*renderer).run draw.go:40"

/* Threads from 7 on, and goroutines that hold them. */
static void threads(struct case_builder *b, uint64_t last, const char *state,
                    const char *stack, bool locked)
{
    uint64_t first = b->next_id;
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2800, 12 + 78 * i, 3, 1 + 40 * i);
        uint64_t count = last * i / 3;
        struct lg_process *p = case_process(b, c, 4 + 40 * i, 12);
        p->threads_count = lg_known(7 + count);
        case_cgroup(b, c, 12 + 78 * i)->kernel_bytes =
            lg_known((1 + 38 * i) * CASE_MIB);
        case_go_again(b, dump_of(c), first, count, state, stack, STARTER);
        lg_each(item, dump_of(c)->items) {
            item->locked_to_thread = locked && item->id >= first;
        }
    }
    case_end(b, LG_END_OOM_KILL, 9000);
}

static void test_blocking_calls(void **state)
{
    struct case_builder *b = *state;
    threads(b, 4500, "syscall", READ, false);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_THREAD_LEAK, "shop/scale.read scale.go:14");
    assert_int_equal(v.findings.count, 1); /* no burst of goroutines */
    const struct lg_finding *f = &v.findings.items[0];
    assert_int_equal(f->count.value, 4507);
    assert_true(f->share > 0.8);
    assert_true(lg_str_contains(f->summary, LG_STR("`syscall`")));
}

static void test_locked_threads(void **state)
{
    struct case_builder *b = *state;
    threads(b, 4500, "chan receive", RENDER, true);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_THREAD_LEAK, RENDER);
    assert_int_equal(v.findings.count, 1); /* no leak of goroutines */
}

/* C made them, or nothing tells who did: they are counted all the same. */
static void test_nobody_holds_them(void **state)
{
    struct case_builder *b = *state;
    threads(b, 4500, "syscall", READ, false);
    lg_each(capture, b->in.captures) {
        (void)case_dump(b, capture);
    }
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_THREAD_LEAK, NULL);
    assert_int_equal(v.findings.items[0].where.function.len, 0);
}

/* Files read by very many goroutines: some threads more, and a burst. */
static void test_goroutines_outnumber_threads(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 8}, {3000, 9}, {3500, 256});
    (void)full_capture(b, 300, 8, 3, 1);
    struct lg_capture *c = full_capture(b, 3400, 200, 60, 100);
    (void)case_go(b, dump_of(c), 3000, "runnable", READ, STARTER);
    (void)case_go(b, dump_of(c), 200, "syscall", READ, STARTER);
    for (size_t i = 0; i < 2; i++) {
        struct lg_process *p =
            case_process(b, &b->in.captures.items[i], 8 + 190 * i, 12);
        p->threads_count = lg_known(7 + 200 * i);
    }
    case_end(b, LG_END_OOM_KILL, 3500);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_GOROUTINE_BURST, STARTER);
}

static void test_a_pool_of_threads(void **state)
{
    static const uint64_t counts[] = {80, 120, 118, 121};
    struct case_builder *b = *state;
    threads(b, 100, "syscall", READ, false);
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_process *p =
            case_process(b, &b->in.captures.items[i], 4 + 70 * i, 12);
        p->threads_count = lg_known(counts[i]);
    }
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_THREAD_LEAK));
}

/* Filled early, level since; something else filled the memory. */
static void test_a_pool_that_filled_up(void **state)
{
    static const uint64_t counts[] = {9, 400, 405, 404};
    struct case_builder *b = *state;
    threads(b, 400, "syscall", READ, false);
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_process *p =
            case_process(b, &b->in.captures.items[i], 4 + 70 * i, 12);
        p->threads_count = lg_known(counts[i]);
    }
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_THREAD_LEAK));
}

/* Alive: many, but no more of them. */
static void test_living_with_many(void **state)
{
    struct case_builder *b = *state;
    threads(b, 900, "syscall", READ, false);
    b->in.captures.items[3].t_ns += 1;
    struct lg_process *p = case_process(b, &b->in.captures.items[3], 90, 12);
    p->threads_count = lg_known(7 + 600);
    b->in.end = (struct lg_end){.kind = LG_END_RUNNING, .exit_code = -1};
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_THREAD_LEAK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_blocking_calls),
        case_test(test_locked_threads),
        case_test(test_nobody_holds_them),
        case_test(test_goroutines_outnumber_threads),
        case_test(test_a_pool_of_threads),
        case_test(test_a_pool_that_filled_up),
        case_test(test_living_with_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
