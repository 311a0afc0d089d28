/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF made by hand, as Go's linker writes it; real programs of every Go are
 * in tests/layouts. */
#include "target/go_dwarf.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dwarf_image.h"
#include "rng.h"

#define ALLGS 0x684c60

static const struct lg_go_layout *base_layout(void)
{
    bool is_exact;
    return lg_go_layout_find(lg_go_version_parse(LG_STR("go1.22.12")), LG_AMD64,
                             &is_exact);
}

struct types {
    uint64_t u64, u32, u8, gobuf, semas;
};

static void put_small_types(struct lg_bytes *b, struct types *t)
{
    t->u64 = lg_die_base(b, "uint64", 8);
    t->u32 = lg_die_base(b, "uint32", 4);
    t->u8 = lg_die_base(b, "uint8", 1);
    uint64_t gobuf = lg_die_struct(b, "runtime.gobuf", 48);
    static const char *const words[] = {"sp", "pc", "g", "ctxt", "lr", "bp"};
    for (size_t i = 0; i < 6; i++)
        lg_die_member(b, words[i], 8 * i, t->u64);
    lg_die_end(b);
    t->gobuf = b->len;
    lg_b_uleb(b, LG_AB_TYPEDEF);
    lg_b_text(b, "runtime.gobuf");
    lg_b_int(b, gobuf, 4);
    t->semas = lg_die_array(b, 16064, t->u64, 251);
}

static void put_g(struct lg_bytes *b, const struct types *t)
{
    uint64_t empty = lg_die_struct(b, "internal/runtime/atomic.noCopy", 0);
    lg_die_end(b);
    uint64_t atomic = lg_die_struct(b, "internal/runtime/atomic.Uint32", 4);
    lg_die_member(b, "noCopy", 0, empty);
    lg_die_member(b, "value", 0, t->u32);
    lg_die_end(b);
    lg_die_struct(b, "runtime.g", 480);
    lg_die_member(b, "sched", 56, t->gobuf);
    lg_die_member(b, "atomicstatus", 148, atomic);
    lg_die_member(b, "goid", 152, t->u64);
    lg_die_member(b, "waitreason", 176, t->u8);
    lg_die_member(b, "gopc", UINT64_C(1) << 40, t->u64); /* lies */
    lg_die_member(b, "startpc", 476, t->u64);
    lg_die_end(b);
}

/* filler: bytes of the unit that nobody asks for. */
static struct lg_bytes put_info(int version, size_t filler)
{
    struct lg_bytes b = {0};
    struct types t;
    size_t unit = lg_unit_begin(&b, version, "main");
    while (b.len < filler)
        lg_die_const(&b, "runtime._Gdead", 63); /* not this package's */
    lg_unit_end(&b, unit);
    unit = lg_unit_begin(&b, version, "runtime");
    put_small_types(&b, &t);
    put_g(&b, &t);
    lg_unit_end(&b, unit);
    unit = lg_unit_begin(&b, version, "net/http");
    lg_unit_end(&b, unit);
    unit = lg_unit_begin(&b, version, "runtime");
    lg_die_const(&b, "runtime._Gdead", 6);
    lg_die_variable(&b, "runtime.allgs", ALLGS, t.u64);
    lg_die_variable(&b, "runtime.semtable", 0x700000, t.semas);
    lg_unit_end(&b, unit);
    return b;
}

static bool read_file(const struct lg_bytes *file, struct lg_go_layout *l,
                      struct lg_go_dwarf_var vars[2], struct lg_error *err)
{
    vars[0] = (struct lg_go_dwarf_var){.name = "runtime.allgs"};
    vars[1] = (struct lg_go_dwarf_var){.name = "runtime.nowhere"};
    return lg_go_dwarf_read(lg_str_from(file->data, file->len), base_layout(),
                            l, vars, 2, err);
}

static void assert_layout(const struct lg_go_layout *l)
{
    assert_int_equal(l->offset[LG_G_SIZE], 480);
    assert_int_equal(l->offset[LG_G_GOID], 152);
    assert_int_equal(l->width[LG_G_GOID], 8);
    assert_int_equal(l->offset[LG_G_SCHED_LR], 56 + 32);
    assert_int_equal(l->offset[LG_G_STATUS], 148);
    assert_int_equal(l->width[LG_G_STATUS], 4);
    assert_int_equal(l->width[LG_G_WAITREASON], 1);
    assert_false(lg_go_has(l, LG_G_SYSCALLBP)); /* not in this struct */
    assert_false(lg_go_has(l, LG_G_GOPC));      /* outside of it */
    assert_false(lg_go_has(l, LG_G_STARTPC));   /* half of it */
    assert_int_equal(l->offset[LG_SEMTABLE_COUNT], 251);
    assert_int_equal(l->offset[LG_SEMTABLE_STRIDE], 64);
    assert_int_equal(l->offset[LG_NUM_GDEAD], 6);
    /* what is not described is as in the base */
    assert_int_equal(l->offset[LG_P_SIZE], base_layout()->offset[LG_P_SIZE]);
}

static void test_read(void **state)
{
    static const enum lg_dwarf_pack packs[] = {LG_PACK_NONE, LG_PACK_OLD,
                                               LG_PACK_NEW};
    for (size_t i = 0; i < 12; i++) {
        struct lg_bytes info =
            put_info(i % 2 == 0 ? 4 : 5, i < 6 ? 0 : (size_t)5 << 20);
        struct lg_bytes file = lg_dwarf_elf(&info, packs[i % 3]);
        struct lg_go_layout l;
        struct lg_go_dwarf_var vars[2];
        struct lg_error err = {0};
        if (!read_file(&file, &l, vars, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_layout(&l);
        assert_true(vars[0].is_there);
        assert_int_equal(vars[0].address, ALLGS);
        assert_false(vars[1].is_there);
        free(info.data);
        free(file.data);
    }
}

static void test_absent(void **state)
{
    struct lg_bytes info = {0};
    size_t unit = lg_unit_begin(&info, 5, "main");
    lg_unit_end(&info, unit);
    struct lg_bytes file = lg_dwarf_elf(&info, LG_PACK_NEW);
    struct lg_go_layout l;
    struct lg_go_dwarf_var vars[2];
    struct lg_error err = {0};
    assert_false(read_file(&file, &l, vars, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    file.data[offsetof(Elf64_Ehdr, e_shnum)] = 0; /* stripped */
    assert_false(read_file(&file, &l, vars, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    file.data[EI_DATA] = ELFDATA2MSB;
    assert_false(read_file(&file, &l, vars, &err));
    assert_int_equal(err.kind, LG_UNSUPPORTED);
    free(info.data);
    free(file.data);
}

/* A cycle of types, a section that claims terabytes. */
static void test_lies(void **state)
{
    struct lg_bytes info = {0};
    size_t unit = lg_unit_begin(&info, 5, "runtime");
    uint64_t at = info.len;
    lg_b_uleb(&info, LG_AB_TYPEDEF);
    lg_b_text(&info, "runtime.loop");
    lg_b_int(&info, at, 4);
    uint64_t self = lg_die_struct(&info, "runtime.g", 64);
    lg_die_member(&info, "sched", 0, self);
    lg_die_member(&info, "stack", 0, at);
    lg_die_end(&info);
    lg_unit_end(&info, unit);
    struct lg_bytes file = lg_dwarf_elf(&info, LG_PACK_NEW);
    struct lg_go_layout l;
    struct lg_go_dwarf_var vars[2];
    struct lg_error err = {0};
    assert_true(read_file(&file, &l, vars, &err));
    assert_int_equal(l.offset[LG_G_SIZE], 64);
    assert_false(lg_go_has(&l, LG_G_STACK_LO));
    uint64_t claim = UINT64_C(1) << 42;
    Elf64_Shdr section;
    memcpy(&section, file.data + sizeof(Elf64_Ehdr) + sizeof section,
           sizeof section);
    memcpy(file.data + section.sh_offset + offsetof(Elf64_Chdr, ch_size),
           &claim, sizeof claim);
    assert_false(read_file(&file, &l, vars, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    free(info.data);
    free(file.data);
}

/* Only sums of what lies within are believed, whatever the bytes are. */
static void assert_bounded(const struct lg_bytes *file)
{
    struct lg_go_layout l;
    struct lg_go_dwarf_var vars[2];
    if (!read_file(file, &l, vars, NULL))
        return;
    for (enum lg_go_field f = LG_G_SIZE; f <= LG_G_GC_ASSIST_BYTES; f++) {
        assert_true(l.offset[f] >= LG_GO_ABSENT && l.width[f] <= 8);
        assert_true(l.offset[f] + l.width[f] <= l.offset[LG_G_SIZE]);
    }
}

static void test_damaged(void **state)
{
    struct lg_rng rng = {7};
    for (int pack = LG_PACK_NONE; pack <= LG_PACK_NEW; pack++) {
        struct lg_bytes info = put_info(5, 0);
        struct lg_bytes file = lg_dwarf_elf(&info, (enum lg_dwarf_pack)pack);
        for (struct lg_bytes cut = file; cut.len-- > 0;)
            assert_bounded(&cut);
        for (int i = 0; i < 3000; i++) {
            size_t at = lg_rng_below(&rng, file.len);
            unsigned char before = file.data[at];
            file.data[at] = (unsigned char)lg_rng_u64(&rng);
            assert_bounded(&file);
            file.data[at] = before;
        }
        free(info.data);
        free(file.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
