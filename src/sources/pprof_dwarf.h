/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: functions and lines of code that is not Go's, by DWARF, else by ELF
 * symbols. For C in a Go program cmd/pprof answers with one frame, and so does
 * this. For a program without Go, where inlined calls are much of what one
 * wants to know, they are told beyond cmd/pprof (Go 1.27.4); and a separate
 * debug file, or a bare symbol, serves where the binary has no DWARF.
 */
#ifndef LG_SOURCES_PPROF_DWARF_H
#define LG_SOURCES_PPROF_DWARF_H

#include "sources/pprof_object.h"

struct lg_pprof_dwarf; /* opaque */

/* Borrows an open object for its life; path: where it lies. NULL: out of
 * memory. */
struct lg_pprof_dwarf *lg_pprof_dwarf_create(const struct lg_object *object,
                                             struct lg_str path);
void lg_pprof_dwarf_destroy(struct lg_pprof_dwarf *d); /* NULL is fine */
/* At most max frames at an address as linked, inlined callee first; 0: not
 * told. Names live in the arena. Cost: the tree of the compilation unit is
 * walked for each address. */
size_t lg_pprof_dwarf_frames(struct lg_pprof_dwarf *d, uint64_t address,
                             struct lg_code_line *ret, size_t max,
                             struct lg_arena *arena);

#endif
