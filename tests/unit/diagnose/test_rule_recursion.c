/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

static void test_recursion(void **state)
{
    struct case_builder *b = *state;
    recursion(b, 1400000, 130);
    case_end(b, LG_END_OOM_KILL, 2800);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_INFINITE_RECURSION,
                 "shop/pool.(*Pool).get get.go:45");
    const struct lg_finding *f = &v.findings.items[0];
    assert_true(f->confidence > 0.95 && f->share > 0.6);
    assert_true(str_is(f->proof, "signature"));
    assert_int_equal(f->leaf.line, 40);
    assert_true(f->count.value >= 1399000);
    assert_true(f->stack.count >= 1 && f->stack.count <= 12);
}

/* Go ≤ 1.20 doesn't say how many frames it left out. */
static void test_depth_that_is_not_told(void **state)
{
    struct case_builder *b = *state;
    recursion(b, 1400000, 130);
    struct lg_goroutines *g = dump_of(&b->in.captures.items[1]);
    g->items.items[g->items.count - 1].elided_frames = UINT64_MAX;
    case_end(b, LG_END_OOM_KILL, 2800);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_INFINITE_RECURSION,
                 "shop/pool.(*Pool).get get.go:45");
    lg_each(e, v.findings.items[0].evidence) {
        assert_false(str_is(e->fact, "depth of the stack"));
    }
}

/* A deep tree walk: deep, but its stack is nothing beside the heap. */
static void test_deep_but_small(void **state)
{
    struct case_builder *b = *state;
    recursion(b, 400, 2);
    case_end(b, LG_END_OOM_KILL, 2800);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_INFINITE_RECURSION));
    /* … nor does the size alone make a cycle out of many goroutines. */
    case_begin(b, b->arena, "shop", 256);
    goroutine_leak(b, "select");
    case_end(b, LG_END_OOM_KILL, 8500);
    v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_INFINITE_RECURSION));
}

static void test_two_functions_in_turn(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 8}, {2000, 8}, {2800, 256});
    struct lg_capture *c = full_capture(b, 2500, 180, 10, 130);
    char text[16384] = "encoding/json.(*e).enc e.go:7";
    for (int i = 0; i < 50; i++)
        strcat(text, " < shop.(*Node).MarshalJSON node.go:12 < "
                     "encoding/json.(*e).enc e.go:9");
    strcat(text, " < main.main main.go:9");
    (void)case_go(b, dump_of(c), 1, "running", text, NULL);
    struct lg_goroutine *item =
        &dump_of(c)->items.items[dump_of(c)->items.count - 1];
    item->elided_frames = 800000;
    item->elided_at = 50;
    case_end(b, LG_END_OOM_KILL, 2800);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_INFINITE_RECURSION,
                 "shop.(*Node).MarshalJSON node.go:12");
    assert_int_equal(v.findings.items[0].stack.count, 2);
}

/* Go's own stack limit: status 2, and the dump in stderr is the evidence. */
static void test_stack_overflow(void **state)
{
    struct case_builder *b = *state;
    struct lg_goroutines *g = case_dump(b, NULL);
    deep_stack(b, g, 1200000);
    case_timeline_of(b, {0, 8}, {2000, 60});
    case_end(b, LG_END_EXIT, 2000);
    b->in.end.exit_code = 2;
    b->in.end.fatal.kind = LG_FATAL_STACK_OVERFLOW;
    b->in.end.fatal.message = LG_STR("goroutine stack exceeds 1000-byte limit");
    b->in.end.fatal_goroutines = g;
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NOT_OOM, "shop/pool.(*Pool).get get.go:45");
    const struct lg_finding *f = verdict_find(&v, LG_CAUSE_INFINITE_RECURSION);
    assert_non_null(f);
    assert_int_equal(f->where.line, 45);
    lg_each(e, f->evidence) {
        assert_true(str_is(e->source, "stderr.txt"));
    }
}

/* The kill overtook the capture: stacks are a share of what the timeline says.
 */
static void test_kill_overtook_the_capture(void **state)
{
    struct case_builder *b = *state;
    recursion(b, 1400000, 130);
    b->in.captures.items[1].cgroup = NULL;
    b->in.captures.items[1].process = NULL;
    case_end(b, LG_END_OOM_KILL, 2800);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_INFINITE_RECURSION, NULL);
    assert_true(v.findings.items[0].share > 0.5);
}

static void test_not_judged(void **state)
{
    struct case_builder *b = *state;
    struct lg_verdict v = judge(b);
    assert_true(verdict_not_judged(&v, LG_CAUSE_INFINITE_RECURSION));
}

/* Deep, but it lives and has room: a recursion that comes to its end. */
static void test_deep_and_alive(void **state)
{
    struct case_builder *b = *state;
    recursion(b, 600003, 150);
    b->in.timeline.count = 0;
    case_timeline_of(b, {0, 8}, {2000, 60}, {2500, 30}, {11000, 36});
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_recursion),
        case_test(test_depth_that_is_not_told),
        case_test(test_deep_but_small),
        case_test(test_two_functions_in_turn),
        case_test(test_stack_overflow),
        case_test(test_kill_overtook_the_capture),
        case_test(test_not_judged),
        case_test(test_deep_and_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
