/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: machine code as text, by whoever is installed: Go's objdump, whose
 * instructions are those that cmd/pprof prints (both use cmd/internal/disasm),
 * else binutils'. Nothing is cached: a range is asked for, its lines are read.
 *
 *   go:        TEXT main.run(SB) /src/x.go
 *                x.go:35<TAB>0x9d2540<TAB>e97bfdffff<TAB>JMP main.run(SB)<TAB>
 *   binutils:  0000000000401000 <main.run>:
 *                401000:<TAB>jmp    401020 <main.run+0x20>
 */
#ifndef LG_SOURCES_PPROF_OBJDUMP_H
#define LG_SOURCES_PPROF_OBJDUMP_H

#include "evidence/pprof_machine.h"
#include "sources/pprof_object.h"

struct lg_objdump_known { /* code that was asked for with others */
    const struct lg_object *object;
    uint64_t start, limit;
    struct lg_code_lines lines;
};

struct lg_objdump {
    struct lg_arena *arena; /* borrowed */
    struct lg_str
        go; /* a toolchain's bin/go when PATH has none; may be empty */
    bool is_ready;
    const char *tool;       /* Go's objdump itself; NULL: through `go tool` */
    const char *go_program; /* NULL: no Go here */
    LG_VEC(struct lg_objdump_known) known;
};

void lg_objdump_init(struct lg_objdump *o, struct lg_arena *arena);
/* Instructions in [start, limit) in order of address, function and file as the
 * tool tells them. UNSUPPORTED: neither tool is there, or both fail; the
 * sentence is for people. path is absolute and terminated. */
bool lg_objdump_run(struct lg_objdump *o, const char *path, uint64_t start,
                    uint64_t limit, struct lg_arena *arena,
                    struct lg_code_lines *ret, struct lg_error *err);

/* The path of Go's objdump itself; NULL: none that can be run directly. */
const char *lg_objdump_tool(struct lg_objdump *o);
/* These will be asked for: where Go's tool can, it gets them all in one run.
 * What goes wrong shows only in that lg_objdump_known has nothing. */
void lg_objdump_expect(struct lg_objdump *o, const struct lg_object *object,
                       const struct lg_code_symbol *symbols, size_t count);
/* NULL: not expected, or not to be had so: lg_objdump_run it. */
const struct lg_code_lines *lg_objdump_known(const struct lg_objdump *o,
                                             const struct lg_object *object,
                                             uint64_t start, uint64_t limit);

/* The two forms; pure. Lines outside [start, limit) are left out. */
bool lg_objdump_parse_go(struct lg_str text, uint64_t start, uint64_t limit,
                         struct lg_arena *arena, struct lg_code_lines *ret);
bool lg_objdump_parse_gnu(struct lg_str text, uint64_t start, uint64_t limit,
                          struct lg_arena *arena, struct lg_code_lines *ret);

#endif
