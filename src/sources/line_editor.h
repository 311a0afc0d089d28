/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: lines of somebody who types: edited, completed with Tab, kept in a
 * history, where standard input is a terminal and libedit is installed; else
 * read as they come. libedit is loaded when a terminal is there and not before.
 */
#ifndef LG_SOURCES_LINE_EDITOR_H
#define LG_SOURCES_LINE_EDITOR_H

#include "base/error.h"
#include "base/str.h"

/* A line with its last word completed, or the same line; valid until the next
 * call. */
typedef struct lg_str lg_line_complete_fn(void *context, struct lg_str line);

struct lg_line_editor; /* opaque */

/* Heap object. complete may be NULL. NULL: out of memory. */
struct lg_line_editor *lg_line_editor_create(lg_line_complete_fn *complete,
                                             void *context,
                                             struct lg_error *err);
void lg_line_editor_destroy(struct lg_line_editor *e); /* NULL is fine */
/* The next line, without its end; the last one may have none. Valid until the
 * next call. The prompt goes to stdout; in front of a terminal to stderr, as
 * `go tool pprof` does. false with kind OK: the end; else: it cannot be read.
 */
bool lg_line_editor_read(struct lg_line_editor *e, const char *prompt,
                         struct lg_str *line_ret, struct lg_error *err);

#endif
