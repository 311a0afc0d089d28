/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/debug_file_open.h"

#include "decode/elf.h"
#include "target/debug_file.h"

#include <fcntl.h>

/* Four names of at most a path's length. */
#define ARENA_BYTES ((size_t)64 << 10)

static bool has_dwarf(struct lg_str elf)
{
    struct lg_elf e;
    struct lg_elf_section s;
    return lg_elf_parse(elf, &e, NULL) &&
           (lg_elf_section_find(&e, LG_STR(".debug_info"), &s) ||
            lg_elf_section_find(&e, LG_STR(".zdebug_info"), &s));
}

static bool open_one(struct lg_str elf, const char *name, struct lg_mapped *ret)
{
    struct lg_mapped m;
    if (!lg_mapped_open(&m, AT_FDCWD, name, NULL))
        return false;
    if (has_dwarf(m.bytes) && lg_debug_file_fits(elf, m.bytes)) {
        *ret = m;
        return true;
    }
    lg_mapped_deinit(&m);
    return false;
}

bool lg_debug_file_open(struct lg_str elf, struct lg_str path,
                        struct lg_mapped *ret)
{
    struct lg_arena arena;
    struct lg_debug_file_names names = {0};
    bool is_there = false;
    if (has_dwarf(elf))
        return false;
    lg_arena_init(&arena, ARENA_BYTES);
    lg_debug_file_names(elf, path, &arena, &names, NULL);
    for (size_t i = 0; i < names.count && !is_there; i++)
        is_there = open_one(elf, names.items[i].data, ret);
    lg_arena_deinit(&arena);
    return is_there;
}
