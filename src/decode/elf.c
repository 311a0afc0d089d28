/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/elf.h"

#include <elf.h>
#include <string.h>

/* Real binaries have tens; -ffunction-sections objects some 100,000. */
#define MAX_SECTIONS (1u << 20)
/* Cores have one for each mapping: vm.max_map_count is 65,530, a million
 * where somebody raised it. */
#define MAX_SEGMENTS (1u << 21)
#define MAX_NAME_BYTES 4096

static uint64_t number(const struct lg_elf *elf, struct lg_str s, size_t at,
                       size_t bytes)
{
    uint64_t n = 0;
    if (at > s.len || s.len - at < bytes)
        return 0;
    for (size_t i = 0; i < bytes; i++) {
        size_t from = elf->is_big_endian ? at + i : at + bytes - 1 - i;
        n = n << 8 | (uint8_t)s.data[from];
    }
    return n;
}

uint32_t lg_elf_u32(const struct lg_elf *elf, struct lg_str bytes, size_t at)
{
    return (uint32_t)number(elf, bytes, at, 4);
}

uint64_t lg_elf_u64(const struct lg_elf *elf, struct lg_str bytes, size_t at)
{
    return number(elf, bytes, at, 8);
}

/* Fields by their struct's layout in <elf.h>, in either class. */
#define FIELD(elf, bytes, type32, type64, field)                               \
    ((elf)->is_64 ? number((elf), (bytes), offsetof(type64, field),            \
                           sizeof(((type64 *)0)->field))                       \
                  : number((elf), (bytes), offsetof(type32, field),            \
                           sizeof(((type32 *)0)->field)))
#define EHDR(elf, field) FIELD(elf, (elf)->file, Elf32_Ehdr, Elf64_Ehdr, field)

/* The part of [offset, offset + size) that is in the file. */
static struct lg_str in_file(const struct lg_elf *elf, uint64_t offset,
                             uint64_t size)
{
    if (offset >= elf->file.len)
        return (struct lg_str){0};
    uint64_t left = elf->file.len - offset;
    return lg_str_from(elf->file.data + offset,
                       (size_t)(size < left ? size : left));
}

static size_t segment_bytes(const struct lg_elf *elf)
{
    return elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static size_t section_bytes(const struct lg_elf *elf)
{
    return elf->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static uint32_t count_in_file(const struct lg_elf *elf, uint64_t at,
                              uint64_t count, size_t item_bytes, uint32_t most)
{
    uint64_t fit = in_file(elf, at, UINT64_MAX).len / item_bytes;
    count = count < fit ? count : fit;
    return at == 0 ? 0 : (uint32_t)(count < most ? count : most);
}

/* Counts that do not fit 16 bits are in section 0. */
static void read_tables(struct lg_elf *elf)
{
    uint64_t sections = EHDR(elf, e_shnum), segments = EHDR(elf, e_phnum);
    uint64_t names = EHDR(elf, e_shstrndx);
    elf->segments_at = EHDR(elf, e_phoff);
    elf->sections_at = EHDR(elf, e_shoff);
    struct lg_str first = in_file(elf, elf->sections_at, section_bytes(elf));
    if (elf->sections_at != 0 && sections == 0)
        sections = FIELD(elf, first, Elf32_Shdr, Elf64_Shdr, sh_size);
    if (elf->sections_at != 0 && segments == PN_XNUM)
        segments = FIELD(elf, first, Elf32_Shdr, Elf64_Shdr, sh_info);
    if (elf->sections_at != 0 && names == SHN_XINDEX)
        names = FIELD(elf, first, Elf32_Shdr, Elf64_Shdr, sh_link);
    elf->segment_count = count_in_file(elf, elf->segments_at, segments,
                                       segment_bytes(elf), MAX_SEGMENTS);
    elf->section_count = count_in_file(elf, elf->sections_at, sections,
                                       section_bytes(elf), MAX_SECTIONS);
    elf->names_index = (uint32_t)names;
}

bool lg_elf_parse(struct lg_str file, struct lg_elf *ret, struct lg_error *err)
{
    struct lg_elf elf = {.file = file};
    if (file.len < EI_NIDENT || memcmp(file.data, ELFMAG, SELFMAG) != 0)
        return lg_fail_at(err, 0, "not an ELF file");
    uint8_t class = (uint8_t)file.data[EI_CLASS];
    uint8_t order = (uint8_t)file.data[EI_DATA];
    if ((class != ELFCLASS32 && class != ELFCLASS64) ||
        (order != ELFDATA2LSB && order != ELFDATA2MSB))
        return lg_fail_at(err, EI_CLASS, "unknown class or byte order of ELF");
    elf.is_64 = class == ELFCLASS64;
    elf.is_big_endian = order == ELFDATA2MSB;
    size_t header = elf.is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    if (file.len < header)
        return lg_fail_at(err, file.len, "the ELF header is cut");
    elf.type = (uint16_t)EHDR(&elf, e_type);
    elf.machine = (uint16_t)EHDR(&elf, e_machine);
    if ((EHDR(&elf, e_phnum) != 0 &&
         EHDR(&elf, e_phentsize) != segment_bytes(&elf)) ||
        (EHDR(&elf, e_shnum) != 0 &&
         EHDR(&elf, e_shentsize) != section_bytes(&elf)))
        return lg_fail_at(err, header, "ELF tables of an unknown shape");
    read_tables(&elf);
    *ret = elf;
    return true;
}

bool lg_elf_segment(const struct lg_elf *elf, uint32_t index,
                    struct lg_elf_segment *ret)
{
    if (index >= elf->segment_count)
        return false;
    struct lg_str b =
        in_file(elf, elf->segments_at + (uint64_t)index * segment_bytes(elf),
                segment_bytes(elf));
#define PHDR(field) FIELD(elf, b, Elf32_Phdr, Elf64_Phdr, field)
    *ret = (struct lg_elf_segment){
        .type = (uint32_t)PHDR(p_type),
        .flags = (uint32_t)PHDR(p_flags),
        .offset = PHDR(p_offset),
        .address = PHDR(p_vaddr),
        .file_bytes = PHDR(p_filesz),
        .memory_bytes = PHDR(p_memsz),
        .align = PHDR(p_align),
    };
    return true;
}

static struct lg_elf_section read_section(const struct lg_elf *elf,
                                          uint32_t index, uint64_t *name_ret)
{
    struct lg_str b =
        in_file(elf, elf->sections_at + (uint64_t)index * section_bytes(elf),
                section_bytes(elf));
#define SHDR(field) FIELD(elf, b, Elf32_Shdr, Elf64_Shdr, field)
    *name_ret = SHDR(sh_name);
    return (struct lg_elf_section){
        .type = (uint32_t)SHDR(sh_type),
        .link = (uint32_t)SHDR(sh_link),
        .flags = SHDR(sh_flags),
        .address = SHDR(sh_addr),
        .offset = SHDR(sh_offset),
        .size_bytes = SHDR(sh_size),
        .align = SHDR(sh_addralign),
    };
}

static struct lg_str section_name(const struct lg_elf *elf, uint64_t at)
{
    uint64_t ignored;
    if (elf->names_index >= elf->section_count)
        return (struct lg_str){0};
    struct lg_elf_section names = read_section(elf, elf->names_index, &ignored);
    struct lg_str text = lg_elf_section_bytes(elf, &names);
    if (at >= text.len)
        return (struct lg_str){0};
    text = lg_str_first(lg_str_skip(text, (size_t)at), MAX_NAME_BYTES);
    struct lg_cut cut = lg_str_cut_char(text, '\0');
    return cut.found ? cut.head : (struct lg_str){0};
}

bool lg_elf_section(const struct lg_elf *elf, uint32_t index,
                    struct lg_elf_section *ret)
{
    uint64_t name_at;
    if (index >= elf->section_count)
        return false;
    *ret = read_section(elf, index, &name_at);
    ret->name = section_name(elf, name_at);
    return true;
}

bool lg_elf_section_find(const struct lg_elf *elf, struct lg_str name,
                         struct lg_elf_section *ret)
{
    struct lg_elf_section section;
    for (uint32_t i = 0; lg_elf_section(elf, i, &section); i++) {
        if (lg_str_eq(section.name, name)) {
            *ret = section;
            return true;
        }
    }
    return false;
}

struct lg_str lg_elf_section_bytes(const struct lg_elf *elf,
                                   const struct lg_elf_section *section)
{
    if (section->type == SHT_NOBITS)
        return (struct lg_str){0};
    return in_file(elf, section->offset, section->size_bytes);
}

struct lg_str lg_elf_segment_bytes(const struct lg_elf *elf,
                                   const struct lg_elf_segment *segment)
{
    return in_file(elf, segment->offset, segment->file_bytes);
}

struct lg_str lg_elf_at_address(const struct lg_elf *elf, uint64_t address)
{
    struct lg_elf_segment s;
    for (uint32_t i = 0; lg_elf_segment(elf, i, &s); i++) {
        if (s.type != PT_LOAD || address < s.address ||
            address - s.address >= s.file_bytes)
            continue;
        return lg_str_skip(lg_elf_segment_bytes(elf, &s),
                           (size_t)(address - s.address));
    }
    return (struct lg_str){0};
}

/* Name and description are padded to 4 bytes; to 8 where the segment says so
 * (GNU properties only: sizes in them are padded already). */
static uint64_t padded(uint64_t n, uint64_t align)
{
    return (n + align - 1) / align * align;
}

bool lg_elf_note_next(const struct lg_elf *elf, struct lg_str *rest,
                      uint64_t align, struct lg_elf_note *ret)
{
    align = align == 8 ? 8 : 4;
    if (rest->len < sizeof(Elf64_Nhdr))
        return false;
    uint64_t name_bytes = lg_elf_u32(elf, *rest, 0);
    uint64_t desc_bytes = lg_elf_u32(elf, *rest, 4);
    uint64_t desc_at = padded(sizeof(Elf64_Nhdr) + name_bytes, align);
    uint64_t end = desc_at + desc_bytes;
    if (end > rest->len)
        return false;
    struct lg_str name =
        lg_str_from(rest->data + sizeof(Elf64_Nhdr), (size_t)name_bytes);
    *ret = (struct lg_elf_note){
        .name = lg_str_cut_char(name, '\0').head,
        .type = lg_elf_u32(elf, *rest, 8),
        .description = lg_str_from(rest->data + desc_at, (size_t)desc_bytes),
    };
    *rest = lg_str_skip(*rest, (size_t)padded(end, align));
    return true;
}
