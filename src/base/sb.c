/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sb.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)64)

void lg_sb_init(struct lg_sb *sb, struct lg_arena *arena)
{
    *sb = (struct lg_sb){.arena = arena};
}

/* Room for more bytes, or failed. */
static bool reserve(struct lg_sb *sb, size_t more)
{
    if (sb->failed)
        return false;
    if (more <= sb->capacity - sb->len)
        return true;
    size_t need, twice = sb->capacity * 2;
    if (__builtin_add_overflow(sb->len, more, &need)) {
        sb->failed = true;
        return false;
    }
    size_t capacity = need > twice ? need : twice;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    char *data = lg_arena_grow(sb->arena, sb->data, sb->capacity, capacity, 1);
    if (data == NULL) {
        sb->failed = true;
        return false;
    }
    sb->data = data;
    sb->capacity = capacity;
    return true;
}

void lg_sb_reserve(struct lg_sb *sb, size_t bytes)
{
    (void)reserve(sb, bytes);
}

void lg_sb_str(struct lg_sb *sb, struct lg_str s)
{
    if (s.len == 0 || !reserve(sb, s.len))
        return;
    memcpy(sb->data + sb->len, s.data, s.len);
    sb->len += s.len;
}

void lg_sb_cstr(struct lg_sb *sb, const char *s)
{
    lg_sb_str(sb, lg_str_of(s));
}

void lg_sb_char(struct lg_sb *sb, char c)
{
    if (reserve(sb, 1))
        sb->data[sb->len++] = c;
}

void lg_sb_repeat(struct lg_sb *sb, char c, size_t n)
{
    if (n == 0 || !reserve(sb, n))
        return;
    memset(sb->data + sb->len, c, n);
    sb->len += n;
}

void lg_sb_fmt(struct lg_sb *sb, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    if (reserve(sb, 1)) {
        /* Straight into the free part; once more when it was too small. */
        size_t left = sb->capacity - sb->len;
        int len = vsnprintf(sb->data + sb->len, left, fmt, args);
        if (len < 0)
            sb->failed = true;
        else if ((size_t)len < left)
            sb->len += (size_t)len;
        else if (reserve(sb, (size_t)len + 1))
            sb->len += (size_t)vsnprintf(sb->data + sb->len, (size_t)len + 1,
                                         fmt, again);
    }
    va_end(again);
    va_end(args);
}

void lg_sb_time(struct lg_sb *sb, int64_t unix_ns)
{
    char text[LG_TIME_TEXT_BYTES];
    lg_time_text(unix_ns, text);
    lg_sb_cstr(sb, text);
}

struct lg_str lg_sb_view(const struct lg_sb *sb)
{
    return lg_str_from(sb->data, sb->len);
}

char *lg_sb_cstr_of(struct lg_sb *sb)
{
    if (!reserve(sb, 1))
        return NULL;
    sb->data[sb->len] = '\0';
    return sb->data;
}
