/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     header   u32 magic, 0, 0, u8 quantum, u8 size of a pointer, then
 *       2      nfunc, ftab                                  all of the table
 *       16     nfunc, nfile, then offsets: names, cutab, files, pcs, functions
 *       18, 20 the same with textStart after nfile (1.26 on: there, but 0)
 *     ftab     {entry, offset of _func} by address, then the end of the text;
 *              2 and 16: pointers; 18 on: u32, entry counts from the text
 *     _func    fields (see shapes), pcdata[npcdata] u32, funcdata[nfuncdata]
 */
#include "target/go_pclntab_internal.h"

#define HEADER_BYTES ((size_t)8)
#define POINTER_BYTES 8
/* Longer than any name that a linker wrote so far (generic types nest: 60 KB
 * were seen); a damaged table ends in a megabyte of something else. */
#define MAX_NAME_BYTES ((size_t)1 << 18)

static const struct lg_pcln_shape shapes[] = {
    /* 1.12–1.15. Inlined calls: in another funcdata, not read. */
    {8, 8, 20, 24, 28, 32, LG_PCLN_NONE, LG_PCLN_NONE, 36, LG_PCLN_NONE, 39, 40,
     0, 0, 0, 0, 0},
    /* 1.16, 1.17 */
    {8, 8, 20, 24, 28, 32, 36, LG_PCLN_NONE, 40, 41, 43, 44, 20, 2, 12, 16,
     LG_PCLN_NONE},
    /* 1.18, 1.19 */
    {4, 4, 16, 20, 24, 28, 32, LG_PCLN_NONE, 36, 37, 39, 40, 20, 2, 12, 16,
     LG_PCLN_NONE},
    /* 1.20 on */
    {4, 4, 16, 20, 24, 28, 32, 36, 40, 41, 43, 44, 16, 0, 4, 8, 12},
};

const struct lg_pcln_shape *lg_pcln_shape(const struct lg_go_pclntab *table)
{
    switch (table->minor_form) {
    case 2:
        return &shapes[0];
    case 16:
        return &shapes[1];
    case 18:
        return &shapes[2];
    default:
        return &shapes[3];
    }
}

static uint16_t form_of(uint32_t magic)
{
    switch (magic) {
    case 0xfffffffb:
        return 2;
    case 0xfffffffa:
        return 16;
    case 0xfffffff0:
        return 18;
    case 0xfffffff1:
        return 20;
    default:
        return 0;
    }
}

static uint64_t word(struct lg_str bytes, size_t index)
{
    return lg_pcln_u64(bytes, HEADER_BYTES + index * POINTER_BYTES);
}

/* Which word of the header says what. */
static void take_offsets(struct lg_go_pclntab *t)
{
    size_t at = t->minor_form >= 18 ? 3 : 2;
    t->func_count = word(t->bytes, 0);
    if (t->minor_form == 2) {
        t->ftab_at = HEADER_BYTES + POINTER_BYTES;
        return; /* all offsets count from the header */
    }
    if (t->minor_form >= 18)
        t->text = word(t->bytes, 2);
    t->names_at = word(t->bytes, at);
    t->cu_at = word(t->bytes, at + 1);
    t->files_at = word(t->bytes, at + 2);
    t->pcs_at = word(t->bytes, at + 3);
    t->funcs_at = t->ftab_at = word(t->bytes, at + 4);
}

static uint64_t ftab_bytes(const struct lg_go_pclntab *t)
{
    return 2 * (uint64_t)lg_pcln_shape(t)->entry_bytes;
}

static uint64_t entry_of(const struct lg_go_pclntab *t, uint64_t index)
{
    uint64_t at = t->ftab_at + index * ftab_bytes(t);
    return t->minor_form >= 18 ? t->text + lg_pcln_u32(t->bytes, at)
                               : lg_pcln_u64(t->bytes, at);
}

/* With that many functions the table would lie in the bytes. */
static bool fits(const struct lg_go_pclntab *t)
{
    uint64_t left = t->ftab_at <= t->bytes.len ? t->bytes.len - t->ftab_at : 0;
    return t->func_count != 0 && t->func_count < left / ftab_bytes(t) &&
           t->names_at <= t->bytes.len && t->cu_at <= t->bytes.len &&
           t->files_at <= t->bytes.len && t->pcs_at <= t->bytes.len &&
           t->funcs_at <= t->bytes.len;
}

bool lg_go_pclntab_parse(struct lg_str bytes, uint64_t address,
                         struct lg_go_pclntab *ret, struct lg_error *err)
{
    struct lg_go_pclntab t = {.bytes = bytes, .address = address};
    t.minor_form = form_of(lg_pcln_u32(bytes, 0));
    t.pc_quantum = (uint8_t)lg_pcln_uint(bytes, 6, 1);
    if (t.minor_form == 0 || lg_pcln_uint(bytes, 4, 2) != 0 ||
        (t.pc_quantum != 1 && t.pc_quantum != 2 && t.pc_quantum != 4))
        return lg_fail_at(err, 0, "not a table of Go functions");
    if (lg_pcln_uint(bytes, 7, 1) != POINTER_BYTES)
        return lg_fail(err, LG_UNSUPPORTED, "a Go program of 32 bits");
    take_offsets(&t);
    if (t.minor_form == 2) { /* the list of files follows the functions */
        uint64_t end = t.func_count * ftab_bytes(&t) + POINTER_BYTES;
        t.files_at =
            t.func_count < bytes.len ? lg_pcln_u32(bytes, t.ftab_at + end) : 0;
    }
    if (!fits(&t))
        return lg_fail_at(err, HEADER_BYTES,
                          "a table of Go functions that does not fit");
    t.etext = entry_of(&t, t.func_count);
    *ret = t;
    return true;
}

bool lg_go_func_index(const struct lg_go_pclntab *t, uint64_t index,
                      struct lg_go_func *ret)
{
    const struct lg_pcln_shape *shape = lg_pcln_shape(t);
    if (index >= t->func_count)
        return false;
    uint64_t at = t->ftab_at + index * ftab_bytes(t);
    uint64_t offset =
        lg_pcln_uint(t->bytes, at + shape->entry_bytes, shape->entry_bytes);
    if (offset > t->bytes.len - t->funcs_at ||
        t->bytes.len - t->funcs_at - offset < shape->pcdata)
        return false;
    struct lg_go_func f = {
        .table = t,
        .entry = entry_of(t, index),
        .end = entry_of(t, index + 1),
        .at = t->funcs_at + offset,
        .index = (uint32_t)index,
    };
    f.id = (uint8_t)lg_pcln_uint(t->bytes, f.at + shape->id, 1);
    if (shape->flag != LG_PCLN_NONE)
        f.flags = (uint8_t)lg_pcln_uint(t->bytes, f.at + shape->flag, 1);
    f.kind = lg_pcln_kind(t, f.id);
    *ret = f;
    return true;
}

bool lg_go_func_at(const struct lg_go_pclntab *t, uint64_t pc,
                   struct lg_go_func *ret)
{
    uint64_t low = 0, high = t->func_count; /* entry(low) ≤ pc < entry(high) */
    struct lg_go_func f;
    if (high == 0 || pc < entry_of(t, 0) || pc >= entry_of(t, high))
        return false;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (entry_of(t, middle) <= pc)
            low = middle;
        else
            high = middle;
    }
    if (!lg_go_func_index(t, low, &f) || pc < f.entry || pc >= f.end)
        return false;
    *ret = f;
    return true;
}

struct lg_str lg_pcln_name(const struct lg_go_pclntab *t, uint32_t at)
{
    struct lg_str rest = lg_str_first(
        lg_str_skip(lg_str_skip(t->bytes, t->names_at), at), MAX_NAME_BYTES);
    const char *end = rest.len != 0 ? memchr(rest.data, 0, rest.len) : NULL;
    if (end == NULL)
        return (struct lg_str){0};
    return lg_str_first(rest, (size_t)(end - rest.data));
}

struct lg_str lg_go_func_name(const struct lg_go_func *f)
{
    const struct lg_pcln_shape *shape = lg_pcln_shape(f->table);
    return lg_pcln_name(f->table,
                        lg_pcln_u32(f->table->bytes, f->at + shape->name));
}

bool lg_go_func_named(const struct lg_go_pclntab *t, struct lg_str name,
                      uint64_t *from, struct lg_go_func *ret)
{
    struct lg_go_func f;
    for (uint64_t i = *from; i < t->func_count; i++) {
        if (!lg_go_func_index(t, i, &f))
            continue;
        uint64_t at =
            t->names_at + lg_pcln_u32(t->bytes, f.at + lg_pcln_shape(t)->name);
        /* Not lg_pcln_name: most names differ in their first bytes. */
        if (at >= t->bytes.len || t->bytes.len - at <= name.len ||
            memcmp(t->bytes.data + at, name.data, name.len) != 0 ||
            t->bytes.data[at + name.len] != 0)
            continue;
        *from = i + 1;
        *ret = f;
        return true;
    }
    *from = t->func_count;
    return false;
}
