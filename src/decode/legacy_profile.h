/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what profilers wrote before profile.proto: text of heaps, growth,
 * fragmentation, contention, threads, Go's counts (debug=1), Java's heapz and
 * contentionz, and binary CPU profiles in both word sizes and orders; each
 * with its MAPPED_LIBRARIES. Tried in pprof's order until one fits.
 * Source: google/pprof profile/legacy_profile.go, legacy_java_profile.go (Go
 * 1.27.4).
 */
#ifndef LG_DECODE_LEGACY_PROFILE_H
#define LG_DECODE_LEGACY_PROFILE_H

#include "base/error.h"
#include "evidence/profile.h"

/* bytes: not gzipped. UNSUPPORTED: none of the forms ("unrecognized profile
 * format"); BAD_DATA with pprof's words ("malformed profile format" …): it is
 * one of them, and broken. */
bool lg_legacy_profile_parse(struct lg_str bytes, struct lg_arena *arena,
                             struct lg_profile *profile_ret,
                             struct lg_error *err);

#endif
