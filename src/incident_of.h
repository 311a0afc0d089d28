/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: an operand names an incident: "last", an id or the beginning of one
 * in the store; or a folder, or files of evidence that lie somewhere. Words
 * with a slash or a dot are paths; others are looked for in the store first.
 */
#ifndef LG_INCIDENT_OF_H
#define LG_INCIDENT_OF_H

#include "base/error.h"
#include "store/store.h"

/* Opens the store and says what happened to its index, if something did. */
bool lg_cmd_store(const char *state_dir, struct lg_store **store_ret,
                  struct lg_error *err);

struct lg_incident_of {
    const char *path;        /* the folder or file */
    bool stored;             /* row is filled */
    struct lg_store_row row; /* in the arena */
};
/* LG_ABSENT when there is neither an incident nor a path of that name. */
bool lg_incident_of(const char *state_dir, const char *operand,
                    struct lg_arena *arena, struct lg_incident_of *ret,
                    struct lg_error *err);

#endif
