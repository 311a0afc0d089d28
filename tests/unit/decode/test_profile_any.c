/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/vec.h"
#include "decode/gzip.h"
#include "decode/profile_any.h"
#include "golden.h"

/* Each form as it is, and gzipped. */
static struct lg_profile read_any(struct lg_arena *arena, struct lg_str bytes)
{
    struct lg_profile plain, packed;
    struct lg_error err = {0};
    struct lg_str gz;
    if (!lg_profile_parse_any(bytes, true, arena, &plain, &err))
        fail_msg("%s", err.text);
    assert_true(lg_gzip_write(bytes, arena, &gz, NULL));
    assert_true(lg_profile_parse_any(gz, true, arena, &packed, &err));
    assert_int_equal(plain.samples.count, packed.samples.count);
    assert_int_equal(lg_profile_total(&plain, 0), lg_profile_total(&packed, 0));
    return plain;
}

static void test_forms(void **state)
{
    struct lg_arena arena;
    struct lg_str raw;
    lg_arena_init(&arena, 0);
    struct lg_str gz = lg_golden(&arena, "pprof/1.27.4/heap.pb.gz");
    assert_true(lg_gunzip(gz, 1u << 24, &arena, &raw, NULL));
    struct lg_profile p = read_any(&arena, raw);
    assert_true(p.samples.count > 3);
    p = read_any(&arena, lg_golden(&arena, "pprof/1.27.4/heap.txt"));
    assert_true(lg_str_eq(p.period_type.type, LG_STR("space")));
    assert_true(p.samples.count > 3);
    p = read_any(&arena, LG_STR("goroutine profile: total 3\n"
                                "3 @ 0x1001 0x2001\n"));
    assert_int_equal(lg_profile_total(&p, 0), 3);
    p = read_any(&arena, LG_STR("main;a;b 3\nmain;c 4\n"));
    assert_int_equal(lg_profile_total(&p, 0), 7);
    lg_arena_deinit(&arena);
}

static void assert_refused(struct lg_str bytes, const char *words)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_false(lg_profile_parse_any(bytes, true, &arena, &p, &err));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    lg_arena_deinit(&arena);
}

static void test_refused(void **state)
{
    assert_refused(LG_STR(""), "empty input file");
    assert_refused(LG_STR("<html>404 page not found</html>"),
                   "unrecognized profile format");
    /* A message that is cut speaks of itself. */
    assert_refused(LG_STR("\x0a\x04\x08\x01\x10\x02\x12\x7f"), "at byte");
    assert_refused(LG_STR("\x1f\x8b\x08\x00garbage and more of it"), "gzip");
}

static bool parse_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_profile p;
    return lg_profile_parse_any(*(struct lg_str *)context, true, arena, &p,
                                err);
}

static void test_out_of_memory(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str heap = lg_golden(&arena, "pprof/1.27.4/heap.txt");
    struct lg_str folded = LG_STR("main;a;b 3\nmain;c 4\n");
    assert_true(lg_alloc_fail_all(parse_again, &heap) > 0);
    assert_true(lg_alloc_fail_all(parse_again, &folded) > 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
