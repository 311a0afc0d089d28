/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a folder read into an incident: one that the recorder wrote, or
 * loose files that somebody collected by hand (profiles, dumps, a kernel log,
 * in any names: told apart by their contents). What cannot be read becomes an
 * absence with its reason; a folder without any evidence is an error.
 */
#ifndef LG_SOURCES_FOLDER_H
#define LG_SOURCES_FOLDER_H

#include "base/error.h"
#include "evidence/incident.h"

/* path: a folder, or one single file. Everything lives in the arena. */
bool lg_folder_read(const char *path, struct lg_arena *arena,
                    struct lg_incident *ret, struct lg_error *err);

#endif
