/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF of anybody. First byte 0: a whole ELF file follows; else the entries
 * of .debug_info, put into one, plain (1) or compressed (2, 3). */
#include "target/go_dwarf.h"

#include <stdlib.h>

#include "dwarf_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_elf(struct lg_str elf)
{
    bool is_exact;
    const struct lg_go_layout *base =
        lg_go_layout_find((struct lg_go_version){0}, LG_AMD64, &is_exact);
    struct lg_go_layout l;
    struct lg_go_dwarf_var allgs = {.name = "runtime.allgs"};
    if (!lg_go_dwarf_read(elf, base, &l, &allgs, 1, NULL))
        return;
    for (int f = 0; f < LG_GO_FIELD_COUNT; f++) {
        if (l.offset[f] < LG_GO_ABSENT || l.width[f] > 8)
            abort();
    }
    /* readers copy the size of a struct and look up fields in the copy */
    for (int f = LG_G_SIZE; f <= LG_G_GC_ASSIST_BYTES; f++) {
        if (l.offset[f] + l.width[f] > l.offset[LG_G_SIZE])
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    if (data[0] % 4 == 0) {
        read_elf(lg_str_from(data + 1, len - 1));
        return 0;
    }
    struct lg_bytes info = {0};
    lg_b_raw(&info, data + 1, len - 1);
    struct lg_bytes elf =
        lg_dwarf_elf(&info, (enum lg_dwarf_pack)(data[0] % 4 - 1));
    read_elf(lg_str_from(elf.data, elf.len));
    free(info.data);
    free(elf.data);
    return 0;
}
