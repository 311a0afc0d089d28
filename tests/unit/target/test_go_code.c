/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_code.h"

#include "fake_go_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct lg_fake_go process;

struct fixture {
    struct lg_arena arena;
    struct lg_go_finder finder;
    struct lg_go_func outer; /* its code is ours to write */
    size_t at;
};

static void set_up(struct fixture *x)
{
    *x = (struct fixture){0};
    lg_arena_init(&x->arena, 0);
    lg_fake_go_init(&process, &x->arena, "go1.26.11", "go1.26.11");
    assert_true(
        lg_go_open(&process.fake.image, NULL, &x->arena, &x->finder.go, NULL));
    assert_true(lg_elf_parse(process.fake.image.binary, &x->finder.elf, NULL));
    assert_true(lg_go_func_at(&x->finder.go->modules.items[0].table,
                              LG_PCLN_TEXT, &x->outer));
    memset(process.file + 0x1000, 0x90, 0x40);
}

/* opcode, the distance to address, then tail_bytes zeros. */
static void put(struct fixture *x, const char *opcode, size_t len,
                uint64_t address, size_t tail_bytes)
{
    uint8_t *to = process.file + 0x1000 + x->at;
    x->at += len + 4 + tail_bytes;
    uint32_t distance = (uint32_t)(address - (LG_PCLN_TEXT + x->at));
    memcpy(to, opcode, len);
    memcpy(to + len, &distance, 4);
    memset(to + len + 4, 0, tail_bytes);
}

static void assert_operand(const struct lg_go_operand *o, uint64_t address,
                           enum lg_go_access access, uint8_t bytes,
                           bool is_zero)
{
    assert_int_equal(o->address, address);
    assert_int_equal(o->access, access);
    assert_int_equal(o->bytes, bytes);
    assert_int_equal(o->is_zero, is_zero);
}

static void test_operands_in_the_order_of_the_code(void **state)
{
    static struct lg_go_operand o[LG_GO_OPERANDS_MAX];
    const uint64_t a = LG_FAKE_BSS + 0x500;
    struct fixture x;
    set_up(&x);
    put(&x, "\x48\x8d\x05", 3, a, 0);            /* lea  rax, [a]        */
    put(&x, "\x48\x8b\x0d", 3, a + 8, 0);        /* mov  rcx, [a + 8]    */
    put(&x, "\x48\x89\x0d", 3, a + 16, 0);       /* mov  [a + 16], rcx   */
    put(&x, "\x80\x3d", 2, a + 24, 1);           /* cmp  byte [a + 24], 0 */
    put(&x, "\x48\xc7\x05", 3, a + 32, 4);       /* mov  qword [a + 32], 0 */
    put(&x, "\x8b\x05", 2, a + 40, 0);           /* mov  eax, [a + 40]   */
    put(&x, "\x48\x8b\x05", 3, LG_FAKE_FILE, 0); /* not data             */
    assert_int_equal(lg_go_code_operands(&x.finder, &x.outer, o), 6);
    assert_operand(&o[0], a, LG_ACCESS_ADDRESS, 0, false);
    assert_operand(&o[1], a + 8, LG_ACCESS_LOAD, 8, false);
    assert_operand(&o[2], a + 16, LG_ACCESS_STORE, 8, false);
    assert_operand(&o[3], a + 24, LG_ACCESS_COMPARE, 1, true);
    assert_operand(&o[4], a + 32, LG_ACCESS_STORE, 8, true);
    assert_operand(&o[5], a + 40, LG_ACCESS_LOAD, 4, false);
    lg_arena_deinit(&x.arena);
}

/* Programs that load plugins: mov rax, [table]; the table has the address. */
static void test_address_out_of_a_table(void **state)
{
    static struct lg_go_operand o[LG_GO_OPERANDS_MAX];
    const uint64_t slot = LG_FAKE_FILE + 0x1f00;
    struct fixture x;
    set_up(&x);
    lg_fake_put(&process, slot, LG_FAKE_ALLGS, 8);
    put(&x, "\x48\x8b\x05", 3, slot, 0);
    assert_int_equal(lg_go_code_operands(&x.finder, &x.outer, o), 1);
    assert_operand(&o[0], LG_FAKE_ALLGS, LG_ACCESS_ADDRESS, 0, false);
    lg_arena_deinit(&x.arena);
}

static void test_bytes_that_are_no_code(void **state)
{
    static struct lg_go_operand o[LG_GO_OPERANDS_MAX];
    struct fixture x;
    set_up(&x);
    memset(process.file + 0x1000, 0xff, 0x40);
    assert_int_equal(lg_go_code_operands(&x.finder, &x.outer, o), 0);
    x.outer.end = x.outer.entry + (UINT64_C(1) << 40);
    assert_int_equal(lg_go_code_operands(&x.finder, &x.outer, o), 0);
    x.outer.end = x.outer.entry - 1;
    assert_int_equal(lg_go_code_operands(&x.finder, &x.outer, o), 0);
    lg_arena_deinit(&x.arena);
}

static void test_other_machines_have_none(void **state)
{
    static struct lg_go_operand o[LG_GO_OPERANDS_MAX];
    struct fixture x;
    set_up(&x);
    put(&x, "\x48\x8d\x05", 3, LG_FAKE_ALLGS, 0);
    process.fake.image.machine = LG_ARM64;
    assert_int_equal(lg_go_code_operands(&x.finder, &x.outer, o), 0);
    lg_arena_deinit(&x.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operands_in_the_order_of_the_code),
        cmocka_unit_test(test_address_out_of_a_table),
        cmocka_unit_test(test_bytes_that_are_no_code),
        cmocka_unit_test(test_other_machines_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
