/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: where the debug information of a stripped binary would lie, and
 * whether a file that lies there belongs to it. Names only: who opens files is
 * another's affair (the binary's root may be a container's).
 * Source: the GNU debuggers' manual, "Separate Debug Files".
 */
#ifndef LG_TARGET_DEBUG_FILE_H
#define LG_TARGET_DEBUG_FILE_H

#include "base/error.h"
#include "base/str.h"

struct lg_debug_file_names {
    struct lg_str *items; /* absolute paths, the surest first; terminated */
    size_t count, capacity;
};

/* elf: the binary; path: its own, absolute. By its GNU build id
 * (/usr/lib/debug/.build-id/ab/cdef….debug), then by its .gnu_debuglink: beside
 * it, in .debug beside it, and below /usr/lib/debug. None: an empty list.
 * NOMEM. */
bool lg_debug_file_names(struct lg_str elf, struct lg_str path,
                         struct lg_arena *arena,
                         struct lg_debug_file_names *ret, struct lg_error *err);
/* Made of the same link as the binary: the same build id; where the binary has
 * none, the checksum in its .gnu_debuglink (cost: the whole file is read). */
bool lg_debug_file_fits(struct lg_str elf, struct lg_str debug_file);

#endif
