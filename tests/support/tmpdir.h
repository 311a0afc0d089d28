/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a folder of its own for each test that writes files, gone when the
 * test ends. As cmocka set-up and tear-down: the test's *state is the path.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_TMPDIR_H
#define LG_TESTS_TMPDIR_H

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static inline int lg_tmpdir_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/lastgasp-test-XXXXXX",
                 parent != NULL ? parent : "/tmp") < 0)
        return -1;
    if (mkdtemp(path) == NULL) {
        free(path);
        return -1;
    }
    *state = path;
    return 0;
}

static inline int lg_tmpdir_teardown(void **state)
{
    struct lg_error err = {0};
    if (!lg_remove_tree(AT_FDCWD, *state, &err))
        fprintf(stderr, "%s\n", err.text);
    free(*state);
    return err.kind == LG_OK ? 0 : -1;
}

#define lg_tmpdir_test(function)                                               \
    cmocka_unit_test_setup_teardown(function, lg_tmpdir_setup,                 \
                                    lg_tmpdir_teardown)

#endif
