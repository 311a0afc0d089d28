/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a merge under way. `to` grows by one source after the other; tables
 * find in it what a source has too. What became of a source's parts is looked
 * up by their index, so each is compared once, however many stacks it is in.
 * For profile_merge*.c only.
 */
#ifndef LG_EVIDENCE_PROFILE_MERGE_INTERNAL_H
#define LG_EVIDENCE_PROFILE_MERGE_INTERNAL_H

#include "base/map.h"
#include "evidence/index_table.h"
#include "evidence/profile_merge.h"

/* Where hashes and what they are of wait for memory together. */
#define LG_MERGE_BATCH 32
/* Locations that have a hash and no place yet. */
#define LG_MERGE_HASHES 12

/* A source's sample on its way into `to`: it stands behind what is there, as if
 * all samples were new. */
struct lg_merge_staged {
    uint32_t sample; /* of the source */
    uint32_t
        stack_first; /* in to->stacks; or where the sample before has its */
    uint32_t label_first, label_count; /* in to->labels; in order */
    uint32_t hash;
};

struct lg_merger {
    struct lg_profile to;
    struct lg_arena scratch;
    struct lg_index_table samples, locations, functions, mappings, label_index;
    LG_VEC(const struct lg_label *) labels; /* copies, if copies_text */
    struct lg_map comments, texts;          /* texts: → address of the copy */
    uint32_t *label_first; /* of each sample of `to`, and the end */
    size_t label_first_capacity;
    size_t expected_count, count; /* sources */
    bool has_room;                /* for all sources; the head is taken, too */
    bool copies_text;
    /* What became of the source's parts: index + 1; 0: not met yet. */
    const struct lg_profile *from;
    uint32_t *mapping_of, *function_of, *location_of;
    size_t met_count; /* locations */
    size_t mapping_of_capacity, function_of_capacity, location_of_capacity;
    LG_VEC(uint32_t) pending; /* locations of the source */
    uint32_t pending_hashes[LG_MERGE_HASHES];
    uint64_t *address_shift; /* by mapping of the source */
    size_t address_shift_capacity;
    bool negates, marks_base; /* the source's values; its samples' labels */
    LG_VEC(struct lg_merge_staged) staged;
    struct {
        size_t stacks, samples; /* of `to` before it */
    } block;
    bool has_sums; /* some sample was there already */
    struct lg_profile_stack last_from, last_to; /* of the sample before */
    bool has_last;
    bool failed; /* out of memory, or of indices */
};

static inline uint64_t lg_merge_mix(uint64_t hash, uint64_t n)
{
    hash = (hash ^ n) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static inline uint64_t lg_merge_mix_str(uint64_t hash, struct lg_str s)
{
    return lg_merge_mix(hash, lg_map_hash(s));
}

static inline uint32_t lg_merge_fold(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

static inline bool lg_merge_is_zero(const struct lg_profile *p, size_t sample)
{
    for (size_t t = 0; t < p->types.count; t++)
        if (lg_profile_value(p, sample, (int)t) != 0)
            return false;
    return true;
}

static inline size_t lg_merge_stack_count(const struct lg_merger *m,
                                          const struct lg_merge_staged *s)
{
    return m->from->samples.items[s->sample].count;
}

/* It has the stack of the one staged before it. */
static inline bool lg_merge_is_again(const struct lg_merger *m,
                                     const struct lg_merge_staged *s)
{
    return s != m->staged.items && s->stack_first == s[-1].stack_first &&
           lg_merge_stack_count(m, s) == lg_merge_stack_count(m, &s[-1]);
}

struct lg_str lg_merge_text(struct lg_merger *m, struct lg_str text);
/* index: of the source, plus one; so is what comes back. 0: none. */
uint32_t lg_merge_mapping(struct lg_merger *m, uint32_t index);
/* Notes which of the source's stack were not met so far. false: out of memory.
 */
bool lg_merge_meet_locations(struct lg_merger *m, const uint32_t *stack,
                             uint32_t stack_count);
/* Sets location_of for those, in the order in which they were met. */
void lg_merge_place_locations(struct lg_merger *m);
/* Stages samples from `first` on, up to `limit` that count, and finds places
 * for their locations. Returns the first sample that is left. */
uint32_t lg_merge_plan_block(struct lg_merger *m, uint32_t first, size_t limit,
                             bool is_large);
/* Fills the places of what is staged; there is room. */
void lg_merge_write_block(struct lg_merger *m, size_t part_count);
uint64_t lg_merge_label_hash(const struct lg_label *l);
/* All samples of m->from; there is room for them. false: m->failed. */
bool lg_merge_samples(struct lg_merger *m);

#endif
