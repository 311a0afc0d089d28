/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the memory source share. memory_source.c opens and takes,
 * memory_profiles.c reads what the runtime samples, memory_goroutines.c reads
 * goroutines once for both of their files, memory_switch.c writes the one word
 * that is ever written.
 */
#ifndef LG_SOURCES_MEMORY_SOURCE_INTERNAL_H
#define LG_SOURCES_MEMORY_SOURCE_INTERNAL_H

#include "sources/memory_source.h"
#include "target/go_heap_profile.h"

/* What the runtime's buckets give, read once in a capture. */
enum lg_memory_profile_kind {
    LG_MEMORY_HEAP_NOW,
    LG_MEMORY_HEAP_GC,
    LG_MEMORY_BLOCK,
    LG_MEMORY_MUTEX,
    LG_MEMORY_PROFILE_COUNT,
};
struct lg_memory_profile {
    bool tried, ok;
    struct lg_profile profile;
    struct lg_go_heap_profile_info info; /* of the heap */
    struct lg_error error;
};

struct memory_source {
    struct lg_capture_source base; /* first: the two are one */
    const struct lg_host *host;    /* NULL: image and go are the caller's */
    int64_t pid;
    enum lg_freeze freeze;
    struct lg_arena arena; /* of image and go, as long as they are open */
    struct lg_image *image;
    struct lg_go *go;
    bool wants_heap_profile, is_switched;
    unsigned site_tries;
    uint64_t sites_at_ns;
    /* Of one capture: */
    bool in_capture;
    struct lg_arena scratch;
    struct lg_capture_plan plan;
    struct lg_capture_notes notes;
    struct lg_error open_error, goroutines_error;
    uint64_t pause_before_ns;
    bool has_goroutines, has_memstats;
    struct lg_go_goroutines goroutines;
    struct lg_memstats memstats;
    struct lg_memory_profile profiles[LG_MEMORY_PROFILE_COUNT];
};

/* One part into the folder; what is left out has result->asked false. */
typedef bool lg_memory_take_fn(struct memory_source *m,
                               enum lg_capture_part part, int folder_fd,
                               uint64_t limit_bytes,
                               struct lg_part_result *result);

/* memory_source.c: a part's file, whole. */
bool lg_memory_store(struct lg_str bytes, enum lg_capture_part part,
                     int folder_fd, uint64_t limit_bytes,
                     struct lg_part_result *result);

/* memory_profiles.c */
const struct lg_memory_profile *
lg_memory_profile_of(struct memory_source *m, enum lg_memory_profile_kind kind);
bool lg_memory_store_profile(struct memory_source *m,
                             const struct lg_profile *profile,
                             enum lg_capture_part part, int folder_fd,
                             uint64_t limit_bytes,
                             struct lg_part_result *result);
lg_memory_take_fn lg_memory_take_heap, lg_memory_take_contention;

/* NULL and err when they cannot be read. Read once in a capture. */
const struct lg_go_goroutines *
lg_memory_source_goroutines(struct memory_source *m, struct lg_error *err);
const struct lg_memstats *lg_memory_source_memstats(struct memory_source *m,
                                                    struct lg_error *err);
/* Writes goroutines.txt: all goroutines, or the sample. */
bool lg_memory_source_text(struct memory_source *m, int folder_fd,
                           uint64_t limit_bytes, struct lg_part_result *result);

#endif
