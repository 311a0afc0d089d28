/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: functions and lines of code that is not Go's, by DWARF, else by ELF
 * symbols. For C in a Go program, cmd/pprof answers with one frame, and so does
 * this; for a program without Go, where inlined calls are most of what one
 * wants to know, they are told beyond cmd/pprof (Go 1.27.4), and a separate
 * debug file serves as well as the binary's own DWARF.
 */
#ifndef LG_SOURCES_PPROF_DWARF_H
#define LG_SOURCES_PPROF_DWARF_H

#include "evidence/pprof_machine.h"

struct lg_pprof_dwarf; /* opaque */

/* Borrows the bytes of an ELF file, mapped, for its life. NULL: nothing in it
 * tells anything. Opens the binary's debug file by its build id. */
struct lg_pprof_dwarf *lg_pprof_dwarf_create(struct lg_str elf);
void lg_pprof_dwarf_destroy(struct lg_pprof_dwarf *d); /* NULL is fine */
/* At most max frames at an address as linked, inlined callee first; 0: not
 * told. single: one frame, of the function that holds the code, and nothing
 * where there is no DWARF in the file itself. Names live in the arena. */
size_t lg_pprof_dwarf_frames(struct lg_pprof_dwarf *d, uint64_t address,
                             bool single, struct lg_code_line *ret, size_t max,
                             struct lg_arena *arena);

#endif
