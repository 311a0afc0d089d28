/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a whole gzip buffer (one or several members) inflated into an
 * arena under a bound, for input is hostile; and made, in one member.
 */
#ifndef LG_DECODE_GZIP_H
#define LG_DECODE_GZIP_H

#include "base/error.h"
#include "base/str.h"

bool lg_gzip_is(struct lg_str bytes); /* begins with 1f 8b */
/* At most limit_bytes come out (else LG_LIMIT). BAD_DATA: truncated, corrupt,
 * trailing bytes. */
bool lg_gunzip(struct lg_str bytes, uint64_t limit_bytes,
               struct lg_arena *arena, struct lg_str *ret,
               struct lg_error *err);
/* One member without name and time: equal bytes give equal files. NOMEM. */
bool lg_gzip_write(struct lg_str bytes, struct lg_arena *arena,
                   struct lg_str *ret, struct lg_error *err);

#endif
