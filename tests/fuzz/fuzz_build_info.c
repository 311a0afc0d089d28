/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF file of anybody: its tables, its notes, its build information. */
#include "decode/elf.h"
#include "target/build_info.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void walk(const struct lg_elf *elf)
{
    struct lg_elf_segment segment;
    struct lg_elf_section section;
    struct lg_elf_note note;
    for (uint32_t i = 0; lg_elf_segment(elf, i, &segment); i++) {
        struct lg_str rest = lg_elf_segment_bytes(elf, &segment);
        while (lg_elf_note_next(elf, &rest, segment.align, &note)) {
            if (note.description.len > elf->file.len)
                abort();
        }
        (void)lg_elf_at_address(elf, segment.address);
    }
    for (uint32_t i = 0; lg_elf_section(elf, i, &section); i++) {
        if (lg_elf_section_bytes(elf, &section).len > elf->file.len)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_str file = lg_str_from(data, len);
    struct lg_build_info b;
    struct lg_arena arena;
    struct lg_elf elf;
    lg_arena_init(&arena, (size_t)64 << 20);
    if (lg_elf_parse(file, &elf, NULL))
        walk(&elf);
    if (lg_build_info_parse(file, &arena, &b, NULL) && b.is_go &&
        b.go_version.len == 0)
        abort();
    lg_arena_deinit(&arena);
    return 0;
}
