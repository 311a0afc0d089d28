/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/sb.h"
#include "decode/heap_text.h"
#include "decode/pprof.h"
#include "golden.h"

#include <inttypes.h>

static struct lg_profile parse(struct lg_arena *arena, struct lg_str text)
{
    struct lg_profile p;
    struct lg_error err = {0};
    assert_true(lg_heap_text_is(text));
    if (!lg_heap_text_parse(text, arena, &p, &err))
        fail_msg("%s", err.text);
    return p;
}

/* Values, then the places of the stack. Names differ: the text shortens type
 * arguments. */
static struct lg_str sample_text(struct lg_arena *arena,
                                 const struct lg_profile *p, size_t sample)
{
    struct lg_sb sb;
    struct lg_frame frame;
    lg_sb_init(&sb, arena);
    for (int t = 0; t < (int)p->types.count; t++)
        lg_sb_fmt(&sb, "%" PRId64 " ", lg_profile_value(p, sample, t));
    struct lg_frame_iter it = lg_profile_frames(p, sample);
    while (lg_frame_iter_next(&it, &frame))
        lg_sb_fmt(&sb, "%.*s:%u ", LG_STR_ARG(frame.file), frame.line);
    return lg_sb_view(&sb);
}

static int by_text(const void *left, const void *right)
{
    const struct lg_str *a = left, *b = right;
    return lg_str_cmp(*a, *b);
}

/* Samples of nothing but zeros are left out: writing the one profile makes
 * some for the next. */
static struct lg_str *sorted_samples(struct lg_arena *arena,
                                     const struct lg_profile *p,
                                     size_t *count_ret)
{
    struct lg_str *texts = lg_new(arena, struct lg_str, p->samples.count);
    size_t count = 0;
    for (size_t i = 0; i < p->samples.count; i++)
        if (lg_profile_value(p, i, 0) != 0)
            texts[count++] = sample_text(arena, p, i);
    qsort(texts, count, sizeof *texts, by_text);
    *count_ret = count;
    return texts;
}

/* The oracle: the binary profile of the same instant, which the runtime itself
 * has un-sampled. */
static void test_against_binary(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        struct lg_profile binary;
        lg_arena_init(&arena, 0);
        struct lg_str gz = lg_golden(&arena, "pprof/%s/heap.pb.gz", version);
        struct lg_profile text =
            parse(&arena, lg_golden(&arena, "pprof/%s/heap.txt", version));
        assert_true(lg_pprof_parse(gz, &arena, &binary, NULL));
        assert_int_equal(text.period, binary.period);
        assert_int_equal(text.types.count, binary.types.count);
        for (size_t t = 0; t < text.types.count; t++)
            assert_true(lg_str_eq(text.types.items[t].type,
                                  binary.types.items[t].type));
        size_t count, count_b;
        struct lg_str *a = sorted_samples(&arena, &text, &count);
        struct lg_str *b = sorted_samples(&arena, &binary, &count_b);
        assert_int_equal(count, count_b);
        assert_true(count > 3);
        for (size_t i = 0; i < count; i++)
            if (!lg_str_eq(a[i], b[i]))
                fail_msg("go%s\ntext:   %.*s\nbinary: %.*s", version,
                         LG_STR_ARG(a[i]), LG_STR_ARG(b[i]));
        lg_arena_deinit(&arena);
    }
}

static uint64_t known(struct lg_num n)
{
    assert_true(n.known);
    return n.value;
}

/* The oracle: what runtime.MemStats promises of its own numbers. */
static void test_memstats(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        struct lg_arena arena;
        struct lg_memstats m;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        struct lg_str text =
            lg_golden(&arena, "pprof/%s/heap.txt", lg_golden_versions[v]);
        assert_true(lg_heap_text_memstats(text, &m, &err));
        assert_int_equal(known(m.heap_sys_bytes),
                         known(m.heap_idle_bytes) + known(m.heap_inuse_bytes));
        assert_int_equal(known(m.sys_bytes),
                         known(m.heap_sys_bytes) + known(m.stack_sys_bytes) +
                             known(m.mspan_sys_bytes) +
                             known(m.mcache_sys_bytes) +
                             known(m.buck_hash_sys_bytes) +
                             known(m.gc_sys_bytes) + known(m.other_sys_bytes));
        assert_int_equal(known(m.heap_objects_count),
                         known(m.mallocs_count) - known(m.frees_count));
        assert_true(known(m.heap_alloc_bytes) <= known(m.heap_inuse_bytes));
        assert_true(known(m.total_alloc_bytes) > known(m.heap_alloc_bytes));
        assert_true(known(m.heap_released_bytes) <= known(m.heap_idle_bytes));
        assert_true(known(m.stack_inuse_bytes) <= known(m.stack_sys_bytes));
        assert_true(known(m.mspan_inuse_bytes) <= known(m.mspan_sys_bytes));
        assert_true(known(m.mcache_inuse_bytes) <= known(m.mcache_sys_bytes));
        assert_int_equal(known(m.gc_count), 2);
        assert_int_equal(known(m.forced_gc_count), 2);
        assert_true(known(m.pause_total_ns) > 0);
        assert_true(known(m.max_rss_bytes) > 20 << 20);
        assert_true(known(m.next_gc_bytes) > 0);
        assert_true(known(m.last_gc_unix_ns) > UINT64_C(1700000000000000000));
        lg_arena_deinit(&arena);
    }
}

static void test_memstats_absent(void **state)
{
    struct lg_memstats m = {.sys_bytes = lg_known(7)};
    struct lg_error err = {0};
    struct lg_str text = LG_STR("heap profile: 0: 0 [0: 0] @ heap/1048576\n");
    assert_false(lg_heap_text_memstats(text, &m, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_int_equal(m.sys_bytes.value, 7);
    /* Numbers that are none stay unknown; so do pauses beyond what is kept. */
    text = LG_STR("heap profile: …\n# runtime.MemStats\n# Sys = many\n"
                  "# HeapSys = 99999999999999999999\n# Stack = 5\n"
                  "# NumGC = 257\n# PauseNs = [1 2]\n# HeapAlloc = 12");
    assert_true(lg_heap_text_memstats(text, &m, &err));
    assert_false(m.sys_bytes.known);
    assert_false(m.heap_sys_bytes.known);
    assert_int_equal(known(m.stack_inuse_bytes), 5);
    assert_false(m.stack_sys_bytes.known);
    assert_false(m.pause_total_ns.known);
    assert_false(m.heap_alloc_bytes.known); /* the line is cut: 12… */
}

static void test_small(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    /* A rate of 1 samples everything: nothing to scale. */
    struct lg_profile p = parse(
        &arena, LG_STR("heap profile: 1: 16 [2: 32] @ heap/2\n"
                       "1: 16 [2: 32] @ 0x10 0x20\n"
                       "#\t0x10\t\tmain.(*T[...]).new+0x2f\t/a b/c:d.go:12\n"
                       "#\t0x20\n"
                       "\n"));
    assert_int_equal(p.samples.count, 1);
    assert_int_equal(lg_profile_value(&p, 0, 0), 2);
    assert_int_equal(lg_profile_value(&p, 0, 3), 16);
    struct lg_frame_iter it = lg_profile_frames(&p, 0);
    struct lg_frame frame;
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_true(lg_str_eq(frame.function, LG_STR("main.(*T[...]).new")));
    assert_true(lg_str_eq(frame.file, LG_STR("/a b/c:d.go")));
    assert_int_equal(frame.line, 12);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_int_equal(frame.function.len, 0);
    assert_false(lg_frame_iter_next(&it, &frame));
    assert_int_equal(p.locations.items[1].address, 0x20);
    lg_arena_deinit(&arena);
}

static void test_refused(void **state)
{
    static const struct lg_str texts[] = {
        LG_STR("heap profile: 1: 16 [2: 32] @ heap/x\n"),
        LG_STR("heap profile: 1: 16 [2: 32] @ growth/1\n"),
        LG_STR("heap profile: 1: 16 [2: 32] @ heap/2"),
        LG_STR("heap profile: 1: 16 [2: 32] @ heap/2\n1: 2 [3: 4] @ 0x1\n"),
        LG_STR("heap profile: 1: 16 [2: 32] @ heap/2\nhello\n"),
        LG_STR("heap profile: 1: 16 [2: 32] @ heap/2\n1: 2 [3: 99999999999999"
               "999999] @ 0x1\n\n"),
    };
    for (size_t i = 0; i < LG_COUNT(texts); i++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        assert_false(lg_heap_text_parse(texts[i], &arena, &p, &err));
        assert_int_equal(err.kind, LG_BAD_DATA);
        lg_arena_deinit(&arena);
    }
}

static void hostile(struct lg_str bytes, bool whole)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_memstats m;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    bool ok = lg_heap_text_parse(bytes, &arena, &p, &err);
    assert_true(ok || (err.kind == LG_BAD_DATA && err.text[0] != '\0'));
    assert_true(ok || !whole);
    ok = lg_heap_text_memstats(bytes, &m, &err);
    assert_true(ok || !whole);
    lg_arena_deinit(&arena);
}

static bool parse_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_profile p;
    return lg_heap_text_parse(*(struct lg_str *)context, arena, &p, err);
}

static void test_hostile(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str text = lg_golden(&arena, "pprof/1.27.4/heap.txt");
    lg_hostile(text, 2000, hostile);
    assert_true(lg_alloc_fail_all(parse_again, &text) > 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_binary),  cmocka_unit_test(test_memstats),
        cmocka_unit_test(test_memstats_absent), cmocka_unit_test(test_small),
        cmocka_unit_test(test_refused),         cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
