/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: text in columns as Go's text/tabwriter (1.27) aligns it with the
 * settings of pprof: cells end at a tab, are aligned to the right and padded
 * with one blank; consecutive lines that have a cell in a column share its
 * width; text between 0xff bytes is one piece, tabs included.
 */
#ifndef LG_REPORT_TABWRITER_H
#define LG_REPORT_TABWRITER_H

#include "base/sb.h"
#include "base/vec.h"

struct lg_tab_cell {
    size_t bytes;
    ptrdiff_t width; /* in characters; each bad byte is one */
};
struct lg_tab_line {
    size_t first, count; /* cells */
};

struct lg_tab_block { /* lines that are being formatted together */
    size_t first, at, end;
};

struct lg_tabwriter {
    struct lg_sb *out; /* borrowed */
    struct lg_sb text; /* of the cells that wait, without tabs and newlines */
    LG_VEC(struct lg_tab_cell) cells;
    LG_VEC(struct lg_tab_line) lines;   /* the last one is not finished */
    struct lg_tab_cell cell;            /* not finished */
    size_t measured;                    /* of text: is in cell.width */
    LG_VEC(struct lg_tab_block) blocks; /* while flushing */
    LG_VEC(ptrdiff_t) widths;           /* of the columns so far */
    size_t written;                     /* of text */
    bool escaped, failed;
};

void lg_tabwriter_init(struct lg_tabwriter *w, struct lg_sb *out);
void lg_tabwriter_write(struct lg_tabwriter *w, struct lg_str text);
/* After the last write. false: out of memory. */
bool lg_tabwriter_flush(struct lg_tabwriter *w);

#endif
