/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the outside world named itself must not steer a terminal or a
 * page. Control characters, bytes that are not UTF-8 and the marks that turn
 * the direction of writing are shown as escapes: "\x1b", "\n", "\u202e".
 */
#ifndef LG_REPORT_CLEAN_H
#define LG_REPORT_CLEAN_H

#include "base/sb.h"

#define LG_CLEAN_BYTES 16

/* The next character of *rest, which is not empty, as it may be shown: its own
 * bytes, or an escape in room. Advances *rest. */
struct lg_str lg_clean_next(struct lg_str *rest, char room[LG_CLEAN_BYTES]);
/* All of it. */
void lg_clean(struct lg_str s, struct lg_sb *sb);
/* Columns that it takes when shown, one per character: wide and combining
 * characters are not told apart. */
size_t lg_clean_width(struct lg_str s);

#endif
