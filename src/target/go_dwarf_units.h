/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the DWARF of a big program, cut down to a few packages before libdw
 * sees it. A copy of .debug_info is made where each unit keeps its offset
 * (types refer to each other by offset), but the memory of units that nobody
 * asked for is given back as soon as they have been passed. Around it stands a
 * small ELF file: .debug_info and .debug_abbrev, plain.
 */
#ifndef LG_TARGET_GO_DWARF_UNITS_H
#define LG_TARGET_GO_DWARF_UNITS_H

#include "base/error.h"
#include "base/str.h"

/* A package has one unit for its Go code and one for each assembly file; all
 * types of the program are in one more of "runtime". */
#define LG_DWARF_MAX_UNITS 256

struct lg_dwarf_units {
    uint8_t *map; /* the ELF file */
    size_t map_bytes;
    uint64_t info_bytes; /* of .debug_info */
    uint64_t
        units[LG_DWARF_MAX_UNITS]; /* offsets of the kept ones' first DIE */
    size_t unit_count;
};

/* packages: names of the units to keep. ABSENT: no .debug_info, or none of
 * those units in it. */
bool lg_dwarf_units_init(struct lg_dwarf_units *u, struct lg_str elf,
                         const char *const *packages, size_t package_count,
                         struct lg_error *err);
void lg_dwarf_units_deinit(struct lg_dwarf_units *u);

#endif
