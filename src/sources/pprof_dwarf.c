/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_dwarf.h"

struct lg_pprof_dwarf *lg_pprof_dwarf_create(struct lg_str elf)
{
    (void)elf;
    return NULL;
}

void lg_pprof_dwarf_destroy(struct lg_pprof_dwarf *d)
{
    (void)d;
}

size_t lg_pprof_dwarf_frames(struct lg_pprof_dwarf *d, uint64_t address,
                             bool single, struct lg_code_line *ret, size_t max,
                             struct lg_arena *arena)
{
    (void)d, (void)address, (void)single, (void)ret, (void)max, (void)arena;
    return 0;
}
