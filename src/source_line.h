/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the line of source that a verdict names, when the file lies where
 * the binary says. The name comes from evidence that others may have made, and
 * the line goes into reports that others will read: so only Go files, only
 * regular ones, and only when they are not younger than the incident.
 */
#ifndef LG_SOURCE_LINE_H
#define LG_SOURCE_LINE_H

#include "base/str.h"

/* The line with its blanks, in the arena; empty: not at hand. not_after_ns 0:
 * any age will do. */
struct lg_str lg_source_line(struct lg_str file, uint32_t line,
                             int64_t not_after_ns, struct lg_arena *arena);

#endif
