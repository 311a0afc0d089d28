/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_functions.h"
#include "fake_go.h"
#include "target/go_shown.h"

#define TEXT UINT64_C(0x400000)

enum { WORK, GOEXIT, COUNT };
static const struct fake_function functions[] = {
    [WORK] = {"main.F[int]", 64, 16, 30, 0, 0},
    [GOEXIT] = {"runtime.goexit", 16, 0, 50, 8, LG_GO_FLAG_TOP_FRAME},
};

static void init(struct fake_go *f)
{
    fake_go_init(f, 27);
    struct lg_go_module m = fake_functions(&f->arena, functions, COUNT, TEXT);
    *(struct lg_go_module *)lg_push(&f->arena, &f->go.modules) = m;
}

static void test_names_as_go_prints_them(void **state)
{
    static const struct {
        const char *name, *shown_26, *shown_27;
    } rows[] = {
        {"main.main", "main.main", "main.main"},
        {"main.F[go.shape.int]", "main.F[...]", "main.F[...]"},
        {"main.F[map[string][]int].func1", "main.F[...].func1",
         "main.F[...].func1"},
        {"main.(*G[go.shape.[]int]).N[go.shape.string]", "main.(*G[...]",
         "main.(*G[...]).N[...]"},
        {"main.T[a].M[b].func2", "main.T[...].func2",
         "main.T[...].M[...].func2"},
        {"main.F[]", "main.F[...]", "main.F[...]"},
        {"broken[", "broken[", "broken["},
        {"broken]x[", "broken]x[", "broken]x["},
        {"a[b]c]", "a[...]", "a[...]"},
        {"a[b]c]d[e]", "a[...]", "a[b]c]d[e]"},
        {"", "", ""},
    };
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_str name = lg_str_of(rows[i].name);
        struct lg_str old = lg_go_name_shown(name, 26, &arena);
        struct lg_str new = lg_go_name_shown(name, 27, &arena);
        struct lg_str unknown = lg_go_name_shown(name, 0, &arena);
        if (!lg_str_eq(old, lg_str_of(rows[i].shown_26)) ||
            !lg_str_eq(new, lg_str_of(rows[i].shown_27)) ||
            !lg_str_eq(new, unknown))
            fail_msg("%s: %.*s, %.*s", rows[i].name, LG_STR_ARG(old),
                     LG_STR_ARG(new));
    }
    lg_arena_deinit(&arena);
}

static void test_which_frames_are_shown(void **state)
{
    static const struct {
        const char *name;
        enum lg_go_func_kind kind, callee;
        bool is_first, in_22, in_27;
    } rows[] = {
        {"main.f", LG_FUNC_NORMAL, LG_FUNC_NORMAL, true, true, true},
        {"runtime.gopark", LG_FUNC_NORMAL, LG_FUNC_NORMAL, true, false, false},
        {"runtime.GC", LG_FUNC_NORMAL, LG_FUNC_NORMAL, false, true, true},
        {"runtime.Func.Name", LG_FUNC_NORMAL, LG_FUNC_NORMAL, false, true,
         true},
        {"runtime.(*Func).Entry", LG_FUNC_NORMAL, LG_FUNC_NORMAL, false, false,
         true},
        {"runtime.(*mheap).Free", LG_FUNC_NORMAL, LG_FUNC_NORMAL, false, false,
         false},
        {"runtime.gopanic", LG_FUNC_GOPANIC, LG_FUNC_NORMAL, true, false,
         false},
        {"runtime.gopanic", LG_FUNC_GOPANIC, LG_FUNC_NORMAL, false, true, true},
        {"runtime/debug.Stack", LG_FUNC_NORMAL, LG_FUNC_NORMAL, true, true,
         true},
        {"runtime.runfinq", LG_FUNC_RUNFINQ, LG_FUNC_NORMAL, false, false,
         true},
        {"assembler", LG_FUNC_NORMAL, LG_FUNC_NORMAL, false, false, false},
        {"main.I.f", LG_FUNC_WRAPPER, LG_FUNC_NORMAL, false, false, false},
        {"main.I.f", LG_FUNC_WRAPPER, LG_FUNC_SIGPANIC, false, true, true},
        {"main.I.f", LG_FUNC_WRAPPER, LG_FUNC_GOPANIC, false, true, true},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_go_shown_line line = {.function = lg_str_of(rows[i].name),
                                        .kind = rows[i].kind};
        bool old = lg_go_is_shown(&line, rows[i].callee, rows[i].is_first, 22);
        bool new = lg_go_is_shown(&line, rows[i].callee, rows[i].is_first, 27);
        if (old != rows[i].in_22 || new != rows[i].in_27)
            fail_msg("%zu, %s: %d %d", i, rows[i].name, old, new);
    }
}

static void test_places_are_kept(void **state)
{
    struct fake_go f;
    struct lg_go_symbols s;
    init(&f);
    lg_go_symbols_init(&s, &f.go, &f.arena);
    const struct lg_go_place *p = lg_go_symbols_place(&s, TEXT + 5);
    assert_true(p->is_go && p->line_count == 1);
    assert_true(
        lg_str_eq(lg_go_place_lines(&s, p)->shown, LG_STR("main.F[...]")));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(lg_go_symbols_place(&s, TEXT + 5)->line_count, 1);
        assert_false(lg_go_symbols_place(&s, 0x1234)->is_go);
    }
    assert_int_equal(s.places.count, 2);
    fake_go_deinit(&f);
}

/* As runtime.Callers fills them: a stack that ends in goexit, with a zero, with
 * something that is no code. */
static void test_locations_of_callers(void **state)
{
    static const uint64_t stack[] = {TEXT + 10, TEXT + 20, 0x1235, TEXT + 65,
                                     0};
    struct fake_go f;
    struct lg_go_symbols s;
    struct lg_go_locations l;
    struct lg_profile p;
    init(&f);
    lg_go_symbols_init(&s, &f.go, &f.arena);
    assert_true(lg_profile_init(&p, &f.arena));
    assert_true(lg_go_locations_init(&l, &s, &p));
    uint32_t first[LG_COUNT(stack)], again[LG_COUNT(stack)];
    size_t depth = 0;
    assert_true(
        lg_go_locations_callers(&l, stack, LG_COUNT(stack), first, &depth));
    assert_int_equal(depth, 3);
    assert_true(
        lg_go_locations_callers(&l, stack, LG_COUNT(stack), again, &depth));
    assert_int_equal(depth, 3);
    assert_memory_equal(first, again, depth * sizeof *first);
    assert_int_equal(p.locations.count, 3);
    assert_int_equal(p.locations.items[0].address, TEXT + 9);
    assert_int_equal(p.locations.items[2].line_count, 0);
    assert_int_equal(p.functions.count, 1);
    assert_true(lg_str_eq(p.functions.items[0].name, LG_STR("main.F[int]")));
    fake_go_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_as_go_prints_them),
        cmocka_unit_test(test_which_frames_are_shown),
        cmocka_unit_test(test_places_are_kept),
        cmocka_unit_test(test_locations_of_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
