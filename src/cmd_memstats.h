/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a Go program's memory statistics in words, as `memstats` prints
 * them: a row of sentences, each made by a function of its own.
 */
#ifndef LG_CMD_MEMSTATS_H
#define LG_CMD_MEMSTATS_H

#include "one_capture.h"

struct lg_memstats_view {
    const struct lg_source_arg *source;
    const struct lg_one_capture *one;
    const struct lg_memstats *m;
    struct lg_memory memory;
};

/* Ends with label NULL. words adds nothing where nothing is known. */
struct lg_memstats_line {
    const char *label;
    void (*words)(const struct lg_memstats_view *v, struct lg_sb *sb);
};
extern const struct lg_memstats_line lg_memstats_lines[];

#endif
