/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/memstats_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What was read is written, and read again as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_memstats m = {0}, again = {0};
    struct lg_error err = {0};
    if (!lg_memstats_json_parse(lg_str_from(data, len), &m, &err)) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    struct lg_arena arena;
    struct lg_sb sb;
    lg_arena_init(&arena, (size_t)1 << 20);
    lg_sb_init(&sb, &arena);
    lg_memstats_json_write(&sb, &m);
    if (sb.failed || !lg_memstats_json_parse(lg_sb_view(&sb), &again, &err))
        abort();
    for (size_t i = 0; i < sizeof m / sizeof(struct lg_num); i++) {
        const struct lg_num *a = (const struct lg_num *)&m + i;
        const struct lg_num *b = (const struct lg_num *)&again + i;
        if (a->known != b->known || a->value != b->value)
            abort();
    }
    lg_arena_deinit(&arena);
    return 0;
}
