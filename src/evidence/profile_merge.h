/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: several profiles into one, as google/pprof's profile/merge.go (Go
 * 1.27.4) does: equal mappings, functions, locations and samples become one,
 * all-zero samples go, ids are given anew in the order of first appearance.
 * Linear in the sum of the stacks.
 */
#ifndef LG_EVIDENCE_PROFILE_MERGE_H
#define LG_EVIDENCE_PROFILE_MERGE_H

#include "base/error.h"
#include "evidence/profile.h"

enum lg_merge_last {
    LG_MERGE_ADD,
    LG_MERGE_SUBTRACT, /* Scale(-1) first */
    /* and all its samples get the label pprof::base=true, in place of others of
     * that name (SetLabel) */
    LG_MERGE_SUBTRACT_MARKED,
};
/* count ≥ 1. last: what is done with the last one; the others are added. USAGE
 * with pprof's words: incompatible sample or period types. */
bool lg_profile_merge(const struct lg_profile *const *profiles, size_t count,
                      enum lg_merge_last last, struct lg_arena *arena,
                      struct lg_profile *ret, struct lg_error *err);
struct lg_merger; /* opaque */
/* The same for profiles as they come, which may go once they were added:
 * copies_text copies all that `to` has of them. expected_count: of profiles;
 * room is made for so many of the first one's size. NULL: out of memory. */
struct lg_merger *lg_merger_create(struct lg_arena *arena,
                                   size_t expected_count, bool copies_text);
void lg_merger_destroy(struct lg_merger *m); /* NULL is fine */
bool lg_merger_add(struct lg_merger *m, const struct lg_profile *p,
                   struct lg_error *err);
/* At least one was added. */
bool lg_merger_finish(struct lg_merger *m, struct lg_profile *ret,
                      struct lg_error *err);
/* Whether two profiles may be merged: the same sample and period types. */
bool lg_profile_compatible(const struct lg_profile *a,
                           const struct lg_profile *b, struct lg_error *err);
/* merge.go CompatibilizeSampleTypes as driver/fetch.go uses it: the profiles
 * are cut to the sample types that all have. In place of `profiles`. */
bool lg_profile_common_types(struct lg_profile *profiles, size_t count,
                             struct lg_arena *arena, struct lg_error *err);
/* Profile.Normalize: scales p so that its totals are those of base. */
bool lg_profile_normalize(const struct lg_profile *p,
                          const struct lg_profile *base, struct lg_arena *arena,
                          struct lg_profile *ret, struct lg_error *err);
/* What pprof's Copy does to labels, before each command of the shell: an empty
 * text, and a number 0 without a unit, are no labels any more. */
bool lg_profile_drop_empty_labels(const struct lg_profile *p,
                                  struct lg_arena *arena,
                                  struct lg_profile *ret);

#endif
