/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: collapsed stacks, the text that flame graph tools hand to each
 * other: a line for each stack, root first, and how often it was seen.
 *
 *     main;serve;read (inlined) 17
 *
 * A frame may hold blanks: the number is behind the last one. Lines that are
 * empty or begin with '#' are left out. Each distinct frame is one function
 * and one location; the one sample type is samples/count.
 *
 * Format: github.com/brendangregg/FlameGraph, stackcollapse-*.pl (2026).
 */
#ifndef LG_DECODE_FOLDED_H
#define LG_DECODE_FOLDED_H

#include "base/error.h"
#include "evidence/profile.h"

/* UNSUPPORTED: the first line is not one of those; BAD_DATA: a later one, with
 * its offset. Names are copied. Memory: up to 60 times the input (a location
 * and a function for a frame of one byte). */
bool lg_folded_parse(struct lg_str bytes, struct lg_arena *arena,
                     struct lg_profile *profile_ret, struct lg_error *err);

#endif
