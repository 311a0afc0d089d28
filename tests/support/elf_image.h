/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: small ELF images made by hand, in both classes and byte orders, to
 * test what reads them: one writable segment, sections on request, notes.
 */
#ifndef LG_TESTS_ELF_IMAGE_H
#define LG_TESTS_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LG_ELF_IMAGE_BYTES 4096
#define LG_ELF_DATA_AT 0x400         /* file offset of the segment */
#define LG_ELF_DATA_ADDRESS 0x600000 /* its virtual address */
#define LG_ELF_NOTES_AT 0x200
#define LG_ELF_SECTIONS_AT 0xc00
#define LG_ELF_NAMES_AT 0xb00

struct lg_elf_image {
    bool is_64, is_big_endian;
    unsigned char bytes[LG_ELF_IMAGE_BYTES];
};

static inline void lg_put(struct lg_elf_image *m, size_t at, uint64_t value,
                          size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        size_t shift = m->is_big_endian ? bytes - 1 - i : i;
        m->bytes[at + i] = (unsigned char)(value >> (8 * shift));
    }
}

#define LG_PUT(m, at, type, field, value)                                      \
    ((m)->is_64 ? lg_put((m), (at) + offsetof(Elf64_##type, field), (value),   \
                         sizeof(((Elf64_##type *)0)->field))                   \
                : lg_put((m), (at) + offsetof(Elf32_##type, field), (value),   \
                         sizeof(((Elf32_##type *)0)->field)))

static inline size_t lg_phdr_at(const struct lg_elf_image *m, size_t i)
{
    return m->is_64 ? sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr)
                    : sizeof(Elf32_Ehdr) + i * sizeof(Elf32_Phdr);
}

static inline void lg_elf_image_segment(struct lg_elf_image *m, size_t i,
                                        uint32_t type, uint32_t flags,
                                        uint64_t offset, uint64_t address,
                                        uint64_t size)
{
    size_t at = lg_phdr_at(m, i);
    LG_PUT(m, at, Phdr, p_type, type);
    LG_PUT(m, at, Phdr, p_flags, flags);
    LG_PUT(m, at, Phdr, p_offset, offset);
    LG_PUT(m, at, Phdr, p_vaddr, address);
    LG_PUT(m, at, Phdr, p_filesz, size);
    LG_PUT(m, at, Phdr, p_memsz, size);
    LG_PUT(m, at, Phdr, p_align, 4);
}

/* Header, a writable segment, a note segment of note_bytes; no sections. */
static inline void lg_elf_image_init(struct lg_elf_image *m, bool is_64,
                                     bool is_big_endian, size_t note_bytes)
{
    memset(m, 0, sizeof *m);
    m->is_64 = is_64;
    m->is_big_endian = is_big_endian;
    memcpy(m->bytes, ELFMAG, SELFMAG);
    m->bytes[EI_CLASS] = is_64 ? ELFCLASS64 : ELFCLASS32;
    m->bytes[EI_DATA] = is_big_endian ? ELFDATA2MSB : ELFDATA2LSB;
    m->bytes[EI_VERSION] = EV_CURRENT;
    LG_PUT(m, 0, Ehdr, e_type, ET_EXEC);
    LG_PUT(m, 0, Ehdr, e_phoff,
           is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
    LG_PUT(m, 0, Ehdr, e_phentsize,
           is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
    LG_PUT(m, 0, Ehdr, e_phnum, 2);
    lg_elf_image_segment(m, 0, PT_LOAD, PF_R | PF_W, LG_ELF_DATA_AT,
                         LG_ELF_DATA_ADDRESS, 0x600);
    lg_elf_image_segment(m, 1, PT_NOTE, PF_R, LG_ELF_NOTES_AT, 0x400200,
                         note_bytes);
}

/* Three sections: none, ".go.buildinfo" over the data, their names. */
static inline void lg_elf_image_sections(struct lg_elf_image *m,
                                         const char *name, uint32_t type)
{
    size_t size = m->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    size_t data = LG_ELF_SECTIONS_AT + size, names = data + size;
    LG_PUT(m, 0, Ehdr, e_shoff, LG_ELF_SECTIONS_AT);
    LG_PUT(m, 0, Ehdr, e_shentsize, size);
    LG_PUT(m, 0, Ehdr, e_shnum, 3);
    LG_PUT(m, 0, Ehdr, e_shstrndx, 2);
    LG_PUT(m, data, Shdr, sh_name, 1);
    LG_PUT(m, data, Shdr, sh_type, type);
    LG_PUT(m, data, Shdr, sh_addr, LG_ELF_DATA_ADDRESS);
    LG_PUT(m, data, Shdr, sh_offset, LG_ELF_DATA_AT);
    LG_PUT(m, data, Shdr, sh_size, 0x600);
    LG_PUT(m, names, Shdr, sh_name, 0);
    LG_PUT(m, names, Shdr, sh_type, SHT_STRTAB);
    LG_PUT(m, names, Shdr, sh_offset, LG_ELF_NAMES_AT);
    LG_PUT(m, names, Shdr, sh_size, 64);
    strcpy((char *)m->bytes + LG_ELF_NAMES_AT + 1, name);
}

#endif
