/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a protobuf writer for tests, as simple as can be: fields into a
 * string builder, messages from other builders.
 */
#ifndef LG_TESTS_PB_H
#define LG_TESTS_PB_H

#include "base/sb.h"

static inline void pb_raw_varint(struct lg_sb *sb, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        lg_sb_char(sb, (char)((n & 0x7f) | 0x80));
    lg_sb_char(sb, (char)n);
}

static inline void pb_varint(struct lg_sb *sb, unsigned field, uint64_t n)
{
    pb_raw_varint(sb, field << 3);
    pb_raw_varint(sb, n);
}

static inline void pb_bytes(struct lg_sb *sb, unsigned field, struct lg_str s)
{
    pb_raw_varint(sb, field << 3 | 2);
    pb_raw_varint(sb, s.len);
    lg_sb_str(sb, s);
}

/* Takes the message out of its builder, which is empty afterwards. */
static inline void pb_message(struct lg_sb *sb, unsigned field,
                              struct lg_sb *message)
{
    pb_bytes(sb, field, lg_sb_view(message));
    message->len = 0;
}

static inline void pb_packed(struct lg_sb *sb, unsigned field,
                             const uint64_t *numbers, size_t count)
{
    struct lg_sb list;
    lg_sb_init(&list, sb->arena);
    for (size_t i = 0; i < count; i++)
        pb_raw_varint(&list, numbers[i]);
    pb_bytes(sb, field, lg_sb_view(&list));
}

#endif
