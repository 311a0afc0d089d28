/* SPDX-License-Identifier: Apache-2.0 */
#include "target/build_info.h"

#include "base/io.h"
#include "elf_image.h"
#include "rng.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "tmpdir.h"

#define MARK "0123456789abcdef"
#define MODULES                                                                \
    MARK "path\texample.com/m/cmd/consumer\n"                                  \
         "mod\texample.com/m\tv1.4.0\th1:abc=\n"                               \
         "dep\tgithub.com/a/b\tv0.1.0\th1:x=\n"                                \
         "dep\tgithub.com/gogo/protobuf\tv1.2.0\n"                             \
         "=>\tgithub.com/fork/protobuf\tv1.3.2\th1:y=\n"                       \
         "dep\texample.com/local\tv0.0.0\n"                                    \
         "=>\t./local\t\n"                                                     \
         "build\t-race=true\n"                                                 \
         "build\tCGO_ENABLED=1\n"                                              \
         "build\tvcs.revision=deadbeef\n" MARK

static struct lg_str view(const struct lg_elf_image *m)
{
    return lg_str_from(m->bytes, sizeof m->bytes);
}

static void assert_str(struct lg_str s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}

/* at: offset in the segment. Go ≥ 1.18. */
static void put_inline(struct lg_elf_image *m, size_t at, const char *version,
                       const char *modules)
{
    unsigned char *to = m->bytes + LG_ELF_DATA_AT + at;
    size_t len = strlen(modules);
    memcpy(to, "\xff Go buildinf:", 14);
    to[14] = 8;
    to[15] = 2;
    to += 32;
    *to++ = (unsigned char)strlen(version);
    memcpy(to, version, strlen(version));
    to += strlen(version);
    *to++ = (unsigned char)(len & 0x7f) | 0x80;
    *to++ = (unsigned char)(len >> 7);
    memcpy(to, modules, len);
}

/* Go ≤ 1.17: pointers to Go strings, all within the segment. */
static void put_pointers(struct lg_elf_image *m, const char *version,
                         const char *modules)
{
    size_t word = m->is_64 ? 8 : 4, base = LG_ELF_DATA_AT;
    memcpy(m->bytes + base, "\xff Go buildinf:", 14);
    m->bytes[base + 14] = (unsigned char)word;
    m->bytes[base + 15] = m->is_big_endian;
    lg_put(m, base + 16, LG_ELF_DATA_ADDRESS + 0x40, word);
    lg_put(m, base + 16 + word, LG_ELF_DATA_ADDRESS + 0x50, word);
    lg_put(m, base + 0x40, LG_ELF_DATA_ADDRESS + 0x80, word);
    lg_put(m, base + 0x40 + word, strlen(version), word);
    lg_put(m, base + 0x50, LG_ELF_DATA_ADDRESS + 0x100, word);
    lg_put(m, base + 0x50 + word, strlen(modules), word);
    memcpy(m->bytes + base + 0x80, version, strlen(version));
    memcpy(m->bytes + base + 0x100, modules, strlen(modules));
}

static void assert_modules(const struct lg_build_info *b)
{
    assert_true(b->is_go);
    assert_str(b->path, "example.com/m/cmd/consumer");
    assert_str(b->module.path, "example.com/m");
    assert_str(b->module.version, "v1.4.0");
    assert_int_equal(b->deps.count, 3);
    assert_str(b->deps.items[0].path, "github.com/a/b");
    assert_str(b->deps.items[0].version, "v0.1.0");
    assert_str(b->deps.items[1].path, "github.com/gogo/protobuf");
    assert_str(b->deps.items[1].version, "v1.3.2");
    assert_str(b->deps.items[2].path, "example.com/local");
    assert_str(b->deps.items[2].version, "v0.0.0");
    assert_true(b->race && b->cgo);
}

static void inline_form(void **state)
{
    (void)state;
    for (int sections = 0; sections < 2; sections++) {
        struct lg_elf_image m;
        struct lg_build_info b;
        struct lg_error err = {0};
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        lg_elf_image_init(&m, true, false, 0);
        put_inline(&m, 0x20, "go1.26.8", MODULES);
        if (sections)
            lg_elf_image_sections(&m, ".go.buildinfo", SHT_PROGBITS);
        assert_true(lg_build_info_parse(view(&m), &arena, &b, &err));
        assert_str(b.go_version, "go1.26.8");
        assert_modules(&b);
        assert_true(b.stripped);
        lg_arena_deinit(&arena);
    }
}

static void pointer_form(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct lg_elf_image m;
        struct lg_build_info b;
        struct lg_error err = {0};
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        lg_elf_image_init(&m, (variant & 1) != 0, (variant & 2) != 0, 0);
        put_pointers(&m, "go1.16.15", MODULES);
        assert_true(lg_build_info_parse(view(&m), &arena, &b, &err));
        assert_str(b.go_version, "go1.16.15");
        assert_modules(&b);
        lg_arena_deinit(&arena);
    }
}

/* The magic bytes alone, or at an odd address, are not the blob. */
static void lookalikes_are_passed_over(void **state)
{
    (void)state;
    struct lg_elf_image m;
    struct lg_build_info b;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    lg_elf_image_init(&m, true, false, 0);
    memcpy(m.bytes + LG_ELF_DATA_AT + 0x10, "\xff Go buildinf:", 14);
    put_inline(&m, 0x35, "go1.20.1", "");
    assert_true(lg_build_info_parse(view(&m), &arena, &b, NULL));
    assert_false(b.is_go);
    put_inline(&m, 0x80, "go1.20.2", "");
    assert_true(lg_build_info_parse(view(&m), &arena, &b, NULL));
    assert_true(b.is_go);
    assert_str(b.go_version, "go1.20.2");
    assert_int_equal(b.module.path.len, 0);
    lg_elf_image_init(&m, true, false, 0);
    put_inline(&m, 0x20, "\033[31mgo", "");
    assert_true(lg_build_info_parse(view(&m), &arena, &b, NULL));
    assert_false(b.is_go);
    lg_arena_deinit(&arena);
}

static void notes_give_the_build_id(void **state)
{
    (void)state;
    static const char go_note[] = "\4\0\0\0\6\0\0\0\4\0\0\0Go\0\0ab/cd/\0";
    static const char gnu_note[] =
        "\4\0\0\0\3\0\0\0\3\0\0\0GNU\0\xde\xad\x01\0";
    struct lg_elf_image m;
    struct lg_build_info b;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    lg_elf_image_init(&m, true, false, 24);
    memcpy(m.bytes + LG_ELF_NOTES_AT, go_note, 24);
    assert_true(lg_build_info_parse(view(&m), &arena, &b, NULL));
    assert_str(b.build_id, "ab/cd/");
    lg_elf_image_init(&m, true, false, 44);
    memcpy(m.bytes + LG_ELF_NOTES_AT, go_note, 24);
    memcpy(m.bytes + LG_ELF_NOTES_AT + 24, gnu_note, 20);
    assert_true(lg_build_info_parse(view(&m), &arena, &b, NULL));
    assert_str(b.build_id, "dead01");
    lg_arena_deinit(&arena);
}

static bool parse_image(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_build_info b;
    return lg_build_info_parse(view(context), arena, &b, err);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    struct lg_elf_image m;
    lg_elf_image_init(&m, true, false, 0);
    put_inline(&m, 0, "go1.26.8", MODULES);
    assert_true(lg_alloc_fail_all(parse_image, &m) > 5);
}

static void damage_never_crashes(void **state)
{
    (void)state;
    struct lg_rng rng = {.state = 0xb1d};
    for (int variant = 0; variant < 2; variant++) {
        struct lg_elf_image m, damaged;
        lg_elf_image_init(&m, true, false, 24);
        if (variant == 0)
            put_inline(&m, 0, "go1.26.8", MODULES);
        else
            put_pointers(&m, "go1.16.15", MODULES);
        for (int i = 0; i < 4000; i++) {
            struct lg_build_info b;
            struct lg_arena arena;
            size_t len = sizeof m.bytes;
            damaged = m;
            for (int flips = 0; flips < 4; flips++)
                damaged.bytes[lg_rng_below(&rng, 0x600)] =
                    (unsigned char)lg_rng_u64(&rng);
            if (i % 2 != 0)
                len = lg_rng_below(&rng, len);
            char *copy = test_malloc(len + 1);
            memcpy(copy, damaged.bytes, len);
            lg_arena_init(&arena, 1 << 20);
            (void)lg_build_info_parse(lg_str_from(copy, len), &arena, &b, NULL);
            lg_arena_deinit(&arena);
            test_free(copy);
        }
    }
}

/* Not Go, and no harm: a C program. */
static void this_test_is_not_go(void **state)
{
    (void)state;
    struct lg_mapped m;
    struct lg_build_info b;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    assert_true(lg_mapped_open(&m, AT_FDCWD, "/proc/self/exe", NULL));
    assert_true(lg_build_info_parse(m.bytes, &arena, &b, NULL));
    assert_false(b.is_go);
    assert_false(b.stripped);
    lg_mapped_deinit(&m);
    lg_arena_deinit(&arena);
}

/* What `go version -m` prints of a program, without its check sums, build
 * settings and replacements. */
static void print_like_go(const struct lg_build_info *b, const char *path,
                          FILE *out)
{
    fprintf(out, "%s: %.*s\n", path, LG_STR_ARG(b->go_version));
    fprintf(out, "\tpath\t%.*s\n", LG_STR_ARG(b->path));
    if (b->module.path.len > 0)
        fprintf(out, "\tmod\t%.*s\t%.*s\n", LG_STR_ARG(b->module.path),
                LG_STR_ARG(b->module.version));
    lg_each(dep, b->deps)
        fprintf(out, "\tdep\t%.*s\t%.*s\n", LG_STR_ARG(dep->path),
                LG_STR_ARG(dep->version));
}

static char *run_and_read(const char *command)
{
    FILE *pipe = popen(command, "re");
    static char text[1 << 16];
    assert_non_null(pipe);
    size_t len = fread(text, 1, sizeof text - 1, pipe);
    text[len] = '\0';
    return pclose(pipe) == 0 ? text : NULL;
}

static const char program[] = "package main\n\nfunc main() { println(1) }\n";

static void write_program(const char *dir)
{
    char path[512];
    snprintf(path, sizeof path, "%s/main.go", dir);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(program, f);
    fclose(f);
    snprintf(path, sizeof path, "%s/go.mod", dir);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs("module example.com/hello\n\ngo 1.18\n", f);
    fclose(f);
}

/* The oracle is Go's own reader; without a Go at hand nothing is shown. */
static void agrees_with_go(void **state)
{
    static const char *const flags[] = {"", "-ldflags='-s -w'",
                                        "-buildmode=pie"};
    const char *dir = *state;
    if (system("command -v go >/dev/null 2>&1") != 0)
        skip();
    write_program(dir);
    for (size_t i = 0; i < LG_COUNT(flags); i++) {
        char command[1024], binary[512], mine[4096];
        struct lg_build_info b;
        struct lg_error err = {0};
        struct lg_mapped m;
        struct lg_arena arena;
        snprintf(binary, sizeof binary, "%s/hello", dir);
        snprintf(command, sizeof command,
                 "cd %s && GOTOOLCHAIN=local GOFLAGS=-mod=mod go build %s -o "
                 "hello . 2>&1",
                 dir, flags[i]);
        assert_non_null(run_and_read(command));
        snprintf(command, sizeof command,
                 "GOTOOLCHAIN=local go version -m %s | awk -F'\\t' 'NR == 1 "
                 "{ print } $2 == \"path\" { print \"\\t\" $2 \"\\t\" $3 } "
                 "$2 == \"mod\" || $2 == \"dep\" { print \"\\t\" $2 \"\\t\" "
                 "$3 \"\\t\" $4 }'",
                 binary);
        const char *theirs = run_and_read(command);
        assert_non_null(theirs);
        lg_arena_init(&arena, 0);
        assert_true(lg_mapped_open(&m, AT_FDCWD, binary, &err));
        assert_true(lg_build_info_parse(m.bytes, &arena, &b, &err));
        FILE *out = fmemopen(mine, sizeof mine, "w");
        print_like_go(&b, binary, out);
        fclose(out);
        assert_string_equal(mine, theirs);
        assert_false(b.race);
        assert_int_equal(b.stripped, i == 1);
        assert_true(b.build_id.len > 0);
        lg_mapped_deinit(&m);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inline_form),
        cmocka_unit_test(pointer_form),
        cmocka_unit_test(lookalikes_are_passed_over),
        cmocka_unit_test(notes_give_the_build_id),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(damage_never_crashes),
        cmocka_unit_test(this_test_is_not_go),
        lg_tmpdir_test(agrees_with_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
