/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: pull lines, either out of bytes in memory (views, nothing copied)
 * or out of a descriptor through one fixed buffer, in constant memory however
 * long the input is.
 */
#ifndef LG_BASE_LINES_H
#define LG_BASE_LINES_H

#include "base/error.h"
#include "base/str.h"

/* Next line of *rest without its "\n" or "\r\n"; a last line without newline
 * counts. false at the end. */
bool lg_lines_next(struct lg_str *rest, struct lg_str *line_ret);

/* Lines from a descriptor. A line longer than the buffer is cut: its first
 * part is given with cut = true, the rest is dropped. */
struct lg_line_reader {
    int fd; /* borrowed */
    char *buffer;
    size_t capacity, begin, end;
    uint64_t offset; /* of buffer[begin] in the stream */
    bool eof, cut, dropping;
};

/* Borrows buffer (at least 4096 bytes are sensible). */
void lg_line_reader_init(struct lg_line_reader *r, int fd, char *buffer,
                         size_t capacity);
/* true: *line_ret is valid until the next call. false: end of input (err->kind
 * stays LG_OK) or a read error. On a descriptor that would block: false with
 * err->kind LG_OS and sys_errno EAGAIN; call again later. */
bool lg_line_reader_next(struct lg_line_reader *r, struct lg_str *line_ret,
                         struct lg_error *err);

#endif
