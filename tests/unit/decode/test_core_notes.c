/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/core_notes.h"

#include "core_file.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

static struct lg_core_file_builder builder;

static void build(void)
{
    const struct lg_core_file_row rows[] = {
        {0x400000, 0x401000, 0, "/srv/app"},
        {0x401000, 0x500000, 1, "/srv/app"},
        {0x7f0000000000, 0x7f0000010000, 0x12, "/lib/with a\nnewline.so"},
    };
    lg_core_file_begin(&builder, EM_X86_64);
    lg_core_file_thread(&builder, 4711, 0x401234, 0xc000001000, 0xc000001040,
                        0xc000002000, 0x7f1111111111);
    lg_core_file_info(&builder, 4700, "app");
    lg_core_file_auxv(&builder, 0x401000, 0x400040);
    lg_core_file_files(&builder, rows, 3);
    lg_core_file_thread(&builder, 4712, 1, 2, 3, 4, 5);
    lg_core_file_note(&builder, "LINUX", NT_X86_XSTATE, "xxxx", 4);
    lg_core_file_note(&builder, "OTHER", NT_PRSTATUS, "xxxx", 4);
    lg_core_file_end(&builder);
}

static bool parse(struct lg_str file, struct lg_arena *arena,
                  struct lg_core_notes *ret, struct lg_error *err)
{
    struct lg_elf elf;
    return lg_elf_parse(file, &elf, err) &&
           lg_core_notes_parse(&elf, arena, ret, err);
}

static void assert_str(struct lg_str s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}

static void notes_are_read(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_core_notes n = {0};
    lg_arena_init(&arena, 0);
    build();
    assert_true(
        parse(lg_str_from(builder.bytes, builder.len), &arena, &n, NULL));
    assert_false(n.cut);
    assert_int_equal(n.pid, 4700);
    assert_str(n.comm, "app");
    assert_int_equal(n.threads.count, 2);
    assert_int_equal(n.files.count, 3);
    if (n.threads.items == NULL || n.files.items == NULL)
        return; /* as the analyser does not know that we are not here */
    assert_int_equal(n.threads.items[0].tid, 4711);
    assert_int_equal(n.threads.items[0].pc, 0x401234);
    assert_int_equal(n.threads.items[0].sp, 0xc000001000);
    assert_int_equal(n.threads.items[0].bp, 0xc000001040);
    assert_int_equal(n.threads.items[0].g, 0xc000002000);
    assert_int_equal(n.threads.items[0].tls, 0x7f1111111111);
    assert_int_equal(n.threads.items[1].tid, 4712);
    assert_int_equal(n.files.items[1].offset, 4096);
    assert_str(n.files.items[1].path, "/srv/app");
    assert_str(n.files.items[2].path, "/lib/with a\nnewline.so");
    assert_int_equal(n.files.items[2].start, 0x7f0000000000);
    assert_int_equal(n.auxv.len, 48);
    lg_arena_deinit(&arena);
}

static void arm64_has_its_own_registers(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_core_notes n = {0};
    unsigned char status[392] = {0};
    uint64_t words[34], tls = 0x7f22;
    int32_t tid = 9;
    lg_arena_init(&arena, 0);
    for (uint64_t i = 0; i < 34; i++)
        words[i] = 100 + i;
    memcpy(status + 32, &tid, sizeof tid);
    memcpy(status + 112, words, sizeof words);
    lg_core_file_begin(&builder, EM_AARCH64);
    lg_core_file_note(&builder, "CORE", NT_PRSTATUS, status, sizeof status);
    lg_core_file_note(&builder, "LINUX", 0x401, &tls, sizeof tls);
    lg_core_file_end(&builder);
    assert_true(
        parse(lg_str_from(builder.bytes, builder.len), &arena, &n, NULL));
    assert_int_equal(n.threads.count, 1);
    const struct lg_core_thread *t = n.threads.items;
    if (t == NULL)
        return;
    assert_int_equal(t->g, 128);
    assert_int_equal(t->bp, 129);
    assert_int_equal(t->link, 130);
    assert_int_equal(t->sp, 131);
    assert_int_equal(t->pc, 132);
    assert_int_equal(t->tls, 0x7f22);
    assert_int_equal(n.pid, 9); /* nothing better is told */
    lg_arena_deinit(&arena);
}

/* Every prefix is read as far as it goes; whatever comes before the cut is
 * what the whole core says. */
static void a_cut_core_gives_what_is_there(void **state)
{
    (void)state;
    build();
    for (size_t len = sizeof(Elf64_Ehdr); len < builder.len; len++) {
        struct lg_arena arena;
        struct lg_core_notes n = {0};
        char *copy = test_malloc(len);
        memcpy(copy, builder.bytes, len);
        lg_arena_init(&arena, 0);
        assert_true(parse(lg_str_from(copy, len), &arena, &n, NULL));
        assert_true(n.threads.count <= 2 && n.files.count <= 3);
        if (n.threads.items != NULL && !n.cut)
            assert_int_equal(n.threads.items[0].tid, 4711);
        lg_arena_deinit(&arena);
        test_free(copy);
    }
}

/* A count of 2^60 takes no memory. */
static void counts_that_lie(void **state)
{
    (void)state;
    const uint64_t lies[] = {4, 1000, UINT64_C(1) << 60, UINT64_MAX};
    for (size_t i = 0; i < LG_COUNT(lies); i++) {
        struct lg_arena arena;
        struct lg_core_notes n = {0};
        uint64_t header[2] = {lies[i], 4096};
        lg_arena_init(&arena, 4096);
        lg_core_file_begin(&builder, EM_X86_64);
        lg_core_file_note(&builder, "CORE", NT_FILE, header, sizeof header);
        lg_core_file_end(&builder);
        assert_true(
            parse(lg_str_from(builder.bytes, builder.len), &arena, &n, NULL));
        assert_true(n.cut);
        assert_int_equal(n.files.count, 0);
        lg_arena_deinit(&arena);
    }
}

static void damage_never_crashes(void **state)
{
    (void)state;
    struct lg_rng rng = {.state = 0xc04e};
    build();
    for (int i = 0; i < 5000; i++) {
        struct lg_arena arena;
        struct lg_core_notes n = {0};
        size_t len = builder.len;
        if (i % 2 != 0)
            len = lg_rng_below(&rng, len);
        unsigned char *copy = test_malloc(len + 1);
        memcpy(copy, builder.bytes, len);
        for (int flips = 0; len != 0 && flips < 6; flips++)
            copy[lg_rng_below(&rng, len)] = (unsigned char)lg_rng_u64(&rng);
        lg_arena_init(&arena, 1 << 20);
        (void)parse(lg_str_from(copy, len), &arena, &n, NULL);
        lg_arena_deinit(&arena);
        test_free(copy);
    }
}

static bool parse_all(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_core_notes n = {0};
    (void)context;
    return parse(lg_str_from(builder.bytes, builder.len), arena, &n, err);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    build();
    assert_true(lg_alloc_fail_all(parse_all, NULL) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_read),
        cmocka_unit_test(arm64_has_its_own_registers),
        cmocka_unit_test(a_cut_core_gives_what_is_there),
        cmocka_unit_test(counts_that_lie),
        cmocka_unit_test(damage_never_crashes),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
