/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a string is a view (pointer and length) that is cut into head and
 * tail. Views borrow; they are not terminated. data may be NULL when len is 0.
 * Nothing here allocates except lg_str_dup and lg_str_cstr.
 */
#ifndef LG_BASE_STR_H
#define LG_BASE_STR_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct lg_str {
    const char *data;
    size_t len; /* bytes */
};

struct lg_cut {
    struct lg_str head, tail;
    bool found; /* when false: head is the whole, tail is empty */
};

/* "%.*s" with LG_STR_ARG(s) prints a view. */
#define LG_STR_ARG(s) (int)(s).len, (s).data != NULL ? (s).data : ""
#define LG_STR(literal) ((struct lg_str){(literal), sizeof("" literal "") - 1})

/* The smallest ones are inline: decoders call them for every few bytes, and
 * with a literal they become one comparison of a word. */
static inline struct lg_str lg_str_of(const char *cstr) /* NULL → empty */
{
    return (struct lg_str){cstr, cstr != NULL ? strlen(cstr) : 0};
}

static inline struct lg_str lg_str_from(const void *data, size_t len)
{
    return (struct lg_str){(const char *)data, len};
}

/* mem* functions may not see NULL, not even with a length of 0. */
static inline bool lg_str_same_(const char *a, const char *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

static inline bool lg_str_eq(struct lg_str a, struct lg_str b)
{
    return a.len == b.len &&
           (a.data == b.data || lg_str_same_(a.data, b.data, a.len));
}

static inline bool lg_str_starts(struct lg_str s, struct lg_str prefix)
{
    return s.len >= prefix.len && lg_str_same_(s.data, prefix.data, prefix.len);
}

static inline bool lg_str_ends(struct lg_str s, struct lg_str suffix)
{
    if (suffix.len == 0)
        return true;
    return s.len >= suffix.len &&
           lg_str_same_(s.data + (s.len - suffix.len), suffix.data, suffix.len);
}

/* All but the first n. */
static inline struct lg_str lg_str_skip(struct lg_str s, size_t n)
{
    if (n > s.len)
        n = s.len;
    if (n == 0)
        return s;
    return (struct lg_str){s.data + n, s.len - n};
}

/* At most n. */
static inline struct lg_str lg_str_first(struct lg_str s, size_t n)
{
    if (n < s.len)
        s.len = n;
    return s;
}

/* When s starts with prefix: *rest_ret = what follows. */
static inline bool lg_str_after(struct lg_str s, struct lg_str prefix,
                                struct lg_str *rest_ret)
{
    if (!lg_str_starts(s, prefix))
        return false;
    *rest_ret = lg_str_skip(s, prefix.len);
    return true;
}

int lg_str_cmp(struct lg_str a, struct lg_str b); /* bytes, then length */
/* Index of the first / last occurrence, or -1. An empty needle is at 0 / len.
 */
ptrdiff_t lg_str_find(struct lg_str s, struct lg_str needle);
ptrdiff_t lg_str_rfind(struct lg_str s, struct lg_str needle);
ptrdiff_t lg_str_find_char(struct lg_str s, char c);
ptrdiff_t lg_str_rfind_char(struct lg_str s, char c);
bool lg_str_contains(struct lg_str s, struct lg_str needle);
/* Cut around the first / last occurrence; the separator is in neither part. */
struct lg_cut lg_str_cut(struct lg_str s, struct lg_str separator);
struct lg_cut lg_str_cut_char(struct lg_str s, char separator);
struct lg_cut lg_str_rcut(struct lg_str s, struct lg_str separator);
struct lg_cut lg_str_rcut_char(struct lg_str s, char separator);
struct lg_str lg_str_trim(struct lg_str s); /* ASCII blanks at both ends */
struct lg_str lg_str_trim_left(struct lg_str s);
struct lg_str lg_str_trim_right(struct lg_str s);
/* Next word between ASCII blanks; false when none is left. Advances *s. */
bool lg_str_word(struct lg_str *s, struct lg_str *word_ret);

/* The whole view is the number, no sign for u64, one '-' for i64; overflow and
 * anything else → false, *ret untouched. */
bool lg_str_u64(struct lg_str s, uint64_t *ret);
bool lg_str_i64(struct lg_str s, int64_t *ret);
bool lg_str_hex(struct lg_str s, uint64_t *ret); /* with or without 0x */
/* [-]digits[.digits][e[±]digits], whatever the locale. Infinite results and
 * texts above LG_STR_F64_MAX_BYTES → false. */
#define LG_STR_F64_MAX_BYTES 127
bool lg_str_f64(struct lg_str s, double *ret);
/* Digits at the start of *s, which advances behind them. */
bool lg_str_take_u64(struct lg_str *s, uint64_t *ret);
/* "256M", "1.5GiB", "300000", "64k": powers of 1024; suffixes K M G T with an
 * optional B or iB, any case, one blank before them is fine ("512.0 MiB"), "B"
 * alone too. Rounded down; a fraction of a byte count → false. → bytes. */
bool lg_str_size(struct lg_str s, uint64_t *bytes_ret);
/* "90s", "500ms", "5m", "1h30m", "1.5h", "10" (seconds). Units: ns us ms s m h
 * d, without blanks. → nanoseconds, rounded down. */
bool lg_str_duration(struct lg_str s, uint64_t *ns_ret);

/* Copies into the arena; .data NULL and .len 0 when it is out of memory. */
struct lg_str lg_str_dup(struct lg_arena *arena, struct lg_str s);
/* Terminated copy; NULL when out of memory. NUL bytes inside stay. */
char *lg_str_cstr(struct lg_arena *arena, struct lg_str s);
/* XXH3 without a seed: the same on every run and machine. For tables that
 * hostile input fills use lg_map, whose seed is secret. */
uint64_t lg_str_hash(struct lg_str s);

#endif
