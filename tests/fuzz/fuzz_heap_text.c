/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/heap_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_memstats m;
    struct lg_error err = {0};
    struct lg_str bytes = lg_str_from(data, len);
    lg_arena_init(&arena, (size_t)256 << 20);
    lg_heap_text_memstats(bytes, &m, NULL);
    if (lg_heap_text_parse(bytes, &arena, &p, &err)) {
        for (size_t i = 0; i < p.samples.count; i++) {
            struct lg_frame_iter it = lg_profile_frames(&p, i);
            struct lg_frame frame;
            while (lg_frame_iter_next(&it, &frame))
                if (frame.function.len != 0 && frame.function.data == NULL)
                    abort();
            for (int t = 0; t < 4; t++)
                if (lg_profile_value(&p, i, t) < 0)
                    abort();
        }
    } else if (err.text[0] == '\0') {
        abort();
    }
    lg_arena_deinit(&arena);
    return 0;
}
