/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moduledata is where the linker tells the runtime what it put where. It
 * begins with the address of the function table and the slices that lie in it:
 *
 *      0  pcHeader
 *      8  funcnametab {pointer, len, cap}     len == cap
 *     32  cutab       {pointer, len, cap}
 *     …   by version
 *
 * which is how it is found where no section or symbol names it. It is read from
 * memory, not from the file: in PIE only the loader made its addresses true.
 */
#include "target/go_find.h"

#include <elf.h>

/* Larger than any moduledata so far (1.21: 592 bytes), with room to grow. */
#define MODULE_BYTES_MAX ((size_t)1024)
/* Plugins come on top of the program's own. */
#define MODULES_MAX 64
/* Of a plugin, or of a core without its binary: read into memory of ours. */
#define TABLE_COPY_MAX_BYTES ((uint64_t)128 << 20)
#define TABLE_HEADER_BYTES ((size_t)72)
#define HEAD_WORDS ((size_t)7)

/* Sections that hold the table. Go 1.26: read-only also in PIE. */
static bool table_section(const struct lg_elf *elf, uint64_t *address_ret)
{
    static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
    struct lg_elf_section section;
    struct lg_go_pclntab table;
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        if (lg_elf_section_find(elf, lg_str_of(names[i]), &section) &&
            lg_go_pclntab_parse(lg_elf_section_bytes(elf, &section), 0, &table,
                                NULL)) {
            *address_ret = section.address;
            return true;
        }
    }
    return false;
}

struct magic_scan {
    uint64_t found;
};

/* {fb,fa,f0,f1} ff ff ff 00 00 {1,2,4} 08, at multiples of 8 */
static bool is_magic(const uint8_t *b)
{
    return (b[0] == 0xf1 || b[0] == 0xf0 || b[0] == 0xfa || b[0] == 0xfb) &&
           b[1] == 0xff && b[2] == 0xff && b[3] == 0xff && b[4] == 0 &&
           b[5] == 0 && (b[6] == 1 || b[6] == 2 || b[6] == 4) && b[7] == 8;
}

static bool scan_magic(void *context, uint64_t address, const uint8_t *bytes,
                       size_t len)
{
    struct magic_scan *scan = context;
    for (size_t at = 0; at + 8 <= len; at += 8) {
        if (is_magic(bytes + at)) {
            scan->found = address + at;
            return true;
        }
    }
    return false;
}

/* Without section headers, or without the file. */
static uint64_t scan_for_table(struct lg_go *go)
{
    struct magic_scan scan = {0};
    lg_each(s, go->image->segments) {
        if (s->can_read && s->path.len != 0 &&
            lg_go_scan(go, s->start, s->end, 0, scan_magic, &scan))
            return scan.found;
    }
    return 0;
}

struct module_scan {
    uint64_t pclntab, found;
};

/* The words at the begin of a moduledata of that table? */
static bool is_head(const uint64_t w[HEAD_WORDS], uint64_t pclntab)
{
    return w[0] == pclntab && w[1] > pclntab && w[2] == w[3] && w[2] != 0 &&
           w[4] > pclntab && w[5] == w[6] && w[5] != 0;
}

static bool scan_head(void *context, uint64_t address, const uint8_t *bytes,
                      size_t len)
{
    struct module_scan *scan = context;
    uint64_t w[HEAD_WORDS];
    for (size_t at = 0; at + sizeof w <= len; at += 8) {
        memcpy(w, bytes + at, 8);
        if (w[0] != scan->pclntab)
            continue;
        memcpy(w, bytes + at, sizeof w);
        if (is_head(w, scan->pclntab)) {
            scan->found = address + at;
            return true;
        }
    }
    return false;
}

static uint64_t scan_for_module(struct lg_go *go, uint64_t pclntab)
{
    struct module_scan scan = {.pclntab = pclntab};
    lg_each(s, go->image->segments) {
        if (s->can_read && s->can_write && s->path.len != 0 &&
            lg_go_scan(go, s->start, s->end, sizeof(uint64_t) * HEAD_WORDS,
                       scan_head, &scan))
            return scan.found;
    }
    return 0;
}

static bool has_head(struct lg_go *go, uint64_t address, uint64_t pclntab)
{
    uint64_t w[HEAD_WORDS];
    return address != 0 && lg_image_read(go->image, address, w, sizeof w) &&
           is_head(w, pclntab);
}

bool lg_go_find_first_module(struct lg_go_finder *f, struct lg_error *err)
{
    struct lg_elf_section section;
    struct lg_go *go = f->go;
    uint64_t address;
    if (table_section(&f->elf, &address))
        f->pclntab = address + go->image->bias;
    else
        f->pclntab = scan_for_table(go);
    if (f->pclntab == 0)
        return lg_fail(err, LG_BAD_DATA,
                       "no table of Go functions in the program");
    if (lg_elf_section_find(&f->elf, LG_STR(".go.module"), &section) &&
        has_head(go, section.address + go->image->bias, f->pclntab))
        f->module = section.address + go->image->bias;
    else if (has_head(go, f->symbol_module, f->pclntab))
        f->module = f->symbol_module;
    else
        f->module = scan_for_module(go, f->pclntab);
    if (f->module == 0)
        return lg_fail(err, LG_BAD_DATA,
                       "nothing in memory points to the program's table of Go "
                       "functions (a program that has only begun?)");
    return true;
}

/* Bytes of the binary at a run-time address, when they are what memory holds
 * there; else empty: a plugin's. */
static struct lg_str bytes_in_binary(struct lg_go_finder *f, uint64_t address)
{
    struct lg_image *image = f->go->image;
    uint8_t memory[16];
    struct lg_str bytes = lg_elf_at_address(&f->elf, address - image->bias);
    if (bytes.len < sizeof memory)
        return (struct lg_str){0};
    /* A core may not have the pages: then the file has to do. */
    if (lg_image_read(image, address, memory, sizeof memory) &&
        memcmp(memory, bytes.data, sizeof memory) != 0)
        return (struct lg_str){0};
    return bytes;
}

static struct lg_str bytes_in_memory(struct lg_go *go, uint64_t start,
                                     uint64_t end)
{
    const struct lg_image_segment *s = lg_image_segment_find(go->image, start);
    if (s == NULL || end <= start)
        return (struct lg_str){0};
    if (end > s->end)
        end = s->end;
    if (end - start > TABLE_COPY_MAX_BYTES)
        return (struct lg_str){0};
    return lg_image_copy(go->image, start, (size_t)(end - start), go->arena);
}

struct module_bytes {
    uint8_t bytes[MODULE_BYTES_MAX];
    const struct lg_go_layout *layout;
};

static uint64_t word_at(const struct module_bytes *m, enum lg_go_field field,
                        size_t index)
{
    uint64_t value = 0;
    size_t at = (size_t)m->layout->offset[field] + index * 8;
    if (lg_go_has(m->layout, field) && at <= sizeof m->bytes - 8)
        memcpy(&value, m->bytes + at, 8);
    return value;
}

static uint8_t byte_at(const struct module_bytes *m, enum lg_go_field field)
{
    int32_t at = m->layout->offset[field];
    return at >= 0 && (size_t)at < sizeof m->bytes ? m->bytes[at] : 0;
}

static void take_ranges(const struct module_bytes *m, struct lg_go_module *ret)
{
    ret->text = word_at(m, LG_MODULE_TEXT, 0);
    ret->etext = word_at(m, LG_MODULE_ETEXT, 0);
    ret->min_pc = word_at(m, LG_MODULE_MINPC, 0);
    ret->max_pc = word_at(m, LG_MODULE_MAXPC, 0);
    ret->noptrdata = word_at(m, LG_MODULE_NOPTRDATA, 0);
    ret->enoptrdata = word_at(m, LG_MODULE_ENOPTRDATA, 0);
    ret->data = word_at(m, LG_MODULE_DATA, 0);
    ret->edata = word_at(m, LG_MODULE_EDATA, 0);
    ret->bss = word_at(m, LG_MODULE_BSS, 0);
    ret->ebss = word_at(m, LG_MODULE_EBSS, 0);
    ret->noptrbss = word_at(m, LG_MODULE_NOPTRBSS, 0);
    ret->enoptrbss = word_at(m, LG_MODULE_ENOPTRBSS, 0);
    ret->types = word_at(m, LG_MODULE_TYPES, 0);
    ret->etypes = word_at(m, LG_MODULE_ETYPES, 0);
    ret->rodata = word_at(m, LG_MODULE_RODATA, 0);
    ret->gofunc = word_at(m, LG_MODULE_GOFUNC, 0);
}

/* A row of another version shows here at once. */
static bool is_sane(const struct module_bytes *m, const struct lg_go_module *r,
                    bool is_first)
{
    return r->text <= r->min_pc && r->min_pc < r->max_pc &&
           r->max_pc <= r->etext && r->noptrdata <= r->enoptrdata &&
           r->data <= r->edata && r->edata <= r->bss && r->bss <= r->ebss &&
           r->noptrbss <= r->enoptrbss && r->types <= r->etypes &&
           r->noptrdata != 0 && r->types != 0 &&
           byte_at(m, LG_MODULE_HASMAIN) == (is_first ? 1 : 0) &&
           byte_at(m, LG_MODULE_BAD) == 0 &&
           word_at(m, LG_MODULE_FTAB, 1) == word_at(m, LG_MODULE_FTAB, 2);
}

/* The end of what the moduledata's slices tell of the table. */
static uint64_t table_end(const struct module_bytes *m, uint64_t start)
{
    static const enum lg_go_field fields[] = {
        LG_MODULE_FUNCNAMETAB, LG_MODULE_FILETAB, LG_MODULE_PCTAB,
        LG_MODULE_PCLNTABLE};
    uint64_t end = word_at(m, LG_MODULE_EPCLNTAB, 0);
    for (size_t i = 0; i < LG_COUNT(fields); i++) {
        uint64_t to = word_at(m, fields[i], 0) + word_at(m, fields[i], 1);
        if (to > end && word_at(m, fields[i], 0) >= start)
            end = to;
    }
    return end;
}

static bool take_table(struct lg_go_finder *f, const struct module_bytes *m,
                       struct lg_go_module *r, struct lg_error *err)
{
    uint64_t address = word_at(m, LG_MODULE_PC_HEADER, 0);
    struct lg_str bytes = bytes_in_binary(f, address), gofunc = {0};
    bool is_in_binary = bytes.len != 0;
    struct lg_go_pclntab *t = &r->table;
    if (!is_in_binary)
        bytes = bytes_in_memory(f->go, address, table_end(m, address));
    if (!lg_go_pclntab_parse(bytes, address, t, err))
        return false;
    if (t->minor_form >= 18) { /* relocated, or not told, in the header */
        t->etext += r->text - t->text;
        t->text = r->text;
    }
    if (r->gofunc != 0 && is_in_binary)
        gofunc = lg_elf_at_address(&f->elf, r->gofunc - f->go->image->bias);
    else if (r->gofunc >= address && r->gofunc - address < bytes.len)
        gofunc = lg_str_skip(bytes, (size_t)(r->gofunc - address));
    else if (r->gofunc != 0)
        gofunc = bytes_in_memory(f->go, r->gofunc, r->etypes);
    t->gofunc = gofunc;
    t->binary = f->elf.file;
    t->go_minor = f->go->minor != 0 ? f->go->minor : f->go->layout->minor;
    if (word_at(m, LG_MODULE_FTAB, 1) != t->func_count + 1)
        return lg_fail(err, LG_BAD_DATA,
                       "a module that does not agree with its functions");
    return true;
}

static bool read_module(struct lg_go_finder *f, uint64_t address,
                        struct lg_go_module *ret, uint64_t *next_ret,
                        struct lg_error *err)
{
    struct module_bytes m = {.layout = f->go->layout};
    struct lg_go_module r = {.address = address};
    int32_t bytes = m.layout->offset[LG_MODULE_SIZE];
    if (bytes <= 0 || (size_t)bytes > sizeof m.bytes ||
        !lg_image_read(f->go->image, address, m.bytes, (size_t)bytes))
        return lg_fail(err, LG_BAD_DATA, "a module that cannot be read");
    take_ranges(&m, &r);
    if (!is_sane(&m, &r, address == f->module))
        return lg_fail(err, LG_BAD_DATA, "a module that makes no sense");
    if (!take_table(f, &m, &r, err))
        return false;
    *next_ret = word_at(&m, LG_MODULE_NEXT, 0);
    *ret = r;
    return true;
}

bool lg_go_read_modules(struct lg_go_finder *f, struct lg_error *err)
{
    struct lg_go *go = f->go;
    struct lg_go_module module;
    uint64_t next = f->module;
    go->modules.count = 0;
    while (next != 0 && go->modules.count < MODULES_MAX) {
        if (!read_module(f, next, &module, &next, err)) {
            if (go->modules.count != 0)
                break; /* a plugin that is loaded just now, or damage */
            return false;
        }
        struct lg_go_module *place = lg_push(go->arena, &go->modules);
        if (place == NULL)
            return lg_fail_nomem(err);
        *place = module;
    }
    return go->modules.count != 0;
}
