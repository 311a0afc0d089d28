/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "decode/goroutine_text.h"
#include "golden.h"

static const char text[] =
    "goroutine profile: total 9\n"
    "5 @ 0x43a 0x44b 0x46c\n"
    "# labels: {\"shard\":\"7\", \"tenant\":\"a ]\\\"b{\"}\n"
    "#\t0x43b\tsync.runtime_Semacquire+0x24\t/go/sema.go:62\n"
    "#\t0x44c\tmain.(*T[...]).run+0x1f\t\t\t/src/a b.go:12\n"
    "\n"
    "3 @ 0x43a\n"
    "#\t0x43b\tmain.loop+0x24\t/src/main.go:7\n"
    "\n"
    "1 @\n"
    "\n";

static void test_by_hand(void **state)
{
    struct lg_arena arena;
    struct lg_goroutines g;
    struct lg_str bytes = lg_str_of(text);
    lg_arena_init(&arena, 0);
    assert_true(lg_goroutine_count_text_is(bytes));
    assert_true(lg_goroutine_count_text_parse(bytes, &arena, &g, NULL));
    assert_true(g.from_profile);
    assert_false(g.truncated);
    assert_int_equal(g.total, 9);
    assert_int_equal(g.items.count, 3);
    const struct lg_goroutine *first = &g.items.items[0];
    assert_int_equal(first->count, 5);
    assert_true(lg_str_eq(first->state, LG_STR("semacquire")));
    assert_true(lg_str_eq(first->labels,
                          LG_STR("\"shard\":\"7\", \"tenant\":\"a ]\\\"b{\"")));
    assert_int_equal(first->frame_count, 2);
    const struct lg_frame *f = &g.frames.items[1];
    assert_true(lg_str_eq(f->function, LG_STR("main.(*T[...]).run")));
    assert_true(lg_str_eq(f->file, LG_STR("/src/a b.go")));
    assert_int_equal(f->line, 12);
    /* The leaf's runtime frames are not in the text: nothing is told. */
    assert_int_equal(g.items.items[1].state.len, 0);
    assert_int_equal(g.items.items[2].frame_count, 0);
    lg_arena_deinit(&arena);
}

/* Cut between stacks: what is there counts, and it is said. */
static void test_cut(void **state)
{
    struct lg_arena arena;
    struct lg_goroutines g;
    lg_arena_init(&arena, 0);
    struct lg_str bytes = lg_str_of(text);
    bytes.len -= 8;
    assert_true(lg_goroutine_count_text_parse(bytes, &arena, &g, NULL));
    assert_true(g.truncated);
    assert_int_equal(g.items.count, 1);
    assert_int_equal(g.total, 5);
    lg_arena_deinit(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        struct lg_str text;
        enum lg_error_kind kind;
    } cases[] = {
        {LG_STR(""), LG_BAD_DATA},
        {LG_STR("heap profile: 1\n"), LG_BAD_DATA},
        {LG_STR("goroutine profile: total x\n"), LG_BAD_DATA},
        {LG_STR("goroutine profile: total 7\n"), LG_ABSENT},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_arena arena;
        struct lg_goroutines g;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        assert_false(
            lg_goroutine_count_text_parse(cases[i].text, &arena, &g, &err));
        assert_int_equal(err.kind, cases[i].kind);
        lg_arena_deinit(&arena);
    }
}

static void hostile(struct lg_str bytes, bool whole)
{
    struct lg_arena arena;
    struct lg_goroutines g;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    bool ok = lg_goroutine_count_text_parse(bytes, &arena, &g, &err);
    assert_true(ok || err.text[0] != '\0');
    assert_true(!whole || (ok && !g.truncated));
    lg_arena_deinit(&arena);
}

static bool parse_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_goroutines g;
    return lg_goroutine_count_text_parse(*(struct lg_str *)context, arena, &g,
                                         err);
}

static void test_hostile(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str bytes =
        lg_golden(&arena, "goroutines/1.26.8/goroutine-counts.txt");
    lg_hostile(bytes, 2000, hostile);
    lg_hostile(lg_str_of(text), 2000, hostile);
    assert_true(lg_alloc_fail_all(parse_again, &bytes) > 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
