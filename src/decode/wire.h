/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the protobuf wire format over a sticky cursor, field by field.
 * Groups (wire types 3 and 4) are refused, as profile.proto has none.
 * Format: protobuf.dev, "Encoding".
 */
#ifndef LG_DECODE_WIRE_H
#define LG_DECODE_WIRE_H

#include "base/cursor.h"

#include <endian.h>

enum lg_wire_type {
    LG_WIRE_VARINT = 0,
    LG_WIRE_FIXED64 = 1,
    LG_WIRE_BYTES = 2,
    LG_WIRE_FIXED32 = 5,
};

#define LG_WIRE_WRONG_TYPE "a field has the wrong wire type"

struct lg_wire_field {
    uint32_t number;
    enum lg_wire_type type;
    uint64_t value;      /* of the three number types */
    struct lg_str bytes; /* LG_WIRE_BYTES; borrows the input */
    uint64_t offset;     /* of the value, or of bytes, in the whole input */
};

/* A varint of up to ten bytes; bits above the 64th fall away, as in Go. */
uint64_t lg_wire_long_varint(struct lg_cursor *c);
/* What follows a tag that is no single byte, or is of a rarer type. */
bool lg_wire_next_long(struct lg_cursor *c, struct lg_wire_field *f);

/* With the one and two byte forms inline: nearly all are. */
static inline uint64_t lg_wire_varint(struct lg_cursor *c)
{
    const uint8_t *p = c->at;
    if (c->reason == NULL && c->end - p >= 2) {
        if (p[0] < 0x80) {
            c->at = p + 1;
            return p[0];
        }
        if (p[1] < 0x80) {
            c->at = p + 2;
            return (uint64_t)(p[0] & 0x7f) | (uint64_t)p[1] << 7;
        }
    }
    return lg_wire_long_varint(c);
}

/* The varint that begins eight bytes, without a branch for its length, which it
 * gives; 0: it is longer. */
static inline size_t lg_wire_word_varint(const uint8_t *at, uint64_t *value_ret)
{
    uint64_t n;
    memcpy(&n, at, sizeof n);
    n = le64toh(n);
    uint64_t last = ~n & 0x8080808080808080; /* lowest bit: of the last byte */
    if (last == 0)
        return 0;
    n &= (last ^ (last - 1)) & 0x7f7f7f7f7f7f7f7f;
    n = (n & 0x007f007f007f007f) | (n & 0x7f007f007f007f00) >> 1;
    n = (n & 0x00003fff00003fff) | (n & 0x3fff00003fff0000) >> 2;
    *value_ret = (n & 0x0fffffff) | (n & 0x0fffffff00000000) >> 4;
    return (size_t)__builtin_ctzll(last) / 8 + 1;
}

/* As lg_wire_quick_varint, for all lengths. */
const uint8_t *lg_wire_plain_varint(const uint8_t *at, const uint8_t *end,
                                    uint64_t *value_ret);
/* The varint at `at`, and its end. NULL: it is cut, or has all of ten bytes;
 * lg_wire_varint tells. */
static inline const uint8_t *
lg_wire_quick_varint(const uint8_t *at, const uint8_t *end, uint64_t *value_ret)
{
    if (end - at >= 2) {
        if (at[0] < 0x80) {
            *value_ret = at[0];
            return at + 1;
        }
        if (at[1] < 0x80) {
            *value_ret = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
            return at + 2;
        }
    }
    return lg_wire_plain_varint(at, end, value_ret);
}

/* What is left of a message that is read in the order in which its fields
 * usually stand. What is not as expected stays where it is: then the message
 * has to be read field by field. */
struct lg_wire_plain {
    const uint8_t *at, *end;
};

/* Takes the field, when it is the next and a varint. */
static inline void lg_wire_take(struct lg_wire_plain *p, unsigned field,
                                uint64_t *value_ret)
{
    if (p->at == p->end || *p->at != (field << 3 | LG_WIRE_VARINT))
        return;
    const uint8_t *next = lg_wire_quick_varint(p->at + 1, p->end, value_ret);
    if (next != NULL)
        p->at = next;
}

/* Takes the field, when it is the next and bytes. false: it is not. */
static inline bool lg_wire_take_bytes(struct lg_wire_plain *p, unsigned field,
                                      struct lg_wire_plain *ret)
{
    uint64_t len;
    if (p->at == p->end || *p->at != (field << 3 | LG_WIRE_BYTES))
        return false;
    const uint8_t *at = lg_wire_quick_varint(p->at + 1, p->end, &len);
    if (at == NULL || len > (uint64_t)(p->end - at))
        return false;
    *ret = (struct lg_wire_plain){at, at + len};
    p->at = ret->end;
    return true;
}

/* Next field of a message; false at its end and after a failure. Numbers that
 * no field can have (0, above 32 bits: UINT32_MAX) are passed on, to be skipped
 * as pprof skips them. Inline: decoders call it for every few bytes. */
static inline bool lg_wire_next(struct lg_cursor *c, struct lg_wire_field *f)
{
    if (c->reason != NULL || c->at >= c->end)
        return false;
    uint8_t tag = *c->at;
    if (tag >= 0x80 || (tag & 7 & ~LG_WIRE_BYTES) != 0)
        return lg_wire_next_long(c, f);
    c->at++;
    f->number = tag >> 3;
    f->type = (enum lg_wire_type)(tag & 7);
    f->offset = c->base_offset + (uint64_t)(c->at - c->begin);
    f->value = lg_wire_varint(c);
    if (f->type != LG_WIRE_BYTES)
        return c->reason == NULL;
    f->offset = c->base_offset + (uint64_t)(c->at - c->begin);
    if (f->value <= (uint64_t)(c->end - c->at) && c->reason == NULL) {
        f->bytes = lg_str_from(c->at, (size_t)f->value);
        c->at += f->value;
        return true;
    }
    f->bytes = lg_cursor_bytes(c, f->value);
    return c->reason == NULL;
}

/* The field's number. Another wire type than varint fails the cursor. */
static inline uint64_t lg_wire_number(struct lg_cursor *c,
                                      const struct lg_wire_field *f)
{
    if (f->type == LG_WIRE_VARINT)
        return f->value;
    lg_cursor_fail(c, LG_WIRE_WRONG_TYPE);
    return 0;
}
/* The field's bytes. Another wire type fails the cursor. */
static inline struct lg_str lg_wire_bytes(struct lg_cursor *c,
                                          const struct lg_wire_field *f)
{
    if (f->type == LG_WIRE_BYTES)
        return f->bytes;
    lg_cursor_fail(c, LG_WIRE_WRONG_TYPE);
    return (struct lg_str){NULL, 0};
}
/* A cursor over the field as a message; failures in it are its own. */
static inline struct lg_cursor lg_wire_message(struct lg_cursor *c,
                                               const struct lg_wire_field *f)
{
    struct lg_str bytes = lg_wire_bytes(c, f);
    const uint8_t *begin = (const uint8_t *)bytes.data;
    return (struct lg_cursor){
        .begin = begin,
        .at = begin,
        .end = bytes.len != 0 ? begin + bytes.len : begin,
        .base_offset = f->offset,
        .reason = c->reason,
        .fail_offset = c->fail_offset,
    };
}
/* For repeated numbers, packed or one by one: a cursor over the varints of a
 * packed field; one that is not packed is put into *single_ret (and the cursor
 * is empty): while (lg_wire_repeated_next(…)). */
struct lg_wire_numbers {
    struct lg_cursor cursor;
    uint64_t single;
    bool has_single;
};
struct lg_wire_numbers lg_wire_numbers(struct lg_cursor *c,
                                       const struct lg_wire_field *f);

static inline bool lg_wire_numbers_next(struct lg_wire_numbers *n,
                                        uint64_t *value_ret)
{
    if (n->cursor.reason == NULL && n->cursor.at < n->cursor.end) {
        *value_ret = lg_wire_varint(&n->cursor);
        return n->cursor.reason == NULL;
    }
    *value_ret = n->single;
    bool has = n->has_single;
    n->has_single = false;
    return has;
}

#endif
