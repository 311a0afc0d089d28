/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_go_process.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* No memory, however it lies, costs more reads than this: a scan of its few
 * thousand words, a look at each. */
#define READS_MAX 3000000

static struct lg_fake_go process;

struct opened {
    struct lg_arena arena;
    struct lg_go *go;
    struct lg_error err;
    bool ok;
};

static void open_it(struct opened *o, bool ignore_symbols)
{
    struct lg_go_open_options options = {.ignore_symbols = ignore_symbols};
    lg_error_clear(&o->err);
    o->go = NULL;
    o->ok =
        lg_go_open(&process.fake.image, &options, &o->arena, &o->go, &o->err);
}

static void make(struct opened *o, const char *version, const char *laid_out_as)
{
    lg_arena_init(&o->arena, 0);
    lg_fake_go_init(&process, &o->arena, version, laid_out_as);
}

static void assert_var(const struct lg_go *go, enum lg_go_var var,
                       uint64_t address, enum lg_go_how how)
{
    assert_int_equal(go->vars[var], address);
    assert_int_equal(go->vars_how[var], how);
}

static void test_open_by_symbols(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    open_it(&o, false);
    assert_true(o.ok);
    assert_int_equal(o.go->minor, 26);
    assert_int_equal(o.go->patch, 11);
    assert_ptr_equal(o.go->layout, process.layout);
    assert_int_equal(o.go->layout_how, LG_HOW_TABLE);
    assert_var(o.go, LG_VAR_ALLGS, LG_FAKE_ALLGS, LG_HOW_SYMBOL);
    assert_var(o.go, LG_VAR_ALLM, LG_FAKE_ALLM, LG_HOW_SYMBOL);
    assert_var(o.go, LG_VAR_M0, LG_FAKE_M0, LG_HOW_SYMBOL);
    assert_var(o.go, LG_VAR_MHEAP, 0, LG_HOW_NOT);
    lg_arena_deinit(&o.arena);
}

static void test_open_stripped(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    open_it(&o, true);
    assert_true(o.ok);
    assert_var(o.go, LG_VAR_ALLGS, LG_FAKE_ALLGS, LG_HOW_SCAN);
    assert_var(o.go, LG_VAR_ALLM, LG_FAKE_ALLM, LG_HOW_SCAN);
    assert_var(o.go, LG_VAR_ALLP, LG_FAKE_ALLP, LG_HOW_SCAN);
    assert_var(o.go, LG_VAR_WAIT_REASONS, LG_FAKE_REASONS, LG_HOW_SCAN);
    lg_arena_deinit(&o.arena);
}

static void test_module_and_names(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    open_it(&o, false);
    assert_true(o.ok);
    assert_int_equal(o.go->modules.count, 1);
    const struct lg_go_module *m = lg_go_module_find(o.go, LG_PCLN_TEXT + 5);
    assert_non_null(m);
    assert_int_equal(m->address, LG_FAKE_MODULE);
    assert_int_equal(m->bss, LG_FAKE_BSS);
    assert_null(lg_go_module_find(o.go, LG_PCLN_TEXT - 1));
    struct lg_go_line lines[4];
    struct lg_go_func f;
    assert_true(lg_go_func_at(&m->table, LG_PCLN_TEXT + 0x12, &f));
    assert_int_equal(lg_go_func_lines(&f, LG_PCLN_TEXT + 0x12, lines, 4), 3);
    assert_true(lg_str_eq(lines[0].function, LG_STR("main.leaf")));
    lg_arena_deinit(&o.arena);
}

static void test_wait_reasons_are_the_targets_words(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    open_it(&o, false);
    assert_true(o.ok);
    assert_int_equal(o.go->wait_reason_count,
                     process.layout->offset[LG_WAIT_REASON_COUNT]);
    assert_true(lg_str_eq(lg_go_wait_reason(o.go, 2), LG_STR("IO wait")));
    assert_true(lg_str_eq(lg_go_wait_reason(o.go, 9), LG_STR("reason 9")));
    assert_int_equal(lg_go_wait_reason(o.go, 0).len, 0);
    assert_int_equal(lg_go_wait_reason(o.go, 1000).len, 0);
    lg_arena_deinit(&o.arena);
}

/* Every row of the table is found back under a version that nobody knows. */
static void test_unknown_version_is_guessed(void **state)
{
    static const char *const versions[] = {
        "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12",
        "go1.23.12", "go1.24.13", "go1.26.11", "go1.27.4"};
    for (size_t i = 0; i < LG_COUNT(versions); i++) {
        struct opened o;
        make(&o, "devel go1.99-abcdef", versions[i]);
        open_it(&o, true);
        assert_true(o.ok);
        assert_int_equal(o.go->layout_how, LG_HOW_GUESS);
        assert_int_equal(o.go->layout->offset[LG_G_GOID],
                         process.layout->offset[LG_G_GOID]);
        assert_int_equal(o.go->layout->offset[LG_M_ALLLINK],
                         process.layout->offset[LG_M_ALLLINK]);
        lg_arena_deinit(&o.arena);
    }
}

static void test_not_go(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    memset(process.file + sizeof process.text, 0, 14);
    open_it(&o, false);
    assert_false(o.ok);
    assert_int_equal(o.err.kind, LG_ABSENT);
    process.fake.image.binary = (struct lg_str){0};
    open_it(&o, false);
    assert_false(o.ok);
    assert_int_equal(o.err.kind, LG_ABSENT);
    lg_arena_deinit(&o.arena);
}

static void test_what_was_tried_is_said(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    for (int i = 0; i < LG_FAKE_GOROUTINES; i++)
        memset(lg_fake_at(&process, LG_FAKE_G(i)), 0xa5, 0x200);
    open_it(&o, false);
    assert_false(o.ok);
    assert_int_equal(o.err.kind, LG_UNSUPPORTED);
    assert_non_null(strstr(o.err.text, "go1.26.11"));
    assert_non_null(strstr(o.err.text, "tried"));
    lg_arena_deinit(&o.arena);
}

/* Nothing to check yet: the version's own row stands. */
static void test_runtime_that_has_only_begun(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    memset(process.bss, 0, sizeof process.bss);
    open_it(&o, false);
    assert_true(o.ok);
    assert_int_equal(o.go->layout_how, LG_HOW_TABLE);
    lg_arena_deinit(&o.arena);
}

static void test_process_that_ends_meanwhile(void **state)
{
    struct opened o;
    make(&o, "go1.26.11", "go1.26.11");
    open_it(&o, true);
    uint64_t reads = process.fake.image.read_calls;
    lg_arena_deinit(&o.arena);
    for (uint64_t n = 0; n < reads; n += 1 + n / 16) {
        make(&o, "go1.26.11", "go1.26.11");
        process.fake.reads_left = n;
        open_it(&o, true);
        /* Whether it is enough, or an error that says so. */
        assert_true(o.ok || o.err.kind == LG_ABSENT ||
                    o.err.kind == LG_BAD_DATA);
        assert_true(process.fake.image.gone || o.ok);
        lg_arena_deinit(&o.arena);
    }
}

/* A word anywhere becomes what lies: the address of something else, all ones,
 * a count of 2^60, any number. */
static uint64_t lie(struct lg_rng *rng)
{
    switch (lg_rng_below(rng, 6)) {
    case 0:
        return UINT64_MAX;
    case 1:
        return UINT64_C(1) << 60;
    case 2:
        return LG_FAKE_HEAP + 8 * lg_rng_below(rng, LG_FAKE_HEAP_BYTES / 8);
    case 3:
        return LG_FAKE_BSS + 8 * lg_rng_below(rng, LG_FAKE_BSS_BYTES / 8);
    case 4:
        return lg_rng_below(rng, 1 << 16);
    default:
        return lg_rng_u64(rng);
    }
}

static void damage(struct lg_rng *rng)
{
    struct {
        uint8_t *bytes;
        size_t len;
    } parts[] = {{process.file, sizeof process.file},
                 {process.data, sizeof process.data},
                 {process.bss, 0x100}, /* variables; then objects */
                 {process.bss + 0x3000, 0x2000},
                 {process.heap, 0x2100}};
    for (uint64_t n = 1 + lg_rng_below(rng, 6); n > 0; n--) {
        size_t i = (size_t)lg_rng_below(rng, LG_COUNT(parts));
        size_t at = 8 * (size_t)lg_rng_below(rng, parts[i].len / 8);
        uint64_t value = lie(rng);
        memcpy(parts[i].bytes + at, &value, sizeof value);
    }
}

static void test_memory_that_lies(void **state)
{
    struct lg_rng rng = {26};
    for (int n = 0; n < 1500; n++) {
        struct opened o;
        make(&o, n % 3 == 0 ? "go1.99" : "go1.26.11", "go1.26.11");
        damage(&rng);
        open_it(&o, n % 2 == 0);
        assert_true(o.ok || o.err.kind != LG_OK);
        assert_true(process.fake.image.read_calls < READS_MAX);
        lg_arena_deinit(&o.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_by_symbols),
        cmocka_unit_test(test_open_stripped),
        cmocka_unit_test(test_module_and_names),
        cmocka_unit_test(test_wait_reasons_are_the_targets_words),
        cmocka_unit_test(test_unknown_version_is_guessed),
        cmocka_unit_test(test_not_go),
        cmocka_unit_test(test_what_was_tried_is_said),
        cmocka_unit_test(test_runtime_that_has_only_begun),
        cmocka_unit_test(test_process_that_ends_meanwhile),
        cmocka_unit_test(test_memory_that_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
