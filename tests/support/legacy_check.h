/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what holds for every profile that a legacy form gave: indices are in
 * their tables, ids count from 1, each sample has its values.
 */
#ifndef LG_TESTS_LEGACY_CHECK_H
#define LG_TESTS_LEGACY_CHECK_H

#include "base/vec.h"
#include "decode/legacy_profile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static inline void lg_legacy_check_profile(const struct lg_profile *p)
{
    lg_each(s, p->samples)
        for (uint32_t i = 0; i < s->count; i++)
            if (p->stacks.items[s->first + i] >= p->locations.count)
                abort();
    for (size_t i = 0; i < p->locations.count; i++) {
        const struct lg_profile_location *l = &p->locations.items[i];
        if (l->id != i + 1 || l->mapping > p->mappings.count ||
            l->line_first + l->line_count > p->lines.count)
            abort();
    }
    lg_each(line, p->lines)
        if (line->function >= p->functions.count)
            abort();
    lg_each(label, p->labels)
        if (label->sample >= p->samples.count)
            abort();
    if (p->samples.count != 0 && p->types.count == 0)
        abort();
}

static inline int lg_legacy_check(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    lg_arena_init(&arena, (size_t)256 << 20);
    if (lg_legacy_profile_parse(lg_str_from(data, len), &arena, &p, &err))
        lg_legacy_check_profile(&p);
    else if (err.text[0] == '\0' || err.kind == LG_OK)
        abort();
    lg_arena_deinit(&arena);
    return 0;
}

#endif
