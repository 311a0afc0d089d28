/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Answers of Go 1.27.4's path/filepath. */
static const struct {
    const char *path, *clean, *base, *dir;
} singles[] = {
    {"", ".", ".", "."},
    {"/", "/", "/", "/"},
    {"//", "/", "/", "/"},
    {"///a//", "/a", "a", "/a"},
    {"a", "a", "a", "."},
    {"a/", "a", "a", "a"},
    {"./a", "a", "a", "."},
    {"a/.", "a", ".", "a"},
    {"../a", "../a", "a", ".."},
    {"a/..", ".", "..", "a"},
    {"a/../..", "..", "..", "."},
    {"../../a/../b", "../../b", "b", "../.."},
    {"/..", "/", "..", "/"},
    {"/../a", "/a", "a", "/"},
    {"a//b", "a/b", "b", "a"},
    {"a/b/../c", "a/c", "c", "a"},
    {"/a/./b/", "/a/b", "b", "/a/b"},
    {"...", "...", "...", "."},
    {"a/...", "a/...", "...", "a"},
    {"..a", "..a", "..a", "."},
    {"/a/..b", "/a/..b", "..b", "/a"},
    {"/./../x/", "/x", "x", "/x"},
    {"ä/../b", "b", "b", "."},
    {"a/b/..", "a", "..", "a/b"},
};
static const struct {
    const char *folder, *name, *joined;
} joins[] = {
    {"", "", ""},         {"", "a/", "a"},       {"/a", "", "/a"},
    {"/a", "../b", "/b"}, {"a", "/b", "a/b"},    {".", "x.go", "x.go"},
    {"/", "x", "/x"},     {"a/", "./b/", "a/b"},
};

static void assert_str(struct lg_str got, const char *want)
{
    if (!lg_str_eq(got, lg_str_of(want)))
        fail_msg("got \"%.*s\", want \"%s\"", LG_STR_ARG(got), want);
}

static void names_are_cleaned_and_cut_as_go_does(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(singles); i++) {
        struct lg_str path = lg_str_of(singles[i].path);
        assert_str(lg_path_clean(path, &arena), singles[i].clean);
        assert_str(lg_path_base(path), singles[i].base);
        assert_str(lg_path_dir(path, &arena), singles[i].dir);
    }
    for (size_t i = 0; i < LG_COUNT(joins); i++)
        assert_str(lg_path_join(lg_str_of(joins[i].folder),
                                lg_str_of(joins[i].name), &arena),
                   joins[i].joined);
    lg_arena_deinit(&arena);
}

static void mix(uint64_t *hash, struct lg_str s) /* FNV-1a */
{
    for (size_t i = 0; i <= s.len; i++) {
        char c = i < s.len ? s.data[i] : '\n';
        *hash = (*hash ^ (unsigned char)c) * 0x100000001b3;
    }
}

static void walk(uint64_t *hash, char *path, size_t len, size_t left)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str s = lg_str_from(path, len);
    mix(hash, lg_path_clean(s, &arena));
    mix(hash, lg_path_base(s));
    mix(hash, lg_path_dir(s, &arena));
    lg_arena_deinit(&arena);
    for (const char *c = "/.a"; left != 0 && *c != '\0'; c++) {
        path[len] = *c;
        walk(hash, path, len + 1, left - 1);
    }
}

/* All 29,524 names of up to nine of "/.a": the hash of what Go answers. */
static void every_short_name_is_as_go_has_it(void **state)
{
    (void)state;
    char path[9];
    uint64_t hash = 0xcbf29ce484222325;
    walk(&hash, path, 0, sizeof path);
    assert_true(hash == 0x3f204381e77b59f5);
}

static void without_memory_there_is_no_name(void **state)
{
    (void)state;
    struct lg_arena arena;
    char room[8];
    lg_arena_init_fixed(&arena, room, sizeof room);
    assert_null(lg_path_clean(LG_STR("a/../b/c/d/e/f/g"), &arena).data);
    assert_null(lg_path_join(LG_STR("/some/where"), LG_STR("b"), &arena).data);
    assert_non_null(lg_path_clean(LG_STR("/needs/no/memory"), &arena).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_cleaned_and_cut_as_go_does),
        cmocka_unit_test(every_short_name_is_as_go_has_it),
        cmocka_unit_test(without_memory_there_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
