/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_dwarf.h"

#include "sources/debug_file_open.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Ranges of compilation units: a program of 500 MB has a few 100,000. */
#define MAX_RANGES ((size_t)4 << 20)

struct range { /* of addresses of one unit */
    uint64_t start, end;
    Dwarf_Off unit; /* offset of its first entry */
};

struct lg_pprof_dwarf {
    const struct lg_object *object;
    bool is_go;
    struct lg_mapped file; /* what has the DWARF: our own, changeable */
    Elf *elf;
    Dwarf *dwarf; /* NULL: none */
    struct lg_arena arena;
    LG_VEC(struct range) ranges; /* by start */
    struct lg_code_symbols symbols;
};

static int by_start(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static void add_ranges(struct lg_pprof_dwarf *d, Dwarf_Die *unit)
{
    Dwarf_Addr base, start, end;
    ptrdiff_t at = 0;
    while ((at = dwarf_ranges(unit, at, &base, &start, &end)) > 0 &&
           d->ranges.count < MAX_RANGES) {
        struct range *range = lg_push(&d->arena, &d->ranges);
        if (range == NULL)
            return;
        *range = (struct range){start, end, dwarf_dieoffset(unit)};
    }
}

static void read_units(struct lg_pprof_dwarf *d)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t type;
    while (dwarf_get_units(d->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0)
        if (type == DW_UT_compile)
            add_ranges(d, &die);
    if (d->ranges.count != 0)
        qsort(d->ranges.items, d->ranges.count, sizeof *d->ranges.items,
              by_start);
}

static bool has_dwarf(const struct lg_elf *elf)
{
    struct lg_elf_section s;
    return lg_elf_section_find(elf, LG_STR(".debug_info"), &s) ||
           lg_elf_section_find(elf, LG_STR(".zdebug_info"), &s);
}

/* libdw clears a flag in the header of a section that it inflates, so that the
 * file's private copy in memory has to be writable. */
static void open_dwarf(struct lg_pprof_dwarf *d)
{
    if (d->file.address == NULL || mprotect(d->file.address, d->file.bytes.len,
                                            PROT_READ | PROT_WRITE) != 0)
        return;
    (void)elf_version(EV_CURRENT);
    d->elf = elf_memory(d->file.address, d->file.bytes.len);
    d->dwarf =
        d->elf != NULL ? dwarf_begin_elf(d->elf, DWARF_C_READ, NULL) : NULL;
    if (d->dwarf != NULL)
        read_units(d);
}

/* The file that has DWARF: the binary itself, or one that belongs to it. */
static bool find_file(struct lg_pprof_dwarf *d, struct lg_str path)
{
    if (!has_dwarf(&d->object->elf))
        return !d->is_go &&
               lg_debug_file_open(d->object->file.bytes, path, &d->file);
    const char *name = lg_str_cstr(&d->arena, path);
    return name != NULL && lg_mapped_open(&d->file, AT_FDCWD, name, NULL);
}

struct lg_pprof_dwarf *lg_pprof_dwarf_create(const struct lg_object *object,
                                             struct lg_str path)
{
    struct lg_pprof_dwarf *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->object = object;
    d->is_go = object->has_lines;
    lg_arena_init(&d->arena, 0);
    if (find_file(d, path))
        open_dwarf(d);
    if (!d->is_go)
        (void)lg_object_symbols(object, NULL, 0, &d->arena, &d->symbols, NULL);
    return d;
}

void lg_pprof_dwarf_destroy(struct lg_pprof_dwarf *d)
{
    if (d == NULL)
        return;
    dwarf_end(d->dwarf);
    elf_end(d->elf);
    lg_mapped_deinit(&d->file);
    lg_arena_deinit(&d->arena);
    free(d);
}

/* The unit that holds an address; false: none. */
static bool find_unit(struct lg_pprof_dwarf *d, uint64_t address,
                      Dwarf_Die *ret)
{
    size_t low = 0, high = d->ranges.count; /* start of low ≤ address */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->ranges.items[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address >= d->ranges.items[low - 1].end)
        return false;
    return dwarf_offdie(d->dwarf, d->ranges.items[low - 1].unit, ret) != NULL;
}

static struct lg_str dup(struct lg_arena *arena, const char *s)
{
    return s != NULL ? lg_str_dup(arena, lg_str_of(s)) : (struct lg_str){0};
}

/* The name that the entry itself has, as cmd/pprof takes it; where it is that
 * of a method or of a copy of an inlined function, the linker's. */
static struct lg_str name_of(Dwarf_Die *die, struct lg_arena *arena)
{
    Dwarf_Attribute attribute;
    const char *name =
        dwarf_formstring(dwarf_attr(die, DW_AT_name, &attribute));
    if (name == NULL)
        name = dwarf_formstring(
            dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
    if (name == NULL)
        name = dwarf_diename(die);
    return dup(arena, name);
}

/* Where an inlined function was called. */
static void take_call(Dwarf_Die *unit, Dwarf_Die *inlined,
                      struct lg_code_line *frame, struct lg_arena *arena)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file = 0, line = 0;
    Dwarf_Files *files;
    size_t count;
    frame->file = (struct lg_str){0};
    frame->line = 0;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute),
                        &line) == 0 &&
        line <= INT64_MAX)
        frame->line = (int64_t)line;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute),
                        &file) == 0 &&
        dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
        frame->file =
            dup(arena, dwarf_filesrc(files, (size_t)file, NULL, NULL));
}

/* Entries around an address from the inside to the unit; free them. */
static int scopes_at(Dwarf_Die *unit, uint64_t address, Dwarf_Die **ret)
{
    Dwarf_Die *inner;
    int count = dwarf_getscopes(unit, address, &inner);
    *ret = NULL;
    if (count <= 0)
        return 0;
    count = dwarf_getscopes_die(&inner[0], ret);
    free(inner);
    return count > 0 ? count : 0;
}

static size_t walk_scopes(struct lg_pprof_dwarf *d, Dwarf_Die *unit,
                          uint64_t address, struct lg_code_line *ret,
                          size_t max, struct lg_arena *arena)
{
    Dwarf_Die *scopes;
    int count = scopes_at(unit, address, &scopes);
    struct lg_code_line here = ret[0];
    size_t frames = 0;
    for (int i = 0; i < count && frames < max; i++) {
        int tag = dwarf_tag(&scopes[i]);
        bool is_inlined = tag == DW_TAG_inlined_subroutine;
        if (tag != DW_TAG_subprogram && (!is_inlined || d->is_go))
            continue;
        here.function = name_of(&scopes[i], arena);
        ret[frames++] = here;
        if (!is_inlined)
            break;
        take_call(unit, &scopes[i], &here, arena);
    }
    free(scopes);
    return frames;
}

static size_t by_dwarf(struct lg_pprof_dwarf *d, uint64_t address,
                       struct lg_code_line *ret, size_t max,
                       struct lg_arena *arena)
{
    Dwarf_Die unit;
    if (!find_unit(d, address, &unit))
        return 0;
    Dwarf_Line *line = dwarf_getsrc_die(&unit, address);
    int number = 0;
    if (line == NULL || dwarf_lineno(line, &number) != 0)
        return 0;
    ret[0] = (struct lg_code_line){
        .address = address,
        .file = dup(arena, dwarf_linesrc(line, NULL, NULL)),
        .line = number};
    size_t frames = walk_scopes(d, &unit, address, ret, max, arena);
    return frames != 0 ? frames : 1;
}

/* The symbol that holds an address; one without a size holds what follows. */
static size_t by_symbol(const struct lg_pprof_dwarf *d, uint64_t address,
                        struct lg_code_line *ret, struct lg_arena *arena)
{
    const struct lg_code_symbol *best = NULL;
    size_t low = 0, high = d->symbols.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->symbols.items[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low != 0)
        best = &d->symbols.items[low - 1];
    if (best == NULL || best->name.len == 0 ||
        (best->end != best->start - 1 && address > best->end))
        return 0;
    ret[0] = (struct lg_code_line){.address = address,
                                   .function = lg_str_dup(arena, best->name)};
    return 1;
}

size_t lg_pprof_dwarf_frames(struct lg_pprof_dwarf *d, uint64_t address,
                             struct lg_code_line *ret, size_t max,
                             struct lg_arena *arena)
{
    size_t count = 0;
    if (d == NULL || max == 0)
        return 0;
    if (d->dwarf != NULL)
        count = by_dwarf(d, address, ret, max, arena);
    return count != 0 ? count : by_symbol(d, address, ret, arena);
}
