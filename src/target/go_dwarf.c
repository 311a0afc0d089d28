/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two passes: the entries right below the runtime's units are matched by name
 * (types, variables, constants: that takes the time), then each row of
 * go_fields.def is followed from what was found.
 */
#include "target/go_dwarf.h"

#include "target/go_dwarf_type.h"
#include "target/go_dwarf_units.h"

#include <assert.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>

/* Names in go_fields.def and of variables, with their old forms. */
#define MAX_NAMES 256

enum kind { KIND_FIELD, KIND_SIZE, KIND_COUNT, KIND_STRIDE, KIND_CONST };

struct row { /* of go_fields.def */
    enum kind kind;
    const char *types, *path;
};

#define LG_GO_FIELD(id, type, path) {KIND_FIELD, type, path},
#define LG_GO_SIZE(id, type) {KIND_SIZE, type, ""},
#define LG_GO_COUNT(id, type, path) {KIND_COUNT, type, path},
#define LG_GO_STRIDE(id, type, path) {KIND_STRIDE, type, path},
#define LG_GO_CONST(id, name) {KIND_CONST, name, ""},
static const struct row rows[LG_GO_FIELD_COUNT] = {
#include "target/go_fields.def"
};
#undef LG_GO_FIELD
#undef LG_GO_SIZE
#undef LG_GO_COUNT
#undef LG_GO_STRIDE
#undef LG_GO_CONST

static const char *const packages[] = {"runtime", "internal/abi",
                                       "internal/runtime/gc"};

enum what { IS_TYPE, IS_VARIABLE, IS_CONST };

struct name {
    struct lg_str text; /* without "&" */
    enum what what;
    bool is_there;
    Dwarf_Off type;   /* of a type: itself; of a variable: its type */
    uint64_t address; /* of a variable */
    int64_t number;   /* of a constant */
};

struct reader {
    struct lg_dwarf_units units;
    Elf *elf;
    Dwarf *dwarf;
    struct name names[MAX_NAMES];
    size_t name_count;
};

static struct name *find_name(struct reader *r, struct lg_str text,
                              enum what what)
{
    for (size_t i = 0; i < r->name_count; i++) {
        if (r->names[i].what == what && lg_str_eq(r->names[i].text, text))
            return &r->names[i];
    }
    return NULL;
}

static void want(struct reader *r, struct lg_str text, enum what what)
{
    if (find_name(r, text, what) != NULL)
        return;
    assert(r->name_count < MAX_NAMES); /* rows are ours, not the file's */
    r->names[r->name_count++] = (struct name){.text = text, .what = what};
}

/* "new|old", next form; false at the end. */
static bool next_form(struct lg_str *rest, struct lg_str *ret)
{
    if (rest->data == NULL)
        return false;
    struct lg_cut cut = lg_str_cut_char(*rest, '|');
    *ret = cut.head;
    *rest = cut.found ? cut.tail : (struct lg_str){0};
    return true;
}

/* What a form of a row names. */
static enum what what_of(const struct row *row, struct lg_str *form)
{
    if (row->kind == KIND_CONST)
        return IS_CONST;
    return lg_str_after(*form, LG_STR("&"), form) ? IS_VARIABLE : IS_TYPE;
}

static void want_rows(struct reader *r)
{
    for (size_t i = 0; i < LG_GO_FIELD_COUNT; i++) {
        struct lg_str rest = lg_str_of(rows[i].types), form;
        while (next_form(&rest, &form)) {
            enum what what = what_of(&rows[i], &form);
            want(r, form, what);
        }
    }
}

static void take_variable(struct name *n, Dwarf_Die *die)
{
    Dwarf_Attribute a;
    Dwarf_Block b;
    Dwarf_Die type;
    if (dwarf_attr(die, DW_AT_location, &a) == NULL ||
        dwarf_formblock(&a, &b) != 0 || b.length != 1 + sizeof n->address ||
        b.data[0] != DW_OP_addr)
        return;
    memcpy(&n->address, b.data + 1, sizeof n->address);
    n->type = lg_dwarf_type_of(die, &type) ? dwarf_dieoffset(&type) : 0;
    n->is_there = true;
}

static void take_const(struct name *n, Dwarf_Die *die)
{
    Dwarf_Attribute a;
    Dwarf_Sword number;
    if (dwarf_attr(die, DW_AT_const_value, &a) == NULL ||
        dwarf_formsdata(&a, &number) != 0)
        return;
    n->number = number;
    n->is_there = true;
}

static void take_entry(struct reader *r, Dwarf_Die *die)
{
    int tag = dwarf_tag(die);
    if (tag != DW_TAG_structure_type && tag != DW_TAG_variable &&
        tag != DW_TAG_constant)
        return;
    Dwarf_Attribute a;
    struct lg_str text = {0};
    if (dwarf_attr(die, DW_AT_name, &a) != NULL)
        text = lg_str_of(dwarf_formstring(&a));
    if (!lg_str_starts(text, LG_STR("runtime.")) &&
        !lg_str_starts(text, LG_STR("internal/")))
        return;
    enum what what = tag == DW_TAG_structure_type ? IS_TYPE
                     : tag == DW_TAG_variable     ? IS_VARIABLE
                                                  : IS_CONST;
    struct name *n = find_name(r, text, what);
    if (n == NULL || n->is_there)
        return;
    if (what == IS_VARIABLE) {
        take_variable(n, die);
    } else if (what == IS_CONST) {
        take_const(n, die);
    } else {
        n->type = dwarf_dieoffset(die);
        n->is_there = true;
    }
}

/* The entries right below a unit. Their offsets must rise, or a damaged one
 * could lead in a circle. */
static void take_unit(struct reader *r, uint64_t at)
{
    Dwarf_Die unit, die;
    if (dwarf_offdie(r->dwarf, at, &unit) == NULL ||
        dwarf_child(&unit, &die) != 0)
        return;
    for (;;) {
        take_entry(r, &die);
        Dwarf_Off before = dwarf_dieoffset(&die);
        if (dwarf_siblingof(&die, &die) != 0 || dwarf_dieoffset(&die) <= before)
            return;
    }
}

static bool take_measure(const struct row *row, struct lg_dwarf_place *m,
                         int32_t *number_ret, uint8_t *width_ret)
{
    uint64_t n = m->at, count;
    *width_ret = 0;
    if (row->kind == KIND_FIELD) {
        *width_ret = lg_dwarf_width_of(m->type);
    } else if (row->kind == KIND_SIZE) {
        n = lg_dwarf_size_of(&m->type);
    } else {
        if (!lg_dwarf_count_of(&m->type, &count))
            return false;
        n = row->kind == KIND_COUNT ? count
                                    : lg_dwarf_size_of(&m->type) / count;
    }
    if (n > LG_DWARF_MAX_TYPE_BYTES)
        return false;
    *number_ret = (int32_t)n;
    return true;
}

static bool follow(struct reader *r, const struct row *row,
                   const struct name *n, int32_t *number_ret,
                   uint8_t *width_ret)
{
    struct lg_str rest = lg_str_of(row->path), path;
    while (next_form(&rest, &path)) {
        struct lg_dwarf_place m = {0};
        if (dwarf_offdie(r->dwarf, n->type, &m.type) != NULL &&
            lg_dwarf_peel(&m.type) && lg_dwarf_walk(&m, path) &&
            take_measure(row, &m, number_ret, width_ret))
            return true;
    }
    return false;
}

static void read_row(struct reader *r, size_t i, struct lg_go_layout *ret)
{
    const struct row *row = &rows[i];
    struct lg_str rest = lg_str_of(row->types), form;
    while (next_form(&rest, &form)) {
        enum what what = what_of(row, &form);
        const struct name *n = find_name(r, form, what);
        if (n == NULL || !n->is_there)
            continue;
        if (what != IS_CONST) {
            ret->offset[i] = LG_GO_ABSENT;
            ret->width[i] = 0;
            follow(r, row, n, &ret->offset[i], &ret->width[i]);
        } else if (n->number >= 0 && n->number <= INT32_MAX) {
            ret->offset[i] = (int32_t)n->number;
            ret->width[i] = 0;
        }
        return;
    }
}

static bool open_dwarf(struct reader *r, struct lg_str file,
                       struct lg_error *err)
{
    if (!lg_dwarf_units_init(&r->units, file, packages,
                             sizeof packages / sizeof packages[0], err))
        return false;
    elf_version(EV_CURRENT);
    r->elf = elf_memory((char *)r->units.map, r->units.map_bytes);
    if (r->elf != NULL)
        r->dwarf = dwarf_begin_elf(r->elf, DWARF_C_READ, NULL);
    if (r->dwarf == NULL)
        return lg_fail(err, LG_BAD_DATA, "DWARF: %s", dwarf_errmsg(-1));
    return true;
}

static void close_dwarf(struct reader *r)
{
    if (r->dwarf != NULL)
        dwarf_end(r->dwarf);
    if (r->elf != NULL)
        elf_end(r->elf);
    lg_dwarf_units_deinit(&r->units);
}

static bool read_all(struct reader *r, struct lg_go_layout *ret,
                     struct lg_go_dwarf_var *vars, size_t var_count,
                     struct lg_error *err)
{
    want_rows(r);
    for (size_t i = 0; i < var_count; i++)
        want(r, lg_str_of(vars[i].name), IS_VARIABLE);
    for (size_t i = 0; i < r->units.unit_count; i++)
        take_unit(r, r->units.units[i]);
    const struct name *g = find_name(r, LG_STR("runtime.g"), IS_TYPE);
    if (g == NULL || !g->is_there)
        return lg_fail(err, LG_ABSENT, "DWARF without runtime.g");
    for (size_t i = 0; i < LG_GO_FIELD_COUNT; i++)
        read_row(r, i, ret);
    ret->name = "DWARF";
    for (size_t i = 0; i < var_count; i++) {
        const struct name *n =
            find_name(r, lg_str_of(vars[i].name), IS_VARIABLE);
        vars[i].is_there = n != NULL && n->is_there;
        vars[i].address = vars[i].is_there ? n->address : 0;
    }
    return true;
}

bool lg_go_dwarf_read(struct lg_str elf, const struct lg_go_layout *base,
                      struct lg_go_layout *ret, struct lg_go_dwarf_var *vars,
                      size_t var_count, struct lg_error *err)
{
    struct reader r = {0};
    struct lg_go_layout layout = *base;
    bool is_ok =
        open_dwarf(&r, elf, err) && read_all(&r, &layout, vars, var_count, err);
    close_dwarf(&r);
    if (is_ok)
        *ret = layout;
    return is_ok;
}
