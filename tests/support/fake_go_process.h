/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a Go process made by hand, small enough to be damaged everywhere: an
 * ELF file with build information and a function table (pclntab_image.h), and
 * memory with moduledata, three goroutines, two threads, a processor and the
 * wait reasons, laid out by a row of the table.
 *
 *   0x400000  file: headers, function table, text at 0x401000, sections
 *   0x602000  data: build information, moduledata, wait reasons
 *   0x603000  bss: variables, g0, m0
 *   0xc000000000  heap: goroutines, p, m1
 */
#ifndef LG_TESTS_FAKE_GO_PROCESS_H
#define LG_TESTS_FAKE_GO_PROCESS_H

#include "fake_image.h"
#include "pclntab_image.h"
#include "target/go_process.h"

#include <elf.h>
#include <stdio.h>

#define LG_FAKE_FILE UINT64_C(0x400000)
#define LG_FAKE_FILE_BYTES 0x3000
#define LG_FAKE_DATA UINT64_C(0x602000) /* file offset 0x2000 */
#define LG_FAKE_DATA_BYTES 0x1000
#define LG_FAKE_BSS UINT64_C(0x603000)
#define LG_FAKE_BSS_BYTES 0x7000
#define LG_FAKE_HEAP UINT64_C(0xc000000000)
#define LG_FAKE_HEAP_BYTES 0x8000
#define LG_FAKE_GOROUTINES 3

#define LG_FAKE_PCLNTAB (LG_FAKE_FILE + 0x400)
#define LG_FAKE_MODULE (LG_FAKE_DATA + 0x100)
#define LG_FAKE_REASONS (LG_FAKE_DATA + 0x400)
#define LG_FAKE_TEXTS (LG_FAKE_DATA + 0x800)
#define LG_FAKE_ALLGS (LG_FAKE_BSS + 0x10)
#define LG_FAKE_ALLM (LG_FAKE_BSS + 0x30)
#define LG_FAKE_ALLP (LG_FAKE_BSS + 0x40)
#define LG_FAKE_SCHED (LG_FAKE_BSS + 0x100)
#define LG_FAKE_G0 (LG_FAKE_BSS + 0x3000)
#define LG_FAKE_M0 (LG_FAKE_BSS + 0x4000)
#define LG_FAKE_G(i) (LG_FAKE_HEAP + 0x200 * (uint64_t)(i))
#define LG_FAKE_POINTERS (LG_FAKE_HEAP + 0x1000)
#define LG_FAKE_M1 (LG_FAKE_HEAP + 0x6000)
#define LG_FAKE_G1 (LG_FAKE_HEAP + 0x7000) /* its g0 */
#define LG_FAKE_P (LG_FAKE_HEAP + 0x2000)

struct lg_fake_go {
    struct lg_fake_image fake;
    const struct lg_go_layout *layout;
    uint8_t file[LG_FAKE_FILE_BYTES];
    uint8_t text[LG_FAKE_FILE_BYTES - LG_FAKE_DATA_BYTES]; /* in memory */
    uint8_t data[LG_FAKE_DATA_BYTES];
    uint8_t bss[LG_FAKE_BSS_BYTES];
    uint8_t heap[LG_FAKE_HEAP_BYTES];
};

/* The test's byte behind an address; NULL: none. */
static inline uint8_t *lg_fake_at(struct lg_fake_go *g, uint64_t address)
{
    for (size_t i = 0; i < g->fake.region_count; i++) {
        uint64_t start = g->fake.regions[i].start;
        if (address >= start && address - start < g->fake.regions[i].len)
            return g->fake.regions[i].bytes + (address - start);
    }
    return NULL;
}

static inline void lg_fake_put(struct lg_fake_go *g, uint64_t address,
                               uint64_t value, size_t width)
{
    memcpy(lg_fake_at(g, address), &value, width);
}

static inline void lg_fake_set(struct lg_fake_go *g, uint64_t object,
                               enum lg_go_field field, uint64_t value)
{
    size_t width = g->layout->width[field];
    if (g->layout->offset[field] != LG_GO_ABSENT)
        lg_fake_put(g, object + (uint64_t)g->layout->offset[field], value,
                    width != 0 ? width : 8);
}

static inline void lg_fake_words(struct lg_fake_go *g, uint64_t address,
                                 uint64_t a, uint64_t b, uint64_t c)
{
    lg_fake_put(g, address, a, 8);
    lg_fake_put(g, address + 8, b, 8);
    lg_fake_put(g, address + 16, c, 8);
}

struct lg_fake_symbol {
    const char *name;
    uint64_t address;
};

static inline void lg_fake_section(struct lg_fake_go *g, size_t i,
                                   uint32_t name, uint32_t type,
                                   uint64_t address, uint64_t offset,
                                   uint64_t size, uint32_t link)
{
    Elf64_Shdr s = {.sh_name = name,
                    .sh_type = type,
                    .sh_addr = address,
                    .sh_offset = offset,
                    .sh_size = size,
                    .sh_link = link};
    memcpy(g->file + 0x1800 + i * sizeof s, &s, sizeof s);
}

static inline void lg_fake_symbols(struct lg_fake_go *g)
{
    static const struct lg_fake_symbol symbols[] = {
        {"runtime.allgs", LG_FAKE_ALLGS},
        {"runtime.allm", LG_FAKE_ALLM},
        {"runtime.allp", LG_FAKE_ALLP},
        {"runtime.sched", LG_FAKE_SCHED},
        {"runtime.g0", LG_FAKE_G0},
        {"runtime.m0", LG_FAKE_M0},
        {"runtime.waitReasonStrings", LG_FAKE_REASONS},
        {"runtime.firstmoduledata", LG_FAKE_MODULE},
    };
    size_t count = sizeof symbols / sizeof symbols[0], name = 1;
    for (size_t i = 0; i < count; i++) {
        Elf64_Sym s = {.st_name = (uint32_t)name,
                       .st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT),
                       .st_shndx = 1,
                       .st_value = symbols[i].address};
        memcpy(g->file + 0x1b00 + (i + 1) * sizeof s, &s, sizeof s);
        strcpy((char *)g->file + 0x1d00 + name, symbols[i].name);
        name += strlen(symbols[i].name) + 1;
    }
    lg_fake_section(g, 3, 18, SHT_SYMTAB, 0, 0x1b00,
                    (count + 1) * sizeof(Elf64_Sym), 4);
    lg_fake_section(g, 4, 26, SHT_STRTAB, 0, 0x1d00, name, 0);
}

static inline void lg_fake_elf(struct lg_fake_go *g)
{
    static const char names[] = "\0.gopclntab\0.name\0.symtab\0.strtab";
    Elf64_Ehdr e = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof e,
        .e_shoff = 0x1800,
        .e_ehsize = sizeof e,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 5,
        .e_shstrndx = 2};
    Elf64_Phdr p[2] = {
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_X,
         .p_vaddr = LG_FAKE_FILE,
         .p_filesz = LG_FAKE_FILE_BYTES - LG_FAKE_DATA_BYTES,
         .p_memsz = LG_FAKE_FILE_BYTES - LG_FAKE_DATA_BYTES,
         .p_align = 4096},
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_W,
         .p_offset = LG_FAKE_FILE_BYTES - LG_FAKE_DATA_BYTES,
         .p_vaddr = LG_FAKE_DATA,
         .p_filesz = LG_FAKE_DATA_BYTES,
         .p_memsz = LG_FAKE_DATA_BYTES + LG_FAKE_BSS_BYTES,
         .p_align = 4096},
    };
    memcpy(g->file, &e, sizeof e);
    memcpy(g->file + sizeof e, p, sizeof p);
    memcpy(g->file + 0x1a00, names, sizeof names);
    lg_fake_section(g, 2, 12, SHT_STRTAB, 0, 0x1a00, sizeof names, 0);
    lg_fake_symbols(g);
}

static inline void lg_fake_build_info(struct lg_fake_go *g, const char *version)
{
    uint8_t *blob = g->data;
    memcpy(blob, "\xff Go buildinf:", 14);
    blob[14] = 8;
    blob[15] = 2;
    blob[32] = (uint8_t)strlen(version);
    memcpy(blob + 33, version, strlen(version));
    blob[33 + strlen(version)] = 0;
}

/* By the form of Go 1.20 on; inlined calls behind it. */
static inline void lg_fake_module(struct lg_fake_go *g)
{
    struct lg_pclntab_image table;
    const uint64_t at = LG_FAKE_MODULE, tab = LG_FAKE_PCLNTAB;
    lg_pclntab_image_make(&table, g->layout->minor >= 20 ? 20 : 18);
    memcpy(g->file + 0x400, table.bytes, table.len);
    lg_fake_section(g, 1, 1, SHT_PROGBITS, tab, 0x400, table.len, 0);
    lg_fake_set(g, at, LG_MODULE_PC_HEADER, tab);
    lg_fake_words(g, at + 8, tab + 80, 30, 30);
    lg_fake_words(g, at + 32, tab + 120, 2, 2);
    lg_fake_words(g, at + (uint64_t)g->layout->offset[LG_MODULE_FTAB],
                  tab + 200, 3, 3);
    lg_fake_set(g, at, LG_MODULE_TEXT, LG_PCLN_TEXT);
    lg_fake_set(g, at, LG_MODULE_MINPC, LG_PCLN_TEXT);
    lg_fake_set(g, at, LG_MODULE_MAXPC, LG_PCLN_TEXT + LG_PCLN_TEXT_BYTES);
    lg_fake_set(g, at, LG_MODULE_ETEXT, LG_PCLN_TEXT + LG_PCLN_TEXT_BYTES);
    lg_fake_set(g, at, LG_MODULE_NOPTRDATA, LG_FAKE_DATA);
    lg_fake_set(g, at, LG_MODULE_ENOPTRDATA, LG_FAKE_REASONS);
    lg_fake_set(g, at, LG_MODULE_DATA, LG_FAKE_REASONS);
    lg_fake_set(g, at, LG_MODULE_EDATA, LG_FAKE_BSS);
    lg_fake_set(g, at, LG_MODULE_BSS, LG_FAKE_BSS);
    lg_fake_set(g, at, LG_MODULE_EBSS, LG_FAKE_BSS + 0x6000);
    lg_fake_set(g, at, LG_MODULE_NOPTRBSS, LG_FAKE_BSS + 0x6000);
    lg_fake_set(g, at, LG_MODULE_ENOPTRBSS, LG_FAKE_BSS + LG_FAKE_BSS_BYTES);
    lg_fake_set(g, at, LG_MODULE_TYPES, LG_FAKE_FILE);
    lg_fake_set(g, at, LG_MODULE_ETYPES, LG_FAKE_FILE + 0x400);
    lg_fake_set(g, at, LG_MODULE_GOFUNC, tab + table.gofunc_at);
    lg_fake_put(g, at + (uint64_t)g->layout->offset[LG_MODULE_HASMAIN], 1, 1);
}

static inline void lg_fake_reasons(struct lg_fake_go *g)
{
    static const char *const first[] = {"", "GC assist marking", "IO wait"};
    uint64_t text = LG_FAKE_TEXTS;
    for (int i = 0; i < g->layout->offset[LG_WAIT_REASON_COUNT]; i++) {
        char name[32];
        snprintf(name, sizeof name, "reason %d", i);
        const char *s = i < 3 ? first[i] : name;
        memcpy(lg_fake_at(g, text), s, strlen(s));
        lg_fake_put(g, LG_FAKE_REASONS + 16 * (uint64_t)i, text, 8);
        lg_fake_put(g, LG_FAKE_REASONS + 16 * (uint64_t)i + 8, strlen(s), 8);
        text += strlen(s);
    }
}

static inline void lg_fake_goroutines(struct lg_fake_go *g)
{
    for (uint64_t i = 0; i < LG_FAKE_GOROUTINES; i++) {
        uint64_t at = LG_FAKE_G(i);
        lg_fake_set(g, at, LG_G_STACK_LO, LG_FAKE_HEAP + 0x1000);
        lg_fake_set(g, at, LG_G_STACK_HI, LG_FAKE_HEAP + 0x2000);
        lg_fake_set(g, at, LG_G_SCHED_G, at);
        lg_fake_set(g, at, LG_G_STATUS, 4);
        lg_fake_set(g, at, LG_G_WAITREASON, 2);
        lg_fake_set(g, at, LG_G_GOID, i + 1);
        lg_fake_set(g, at, LG_G_GOPC, LG_PCLN_TEXT + 0x20);
        lg_fake_set(g, at, LG_G_STARTPC, LG_PCLN_TEXT);
        lg_fake_put(g, LG_FAKE_POINTERS + 8 * i, at, 8);
    }
    lg_fake_words(g, LG_FAKE_ALLGS, LG_FAKE_POINTERS, LG_FAKE_GOROUTINES, 4);
}

static inline void lg_fake_scheduler(struct lg_fake_go *g)
{
    lg_fake_set(g, LG_FAKE_G0, LG_G_M, LG_FAKE_M0);
    lg_fake_set(g, LG_FAKE_M0, LG_M_G0, LG_FAKE_G0);
    lg_fake_set(g, LG_FAKE_M0, LG_M_PROCID, 100);
    lg_fake_set(g, LG_FAKE_M0, LG_M_P, LG_FAKE_P);
    lg_fake_set(g, LG_FAKE_M1, LG_M_G0, LG_FAKE_G1);
    lg_fake_set(g, LG_FAKE_M1, LG_M_ID, 1);
    lg_fake_set(g, LG_FAKE_M1, LG_M_ALLLINK, LG_FAKE_M0);
    lg_fake_set(g, LG_FAKE_G1, LG_G_M, LG_FAKE_M1);
    lg_fake_put(g, LG_FAKE_ALLM, LG_FAKE_M1, 8);
    lg_fake_set(g, LG_FAKE_P, LG_P_M, LG_FAKE_M0);
    lg_fake_set(g, LG_FAKE_P, LG_P_MCACHE, LG_FAKE_HEAP);
    lg_fake_put(g, LG_FAKE_POINTERS + 0x100, LG_FAKE_P, 8);
    lg_fake_words(g, LG_FAKE_ALLP, LG_FAKE_POINTERS + 0x100, 1, 1);
    lg_fake_set(g, LG_FAKE_SCHED, LG_SCHED_GOIDGEN, 16);
    lg_fake_set(g, LG_FAKE_SCHED, LG_SCHED_MNEXT, 2);
    lg_fake_set(g, LG_FAKE_SCHED, LG_SCHED_MAXMCOUNT, 10000);
}

/* version: what the build information says; the layout is the row that fits
 * `laid_out_as` best. */
static inline void lg_fake_go_init(struct lg_fake_go *g, struct lg_arena *arena,
                                   const char *version, const char *laid_out_as)
{
    bool is_exact;
    memset(g, 0, sizeof *g);
    g->layout = lg_go_layout_find(lg_go_version_parse(lg_str_of(laid_out_as)),
                                  LG_AMD64, &is_exact);
    lg_fake_image_init(&g->fake, arena, LG_AMD64);
    lg_fake_image_add_named(&g->fake, LG_FAKE_FILE, g->text, sizeof g->text,
                            false, "/fake");
    lg_fake_image_add_named(&g->fake, LG_FAKE_DATA, g->data, sizeof g->data,
                            true, "/fake");
    lg_fake_image_add(&g->fake, LG_FAKE_BSS, g->bss, sizeof g->bss, true);
    lg_fake_image_add(&g->fake, LG_FAKE_HEAP, g->heap, sizeof g->heap, true);
    lg_fake_elf(g);
    lg_fake_build_info(g, version);
    lg_fake_module(g);
    lg_fake_reasons(g);
    lg_fake_goroutines(g);
    lg_fake_scheduler(g);
    memcpy(g->text, g->file, sizeof g->text);
    memcpy(g->file + sizeof g->text, g->data, sizeof g->data);
    g->fake.image.binary = lg_str_from(g->file, sizeof g->file);
    g->fake.image.binary_path = LG_STR("/fake");
}

#endif
