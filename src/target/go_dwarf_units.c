/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_dwarf_units.h"

#include "base/cursor.h"
#include "decode/elf.h"
#include "target/go_dwarf_section.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Go's linker writes a few hundred bytes of abbreviations; with cgo each C file
 * adds some. */
#define MAX_ABBREV_BYTES ((uint64_t)32 << 20)
/* Kubernetes' largest binaries have 100 MB. Address space, not memory. */
#define MAX_INFO_BYTES ((uint64_t)2 << 30)
/* Memory: all types of the program are in one unit that is kept. */
#define MAX_KEPT_BYTES ((uint64_t)512 << 20)
/* Packages of a program, and as many assembly and C files. */
#define MAX_UNITS 200000
/* A unit's header and the name of its package. */
#define LOOK_BYTES ((uint64_t)256)
#define PAGE ((uint64_t)4096)

/* The small ELF file: headers in its first page, then the two sections. */
#define SECTION_COUNT 4
#define NAMES "\0.debug_abbrev\0.debug_info\0.shstrtab"
#define NAMES_AT (sizeof(Elf64_Ehdr) + SECTION_COUNT * sizeof(Elf64_Shdr))
#define ABBREV_AT PAGE

struct scan {
    struct lg_dwarf_units *units;
    const char *const *packages;
    size_t package_count;
    uint8_t *info;
    uint64_t size;       /* of it */
    uint64_t at, end;    /* of the unit under way; end 0: not looked at yet */
    uint64_t given_back; /* up to here, of a unit that nobody asked for */
    uint64_t kept_bytes; /* of all units that are kept */
    uint32_t unit_number;
    bool keep;
};

static uint64_t page_up(uint64_t n)
{
    return (n + PAGE - 1) & ~(PAGE - 1);
}

static uint64_t page_down(uint64_t n)
{
    return n & ~(PAGE - 1);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool is_wanted(const struct scan *s, struct lg_str name)
{
    for (size_t i = 0; i < s->package_count; i++) {
        if (lg_str_eq(name, lg_str_of(s->packages[i])))
            return true;
    }
    return false;
}

static bool keep_unit(struct scan *s, uint64_t die, struct lg_error *err)
{
    s->keep = true;
    s->kept_bytes += s->end - s->at;
    if (s->kept_bytes > MAX_KEPT_BYTES ||
        s->units->unit_count == LG_DWARF_MAX_UNITS)
        return lg_fail(err, LG_LIMIT, "the runtime's DWARF is too large");
    s->units->units[s->units->unit_count++] = die;
    return true;
}

/* A unit's header, and whether it is one to keep: the first attribute of its
 * first entry is its package's name, in place, in what Go writes. What a C
 * compiler writes has no such thing there. */
static bool look_at(struct scan *s, struct lg_error *err)
{
    struct lg_cursor c;
    lg_cursor_init(&c, s->info + s->at, least(s->size - s->at, LOOK_BYTES));
    uint64_t length = lg_cursor_u32le(&c);
    uint16_t version = lg_cursor_u16le(&c);
    lg_cursor_skip(&c, version < 5 ? 5 : 6); /* abbreviations, address size */
    uint64_t die = s->at + lg_cursor_offset(&c);
    lg_cursor_uvarint(&c);
    struct lg_str rest = lg_cursor_bytes(&c, lg_cursor_left(&c));
    s->end = s->at + 4 + length;
    s->keep = false;
    if (length >= 0xfffffff0) /* the sign of 64-bit DWARF: nobody's choice */
        return lg_fail(err, LG_UNSUPPORTED, "64-bit DWARF");
    if (s->end > s->size || version < 2 || version > 5)
        return lg_fail(err, LG_BAD_DATA, ".debug_info: unit %u is damaged",
                       s->unit_number);
    if (s->unit_number++ == MAX_UNITS)
        return lg_fail(err, LG_LIMIT, ".debug_info: too many units");
    struct lg_cut cut = lg_str_cut_char(rest, '\0');
    if (!lg_cursor_ok(&c) || !cut.found || !is_wanted(s, cut.head))
        return true;
    return keep_unit(s, die, err);
}

/* The whole pages of the unit that are there by now; not the first, where its
 * header is. */
static void give_back(struct scan *s, uint64_t filled)
{
    uint64_t from = page_up(s->at + LOOK_BYTES);
    if (from < s->given_back)
        from = s->given_back;
    uint64_t to = page_down(least(filled, s->end));
    if (to <= from)
        return;
    madvise(s->info + from, to - from, MADV_DONTNEED);
    s->given_back = to;
}

/* Goes on to the unit that ends behind the bytes that are there. */
static bool settle(void *context, uint64_t filled, struct lg_error *err)
{
    struct scan *s = context;
    while (s->at < s->size) {
        if (s->end == 0) {
            if (filled < least(s->size, s->at + LOOK_BYTES))
                return true;
            if (!look_at(s, err))
                return false;
        }
        if (!s->keep)
            give_back(s, filled);
        if (filled < s->end)
            return true;
        s->at = s->end;
        s->end = 0;
    }
    return true;
}

static Elf64_Shdr section_header(uint32_t name, uint32_t type, uint64_t at,
                                 uint64_t bytes)
{
    return (Elf64_Shdr){.sh_name = name,
                        .sh_type = type,
                        .sh_offset = at,
                        .sh_size = bytes,
                        .sh_addralign = 1};
}

static void write_headers(uint8_t *map, uint16_t machine, uint64_t abbrev_bytes,
                          uint64_t info_at, uint64_t info_bytes)
{
    Elf64_Ehdr head = {.e_type = ET_EXEC,
                       .e_machine = machine,
                       .e_version = EV_CURRENT,
                       .e_shoff = sizeof head,
                       .e_ehsize = sizeof head,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = SECTION_COUNT,
                       .e_shstrndx = SECTION_COUNT - 1};
    memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_ident[EI_VERSION] = EV_CURRENT;
    const Elf64_Shdr sections[SECTION_COUNT] = {
        {0},
        section_header(1, SHT_PROGBITS, ABBREV_AT, abbrev_bytes),
        section_header(15, SHT_PROGBITS, info_at, info_bytes),
        section_header(27, SHT_STRTAB, NAMES_AT, sizeof NAMES),
    };
    memcpy(map, &head, sizeof head);
    memcpy(map + sizeof head, sections, sizeof sections);
    memcpy(map + NAMES_AT, NAMES, sizeof NAMES);
}

static bool fill(struct lg_dwarf_units *u,
                 const struct lg_dwarf_section *abbrev,
                 const struct lg_dwarf_section *info, struct scan *s,
                 uint16_t machine, struct lg_error *err)
{
    uint64_t info_at = ABBREV_AT + page_up(abbrev->size_bytes);
    u->map_bytes = info_at + info->size_bytes;
    u->info_bytes = info->size_bytes;
    void *map = mmap(NULL, u->map_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return lg_fail_os(err, errno, "address space for DWARF");
    u->map = map;
    write_headers(u->map, machine, abbrev->size_bytes, info_at,
                  info->size_bytes);
    s->info = u->map + info_at;
    s->size = info->size_bytes;
    return lg_dwarf_section_copy(abbrev, u->map + ABBREV_AT, NULL, NULL, err) &&
           lg_dwarf_section_copy(info, s->info, settle, s, err);
}

bool lg_dwarf_units_init(struct lg_dwarf_units *u, struct lg_str elf,
                         const char *const *packages, size_t package_count,
                         struct lg_error *err)
{
    *u = (struct lg_dwarf_units){0};
    struct lg_elf e;
    if (!lg_elf_parse(elf, &e, err))
        return false;
    if (!e.is_64 || e.is_big_endian)
        return lg_fail(err, LG_UNSUPPORTED,
                       "DWARF of a 32-bit or big-endian "
                       "program");
    struct lg_dwarf_section abbrev = {0}, info = {0};
    if (!lg_dwarf_section_open(&e, LG_STR(".debug_info"),
                               LG_STR(".zdebug_info"), MAX_INFO_BYTES, &info,
                               err) ||
        !lg_dwarf_section_open(&e, LG_STR(".debug_abbrev"),
                               LG_STR(".zdebug_abbrev"), MAX_ABBREV_BYTES,
                               &abbrev, err))
        return false;
    struct scan s = {
        .units = u, .packages = packages, .package_count = package_count};
    bool is_ok = fill(u, &abbrev, &info, &s, e.machine, err);
    if (is_ok && u->unit_count == 0)
        is_ok = lg_fail(err, LG_ABSENT, "DWARF without the unit of package %s",
                        package_count > 0 ? packages[0] : "");
    if (!is_ok)
        lg_dwarf_units_deinit(u);
    return is_ok;
}

void lg_dwarf_units_deinit(struct lg_dwarf_units *u)
{
    if (u->map != NULL)
        munmap(u->map, u->map_bytes);
    *u = (struct lg_dwarf_units){0};
}
