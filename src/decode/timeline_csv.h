/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: timeline.csv back into rows. Columns are found by the names in the
 * header; others are passed over, missing ones and empty cells are unknown.
 * Format: docs/formats/incident.md.
 */
#ifndef LG_DECODE_TIMELINE_CSV_H
#define LG_DECODE_TIMELINE_CSV_H

#include "base/error.h"
#include "evidence/timeline.h"

/* Begins with a header that has `t` and a column that we know. */
bool lg_timeline_csv_is(struct lg_str bytes);
/* Rows are in the arena; the oldest are thinned beyond 65,536. A last line
 * without newline was being written when the recorder died: it is left out.
 * BAD_DATA: no such header. */
bool lg_timeline_csv_parse(struct lg_str bytes, struct lg_arena *arena,
                           struct lg_timeline *ret, struct lg_error *err);

#endif
