/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdbool.h>

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The range of the second byte alone keeps out what is not well-formed. */
static bool is_second(unsigned char lead, unsigned char byte)
{
    switch (lead) {
    case 0xE0:
        return byte >= 0xA0 && byte <= 0xBF;
    case 0xED:
        return byte >= 0x80 && byte <= 0x9F;
    case 0xF0:
        return byte >= 0x90 && byte <= 0xBF;
    case 0xF4:
        return byte >= 0x80 && byte <= 0x8F;
    default:
        return is_continuation(byte);
    }
}

size_t lg_utf8_len(const void *data, size_t left)
{
    const unsigned char *p = data;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    size_t len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (left < len || !is_second(p[0], p[1]))
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (!is_continuation(p[i]))
            return 0;
    }
    return len;
}

size_t lg_utf8_count(const void *data, size_t len)
{
    const unsigned char *p = data;
    size_t count = 0;
    for (size_t i = 0; i < len; count++) {
        size_t bytes = p[i] < 0x80 ? 1 : lg_utf8_len(p + i, len - i);
        i += bytes != 0 ? bytes : 1;
    }
    return count;
}
