/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: `-tagfocus` and `-tagignore`: which samples have a label that
 * matches. `bytes=4kb:64kb` is a range of numbers with units; `key=re,re` one
 * of several patterns on the values of a key; `re,re` without a key, all of
 * them, each on `key:value` of some label.
 * Source: google/pprof internal/driver/driver_focus.go (Go 1.27.4).
 */
#ifndef LG_REPORT_PPROF_TAG_FILTER_H
#define LG_REPORT_PPROF_TAG_FILTER_H

#include "base/error.h"
#include "base/map.h"
#include "evidence/profile_filter.h"

struct lg_tag_range {
    struct lg_str unit; /* to which values are brought */
    double low, high;   /* in it */
    bool has_low, has_high;
};

struct lg_tag_filter {
    bool has_key, is_range;
    struct lg_str key;   /* wanted; if has_key */
    struct lg_str value; /* what follows the key */
    const struct lg_label_units *units;
    struct lg_tag_range range;
    LG_VEC(struct lg_tag_pattern {
        struct lg_regex *re;
        struct lg_map texts; /* text that was met → whether it matches */
    })
    patterns;
    struct lg_arena *arena;
};

/* value is not empty, and borrowed; so are units (of numeric labels) and the
 * arena. name is for messages. USAGE: "parsing tagfocus regexp: …"; LIMIT: a
 * number of a range that no int64 holds. deinit it either way. */
bool lg_tag_filter_parse(struct lg_tag_filter *f, const char *name,
                         struct lg_str value,
                         const struct lg_label_units *units,
                         struct lg_arena *arena, struct lg_error *err);
void lg_tag_filter_deinit(struct lg_tag_filter *f);
/* Labels of one sample. */
bool lg_tag_filter_match(struct lg_tag_filter *f,
                         const struct lg_profile_label *labels, size_t count);

#endif
