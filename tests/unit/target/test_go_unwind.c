/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_functions.h"
#include "fake_go.h"
#include "rng.h"
#include "target/go_unwind.h"

#define TEXT UINT64_C(0x400000)
#define STACK UINT64_C(0xc000100000)
#define WORDS 64

enum { LEAF, MIDDLE, ROOT, GOEXIT, PREEMPT, SIGPANIC, SWITCH, FOREIGN, COUNT };

/* Numbers of Go 1.27: asyncPreempt 3, goexit 8, sigpanic 20. */
static const struct fake_function functions[] = {
    [LEAF] = {"main.leaf", 64, 16, 10, 0, 0},
    [MIDDLE] = {"main.middle", 64, 32, 20, 0, 0},
    [ROOT] = {"main.root", 64, 8, 30, 0, 0},
    [GOEXIT] = {"runtime.goexit", 16, 0, 40, 8, LG_GO_FLAG_TOP_FRAME},
    [PREEMPT] = {"runtime.asyncPreempt", 64, 8, 50, 3, 0},
    [SIGPANIC] = {"runtime.sigpanic", 64, 8, 60, 20, 0},
    [SWITCH] = {"runtime.gogo", 64, 0, 70, 0, LG_GO_FLAG_SP_WRITE},
    [FOREIGN] = {"assembler", 64, -1, 80, 0, 0},
};

struct rig {
    struct fake_go f;
    const struct lg_go_module *module;
    struct lg_go_counters counters;
    uint64_t words[WORDS];
    size_t top; /* words used */
};

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    fake_go_init(&r->f, 27);
    struct lg_go_module m = fake_functions(&r->f.arena, functions, COUNT, TEXT);
    *(struct lg_go_module *)lg_push(&r->f.arena, &r->f.go.modules) = m;
    r->module = r->f.go.modules.items;
    lg_go_counters_init(&r->counters, &r->f.go, &r->f.arena);
}

static uint64_t pc_in(const struct rig *r, int function, uint64_t at)
{
    return fake_entry(r->module, (size_t)function) + at;
}

/* A frame of `function` whose caller is at pc. */
static void push(struct rig *r, int function, uint64_t pc)
{
    r->top += (size_t)functions[function].frame / 8;
    r->words[r->top++] = pc;
}

static struct lg_unwind at(const struct rig *r, uint64_t pc)
{
    return (struct lg_unwind){
        .pc = pc, .sp = STACK, .hi = STACK + r->top * 8, .is_innermost = true};
}

static struct lg_go_window window_of(const struct rig *r)
{
    return (struct lg_go_window){(const uint8_t *)r->words, STACK,
                                 STACK + r->top * 8};
}

static void expect(struct rig *r, struct lg_unwind *u, enum lg_unwind_step step,
                   uint64_t shown)
{
    struct lg_go_window w = window_of(r);
    assert_int_equal(lg_unwind_next(u, &r->counters, &w), step);
    if (step != LG_UNWIND_END)
        assert_int_equal(u->shown_pc, shown);
}

/* leaf ← middle ← root ← goexit */
static void usual_stack(struct rig *r)
{
    push(r, LEAF, pc_in(r, MIDDLE, 9));
    push(r, MIDDLE, pc_in(r, ROOT, 11));
    push(r, ROOT, pc_in(r, GOEXIT, 1));
}

static void test_walks_to_the_top(void **state)
{
    struct rig r;
    rig_init(&r);
    usual_stack(&r);
    struct lg_unwind u = at(&r, pc_in(&r, LEAF, 5));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, LEAF, 4));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, MIDDLE, 8));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, ROOT, 10));
    expect(&r, &u, LG_UNWIND_LAST, pc_in(&r, GOEXIT, 0));
    fake_go_deinit(&r.f);
}

static void test_registers_are_no_return_address(void **state)
{
    struct rig r;
    rig_init(&r);
    usual_stack(&r);
    struct lg_unwind u = at(&r, pc_in(&r, LEAF, 5));
    u.is_trap = true;
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, LEAF, 5));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, MIDDLE, 8));
    fake_go_deinit(&r.f);
}

/* A goroutine that never ran stands at its function's first byte. */
static void test_entry_is_no_return_address(void **state)
{
    struct rig r;
    rig_init(&r);
    push(&r, ROOT, pc_in(&r, GOEXIT, 1));
    struct lg_unwind u = at(&r, pc_in(&r, ROOT, 0));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, ROOT, 0));
    fake_go_deinit(&r.f);
}

/* Neither preemption nor a fault called what it interrupted. */
static void test_injected_calls(void **state)
{
    static const int injected[] = {PREEMPT, SIGPANIC};
    for (size_t i = 0; i < LG_COUNT(injected); i++) {
        struct rig r;
        rig_init(&r);
        push(&r, injected[i], pc_in(&r, LEAF, 7));
        usual_stack(&r);
        struct lg_unwind u = at(&r, pc_in(&r, injected[i], 3));
        expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, injected[i], 2));
        expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, LEAF, 7));
        expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, MIDDLE, 8));
        fake_go_deinit(&r.f);
    }
}

static void test_stops_where_sp_is_written(void **state)
{
    struct rig r;
    rig_init(&r);
    push(&r, SWITCH, pc_in(&r, ROOT, 3));
    push(&r, ROOT, pc_in(&r, GOEXIT, 1));
    struct lg_unwind u = at(&r, pc_in(&r, SWITCH, 5));
    expect(&r, &u, LG_UNWIND_LOST, pc_in(&r, SWITCH, 4));
    /* entersyscall noted pc and sp before that was done. */
    u = at(&r, pc_in(&r, SWITCH, 5));
    u.is_syscall = true;
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, SWITCH, 4));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, ROOT, 2));
    fake_go_deinit(&r.f);
}

static void test_nil_call(void **state)
{
    struct rig r;
    rig_init(&r);
    r.words[r.top++] = pc_in(&r, LEAF, 9);
    usual_stack(&r);
    struct lg_unwind u = at(&r, 0);
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, LEAF, 8));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, MIDDLE, 8));
    fake_go_deinit(&r.f);
}

static void test_code_without_a_table_ends_it(void **state)
{
    struct rig r;
    rig_init(&r);
    push(&r, LEAF, pc_in(&r, FOREIGN, 9));
    push(&r, ROOT, 0);
    struct lg_unwind u = at(&r, pc_in(&r, LEAF, 5));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, LEAF, 4));
    expect(&r, &u, LG_UNWIND_END, 0);
    fake_go_deinit(&r.f);
}

static void test_frame_pointer_leads_out_of_foreign_code(void **state)
{
    struct rig r;
    rig_init(&r);
    r.words[3] = 0;                    /* saved frame pointer */
    r.words[4] = pc_in(&r, MIDDLE, 9); /* return address */
    r.top = 5;
    push(&r, MIDDLE, pc_in(&r, ROOT, 11));
    push(&r, ROOT, pc_in(&r, GOEXIT, 1));
    struct lg_unwind u = at(&r, 0x7fff00001234);
    u.bp = STACK + 3 * 8;
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, MIDDLE, 8));
    expect(&r, &u, LG_UNWIND_FRAME, pc_in(&r, ROOT, 10));
    fake_go_deinit(&r.f);
}

static void test_lost(void **state)
{
    struct rig r;
    rig_init(&r);
    push(&r, LEAF, 0x1234567);
    struct lg_unwind u = at(&r, pc_in(&r, LEAF, 5));
    expect(&r, &u, LG_UNWIND_LOST, pc_in(&r, LEAF, 4));
    /* A frame that reaches out of the stack. */
    u = at(&r, pc_in(&r, MIDDLE, 5));
    u.hi = STACK + 16;
    expect(&r, &u, LG_UNWIND_LOST, pc_in(&r, MIDDLE, 4));
    fake_go_deinit(&r.f);
}

/* Bytes come piece by piece: the same frames, none twice. */
static void test_window_of_a_word(void **state)
{
    struct rig r;
    rig_init(&r);
    usual_stack(&r);
    struct lg_unwind u = at(&r, pc_in(&r, LEAF, 5));
    struct lg_go_window w = {0};
    uint64_t shown[8];
    size_t n = 0, shorts = 0;
    for (;;) {
        enum lg_unwind_step step = lg_unwind_next(&u, &r.counters, &w);
        if (step == LG_UNWIND_SHORT) {
            size_t word = (size_t)(u.wants - STACK) / 8;
            w = (struct lg_go_window){(const uint8_t *)&r.words[word], u.wants,
                                      u.wants + 8};
            shorts++;
            continue;
        }
        shown[n++] = u.shown_pc;
        if (step != LG_UNWIND_FRAME)
            break;
    }
    assert_int_equal(n, 4);
    assert_int_equal(shorts, 3);
    assert_int_equal(shown[0], pc_in(&r, LEAF, 4));
    assert_int_equal(shown[3], pc_in(&r, GOEXIT, 0));
    fake_go_deinit(&r.f);
}

/* Whatever lies there: each step goes up, none leaves the stack. */
static void test_random_stacks_end(void **state)
{
    struct lg_rng rng = {7};
    struct rig r;
    rig_init(&r);
    uint64_t bytes = r.module->etext - TEXT;
    for (int round = 0; round < 2000; round++) {
        r.top = WORDS;
        for (size_t i = 0; i < WORDS; i++)
            r.words[i] = lg_rng_below(&rng, 4) != 0
                             ? TEXT + lg_rng_below(&rng, (size_t)bytes)
                             : lg_rng_any_width(&rng);
        struct lg_unwind u = at(&r, TEXT + lg_rng_below(&rng, (size_t)bytes));
        u.sp += lg_rng_below(&rng, WORDS) * 8;
        u.bp = STACK + lg_rng_below(&rng, WORDS + 4) * 8;
        u.is_trap = lg_rng_below(&rng, 2) == 0;
        struct lg_go_window w = window_of(&r);
        uint64_t sp = u.sp;
        size_t steps = 0;
        while (lg_unwind_next(&u, &r.counters, &w) == LG_UNWIND_FRAME) {
            assert_true(u.sp > sp && u.sp <= u.hi);
            sp = u.sp;
            steps++;
        }
        assert_true(steps <= WORDS);
    }
    fake_go_deinit(&r.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks_to_the_top),
        cmocka_unit_test(test_registers_are_no_return_address),
        cmocka_unit_test(test_entry_is_no_return_address),
        cmocka_unit_test(test_injected_calls),
        cmocka_unit_test(test_stops_where_sp_is_written),
        cmocka_unit_test(test_nil_call),
        cmocka_unit_test(test_code_without_a_table_ends_it),
        cmocka_unit_test(test_frame_pointer_leads_out_of_foreign_code),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_window_of_a_word),
        cmocka_unit_test(test_random_stacks_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
