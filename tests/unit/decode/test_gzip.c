/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "decode/gzip.h"
#include "golden.h"

#include <libdeflate.h>

#define LIMIT (1u << 20)

/* One member that holds the text. */
static struct lg_str deflate(struct lg_arena *arena, struct lg_str text)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t room = libdeflate_gzip_compress_bound(c, text.len);
    char *out = lg_new(arena, char, room);
    size_t len = libdeflate_gzip_compress(c, text.data, text.len, out, room);
    libdeflate_free_compressor(c);
    assert_true(len > 0);
    return lg_str_from(out, len);
}

static struct lg_str join(struct lg_arena *arena, struct lg_str a,
                          struct lg_str b)
{
    char *out = lg_new(arena, char, a.len + b.len);
    memcpy(out, a.data, a.len);
    memcpy(out + a.len, b.data, b.len);
    return lg_str_from(out, a.len + b.len);
}

static void assert_inflates(struct lg_arena *arena, struct lg_str bytes,
                            struct lg_str expected)
{
    struct lg_error err = {0};
    struct lg_str out;
    if (!lg_gunzip(bytes, LIMIT, arena, &out, &err))
        fail_msg("%s", err.text);
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(out.data, expected.data, out.len);
}

static void assert_refused(struct lg_arena *arena, struct lg_str bytes,
                           enum lg_error_kind kind)
{
    struct lg_error err = {0};
    struct lg_str out = LG_STR("untouched");
    assert_false(lg_gunzip(bytes, LIMIT, arena, &out, &err));
    assert_int_equal(err.kind, kind);
    assert_true(err.text[0] != '\0');
    assert_true(lg_str_eq(out, LG_STR("untouched")));
}

static void test_members(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str hello = deflate(&arena, LG_STR("hello, "));
    struct lg_str world = deflate(&arena, LG_STR("world"));
    struct lg_str empty = deflate(&arena, LG_STR(""));
    struct lg_str both = join(&arena, hello, world);
    assert_true(lg_gzip_is(hello));
    assert_false(lg_gzip_is(LG_STR("hello")));
    assert_inflates(&arena, hello, LG_STR("hello, "));
    assert_inflates(&arena, both, LG_STR("hello, world"));
    assert_inflates(&arena, join(&arena, both, empty), LG_STR("hello, world"));
    assert_inflates(&arena, empty, LG_STR(""));
    lg_arena_deinit(&arena);
}

/* A first member that is larger than the last one's size foretells. */
static void test_size_is_only_a_guess(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    size_t len = 300000;
    char *text = lg_new(&arena, char, len);
    struct lg_rng rng = {7};
    lg_rng_text(&rng, "abc", 3, text, len);
    struct lg_str large = deflate(&arena, lg_str_from(text, len));
    struct lg_str small = deflate(&arena, lg_str_from(text, 3));
    struct lg_str twice =
        join(&arena, lg_str_from(text, len), lg_str_from(text, 3));
    assert_inflates(&arena, join(&arena, large, small), twice);
    lg_arena_deinit(&arena);
}

static void test_refused(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str hello = deflate(&arena, LG_STR("hello"));
    assert_refused(&arena, LG_STR(""), LG_BAD_DATA);
    assert_refused(&arena, LG_STR("plain"), LG_BAD_DATA);
    assert_refused(&arena, join(&arena, hello, LG_STR("x")), LG_BAD_DATA);
    assert_refused(&arena, join(&arena, hello, LG_STR("\0\0")), LG_BAD_DATA);
    for (size_t len = 0; len < hello.len; len++)
        assert_refused(&arena, lg_str_first(hello, len), LG_BAD_DATA);
    lg_arena_deinit(&arena);
}

static void test_limit(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    char *zeros = lg_new(&arena, char, LIMIT + 1);
    struct lg_str fits = deflate(&arena, lg_str_from(zeros, LIMIT));
    struct lg_str bomb = deflate(&arena, lg_str_from(zeros, LIMIT + 1));
    assert_inflates(&arena, fits, lg_str_from(zeros, LIMIT));
    assert_refused(&arena, bomb, LG_LIMIT);
    assert_refused(&arena, join(&arena, fits, deflate(&arena, LG_STR("x"))),
                   LG_LIMIT);
    lg_arena_deinit(&arena);
}

static void hostile(struct lg_str bytes, bool whole)
{
    struct lg_arena arena;
    struct lg_error err = {0};
    struct lg_str out;
    lg_arena_init(&arena, 0);
    bool ok = lg_gunzip(bytes, LIMIT, &arena, &out, &err);
    assert_true(ok || err.text[0] != '\0');
    assert_true(ok || !whole);
    lg_arena_deinit(&arena);
}

static bool gunzip(void *context, struct lg_arena *arena, struct lg_error *err)
{
    struct lg_str out;
    return lg_gunzip(*(struct lg_str *)context, LIMIT, arena, &out, err);
}

static void test_hostile(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str bytes = lg_golden(&arena, "pprof/1.26.8/heap.pb.gz");
    lg_hostile(bytes, 2000, hostile);
    assert_true(lg_alloc_fail_all(gunzip, &bytes) > 0);
    lg_arena_deinit(&arena);
}

static bool write_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_str gz;
    return lg_gzip_write(*(struct lg_str *)context, arena, &gz, err);
}

static void test_write(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 70000, LIMIT};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        char *text = lg_new(&arena, char, sizes[i] + 1);
        struct lg_rng rng = {i};
        lg_rng_text(&rng, "abc", 3, text, sizes[i]);
        struct lg_str gz, in = lg_str_from(text, sizes[i]);
        assert_true(lg_gzip_write(in, &arena, &gz, NULL));
        assert_inflates(&arena, gz, in);
        assert_true(sizes[i] < 1000 || gz.len < sizes[i] / 2);
        assert_true(lg_alloc_fail_all(write_again, &in) > 0);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_size_is_only_a_guess),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
