/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a columnar profile as profile.proto again, so that `go tool pprof`
 * and everything else that reads pprof files reads ours. The message is, byte
 * for byte, what google/pprof's encoder makes of the same profile (Go 1.27.4:
 * order of fields, packing, strings by first use), with fields that it does
 * not know behind. What lg_pprof_parse reads out of the result is the same
 * profile, column by column (but for the order of a sample's labels, which is
 * by key).
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
