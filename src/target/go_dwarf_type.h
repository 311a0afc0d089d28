/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: types in DWARF, as far as a path of fields has to be followed:
 * "sched.sp" from runtime.g on. Nothing that a damaged file says leads in a
 * circle or out of a struct.
 */
#ifndef LG_TARGET_GO_DWARF_TYPE_H
#define LG_TARGET_GO_DWARF_TYPE_H

#include "base/str.h"

#include <elfutils/libdw.h>

/* runtime.heapArena has 2.2 MB; a struct beyond this is none of the runtime's,
 * and readers size their buffers by it. */
#define LG_DWARF_MAX_TYPE_BYTES ((uint64_t)1 << 24)

struct lg_dwarf_place {
    Dwarf_Die type;
    uint64_t at; /* of it in the struct where the path began */
};

/* false: no such attribute, or no number. */
bool lg_dwarf_attribute_u64(Dwarf_Die *die, unsigned name, uint64_t *ret);
bool lg_dwarf_type_of(Dwarf_Die *die, Dwarf_Die *ret);
/* Steps over typedefs. */
bool lg_dwarf_peel(Dwarf_Die *type);
uint64_t lg_dwarf_size_of(Dwarf_Die *type); /* bytes; 0: not told */
/* From a struct (place->type) to a field of it, "" being itself. false: not
 * there, or outside of the struct. */
bool lg_dwarf_walk(struct lg_dwarf_place *place, struct lg_str path);
/* Of an integer or a pointer, also when atomic.X wraps it: 1, 2, 4, 8; else 0.
 */
uint8_t lg_dwarf_width_of(Dwarf_Die type);
/* Elements of an array. */
bool lg_dwarf_count_of(Dwarf_Die *array, uint64_t *ret);

#endif
