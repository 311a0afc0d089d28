/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that lies: a small Go process made by hand is opened after words of
 * its file and memory were changed.
 *
 *   u8 version and options   then, again and again:
 *   u8 which part   u16 which word of it   u64 the new value
 */
#include "fake_go_process.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CHANGE_BYTES ((size_t)11)
#define CHANGES_MAX 64
/* A look at each of its few thousand words, by every row of the table. */
#define READS_MAX 20000000

static void change(struct lg_fake_go *g, const uint8_t *record)
{
    struct {
        uint8_t *bytes;
        size_t len;
    } parts[] = {{g->file, sizeof g->file},
                 {g->data, sizeof g->data},
                 {g->bss, sizeof g->bss},
                 {g->heap, sizeof g->heap},
                 {g->file + 0x400, 0x400}, /* the function table */
                 {g->data + 0x100, 0x300}, /* moduledata */
                 {g->bss, 0x200}};         /* variables */
    size_t part = record[0] % LG_COUNT(parts);
    uint16_t word;
    memcpy(&word, record + 1, sizeof word);
    memcpy(parts[part].bytes + 8 * (word % (parts[part].len / 8)), record + 3,
           8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const versions[] = {"go1.19.13", "go1.22.12", "go1.25.4",
                                           "go1.27.4"};
    static struct lg_fake_go g;
    struct lg_go_open_options options = {0};
    struct lg_arena arena;
    struct lg_go *go;
    if (len == 0)
        return 0;
    lg_arena_init(&arena, (size_t)256 << 20);
    const char *version = versions[data[0] % LG_COUNT(versions)];
    lg_fake_go_init(&g, &arena, (data[0] & 0x80) != 0 ? "go1.99" : version,
                    version);
    options.ignore_symbols = (data[0] & 0x40) != 0;
    for (size_t i = 0; i < CHANGES_MAX && len - 1 >= (i + 1) * CHANGE_BYTES;
         i++)
        change(&g, data + 1 + i * CHANGE_BYTES);
    if (lg_go_open(&g.fake.image, &options, &arena, &go, NULL) &&
        (go->layout == NULL || go->modules.count == 0 ||
         go->vars[LG_VAR_ALLGS] == 0))
        abort();
    if (g.fake.image.read_calls > READS_MAX)
        abort();
    lg_arena_deinit(&arena);
    return 0;
}
