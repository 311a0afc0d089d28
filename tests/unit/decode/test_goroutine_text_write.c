/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/goroutine_text.h"
#include "decode/goroutine_text_write.h"
#include "golden.h"
#include "rng.h"

#define MINUTE_NS UINT64_C(60000000000)

static void assert_str(struct lg_str a, struct lg_str b)
{
    if (!lg_str_eq(a, b))
        fail_msg("\"%.*s\" is not \"%.*s\"", LG_STR_ARG(a), LG_STR_ARG(b));
}

static void assert_frame(const struct lg_frame *a, const struct lg_frame *b)
{
    assert_str(a->function, b->function);
    assert_str(a->file, b->file);
    assert_int_equal(a->line, b->line);
}

/* All that a dump tells; waits to the minute. */
static void assert_same(const struct lg_goroutines *a,
                        const struct lg_goroutines *b)
{
    assert_int_equal(a->items.count, b->items.count);
    assert_int_equal(a->total, b->total);
    for (size_t i = 0; i < a->items.count; i++) {
        const struct lg_goroutine *x = &a->items.items[i];
        const struct lg_goroutine *y = &b->items.items[i];
        assert_int_equal(x->id, y->id);
        assert_int_equal(x->count, y->count);
        assert_str(x->state, y->state);
        assert_int_equal(x->wait_ns / MINUTE_NS, y->wait_ns / MINUTE_NS);
        assert_int_equal(x->leaked, y->leaked);
        assert_int_equal(x->locked_to_thread, y->locked_to_thread);
        assert_int_equal(x->stack_unavailable, y->stack_unavailable);
        assert_str(x->labels, y->labels);
        assert_int_equal(x->elided_frames, y->elided_frames);
        assert_int_equal(x->elided_at, y->elided_at);
        assert_int_equal(x->frame_count, y->frame_count);
        for (uint32_t f = 0; f < x->frame_count; f++)
            assert_frame(&lg_goroutine_frames(a, x)[f],
                         &lg_goroutine_frames(b, y)[f]);
        assert_frame(&x->created_by, &y->created_by);
        assert_int_equal(x->creator_id, y->creator_id);
    }
}

static struct lg_str write_all(const struct lg_goroutines *g,
                               struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_goroutine_text_write(g, &sb);
    assert_false(sb.failed);
    return lg_sb_view(&sb);
}

static void assert_comes_back(const struct lg_goroutines *g,
                              struct lg_arena *arena)
{
    struct lg_goroutines back;
    struct lg_error err = {0};
    struct lg_str text = write_all(g, arena);
    if (!lg_goroutine_text_parse(text, arena, &back, &err))
        fail_msg("%s", err.text);
    assert_false(back.truncated);
    assert_same(g, &back);
}

static void test_form(void **state)
{
    struct lg_frame frames[] = {
        {LG_STR("main.(*T).run"), LG_STR("/src/main.go"), 12},
        {LG_STR("panic"), LG_STR("/go/src/runtime/panic.go"), 884},
        {LG_STR("main.F[...]"), LG_STR("/src/f.go"), 7},
    };
    struct lg_goroutine items[] = {
        {
            .id = 38,
            .count = 1,
            .state = LG_STR("chan receive"),
            .wait_ns = 5 * MINUTE_NS + 1,
            .frame_count = 3,
            .elided_frames = 12,
            .elided_at = 1,
            .locked_to_thread = true,
            .leaked = true,
            .labels = LG_STR("tenant: \"a b\""),
            .created_by = {LG_STR("main.start"), LG_STR("/src/main.go"), 40},
            .creator_id = 1,
        },
        {
            .id = 1,
            .count = 1,
            .state = LG_STR("running"),
            .wait_ns = MINUTE_NS - 1,
            .stack_unavailable = true,
        },
    };
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_goroutines g = {
        .items = {items, 2, 2}, .frames = {frames, 3, 3}, .total = 2};
    assert_str(write_all(&g, &arena),
               LG_STR("goroutine 38 [chan receive (leaked), 5 minutes, locked "
                      "to thread] {tenant: \"a b\"}:\n"
                      "main.(*T).run(...)\n\t/src/main.go:12\n"
                      "...12 frames elided...\n"
                      "panic(...)\n\t/go/src/runtime/panic.go:884\n"
                      "main.F[...](...)\n\t/src/f.go:7\n"
                      "created by main.start in goroutine 1\n"
                      "\t/src/main.go:40\n"
                      "\n"
                      "goroutine 1 [running]:\n"
                      "\tgoroutine running on other thread; stack "
                      "unavailable\n"));
    assert_comes_back(&g, &arena);
    lg_arena_deinit(&arena);
}

static struct lg_frame random_frame(struct lg_rng *rng)
{
    static const char *const functions[] = {
        "main.main",
        "main.(*Repo).All",
        "github.com/a/b/c.F[...]",
        "main.T[...].M[...]",
        "net/http.(*conn).serve",
        "main.main.func1.gowrap1",
        "panic",
    };
    static const char *const files[] = {"/src/main.go", "C:/a b/x.go", "?",
                                        "_cgo_gotypes.go"};
    return (struct lg_frame){
        .function = lg_str_of(functions[lg_rng_below(rng, 7)]),
        .file = lg_str_of(files[lg_rng_below(rng, 4)]),
        .line = (uint32_t)lg_rng_any_width(rng),
    };
}

/* Some share their stack with one before. */
static void random_stack(struct lg_rng *rng, struct lg_goroutines *g,
                         struct lg_goroutine *item)
{
    const struct lg_goroutine *other =
        &g->items.items[lg_rng_below(rng, g->items.count)];
    if (other != item && lg_rng_below(rng, 2) == 0 && other->frame_count != 0) {
        item->frame_first = other->frame_first;
        item->frame_count = other->frame_count;
        item->elided_at = other->elided_at;
        item->elided_frames = other->elided_frames;
        return;
    }
    size_t n = 1 + lg_rng_below(rng, 9);
    item->frame_first = (uint32_t)g->frames.count;
    for (size_t i = 0; i < n; i++)
        *(struct lg_frame *)lg_push(g->arena, &g->frames) = random_frame(rng);
    item->frame_count = (uint32_t)n;
    if (lg_rng_below(rng, 4) == 0) {
        item->elided_at = (uint32_t)lg_rng_below(rng, n + 1);
        item->elided_frames =
            lg_rng_below(rng, 2) == 0 ? UINT64_MAX : 1 + lg_rng_below(rng, 99);
    }
}

static void random_item(struct lg_rng *rng, struct lg_goroutines *g)
{
    static const char *const states[] = {
        "running",  "runnable", "select (no cases)",       "IO wait",
        "syscall",  "sleep",    "chan receive (nil chan)", "preempted",
        "copystack"};
    static const char *const labels[] = {"", "", "a: b",
                                         "k: \"x]:{}, \\\" y\", l: m"};
    struct lg_goroutine *item = lg_push(g->arena, &g->items);
    *item = (struct lg_goroutine){
        .id = 1 + lg_rng_any_width(rng) / 2,
        .count = 1,
        .state = lg_str_of(states[lg_rng_below(rng, 9)]),
        .wait_ns = lg_rng_below(rng, 3) == 0 ? lg_rng_u64(rng) >> 8 : 0,
        .leaked = lg_rng_below(rng, 5) == 0,
        .locked_to_thread = lg_rng_below(rng, 5) == 0,
        .labels = lg_str_of(labels[lg_rng_below(rng, 4)]),
        .created_by = random_frame(rng),
        .creator_id = lg_rng_below(rng, 3),
    };
    g->total++;
    if (lg_rng_below(rng, 8) == 0)
        item->stack_unavailable = true;
    else
        random_stack(rng, g, item);
}

static void test_random_models_come_back(void **state)
{
    struct lg_rng rng = {1};
    for (int round = 0; round < 300; round++) {
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        struct lg_goroutines g = {.arena = &arena};
        size_t n = 1 + lg_rng_below(&rng, 90);
        for (size_t i = 0; i < n; i++)
            random_item(&rng, &g);
        assert_comes_back(&g, &arena);
        lg_arena_deinit(&arena);
    }
}

/* Dumps that Go itself wrote, of many versions. */
static void test_dumps_of_go_come_back(void **state)
{
    static const char *const names[] = {
        "goroutines", "ancestors", "recurse-direct-300", "recurse-inlined-20",
        "recurse-generic-300"};
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        for (size_t n = 0; n < LG_COUNT(names); n++) {
            struct lg_arena arena;
            struct lg_goroutines g;
            lg_arena_init(&arena, 0);
            struct lg_str text = lg_golden(&arena, "goroutines/%s/%s.txt",
                                           lg_golden_versions[v], names[n]);
            assert_true(lg_goroutine_text_parse(text, &arena, &g, NULL));
            assert_comes_back(&g, &arena);
            lg_arena_deinit(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_random_models_come_back),
        cmocka_unit_test(test_dumps_of_go_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
