/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_object.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct symbol {
    struct lg_str name;
    uint64_t value, size;
};

/* Where an ELF symbol's parts lie. */
struct symbol_table {
    const struct lg_elf *elf;
    struct lg_str bytes, names;
    size_t entry_bytes, count;
};

static bool find_table(const struct lg_elf *elf, struct symbol_table *ret)
{
    struct lg_elf_section section, names;
    *ret = (struct symbol_table){.elf = elf};
    for (uint32_t i = 0; lg_elf_section(elf, i, &section); i++) {
        if (section.type != SHT_SYMTAB)
            continue;
        ret->bytes = lg_elf_section_bytes(elf, &section);
        ret->entry_bytes = elf->is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
        ret->count = ret->bytes.len / ret->entry_bytes;
        if (lg_elf_section(elf, section.link, &names))
            ret->names = lg_elf_section_bytes(elf, &names);
        return true;
    }
    return false;
}

static struct lg_str name_at(struct lg_str names, uint32_t at)
{
    struct lg_str s = lg_str_skip(names, at);
    return lg_str_cut_char(s, '\0').head;
}

static struct symbol symbol_at(const struct symbol_table *t, size_t index)
{
    size_t at = index * t->entry_bytes;
    struct symbol s = {.name =
                           name_at(t->names, lg_elf_u32(t->elf, t->bytes, at))};
    if (t->elf->is_64) {
        s.value = lg_elf_u64(t->elf, t->bytes, at + 8);
        s.size = lg_elf_u64(t->elf, t->bytes, at + 16);
    } else {
        s.value = lg_elf_u32(t->elf, t->bytes, at + 4);
        s.size = lg_elf_u32(t->elf, t->bytes, at + 8);
    }
    return s;
}

static bool find_load_address(struct lg_object *o)
{
    struct lg_elf_segment segment;
    for (uint32_t i = 0; lg_elf_segment(&o->elf, i, &segment); i++) {
        if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0)
            continue;
        o->load_address = segment.address;
        if (segment.align != 0)
            o->load_address -= segment.address % segment.align;
        return true;
    }
    return false;
}

/* One pass over the symbols: what the table's entries count from, where its
 * header does not say so, and what tells inlined calls (1.18 on). */
static void find_text_and_gofunc(struct lg_object *o)
{
    struct symbol_table table;
    struct lg_elf_section section;
    struct lg_go_pclntab *t = &o->lines;
    uint64_t text = 0;
    if (lg_elf_section_find(&o->elf, LG_STR(".text"), &section))
        text = section.address;
    bool has_table = find_table(&o->elf, &table);
    for (size_t i = 1; has_table && i < table.count; i++) {
        struct symbol s = symbol_at(&table, i);
        if (lg_str_eq(s.name, LG_STR("runtime.text")))
            text = s.value;
        else if (lg_str_eq(s.name, LG_STR("go:func.*")) ||
                 lg_str_eq(s.name, LG_STR("go.func.*")))
            t->gofunc = lg_elf_at_address(&o->elf, s.value);
    }
    t->etext += text - t->text;
    t->text = text;
}

static bool find_lines(struct lg_object *o)
{
    struct lg_elf_section section;
    struct lg_go_pclntab *t = &o->lines;
    if (!lg_elf_section_find(&o->elf, LG_STR(".gopclntab"), &section) &&
        !lg_elf_section_find(&o->elf, LG_STR(".data.rel.ro.gopclntab"),
                             &section))
        return false;
    if (!lg_go_pclntab_parse(lg_elf_section_bytes(&o->elf, &section),
                             section.address, t, NULL))
        return false;
    if (t->minor_form >= 18)
        find_text_and_gofunc(o);
    t->binary = o->elf.file;
    return true;
}

/* Go's words for an errno are those of libc with a small letter. */
static bool fail_open(struct lg_error *err, const char *path, int number)
{
    const char *why = strerror(number);
    return lg_fail(err, LG_ABSENT, "open %s: %c%s", path,
                   tolower((unsigned char)why[0]), why + 1);
}

bool lg_object_open(struct lg_object *o, const char *path, struct lg_error *err)
{
    struct lg_error why;
    *o = (struct lg_object){.file.bytes = LG_STR("")};
    lg_error_clear(&why);
    if (!lg_mapped_open(&o->file, AT_FDCWD, path, &why) && why.sys_errno != 0)
        return fail_open(err, path, why.sys_errno);
    if (!lg_elf_parse(o->file.bytes, &o->elf, NULL)) {
        lg_object_deinit(o);
        return lg_fail(err, LG_ABSENT, "open %s: unrecognized object file",
                       path);
    }
    o->has_load_address = find_load_address(o);
    o->has_lines = find_lines(o);
    return true;
}

void lg_object_deinit(struct lg_object *o)
{
    lg_mapped_deinit(&o->file);
}

uint64_t lg_object_offset(const struct lg_object *o, uint64_t start)
{
    return start != 0 && o->has_load_address ? start - o->load_address : 0;
}

size_t lg_object_frames(const struct lg_object *o, uint64_t address,
                        struct lg_code_line *ret, size_t max)
{
    struct lg_go_func func;
    struct lg_go_line lines[LG_OBJECT_FRAMES_MAX];
    if (!o->has_lines || !lg_go_func_at(&o->lines, address, &func))
        return 0;
    if (max > LG_OBJECT_FRAMES_MAX)
        max = LG_OBJECT_FRAMES_MAX;
    size_t count = lg_go_func_lines(&func, address, lines, max);
    for (size_t i = 0; i < count; i++)
        ret[i] = (struct lg_code_line){.address = address,
                                       .function = lines[i].function,
                                       .file = lines[i].file,
                                       .line = lines[i].line};
    return count;
}

static int by_address(const void *a, const void *b)
{
    const struct lg_code_symbol *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return lg_str_cmp(x->name, y->name);
}

/* A file's own entry has neither address nor size. Sums wrap around, as in
 * pprof. */
static bool is_wanted(const struct symbol *s, const struct lg_regex *matches,
                      uint64_t address)
{
    if (s->value == 0 && s->size == 0)
        return false;
    if (address != 0 && (address < s->value || address >= s->value + s->size))
        return false;
    return matches == NULL || lg_regex_match(matches, s->name);
}

bool lg_object_symbols(const struct lg_object *o,
                       const struct lg_regex *matches, uint64_t address,
                       struct lg_arena *arena, struct lg_code_symbols *ret,
                       struct lg_error *err)
{
    struct symbol_table table;
    if (!find_table(&o->elf, &table))
        return lg_fail(err, LG_UNSUPPORTED, "no symbol section");
    *ret = (struct lg_code_symbols){0};
    for (size_t i = 1; i < table.count; i++) {
        struct symbol s = symbol_at(&table, i);
        if (!is_wanted(&s, matches, address))
            continue;
        struct lg_code_symbol *slot = lg_push(arena, ret);
        if (slot == NULL)
            return lg_fail_nomem(err);
        *slot = (struct lg_code_symbol){s.name, s.value, s.value + s.size - 1};
    }
    if (ret->count != 0)
        qsort(ret->items, ret->count, sizeof *ret->items, by_address);
    return true;
}
