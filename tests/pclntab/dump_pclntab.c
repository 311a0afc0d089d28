/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What our reader says of a binary's code, in the form that program/main.go
 * prints: dump_pclntab BINARY GO_MINOR < counters, one line each; everything
 * behind a counter is passed over. "~" stands before wrappers, which
 * the runtime leaves out where somebody calls them.
 */
#include "base/io.h"
#include "decode/elf.h"
#include "target/go_pclntab.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#define MAX_LINES 200

/* Names of sections with the table, with the bytes its funcdata count from. */
static bool open_table(const struct lg_elf *elf, struct lg_go_pclntab *table)
{
    static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
    struct lg_elf_section section;
    for (size_t i = 0; i < 2; i++) {
        if (lg_elf_section_find(elf, lg_str_of(names[i]), &section))
            return lg_go_pclntab_parse(lg_elf_section_bytes(elf, &section),
                                       section.address, table, NULL);
    }
    return false;
}

/* "name=hex": what a live process's moduledata says, here of the symbols. */
static uint64_t argument(char **arguments, const char *name)
{
    size_t len = strlen(name);
    for (; *arguments != NULL; arguments++) {
        if (strncmp(*arguments, name, len) == 0 && (*arguments)[len] == '=')
            return strtoull(*arguments + len + 1, NULL, 16);
    }
    return 0;
}

static void print(const struct lg_go_pclntab *table, uint64_t pc)
{
    struct lg_go_line lines[MAX_LINES];
    struct lg_go_func f;
    printf("%" PRIx64, pc);
    if (lg_go_func_at(table, pc, &f)) {
        size_t count = lg_go_func_lines(&f, pc, lines, MAX_LINES);
        for (size_t i = 0; i < count; i++) {
            printf("\t%s%.*s|%.*s|%" PRIu32,
                   lines[i].kind == LG_FUNC_WRAPPER ? "~" : "",
                   LG_STR_ARG(lines[i].function), LG_STR_ARG(lines[i].file),
                   lines[i].line);
        }
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct lg_mapped mapped;
    struct lg_go_pclntab table;
    struct lg_elf elf;
    struct lg_error err;
    static char line[1 << 20];
    if (argc < 3 || !lg_mapped_open(&mapped, AT_FDCWD, argv[1], &err) ||
        !lg_elf_parse(mapped.bytes, &elf, &err) || !open_table(&elf, &table))
        return 1;
    table.go_minor = (uint16_t)strtoul(argv[2], NULL, 10);
    table.binary = mapped.bytes;
    table.etext += argument(argv, "text") - table.text;
    table.text = argument(argv, "text");
    table.gofunc = lg_elf_at_address(&elf, argument(argv, "gofunc"));
    while (fgets(line, sizeof line, stdin) != NULL)
        print(&table, strtoull(line, NULL, 16));
    lg_mapped_deinit(&mapped);
    return 0;
}
