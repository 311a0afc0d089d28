/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the hot path of the kernel log reader. Nearly all bytes of a log
 * have nothing to do with OOM; this finds the few places that may, at the
 * speed of memory: three bytes of each marker word are compared in every
 * position of a vector at once, then the whole word where they stand.
 *
 * The words are those that a kill cannot do without:
 *     "oom-killer: gfp"  "oom-kill:constraint="  "oom_reaper: reaped process "
 *     "memory.oom.group set"  "Kill process 1 ("  "Killed process 1 ("
 * About 20 instructions per 32 bytes (AVX2, found at run time) or per 16
 * (SSE2); a plain loop elsewhere.
 */
#ifndef LG_DECODE_OOM_LOG_SCAN_H
#define LG_DECODE_OOM_LOG_SCAN_H

#include "base/str.h"

/* Offset at or after from where a marker word (or, for those that start with
 * "oom", its third byte) stands wholly inside bytes; bytes.len: none. */
size_t lg_oom_scan(struct lg_str bytes, size_t from);
/* The same without vectors: the reference that the tests compare with. */
size_t lg_oom_scan_plain(struct lg_str bytes, size_t from);
#if defined(__x86_64__)
/* For machines without AVX2; here so that the tests reach it. */
size_t lg_oom_scan_sse2(struct lg_str bytes, size_t from);
#endif
/* How often '\n' is in bytes. */
uint64_t lg_oom_count_newlines(struct lg_str bytes);

#endif
