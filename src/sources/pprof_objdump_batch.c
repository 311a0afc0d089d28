/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many functions of one binary in one run of Go's objdump, which takes longer
 * to read a binary than to disassemble a function. pprof lets a function end at
 * its last byte, so that an instruction that is longer than a byte is cut there
 * and shows as "?" and what its bytes happen to mean. To get the same, the tool
 * is given a copy in memory, in whose symbol table the functions are one byte
 * shorter.
 */
#include "sources/pprof_objdump.h"

#include "base/io.h"
#include "base/map.h"
#include "base/sb.h"
#include "sources/run_tool.h"

#include <elf.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* An argument may have 128 KiB (Linux: MAX_ARG_STRLEN). */
#define EXPRESSION_BYTES ((size_t)100 << 10)
#define OUTPUT_LIMIT_BYTES ((size_t)256 << 20)
#define COPY_LIMIT_BYTES ((size_t)1 << 30)

struct batch {
    struct lg_objdump *tool;
    const struct lg_object *object;
    struct lg_arena *arena;
    struct lg_map wanted; /* start → index of symbol + 1 */
    const struct lg_code_symbol *symbols;
    size_t count;
};

static bool shorten(const struct batch *b, int fd)
{
    struct lg_elf_section section;
    const struct lg_elf *elf = &b->object->elf;
    for (uint32_t i = 0; lg_elf_section(elf, i, &section); i++) {
        if (section.type != SHT_SYMTAB)
            continue;
        struct lg_str bytes = lg_elf_section_bytes(elf, &section);
        for (size_t at = 0; bytes.len - at >= sizeof(Elf64_Sym);
             at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            memcpy(&symbol, bytes.data + at, sizeof symbol);
            const uint64_t *index =
                lg_map_find_u64(&b->wanted, symbol.st_value);
            if (index == NULL ||
                b->symbols[*index].end != symbol.st_value + symbol.st_size - 1)
                continue;
            symbol.st_size--;
            if (pwrite(fd, &symbol, sizeof symbol,
                       (off_t)(section.offset + at)) != sizeof symbol)
                return false;
        }
        return true;
    }
    return false;
}

/* Only what this machine's own integers can patch. */
static int make_copy(const struct batch *b)
{
    struct lg_str bytes = b->object->file.bytes;
    if (!b->object->elf.is_64 || b->object->elf.is_big_endian ||
        bytes.len > COPY_LIMIT_BYTES)
        return -1;
    int fd = memfd_create("binary", MFD_CLOEXEC);
    if (fd >= 0 &&
        (!lg_write_all(fd, bytes.data, bytes.len, NULL) || !shorten(b, fd))) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* Go's regexp.QuoteMeta. */
static void put_quoted(struct lg_sb *sb, struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] != '\0' && strchr("\\.+*?()|[]{}^$", s.data[i]) != NULL)
            lg_sb_char(sb, '\\');
        lg_sb_char(sb, s.data[i]);
    }
}

/* As many names as an argument can hold, from *at on. */
static char *expression(const struct batch *b, size_t *at)
{
    struct lg_sb sb;
    lg_sb_init(&sb, b->arena);
    lg_sb_cstr(&sb, "^(?:");
    size_t first = *at;
    for (; *at < b->count; (*at)++) {
        struct lg_str name = b->symbols[*at].name;
        if (sb.len + 2 * name.len + 8 > EXPRESSION_BYTES && *at != first)
            break;
        if (*at != first)
            lg_sb_char(&sb, '|');
        put_quoted(&sb, name);
    }
    lg_sb_cstr(&sb, ")$");
    return lg_sb_cstr_of(&sb);
}

static bool keep(const struct batch *b, struct lg_str block)
{
    struct lg_code_lines lines;
    if (!lg_objdump_parse_go(block, 0, UINT64_MAX, b->arena, &lines))
        return false;
    const uint64_t *index =
        lines.count == 0 ? NULL
                         : lg_map_find_u64(&b->wanted, lines.items[0].address);
    if (index == NULL)
        return true;
    const struct lg_code_symbol *symbol = &b->symbols[*index];
    struct lg_objdump_known *known = lg_push(b->tool->arena, &b->tool->known);
    if (known == NULL)
        return false;
    *known =
        (struct lg_objdump_known){b->object, symbol->start, symbol->end, lines};
    return lines.items[lines.count - 1].address < symbol->end;
}

/* Blocks stand apart by an empty line. */
static bool keep_all(const struct batch *b, struct lg_str text)
{
    while (text.len != 0) {
        struct lg_cut cut = lg_str_cut(text, LG_STR("\n\n"));
        if (!keep(b, cut.head))
            return false;
        text = cut.tail;
    }
    return true;
}

void lg_objdump_expect(struct lg_objdump *o, const struct lg_object *object,
                       const struct lg_code_symbol *symbols, size_t count)
{
    struct batch b = {.tool = o,
                      .object = object,
                      .arena = o->arena,
                      .symbols = symbols,
                      .count = count};
    char path[64];
    struct lg_str text;
    const char *tool = lg_objdump_tool(o);
    lg_map_init(&b.wanted, b.arena);
    for (size_t i = 0; i < count; i++) {
        bool is_fresh;
        uint64_t *slot = lg_map_put_u64(&b.wanted, symbols[i].start, &is_fresh);
        if (slot == NULL)
            return;
        if (is_fresh)
            *slot = i;
    }
    LG_CLOSE
    int fd = tool != NULL ? make_copy(&b) : -1;
    if (fd < 0)
        return;
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    for (size_t at = 0; at < count;) {
        const char *names = expression(&b, &at);
        const char *const argv[] = {tool, "-s", names, path, NULL};
        if (names == NULL ||
            !lg_run_tool(argv, OUTPUT_LIMIT_BYTES, b.arena, &text, NULL) ||
            !keep_all(&b, text))
            return;
    }
}

const struct lg_code_lines *lg_objdump_known(const struct lg_objdump *o,
                                             const struct lg_object *object,
                                             uint64_t start, uint64_t limit)
{
    lg_each(k, o->known)
        if (k->object == object && k->start == start && k->limit == limit)
            return &k->lines;
    return NULL;
}
