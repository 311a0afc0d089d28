/* SPDX-License-Identifier: Apache-2.0 */
/* A table of Go functions of anybody: every question about counters in it. The
 * last two bytes say where the inlined calls begin. */
#include "target/go_pclntab.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define LINES_MAX 64
#define QUESTIONS_MAX 64

static void ask(const struct lg_go_pclntab *t, uint64_t pc)
{
    struct lg_go_line lines[LINES_MAX];
    struct lg_go_func f;
    if (!lg_go_func_at(t, pc, &f))
        return;
    if (pc < f.entry || pc >= f.end || lg_go_func_sp_delta(&f, pc) < -1)
        abort();
    size_t count = lg_go_func_lines(&f, pc, lines, LINES_MAX);
    if (count == 0 || count > LINES_MAX)
        abort();
    for (size_t i = 0; i < count; i++) {
        if (lines[i].function.len > t->bytes.len)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_go_pclntab t;
    struct lg_go_func f;
    uint16_t at = 0;
    uint64_t from = 0;
    if (len < sizeof at)
        return 0;
    memcpy(&at, data + len - sizeof at, sizeof at);
    struct lg_str bytes = lg_str_from(data, len - sizeof at);
    if (!lg_go_pclntab_parse(bytes, 0x500000, &t, NULL))
        return 0;
    t.gofunc = lg_str_skip(bytes, at);
    t.binary = bytes;
    for (uint64_t i = 0; i < t.func_count && i < QUESTIONS_MAX; i++) {
        if (!lg_go_func_index(&t, i, &f))
            continue;
        (void)lg_go_func_name(&f);
        ask(&t, f.entry);
        ask(&t, f.entry + (f.end - f.entry) / 2);
        ask(&t, f.end - 1);
    }
    (void)lg_go_func_named(&t, LG_STR("runtime.main"), &from, &f);
    return 0;
}
