/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what a program says, compared with what a person has read and found
 * right. With LG_BLESS=1 in the environment the files are written instead of
 * compared; `git diff` then shows what is to be read.
 *
 * Include after cmocka.h. The environment names tests/ as LG_TESTS.
 */
#ifndef LG_TESTS_GOLDEN_H
#define LG_TESTS_GOLDEN_H

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* name: the path below tests/golden/. */
static inline void lg_golden_check(const char *name, struct lg_str actual)
{
    char path[4096];
    const char *tests = getenv("LG_TESTS");
    assert_non_null(tests);
    snprintf(path, sizeof path, "%s/golden/%s", tests, name);
    struct lg_error err = {0};
    if (getenv("LG_BLESS") != NULL) {
        if (!lg_write_file(AT_FDCWD, path, actual, 0644, &err))
            fail_msg("%s", err.text);
        return;
    }
    struct lg_arena arena;
    struct lg_str expected;
    lg_arena_init(&arena, 0);
    if (!lg_read_file(AT_FDCWD, path, 1 << 24, &arena, &expected, &err))
        fail_msg("%s (LG_BLESS=1 writes it)", err.text);
    if (!lg_str_eq(expected, actual)) {
        size_t at = 0;
        while (at < expected.len && at < actual.len &&
               expected.data[at] == actual.data[at])
            at++;
        print_message("%s differs at byte %zu (LG_BLESS=1 writes it):\n%.*s\n",
                      path, at, LG_STR_ARG(actual));
        fail();
    }
    lg_arena_deinit(&arena);
}

#endif
