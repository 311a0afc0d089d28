/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: reading and listing pseudo-files without a single allocation, for
 * the samplers and for the copies that are made while memory is gone.
 */
#ifndef LG_SOURCES_SMALL_FILE_H
#define LG_SOURCES_SMALL_FILE_H

#include "base/error.h"
#include "base/str.h"
#include "evidence/fact.h"

#include <stddef.h>

/* More than any of the files that are read this way: status is 1.5 KB,
 * limits 1.4 KB, memory.stat 1–4 KB. */
#define LG_SMALL_FILE_BYTES ((size_t)8192)

/* A whole pseudo-file, cut to capacity; false with errno. */
bool lg_small_file(int dir_fd, const char *name, char *buffer, size_t capacity,
                   struct lg_str *text_ret);
/* The same from an open descriptor, from its begin (pread). */
bool lg_small_pread(int fd, char *buffer, size_t capacity,
                    struct lg_str *text_ret);

/* Entries of a folder by getdents64 into a buffer on the stack. */
struct lg_dents {
    int fd; /* borrowed */
    int sys_errno;
    size_t at, end;
    _Alignas(8) char buffer[LG_SMALL_FILE_BYTES];
};
void lg_dents_init(struct lg_dents *d, int fd);
/* NULL at the end or with d->sys_errno. Valid until the next call. */
const char *lg_dents_next(struct lg_dents *d);

/* Writes text into dir_fd/name in one write, as cgroup files want it; false
 * with errno. */
bool lg_small_write(int dir_fd, const char *name, struct lg_str text);

#endif
