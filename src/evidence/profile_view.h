/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the filters of profile_filter.h are built from: a view that
 * shares all columns with its profile, columns of its own where it differs, a
 * choice of samples, and names that are matched once each. For evidence only.
 */
#ifndef LG_EVIDENCE_PROFILE_VIEW_H
#define LG_EVIDENCE_PROFILE_VIEW_H

#include "base/map.h"
#include "base/regex.h"
#include "evidence/profile.h"

/* Without spare room: what is pushed to a column goes to a copy of it. */
struct lg_profile lg_profile_view(const struct lg_profile *p,
                                  struct lg_arena *arena);

/* The column's items copied into the view's arena, so that they may change;
 * `extra` more have room behind them. */
#define lg_own_column(view, column, extra)                                     \
    lg_own_items_((view)->arena, &(view)->column.items, (view)->column.count,  \
                  (extra), &(view)->column.capacity,                           \
                  sizeof *(view)->column.items)
bool lg_own_items_(struct lg_arena *arena, void *items_ptr, size_t count,
                   size_t extra, size_t *capacity, size_t item_bytes);

/* Samples with keep[sample] != 0 stay, with their values and labels. */
bool lg_profile_select(struct lg_profile *view, const uint8_t *keep);

/* Judges functions, by a test of their own or a pattern, each only once. */
struct lg_function_test {
    const struct lg_profile *profile;
    const struct lg_regex *re;
    uint8_t *functions, *mappings; /* enum: not asked, no, yes */
    struct lg_map texts;           /* text → 0: no, 1: yes */
};
/* re NULL: never asked. Scratch memory is borrowed; false: it ran out. */
bool lg_function_test_init(struct lg_function_test *t,
                           const struct lg_profile *p,
                           const struct lg_regex *re, struct lg_arena *scratch);
/* Text is borrowed for the test's life. */
bool lg_function_test_text(struct lg_function_test *t, struct lg_str text);
/* Name or file matches; LG_NO_FUNCTION: no. */
bool lg_function_test_line(struct lg_function_test *t, uint32_t function);
/* The file of the location's mapping matches. */
bool lg_function_test_mapping(struct lg_function_test *t,
                              const struct lg_profile_location *l);

#endif
