/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the messages inside of a profile.proto Profile, one function each.
 * What a message refers to has to be there before it, in the order below.
 */
#ifndef LG_DECODE_PPROF_MESSAGE_H
#define LG_DECODE_PPROF_MESSAGE_H

#include "decode/pprof_ids.h"
#include "decode/wire.h"
#include "evidence/profile.h"

struct lg_pprof {
    struct lg_profile *profile; /* being built */
    struct lg_arena *arena;     /* of the profile */
    struct lg_arena *scratch;
    LG_VEC(struct lg_str) strings; /* copied into arena */
    struct lg_pprof_ids mappings, locations, functions;
    LG_VEC(uint32_t) stack; /* of the current sample: location indices */
    LG_VEC(int64_t) values; /* of the current sample */
    bool has_time;
};

typedef bool lg_pprof_message_fn(struct lg_pprof *d, struct lg_cursor message,
                                 struct lg_error *err);

lg_pprof_message_fn lg_pprof_sample_type, lg_pprof_period_type,
    lg_pprof_mapping, lg_pprof_function, lg_pprof_location, lg_pprof_sample;
/* Entry of the string table; an index outside of it fails the cursor. */
struct lg_str lg_pprof_string(struct lg_pprof *d, struct lg_cursor *c,
                              const struct lg_wire_field *f);

#endif
