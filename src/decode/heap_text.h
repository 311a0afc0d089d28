/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: /debug/pprof/heap?debug=1: the legacy heap profile with symbols in
 * comments, and behind it what runtime.MemStats says. The trailer is what we
 * come for; the samples are decoded when asked for.
 */
#ifndef LG_DECODE_HEAP_TEXT_H
#define LG_DECODE_HEAP_TEXT_H

#include "base/error.h"
#include "evidence/memstats.h"
#include "evidence/profile.h"

bool lg_heap_text_is(struct lg_str bytes); /* begins with "heap profile:" */
/* "# runtime.MemStats" and the "# Name = value" lines. ABSENT without it. */
bool lg_heap_text_memstats(struct lg_str bytes, struct lg_memstats *ret,
                           struct lg_error *err);
/* The samples, un-sampled as runtime/pprof does (the text carries raw ones):
 * alloc_objects, alloc_space, inuse_objects, inuse_space. */
bool lg_heap_text_parse(struct lg_str bytes, struct lg_arena *arena,
                        struct lg_profile *profile_ret, struct lg_error *err);

#endif
