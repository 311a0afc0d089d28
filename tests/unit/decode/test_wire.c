/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/wire.h"
#include "pb.h"
#include "rng.h"

static struct lg_cursor cursor_of(const struct lg_sb *sb)
{
    struct lg_cursor c;
    lg_cursor_init(&c, sb->data, sb->len);
    return c;
}

static void test_fields(void **state)
{
    struct lg_arena arena;
    struct lg_sb sb;
    struct lg_wire_field f;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    pb_varint(&sb, 1, 300);
    pb_raw_varint(&sb, 2 << 3 | LG_WIRE_FIXED64);
    lg_sb_str(&sb, LG_STR("\1\0\0\0\0\0\0\x80"));
    pb_bytes(&sb, 536870911, LG_STR("abc")); /* the highest number there is */
    pb_raw_varint(&sb, 3 << 3 | LG_WIRE_FIXED32);
    lg_sb_str(&sb, LG_STR("\2\0\0\x80"));
    struct lg_cursor c = cursor_of(&sb);
    assert_true(lg_wire_next(&c, &f));
    assert_int_equal(f.number, 1);
    assert_int_equal(lg_wire_number(&c, &f), 300);
    assert_true(lg_wire_next(&c, &f));
    assert_true(f.value == (UINT64_C(1) << 63 | 1));
    assert_true(lg_wire_next(&c, &f));
    assert_int_equal(f.number, 536870911);
    assert_true(lg_str_eq(lg_wire_bytes(&c, &f), LG_STR("abc")));
    assert_memory_equal(sb.data + f.offset, "abc", 3);
    assert_true(lg_wire_next(&c, &f));
    assert_true(f.value == 0x80000002);
    assert_false(lg_wire_next(&c, &f));
    assert_true(lg_cursor_finish(&c, NULL));
    lg_arena_deinit(&arena);
}

static void assert_fails(struct lg_str bytes)
{
    struct lg_cursor c;
    struct lg_wire_field f;
    struct lg_error err = {0};
    lg_cursor_init(&c, bytes.data, bytes.len);
    while (lg_wire_next(&c, &f)) {
    }
    assert_false(lg_cursor_finish(&c, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
}

static void test_refused(void **state)
{
    assert_fails(LG_STR("\x0b"));     /* a group begins */
    assert_fails(LG_STR("\x0c"));     /* a group ends */
    assert_fails(LG_STR("\x0e"));     /* wire type 6 */
    assert_fails(LG_STR("\x08"));     /* no value */
    assert_fails(LG_STR("\x08\x80")); /* half a value */
    assert_fails(LG_STR("\x0a\2x"));  /* bytes that are not there */
    assert_fails(LG_STR("\x0d\1\1"));
    assert_fails(LG_STR("\x09\1\1\1\1\1\1\1"));
    assert_fails(LG_STR("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"));
    /* 11 bytes */
    assert_fails(LG_STR("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"));
}

/* What pprof skips or cuts has to pass. */
static void test_odd(void **state)
{
    struct lg_cursor c;
    struct lg_wire_field f;
    struct lg_str bytes =
        LG_STR("\0\5\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\3"
               "\xf8\xff\xff\xff\xff\xff\7\1");
    lg_cursor_init(&c, bytes.data, bytes.len);
    assert_true(lg_wire_next(&c, &f));
    assert_int_equal(f.number, 0);
    assert_true(lg_wire_next(&c, &f)); /* more than 64 bits */
    assert_true(lg_wire_number(&c, &f) == UINT64_MAX);
    assert_true(lg_wire_next(&c, &f));
    assert_true(f.number == UINT32_MAX);
    assert_false(lg_wire_next(&c, &f));
    assert_true(lg_cursor_finish(&c, NULL));
}

static void test_wrong_type(void **state)
{
    struct lg_arena arena;
    struct lg_sb sb;
    struct lg_wire_field f;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    pb_varint(&sb, 1, 7);
    struct lg_cursor c = cursor_of(&sb);
    assert_true(lg_wire_next(&c, &f));
    assert_int_equal(lg_wire_bytes(&c, &f).len, 0);
    assert_false(lg_cursor_ok(&c));
    struct lg_cursor message = lg_wire_message(&c, &f);
    assert_false(lg_cursor_more(&message));
    sb.len = 0;
    pb_bytes(&sb, 1, LG_STR("x"));
    c = cursor_of(&sb);
    assert_true(lg_wire_next(&c, &f));
    assert_int_equal(lg_wire_number(&c, &f), 0);
    assert_false(lg_cursor_ok(&c));
    lg_arena_deinit(&arena);
}

/* Packed and one by one are the same; every width comes back. */
static void test_numbers(void **state)
{
    struct lg_arena arena;
    struct lg_sb packed, single;
    struct lg_rng rng = {3};
    uint64_t numbers[500], value;
    struct lg_wire_field f;
    lg_arena_init(&arena, 0);
    lg_sb_init(&packed, &arena);
    lg_sb_init(&single, &arena);
    for (size_t i = 0; i < 500; i++) {
        numbers[i] = lg_rng_any_width(&rng);
        pb_varint(&single, 2, numbers[i]);
    }
    pb_packed(&packed, 2, numbers, 500);
    struct lg_cursor c = cursor_of(&packed);
    assert_true(lg_wire_next(&c, &f));
    struct lg_wire_numbers list = lg_wire_numbers(&c, &f);
    for (size_t i = 0; i < 500; i++) {
        assert_true(lg_wire_numbers_next(&list, &value));
        assert_true(value == numbers[i]);
    }
    assert_false(lg_wire_numbers_next(&list, &value));
    c = cursor_of(&single);
    for (size_t i = 0; i < 500; i++) {
        assert_true(lg_wire_next(&c, &f));
        list = lg_wire_numbers(&c, &f);
        assert_true(lg_wire_numbers_next(&list, &value));
        assert_true(value == numbers[i]);
        assert_false(lg_wire_numbers_next(&list, &value));
    }
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_odd),     cmocka_unit_test(test_wrong_type),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
