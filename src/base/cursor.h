/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a bounded sticky cursor over untrusted bytes. The first failure
 * freezes position and reason; later reads give 0 or an empty view, loops on
 * lg_cursor_more() end, and one lg_cursor_finish() per message reports. So a
 * decoder reads straight through and checks once.
 */
#ifndef LG_BASE_CURSOR_H
#define LG_BASE_CURSOR_H

#include "base/error.h"
#include "base/str.h"

struct lg_cursor {
    const uint8_t *begin, *at, *end;
    uint64_t base_offset; /* of begin in the whole input, for messages */
    const char *reason;   /* static text; NULL while all is well */
    uint64_t fail_offset;
};

void lg_cursor_init(struct lg_cursor *c, const void *data, size_t len);
bool lg_cursor_ok(const struct lg_cursor *c);
bool lg_cursor_more(const struct lg_cursor *c);   /* ok and bytes are left */
size_t lg_cursor_left(const struct lg_cursor *c); /* 0 after a failure */
uint64_t lg_cursor_offset(const struct lg_cursor *c);
/* reason must be a string literal; only the first call counts. */
void lg_cursor_fail(struct lg_cursor *c, const char *reason);
/* false and LG_BAD_DATA "…at byte N" when a read had failed. */
bool lg_cursor_finish(const struct lg_cursor *c, struct lg_error *err);

uint8_t lg_cursor_u8(struct lg_cursor *c);
uint16_t lg_cursor_u16le(struct lg_cursor *c);
uint32_t lg_cursor_u32le(struct lg_cursor *c);
uint64_t lg_cursor_u64le(struct lg_cursor *c);
uint32_t lg_cursor_u32be(struct lg_cursor *c);
uint64_t lg_cursor_u64be(struct lg_cursor *c);
/* Protobuf / Go varint: at most 10 bytes and 64 bits. */
uint64_t lg_cursor_uvarint(struct lg_cursor *c);
/* Borrows len bytes of the input; empty when they are not there. */
struct lg_str lg_cursor_bytes(struct lg_cursor *c, uint64_t len);
void lg_cursor_skip(struct lg_cursor *c, uint64_t len);
/* A cursor over the next len bytes, which this one steps over. When they are
 * not there both have failed. A failure of the new one later is its own: it
 * needs its own finish. */
struct lg_cursor lg_cursor_sub(struct lg_cursor *c, uint64_t len);

#endif
