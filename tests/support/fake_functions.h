/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a table of Go functions (pclntab, form of Go 1.20) made by hand:
 * names, frame sizes, a file and a line each. Include after cmocka.h.
 *
 *     static const struct fake_function functions[] = {
 *         {"main.leaf", .bytes = 64, .frame = 16, .line = 10}, …};
 *     struct lg_go_module m = fake_functions(&arena, functions, n, text);
 */
#ifndef LG_TESTS_FAKE_FUNCTIONS_H
#define LG_TESTS_FAKE_FUNCTIONS_H

#include "base/sb.h"
#include "target/go_process.h"

#include <string.h>

struct fake_function {
    const char *name;
    uint32_t bytes; /* of code */
    int32_t frame; /* bytes between sp and the return address; −1: no table */
    uint32_t line; /* of "/src/fake.go" */
    uint8_t id, flags;
};

static inline void fake_put(struct lg_sb *sb, uint64_t value, size_t width)
{
    lg_sb_str(sb, lg_str_from(&value, width));
}

static inline void fake_varint(struct lg_sb *sb, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        lg_sb_char(sb, (char)(value | 0x80));
    lg_sb_char(sb, (char)value);
}

/* One value for all of a function; where it begins. */
static inline uint32_t fake_pc_value(struct lg_sb *sb, int64_t value,
                                     uint32_t bytes)
{
    uint32_t at = (uint32_t)sb->len;
    fake_varint(sb, (uint64_t)(value + 1) << 1);
    fake_varint(sb, bytes);
    fake_varint(sb, 0);
    return at;
}

struct fake_parts {
    struct lg_sb names, cu, files, pcs, ftab, funcs;
};

static inline void fake_add(struct fake_parts *p, const struct fake_function *f,
                            uint32_t entry, uint32_t funcs_at)
{
    uint32_t name = (uint32_t)p->names.len, sp = 0;
    lg_sb_str(&p->names, lg_str_from(f->name, strlen(f->name) + 1));
    if (f->frame >= 0)
        sp = fake_pc_value(&p->pcs, f->frame, f->bytes);
    uint32_t file = fake_pc_value(&p->pcs, 0, f->bytes);
    uint32_t line = fake_pc_value(&p->pcs, f->line, f->bytes);
    fake_put(&p->ftab, entry, 4);
    fake_put(&p->ftab, funcs_at + p->funcs.len, 4);
    const uint32_t fields[] = {entry, name, 0, 0, sp,
                               file,  line, 0, 0, f->line};
    lg_sb_str(&p->funcs, lg_str_from(fields, sizeof fields));
    const uint8_t last[] = {f->id, f->flags, 0, 0};
    lg_sb_str(&p->funcs, lg_str_from(last, sizeof last));
}

static inline struct lg_str fake_join(struct fake_parts *p, size_t count,
                                      uint64_t text, struct lg_arena *arena)
{
    struct lg_sb all;
    const struct lg_sb *parts[] = {&p->names, &p->cu, &p->files, &p->pcs,
                                   &p->ftab};
    uint64_t at = 72;
    lg_sb_init(&all, arena);
    fake_put(&all, UINT64_C(0x08010000fffffff1), 8);
    fake_put(&all, count, 8);
    fake_put(&all, 1, 8);
    fake_put(&all, text, 8);
    for (size_t i = 0; i < 5; i++) {
        fake_put(&all, at, 8);
        at += parts[i]->len;
    }
    for (size_t i = 0; i < 5; i++)
        lg_sb_str(&all, lg_sb_view(parts[i]));
    lg_sb_str(&all, lg_sb_view(&p->funcs));
    return lg_sb_view(&all);
}

/* Functions one behind the other from `text` on. */
static inline struct lg_go_module
fake_functions(struct lg_arena *arena, const struct fake_function *functions,
               size_t count, uint64_t text)
{
    struct fake_parts p;
    struct lg_sb *sbs[] = {&p.names, &p.cu,   &p.files,
                           &p.pcs,   &p.ftab, &p.funcs};
    struct lg_go_module m = {.text = text, .min_pc = text};
    uint32_t entry = 0;
    for (size_t i = 0; i < 6; i++)
        lg_sb_init(sbs[i], arena);
    fake_put(&p.cu, 0, 4);
    lg_sb_str(&p.files, lg_str_from("/src/fake.go", 13));
    lg_sb_char(&p.pcs, 0); /* offset 0 says: none */
    for (size_t i = 0; i < count; i++) {
        fake_add(&p, &functions[i], entry, (uint32_t)(count + 1) * 8);
        entry += functions[i].bytes;
    }
    fake_put(&p.ftab, entry, 8);
    m.etext = m.max_pc = text + entry;
    struct lg_error err = {0};
    if (!lg_go_pclntab_parse(fake_join(&p, count, text, arena), 0x1000,
                             &m.table, &err))
        fail_msg("%s", err.text);
    m.table.text = m.text;
    m.table.etext = m.etext;
    m.table.go_minor = 27;
    return m;
}

/* Run-time address of the n-th function. */
static inline uint64_t fake_entry(const struct lg_go_module *m, size_t n)
{
    struct lg_go_func f;
    assert_true(lg_go_func_index(&m->table, n, &f));
    return f.entry;
}

#endif
