/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: profiles made of profiles. Each function is pure: *ret is a new
 * profile in `arena` that shares with `p` every column that it leaves alone
 * (so p must outlive it), in the semantics of google/pprof's profile package
 * as of Go 1.27.4's cmd/pprof. ret may be p itself. false: out of memory.
 */
#ifndef LG_EVIDENCE_PROFILE_FILTER_H
#define LG_EVIDENCE_PROFILE_FILTER_H

#include "base/regex.h"
#include "evidence/profile.h"

/* profile/filter.go FilterSamplesByName; NULL: not asked. matched_ret: whether
 * each that was asked matched anything. */
struct lg_name_filter {
    const struct lg_regex *focus, *ignore, *hide, *show;
};
struct lg_name_matches {
    bool focus, ignore, hide, show;
};
bool lg_profile_filter_names(const struct lg_profile *p,
                             const struct lg_name_filter *filter,
                             struct lg_arena *arena, struct lg_profile *ret,
                             struct lg_name_matches *matched_ret);
/* ShowFrom: drops what lies above the outermost match. */
bool lg_profile_show_from(const struct lg_profile *p,
                          const struct lg_regex *show_from,
                          struct lg_arena *arena, struct lg_profile *ret,
                          bool *matched_ret);
/* FilterTagsByName: label keys to show and to hide. */
bool lg_profile_filter_tags(const struct lg_profile *p,
                            const struct lg_regex *show,
                            const struct lg_regex *hide, struct lg_arena *arena,
                            struct lg_profile *ret, bool *show_matched_ret,
                            bool *hide_matched_ret);
/* Samples for which keep says true stay. labels are those of the sample. */
typedef bool lg_sample_test_fn(void *context, const struct lg_profile *p,
                               uint32_t sample,
                               const struct lg_profile_label *labels,
                               size_t label_count);
bool lg_profile_filter_samples(const struct lg_profile *p,
                               lg_sample_test_fn *keep, void *context,
                               struct lg_arena *arena, struct lg_profile *ret);
/* profile/prune.go: PruneFrom; RemoveUninteresting (drop_frames, keep_frames;
 * patterns that do not compile are ignored). */
bool lg_profile_prune_from(const struct lg_profile *p,
                           const struct lg_regex *from, struct lg_arena *arena,
                           struct lg_profile *ret);
bool lg_profile_remove_uninteresting(const struct lg_profile *p,
                                     struct lg_arena *arena,
                                     struct lg_profile *ret);
/* profile.go Aggregate: forgets what is not asked for. */
struct lg_aggregation {
    bool inlines, function, filename, line, column, address;
};
bool lg_profile_aggregate(const struct lg_profile *p,
                          const struct lg_aggregation *keep,
                          struct lg_arena *arena, struct lg_profile *ret);
/* driver/tagroot.go: pseudo frames "key"="value" at the root or the leaf. keys:
 * comma-separated; unit: as -unit. *_matched_ret: a sample had such a label. */
bool lg_profile_label_frames(const struct lg_profile *p, struct lg_str roots,
                             struct lg_str leaves, struct lg_str unit,
                             struct lg_arena *arena, struct lg_profile *ret,
                             bool *root_matched_ret, bool *leaf_matched_ret);
/* All values of all types times ratio (profile.go Scale, ScaleN with the
 * truncation that it has). ratios: types.count of them. */
bool lg_profile_scale(const struct lg_profile *p, const double *ratios,
                      struct lg_arena *arena, struct lg_profile *ret);
/* Beyond pprof: each stack cut to its innermost frame of the main module
 * (`-granularity=owner`); stacks without one keep their leaf. Frames of package
 * main and of packages below main_module are the module's own; "": only those
 * of main. */
bool lg_profile_owner(const struct lg_profile *p, struct lg_str main_module,
                      struct lg_arena *arena, struct lg_profile *ret);

/* The main module as the profile's own file names tell it, "" if they don't:
 * the packages whose files lie below the same folder as main's, with that
 * folder's part cut off. /w/shop/cmd/shop/main.go (package main) and
 * /w/shop/store/disk.go (package corp.example/shop/store) give
 * corp.example/shop. For who has no build info. A view of a function's name. */
struct lg_str lg_profile_main_module(const struct lg_profile *p);

/* Unit for each numeric label key: profile.go NumLabelUnits. */
struct lg_label_unit {
    struct lg_str key, unit;
    LG_VEC(struct lg_str) ignored; /* other units that were met, sorted */
};
struct lg_label_units {
    LG_VEC(struct lg_label_unit) items; /* sorted by key */
};
bool lg_profile_label_units(const struct lg_profile *p, struct lg_arena *arena,
                            struct lg_label_units *ret);
/* Unit of the key; empty: none. */
struct lg_str lg_label_unit_of(const struct lg_label_units *units,
                               struct lg_str key);
/* profile/index.go SampleIndexByName: a name, an index as text, "" for the
 * default. false and USAGE with pprof's words. */
bool lg_profile_sample_index(const struct lg_profile *p, struct lg_str name,
                             size_t *index_ret, struct lg_error *err);

#endif
