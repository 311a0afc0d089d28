/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_find.h"

#include <elf.h>
#include <stddef.h>

/* A binary of 500 MB has some two million symbols. */
#define MAX_SYMBOLS ((uint64_t)16 << 20)
/* A larger table is read only for what the code does not tell: to walk through
 * it costs more than all the rest (24 bytes a symbol; a millisecond is 4 MB).
 */
#define LARGE_TABLE_BYTES ((size_t)4 << 20)

static const char *const names[LG_VAR_COUNT] = {
    [LG_VAR_ALLGS] = "runtime.allgs",
    [LG_VAR_ALLM] = "runtime.allm",
    [LG_VAR_ALLP] = "runtime.allp",
    [LG_VAR_SCHED] = "runtime.sched",
    [LG_VAR_MHEAP] = "runtime.mheap_",
    [LG_VAR_MEMSTATS] = "runtime.memstats",
    [LG_VAR_GC_CONTROLLER] = "runtime.gcController",
    [LG_VAR_WORK] = "runtime.work",
    [LG_VAR_MBUCKETS] = "runtime.mbuckets",
    [LG_VAR_BBUCKETS] = "runtime.bbuckets",
    [LG_VAR_XBUCKETS] = "runtime.xbuckets",
    [LG_VAR_MPROF_CYCLE] = "runtime.mProfCycle",
    [LG_VAR_MEM_PROFILE_RATE] = "runtime.MemProfileRate",
    [LG_VAR_DISABLE_MEM_PROFILING] = "runtime.disableMemoryProfiling",
    [LG_VAR_SEMTABLE] = "runtime.semtable",
    [LG_VAR_WAIT_REASONS] = "runtime.waitReasonStrings",
    [LG_VAR_ALLFIN] = "runtime.allfin",
    [LG_VAR_M0] = "runtime.m0",
    [LG_VAR_G0] = "runtime.g0",
    [LG_VAR_TICKS_PER_SECOND] = "runtime.ticks",
    [LG_VAR_MUTEX_PROFILE_RATE] = "runtime.mutexprofilerate",
};

const char *lg_go_var_name(enum lg_go_var var)
{
    return names[var];
}

struct table {
    struct lg_str symbols, strings;
};

static bool open_table(const struct lg_elf *elf, struct table *ret)
{
    struct lg_elf_section section, strings;
    for (uint32_t i = 0; lg_elf_section(elf, i, &section); i++) {
        if (section.type != SHT_SYMTAB)
            continue;
        if (!lg_elf_section(elf, section.link, &strings))
            return false;
        ret->symbols = lg_elf_section_bytes(elf, &section);
        ret->strings = lg_elf_section_bytes(elf, &strings);
        return ret->symbols.len != 0 && ret->strings.len != 0;
    }
    return false;
}

/* The writable part of the program: only there lie the wanted ones, and to ask
 * for the address first leaves the pages with most names untouched. */
struct span {
    uint64_t start, end;
};

static struct span writable_span(const struct lg_elf *elf)
{
    struct span span = {UINT64_MAX, 0};
    struct lg_elf_segment s;
    for (uint32_t i = 0; lg_elf_segment(elf, i, &s); i++) {
        if (s.type != PT_LOAD || (s.flags & PF_W) == 0)
            continue;
        if (s.address < span.start)
            span.start = s.address;
        if (s.address + s.memory_bytes > span.end)
            span.end = s.address + s.memory_bytes;
    }
    return span;
}

static bool is_named(struct lg_str strings, uint32_t at, const char *name)
{
    size_t len = strlen(name) + 1; /* with its end */
    return at < strings.len && strings.len - at >= len &&
           memcmp(strings.data + at, name, len) == 0;
}

/* How many of the wanted ones it was (0 or 1). */
static size_t take(struct lg_go_finder *f, struct lg_str strings,
                   const Elf64_Sym *symbol)
{
    struct lg_go *go = f->go;
    uint64_t address = symbol->st_value + go->image->bias;
    const char *prefix = "runtime.";
    size_t len = strlen(prefix);
    uint32_t at = symbol->st_name;
    if (at >= strings.len || strings.len - at < len ||
        memcmp(strings.data + at, prefix, len) != 0)
        return 0;
    if (is_named(strings, at, "runtime.firstmoduledata")) {
        f->symbol_module = address;
        return 1;
    }
    for (int i = 0; i < LG_VAR_COUNT; i++) {
        if (go->vars_how[i] == LG_HOW_NOT && is_named(strings, at, names[i])) {
            go->vars[i] = address;
            go->vars_how[i] = LG_HOW_SYMBOL;
            return 1;
        }
    }
    return 0;
}

static void read_symbols(struct lg_go_finder *f, const struct lg_elf *elf)
{
    struct table table;
    struct span span = writable_span(elf);
    if (!elf->is_64 || elf->is_big_endian || !open_table(elf, &table))
        return;
    uint64_t count = table.symbols.len / sizeof(Elf64_Sym);
    size_t found = 0, wanted = LG_VAR_COUNT + 1;
    if (count > MAX_SYMBOLS)
        count = MAX_SYMBOLS;
    for (uint64_t i = 0; i < count && found < wanted; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, table.symbols.data + i * sizeof symbol, sizeof symbol);
        if (ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT &&
            symbol.st_value >= span.start && symbol.st_value < span.end)
            found += take(f, table.strings, &symbol);
    }
}

static bool is_large(const struct lg_elf *elf)
{
    struct table table;
    return open_table(elf, &table) && table.symbols.len > LARGE_TABLE_BYTES;
}

void lg_go_find_symbols(struct lg_go_finder *f, bool even_if_large)
{
    struct lg_elf debug;
    if (f->options.ignore_symbols || f->symbols_are_read)
        return;
    if (!even_if_large && is_large(&f->elf))
        return;
    f->symbols_are_read = true;
    read_symbols(f, &f->elf);
    if (f->go->vars_how[LG_VAR_ALLGS] == LG_HOW_NOT &&
        f->options.debug_file.len != 0 &&
        lg_elf_parse(f->options.debug_file, &debug, NULL))
        read_symbols(f, &debug);
}
