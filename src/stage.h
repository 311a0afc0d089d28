/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: several loose files as one folder, for a reader that reads folders:
 * hard links in a temporary one, copies where links cannot go.
 */
#ifndef LG_STAGE_H
#define LG_STAGE_H

#include "base/error.h"

#include <stddef.h>

#define LG_STAGE_PATH_BYTES 300

struct lg_stage {
    char path[LG_STAGE_PATH_BYTES]; /* "" when there is none */
};

/* The files keep their names and times; a second one of a name gets its number
 * before it. */
bool lg_stage_init(struct lg_stage *stage, const char *const *paths,
                   size_t count, struct lg_error *err);
/* Removes the folder. */
void lg_stage_deinit(struct lg_stage *stage);

#endif
