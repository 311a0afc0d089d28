/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "decode/gzip.h"
#include "decode/pprof.h"
#include "decode/pprof_write.h"
#include "golden.h"
#include "rng.h"
#include "same_profile.h"

static struct lg_profile parse(struct lg_arena *arena, struct lg_str bytes)
{
    struct lg_profile p;
    struct lg_error err = {0};
    if (!lg_pprof_parse(bytes, arena, &p, &err))
        fail_msg("%s", err.text);
    return p;
}

static struct lg_str write_raw(struct lg_arena *arena,
                               const struct lg_profile *p)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    if (!lg_pprof_write(p, arena, &bytes, &err))
        fail_msg("%s", err.text);
    return bytes;
}

/* Written, read back, written again: the same columns, then the same bytes. */
static void assert_round_trip(struct lg_arena *arena,
                              const struct lg_profile *p)
{
    struct lg_str gz, bytes = write_raw(arena, p);
    struct lg_profile again = parse(arena, bytes);
    assert_same_profile(p, &again);
    struct lg_str second = write_raw(arena, &again);
    assert_true(lg_str_eq(bytes, second));
    assert_true(lg_pprof_write_gz(p, arena, &gz, NULL));
    assert_true(lg_gzip_is(gz));
    again = parse(arena, gz);
    assert_same_profile(p, &again);
}

static void test_real_profiles(void **state)
{
    static const char *const names[] = {"heap", "goroutine", "allocs",
                                        "threadcreate", "heap.proto"};
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        for (size_t n = 0; n < LG_COUNT(names); n++) {
            struct lg_arena arena;
            lg_arena_init(&arena, 0);
            struct lg_profile p =
                parse(&arena, lg_golden(&arena, "pprof/%s/%s.pb.gz", version,
                                        names[n]));
            assert_true(p.samples.count > 0);
            assert_round_trip(&arena, &p);
            lg_arena_deinit(&arena);
        }
    }
}

/* What Go's own encoder wrote comes out as the same bytes. */
static void test_bytes_of_pprof(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        struct lg_arena arena;
        struct lg_str raw;
        lg_arena_init(&arena, 0);
        struct lg_str gz = lg_golden(&arena, "pprof/%s/heap.proto.pb.gz",
                                     lg_golden_versions[v]);
        assert_true(lg_gunzip(gz, 1u << 24, &arena, &raw, NULL));
        struct lg_profile p = parse(&arena, raw);
        assert_true(lg_str_eq(write_raw(&arena, &p), raw));
        lg_arena_deinit(&arena);
    }
}

/* One of few names, so that strings are shared; "" among them. */
static struct lg_str random_name(struct lg_rng *rng, struct lg_arena *arena)
{
    char text[8];
    size_t len = lg_rng_below(rng, sizeof text);
    lg_rng_text(rng, "ab", 2, text, len);
    return lg_str_dup(arena, lg_str_from(text, len));
}

static struct lg_value_type random_type(struct lg_rng *rng,
                                        struct lg_arena *arena)
{
    return (struct lg_value_type){random_name(rng, arena),
                                  random_name(rng, arena)};
}

static void add_tables(struct lg_rng *rng, struct lg_profile *p)
{
    struct lg_arena *a = p->arena;
    for (size_t i = 1 + lg_rng_below(rng, 4); i > 0; i--)
        *lg_push(a, &p->types) = random_type(rng, a);
    for (size_t i = lg_rng_below(rng, 4); i > 0; i--)
        *lg_push(a, &p->mappings) = (struct lg_profile_mapping){
            .id = p->mappings.count,
            .start = lg_rng_any_width(rng),
            .limit = lg_rng_any_width(rng),
            .offset = lg_rng_any_width(rng),
            .file = random_name(rng, a),
            .build_id = random_name(rng, a),
            .has_functions = lg_rng_below(rng, 2) != 0,
            .has_filenames = lg_rng_below(rng, 2) != 0,
            .has_line_numbers = lg_rng_below(rng, 2) != 0,
            .has_inline_frames = lg_rng_below(rng, 2) != 0};
    for (size_t i = lg_rng_below(rng, 6); i > 0; i--)
        *lg_push(a, &p->functions) = (struct lg_profile_function){
            .id = p->functions.count,
            .name = random_name(rng, a),
            .system_name = random_name(rng, a),
            .file = random_name(rng, a),
            .start_line = (int64_t)lg_rng_any_width(rng)};
}

static void add_locations(struct lg_rng *rng, struct lg_profile *p)
{
    for (size_t i = 1 + lg_rng_below(rng, 10); i > 0; i--) {
        struct lg_profile_location *l = lg_push(p->arena, &p->locations);
        l->id = p->locations.count;
        l->is_folded = lg_rng_below(rng, 2) != 0;
        l->address = lg_rng_any_width(rng);
        l->mapping = (uint32_t)lg_rng_below(rng, p->mappings.count + 1);
        if (p->functions.count == 0)
            continue;
        l->line_first = (uint32_t)p->lines.count;
        l->line_count = (uint32_t)lg_rng_below(rng, 4);
        for (uint32_t k = 0; k < l->line_count; k++)
            *lg_push(p->arena, &p->lines) = (struct lg_profile_line){
                (uint32_t)lg_rng_below(rng, p->functions.count),
                (int64_t)lg_rng_any_width(rng), (int64_t)lg_rng_below(rng, 3)};
    }
}

static void add_label(struct lg_rng *rng, struct lg_profile *p, uint32_t sample)
{
    struct lg_label l = {.key = random_name(rng, p->arena),
                         .str = random_name(rng, p->arena)};
    if (l.str.len == 0) { /* 0 would be no label at all */
        l.num = (int64_t)(lg_rng_any_width(rng) | 1);
        l.num_unit = random_name(rng, p->arena);
        l.is_numeric = true;
    }
    assert_true(lg_profile_add_label(p, sample, &l));
}

static void add_samples(struct lg_rng *rng, struct lg_profile *p)
{
    uint32_t count = (uint32_t)lg_rng_below(rng, 20);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t stack[40];
        int64_t values[4];
        size_t depth = lg_rng_below(rng, LG_COUNT(stack));
        for (size_t k = 0; k < depth; k++)
            stack[k] = (uint32_t)lg_rng_below(rng, p->locations.count);
        for (size_t t = 0; t < LG_COUNT(values); t++)
            values[t] = (int64_t)lg_rng_any_width(rng);
        assert_true(lg_profile_sample(p, stack, depth, values));
        for (size_t k = lg_rng_below(rng, 3); k > 0; k--)
            add_label(rng, p, i);
    }
}

static void test_random_profiles(void **state)
{
    struct lg_rng rng = {.state = 5};
    for (size_t i = 0; i < 2000; i++) {
        struct lg_arena arena;
        struct lg_profile p;
        lg_arena_init(&arena, 0);
        assert_true(lg_profile_init(&p, &arena));
        p.time_ns = (int64_t)lg_rng_any_width(&rng);
        p.duration_ns = (int64_t)lg_rng_any_width(&rng);
        p.period = (int64_t)lg_rng_any_width(&rng);
        p.period_type = random_type(&rng, &arena);
        p.default_type = random_name(&rng, &arena);
        p.drop_frames = random_name(&rng, &arena);
        p.keep_frames = random_name(&rng, &arena);
        p.doc_url = random_name(&rng, &arena);
        p.unknown_fields = LG_STR("\x82\1\1x"); /* field 16 */
        for (size_t k = lg_rng_below(&rng, 5); k > 0; k--)
            *lg_push(&arena, &p.comments) = random_name(&rng, &arena);
        add_tables(&rng, &p);
        add_locations(&rng, &p);
        add_samples(&rng, &p);
        assert_round_trip(&arena, &p);
        lg_arena_deinit(&arena);
    }
}

static void test_empty(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    assert_true(lg_profile_init(&p, &arena));
    assert_round_trip(&arena, &p);
    lg_arena_deinit(&arena);
}

static bool write_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_str gz, raw;
    return lg_pprof_write(context, arena, &raw, err) &&
           lg_pprof_write_gz(context, arena, &gz, err);
}

static void test_out_of_memory(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_profile p =
        parse(&arena, lg_golden(&arena, "pprof/1.27.4/heap.pb.gz"));
    assert_true(lg_alloc_fail_all(write_again, &p) > 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_profiles),
        cmocka_unit_test(test_bytes_of_pprof),
        cmocka_unit_test(test_random_profiles),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
