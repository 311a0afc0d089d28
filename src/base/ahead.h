/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: fresh memory asked for by a helper, ahead of who fills it: filling
 * is as fast as it is on memory in use.
 */
#ifndef LG_BASE_AHEAD_H
#define LG_BASE_AHEAD_H

#include "base/arena.h"
#include "base/helper.h"

#include <stdatomic.h>

#define LG_AHEAD_ROOMS 2

struct lg_ahead {
    struct lg_room rooms[LG_AHEAD_ROOMS];
    atomic_bool stop;
    struct lg_helper helper;
};

/* now: filled by the caller until the end; next: by whoever afterwards. {NULL,
 * 0}: none. The helper touches one, then the other; both are borrowed. Where
 * there is no helper, now is touched before this comes back, unless it is
 * large.
 */
void lg_ahead_begin(struct lg_ahead *a, struct lg_room now,
                    struct lg_room next);
/* What is not touched by then is left as it is. */
void lg_ahead_end(struct lg_ahead *a);

#endif
