/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the first, shallow walk over a profile.proto message. Files have
 * their parts in any order (pprof writes samples before all that they refer
 * to), so this finds where each kind lies, as runs of neighbours, jumping from
 * field to field. What is no message of its own is taken here.
 */
#ifndef LG_DECODE_PPROF_SKIM_H
#define LG_DECODE_PPROF_SKIM_H

#include "base/sb.h"
#include "base/vec.h"
#include "decode/pprof_fields.h"
#include "decode/wire.h"

/* Samples of a run, in a small message and in others: what one thread decodes
 * at a time, and another may have to wait for in the end. */
#define LG_PPROF_SMALL_BYTES ((size_t)2 << 20)
#define LG_PPROF_SMALL_RUN_SAMPLES 256
#define LG_PPROF_RUN_SAMPLES 2048

/* Neighbouring fields of one kind; offsets in the whole message. */
struct lg_pprof_run {
    uint32_t field, begin, end, count;
};

struct lg_pprof_skim {
    LG_VEC(struct lg_pprof_run) runs;         /* in order of the input */
    size_t counts[LG_PPROF_STRING_TABLE + 1]; /* by field */
    size_t sample_bytes;
    /* Scalars of the profile; strings are still indices. */
    uint64_t scalars[LG_PPROF_PROFILE_FIELDS];
    bool has_period_type;
    struct lg_str period_type; /* the message, and its offset */
    uint64_t period_type_offset;
    LG_VEC(uint64_t) comments;
    struct lg_sb unknown; /* fields that are not known, whole */
};

/* Less than 4 GiB. Lists live in scratch, unknown fields in `arena`. */
bool lg_pprof_skim(struct lg_str message, struct lg_arena *arena,
                   struct lg_arena *scratch, struct lg_pprof_skim *ret,
                   struct lg_error *err);

#endif
