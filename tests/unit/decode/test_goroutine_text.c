/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/map.h"
#include "base/sb.h"
#include "decode/goroutine_text.h"
#include "decode/pprof.h"
#include "golden.h"

#include <inttypes.h>

static struct lg_goroutines parse(struct lg_arena *arena, struct lg_str text)
{
    struct lg_goroutines g;
    struct lg_error err = {0};
    if (!lg_goroutine_text_parse(text, arena, &g, &err))
        fail_msg("%s", err.text);
    assert_true(lg_goroutine_text_is(text));
    return g;
}

static const struct lg_frame *frame_of(const struct lg_goroutines *g,
                                       size_t item, uint32_t frame)
{
    assert_true(frame < g->items.items[item].frame_count);
    return &g->frames.items[g->items.items[item].frame_first + frame];
}

static void assert_frame(const struct lg_frame *f, const char *function,
                         const char *file, uint32_t line)
{
    if (!lg_str_eq(f->function, lg_str_of(function)) ||
        !lg_str_eq(f->file, lg_str_of(file)) || f->line != line)
        fail_msg("%.*s %.*s:%u", LG_STR_ARG(f->function), LG_STR_ARG(f->file),
                 f->line);
}

/* State and stack of a goroutine, the same in a dump and in a profile: names
 * differ in their type arguments, so places stand for them. */
static struct lg_str place_text(struct lg_arena *arena,
                                const struct lg_goroutines *g, size_t item,
                                bool with_state)
{
    struct lg_sb sb;
    const struct lg_goroutine *i = &g->items.items[item];
    lg_sb_init(&sb, arena);
    if (with_state)
        lg_sb_fmt(&sb, "[%.*s] ", LG_STR_ARG(i->state));
    for (uint32_t f = 0; f < i->frame_count; f++) {
        const struct lg_frame *frame = frame_of(g, item, f);
        lg_sb_fmt(&sb, "%.*s:%u ", LG_STR_ARG(frame->file), frame->line);
    }
    return lg_sb_view(&sb);
}

/* How many goroutines stand where, but for the one that takes the profile and
 * those whose stacks are not whole (up to Go 1.22 a profile has 32 frames). */
static struct lg_map count_places(struct lg_arena *arena,
                                  const struct lg_goroutines *g,
                                  bool with_state)
{
    struct lg_map map;
    lg_map_init(&map, arena);
    for (size_t i = 0; i < g->items.count; i++) {
        const struct lg_goroutine *item = &g->items.items[i];
        if (lg_str_eq(item->state, LG_STR("running")) ||
            item->elided_frames != 0 || item->frame_count > 25)
            continue;
        *lg_map_put_str(&map, place_text(arena, g, i, with_state), NULL) +=
            item->count;
    }
    return map;
}

static void assert_same_places(const struct lg_map *a, const struct lg_map *b,
                               const char *version)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const uint64_t *n = lg_map_find_str(b, a->entries[i].key);
        if (n == NULL || *n != a->entries[i].value)
            fail_msg("go%s: %" PRIu64 " against %" PRIu64 " at %.*s", version,
                     a->entries[i].value, n != NULL ? *n : 0,
                     LG_STR_ARG(a->entries[i].key));
    }
}

/* The oracle: the same goroutines in the runtime's three forms. */
static void test_forms_agree(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_goroutines counts, profile;
        lg_arena_init(&arena, 0);
        struct lg_goroutines dump = parse(
            &arena, lg_golden(&arena, "goroutines/%s/goroutines.txt", version));
        assert_true(lg_goroutine_count_text_parse(
            lg_golden(&arena, "goroutines/%s/goroutine-counts.txt", version),
            &arena, &counts, NULL));
        assert_true(lg_pprof_parse(
            lg_golden(&arena, "pprof/%s/goroutine.pb.gz", version), &arena, &p,
            NULL));
        assert_true(lg_goroutines_from_profile(&p, &arena, &profile));
        assert_int_equal(dump.total, dump.items.count);
        assert_int_equal(dump.total, counts.total);
        assert_int_equal(dump.total, profile.total);
        assert_false(dump.truncated || counts.truncated);
        assert_int_equal(lg_profile_total(&p, 0), (int64_t)dump.total);
        struct lg_map a = count_places(&arena, &dump, false);
        struct lg_map b = count_places(&arena, &counts, false);
        struct lg_map c = count_places(&arena, &profile, false);
        assert_true(a.count > 15);
        assert_same_places(&a, &b, version);
        assert_same_places(&a, &c, version);
        lg_arena_deinit(&arena);
    }
}

/* What a dump says and what the parking functions tell. The words for locks
 * came with Go 1.20, and nil channels look like others in a profile. */
static void test_states_agree(void **state)
{
    for (size_t v = 1; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_goroutines profile;
        lg_arena_init(&arena, 0);
        struct lg_goroutines dump = parse(
            &arena, lg_golden(&arena, "goroutines/%s/goroutines.txt", version));
        assert_true(lg_pprof_parse(
            lg_golden(&arena, "pprof/%s/goroutine.pb.gz", version), &arena, &p,
            NULL));
        assert_true(lg_goroutines_from_profile(&p, &arena, &profile));
        lg_each(item, dump.items) {
            struct lg_cut cut = lg_str_cut(item->state, LG_STR(" (nil chan)"));
            item->state = cut.head;
        }
        struct lg_map a = count_places(&arena, &dump, true);
        struct lg_map b = count_places(&arena, &profile, true);
        assert_same_places(&a, &b, version);
        lg_arena_deinit(&arena);
    }
}

static const struct lg_goroutine *find(const struct lg_goroutines *g,
                                       const char *state)
{
    lg_each(item, g->items)
        if (lg_str_eq(item->state, lg_str_of(state)))
            return item;
    return NULL;
}

static void assert_unique_ids(const struct lg_goroutines *g)
{
    struct lg_map ids;
    bool fresh;
    lg_map_init(&ids, g->arena);
    lg_each(item, g->items) {
        assert_non_null(lg_map_put_u64(&ids, item->id, &fresh));
        assert_true(fresh && item->id != 0);
    }
}

static void test_dumps(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        struct lg_arena arena;
        bool locked = false;
        lg_arena_init(&arena, 0);
        struct lg_goroutines g =
            parse(&arena, lg_golden(&arena, "goroutines/%s/goroutines.txt",
                                    lg_golden_versions[v]));
        lg_each(item, g.items) {
            assert_true(item->frame_count > 0);
            assert_true((item->created_by.function.len == 0) ==
                        (item->id == 1));
            assert_true(item->created_by.line > 0 || item->id == 1);
            if (v >= 2 && item->id != 1)
                assert_true(item->creator_id != 0);
            locked |= item->locked_to_thread;
        }
        assert_true(locked);
        assert_unique_ids(&g);
        assert_non_null(find(&g, "chan receive (nil chan)"));
        assert_non_null(find(&g, "chan send (nil chan)"));
        assert_non_null(find(&g, "select (no cases)"));
        assert_non_null(find(&g, "IO wait"));
        assert_non_null(find(&g, "sleep"));
        assert_non_null(find(&g, "sync.Cond.Wait"));
        lg_arena_deinit(&arena);
    }
}

/* Stacks of ancestors are not the goroutine's own. */
static void test_ancestors(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        struct lg_goroutines plain = parse(
            &arena, lg_golden(&arena, "goroutines/%s/goroutines.txt", version));
        struct lg_goroutines more = parse(
            &arena, lg_golden(&arena, "goroutines/%s/ancestors.txt", version));
        struct lg_map a = count_places(&arena, &plain, true);
        struct lg_map b = count_places(&arena, &more, true);
        assert_same_places(&a, &b, version);
        size_t labelled = 0;
        lg_each(item, more.items) {
            labelled += item->labels.len != 0;
            if (item->labels.len != 0)
                assert_true(lg_str_contains(item->labels, LG_STR("tenant")));
        }
        assert_int_equal(labelled, v >= 3); /* Go 1.26 and later */
        lg_arena_deinit(&arena);
    }
}

/* The oracle: Go's own proof, in its three forms of one instant. */
static void test_leaked(void **state)
{
    for (size_t v = 3; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_goroutines counts, profile;
        struct lg_goroutine_groups groups;
        uint64_t leaked = 0;
        lg_arena_init(&arena, 0);
        struct lg_goroutines dump =
            parse(&arena, lg_golden(&arena, "goroutines/%s/leak.txt", version));
        assert_true(lg_goroutine_count_text_parse(
            lg_golden(&arena, "goroutines/%s/leak-counts.txt", version), &arena,
            &counts, NULL));
        assert_true(
            lg_pprof_parse(lg_golden(&arena, "pprof/%s/leak.pb.gz", version),
                           &arena, &p, NULL));
        assert_true(lg_goroutines_from_profile(&p, &arena, &profile));
        assert_true(lg_goroutines_group(&dump, &arena, &groups));
        lg_each(group, groups.items)
            leaked += group->leaked_count;
        assert_true(leaked > 50 && leaked < dump.total);
        assert_int_equal(leaked, counts.total);
        assert_int_equal(leaked, profile.total);
        lg_each(item, counts.items)
            assert_true(item->leaked);
        lg_each(item, profile.items)
            assert_true(item->leaked);
        assert_non_null(find(&dump, "chan receive (nil chan)"));
        lg_arena_deinit(&arena);
    }
}

static void test_recursion(void **state)
{
    static const struct {
        const char *mode;
        uint64_t length, rounds;
    } modes[] = {{"direct", 1, 300},  {"mutual", 3, 300},
                 {"closure", 1, 300}, {"interface", 1, 300},
                 {"inlined", 2, 300}, {"generic", 1, 300}};
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++)
        for (size_t m = 0; m < LG_COUNT(modes); m++) {
            struct lg_arena arena;
            struct lg_frame_cycle cycle;
            lg_arena_init(&arena, 0);
            struct lg_goroutines g = parse(
                &arena, lg_golden(&arena, "goroutines/%s/recurse-%s-300.txt",
                                  lg_golden_versions[v], modes[m].mode));
            const struct lg_goroutine *item = &g.items.items[0];
            assert_int_equal(g.items.count, 1);
            assert_true(lg_frames_find_cycle(lg_goroutine_frames(&g, item),
                                             item->frame_count,
                                             item->elided_frames, &cycle));
            assert_int_equal(cycle.length, modes[m].length);
            assert_true(cycle.first <= 3);
            /* Since Go 1.21 the dump tells how much it left out: step and one
             * or two more frames are not of the cycle. */
            if (v >= 2) {
                uint64_t rounds = modes[m].length * modes[m].rounds;
                assert_int_equal(item->elided_at, 50);
                assert_in_range(cycle.depth, rounds, rounds + 3);
            } else {
                assert_true(item->elided_frames == UINT64_MAX);
                assert_int_equal(cycle.depth, item->frame_count);
            }
            lg_arena_deinit(&arena);
        }
}

static void test_deaths(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        struct lg_goroutines g = parse(
            &arena, lg_golden(&arena, "goroutines/%s/die-panic.txt", version));
        assert_int_equal(g.items.count, 1);
        assert_frame(frame_of(&g, 0, 0), "main.main",
                     "example.com/shop/die/main.go", 54);
        g = parse(&arena,
                  lg_golden(&arena, "goroutines/%s/die-rethrow.txt", version));
        assert_true(lg_str_eq(frame_of(&g, 0, 1)->function, LG_STR("panic")));
        /* Threads print themselves behind rules: nothing counts twice. */
        struct lg_goroutines quit = parse(
            &arena, lg_golden(&arena, "goroutines/%s/die-quit.txt", version));
        struct lg_goroutines crash = parse(
            &arena, lg_golden(&arena, "goroutines/%s/die-crash.txt", version));
        assert_true(quit.items.count <= crash.items.count);
        assert_unique_ids(&crash);
        assert_false(quit.truncated || crash.truncated);
        g = parse(&arena,
                  lg_golden(&arena, "goroutines/%s/die-threads.txt", version));
        assert_true(g.items.count > 20);
        lg_arena_deinit(&arena);
    }
}

/* Everything that a dump can hold, between lines of a log. */
static void test_by_hand(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_goroutines g =
        parse(&arena,
              LG_STR("2026/11/02 14:03:09 goroutine 1 [running]: says the log\n"
                     "panic: boom\r\n\r\n"
                     "goroutine 5 [running]:\r\n"
                     "main.f({0x1, 0x2}, ...)\r\n"
                     "\t/src/a b.go:12 +0x1d\r\n"
                     "created by main.main in goroutine 1\r\n"
                     "\t/src/main.go:40 +0x55\r\n"
                     "exit status 2\n"
                     "\n"
                     "goroutine 6 [running]:\n"
                     "\tgoroutine running on other thread; stack unavailable\n"
                     "created by main.main in goroutine 1\n"
                     "\t/src/main.go:41 +0x55\n"
                     "\n"
                     "goroutine 7 [syscall, locked to thread]:\n"
                     "non-Go function at pc=0x7f00\n"
                     "c_function with blanks (int)\n"
                     "\t/lib/x.c:77 pc=0x7f01\n"
                     "no_symbol\n"
                     "\tpc=0x7f02\n"
                     "runtime.cgocall(0x1)\n"
                     "2026/11/02 14:03:10 a log line in between\n"
                     "\t/go/src/runtime/cgocall.go:157 +0x5c\n"
                     "main._Cfunc_f(0x1)\n"
                     "\t_cgo_gotypes.go:50 +0x45\n"
                     "...additional frames elided...\n"
                     "created by main.main\n"
                     "\t/src/main.go:42 +0x55\n"
                     "goroutine 8 [select]:\n"
                     "main.g()\n"
                     "\t/src/main.go:7 +0x1\n"
                     "\n"
                     "rax    0x0\n"));
    assert_int_equal(g.items.count, 4);
    assert_false(g.truncated);
    assert_frame(frame_of(&g, 0, 0), "main.f", "/src/a b.go", 12);
    assert_frame(&g.items.items[0].created_by, "main.main", "/src/main.go", 40);
    assert_true(g.items.items[1].stack_unavailable);
    assert_int_equal(g.items.items[1].frame_count, 0);
    assert_true(g.items.items[2].locked_to_thread);
    assert_frame(frame_of(&g, 2, 0), "non-Go function", "", 0);
    assert_frame(frame_of(&g, 2, 1), "c_function with blanks (int)", "/lib/x.c",
                 77);
    assert_frame(frame_of(&g, 2, 2), "no_symbol", "", 0);
    assert_frame(frame_of(&g, 2, 3), "main._Cfunc_f", "_cgo_gotypes.go", 50);
    assert_true(g.items.items[2].elided_frames == UINT64_MAX);
    assert_int_equal(g.items.items[2].elided_at, 4);
    assert_int_equal(g.items.items[2].creator_id, 0);
    assert_int_equal(g.items.items[3].id, 8);
    lg_arena_deinit(&arena);
}

static void test_absent(void **state)
{
    static const char *const texts[] = {"", "\n", "panic: boom\n",
                                        "goroutine profile: total 3\n",
                                        "goroutine 1 [runn"};
    for (size_t i = 0; i < LG_COUNT(texts); i++) {
        struct lg_arena arena;
        struct lg_goroutines g;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        assert_false(
            lg_goroutine_text_parse(lg_str_of(texts[i]), &arena, &g, &err));
        assert_int_equal(err.kind, LG_ABSENT);
        assert_false(lg_goroutine_text_is(lg_str_of(texts[i])));
        lg_arena_deinit(&arena);
    }
}

static struct lg_goroutines whole_dump;
static size_t whole_len;

/* Each prefix gives the goroutines that are whole in it, unchanged. The last
 * may miss nothing but a line that nobody can know of. */
static void cut(struct lg_str bytes, bool whole)
{
    struct lg_arena arena;
    struct lg_goroutines g;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    if (!lg_goroutine_text_parse(bytes, &arena, &g, &err)) {
        assert_int_equal(err.kind, LG_ABSENT);
        lg_arena_deinit(&arena);
        return;
    }
    bool half = g.items.count == 1; /* kept although it is cut */
    for (size_t i = 0; i < g.items.count && !half; i++) {
        const struct lg_goroutine *a = &g.items.items[i],
                                  *b = &whole_dump.items.items[i];
        assert_true(a->id == b->id && lg_str_eq(a->state, b->state));
        assert_true(lg_str_eq(a->created_by.function, b->created_by.function));
        assert_int_equal(a->created_by.line, b->created_by.line);
        assert_int_equal(a->frame_count, b->frame_count);
        for (uint32_t f = 0; f < a->frame_count; f++) {
            assert_true(frame_of(&g, i, f)->line ==
                        frame_of(&whole_dump, i, f)->line);
            assert_true(lg_str_eq(frame_of(&g, i, f)->file,
                                  frame_of(&whole_dump, i, f)->file));
        }
    }
    if (bytes.len == whole_len)
        assert_int_equal(g.items.count, whole_dump.items.count);
    lg_arena_deinit(&arena);
}

static void hostile(struct lg_str bytes, bool whole)
{
    struct lg_arena arena;
    struct lg_goroutines g;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    bool ok = lg_goroutine_text_parse(bytes, &arena, &g, &err);
    assert_true(ok || err.kind == LG_ABSENT);
    for (size_t i = 0; ok && i < g.items.count; i++)
        assert_true(g.items.items[i].frame_first +
                        g.items.items[i].frame_count <=
                    g.frames.count);
    lg_arena_deinit(&arena);
}

static bool parse_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_goroutines g;
    return lg_goroutine_text_parse(*(struct lg_str *)context, arena, &g, err);
}

static void test_hostile(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str text = lg_golden(&arena, "goroutines/1.26.8/goroutines.txt");
    whole_dump = parse(&arena, text);
    whole_len = text.len;
    /* The first 4,096 prefixes at every byte, all of them in steps. */
    lg_hostile(text, 0, cut);
    lg_hostile(lg_str_first(text, 4095), 0, cut);
    lg_hostile(text, 2000, hostile);
    lg_hostile(lg_golden(&arena, "goroutines/1.27.4/ancestors.txt"), 2000,
               hostile);
    lg_hostile(lg_golden(&arena, "goroutines/1.27.4/die-crash.txt"), 2000,
               hostile);
    assert_true(lg_alloc_fail_all(parse_again, &text) > 0);
    text = lg_golden(&arena, "goroutines/1.27.4/die-crash.txt");
    assert_true(lg_alloc_fail_all(parse_again, &text) > 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_agree), cmocka_unit_test(test_states_agree),
        cmocka_unit_test(test_dumps),       cmocka_unit_test(test_ancestors),
        cmocka_unit_test(test_recursion),   cmocka_unit_test(test_leaked),
        cmocka_unit_test(test_deaths),      cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_absent),      cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
