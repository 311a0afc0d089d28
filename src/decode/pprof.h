/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: profile.proto, gzipped or raw, into a columnar profile; with the
 * checks of google/pprof's CheckValid (Go 1.27.4), so that what it refuses is
 * refused: ids that are 0, double or missing, samples with too few values.
 * Format: github.com/google/pprof proto/profile.proto (2026).
 *
 * Memory, in multiples of the inflated message: at most 9 for the profile and,
 * while it is read, 12 for lists of its parts (both for messages that are made
 * of the smallest parts only; two and next to none for a real one).
 */
#ifndef LG_DECODE_PPROF_H
#define LG_DECODE_PPROF_H

#include "base/error.h"
#include "evidence/profile.h"

/* All strings are copied into, and the profile lives in, the arena. */
bool lg_pprof_parse(struct lg_str bytes, struct lg_arena *arena,
                    struct lg_profile *profile_ret, struct lg_error *err);

/* Its two steps. Bytes that are gzip, inflated into the arena (several members
 * are joined); others as they are, borrowed. LIMIT: more than 200 times the
 * input and 64 MiB, or than 1 GiB. alone: where the second step will put
 * the one profile that this process reads: it gets room there, and a helper.
 * NULL: it is one of several; malloc has memory that was in use, and processors
 * are taken. */
bool lg_pprof_inflate(struct lg_str bytes, struct lg_arena *arena,
                      struct lg_arena *alone, struct lg_str *ret,
                      struct lg_error *err);
bool lg_pprof_parse_message(struct lg_str message, struct lg_arena *arena,
                            struct lg_profile *profile_ret,
                            struct lg_error *err);

#endif
