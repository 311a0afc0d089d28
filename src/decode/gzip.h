/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a whole gzip buffer (one or several members) inflated into an
 * arena under a bound, for input is hostile; and made, in one member.
 */
#ifndef LG_DECODE_GZIP_H
#define LG_DECODE_GZIP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

bool lg_gzip_is(struct lg_str bytes); /* begins with 1f 8b */
/* At most limit_bytes come out (else LG_LIMIT). BAD_DATA: truncated, corrupt,
 * trailing bytes. */
bool lg_gunzip(struct lg_str bytes, uint64_t limit_bytes,
               struct lg_arena *arena, struct lg_str *ret,
               struct lg_error *err);
/* The same; meanwhile a helper asks for memory that will be filled next, as far
 * as there is time. next {NULL, 0}: none. */
bool lg_gunzip_ahead(struct lg_str bytes, uint64_t limit_bytes,
                     struct lg_arena *arena, struct lg_room next,
                     struct lg_str *ret, struct lg_error *err);
/* Inflated bytes, as the data say: right for one member, a guess otherwise. */
size_t lg_gzip_size_hint(struct lg_str bytes);
/* One member without name and time: equal bytes give equal files. NOMEM. */
bool lg_gzip_write(struct lg_str bytes, struct lg_arena *arena,
                   struct lg_str *ret, struct lg_error *err);

#endif
