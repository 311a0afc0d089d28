/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: few samples, filled in one pass. When all have the usual form, with
 * a label each or none, nothing needs to be measured before: there is room for
 * as many stack entries as there are bytes. A helper takes blocks from the
 * front, each behind the one before, while the tables are read; the caller
 * takes them from the back as soon as it is free, each about where it will be,
 * and in the end they are moved down.
 */
#ifndef LG_DECODE_PPROF_FEW_H
#define LG_DECODE_PPROF_FEW_H

#include "base/helper.h"
#include "decode/pprof_message.h"
#include "decode/pprof_skim.h"

#include <stdatomic.h>

struct lg_pprof_few_block;

struct lg_pprof_few {
    struct lg_pprof *d;
    struct lg_pprof_few_block *blocks;
    size_t block_count, sample_bytes;
    struct lg_pprof_ids locations; /* as they are expected to be */
    struct lg_label *label_room;   /* for each that there can be, twice */
    struct lg_helper helper;
    bool has_room;
    atomic_size_t taken; /* blocks */
    /* Of 1024 bytes of samples, stack entries; more than the first block had.
     * 0: not known yet. */
    atomic_size_t density;
    atomic_bool is_other; /* another form was met: not filled */
};

/* Borrows d and skim; samples have their room. In d->scratch. false: out of
 * memory. */
bool lg_pprof_few_init(struct lg_pprof_few *few, struct lg_pprof *d,
                       const struct lg_pprof_skim *skim);
/* Begins, if a helper is worth it (the arena is in a room), as if locations
 * were numbered from 1, which the end checks. Strings and types have to be
 * there, and room for the other tables: d->arena is not asked for more. */
void lg_pprof_few_begin(struct lg_pprof_few *few);
/* With all tables. *filled_ret false: the samples may have another form, and
 * d->profile is as before. false: out of memory. */
bool lg_pprof_few_finish(struct lg_pprof_few *few, bool *filled_ret);
/* Instead, when there will be no profile. */
void lg_pprof_few_abandon(struct lg_pprof_few *few);

#endif
