/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/folded.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Stacks refer to what is there, and none is empty. */
static void check(const struct lg_profile *p)
{
    lg_each(s, p->samples) {
        if (s->count == 0 || s->first + s->count > p->stacks.count)
            abort();
        for (uint32_t i = 0; i < s->count; i++)
            if (p->stacks.items[s->first + i] >= p->locations.count)
                abort();
    }
    if (p->locations.count != p->functions.count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    lg_arena_init(&arena, (size_t)256 << 20);
    if (lg_folded_parse(lg_str_from(data, len), &arena, &p, &err))
        check(&p);
    else if (err.text[0] == '\0')
        abort();
    lg_arena_deinit(&arena);
    return 0;
}
