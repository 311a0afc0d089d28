/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one sample message into the columns of a profile, where room was
 * made for it. The usual form is one packed field of location ids, one of
 * values, then labels: that is read without a cursor; all else field by field.
 *
 * Cost: about 25 ns, and 1.3 ns a stack entry.
 */
#ifndef LG_DECODE_PPROF_SAMPLE_H
#define LG_DECODE_PPROF_SAMPLE_H

#include "decode/pprof_message.h"

/* A sample's packed location ids, or none. */
struct lg_pprof_packed {
    const uint8_t *at, *end;
};

/* The stack of this sample, when it is one packed field and equal, byte for
 * byte, to that of the sample before. */
static inline bool lg_pprof_is_repeated(struct lg_pprof_packed last,
                                        struct lg_pprof_packed now)
{
    size_t len = (size_t)(now.end - now.at);
    return now.at != NULL && last.at != NULL && len != 0 &&
           (size_t)(last.end - last.at) == len && now.at[0] == last.at[0] &&
           memcmp(now.at, last.at, len) == 0;
}

/* A sample in the usual form: one packed stack, packed values, labels. What is
 * left are the labels. false: it may have another. */
struct lg_pprof_plain_sample {
    struct lg_wire_plain stack, values, labels;
};

static inline bool lg_pprof_open_plain(struct lg_wire_plain m,
                                       struct lg_pprof_plain_sample *ret)
{
    if (!lg_wire_take_bytes(&m, LG_PPROF_SAMPLE_LOCATION, &ret->stack) ||
        !lg_wire_take_bytes(&m, LG_PPROF_SAMPLE_VALUE, &ret->values) ||
        ret->stack.at == ret->stack.end || ret->stack.end[-1] >= 0x80)
        return false;
    ret->labels = m;
    return true;
}

/* The fields of a label message: indices, and a number. */
struct lg_pprof_label_message {
    uint64_t key, str, num, unit;
};
struct lg_pprof_label_slot {
    struct lg_pprof_label_message message;
    const struct lg_label *label; /* NULL: free */
};
#define LG_PPROF_LABEL_SLOT_BITS 5

/* Where the next of each kind goes while a block is filled. What each sample
 * needs stands here once more: beside the original, others write. */
struct lg_pprof_filler {
    struct lg_pprof *d;
    const struct lg_pprof_ids *locations;
    const struct lg_str *strings;
    size_t string_count;
    struct lg_profile_stack *samples;
    const uint32_t *stacks;
    const uint8_t *readable; /* end of the message */
    uint32_t sample;
    bool is_repeated;
    uint32_t *stack_at, *stack_end; /* the end only where samples are whole */
    size_t types, values;           /* of this sample */
    int64_t *value_at;
    struct lg_profile_label *label_at, *label_end; /* likewise */
    struct lg_pprof_label_slot label_slots[1 << LG_PPROF_LABEL_SLOT_BITS];
    struct lg_label *label_room; /* for so many more */
    size_t label_room_count;
    bool no_memory;
    bool has_unknown; /* a location that is not there, and where */
    uint64_t unknown_id, unknown_offset;
};

/* How many values the samples have to have, if their bytes can hold as many. */
static inline bool lg_pprof_values_fit(const struct lg_pprof *d, size_t samples,
                                       size_t bytes, size_t *ret)
{
    return !__builtin_mul_overflow(samples, d->profile->types.count, ret) &&
           *ret <= bytes;
}

/* At the beginning of the columns of d->profile, which are there. Borrows. */
struct lg_pprof_filler lg_pprof_filler_of(struct lg_pprof *d,
                                          const struct lg_pprof_ids *locations);
/* Adds what is in the message; its stack only when it is not repeated. offset:
 * of the message. */
bool lg_pprof_fill_sample(struct lg_pprof_filler *x, struct lg_cursor *message,
                          uint64_t offset, struct lg_error *err);
/* A sample in the usual form with all that belongs to it, and on to the next.
 * last: the packed stack of the one before, which is shared when it is the
 * same; becomes this one's. false: it has another form, or there may be no room
 * for it before stack_end or label_end. */
bool lg_pprof_fill_whole(struct lg_pprof_filler *x,
                         struct lg_wire_plain message,
                         struct lg_pprof_packed *last);

#endif
