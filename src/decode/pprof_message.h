/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the messages inside of a profile.proto Profile, one function each.
 * What a message refers to has to be there before it, in the order below;
 * samples are decoded in pprof_samples.c.
 */
#ifndef LG_DECODE_PPROF_MESSAGE_H
#define LG_DECODE_PPROF_MESSAGE_H

#include "decode/pprof_fields.h"
#include "decode/pprof_ids.h"
#include "decode/wire.h"
#include "evidence/profile.h"

#include <pthread.h>

struct lg_pprof {
    struct lg_profile *profile; /* being built */
    struct lg_arena *arena;     /* of the profile */
    struct lg_arena *scratch;
    struct lg_str message;         /* the whole, inflated */
    LG_VEC(struct lg_str) strings; /* copied into arena */
    struct lg_pprof_ids mappings, locations, functions;
    pthread_mutex_t lock; /* of arena, while threads fill samples */
};

typedef bool lg_pprof_message_fn(struct lg_pprof *d, struct lg_cursor message,
                                 struct lg_error *err);

lg_pprof_message_fn lg_pprof_sample_type, lg_pprof_period_type,
    lg_pprof_mapping, lg_pprof_function, lg_pprof_location;
/* Entry of the string table; an index outside of it fails the cursor. */
static inline struct lg_str lg_pprof_string_at(const struct lg_pprof *d,
                                               struct lg_cursor *c,
                                               uint64_t index)
{
    if (index < d->strings.count)
        return d->strings.items[index];
    lg_cursor_fail(c, "a string is not in the table");
    return (struct lg_str){NULL, 0};
}
static inline struct lg_str lg_pprof_string(const struct lg_pprof *d,
                                            struct lg_cursor *c,
                                            const struct lg_wire_field *f)
{
    return lg_pprof_string_at(d, c, lg_wire_number(c, f));
}
/* Index + 1. A mapping that is not there is no error: pprof takes it as none.
 */
static inline uint32_t lg_pprof_mapping_of(const struct lg_pprof *d,
                                           uint64_t id)
{
    return id == 0 ? 0 : lg_pprof_ids_find(&d->mappings, id) + 1;
}

#endif
