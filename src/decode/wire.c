/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/wire.h"

#define MAX_VARINT_BYTES 10

uint64_t lg_wire_long_varint(struct lg_cursor *c)
{
    uint64_t n = 0;
    if (c->reason != NULL)
        return 0;
    const uint8_t *p = c->at;
    for (unsigned i = 0; i < MAX_VARINT_BYTES; i++) {
        if (p == c->end) {
            lg_cursor_fail(c, "a varint is cut");
            return 0;
        }
        uint8_t byte = *p++;
        n |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            c->at = p;
            return n;
        }
    }
    lg_cursor_fail(c, "a varint is longer than ten bytes");
    return 0;
}

const uint8_t *lg_wire_plain_varint(const uint8_t *at, const uint8_t *end,
                                    uint64_t *value_ret)
{
    uint64_t n = 0;
    if (end - at >= 8) {
        size_t len = lg_wire_word_varint(at, value_ret);
        if (len != 0)
            return at + len;
    }
    for (unsigned shift = 0; at < end && shift < 63; shift += 7) {
        uint8_t byte = *at++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value_ret = n;
            return at;
        }
    }
    return NULL;
}

bool lg_wire_next_long(struct lg_cursor *c, struct lg_wire_field *f)
{
    uint64_t tag = lg_wire_varint(c), number = tag >> 3;
    f->number = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
    f->type = (enum lg_wire_type)(tag & 7);
    f->offset = lg_cursor_offset(c);
    switch (tag & 7) {
    case LG_WIRE_VARINT:
        f->value = lg_wire_varint(c);
        break;
    case LG_WIRE_FIXED64:
        f->value = lg_cursor_u64le(c);
        break;
    case LG_WIRE_BYTES: {
        uint64_t len = lg_wire_varint(c);
        f->offset = lg_cursor_offset(c);
        f->bytes = lg_cursor_bytes(c, len);
        break;
    }
    case LG_WIRE_FIXED32:
        f->value = lg_cursor_u32le(c);
        break;
    default:
        lg_cursor_fail(c, "a field has an unknown wire type");
    }
    return c->reason == NULL;
}

struct lg_wire_numbers lg_wire_numbers(struct lg_cursor *c,
                                       const struct lg_wire_field *f)
{
    struct lg_wire_numbers n = {.has_single = f->type == LG_WIRE_VARINT,
                                .single = f->value};
    if (n.has_single)
        lg_cursor_init(&n.cursor, NULL, 0);
    else
        n.cursor = lg_wire_message(c, f);
    return n;
}
