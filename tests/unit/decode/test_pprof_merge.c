/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle: what cmd/pprof of Go 1.27.4 wrote (golden/pprof/merge.sh). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "decode/gzip.h"
#include "decode/pprof.h"
#include "decode/pprof_write.h"
#include "evidence/profile_filter.h"
#include "evidence/profile_merge.h"
#include "golden.h"
#include "same_profile.h"

static struct lg_profile read_golden(struct lg_arena *arena,
                                     const char *version, const char *name)
{
    struct lg_profile p;
    struct lg_error err = {0};
    struct lg_str gz = lg_golden(arena, "pprof/%s/%s.pb.gz", version, name);
    if (!lg_pprof_parse(gz, arena, &p, &err))
        fail_msg("%s", err.text);
    return p;
}

/* Byte for byte. */
static void assert_golden(struct lg_arena *arena, const struct lg_profile *p,
                          const char *name)
{
    struct lg_str ours, pprofs;
    struct lg_str gz = lg_golden(arena, "pprof/merged/%s.pb.gz", name);
    assert_true(lg_gunzip(gz, 1u << 24, arena, &pprofs, NULL));
    assert_true(lg_pprof_write(p, arena, &ours, NULL));
    if (!lg_str_eq(ours, pprofs)) {
        struct lg_profile theirs;
        assert_true(lg_pprof_parse(pprofs, arena, &theirs, NULL));
        assert_same_profile(p, &theirs);
        fail_msg("%s: the same columns, other bytes", name);
    }
}

static struct lg_profile merge(struct lg_arena *arena,
                               struct lg_profile *profiles, size_t count,
                               enum lg_merge_last last)
{
    const struct lg_profile *list[LG_GOLDEN_VERSIONS];
    struct lg_profile merged = {0};
    struct lg_error err = {0};
    for (size_t i = 0; i < count; i++)
        list[i] = &profiles[i];
    if (!lg_profile_common_types(profiles, count, arena, &err) ||
        !lg_profile_merge(list, count, last, arena, &merged, &err))
        fail_msg("%s", err.text);
    return merged;
}

static void test_sums(void **state)
{
    static const char *const names[] = {"heap", "allocs", "goroutine",
                                        "threadcreate"};
    for (size_t n = 0; n < LG_COUNT(names); n++) {
        struct lg_arena arena;
        struct lg_profile all[LG_GOLDEN_VERSIONS];
        char golden[40];
        lg_arena_init(&arena, 0);
        for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++)
            all[v] = read_golden(&arena, lg_golden_versions[v], names[n]);
        struct lg_profile sum =
            merge(&arena, all, LG_GOLDEN_VERSIONS, LG_MERGE_ADD);
        snprintf(golden, sizeof golden, "sum-%s", names[n]);
        assert_golden(&arena, &sum, golden);
        lg_arena_deinit(&arena);
    }
}

/* One by one, each gone before the next comes. */
static void test_as_they_come(void **state)
{
    struct lg_arena arena;
    struct lg_profile sum;
    lg_arena_init(&arena, 0);
    struct lg_merger *m = lg_merger_create(&arena, 2, true);
    assert_non_null(m);
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        struct lg_arena own;
        lg_arena_init(&own, 0);
        struct lg_profile p =
            read_golden(&own, lg_golden_versions[v], "goroutine");
        assert_true(lg_merger_add(m, &p, NULL));
        lg_arena_deinit(&own);
    }
    assert_true(lg_merger_finish(m, &sum, NULL));
    lg_merger_destroy(m);
    assert_golden(&arena, &sum, "sum-goroutine");
    lg_arena_deinit(&arena);
}

static void test_twice(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_profile p = read_golden(&arena, "1.27.4", "heap");
    struct lg_profile both[] = {p, p};
    struct lg_profile sum = merge(&arena, both, 2, LG_MERGE_ADD);
    assert_golden(&arena, &sum, "twice-heap");
    for (int t = 0; t < (int)p.types.count; t++)
        assert_int_equal(lg_profile_total(&sum, t),
                         2 * lg_profile_total(&p, t));
    lg_arena_deinit(&arena);
}

struct subtraction {
    const char *golden, *version, *base, *name;
    bool is_diff, normalize;
};

static void assert_subtracted(const struct subtraction *s)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_profile p = read_golden(&arena, s->version, s->name);
    struct lg_profile base = read_golden(&arena, s->base, s->name);
    if (s->normalize)
        assert_true(lg_profile_normalize(&p, &base, &arena, &p, NULL));
    struct lg_profile both[] = {p, base};
    struct lg_profile rest =
        merge(&arena, both, 2,
              s->is_diff ? LG_MERGE_SUBTRACT_MARKED : LG_MERGE_SUBTRACT);
    assert_golden(&arena, &rest, s->golden);
    lg_arena_deinit(&arena);
}

static void test_bases(void **state)
{
    static const struct subtraction subtractions[] = {
        {"base-heap", "1.26.8", "1.27.4", "heap", false, false},
        {"diff-heap", "1.27.4", "1.23.12", "heap", true, false},
        {"diff-self", "1.27.4", "1.27.4", "goroutine", true, false},
        {"base-self", "1.27.4", "1.27.4", "goroutine", false, false},
        {"normal-heap", "1.27.4", "1.26.8", "heap", true, true},
    };
    for (size_t i = 0; i < LG_COUNT(subtractions); i++)
        assert_subtracted(&subtractions[i]);
}

static void test_incompatible(void **state)
{
    struct lg_arena arena;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    struct lg_profile both[] = {read_golden(&arena, "1.27.4", "heap"),
                                read_golden(&arena, "1.27.4", "goroutine")};
    const struct lg_profile *list[] = {&both[0], &both[1]};
    struct lg_profile merged;
    assert_false(
        lg_profile_merge(list, 2, LG_MERGE_ADD, &arena, &merged, &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_non_null(strstr(err.text, "incompatible period types"));
    assert_false(lg_profile_common_types(both, 2, &arena, &err));
    assert_non_null(strstr(err.text, "empty common sample type list"));
    lg_arena_deinit(&arena);
}

/* Cut to what both have, in the order of the first. */
static void test_common_types(void **state)
{
    struct lg_arena arena;
    struct lg_value_type types[] = {{LG_STR("inuse_space"), LG_STR("bytes")},
                                    {LG_STR("alloc_space"), LG_STR("bytes")}};
    lg_arena_init(&arena, 0);
    struct lg_profile heap = read_golden(&arena, "1.27.4", "heap");
    struct lg_profile both[] = {heap, heap};
    int64_t *values = lg_new(&arena, int64_t, heap.samples.count * 2);
    for (size_t i = 0; i < heap.samples.count; i++) {
        values[2 * i] = lg_profile_value(&heap, i, 3);
        values[2 * i + 1] = lg_profile_value(&heap, i, 1);
    }
    both[1].types.items = types;
    both[1].types.count = both[1].types.capacity = 2;
    both[1].values = values;
    assert_true(lg_profile_common_types(both, 2, &arena, NULL));
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(both[k].types.count, 2);
        assert_int_equal(lg_profile_type(&both[k], LG_STR("alloc_space")), 0);
        for (size_t i = 0; i < heap.samples.count; i++) {
            assert_int_equal(lg_profile_value(&both[k], i, 0),
                             lg_profile_value(&heap, i, 1));
            assert_int_equal(lg_profile_value(&both[k], i, 1),
                             lg_profile_value(&heap, i, 3));
        }
    }
    lg_arena_deinit(&arena);
}

static bool merge_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    const struct lg_profile *p = context;
    const struct lg_profile *list[] = {p, p};
    struct lg_profile merged;
    return lg_profile_merge(list, 2, LG_MERGE_ADD, arena, &merged, err);
}

static void test_out_of_memory(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_profile p = read_golden(&arena, "1.27.4", "goroutine");
    assert_true(lg_alloc_fail_all(merge_again, &p) > 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_as_they_come),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_bases),
        cmocka_unit_test(test_incompatible),
        cmocka_unit_test(test_common_types),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
