/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a section of debug information, plain or in one of the two ways in
 * which it is compressed. It is copied out piece by piece, so that who looks
 * at it can give back what is not wanted.
 * Source: System V ABI, "Section Compression"; Go ≤ 1.18: .zdebug_*.
 */
#ifndef LG_TARGET_GO_DWARF_SECTION_H
#define LG_TARGET_GO_DWARF_SECTION_H

#include "decode/elf.h"

struct lg_dwarf_section {
    struct lg_str bytes; /* as they are in the file */
    bool is_deflated;
    uint64_t size_bytes; /* inflated, as it claims; bytes could hold that */
};

/* plain: ".debug_info", old: ".zdebug_info". ABSENT, BAD_DATA, LIMIT (more than
 * max_bytes). */
bool lg_dwarf_section_open(const struct lg_elf *elf, struct lg_str plain,
                           struct lg_str old, uint64_t max_bytes,
                           struct lg_dwarf_section *ret, struct lg_error *err);
/* filled: bytes that are there by now. false ends the copying. */
typedef bool (*lg_dwarf_filled_fn)(void *context, uint64_t filled,
                                   struct lg_error *err);
/* size_bytes into `into`. fn may be NULL. BAD_DATA: damaged, or shorter. */
bool lg_dwarf_section_copy(const struct lg_dwarf_section *from, uint8_t *into,
                           lg_dwarf_filled_fn fn, void *context,
                           struct lg_error *err);

#endif
