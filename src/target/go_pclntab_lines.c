/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds at a pc is written as runs: from the function's entry on, pairs of
 * variable-length numbers (change of the value, length in quanta), ended by a
 * change of 0 that is not the first.
 *
 * An inlined call says which function's body begins, and at which pc of the
 * same function ("parent pc") to ask again for the caller's file, line, and
 * inlined call. Source: Go 1.27 runtime/symtab.go pcvalue, symtabinl.go.
 */
#include "target/go_pclntab_internal.h"

#include "decode/elf.h"

#define PCDATA_INLINE_INDEX 2 /* Go 1.16 on */
#define FUNCDATA_INLINE_TREE 3
#define NO_OFFSET 0xffffffffu
/* Longest path in a file table; PATH_MAX, and room. */
#define MAX_FILE_BYTES ((size_t)8192)

struct runs {
    const uint8_t *at, *end;
};

/* At most 32 bits, as the runtime reads them. */
static bool take_uvarint(struct runs *r, uint32_t *ret)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35 && r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *ret = value;
            return true;
        }
    }
    return false;
}

/* The value at pc of the runs at an offset; false: there is none. */
static bool value_at(const struct lg_go_func *f, uint32_t offset, uint64_t pc,
                     int32_t *ret)
{
    const struct lg_go_pclntab *t = f->table;
    uint64_t at = t->pcs_at + offset, run_end = f->entry;
    uint32_t change, length, value = NO_OFFSET; /* -1 */
    if (offset == 0 || at >= t->bytes.len)
        return false;
    struct runs r = {(const uint8_t *)t->bytes.data + at,
                     (const uint8_t *)t->bytes.data + t->bytes.len};
    for (bool first = true;; first = false) {
        if (!take_uvarint(&r, &change) || (change == 0 && !first) ||
            !take_uvarint(&r, &length))
            return false;
        value += (change & 1) != 0 ? ~(change >> 1) : change >> 1;
        run_end += (uint64_t)length * t->pc_quantum;
        if (pc < run_end) {
            *ret = (int32_t)value;
            return true;
        }
        /* Damaged runs could go on through the whole table. */
        if (run_end >= f->end)
            return false;
    }
}

static uint32_t field(const struct lg_go_func *f, uint8_t offset)
{
    return lg_pcln_u32(f->table->bytes, f->at + offset);
}

int64_t lg_go_func_sp_delta(const struct lg_go_func *f, uint64_t pc)
{
    int32_t delta;
    if (pc < f->entry ||
        !value_at(f, field(f, lg_pcln_shape(f->table)->pcsp), pc, &delta) ||
        delta < 0)
        return -1;
    return delta;
}

static struct lg_str file_named(const struct lg_go_func *f, uint32_t number)
{
    const struct lg_go_pclntab *t = f->table;
    const struct lg_pcln_shape *shape = lg_pcln_shape(t);
    uint64_t index = number, at;
    if (shape->cu == LG_PCLN_NONE) { /* 1.2: numbers of a list, offsets */
        at = lg_pcln_u32(t->bytes, t->files_at + index * 4);
    } else {
        index += field(f, shape->cu);
        at = lg_pcln_u32(t->bytes, t->cu_at + index * 4);
        if (at == NO_OFFSET)
            return (struct lg_str){0};
        at += t->files_at;
    }
    if (at >= t->bytes.len)
        return (struct lg_str){0};
    struct lg_str rest =
        lg_str_first(lg_str_skip(t->bytes, at), MAX_FILE_BYTES);
    const char *end = memchr(rest.data, 0, rest.len);
    return end != NULL ? lg_str_first(rest, (size_t)(end - rest.data))
                       : (struct lg_str){0};
}

/* "?" and 0, as the runtime says it, when it is not told. */
static void take_position(const struct lg_go_func *f, uint64_t pc,
                          struct lg_go_line *line)
{
    const struct lg_pcln_shape *shape = lg_pcln_shape(f->table);
    int32_t file, number;
    line->file = LG_STR("?");
    if (!value_at(f, field(f, shape->pcfile), pc, &file) || file < 0 ||
        !value_at(f, field(f, shape->pcln), pc, &number) || number < 0)
        return;
    struct lg_str name = file_named(f, (uint32_t)file);
    if (name.len == 0)
        return;
    line->file = name;
    line->line = (uint32_t)number;
}

/* ≤ 1.17: funcdata are addresses in the binary, which are right as they stand
 * in the file only where nothing is relocated. */
static struct lg_str inline_tree_at(const struct lg_go_pclntab *t,
                                    uint64_t address)
{
    struct lg_elf elf;
    if (address == 0 || !lg_elf_parse(t->binary, &elf, NULL))
        return (struct lg_str){0};
    return lg_elf_at_address(&elf, address);
}

/* The array of inlined calls; empty when the function has none. */
static struct lg_str inline_tree(const struct lg_go_func *f)
{
    const struct lg_go_pclntab *t = f->table;
    const struct lg_pcln_shape *shape = lg_pcln_shape(t);
    uint64_t at = f->at + shape->pcdata;
    if (shape->inline_bytes == 0 ||
        lg_pcln_uint(t->bytes, f->at + shape->nfuncdata, 1) <=
            FUNCDATA_INLINE_TREE ||
        field(f, shape->npcdata) <= PCDATA_INLINE_INDEX)
        return (struct lg_str){0};
    at += (uint64_t)field(f, shape->npcdata) * 4;
    if (t->minor_form >= 18) {
        uint32_t offset =
            lg_pcln_u32(t->bytes, at + (uint64_t)FUNCDATA_INLINE_TREE * 4);
        return offset != NO_OFFSET ? lg_str_skip(t->gofunc, offset)
                                   : (struct lg_str){0};
    }
    at = ((t->address + at + 7) & ~UINT64_C(7)) - t->address;
    return inline_tree_at(
        t, lg_pcln_u64(t->bytes, at + (uint64_t)FUNCDATA_INLINE_TREE * 8));
}

/* The inlined call whose body holds pc; false: the function's own code. */
static bool inlined_at(const struct lg_go_func *f, struct lg_str tree,
                       uint64_t pc, struct lg_str *call_ret)
{
    const struct lg_pcln_shape *shape = lg_pcln_shape(f->table);
    uint32_t runs =
        field(f, (uint8_t)(shape->pcdata + 4 * PCDATA_INLINE_INDEX));
    int32_t index;
    if (tree.len == 0 || !value_at(f, runs, pc, &index) || index < 0)
        return false;
    struct lg_str call = lg_str_skip(tree, (size_t)index * shape->inline_bytes);
    if (call.len < shape->inline_bytes)
        return false;
    *call_ret = call;
    return true;
}

static void take_inlined(const struct lg_go_func *f, struct lg_str call,
                         struct lg_go_line *line)
{
    const struct lg_pcln_shape *shape = lg_pcln_shape(f->table);
    line->function =
        lg_pcln_name(f->table, lg_pcln_u32(call, shape->inline_name));
    line->kind = lg_pcln_kind(f->table,
                              (uint8_t)lg_pcln_uint(call, shape->inline_id, 1));
    if (shape->inline_start_line != LG_PCLN_NONE)
        line->start_line = (int32_t)lg_pcln_u32(call, shape->inline_start_line);
    line->is_inlined = true;
}

static void take_function(const struct lg_go_func *f, struct lg_go_line *line)
{
    const struct lg_pcln_shape *shape = lg_pcln_shape(f->table);
    line->function = lg_go_func_name(f);
    line->kind = f->kind;
    if (shape->start_line != LG_PCLN_NONE)
        line->start_line = (int32_t)field(f, shape->start_line);
}

size_t lg_go_func_lines(const struct lg_go_func *f, uint64_t pc,
                        struct lg_go_line *lines, size_t max)
{
    const struct lg_pcln_shape *shape = lg_pcln_shape(f->table);
    struct lg_str tree = inline_tree(f), call;
    size_t count = 0;
    while (count < max) { /* a tree that goes in circles ends here */
        struct lg_go_line *line = &lines[count++];
        *line = (struct lg_go_line){0};
        take_position(f, pc, line);
        if (!inlined_at(f, tree, pc, &call)) {
            take_function(f, line);
            break;
        }
        take_inlined(f, call, line);
        pc = f->entry + lg_pcln_u32(call, shape->inline_parent_pc);
    }
    return count;
}
