/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: "fail the n-th allocation" for whatever builds in an arena. The work
 * is run again and again with a limit that grows from one byte until it
 * succeeds. Each refusal must come out as a clean LG_NOMEM or LG_LIMIT with a
 * sentence, and a success must not have swallowed one.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_ALLOC_FAIL_H
#define LG_TESTS_ALLOC_FAIL_H

#include "base/arena.h"
#include "base/error.h"

/* Runs from an empty arena; false with err set when it could not. */
typedef bool lg_alloc_fail_fn(void *context, struct lg_arena *arena,
                              struct lg_error *err);

/* Exact for small documents; for large ones the steps grow, so that the number
 * of runs stays near a thousand. */
static inline size_t lg_alloc_fail_next(size_t limit_bytes)
{
    return limit_bytes + 1 + limit_bytes / 64;
}

/* How often the work failed before it succeeded. */
static inline size_t lg_alloc_fail_all(lg_alloc_fail_fn *run, void *context)
{
    size_t failures = 0;
    for (size_t limit = 1;; limit = lg_alloc_fail_next(limit)) {
        struct lg_arena arena;
        struct lg_error err = {0};
        lg_arena_init(&arena, limit);
        bool ok = run(context, &arena, &err);
        bool refused = arena.failed;
        lg_arena_deinit(&arena);
        if (ok) {
            /* Something was lost in silence otherwise. */
            assert_false(refused);
            return failures;
        }
        assert_true(err.kind == LG_NOMEM || err.kind == LG_LIMIT);
        assert_true(err.text[0] != '\0');
        assert_true(limit < (size_t)1 << 30);
        failures++;
    }
}

#endif
