/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a string builder in an arena, with the words in which the house
 * prints numbers: `512.0 MiB`, `41,208`, `8.4 s`. Sticky: when memory is out
 * it stops growing and sb->failed tells at the end.
 */
#ifndef LG_BASE_SB_H
#define LG_BASE_SB_H

#include "base/arena.h"
#include "base/str.h"

struct lg_sb {
    struct lg_arena *arena; /* borrowed */
    char *data;
    size_t len, capacity;
    bool failed;
};

void lg_sb_init(struct lg_sb *sb, struct lg_arena *arena);
/* Room for so many bytes more, where that is known roughly: no growing. */
void lg_sb_reserve(struct lg_sb *sb, size_t bytes);
void lg_sb_str(struct lg_sb *sb, struct lg_str s);
void lg_sb_cstr(struct lg_sb *sb, const char *s);
void lg_sb_char(struct lg_sb *sb, char c);
void lg_sb_repeat(struct lg_sb *sb, char c, size_t n);
void lg_sb_fmt(struct lg_sb *sb, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void lg_sb_bytes(struct lg_sb *sb, uint64_t bytes); /* 512.0 MiB, 12 B */
void lg_sb_count(struct lg_sb *sb, uint64_t n);     /* 41,208 */
/* The two largest parts that matter, rounded half up: 0 s, 380 ns, 1.2 µs,
 * 12 µs, 3.5 ms, 38 ms (tenths below 10), 8.4 s, 42.0 s (tenths below a
 * minute), 3 min 20 s, 2 h 5 min, 1 d 3 h; a second part of 0 is left out:
 * 2 h. */
void lg_sb_duration(struct lg_sb *sb, uint64_t ns);
/* RFC 3339 with milliseconds in UTC: 2026-11-02T14:03:09.123Z. */
void lg_sb_time(struct lg_sb *sb, int64_t unix_ns);
struct lg_str lg_sb_view(const struct lg_sb *sb); /* valid until it grows */
char *lg_sb_cstr_of(struct lg_sb *sb); /* terminated; NULL when it failed */

#endif
