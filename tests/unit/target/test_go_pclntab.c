/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_pclntab.h"

#include "pclntab_image.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint16_t forms[] = {2, 16, 18, 20};

static void open_image(const struct lg_pclntab_image *m,
                       struct lg_go_pclntab *table)
{
    struct lg_str bytes = lg_str_from(m->bytes, m->len);
    assert_true(lg_go_pclntab_parse(bytes, 0x500000, table, NULL));
    if (m->gofunc_at != 0)
        table->gofunc = lg_str_skip(bytes, m->gofunc_at);
}

static void assert_str(struct lg_str s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}

static void assert_line(const struct lg_go_line *line, const char *function,
                        const char *file, uint32_t number)
{
    assert_str(line->function, function);
    assert_str(line->file, file);
    assert_int_equal(line->line, number);
}

static void test_header_of_each_form(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        struct lg_pclntab_image m;
        struct lg_go_pclntab t;
        lg_pclntab_image_make(&m, forms[i]);
        open_image(&m, &t);
        assert_int_equal(t.minor_form, forms[i]);
        assert_int_equal(t.pc_quantum, 1);
        assert_int_equal(t.func_count, 2);
        assert_int_equal(t.etext, LG_PCLN_TEXT + LG_PCLN_TEXT_BYTES);
    }
}

static void test_function_at_a_counter(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        struct lg_pclntab_image m;
        struct lg_go_pclntab t;
        struct lg_go_func f;
        lg_pclntab_image_make(&m, forms[i]);
        open_image(&m, &t);
        assert_false(lg_go_func_at(&t, LG_PCLN_TEXT - 1, &f));
        assert_false(lg_go_func_at(&t, LG_PCLN_TEXT + 0x60, &f));
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT, &f));
        assert_str(lg_go_func_name(&f), "main.outer");
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT + 0x3f, &f));
        assert_int_equal(f.index, 0);
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT + 0x40, &f));
        assert_str(lg_go_func_name(&f), "runtime.goexit");
        assert_int_equal(f.end - f.entry, 0x20);
        if (forms[i] != 2)
            assert_int_equal(f.flags, LG_GO_FLAG_TOP_FRAME);
    }
}

static void test_function_by_name(void **state)
{
    struct lg_pclntab_image m;
    struct lg_go_pclntab t;
    struct lg_go_func f;
    uint64_t from = 0;
    lg_pclntab_image_make(&m, 20);
    open_image(&m, &t);
    assert_true(lg_go_func_named(&t, LG_STR("runtime.goexit"), &from, &f));
    assert_int_equal(f.index, 1);
    assert_int_equal(f.kind, LG_FUNC_GOEXIT);
    assert_false(lg_go_func_named(&t, LG_STR("runtime.goexit"), &from, &f));
    from = 0;
    assert_false(lg_go_func_named(&t, LG_STR("runtime.goexi"), &from, &f));
}

static void test_frame_sizes(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        struct lg_pclntab_image m;
        struct lg_go_pclntab t;
        struct lg_go_func f;
        lg_pclntab_image_make(&m, forms[i]);
        open_image(&m, &t);
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT, &f));
        assert_int_equal(lg_go_func_sp_delta(&f, LG_PCLN_TEXT + 3), 0);
        assert_int_equal(lg_go_func_sp_delta(&f, LG_PCLN_TEXT + 4), 24);
        assert_int_equal(lg_go_func_sp_delta(&f, LG_PCLN_TEXT + 0x3f), 24);
        assert_int_equal(lg_go_func_sp_delta(&f, LG_PCLN_TEXT - 1), -1);
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT + 0x40, &f));
        assert_int_equal(lg_go_func_sp_delta(&f, LG_PCLN_TEXT + 0x50), -1);
    }
}

static void test_lines_of_each_form(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        struct lg_pclntab_image m;
        struct lg_go_pclntab t;
        struct lg_go_line lines[8];
        struct lg_go_func f;
        lg_pclntab_image_make(&m, forms[i]);
        open_image(&m, &t);
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT, &f));
        assert_int_equal(lg_go_func_lines(&f, LG_PCLN_TEXT + 5, lines, 8), 1);
        assert_line(&lines[0], "main.outer", "/src/a.go", 10);
        assert_int_equal(lines[0].start_line, forms[i] == 20 ? 9 : 0);
        assert_false(lines[0].is_inlined);
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT + 0x40, &f));
        assert_int_equal(lg_go_func_lines(&f, f.entry, lines, 8), 1);
        assert_line(&lines[0], "runtime.goexit", "?", 0);
    }
}

static void test_inlined_calls_are_unfolded(void **state)
{
    for (size_t i = 2; i < 4; i++) {
        struct lg_pclntab_image m;
        struct lg_go_pclntab t;
        struct lg_go_line lines[8];
        struct lg_go_func f;
        lg_pclntab_image_make(&m, forms[i]);
        open_image(&m, &t);
        assert_true(lg_go_func_at(&t, LG_PCLN_TEXT + 0x12, &f));
        assert_int_equal(lg_go_func_lines(&f, LG_PCLN_TEXT + 0x12, lines, 8),
                         3);
        assert_line(&lines[0], "main.leaf", "/src/b.go", 21);
        assert_line(&lines[1], "main.mid", "/src/a.go", 11);
        assert_line(&lines[2], "main.outer", "/src/a.go", 12);
        assert_true(lines[0].is_inlined && lines[1].is_inlined);
        assert_false(lines[2].is_inlined);
        assert_int_equal(lines[1].start_line, forms[i] == 20 ? 30 : 0);
        assert_int_equal(lg_go_func_lines(&f, LG_PCLN_TEXT + 0x12, lines, 2),
                         2);
        t.gofunc = (struct lg_str){0};
        assert_int_equal(lg_go_func_lines(&f, LG_PCLN_TEXT + 0x12, lines, 8),
                         1);
    }
}

static void test_inlined_calls_in_a_circle_end(void **state)
{
    struct lg_pclntab_image m;
    struct lg_go_pclntab t;
    struct lg_go_line lines[100];
    struct lg_go_func f;
    lg_pclntab_image_make(&m, 20);
    lg_pcln_put(&m, m.gofunc_at + 8, 0x20, 4); /* mid's caller is mid */
    open_image(&m, &t);
    assert_true(lg_go_func_at(&t, LG_PCLN_TEXT + 0x12, &f));
    assert_int_equal(lg_go_func_lines(&f, LG_PCLN_TEXT + 0x12, lines, 100),
                     100);
}

static void test_text_moves_with_the_program(void **state)
{
    struct lg_pclntab_image m;
    struct lg_go_pclntab t;
    struct lg_go_line lines[8];
    struct lg_go_func f;
    lg_pclntab_image_make(&m, 20);
    open_image(&m, &t);
    t.text += 0x55000000;
    t.etext += 0x55000000;
    assert_false(lg_go_func_at(&t, LG_PCLN_TEXT, &f));
    assert_true(lg_go_func_at(&t, t.text + 0x12, &f));
    assert_int_equal(f.entry, t.text);
    assert_int_equal(lg_go_func_lines(&f, t.text + 0x12, lines, 8), 3);
    assert_line(&lines[0], "main.leaf", "/src/b.go", 21);
}

static void test_kinds_by_version(void **state)
{
    static const struct {
        uint16_t minor;
        uint8_t goexit, mcall, runtime_main, wrapper;
    } rows[] = {{17, 7, 12, 18, 22}, {18, 7, 11, 17, 21}, {21, 7, 11, 17, 21},
                {22, 8, 12, 18, 22}, {24, 8, 12, 18, 22}, {25, 8, 12, 17, 23},
                {27, 8, 12, 17, 23}, {40, 8, 12, 17, 23}};
    struct lg_pclntab_image m;
    struct lg_go_pclntab t;
    struct lg_go_func f;
    lg_pclntab_image_make(&m, 20);
    open_image(&m, &t);
    assert_true(lg_go_func_index(&t, 1, &f));
    uint8_t *id = m.bytes + f.at + 40;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct {
            uint8_t id;
            enum lg_go_func_kind kind;
        } each[] = {{0, LG_FUNC_NORMAL},
                    {rows[i].goexit, LG_FUNC_GOEXIT},
                    {rows[i].mcall, LG_FUNC_MCALL},
                    {rows[i].runtime_main, LG_FUNC_RUNTIME_MAIN},
                    {rows[i].wrapper, LG_FUNC_WRAPPER},
                    {(uint8_t)(rows[i].wrapper + 1), LG_FUNC_OTHER},
                    {255, LG_FUNC_OTHER}};
        t.go_minor = rows[i].minor;
        for (size_t k = 0; k < sizeof each / sizeof each[0]; k++) {
            *id = each[k].id;
            assert_true(lg_go_func_index(&t, 1, &f));
            assert_int_equal(f.kind, each[k].kind);
        }
    }
}

/* All that can be asked. */
static void use(struct lg_str bytes, size_t gofunc_at)
{
    struct lg_go_pclntab t;
    struct lg_go_line lines[16];
    struct lg_go_func f;
    uint64_t from = 0;
    if (!lg_go_pclntab_parse(bytes, 0x500000, &t, NULL))
        return;
    t.gofunc = lg_str_skip(bytes, gofunc_at);
    for (uint64_t pc = LG_PCLN_TEXT - 1; pc < LG_PCLN_TEXT + 0x70; pc += 7) {
        if (!lg_go_func_at(&t, pc, &f))
            continue;
        assert_true(f.entry <= pc && pc < f.end);
        (void)lg_go_func_sp_delta(&f, pc);
        size_t count = lg_go_func_lines(&f, pc, lines, 16);
        assert_in_range(count, 1, 16);
        for (size_t i = 0; i < count; i++)
            assert_true(lines[i].function.len <= bytes.len);
    }
    (void)lg_go_func_named(&t, LG_STR("runtime.goexit"), &from, &f);
}

static void test_damage(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        struct lg_pclntab_image m;
        struct lg_rng rng = {forms[i]};
        lg_pclntab_image_make(&m, forms[i]);
        for (size_t len = 0; len < m.len; len++) {
            char *cut = malloc(len + 1); /* where the end is, for sanitizers */
            memcpy(cut, m.bytes, len);
            cut = realloc(cut, len != 0 ? len : 1);
            use(lg_str_from(cut, len), m.gofunc_at);
            free(cut);
        }
        for (int n = 0; n < 20000; n++) {
            struct lg_pclntab_image bad = m;
            for (int k = 0; k < 3; k++)
                bad.bytes[lg_rng_below(&rng, m.len)] =
                    (uint8_t)lg_rng_below(&rng, 256);
            use(lg_str_from(bad.bytes, bad.len), m.gofunc_at);
        }
    }
}

static void test_others_are_refused(void **state)
{
    struct lg_pclntab_image m;
    struct lg_go_pclntab t;
    struct lg_error err;
    lg_pclntab_image_make(&m, 20);
    struct lg_str bytes = lg_str_from(m.bytes, m.len);
    m.bytes[7] = 4;
    assert_false(lg_go_pclntab_parse(bytes, 0, &t, &err));
    assert_int_equal(err.kind, LG_UNSUPPORTED);
    m.bytes[7] = 8;
    lg_pcln_put(&m, 8, UINT64_C(1) << 60, 8); /* so many functions */
    assert_false(lg_go_pclntab_parse(bytes, 0, &t, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    m.bytes[0] = 0xf2;
    assert_false(lg_go_pclntab_parse(bytes, 0, &t, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_of_each_form),
        cmocka_unit_test(test_function_at_a_counter),
        cmocka_unit_test(test_function_by_name),
        cmocka_unit_test(test_frame_sizes),
        cmocka_unit_test(test_lines_of_each_form),
        cmocka_unit_test(test_inlined_calls_are_unfolded),
        cmocka_unit_test(test_inlined_calls_in_a_circle_end),
        cmocka_unit_test(test_text_moves_with_the_program),
        cmocka_unit_test(test_kinds_by_version),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
