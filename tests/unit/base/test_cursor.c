/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs of reads over random bytes, cut at every length, beside a
 * model that knows only an index. */
#include "base/cursor.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INPUT_BYTES 48
#define PROGRAM_STEPS 16

enum op {
    OP_U8,
    OP_U16LE,
    OP_U32LE,
    OP_U64LE,
    OP_U32BE,
    OP_U64BE,
    OP_UVARINT,
    OP_BYTES,
    OP_SKIP,
    OP_SUB,
    OP_COUNT,
};

static const size_t op_width[OP_COUNT] = {
    [OP_U8] = 1,    [OP_U16LE] = 2, [OP_U32LE] = 4,
    [OP_U64LE] = 8, [OP_U32BE] = 4, [OP_U64BE] = 8,
};

struct model {
    const uint8_t *data;
    size_t len, at;
    bool failed;
};

static uint64_t model_number(const struct model *m, size_t width, bool big)
{
    uint64_t n = 0;
    for (size_t i = 0; i < width; i++) {
        size_t from = big ? m->at + i : m->at + width - 1 - i;
        n = n * 256 + m->data[from];
    }
    return n;
}

/* The varint's width, or 0 when it is cut or too long. */
static size_t model_uvarint(const struct model *m, uint64_t *ret)
{
    unsigned __int128 n = 0;
    for (size_t i = 0; i < 10 && m->at + i < m->len; i++) {
        uint8_t byte = m->data[m->at + i];
        n |= (unsigned __int128)(byte & 0x7F) << (7 * i);
        if (byte & 0x80)
            continue;
        if (n > UINT64_MAX)
            return 0;
        *ret = (uint64_t)n;
        return i + 1;
    }
    return 0;
}

static uint64_t read_number(struct lg_cursor *c, enum op op)
{
    switch (op) {
    case OP_U8:
        return lg_cursor_u8(c);
    case OP_U16LE:
        return lg_cursor_u16le(c);
    case OP_U32LE:
        return lg_cursor_u32le(c);
    case OP_U64LE:
        return lg_cursor_u64le(c);
    case OP_U32BE:
        return lg_cursor_u32be(c);
    case OP_U64BE:
        return lg_cursor_u64be(c);
    default:
        return lg_cursor_uvarint(c);
    }
}

static void step_number(struct lg_cursor *c, struct model *m, enum op op)
{
    uint64_t expected = 0;
    size_t width = op_width[op];
    if (op == OP_UVARINT)
        width = m->failed ? 0 : model_uvarint(m, &expected);
    else if (!m->failed && width <= m->len - m->at)
        expected = model_number(m, width, op == OP_U32BE || op == OP_U64BE);
    m->failed = m->failed || width == 0 || width > m->len - m->at;
    assert_true(read_number(c, op) == (m->failed ? 0 : expected));
    if (!m->failed)
        m->at += width;
}

static void step_view(struct lg_cursor *c, struct model *m, enum op op,
                      uint64_t len)
{
    uint64_t offset = lg_cursor_offset(c);
    m->failed = m->failed || len > m->len - m->at;
    size_t given = m->failed ? 0 : (size_t)len;
    if (op == OP_BYTES) {
        struct lg_str s = lg_cursor_bytes(c, len);
        assert_int_equal(s.len, given);
        assert_true(given == 0 || s.data == (const char *)m->data + m->at);
    } else if (op == OP_SKIP) {
        lg_cursor_skip(c, len);
    } else {
        struct lg_cursor sub = lg_cursor_sub(c, len);
        assert_int_equal(lg_cursor_ok(&sub), !m->failed);
        assert_int_equal(lg_cursor_left(&sub), given);
        assert_int_equal(lg_cursor_offset(&sub), offset);
        assert_int_equal(lg_cursor_more(&sub), given != 0);
    }
    m->at += given;
}

static void run_program(uint64_t seed, const uint8_t *data, size_t len)
{
    struct lg_rng rng = {seed};
    struct lg_cursor c;
    struct model m = {data, len, 0, false};
    lg_cursor_init(&c, data, len);
    c.base_offset = 1000;
    for (int i = 0; i < PROGRAM_STEPS; i++) {
        enum op op = (enum op)lg_rng_below(&rng, OP_COUNT);
        uint64_t huge = lg_rng_any_width(&rng), small = lg_rng_below(&rng, 6);
        bool take_huge = lg_rng_below(&rng, 40) == 0;
        if (op < OP_BYTES)
            step_number(&c, &m, op);
        else
            step_view(&c, &m, op, take_huge ? huge : small);
        assert_int_equal(lg_cursor_ok(&c), !m.failed);
        assert_int_equal(lg_cursor_offset(&c), 1000 + m.at);
        assert_int_equal(lg_cursor_left(&c), m.failed ? 0 : m.len - m.at);
        assert_int_equal(lg_cursor_more(&c), !m.failed && m.at < m.len);
    }
    struct lg_error err = {0};
    assert_int_equal(lg_cursor_finish(&c, &err), !m.failed);
    assert_int_equal(err.kind, m.failed ? LG_BAD_DATA : LG_OK);
    assert_int_equal(err.offset, m.failed ? 1000 + m.at : 0);
}

static void reads_what_is_there_and_then_nothing(void **state)
{
    struct lg_rng rng = {15};
    for (uint64_t seed = 0; seed < 1500; seed++) {
        uint8_t bytes[INPUT_BYTES];
        lg_rng_fill(&rng, bytes, sizeof bytes);
        for (size_t len = 0; len <= sizeof bytes; len++) {
            uint8_t *data = malloc(len != 0 ? len : 1);
            memcpy(data, bytes, len);
            run_program(seed, data, len);
            free(data);
        }
    }
}

static size_t encode_uvarint(uint64_t n, uint8_t *out)
{
    size_t len = 0;
    for (; n >= 0x80; n >>= 7)
        out[len++] = (uint8_t)(n | 0x80);
    out[len++] = (uint8_t)n;
    return len;
}

static void varints_round_trip(void **state)
{
    struct lg_rng rng = {16};
    for (int i = 0; i < 50000; i++) {
        uint64_t n = lg_rng_any_width(&rng);
        uint8_t bytes[10];
        size_t len = encode_uvarint(n, bytes);
        struct lg_cursor c;
        for (size_t cut = 0; cut < len; cut++) {
            lg_cursor_init(&c, bytes, cut);
            assert_true(lg_cursor_uvarint(&c) == 0);
            assert_false(lg_cursor_ok(&c));
            assert_int_equal(lg_cursor_offset(&c), 0);
        }
        lg_cursor_init(&c, bytes, len);
        assert_true(lg_cursor_uvarint(&c) == n);
        assert_true(lg_cursor_ok(&c) && !lg_cursor_more(&c));
    }
}

static void varints_have_64_bits(void **state)
{
    uint8_t bytes[12];
    struct lg_cursor c;
    memset(bytes, 0xFF, sizeof bytes);
    for (unsigned last = 0; last < 256; last++) {
        bytes[9] = (uint8_t)last;
        lg_cursor_init(&c, bytes, sizeof bytes);
        uint64_t n = lg_cursor_uvarint(&c);
        assert_int_equal(lg_cursor_ok(&c), last <= 1);
        assert_true(n == (last == 0   ? UINT64_MAX >> 1
                          : last == 1 ? UINT64_MAX
                                      : 0));
    }
}

static void first_failure_counts(void **state)
{
    struct lg_cursor c;
    struct lg_error err = {0};
    lg_cursor_init(&c, "abcd", 4);
    lg_cursor_u8(&c);
    lg_cursor_fail(&c, "no magic");
    lg_cursor_u8(&c);
    lg_cursor_fail(&c, "something else");
    assert_false(lg_cursor_finish(&c, &err));
    assert_string_equal(err.text, "no magic at byte 1");
    assert_false(lg_cursor_finish(&c, NULL));
    /* A part that failed says where in the whole. */
    lg_cursor_init(&c, "abcd", 4);
    lg_cursor_skip(&c, 2);
    struct lg_cursor sub = lg_cursor_sub(&c, 2);
    lg_cursor_u8(&sub);
    lg_cursor_u32le(&sub);
    assert_false(lg_cursor_finish(&sub, &err));
    assert_int_equal(err.offset, 3);
    assert_true(lg_cursor_finish(&c, &err));
    struct lg_cursor nothing;
    lg_cursor_init(&nothing, NULL, 0);
    assert_int_equal(lg_cursor_u8(&nothing), 0);
    assert_false(lg_cursor_ok(&nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there_and_then_nothing),
        cmocka_unit_test(varints_round_trip),
        cmocka_unit_test(varints_have_64_bits),
        cmocka_unit_test(first_failure_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
