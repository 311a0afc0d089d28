/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blob, 32 bytes, 16-aligned, in .go.buildinfo or near the begin of the
 * writable data:
 *
 *     0  "\xff Go buildinf:"   14 bytes
 *    14  size of a pointer     ≤ 1.17 only
 *    15  flags                 1: big endian   2: strings follow inline
 *    16  ≤ 1.17: address of the Go string with the version, then of the one
 *        with the modules
 *    32  ≥ 1.18: uvarint length and bytes of the version, then of the modules
 *
 * The modules' text stands between two 16-byte marks.
 */
#include "target/build_info.h"

#include "base/cursor.h"
#include "base/lines.h"
#include "decode/elf.h"

#include <elf.h>
#include <string.h>

#define BLOB_BYTES ((size_t)32)
#define BLOB_ALIGN 16
#define FLAG_BIG_ENDIAN 1
#define FLAG_INLINE 2
#define MARK_BYTES ((size_t)16)
/* Where no section says where the blob is: it lies near the begin, behind the
 * read-only-after-relocation part of PIE binaries. */
#define MAX_SCAN_BYTES ((size_t)64 << 20)
/* "go1.26.8 X:rangefunc,…", "devel go1.27-abcdef Mon …" */
#define MAX_VERSION_BYTES 512
/* The largest known programs have 1,500 modules, 120 bytes each. */
#define MAX_MODULES_BYTES ((size_t)4 << 20)
#define MAX_DEPS 20000

struct blob_text {
    struct lg_str version, modules;
};

static bool is_version(struct lg_str s)
{
    if (s.len < 2 || s.len > MAX_VERSION_BYTES)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < ' ' || s.data[i] > '~')
            return false;
    }
    return lg_str_starts(s, LG_STR("go")) || lg_str_starts(s, LG_STR("devel"));
}

static bool read_inline(struct lg_str rest, struct blob_text *ret)
{
    struct lg_cursor c;
    lg_cursor_init(&c, rest.data, rest.len);
    ret->version = lg_cursor_bytes(&c, lg_cursor_uvarint(&c));
    ret->modules = lg_cursor_bytes(&c, lg_cursor_uvarint(&c));
    return lg_cursor_ok(&c);
}

static uint64_t read_pointer(const struct lg_elf *elf, struct lg_str s,
                             size_t index, size_t pointer_bytes)
{
    return pointer_bytes == 4 ? lg_elf_u32(elf, s, index * 4)
                              : lg_elf_u64(elf, s, index * 8);
}

/* A Go string in the image: pointer and length at the address. */
static struct lg_str go_string(const struct lg_elf *elf, uint64_t address,
                               size_t pointer_bytes)
{
    struct lg_str header = lg_elf_at_address(elf, address);
    uint64_t data = read_pointer(elf, header, 0, pointer_bytes);
    uint64_t len = read_pointer(elf, header, 1, pointer_bytes);
    struct lg_str text = lg_elf_at_address(elf, data);
    return len <= text.len ? lg_str_first(text, (size_t)len)
                           : (struct lg_str){0};
}

static bool read_pointers(const struct lg_elf *elf, struct lg_str blob,
                          struct blob_text *ret)
{
    size_t pointer_bytes = (uint8_t)blob.data[14];
    struct lg_elf order = *elf;
    order.is_big_endian = ((uint8_t)blob.data[15] & FLAG_BIG_ENDIAN) != 0;
    if (pointer_bytes != 4 && pointer_bytes != 8)
        return false;
    struct lg_str pointers = lg_str_skip(blob, 16);
    ret->version =
        go_string(&order, read_pointer(&order, pointers, 0, pointer_bytes),
                  pointer_bytes);
    ret->modules =
        go_string(&order, read_pointer(&order, pointers, 1, pointer_bytes),
                  pointer_bytes);
    return true;
}

static struct lg_str without_marks(struct lg_str s)
{
    if (s.len < 2 * MARK_BYTES + 1 || s.len > MAX_MODULES_BYTES ||
        s.data[s.len - MARK_BYTES - 1] != '\n')
        return (struct lg_str){0};
    return lg_str_first(lg_str_skip(s, MARK_BYTES), s.len - 2 * MARK_BYTES);
}

static bool read_blob(const struct lg_elf *elf, struct lg_str at,
                      struct blob_text *ret)
{
    struct blob_text text = {0};
    bool is_inline;
    if (at.len < BLOB_BYTES)
        return false;
    is_inline = ((uint8_t)at.data[15] & FLAG_INLINE) != 0;
    if (!(is_inline ? read_inline(lg_str_skip(at, BLOB_BYTES), &text)
                    : read_pointers(elf, at, &text)) ||
        !is_version(text.version))
        return false;
    text.modules = without_marks(text.modules);
    *ret = text;
    return true;
}

/* Looks for the blob at addresses that are multiples of 16; what only looks
 * like one is passed over. */
static bool scan(const struct lg_elf *elf, struct lg_str bytes,
                 uint64_t address, struct blob_text *ret)
{
    struct lg_str needle = LG_STR("\xff Go buildinf:");
    while (bytes.len >= BLOB_BYTES) {
        const char *hit =
            memmem(bytes.data, bytes.len, needle.data, needle.len);
        if (hit == NULL)
            return false;
        size_t at = (size_t)(hit - bytes.data);
        struct lg_str blob = lg_str_skip(bytes, at);
        if ((address + at) % BLOB_ALIGN == 0 && read_blob(elf, blob, ret))
            return true;
        address += at + 1;
        bytes = lg_str_skip(blob, 1);
    }
    return false;
}

static bool find_blob(const struct lg_elf *elf, struct blob_text *ret)
{
    struct lg_elf_section section;
    struct lg_elf_segment segment;
    if (lg_elf_section_find(elf, LG_STR(".go.buildinfo"), &section) &&
        scan(elf, lg_elf_section_bytes(elf, &section), section.address, ret))
        return true;
    for (uint32_t i = 0; lg_elf_segment(elf, i, &segment); i++) {
        if (segment.type != PT_LOAD || (segment.flags & PF_W) == 0 ||
            (segment.flags & PF_X) != 0)
            continue;
        struct lg_str bytes =
            lg_str_first(lg_elf_segment_bytes(elf, &segment), MAX_SCAN_BYTES);
        if (scan(elf, bytes, segment.address, ret))
            return true;
    }
    return false;
}

/* "path\tversion\tsum" */
static struct lg_module module_of(struct lg_str fields)
{
    struct lg_cut path = lg_str_cut_char(fields, '\t');
    return (struct lg_module){
        .path = path.head,
        .version = lg_str_cut_char(path.tail, '\t').head,
    };
}

static bool keep_module(struct lg_arena *arena, struct lg_module m,
                        struct lg_module *ret)
{
    ret->path = lg_str_dup(arena, m.path);
    ret->version = lg_str_dup(arena, m.version);
    return ret->path.data != NULL && ret->version.data != NULL;
}

/* A replacement's code stands under the replaced path: that stays, with the
 * version of what was really built (none for a local folder). */
static bool replace_last(struct lg_arena *arena, struct lg_build_info *b,
                         struct lg_module by)
{
    if (b->deps.count == 0 || by.version.len == 0)
        return true;
    struct lg_module *last = &b->deps.items[b->deps.count - 1];
    struct lg_str version = lg_str_dup(arena, by.version);
    if (version.data == NULL)
        return false;
    last->version = version;
    return true;
}

static bool take_line(struct lg_arena *arena, struct lg_build_info *b,
                      struct lg_str line)
{
    struct lg_cut cut = lg_str_cut_char(line, '\t');
    struct lg_str key = cut.head, value = cut.tail;
    if (lg_str_eq(key, LG_STR("path"))) {
        b->path = lg_str_dup(arena, value);
        return b->path.data != NULL;
    }
    if (lg_str_eq(key, LG_STR("mod")))
        return keep_module(arena, module_of(value), &b->module);
    if (lg_str_eq(key, LG_STR("dep")) && b->deps.count < MAX_DEPS) {
        struct lg_module *dep = lg_push(arena, &b->deps);
        return dep != NULL && keep_module(arena, module_of(value), dep);
    }
    if (lg_str_eq(key, LG_STR("=>")))
        return replace_last(arena, b, module_of(value));
    if (lg_str_eq(line, LG_STR("build\t-race=true")))
        b->race = true;
    if (lg_str_eq(line, LG_STR("build\tCGO_ENABLED=1")))
        b->cgo = true;
    return true;
}

static bool is_stripped(const struct lg_elf *elf)
{
    struct lg_elf_section section;
    for (uint32_t i = 0; lg_elf_section(elf, i, &section); i++) {
        if (section.type == SHT_SYMTAB)
            return false;
    }
    return true;
}

/* Go's own note: cmd/internal/buildid, "Go\0\0", type 4. */
#define NT_GO_BUILD_ID 4
#define MAX_BUILD_ID_BYTES 64
#define MAX_GO_BUILD_ID_BYTES 256

struct ids {
    struct lg_str gnu, go;
};

static void take_ids(const struct lg_elf *elf, struct lg_str notes,
                     uint64_t align, struct ids *ids)
{
    struct lg_elf_note note;
    while (lg_elf_note_next(elf, &notes, align, &note)) {
        if (lg_str_eq(note.name, LG_STR("GNU")) &&
            note.type == NT_GNU_BUILD_ID &&
            note.description.len <= MAX_BUILD_ID_BYTES)
            ids->gnu = note.description;
        else if (lg_str_eq(note.name, LG_STR("Go")) &&
                 note.type == NT_GO_BUILD_ID &&
                 note.description.len <= MAX_GO_BUILD_ID_BYTES)
            ids->go = note.description;
    }
}

/* Go's own linker writes a GNU build id since 1.24, but its segment of notes
 * holds only the Go one: the sections have both. */
static void find_ids(const struct lg_elf *elf, struct ids *ids)
{
    struct lg_elf_segment segment;
    struct lg_elf_section section;
    for (uint32_t i = 0; lg_elf_segment(elf, i, &segment); i++)
        if (segment.type == PT_NOTE)
            take_ids(elf, lg_elf_segment_bytes(elf, &segment), segment.align,
                     ids);
    for (uint32_t i = 0; ids->gnu.len == 0 && lg_elf_section(elf, i, &section);
         i++)
        if (section.type == SHT_NOTE)
            take_ids(elf, lg_elf_section_bytes(elf, &section), section.align,
                     ids);
}

static bool keep_build_id(const struct lg_elf *elf, struct lg_arena *arena,
                          struct lg_build_info *b)
{
    static const char digits[] = "0123456789abcdef";
    struct ids ids = {0};
    find_ids(elf, &ids);
    if (ids.gnu.len == 0) {
        b->build_id = lg_str_dup(arena, ids.go);
        return b->build_id.data != NULL;
    }
    char *hex = lg_arena_alloc(arena, ids.gnu.len * 2, 1);
    if (hex == NULL)
        return false;
    for (size_t i = 0; i < ids.gnu.len; i++) {
        hex[2 * i] = digits[(uint8_t)ids.gnu.data[i] >> 4];
        hex[2 * i + 1] = digits[(uint8_t)ids.gnu.data[i] & 15];
    }
    b->build_id = lg_str_from(hex, ids.gnu.len * 2);
    return true;
}

bool lg_build_info_parse(struct lg_str file, struct lg_arena *arena,
                         struct lg_build_info *ret, struct lg_error *err)
{
    struct lg_build_info b = {0};
    struct blob_text text;
    struct lg_elf elf;
    struct lg_str line;
    if (!lg_elf_parse(file, &elf, err))
        return false;
    b.stripped = is_stripped(&elf);
    if (!keep_build_id(&elf, arena, &b))
        return lg_fail_nomem(err);
    b.is_go = find_blob(&elf, &text);
    if (b.is_go) {
        b.go_version = lg_str_dup(arena, text.version);
        bool ok = b.go_version.data != NULL;
        while (ok && lg_lines_next(&text.modules, &line))
            ok = take_line(arena, &b, line);
        if (!ok)
            return lg_fail_nomem(err);
    }
    *ret = b;
    return true;
}
