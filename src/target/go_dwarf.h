/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what a program's own DWARF says of the runtime: layouts of structs,
 * constants, and where its variables lie. Exact for whatever Go made it, also
 * one that no table knows. Absent after strip or -ldflags=-w; a separate debug
 * file holds the same.
 *
 * The file is not trusted and may be big, so that libdw sees of it only the
 * units of the runtime's package (go_dwarf_units.h), and nothing that it says
 * is believed beyond a bound.
 * Source: DWARF 4 and 5; Go 1.27: cmd/link/internal/ld/dwarf.go (types are in
 * a unit "runtime" of their own, constants and variables in their package's).
 */
#ifndef LG_TARGET_GO_DWARF_H
#define LG_TARGET_GO_DWARF_H

#include "target/go_layout.h"

struct lg_go_dwarf_var {
    const char *name; /* "runtime.allgs" */
    bool is_there;
    uint64_t address; /* as linked: without the load bias */
};

/* elf: the whole file. base: what the program's DWARF does not describe, for
 * its linker left out types that it does not reach, is taken from there; the
 * row of the nearest version. *ret: a whole layout, named "DWARF". Each of vars
 * is looked up.
 * Fields end within the size of their struct, sizes and constants fit 24 bits.
 * ABSENT: no DWARF, or none of a Go runtime. BAD_DATA, LIMIT. Cost: the whole
 * of .debug_info is inflated once (300 MB/s); memory: the runtime's units and
 * all types of the program (1 MB of a small one). */
bool lg_go_dwarf_read(struct lg_str elf, const struct lg_go_layout *base,
                      struct lg_go_layout *ret, struct lg_go_dwarf_var *vars,
                      size_t var_count, struct lg_error *err);

#endif
