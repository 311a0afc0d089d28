/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: ELF cores made by hand: segments with their bytes, threads, mapped
 * files, an auxiliary vector. The core is put together by lg_core_file_end:
 *
 *     ELF header · program headers · notes · bytes of the segments
 */
#ifndef LG_TESTS_CORE_FILE_H
#define LG_TESTS_CORE_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LG_CORE_BYTES ((size_t)256 << 10)
#define LG_CORE_LOADS 64

struct lg_core_file_builder {
    Elf64_Phdr loads[LG_CORE_LOADS];
    const void *data[LG_CORE_LOADS];
    size_t load_count;
    uint16_t machine;
    unsigned char notes[16384];
    size_t note_bytes;
    unsigned char bytes[LG_CORE_BYTES]; /* the result */
    size_t len;
};

static inline void lg_core_file_begin(struct lg_core_file_builder *b,
                                      uint16_t machine)
{
    memset(b, 0, sizeof *b);
    b->machine = machine;
}

/* data[file_bytes], borrowed until the end. */
static inline void lg_core_file_load(struct lg_core_file_builder *b,
                                     uint64_t address, uint64_t memory_bytes,
                                     uint32_t flags, const void *data,
                                     uint64_t file_bytes)
{
    b->loads[b->load_count] = (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_flags = flags,
        .p_vaddr = address,
        .p_filesz = file_bytes,
        .p_memsz = memory_bytes,
        .p_align = 1,
    };
    b->data[b->load_count++] = data;
}

static inline void lg_core_file_note(struct lg_core_file_builder *b,
                                     const char *name, uint32_t type,
                                     const void *data, size_t len)
{
    Elf64_Nhdr header = {.n_namesz = (uint32_t)strlen(name) + 1,
                         .n_descsz = (uint32_t)len,
                         .n_type = type};
    memcpy(b->notes + b->note_bytes, &header, sizeof header);
    b->note_bytes += sizeof header;
    strcpy((char *)b->notes + b->note_bytes, name);
    b->note_bytes += (header.n_namesz + 3u) & ~3u;
    memcpy(b->notes + b->note_bytes, data, len);
    b->note_bytes += (len + 3u) & ~(size_t)3;
}

/* amd64: the words of struct user_regs_struct. */
static inline void lg_core_file_thread(struct lg_core_file_builder *b,
                                       int32_t tid, uint64_t pc, uint64_t sp,
                                       uint64_t bp, uint64_t g, uint64_t tls)
{
    unsigned char status[336] = {0};
    uint64_t *registers = (uint64_t *)(void *)(status + 112);
    memcpy(status + 32, &tid, sizeof tid);
    registers[1] = g;
    registers[4] = bp;
    registers[16] = pc;
    registers[19] = sp;
    registers[21] = tls;
    lg_core_file_note(b, "CORE", NT_PRSTATUS, status, sizeof status);
}

static inline void lg_core_file_info(struct lg_core_file_builder *b,
                                     int32_t pid, const char *comm)
{
    unsigned char info[136] = {0};
    memcpy(info + 24, &pid, sizeof pid);
    strcpy((char *)info + 40, comm);
    lg_core_file_note(b, "CORE", NT_PRPSINFO, info, sizeof info);
}

static inline void lg_core_file_auxv(struct lg_core_file_builder *b,
                                     uint64_t entry, uint64_t headers)
{
    uint64_t pairs[6] = {AT_PHDR, headers, AT_ENTRY, entry, AT_NULL, 0};
    lg_core_file_note(b, "CORE", NT_AUXV, pairs, sizeof pairs);
}

struct lg_core_file_row {
    uint64_t start, end, offset_pages;
    const char *path;
};

static inline void lg_core_file_files(struct lg_core_file_builder *b,
                                      const struct lg_core_file_row *rows,
                                      size_t count)
{
    unsigned char d[8192];
    uint64_t header[2] = {count, 4096};
    size_t len = sizeof header;
    memcpy(d, header, sizeof header);
    for (size_t i = 0; i < count; i++, len += 24)
        memcpy(d + len, &rows[i], 24);
    for (size_t i = 0; i < count; i++) {
        strcpy((char *)d + len, rows[i].path);
        len += strlen(rows[i].path) + 1;
    }
    lg_core_file_note(b, "CORE", NT_FILE, d, len);
}

static inline void lg_core_file_end(struct lg_core_file_builder *b)
{
    Elf64_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = b->machine,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof header,
        .e_ehsize = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (uint16_t)(b->load_count + 1),
    };
    size_t at = sizeof header + (b->load_count + 1) * sizeof(Elf64_Phdr);
    Elf64_Phdr notes = {.p_type = PT_NOTE,
                        .p_offset = at,
                        .p_filesz = b->note_bytes,
                        .p_align = 4};
    memcpy(b->bytes, &header, sizeof header);
    memcpy(b->bytes + sizeof header, &notes, sizeof notes);
    memcpy(b->bytes + at, b->notes, b->note_bytes);
    at += b->note_bytes;
    for (size_t i = 0; i < b->load_count; i++) {
        b->loads[i].p_offset = at;
        if (b->loads[i].p_filesz != 0)
            memcpy(b->bytes + at, b->data[i], b->loads[i].p_filesz);
        at += b->loads[i].p_filesz;
        memcpy(b->bytes + sizeof header + (i + 1) * sizeof(Elf64_Phdr),
               &b->loads[i], sizeof(Elf64_Phdr));
    }
    b->len = at;
}

#endif
