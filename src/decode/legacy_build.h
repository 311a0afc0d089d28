/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a legacy profile under construction. The forms know addresses only;
 * a location is made for each distinct one. Frames may still be taken out of
 * stacks; at the end the memory map gives mappings, locations are numbered in
 * the order in which samples use them, and each is put into its mapping, as
 * google/pprof does (Go 1.27.4: profile/legacy_profile.go, remapLocationIDs,
 * remapMappingIDs; profile/profile.go, massageMappings).
 */
#ifndef LG_DECODE_LEGACY_BUILD_H
#define LG_DECODE_LEGACY_BUILD_H

#include "base/error.h"
#include "base/map.h"
#include "decode/legacy_scan.h"
#include "evidence/profile.h"

struct lg_legacy_place {
    uint64_t address;
    uint32_t function; /* index in profile.functions, or LG_NO_FUNCTION */
    int64_t line;
    bool has_line;
};

struct lg_legacy {
    struct lg_profile profile; /* header fields, types, functions, mappings */
    struct lg_arena scratch;
    struct lg_map by_address; /* → index in places */
    LG_VEC(struct lg_legacy_place) places;
    LG_VEC(uint32_t) frames; /* all stacks, leaf first: places */
    LG_VEC(struct lg_profile_stack) samples;
    LG_VEC(int64_t) values; /* two or four each: value_count */
    LG_VEC(int64_t) sizes;  /* label "bytes" of each, when has_sizes */
    size_t value_count;     /* values of a sample */
    bool has_sizes;
    /* A signal handler may put the leaf twice, once less 1: the second one is
     * taken out, its location stays (cleanupDuplicateLocations). */
    bool drops_twins;
};

/* Borrows arena; deinit gives the scratch memory back, not the profile. */
void lg_legacy_init(struct lg_legacy *b, struct lg_arena *arena);
void lg_legacy_deinit(struct lg_legacy *b);

/* unit: literals, or text that the arena owns. */
bool lg_legacy_type(struct lg_legacy *b, struct lg_str type, struct lg_str unit,
                    struct lg_error *err);
/* Sets period type and period. */
void lg_legacy_period(struct lg_legacy *b, struct lg_str type,
                      struct lg_str unit, int64_t period);
/* Adds a frame to the stack of the sample that comes next. */
bool lg_legacy_frame(struct lg_legacy *b, uint64_t address,
                     struct lg_error *err);
/* Frames of all "0x…" in text, each less 1 (they point behind the call), but
 * for the first where keep_leaf. BAD_DATA: more than 64 bits. */
bool lg_legacy_frames(struct lg_legacy *b, struct lg_str text, bool keep_leaf,
                      struct lg_error *err);
/* value_count values; bytes: the label where has_sizes. */
bool lg_legacy_sample(struct lg_legacy *b, const int64_t *values, int64_t bytes,
                      struct lg_error *err);
uint64_t lg_legacy_address(const struct lg_legacy *b, size_t sample,
                           size_t frame);
/* Takes the second frame out of a sample's stack. */
void lg_legacy_drop_second(struct lg_legacy *b, size_t sample);
/* Locations and samples into b->profile, each location in its mapping. LIMIT:
 * addresses times mappings is out of all proportion. */
bool lg_legacy_finish(struct lg_legacy *b, struct lg_error *err);
/* The memory map in the rest of the text (from behind its headline on), then
 * lg_legacy_finish. */
bool lg_legacy_finish_map(struct lg_legacy *b, struct lg_scan *rest,
                          struct lg_error *err);
/* The same, but first passes over all up to the memory map's headline. */
bool lg_legacy_finish_sections(struct lg_legacy *b, struct lg_scan *rest,
                               struct lg_error *err);

#endif
