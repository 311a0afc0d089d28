/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one more item in a vector of a test's own data. When there is no
 * memory for that, there is no test.
 */
#ifndef LG_TESTS_MUST_PUSH_H
#define LG_TESTS_MUST_PUSH_H

#include "base/vec.h"

#include <stdlib.h>

static inline void *lg_must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}
#define lg_must_push(arena, v)                                                 \
    ((__typeof__((v)->items + 0))lg_must(lg_push((arena), (v))))

#endif
