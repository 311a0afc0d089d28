/* SPDX-License-Identifier: Apache-2.0 */
#include "target/debug_file.h"

#include "base/vec.h"
#include "decode/elf.h"

#include <elf.h>
#include <stdio.h>
#include <zlib.h>

/* 20 bytes by default, 8 or 16 on request. */
#define MAX_BUILD_ID_BYTES ((size_t)64)
#define ROOT "/usr/lib/debug"
/* Of path names; Linux: PATH_MAX. */
#define MAX_PATH_BYTES 4096

static struct lg_str build_id_in(const struct lg_elf *elf, struct lg_str notes,
                                 uint64_t align)
{
    struct lg_elf_note note;
    while (lg_elf_note_next(elf, &notes, align, &note)) {
        if (note.type == NT_GNU_BUILD_ID &&
            lg_str_eq(note.name, LG_STR("GNU")) && note.description.len > 1 &&
            note.description.len <= MAX_BUILD_ID_BYTES)
            return note.description;
    }
    return (struct lg_str){0};
}

/* By section first: a debug file's segments have no bytes. */
static struct lg_str build_id_of(const struct lg_elf *elf)
{
    struct lg_elf_section section;
    struct lg_elf_segment segment;
    struct lg_str id = {0};
    if (lg_elf_section_find(elf, LG_STR(".note.gnu.build-id"), &section))
        id = build_id_in(elf, lg_elf_section_bytes(elf, &section),
                         section.align);
    for (uint32_t i = 0; id.len == 0 && lg_elf_segment(elf, i, &segment); i++) {
        if (segment.type == PT_NOTE)
            id = build_id_in(elf, lg_elf_segment_bytes(elf, &segment),
                             segment.align);
    }
    return id;
}

/* .gnu_debuglink: a file's name, NULs up to a multiple of 4, its CRC-32. */
static bool debug_link(const struct lg_elf *elf, struct lg_str *name_ret,
                       uint32_t *crc_ret)
{
    struct lg_elf_section section;
    if (!lg_elf_section_find(elf, LG_STR(".gnu_debuglink"), &section))
        return false;
    struct lg_str bytes = lg_elf_section_bytes(elf, &section);
    struct lg_cut cut = lg_str_cut_char(bytes, '\0');
    size_t crc_at = (cut.head.len + 4) & ~(size_t)3;
    if (!cut.found || cut.head.len == 0 || crc_at + 4 > bytes.len ||
        lg_str_find_char(cut.head, '/') >= 0)
        return false;
    *name_ret = cut.head;
    *crc_ret = lg_elf_u32(elf, bytes, crc_at);
    return true;
}

static bool add(struct lg_debug_file_names *list, struct lg_arena *arena,
                const char *path)
{
    struct lg_str *slot = lg_push(arena, list);
    if (slot == NULL)
        return false;
    slot->data = lg_str_cstr(arena, lg_str_of(path));
    slot->len = strlen(path);
    return slot->data != NULL;
}

static bool add_by_id(struct lg_debug_file_names *list, struct lg_arena *arena,
                      struct lg_str id)
{
    char path[sizeof ROOT + 2 * MAX_BUILD_ID_BYTES + 32];
    int len = snprintf(path, sizeof path, ROOT "/.build-id/");
    for (size_t i = 0; i < id.len; i++)
        len += snprintf(path + len, sizeof path - (size_t)len,
                        i == 0 ? "%02x/" : "%02x", (unsigned char)id.data[i]);
    snprintf(path + len, sizeof path - (size_t)len, ".debug");
    return add(list, arena, path);
}

static bool add_by_link(struct lg_debug_file_names *list,
                        struct lg_arena *arena, struct lg_str folder,
                        struct lg_str name)
{
    static const struct {
        const char *before, *behind;
    } places[] = {{"", "/"}, {"", "/.debug/"}, {ROOT, "/"}};
    for (size_t i = 0; i < LG_COUNT(places); i++) {
        char path[MAX_PATH_BYTES];
        int len =
            snprintf(path, sizeof path, "%s%.*s%s%.*s", places[i].before,
                     LG_STR_ARG(folder), places[i].behind, LG_STR_ARG(name));
        if (len >= (int)sizeof path) /* no such file can be */
            continue;
        if (!add(list, arena, path))
            return false;
    }
    return true;
}

bool lg_debug_file_names(struct lg_str elf, struct lg_str path,
                         struct lg_arena *arena,
                         struct lg_debug_file_names *ret, struct lg_error *err)
{
    struct lg_debug_file_names list = {0};
    struct lg_elf e;
    struct lg_str name;
    uint32_t crc;
    bool is_ok = true;
    if (lg_elf_parse(elf, &e, NULL)) {
        struct lg_str id = build_id_of(&e);
        struct lg_cut cut = lg_str_rcut_char(path, '/');
        if (id.len > 0)
            is_ok = add_by_id(&list, arena, id);
        if (is_ok && cut.found && debug_link(&e, &name, &crc))
            is_ok = add_by_link(&list, arena, cut.head, name);
    }
    if (!is_ok)
        return lg_fail_nomem(err);
    *ret = list;
    return true;
}

bool lg_debug_file_fits(struct lg_str elf, struct lg_str debug_file)
{
    struct lg_elf binary, debug;
    struct lg_str name;
    uint32_t crc;
    if (!lg_elf_parse(elf, &binary, NULL) ||
        !lg_elf_parse(debug_file, &debug, NULL))
        return false;
    struct lg_str id = build_id_of(&binary);
    if (id.len > 0)
        return lg_str_eq(id, build_id_of(&debug));
    return debug_link(&binary, &name, &crc) &&
           crc32_z(0, (const Bytef *)debug_file.data, debug_file.len) == crc;
}
