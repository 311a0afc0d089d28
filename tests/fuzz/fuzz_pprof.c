/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof.h"
#include "decode/pprof_write.h"
#include "evidence/goroutines.h"
#include "evidence/profile_merge.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever was read can be written, and read again as the same, but for labels
 * without content: no reader keeps them. */
static void write_back(const struct lg_profile *p, struct lg_arena *arena)
{
    struct lg_str bytes, expected, second;
    struct lg_profile again, full;
    if (!lg_pprof_write(p, arena, &bytes, NULL) ||
        !lg_profile_drop_empty_labels(p, arena, &full) ||
        !lg_pprof_write(&full, arena, &expected, NULL))
        return; /* out of memory */
    if (!lg_pprof_parse(bytes, arena, &again, NULL))
        abort();
    if (!lg_pprof_write(&again, arena, &second, NULL))
        return;
    if (!lg_str_eq(expected, second) ||
        again.samples.count != p->samples.count ||
        again.labels.count != full.labels.count)
        abort();
}

/* Merged with itself it has twice the values, whatever they are. */
static void merge_twice(const struct lg_profile *p, struct lg_arena *arena)
{
    const struct lg_profile *both[] = {p, p};
    struct lg_profile sum;
    struct lg_error err = {0};
    if (!lg_profile_merge(both, 2, LG_MERGE_ADD, arena, &sum, &err)) {
        if (err.kind != LG_NOMEM)
            abort();
        return;
    }
    for (int t = 0; t < (int)p->types.count; t++)
        if ((uint64_t)lg_profile_total(&sum, t) !=
            2 * (uint64_t)lg_profile_total(p, t))
            abort();
}

/* Whatever is accepted has stacks whose parts all exist. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    lg_arena_init(&arena, (size_t)256 << 20);
    if (lg_pprof_parse(lg_str_from(data, len), &arena, &p, &err)) {
        struct lg_goroutines g;
        for (size_t i = 0; i < p.samples.count; i++) {
            struct lg_frame_iter it = lg_profile_frames(&p, i);
            struct lg_frame frame;
            while (lg_frame_iter_next(&it, &frame))
                if (frame.function.len != 0 && frame.function.data == NULL)
                    abort();
        }
        for (int t = 0; t < (int)p.types.count; t++)
            lg_profile_total(&p, t);
        write_back(&p, &arena);
        merge_twice(&p, &arena);
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
