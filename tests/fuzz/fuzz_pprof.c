/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof.h"
#include "evidence/goroutines.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever is accepted has stacks whose parts all exist. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    lg_arena_init(&arena, (size_t)256 << 20);
    if (lg_pprof_parse(lg_str_from(data, len), &arena, &p, &err)) {
        struct lg_goroutines g;
        for (size_t i = 0; i < p.sample_nodes.count; i++) {
            struct lg_frame_iter it = lg_profile_frames(&p, i);
            struct lg_frame frame;
            while (lg_frame_iter_next(&it, &frame))
                if (frame.function.len != 0 && frame.function.data == NULL)
                    abort();
        }
        for (int t = 0; t < (int)p.types.count; t++)
            lg_profile_total(&p, t);
        if (lg_goroutines_from_profile(&p, &arena, &g)) {
            struct lg_goroutine_groups groups;
            lg_goroutines_group(&g, &arena, &groups);
        }
    } else if (err.text[0] == '\0') {
        abort();
    }
    lg_arena_deinit(&arena);
    return 0;
}
