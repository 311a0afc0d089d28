/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: goroutines as Go prints them: debug=2, a crash, SIGQUIT (with any
 * text around them) and debug=1 (counts per stack). Go 1.17 … 1.27.
 */
#ifndef LG_DECODE_GOROUTINE_TEXT_H
#define LG_DECODE_GOROUTINE_TEXT_H

#include "base/error.h"
#include "evidence/fatal.h"
#include "evidence/goroutines.h"

bool lg_goroutine_text_is(struct lg_str bytes);       /* debug=2 or a crash */
bool lg_goroutine_count_text_is(struct lg_str bytes); /* debug=1 */
/* Borrows bytes for the life of *ret. A dump that was cut in the middle is
 * fine: ret->truncated. ABSENT when there is no goroutine at all. */
bool lg_goroutine_text_parse(struct lg_str bytes, struct lg_arena *arena,
                             struct lg_goroutines *ret, struct lg_error *err);
bool lg_goroutine_count_text_parse(struct lg_str bytes, struct lg_arena *arena,
                                   struct lg_goroutines *ret,
                                   struct lg_error *err);

/* What a dying Go program says at the end of stderr. Borrows; false: nothing
 * that Go's runtime prints was found, *ret is NONE. */
/* The last death in the text; false, and kind NONE, when there is none. Views
 * borrow the text. A program can print such lines and live: who has its exit
 * status should ask that first (2, or 128 + signal). */
bool lg_fatal_parse(struct lg_str stderr_tail, struct lg_fatal *ret);

#endif
