/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_dwarf_section.h"

#include "base/cursor.h"

#include <elf.h>
#include <string.h>
#include <zlib.h>

/* zlib makes at most 1032 bytes of one. */
#define MAX_RATIO 1040
#define STEP_BYTES ((uint64_t)1 << 20)

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* .zdebug_*: "ZLIB", size. Go ≤ 1.18. */
static bool open_old(struct lg_str bytes, struct lg_dwarf_section *ret)
{
    struct lg_cursor c;
    lg_cursor_init(&c, bytes.data, bytes.len);
    struct lg_str magic = lg_cursor_bytes(&c, 4);
    ret->size_bytes = lg_cursor_u64be(&c);
    ret->bytes = lg_cursor_bytes(&c, lg_cursor_left(&c));
    ret->is_deflated = true;
    return lg_cursor_ok(&c) && lg_str_eq(magic, LG_STR("ZLIB"));
}

/* SHF_COMPRESSED: an Elf64_Chdr before it. */
static bool open_new(struct lg_str bytes, struct lg_dwarf_section *ret)
{
    struct lg_cursor c;
    lg_cursor_init(&c, bytes.data, bytes.len);
    uint32_t type = lg_cursor_u32le(&c);
    lg_cursor_skip(&c, 4);
    ret->size_bytes = lg_cursor_u64le(&c);
    lg_cursor_skip(&c, 8);
    ret->bytes = lg_cursor_bytes(&c, lg_cursor_left(&c));
    ret->is_deflated = true;
    return lg_cursor_ok(&c) && type == ELFCOMPRESS_ZLIB;
}

bool lg_dwarf_section_open(const struct lg_elf *elf, struct lg_str plain,
                           struct lg_str old, uint64_t max_bytes,
                           struct lg_dwarf_section *ret, struct lg_error *err)
{
    struct lg_elf_section s;
    bool is_ok = true;
    if (lg_elf_section_find(elf, plain, &s)) {
        struct lg_str bytes = lg_elf_section_bytes(elf, &s);
        if ((s.flags & SHF_COMPRESSED) != 0)
            is_ok = open_new(bytes, ret);
        else
            *ret = (struct lg_dwarf_section){bytes, false, bytes.len};
    } else if (lg_elf_section_find(elf, old, &s)) {
        is_ok = open_old(lg_elf_section_bytes(elf, &s), ret);
    } else {
        return lg_fail(err, LG_ABSENT, "no %.*s", LG_STR_ARG(plain));
    }
    if (!is_ok || ret->size_bytes == 0 ||
        (ret->is_deflated && ret->size_bytes / MAX_RATIO > ret->bytes.len))
        return lg_fail(err, LG_BAD_DATA, "%.*s is damaged", LG_STR_ARG(plain));
    if (ret->size_bytes > max_bytes)
        return lg_fail(err, LG_LIMIT, "%.*s has %llu bytes", LG_STR_ARG(plain),
                       (unsigned long long)ret->size_bytes);
    return true;
}

static void refill(z_stream *z, struct lg_str *rest)
{
    if (z->avail_in != 0)
        return;
    size_t n = least(rest->len, STEP_BYTES);
    /* zlib does not write to it, but says so only with ZLIB_CONST */
    z->next_in = (Bytef *)(uintptr_t)rest->data;
    z->avail_in = (uInt)n;
    *rest = lg_str_skip(*rest, n);
}

static bool inflate_into(const struct lg_dwarf_section *from, uint8_t *into,
                         lg_dwarf_filled_fn fn, void *context,
                         struct lg_error *err)
{
    z_stream z = {0};
    if (inflateInit(&z) != Z_OK)
        return lg_fail_nomem(err);
    struct lg_str rest = from->bytes;
    uint64_t filled = 0;
    bool is_ok = true;
    while (is_ok && filled < from->size_bytes) {
        refill(&z, &rest);
        uint64_t step = least(from->size_bytes - filled, STEP_BYTES);
        z.next_out = into + filled;
        z.avail_out = (uInt)step;
        int state = inflate(&z, Z_NO_FLUSH);
        uint64_t made = step - z.avail_out;
        filled += made;
        bool is_end = state == Z_STREAM_END && filled < from->size_bytes;
        bool is_stuck = made == 0 && z.avail_in == 0 && rest.len == 0;
        if ((state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) ||
            is_end || is_stuck)
            is_ok = lg_fail(err, LG_BAD_DATA, "compressed DWARF is damaged");
        else if (fn != NULL)
            is_ok = fn(context, filled, err);
    }
    inflateEnd(&z);
    return is_ok;
}

bool lg_dwarf_section_copy(const struct lg_dwarf_section *from, uint8_t *into,
                           lg_dwarf_filled_fn fn, void *context,
                           struct lg_error *err)
{
    if (from->is_deflated)
        return inflate_into(from, into, fn, context, err);
    for (uint64_t filled = 0; filled < from->size_bytes;) {
        uint64_t step = least(from->size_bytes - filled, STEP_BYTES);
        memcpy(into + filled, from->bytes.data + filled, step);
        filled += step;
        if (fn != NULL && !fn(context, filled, err))
            return false;
    }
    return true;
}
