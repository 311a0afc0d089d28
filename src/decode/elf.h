/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: an ELF file as views: headers are read where they lie, nothing is
 * allocated, and only the pages that are asked for are touched, so that a
 * mapped binary of 500 MB costs what its answers cost. 32 and 64 bits, both
 * byte orders. Damaged tables answer "not there", never out of bounds.
 * Source: System V ABI, "Object Files"; elf.h.
 */
#ifndef LG_DECODE_ELF_H
#define LG_DECODE_ELF_H

#include "base/error.h"
#include "base/str.h"

struct lg_elf {
    struct lg_str file; /* borrowed */
    bool is_64, is_big_endian;
    uint16_t type, machine;                /* ET_…, EM_… */
    uint64_t segments_at, sections_at;     /* file offsets */
    uint32_t segment_count, section_count; /* bounded by what fits the file */
    uint32_t names_index; /* of the section with the sections' names */
};

struct lg_elf_segment {
    uint32_t type, flags; /* PT_…, PF_… */
    uint64_t offset, address, file_bytes, memory_bytes, align;
};

struct lg_elf_section {
    struct lg_str name; /* empty when it cannot be read */
    uint32_t type;      /* SHT_… */
    uint32_t link;
    uint64_t flags, address, offset, size_bytes, align;
};

struct lg_elf_note {
    struct lg_str name; /* without its final NUL: "GNU", "Go", "CORE" */
    uint32_t type;
    struct lg_str description;
};

/* BAD_DATA: not ELF, or its header is damaged. A table of segments or sections
 * that reaches out of the file counts as far as it is there. */
bool lg_elf_parse(struct lg_str file, struct lg_elf *ret, struct lg_error *err);
/* false: no such one. */
bool lg_elf_segment(const struct lg_elf *elf, uint32_t index,
                    struct lg_elf_segment *ret);
bool lg_elf_section(const struct lg_elf *elf, uint32_t index,
                    struct lg_elf_section *ret);
bool lg_elf_section_find(const struct lg_elf *elf, struct lg_str name,
                         struct lg_elf_section *ret);
/* What of it is in the file; empty for SHT_NOBITS or when it lies outside. */
struct lg_str lg_elf_section_bytes(const struct lg_elf *elf,
                                   const struct lg_elf_section *section);
struct lg_str lg_elf_segment_bytes(const struct lg_elf *elf,
                                   const struct lg_elf_segment *segment);
/* The file's bytes from a virtual address on up to the end of its segment;
 * empty when none holds it. */
struct lg_str lg_elf_at_address(const struct lg_elf *elf, uint64_t address);
/* Pull iterator over the bytes of a PT_NOTE segment or SHT_NOTE section. */
bool lg_elf_note_next(const struct lg_elf *elf, struct lg_str *rest,
                      uint64_t align, struct lg_elf_note *ret);
/* Integers in the file's byte order; 0 when they are not there. */
uint32_t lg_elf_u32(const struct lg_elf *elf, struct lg_str bytes, size_t at);
uint64_t lg_elf_u64(const struct lg_elf *elf, struct lg_str bytes, size_t at);

#endif
