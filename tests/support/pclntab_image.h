/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a small table of Go functions made by hand, in each of the forms:
 *
 *   main.outer      [text, text + 0x40)   a.go, starts at line 9
 *     0x00  a.go:10
 *     0x10  b.go:21   main.leaf in main.mid in main.outer
 *     0x20  a.go:11   main.mid in main.outer    (leaf was called here)
 *     0x30  a.go:12                             (mid was called here)
 *   runtime.goexit  [text + 0x40, text + 0x60)  no lines; top of a stack
 *
 * outer's frame has 24 bytes from 0x04 on. Inlined calls only from 1.18 on.
 */
#ifndef LG_TESTS_PCLNTAB_IMAGE_H
#define LG_TESTS_PCLNTAB_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LG_PCLN_TEXT UINT64_C(0x401000)
#define LG_PCLN_TEXT_BYTES 0x60

struct lg_pclntab_image {
    uint16_t form;
    size_t len, gofunc_at; /* bytes: the table, then the inlined calls */
    uint8_t bytes[2048];
};

static inline void lg_pcln_put(struct lg_pclntab_image *m, size_t at,
                               uint64_t value, size_t width)
{
    memcpy(m->bytes + at, &value, width);
}

/* Bytes behind what is there; returns where they begin. */
static inline size_t lg_pcln_append(struct lg_pclntab_image *m,
                                    const void *bytes, size_t len)
{
    size_t at = m->len;
    memcpy(m->bytes + at, bytes, len);
    m->len += len;
    return at;
}

static inline void lg_pcln_align(struct lg_pclntab_image *m)
{
    m->len = (m->len + 7) & ~(size_t)7;
}

static inline void lg_pcln_uvarint(struct lg_pclntab_image *m, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        m->bytes[m->len++] = (uint8_t)(value | 0x80);
    m->bytes[m->len++] = (uint8_t)value;
}

struct lg_pcln_run {
    int32_t value;
    uint32_t length;
};

static inline size_t lg_pcln_runs(struct lg_pclntab_image *m,
                                  const struct lg_pcln_run *runs, size_t count)
{
    size_t at = m->len;
    int32_t value = -1;
    for (size_t i = 0; i < count; i++) {
        int32_t change = runs[i].value - value;
        lg_pcln_uvarint(m, change < 0 ? (uint32_t)~change * 2 + 1
                                      : (uint32_t)change * 2);
        lg_pcln_uvarint(m, runs[i].length);
        value = runs[i].value;
    }
    m->bytes[m->len++] = 0;
    return at;
}

struct lg_pcln_places {
    size_t names, cutab, files, pcs, funcs;
    size_t sp, file, line, inlined; /* runs, from pcs on */
};

static inline void lg_pcln_strings(struct lg_pclntab_image *m,
                                   struct lg_pcln_places *p)
{
    static const char names[] = "main.outer\0main.mid\0main.leaf\0"
                                "runtime.goexit"; /* at 0, 11, 20, 30 */
    static const char files[] = "/src/a.go\0/src/b.go";
    static const uint32_t cutab[] = {0, 10};
    p->names = lg_pcln_append(m, names, sizeof names);
    lg_pcln_align(m);
    p->cutab = lg_pcln_append(m, cutab, sizeof cutab);
    p->files = lg_pcln_append(m, files, sizeof files);
}

static inline void lg_pcln_tables(struct lg_pclntab_image *m,
                                  struct lg_pcln_places *p)
{
    static const struct lg_pcln_run
        sp[] = {{0, 4}, {24, 0x3c}},
        file[] = {{0, 0x10}, {1, 0x10}, {0, 0x20}},
        line[] = {{10, 0x10}, {21, 0x10}, {11, 0x10}, {12, 0x10}},
        inlined[] = {{-1, 0x10}, {1, 0x10}, {0, 0x10}, {-1, 0x10}};
    p->pcs = lg_pcln_append(m, "", 1); /* offset 0: no table */
    p->sp = lg_pcln_runs(m, sp, 2) - p->pcs;
    p->file = lg_pcln_runs(m, file, 3) - p->pcs;
    p->line = lg_pcln_runs(m, line, 4) - p->pcs;
    p->inlined = lg_pcln_runs(m, inlined, 4) - p->pcs;
    lg_pcln_align(m);
}

/* The _func of outer, then of goexit; where they begin, from funcs on. */
static inline size_t lg_pcln_func(struct lg_pclntab_image *m,
                                  const struct lg_pcln_places *p,
                                  uint64_t entry, uint32_t name, uint8_t id)
{
    size_t at = m->len, w = m->form >= 18 ? 4 : 8, s = m->form >= 18 ? 0 : 4;
    size_t base = m->form == 2 ? 0 : p->pcs; /* 1.2: all from the header */
    int is_outer = id == 0;
    lg_pcln_put(m, at, entry, w);
    lg_pcln_put(m, at + w, name + (m->form == 2 ? p->names : 0), 4);
    if (is_outer) {
        lg_pcln_put(m, at + s + 16, p->sp + p->pcs - base, 4);
        lg_pcln_put(m, at + s + 20, p->file + p->pcs - base, 4);
        lg_pcln_put(m, at + s + 24, p->line + p->pcs - base, 4);
        lg_pcln_put(m, at + s + 28, 3, 4);
    }
    size_t end = s + 32 + (m->form == 2 ? 0 : 4) + (m->form == 20 ? 4 : 0);
    if (m->form == 20)
        lg_pcln_put(m, at + 36, is_outer ? 9 : 0, 4);
    lg_pcln_put(m, at + end, id, 1);
    if (!is_outer)
        lg_pcln_put(m, at + end + 1, 1, 1); /* TOPFRAME */
    lg_pcln_put(m, at + end + 3, is_outer ? 4 : 0, 1);
    m->len = at + end + 4;
    if (is_outer) { /* pcdata, funcdata: the third and the fourth count */
        lg_pcln_put(m, m->len + 8, p->inlined, 4);
        m->len += 12;
        for (int i = 0; i < 3; i++)
            lg_pcln_put(m, m->len + (size_t)i * 4, UINT32_MAX, 4);
        lg_pcln_put(m, m->len + 12, 0, 4);
        m->len += 16;
    }
    lg_pcln_align(m);
    return at - p->funcs;
}

static inline void lg_pcln_header(struct lg_pclntab_image *m,
                                  const struct lg_pcln_places *p)
{
    static const uint8_t last[] = {
        [2] = 0xfb, [16] = 0xfa, [18] = 0xf0, [20] = 0xf1};
    lg_pcln_put(m, 0, 0xffffff00u | last[m->form], 4);
    m->bytes[6] = 1;
    m->bytes[7] = 8;
    lg_pcln_put(m, 8, 2, 8);
    if (m->form == 2)
        return;
    lg_pcln_put(m, 16, 2, 8);
    size_t at = m->form >= 18 ? 32 : 24;
    if (m->form >= 18)
        lg_pcln_put(m, 24, LG_PCLN_TEXT, 8);
    lg_pcln_put(m, at, p->names, 8);
    lg_pcln_put(m, at + 8, p->cutab, 8);
    lg_pcln_put(m, at + 16, p->files, 8);
    lg_pcln_put(m, at + 24, p->pcs, 8);
    lg_pcln_put(m, at + 32, p->funcs, 8);
}

/* Two inlined calls: mid in outer at 0x30, leaf in mid at 0x20. */
static inline void lg_pcln_inlined(struct lg_pclntab_image *m)
{
    static const uint32_t new_form[] = {0, 11, 0x30, 30, 0, 20, 0x20, 40};
    static const uint32_t old_form[] = {0xffff, 0, 12, 11, 0x30,
                                        0,      0, 11, 20, 0x20};
    lg_pcln_align(m);
    m->gofunc_at = m->len;
    if (m->form == 20)
        (void)lg_pcln_append(m, new_form, sizeof new_form);
    else
        (void)lg_pcln_append(m, old_form, sizeof old_form);
}

/* form: 2, 16, 18 or 20 */
static inline void lg_pclntab_image_make(struct lg_pclntab_image *m,
                                         uint16_t form)
{
    struct lg_pcln_places p = {0};
    uint64_t base = form >= 18 ? 0 : LG_PCLN_TEXT;
    size_t w = form >= 18 ? 4 : 8;
    *m = (struct lg_pclntab_image){.form = form};
    if (form == 2) { /* its functions come first, then a list of files */
        size_t ftab = 16, list = 512;
        m->len = 128;
        lg_pcln_strings(m, &p);
        lg_pcln_tables(m, &p);
        lg_pcln_put(m, ftab, base, w);
        lg_pcln_put(m, ftab + w, lg_pcln_func(m, &p, base, 0, 0), w);
        lg_pcln_put(m, ftab + 2 * w, base + 0x40, w);
        lg_pcln_put(m, ftab + 3 * w, lg_pcln_func(m, &p, base + 0x40, 30, 7),
                    w);
        lg_pcln_put(m, ftab + 4 * w, base + LG_PCLN_TEXT_BYTES, w);
        lg_pcln_put(m, ftab + 5 * w, list, 4);
        lg_pcln_put(m, list, p.files, 4);
        lg_pcln_put(m, list + 4, p.files + 10, 4);
        m->len = list + 8;
        lg_pcln_header(m, &p);
        return;
    }
    m->len = 80;
    lg_pcln_strings(m, &p);
    lg_pcln_tables(m, &p);
    p.funcs = m->len;
    m->len += (5 * w + 7) & ~(size_t)7;
    lg_pcln_put(m, p.funcs, base, w);
    lg_pcln_put(m, p.funcs + w, lg_pcln_func(m, &p, base, 0, 0), w);
    lg_pcln_put(m, p.funcs + 2 * w, base + 0x40, w);
    lg_pcln_put(m, p.funcs + 3 * w,
                lg_pcln_func(m, &p, base + 0x40, 30, form >= 20 ? 8 : 7), w);
    lg_pcln_put(m, p.funcs + 4 * w, base + LG_PCLN_TEXT_BYTES, w);
    lg_pcln_header(m, &p);
    lg_pcln_inlined(m);
}

#endif
