/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/memstats_json.h"
#include "golden.h"
#include "rng.h"

#include <string.h>

#define NUMBERS (sizeof(struct lg_memstats) / sizeof(struct lg_num))

static struct lg_str write_doc(struct lg_arena *arena,
                               const struct lg_memstats *m)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_memstats_json_write(&sb, m);
    assert_false(sb.failed);
    return lg_sb_view(&sb);
}

static struct lg_memstats parse(struct lg_str bytes)
{
    struct lg_memstats m;
    struct lg_error err = {0};
    if (!lg_memstats_json_parse(bytes, &m, &err))
        fail_msg("%s", err.text);
    return m;
}

/* Any set of known numbers comes back. */
static void test_round_trip(void **state)
{
    struct lg_rng rng = {7};
    for (size_t i = 0; i < 1000; i++) {
        struct lg_num numbers[NUMBERS] = {0};
        struct lg_memstats in, out;
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        for (size_t n = 0; n < NUMBERS; n++)
            if (lg_rng_below(&rng, 3) != 0)
                numbers[n] = lg_known(lg_rng_below(&rng, 5) == 0
                                          ? UINT64_MAX
                                          : lg_rng_any_width(&rng) & INT64_MAX);
        memcpy(&in, numbers, sizeof in);
        out = parse(write_doc(&arena, &in));
        memcpy(numbers, &out, sizeof out);
        for (size_t n = 0; n < NUMBERS; n++) {
            const struct lg_num *want = (const struct lg_num *)&in + n;
            assert_int_equal(numbers[n].known, want->known);
            assert_int_equal(numbers[n].value, want->value);
        }
        lg_arena_deinit(&arena);
    }
}

static void test_words(void **state)
{
    struct lg_arena arena;
    struct lg_memstats m = {
        .heap_alloc_bytes = lg_known(4194304),
        .memory_limit_bytes = lg_known(UINT64_MAX),
        .sys_bytes = lg_known((uint64_t)INT64_MAX + 1), /* no such number */
    };
    lg_arena_init(&arena, 0);
    assert_true(lg_str_eq(write_doc(&arena, &m),
                          LG_STR("{\n  \"schema\": \"lastgasp.memstats/1\",\n"
                                 "  \"heap_alloc_bytes\": 4194304,\n"
                                 "  \"memory_limit_bytes\": \"unlimited\"\n"
                                 "}\n")));
    lg_arena_deinit(&arena);
}

static void test_what_it_makes_of_others(void **state)
{
    struct lg_memstats m = parse(
        LG_STR("{\"schema\":\"lastgasp.memstats/1\",\"gc_count\":7,"
               "\"heap_alloc_bytes\":\"many\",\"sys_bytes\":-1,\"more\":{}}"));
    struct lg_error err = {0};
    assert_int_equal(m.gc_count.value, 7);
    assert_false(m.heap_alloc_bytes.known);
    assert_false(m.sys_bytes.known);
    assert_false(lg_memstats_json_parse(
        LG_STR("{\"schema\":\"lastgasp.memstats/2\"}"), &m, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
}

static void hostile(struct lg_str bytes, bool whole)
{
    struct lg_memstats m;
    struct lg_error err = {0};
    bool ok = lg_memstats_json_parse(bytes, &m, &err);
    assert_true(ok || err.text[0] != '\0');
    assert_true(ok || !whole);
}

static void test_hostile(void **state)
{
    struct lg_arena arena;
    struct lg_memstats m;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < NUMBERS; i++)
        ((struct lg_num *)&m)[i] = lg_known(i == 3 ? UINT64_MAX : i * 1000003);
    lg_hostile(write_doc(&arena, &m), 3000, hostile);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_what_it_makes_of_others),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
