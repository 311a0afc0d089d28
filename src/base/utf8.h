/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what is UTF-8 and what is not. Names and lines come from foreign
 * processes; whoever prints them as text puts U+FFFD where a byte is bad, one
 * for each, as Go does.
 */
#ifndef LG_BASE_UTF8_H
#define LG_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character at data, at most `left` (not 0); or 0:
 * the first byte belongs to none. Overlong forms, surrogates and what lies
 * above U+10FFFF are not well-formed (Unicode 15, table 3-7). */
size_t lg_utf8_len(const void *data, size_t left);
/* Characters in len bytes, as Go counts them: each bad byte is one. */
size_t lg_utf8_count(const void *data, size_t len);

#endif
