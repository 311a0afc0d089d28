/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/gzip.h"

#include "base/ahead.h"

#include <assert.h>
#include <libdeflate.h>

/* The shortest member: 10 bytes of header, an empty deflate block, 8 bytes of
 * trailer. */
#define MIN_MEMBER_BYTES 20
/* Deflate cannot do better than 1032 to 1, so a size that claims more lies. */
#define MAX_RATIO 1032
#define MIN_OUTPUT_BYTES ((size_t)4096)

/* As runtime/pprof: profiles are written while a program dies, and the better
 * levels take several times as long for some per cent. */
#define WRITE_LEVEL 1

struct output {
    struct lg_arena *arena;
    char *data;
    size_t len, capacity, limit;
};

bool lg_gzip_is(struct lg_str bytes)
{
    return bytes.len >= 2 && (unsigned char)bytes.data[0] == 0x1f &&
           (unsigned char)bytes.data[1] == 0x8b;
}

/* The last four bytes are the size of the last member modulo 2^32: right for
 * the usual single member, only a first guess for all else. */
static size_t guess_size(struct lg_str bytes)
{
    const unsigned char *end =
        (const unsigned char *)bytes.data + bytes.len - 4;
    size_t size = (size_t)end[0] | (size_t)end[1] << 8 | (size_t)end[2] << 16 |
                  (size_t)end[3] << 24;
    size_t most =
        bytes.len > SIZE_MAX / MAX_RATIO ? SIZE_MAX : bytes.len * MAX_RATIO;
    return size < most ? size : most;
}

static bool reserve(struct output *out, size_t capacity, struct lg_error *err)
{
    if (capacity < MIN_OUTPUT_BYTES)
        capacity = MIN_OUTPUT_BYTES;
    if (capacity > out->limit)
        capacity = out->limit;
    if (capacity <= out->capacity && out->data != NULL)
        return true;
    char *data =
        lg_arena_grow(out->arena, out->data, out->capacity, capacity, 1);
    if (data == NULL)
        return lg_fail_nomem(err);
    out->data = data;
    out->capacity = capacity;
    return true;
}

static bool grow(struct output *out, struct lg_error *err)
{
    if (out->capacity == out->limit)
        return lg_fail(err, LG_LIMIT,
                       "gzip data inflates to more than %zu "
                       "bytes",
                       out->limit);
    size_t doubled =
        out->capacity > SIZE_MAX / 2 ? SIZE_MAX : out->capacity * 2;
    return reserve(out, doubled, err);
}

/* One member from *rest, which advances behind it. A member that does not fit
 * is inflated again from its start into twice the room. */
static bool inflate_member(struct libdeflate_decompressor *d,
                           struct lg_str whole, struct lg_str *rest,
                           struct output *out, struct lg_error *err)
{
    for (;;) {
        size_t taken = 0, made = 0;
        enum libdeflate_result result = libdeflate_gzip_decompress_ex(
            d, rest->data, rest->len, out->data + out->len,
            out->capacity - out->len, &taken, &made);
        if (result == LIBDEFLATE_SUCCESS) {
            *rest = lg_str_skip(*rest, taken);
            out->len += made;
            return true;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            return lg_fail_at(err, whole.len - rest->len,
                              "gzip data is cut or damaged in the member");
        if (!grow(out, err))
            return false;
    }
}

static bool inflate_all(struct libdeflate_decompressor *d, struct lg_str bytes,
                        struct output *out, struct lg_error *err)
{
    struct lg_str rest = bytes;
    do {
        if (!lg_gzip_is(rest))
            return lg_fail_at(err, bytes.len - rest.len,
                              "bytes follow the gzip data");
        if (!inflate_member(d, bytes, &rest, out, err))
            return false;
    } while (rest.len != 0);
    return true;
}

size_t lg_gzip_size_hint(struct lg_str bytes)
{
    return bytes.len < MIN_MEMBER_BYTES ? 0 : guess_size(bytes);
}

bool lg_gunzip(struct lg_str bytes, uint64_t limit_bytes,
               struct lg_arena *arena, struct lg_str *ret, struct lg_error *err)
{
    return lg_gunzip_ahead(bytes, limit_bytes, arena, (struct lg_room){NULL, 0},
                           ret, err);
}

bool lg_gunzip_ahead(struct lg_str bytes, uint64_t limit_bytes,
                     struct lg_arena *arena, struct lg_room next,
                     struct lg_str *ret, struct lg_error *err)
{
    if (!lg_gzip_is(bytes))
        return lg_fail_at(err, 0, "no gzip data");
    if (bytes.len < MIN_MEMBER_BYTES)
        return lg_fail_at(err, bytes.len, "gzip data is cut");
    struct output out = {.arena = arena, .limit = (size_t)limit_bytes};
    if (!reserve(&out, guess_size(bytes), err))
        return false;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (d == NULL)
        return lg_fail_nomem(err);
    struct lg_ahead ahead;
    lg_ahead_begin(&ahead, (struct lg_room){out.data, out.capacity}, next);
    bool ok = inflate_all(d, bytes, &out, err);
    lg_ahead_end(&ahead);
    libdeflate_free_decompressor(d);
    if (!ok)
        return false;
    lg_arena_trim(arena, out.data, out.capacity, out.len);
    *ret = lg_str_from(out.data, out.len);
    return true;
}

bool lg_gzip_write(struct lg_str bytes, struct lg_arena *arena,
                   struct lg_str *ret, struct lg_error *err)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(WRITE_LEVEL);
    if (c == NULL)
        return lg_fail_nomem(err);
    size_t len = 0, room = libdeflate_gzip_compress_bound(c, bytes.len);
    char *out = lg_new(arena, char, room);
    if (out != NULL)
        len = libdeflate_gzip_compress(c, bytes.data != NULL ? bytes.data : "",
                                       bytes.len, out, room);
    libdeflate_free_compressor(c);
    if (out == NULL)
        return lg_fail_nomem(err);
    assert(len != 0); /* the bound was too small */
    lg_arena_trim(arena, out, room, len);
    *ret = lg_str_from(out, len);
    return true;
}
