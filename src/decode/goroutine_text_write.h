/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: goroutines written the way Go prints them (debug=2), so that what
 * was read out of memory is for every tool that reads dumps, and comes back
 * through lg_goroutine_text_parse as the same model. Two things differ from
 * Go's own: arguments are "(...)" everywhere, and lines carry no "+0x1d".
 * Labels stand behind the bracket, as Go 1.27 writes them.
 */
#ifndef LG_DECODE_GOROUTINE_TEXT_WRITE_H
#define LG_DECODE_GOROUTINE_TEXT_WRITE_H

#include "base/sb.h"
#include "evidence/goroutines.h"

/* Goroutines share stacks: the text of one that stands in `out` already is
 * copied from there. */
#define LG_GOROUTINE_TEXT_SEEN 64
struct lg_goroutine_text_writer {
    const struct lg_goroutines *g; /* borrowed */
    struct lg_sb *out;             /* borrowed */
    struct {
        uint32_t frame_first, frame_count, elided_at;
        uint64_t elided_frames;
        size_t at, len; /* in out; len 0: free */
    } seen[LG_GOROUTINE_TEXT_SEEN];
};
/* Also each time that out was emptied. */
void lg_goroutine_text_begin(struct lg_goroutine_text_writer *w,
                             const struct lg_goroutines *g, struct lg_sb *out);
/* As lg_goroutine_text_write_one. */
void lg_goroutine_text_add(struct lg_goroutine_text_writer *w,
                           const struct lg_goroutine *item);

/* One goroutine's block with its final newline; blocks are separated by an
 * empty line, which is the caller's. */
void lg_goroutine_text_write_one(const struct lg_goroutines *g,
                                 const struct lg_goroutine *item,
                                 struct lg_sb *out);
/* All of them. out->failed when memory is out: a million are a gigabyte, write
 * those one by one. Items that stand for several (count) are written once. */
void lg_goroutine_text_write(const struct lg_goroutines *g, struct lg_sb *out);

#endif
