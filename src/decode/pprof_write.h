/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a columnar profile as profile.proto again, so that `go tool pprof`
 * and everything else that reads pprof files reads ours. Ids are indices plus
 * one, strings are written once. What lg_pprof_parse reads out of the result
 * is the same profile, column by column.
 * Format: github.com/google/pprof proto/profile.proto (2026).
 */
#ifndef LG_DECODE_PPROF_WRITE_H
#define LG_DECODE_PPROF_WRITE_H

#include "base/error.h"
#include "evidence/profile.h"

/* The raw message, in the arena. Fails with NOMEM only. */
bool lg_pprof_write(const struct lg_profile *p, struct lg_arena *arena,
                    struct lg_str *ret, struct lg_error *err);
/* The same gzipped, as files are kept: heap.pb.gz. */
bool lg_pprof_write_gz(const struct lg_profile *p, struct lg_arena *arena,
                       struct lg_str *ret, struct lg_error *err);

#endif
