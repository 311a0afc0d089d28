/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For each program named: is the layout in its own DWARF that of the built-in
 * row for the Go that made it? TAP lines; status 1 when one differs.
 */
#include "base/io.h"
#include "target/build_info.h"
#include "target/go_dwarf.h"

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>

static const char *const fields[] = {
#define LG_GO_FIELD(id, type, path) #id,
#define LG_GO_SIZE(id, type) #id,
#define LG_GO_COUNT(id, type, path) #id,
#define LG_GO_STRIDE(id, type, path) #id,
#define LG_GO_CONST(id, name) #id,
#include "target/go_fields.def"
};

static const struct lg_go_layout *row_of(struct lg_str elf, bool *is_exact_ret)
{
    struct lg_arena arena;
    struct lg_build_info build = {0};
    uint16_t machine = 0;
    lg_arena_init(&arena, (size_t)64 << 20);
    lg_build_info_parse(elf, &arena, &build, NULL);
    if (elf.len > offsetof(Elf64_Ehdr, e_version))
        memcpy(&machine, elf.data + offsetof(Elf64_Ehdr, e_machine),
               sizeof machine);
    const struct lg_go_layout *row = lg_go_layout_find(
        lg_go_version_parse(build.go_version),
        machine == EM_AARCH64 ? LG_ARM64 : LG_AMD64, is_exact_ret);
    lg_arena_deinit(&arena);
    return row;
}

static bool compare(const char *path)
{
    struct lg_mapped m;
    struct lg_go_layout own;
    struct lg_error err = {0};
    struct lg_go_dwarf_var allgs = {.name = "runtime.allgs"};
    bool is_exact;
    int differ = 0;
    if (!lg_mapped_open(&m, AT_FDCWD, path, &err)) {
        printf("not ok %s: %s\n", path, err.text);
        return false;
    }
    const struct lg_go_layout *row = row_of(m.bytes, &is_exact);
    bool is_ok =
        lg_go_dwarf_read(m.bytes, row, &own, &allgs, 1, &err) && allgs.is_there;
    for (int f = 0; is_ok && f < LG_GO_FIELD_COUNT; f++) {
        if (own.offset[f] == row->offset[f] && own.width[f] == row->width[f])
            continue;
        printf("# %s: %d in the program, %d in the table\n", fields[f],
               own.offset[f], row->offset[f]);
        differ++;
    }
    is_ok = is_ok && differ == 0;
    printf("%s %s: %s%s%s%s\n", is_ok ? "ok" : "not ok", path, row->name,
           is_exact ? "" : ", the nearest", err.text[0] ? ": " : "", err.text);
    lg_mapped_deinit(&m);
    return is_ok;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++)
        failed += !compare(argv[i]);
    return failed > 0;
}
