/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: paper for a terminal or a pipe. Everything that is put on it is
 * made harmless (clean.h); ink is only there when colour is wanted; long
 * sentences are wrapped between words at the width of the terminal.
 */
#ifndef LG_REPORT_PAGE_H
#define LG_REPORT_PAGE_H

#include "report/clean.h"
#include "report/report.h"

enum lg_ink {
    LG_INK_PLAIN,
    LG_INK_BOLD,
    LG_INK_DIM,
    LG_INK_CAUSE, /* the title of a finding */
    LG_INK_GOOD,  /* nothing wrong */
    LG_INK_CODE,  /* functions */
};

struct lg_page {
    struct lg_sb *out;
    struct lg_arena *scratch;
    bool color;
    int columns; /* 0: a pipe */
};

/* The right edge that pages are laid out for: 102, less on a narrower
 * terminal. */
size_t lg_page_edge(const struct lg_page *page);
void lg_page_put(const struct lg_page *page, enum lg_ink ink, struct lg_str s);
void lg_page_cput(const struct lg_page *page, enum lg_ink ink, const char *s);
void lg_page_pad(const struct lg_page *page, size_t blanks);
void lg_page_end(const struct lg_page *page); /* of the line */
/* Words of s from column `at` on, further lines from column `indent` on; ends
 * the line. Blanks and newlines in s part words. */
void lg_page_wrap(const struct lg_page *page, enum lg_ink ink, struct lg_str s,
                  size_t at, size_t indent);
/* "  label       text…", the text from column `indent` on. */
void lg_page_labelled(const struct lg_page *page, const char *label,
                      struct lg_str text, size_t margin, size_t indent);

/* A table whose columns are as wide as their widest cell; the last one is
 * wrapped. Rows live in the page's scratch arena. */
#define LG_TABLE_COLUMNS_MAX 5
struct lg_table_row {
    struct lg_str cells[LG_TABLE_COLUMNS_MAX];
};
struct lg_table {
    size_t columns;
    unsigned right_mask; /* bit i: column i is aligned right */
    LG_VEC(struct lg_table_row) rows;
};
/* A new empty row; when memory is out one that is lost. */
struct lg_table_row *lg_table_add(const struct lg_page *page,
                                  struct lg_table *t);
void lg_table_put(const struct lg_page *page, const struct lg_table *t,
                  size_t margin);

#endif
