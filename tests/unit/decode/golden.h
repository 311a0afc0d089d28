/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: files of tests/golden, and hostile copies of them: cut at every
 * byte, with bytes changed. Include after cmocka.h.
 */
#ifndef LG_TESTS_GOLDEN_H
#define LG_TESTS_GOLDEN_H

#include "base/io.h"
#include "rng.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The versions of Go that tests/golden/goroutines/regenerate.sh ran. */
static const char *const lg_golden_versions[] = {"1.18.10", "1.20.14",
                                                 "1.23.12", "1.26.8", "1.27.4"};
#define LG_GOLDEN_VERSIONS                                                     \
    (sizeof lg_golden_versions / sizeof lg_golden_versions[0])

/* "goroutines/1.26.8/die-panic.txt" from "goroutines/%s/die-%s.txt" */
static inline struct lg_str lg_golden(struct lg_arena *arena, const char *fmt,
                                      ...)
    __attribute__((format(printf, 2, 3)));

static inline struct lg_str lg_golden(struct lg_arena *arena, const char *fmt,
                                      ...)
{
    char name[300], path[4400];
    struct lg_error err = {0};
    struct lg_str bytes;
    const char *tests = getenv("LG_TESTS");
    assert_non_null(tests);
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    snprintf(path, sizeof path, "%s/golden/%s", tests, name);
    if (!lg_read_file(AT_FDCWD, path, (size_t)64 << 20, arena, &bytes, &err))
        fail_msg("%s", err.text);
    return bytes;
}

/* Must be right for any bytes; it checks what it can. */
typedef void lg_hostile_fn(struct lg_str bytes, bool whole);

/* All prefixes (in steps, when long) and `flips` copies with one byte changed.
 * Each copy is of its own size, so that a sanitizer sees a read behind it. */
static inline void lg_hostile(struct lg_str bytes, size_t flips,
                              lg_hostile_fn *check)
{
    struct lg_rng rng = {bytes.len};
    size_t step = 1 + bytes.len / 4096;
    for (size_t len = 0; len <= bytes.len; len += step) {
        char *copy = malloc(len + 1);
        memcpy(copy, bytes.data, len);
        check(lg_str_from(copy, len), len == bytes.len);
        free(copy);
    }
    for (size_t i = 0; i < flips && bytes.len != 0; i++) {
        char *copy = malloc(bytes.len);
        memcpy(copy, bytes.data, bytes.len);
        copy[lg_rng_below(&rng, bytes.len)] ^=
            (char)(1 + lg_rng_below(&rng, 255));
        check(lg_str_from(copy, bytes.len), false);
        free(copy);
    }
}

#endif
