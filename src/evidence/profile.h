/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a pprof profile as columns. All stacks lie in one array of location
 * indices, leaf first; a sample is a range of it and its values. Samples may
 * share a range. Built once by a decoder, then immutable: what changes a
 * profile (merge, filter, aggregate …) makes a new one that shares the columns
 * it leaves alone, so a copy of the struct is a cheap view.
 *
 *   stacks:   | leaf … root | leaf … root | …      samples:  (first, count)
 *   values:   sample-major, types.count for each sample
 *   labels:   in order of sample, and in the order of the file within one; what
 *             they say is shared
 *
 * Format: github.com/google/pprof proto/profile.proto.
 */
#ifndef LG_EVIDENCE_PROFILE_H
#define LG_EVIDENCE_PROFILE_H

#include "base/arena.h"
#include "base/vec.h"
#include "evidence/frame.h"

struct lg_value_type {
    struct lg_str type, unit; /* "inuse_space", "bytes" */
};

struct lg_profile_mapping {
    uint64_t id; /* as in the file; shown by the raw report */
    uint64_t start, limit, offset;
    struct lg_str file, build_id;
    bool has_functions, has_filenames, has_line_numbers, has_inline_frames;
};

struct lg_profile_function {
    uint64_t id;
    struct lg_str name, system_name, file;
    int64_t start_line;
};

struct lg_profile_line { /* inlined callee first, as in profile.proto */
    uint32_t function;   /* index, or LG_NO_FUNCTION */
    int64_t line, column;
};
#define LG_NO_FUNCTION UINT32_MAX

struct lg_profile_location {
    uint64_t id, address;
    uint32_t mapping; /* index + 1; 0: none */
    uint32_t line_first, line_count;
    bool is_folded;
};

struct lg_profile_stack { /* a range of `stacks` */
    uint32_t first, count;
};

/* google/pprof marks the samples of a -diff_base by this label, "true". */
#define LG_BASE_LABEL "pprof::base"

struct lg_label { /* shared by samples */
    bool is_numeric;
    struct lg_str key, str; /* str: unless numeric; may be empty */
    int64_t num;
    struct lg_str num_unit; /* data NULL: none was given */
};

struct lg_profile_label {
    uint32_t sample;
    const struct lg_label *of; /* never NULL */
};

static inline bool lg_label_is_base(const struct lg_label *l)
{
    return !l->is_numeric && lg_str_eq(l->key, LG_STR(LG_BASE_LABEL));
}

static inline bool lg_label_eq(const struct lg_label *a,
                               const struct lg_label *b)
{
    return a == b || (a->is_numeric == b->is_numeric && a->num == b->num &&
                      lg_str_eq(a->key, b->key) && lg_str_eq(a->str, b->str) &&
                      lg_str_eq(a->num_unit, b->num_unit));
}

/* And a unit that is empty isn't none. */
static inline bool lg_label_same(const struct lg_label *a,
                                 const struct lg_label *b)
{
    return lg_label_eq(a, b) &&
           (a->num_unit.data == NULL) == (b->num_unit.data == NULL);
}

/* In the order in which pprof writes a sample's: texts before numbers, by key;
 * 0 leaves them as they stand. */
static inline int lg_label_order(const struct lg_label *a,
                                 const struct lg_label *b)
{
    if (a->is_numeric != b->is_numeric)
        return a->is_numeric ? 1 : -1;
    return lg_str_cmp(a->key, b->key);
}
/* For qsort over pointers into one array, which keeps its order. */
int lg_profile_label_compare(const void *left, const void *right);

struct lg_profile {
    LG_VEC(struct lg_value_type) types;
    LG_VEC(struct lg_profile_mapping) mappings;
    LG_VEC(struct lg_profile_function) functions;
    LG_VEC(struct lg_profile_line) lines;
    LG_VEC(struct lg_profile_location) locations;
    LG_VEC(uint32_t) stacks; /* location indices */
    LG_VEC(struct lg_profile_stack) samples;
    int64_t *values; /* [sample * types.count + type] */
    size_t values_capacity;
    LG_VEC(struct lg_profile_label) labels; /* in order of sample */
    LG_VEC(struct lg_str) comments;
    int64_t time_ns, duration_ns, period;
    bool has_period_type; /* the message was there, even if empty */
    struct lg_value_type period_type;
    struct lg_str default_type, drop_frames, keep_frames, doc_url;
    /* Fields that this reader doesn't know, whole (tag and all), of the
     * outermost message: written again by the writer. */
    struct lg_str unknown_fields;
    struct lg_arena *arena; /* borrowed */
};
/* Builder. Borrows arena. false: out of memory (never in fact: nothing is
 * allocated yet). */
bool lg_profile_init(struct lg_profile *p, struct lg_arena *arena);
/* Adds a sample: its stack, leaf first, and types.count values (both copied).
 * A stack equal to that of the sample before shares its range. false: out of
 * memory, or more than UINT32_MAX - 1 items. */
bool lg_profile_sample(struct lg_profile *p, const uint32_t *locations,
                       size_t count, const int64_t *values);
/* Adds a label of that sample, whose labels come last so far. false: out of
 * memory. */
bool lg_profile_add_label(struct lg_profile *p, uint32_t sample,
                          const struct lg_label *label);

/* Index of a sample type by name ("inuse_space"), or -1. */
int lg_profile_type(const struct lg_profile *p, struct lg_str name);
static inline int64_t lg_profile_value(const struct lg_profile *p,
                                       size_t sample, int type)
{
    return p->values[sample * p->types.count + (size_t)type];
}
/* Sum over all samples of one type; wraps around as pprof's does. */
int64_t lg_profile_total(const struct lg_profile *p, int type);

/* Walks a sample's stack leaf first, inlined frames expanded:
 *     struct lg_frame_iter it = lg_profile_frames(p, sample);
 *     while (lg_frame_iter_next(&it, &frame)) …
 * A location without lines is one frame without function, file and line. */
struct lg_frame_iter {
    const struct lg_profile *profile;
    uint32_t at, end; /* range of `stacks` that is left */
    uint32_t line;    /* next line within the location */
};
struct lg_frame_iter lg_profile_frames(const struct lg_profile *p,
                                       size_t sample);
bool lg_frame_iter_next(struct lg_frame_iter *it, struct lg_frame *frame_ret);

#endif
