/* SPDX-License-Identifier: Apache-2.0 */
/* What can be read can be written, and reads the same again. */
#include "decode/timeline_csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void write_rows(const struct lg_timeline *t, struct lg_sb *sb)
{
    lg_timeline_csv_header(sb);
    for (size_t i = 0; i < t->count; i++)
        lg_timeline_csv_row(sb, &t->rows[i]);
}

static void round_trip(const struct lg_timeline *t, struct lg_arena *arena)
{
    struct lg_sb first, second;
    struct lg_timeline again;
    lg_sb_init(&first, arena);
    lg_sb_init(&second, arena);
    write_rows(t, &first);
    if (!lg_timeline_csv_parse(lg_sb_view(&first), arena, &again, NULL))
        abort();
    write_rows(&again, &second);
    if (!lg_str_eq(lg_sb_view(&first), lg_sb_view(&second)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_timeline t;
    lg_arena_init(&arena, (size_t)256 << 20);
    if (lg_timeline_csv_parse(lg_str_from(data, len), &arena, &t, NULL))
        round_trip(&t, &arena);
    lg_arena_deinit(&arena);
    return 0;
}
