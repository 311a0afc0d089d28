/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a capture's file is there whole or not at all, for whoever reads
 * the folder while we live or after we were killed: written as NAME.part, then
 * renamed. It is not synced yet: a capture that takes milliseconds would wait
 * for the disk a hundred times as long, and only the machine's own end would
 * lose it. lg_capture_sync makes up for that afterwards.
 */
#ifndef LG_SOURCES_CAPTURE_FILE_H
#define LG_SOURCES_CAPTURE_FILE_H

#include "base/error.h"
#include "base/str.h"

/* NAME.part, open for writing; -1 and err. */
int lg_capture_file_open(int folder_fd, const char *name, struct lg_error *err);
/* It is whole: NAME from now on. The descriptor stays the caller's. */
bool lg_capture_file_publish(int folder_fd, const char *name,
                             struct lg_error *err);
/* It is not to be. */
void lg_capture_file_drop(int folder_fd, const char *name);
/* All three at once. */
bool lg_capture_file_write(int folder_fd, const char *name, struct lg_str bytes,
                           struct lg_error *err);
/* What is below dir_fd/name is on the disk afterwards, so far as it can be
 * opened; links are not followed. deep: also what lies in folders in it. */
void lg_capture_sync(int dir_fd, const char *name, bool deep);

#endif
