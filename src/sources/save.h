/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: copying pseudo-files into a folder that stands for "/", without an
 * allocation, since it is done when memory is gone. What cannot be read is
 * left out; what cannot be written is an error. Nothing is synced: a copy
 * outlives our process in the page cache, and the capture syncs as a whole.
 */
#ifndef LG_SOURCES_SAVE_H
#define LG_SOURCES_SAVE_H

#include "base/error.h"
#include "base/str.h"

/* Makes path below dest_fd, folder by folder; the last one's descriptor, or -1
 * and err. */
int lg_save_dir(int dest_fd, struct lg_str path, struct lg_error *err);
/* from_fd/name → to_fd/name; at most 128 MiB of it. true also when there is
 * nothing to read. */
bool lg_save_file(int from_fd, const char *name, int to_fd,
                  struct lg_error *err);

#endif
