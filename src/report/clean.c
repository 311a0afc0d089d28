/* SPDX-License-Identifier: Apache-2.0 */
#include "report/clean.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

/* The code point of one well-formed character of len bytes. */
static uint32_t decode(struct lg_str s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s.data;
    uint32_t code = len == 1 ? p[0] : p[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (p[i] & 0x3fU);
    return code;
}

static bool is_harmless(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    return !((code >= 0x200b && code <= 0x200f) || /* zero width, LRM, RLM */
             (code >= 0x2028 && code <= 0x202e) || /* separators, embeddings */
             (code >= 0x2060 && code <= 0x206f) || /* isolates */
             code == 0x61c || code == 0xfeff ||
             (code >= 0xfff9 && code <= 0xfffb) || (code & 0xfffe) == 0xfffe ||
             (code >= 0xfdd0 && code <= 0xfdef) ||
             (code >= 0xe0000 && code <= 0xe007f)); /* invisible tags */
}

static struct lg_str escape(uint32_t code, char room[LG_CLEAN_BYTES])
{
    int len;
    if (code == '\n' || code == '\t' || code == '\r')
        len = snprintf(room, LG_CLEAN_BYTES, "\\%c",
                       code == '\n'   ? 'n'
                       : code == '\t' ? 't'
                                      : 'r');
    else
        len = snprintf(room, LG_CLEAN_BYTES,
                       code < 0x100 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, code);
    return lg_str_from(room, (size_t)len);
}

struct lg_str lg_clean_next(struct lg_str *rest, char room[LG_CLEAN_BYTES])
{
    size_t len = lg_utf8_len(rest->data, rest->len);
    uint32_t code = decode(*rest, len);
    struct lg_str shown;
    if (len == 0) {
        len = 1;
        shown = escape((unsigned char)rest->data[0], room);
    } else if (is_harmless(code)) {
        shown = lg_str_first(*rest, len);
    } else {
        shown = escape(code, room);
    }
    *rest = lg_str_skip(*rest, len);
    return shown;
}

void lg_clean(struct lg_str s, struct lg_sb *sb)
{
    char room[LG_CLEAN_BYTES];
    while (s.len != 0) {
        size_t plain = 0; /* most of it, copied in one piece */
        while (plain < s.len && s.data[plain] >= 0x20 && s.data[plain] < 0x7f)
            plain++;
        lg_sb_str(sb, lg_str_first(s, plain));
        s = lg_str_skip(s, plain);
        if (s.len != 0)
            lg_sb_str(sb, lg_clean_next(&s, room));
    }
}

size_t lg_clean_width(struct lg_str s)
{
    char room[LG_CLEAN_BYTES];
    size_t width = 0;
    while (s.len != 0) {
        struct lg_str shown = lg_clean_next(&s, room);
        width += shown.data == room ? shown.len : 1;
    }
    return width;
}
