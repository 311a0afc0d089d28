/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: profiles that are to be merged in the finest unit that any of them
 * uses: one in milliseconds and one in seconds become milliseconds both.
 * Source: google/pprof internal/measurement ScaleProfiles (Go 1.27.4).
 */
#ifndef LG_EVIDENCE_PROFILE_UNITS_H
#define LG_EVIDENCE_PROFILE_UNITS_H

#include "base/error.h"
#include "evidence/profile.h"

/* In place of `profiles`, count ≥ 1; one alone stays as it is. USAGE with
 * pprof's words: units of different kinds, different numbers of types. */
bool lg_profile_common_units(struct lg_profile *profiles, size_t count,
                             struct lg_arena *arena, struct lg_error *err);

#endif
