/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/goroutine_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Views lie in the input, frames in their array, totals in their sums. */
static void check(const struct lg_goroutines *g, struct lg_str bytes)
{
    uint64_t total = 0;
    lg_each(item, g->items) {
        struct lg_frame_cycle cycle;
        const struct lg_frame *frames = lg_goroutine_frames(g, item);
        if ((uint64_t)item->frame_first + item->frame_count > g->frames.count)
            abort();
        if (item->state.len > bytes.len || item->labels.len > bytes.len)
            abort();
        if (lg_frames_find_cycle(frames, item->frame_count, item->elided_frames,
                                 &cycle) &&
            (cycle.length == 0 || cycle.first >= item->frame_count))
            abort();
        total += item->count;
    }
    if (total != g->total)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_goroutines g;
    struct lg_goroutine_groups groups;
    struct lg_error err = {0};
    struct lg_str bytes = lg_str_from(data, len);
    lg_arena_init(&arena, (size_t)256 << 20);
    bool counts = lg_goroutine_count_text_is(bytes);
    if (counts ? lg_goroutine_count_text_parse(bytes, &arena, &g, &err)
               : lg_goroutine_text_parse(bytes, &arena, &g, &err)) {
        check(&g, bytes);
        lg_goroutines_group(&g, &arena, &groups);
    } else if (err.text[0] == '\0') {
        abort();
    }
    lg_arena_deinit(&arena);
    return 0;
}
