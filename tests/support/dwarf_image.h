/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a small ELF file with DWARF as Go's linker writes it, made by hand:
 * a unit "main" of any size, one "runtime" with constants and variables, and
 * one more of that name with the types.
 */
#ifndef LG_TESTS_DWARF_IMAGE_H
#define LG_TESTS_DWARF_IMAGE_H

#include <dwarf.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum lg_dwarf_pack { LG_PACK_NONE, LG_PACK_OLD, LG_PACK_NEW };

struct lg_bytes {
    unsigned char *data;
    size_t len, capacity;
};

static inline void lg_b_raw(struct lg_bytes *b, const void *data, size_t len)
{
    if (b->len + len > b->capacity) {
        b->capacity = 2 * (b->len + len);
        b->data = realloc(b->data, b->capacity);
        if (b->data == NULL)
            abort();
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void lg_b_int(struct lg_bytes *b, uint64_t n, size_t bytes)
{
    lg_b_raw(b, &n, bytes); /* the tests run on little-endian machines */
}

static inline void lg_b_uleb(struct lg_bytes *b, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        lg_b_int(b, (n & 0x7f) | 0x80, 1);
    lg_b_int(b, n, 1);
}

static inline void lg_b_text(struct lg_bytes *b, const char *text)
{
    lg_b_raw(b, text, strlen(text) + 1);
}

/* Codes of the abbreviations. */
enum {
    LG_AB_UNIT = 1,
    LG_AB_STRUCT,
    LG_AB_MEMBER,
    LG_AB_BASE,
    LG_AB_VARIABLE,
    LG_AB_CONST,
    LG_AB_TYPEDEF,
    LG_AB_ARRAY,
    LG_AB_RANGE,
    LG_AB_POINTER,
};

static const unsigned char lg_abbrev[] = {LG_AB_UNIT,
                                          DW_TAG_compile_unit,
                                          1,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          0,
                                          0,
                                          LG_AB_STRUCT,
                                          DW_TAG_structure_type,
                                          1,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_byte_size,
                                          DW_FORM_udata,
                                          0,
                                          0,
                                          LG_AB_MEMBER,
                                          DW_TAG_member,
                                          0,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_data_member_location,
                                          DW_FORM_udata,
                                          DW_AT_type,
                                          DW_FORM_ref_addr,
                                          0,
                                          0,
                                          LG_AB_BASE,
                                          DW_TAG_base_type,
                                          0,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_byte_size,
                                          DW_FORM_data1,
                                          0,
                                          0,
                                          LG_AB_VARIABLE,
                                          DW_TAG_variable,
                                          0,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_location,
                                          DW_FORM_block1,
                                          DW_AT_type,
                                          DW_FORM_ref_addr,
                                          0,
                                          0,
                                          LG_AB_CONST,
                                          DW_TAG_constant,
                                          0,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_const_value,
                                          DW_FORM_sdata,
                                          0,
                                          0,
                                          LG_AB_TYPEDEF,
                                          DW_TAG_typedef,
                                          0,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_type,
                                          DW_FORM_ref_addr,
                                          0,
                                          0,
                                          LG_AB_ARRAY,
                                          DW_TAG_array_type,
                                          1,
                                          DW_AT_byte_size,
                                          DW_FORM_udata,
                                          DW_AT_type,
                                          DW_FORM_ref_addr,
                                          0,
                                          0,
                                          LG_AB_RANGE,
                                          DW_TAG_subrange_type,
                                          0,
                                          DW_AT_count,
                                          DW_FORM_udata,
                                          0,
                                          0,
                                          LG_AB_POINTER,
                                          DW_TAG_pointer_type,
                                          0,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          0,
                                          0,
                                          0};

/* A unit's header and first entry; the result is for lg_unit_end. */
static inline size_t lg_unit_begin(struct lg_bytes *b, int version,
                                   const char *name)
{
    size_t at = b->len;
    lg_b_int(b, 0, 4);
    lg_b_int(b, (uint64_t)version, 2);
    if (version >= 5) {
        lg_b_int(b, DW_UT_compile, 1);
        lg_b_int(b, 8, 1);
        lg_b_int(b, 0, 4);
    } else {
        lg_b_int(b, 0, 4);
        lg_b_int(b, 8, 1);
    }
    lg_b_uleb(b, LG_AB_UNIT);
    lg_b_text(b, name);
    return at;
}

static inline void lg_unit_end(struct lg_bytes *b, size_t at)
{
    lg_b_int(b, 0, 1);
    uint32_t length = (uint32_t)(b->len - at - 4);
    memcpy(b->data + at, &length, sizeof length);
}

static inline uint64_t lg_die_struct(struct lg_bytes *b, const char *name,
                                     uint64_t size)
{
    uint64_t at = b->len;
    lg_b_uleb(b, LG_AB_STRUCT);
    lg_b_text(b, name);
    lg_b_uleb(b, size);
    return at;
}

static inline void lg_die_member(struct lg_bytes *b, const char *name,
                                 uint64_t offset, uint64_t type)
{
    lg_b_uleb(b, LG_AB_MEMBER);
    lg_b_text(b, name);
    lg_b_uleb(b, offset);
    lg_b_int(b, type, 4);
}

static inline void lg_die_end(struct lg_bytes *b)
{
    lg_b_int(b, 0, 1);
}

static inline uint64_t lg_die_base(struct lg_bytes *b, const char *name,
                                   uint64_t size)
{
    uint64_t at = b->len;
    lg_b_uleb(b, LG_AB_BASE);
    lg_b_text(b, name);
    lg_b_int(b, size, 1);
    return at;
}

static inline void lg_die_variable(struct lg_bytes *b, const char *name,
                                   uint64_t address, uint64_t type)
{
    lg_b_uleb(b, LG_AB_VARIABLE);
    lg_b_text(b, name);
    lg_b_int(b, 9, 1);
    lg_b_int(b, DW_OP_addr, 1);
    lg_b_int(b, address, 8);
    lg_b_int(b, type, 4);
}

static inline void lg_die_const(struct lg_bytes *b, const char *name,
                                uint64_t small)
{
    lg_b_uleb(b, LG_AB_CONST);
    lg_b_text(b, name);
    lg_b_int(b, small, 1); /* below 64: the same as a signed LEB */
}

static inline uint64_t lg_die_array(struct lg_bytes *b, uint64_t bytes,
                                    uint64_t type, uint64_t count)
{
    uint64_t at = b->len;
    lg_b_uleb(b, LG_AB_ARRAY);
    lg_b_uleb(b, bytes);
    lg_b_int(b, type, 4);
    lg_b_uleb(b, LG_AB_RANGE);
    lg_b_uleb(b, count);
    lg_die_end(b);
    return at;
}

static inline struct lg_bytes lg_b_packed(const void *data, size_t len,
                                          enum lg_dwarf_pack pack)
{
    struct lg_bytes b = {0};
    if (pack == LG_PACK_NONE) {
        lg_b_raw(&b, data, len);
        return b;
    }
    uLongf packed_len = compressBound(len);
    unsigned char *packed = malloc(packed_len);
    if (packed == NULL || compress(packed, &packed_len, data, len) != Z_OK)
        abort();
    if (pack == LG_PACK_OLD) {
        lg_b_raw(&b, "ZLIB", 4);
        for (int i = 7; i >= 0; i--)
            lg_b_int(&b, (uint64_t)len >> (8 * i), 1);
    } else {
        Elf64_Chdr head = {
            .ch_type = ELFCOMPRESS_ZLIB, .ch_size = len, .ch_addralign = 1};
        lg_b_raw(&b, &head, sizeof head);
    }
    lg_b_raw(&b, packed, packed_len);
    free(packed);
    return b;
}

/* An ELF file of .debug_info and .debug_abbrev. */
static inline struct lg_bytes lg_dwarf_elf(const struct lg_bytes *info,
                                           enum lg_dwarf_pack pack)
{
    static const char names[] = "\0.debug_info\0.debug_abbrev\0.shstrtab\0"
                                ".zdebug_info\0.zdebug_abbrev";
    static const uint32_t names_at[2][2] = {{1, 13}, {37, 50}};
    struct lg_bytes parts[2] = {lg_b_packed(info->data, info->len, pack),
                                lg_b_packed(lg_abbrev, sizeof lg_abbrev, pack)};
    Elf64_Ehdr head = {.e_type = ET_EXEC,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_shoff = sizeof head,
                       .e_ehsize = sizeof head,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = 4,
                       .e_shstrndx = 3};
    memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_ident[EI_VERSION] = EV_CURRENT;
    uint64_t at = sizeof head + 4 * sizeof(Elf64_Shdr);
    Elf64_Shdr s[4] = {{0}};
    for (int i = 0; i < 2; i++) {
        s[i + 1].sh_name = names_at[pack == LG_PACK_OLD][i];
        s[i + 1].sh_type = SHT_PROGBITS;
        s[i + 1].sh_flags = pack == LG_PACK_NEW ? SHF_COMPRESSED : 0;
        s[i + 1].sh_offset = at;
        s[i + 1].sh_size = parts[i].len;
        at += parts[i].len;
    }
    s[3] = (Elf64_Shdr){.sh_name = 27,
                        .sh_type = SHT_STRTAB,
                        .sh_offset = at,
                        .sh_size = sizeof names};
    struct lg_bytes b = {0};
    lg_b_raw(&b, &head, sizeof head);
    lg_b_raw(&b, s, sizeof s);
    for (int i = 0; i < 2; i++) {
        lg_b_raw(&b, parts[i].data, parts[i].len);
        free(parts[i].data);
    }
    lg_b_raw(&b, names, sizeof names);
    return b;
}

#endif
