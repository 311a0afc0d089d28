/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

#include <string.h>

#define CUT_NUMBER "a number is cut"

void lg_cursor_init(struct lg_cursor *c, const void *data, size_t len)
{
    /* "" for NULL: arithmetic on a null pointer is undefined. */
    const uint8_t *begin = data != NULL ? data : (const void *)"";
    *c = (struct lg_cursor){.begin = begin, .at = begin, .end = begin + len};
}

bool lg_cursor_ok(const struct lg_cursor *c)
{
    return c->reason == NULL;
}

bool lg_cursor_more(const struct lg_cursor *c)
{
    return c->reason == NULL && c->at < c->end;
}

size_t lg_cursor_left(const struct lg_cursor *c)
{
    return c->reason == NULL ? (size_t)(c->end - c->at) : 0;
}

uint64_t lg_cursor_offset(const struct lg_cursor *c)
{
    return c->base_offset + (uint64_t)(c->at - c->begin);
}

void lg_cursor_fail(struct lg_cursor *c, const char *reason)
{
    if (c->reason != NULL)
        return;
    c->reason = reason;
    c->fail_offset = lg_cursor_offset(c);
}

bool lg_cursor_finish(const struct lg_cursor *c, struct lg_error *err)
{
    if (c->reason == NULL)
        return true;
    return lg_fail_at(err, c->fail_offset, "%s", c->reason);
}

/* The next len bytes, or NULL and a failure when they are not there. */
static const uint8_t *take(struct lg_cursor *c, uint64_t len,
                           const char *reason)
{
    if (c->reason != NULL)
        return NULL;
    if (len > (uint64_t)(c->end - c->at)) {
        lg_cursor_fail(c, reason);
        return NULL;
    }
    const uint8_t *p = c->at;
    c->at += len;
    return p;
}

uint8_t lg_cursor_u8(struct lg_cursor *c)
{
    const uint8_t *p = take(c, 1, CUT_NUMBER);
    return p != NULL ? *p : 0;
}

static uint64_t number_le(struct lg_cursor *c, unsigned len)
{
    const uint8_t *p = take(c, len, CUT_NUMBER);
    uint64_t n = 0;
    for (unsigned i = 0; p != NULL && i < len; i++)
        n |= (uint64_t)p[i] << (8 * i);
    return n;
}

static uint64_t number_be(struct lg_cursor *c, unsigned len)
{
    const uint8_t *p = take(c, len, CUT_NUMBER);
    uint64_t n = 0;
    for (unsigned i = 0; p != NULL && i < len; i++)
        n = n << 8 | p[i];
    return n;
}

uint16_t lg_cursor_u16le(struct lg_cursor *c)
{
    return (uint16_t)number_le(c, 2);
}

uint32_t lg_cursor_u32le(struct lg_cursor *c)
{
    return (uint32_t)number_le(c, 4);
}

uint64_t lg_cursor_u64le(struct lg_cursor *c)
{
    return number_le(c, 8);
}

uint32_t lg_cursor_u32be(struct lg_cursor *c)
{
    return (uint32_t)number_be(c, 4);
}

uint64_t lg_cursor_u64be(struct lg_cursor *c)
{
    return number_be(c, 8);
}

uint64_t lg_cursor_uvarint(struct lg_cursor *c)
{
    if (c->reason != NULL)
        return 0;
    uint64_t n = 0;
    const uint8_t *p = c->at;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (p == c->end) {
            lg_cursor_fail(c, "a varint is cut");
            return 0;
        }
        uint8_t byte = *p++;
        /* The tenth byte has room for one bit only. */
        if (shift == 63 && byte > 1)
            break;
        n |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            c->at = p;
            return n;
        }
    }
    lg_cursor_fail(c, "a varint is longer than 64 bits");
    return 0;
}

struct lg_str lg_cursor_bytes(struct lg_cursor *c, uint64_t len)
{
    const uint8_t *p = take(c, len, "bytes end early");
    return lg_str_from(p, p != NULL ? (size_t)len : 0);
}

void lg_cursor_skip(struct lg_cursor *c, uint64_t len)
{
    (void)take(c, len, "bytes end early");
}

struct lg_cursor lg_cursor_sub(struct lg_cursor *c, uint64_t len)
{
    uint64_t offset = lg_cursor_offset(c);
    const uint8_t *p = take(c, len, "a message ends early");
    struct lg_cursor sub;
    lg_cursor_init(&sub, p, p != NULL ? (size_t)len : 0);
    sub.base_offset = offset;
    sub.reason = c->reason;
    sub.fail_offset = c->fail_offset;
    return sub;
}
