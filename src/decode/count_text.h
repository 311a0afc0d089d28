/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the lines that all of runtime/pprof's debug=1 texts have in common:
 *
 *     #	0x47b4c3	main.(*T).run+0x23	/src/main.go:12
 *
 * with any number of tabs between the columns, for people's eyes.
 */
#ifndef LG_DECODE_COUNT_TEXT_H
#define LG_DECODE_COUNT_TEXT_H

#include "evidence/frame.h"

/* Next line; a last line without its newline is cut and does not count. */
bool lg_count_line_next(struct lg_str *rest, struct lg_str *line_ret);
/* A line with a function; false: it is another. */
bool lg_count_line_frame(struct lg_str line, struct lg_frame *frame_ret);

#endif
