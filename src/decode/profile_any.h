/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: bytes of a profile, whatever its form: gzip or raw profile.proto, a
 * legacy form, or collapsed stacks ("a;b;c 17"); then google/pprof's checks
 * (CheckValid) with its words.
 */
#ifndef LG_DECODE_PROFILE_ANY_H
#define LG_DECODE_PROFILE_ANY_H

#include "base/error.h"
#include "evidence/profile.h"

/* is_alone: as `alone` of lg_pprof_inflate, of this arena. */
bool lg_profile_parse_any(struct lg_str bytes, bool is_alone,
                          struct lg_arena *arena,
                          struct lg_profile *profile_ret, struct lg_error *err);

#endif
