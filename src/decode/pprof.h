/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: profile.proto, gzipped or raw, into a columnar profile.
 * Format: github.com/google/pprof proto/profile.proto (2026).
 */
#ifndef LG_DECODE_PPROF_H
#define LG_DECODE_PPROF_H

#include "base/error.h"
#include "evidence/profile.h"

/* All strings are copied into, and the profile lives in, the arena. */
bool lg_pprof_parse(struct lg_str bytes, struct lg_arena *arena,
                    struct lg_profile *profile_ret, struct lg_error *err);

#endif
