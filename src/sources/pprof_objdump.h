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

struct lg_objdump {
    struct lg_arena *arena; /* borrowed */
    struct lg_str
        go; /* a toolchain's bin/go when PATH has none; may be empty */
    bool is_ready;
    const char *tool;       /* Go's objdump itself; NULL: through `go tool` */
    const char *go_program; /* NULL: no Go here */
};

void lg_objdump_init(struct lg_objdump *o, struct lg_arena *arena);
/* Instructions in [start, limit) in order of address, function and file as the
 * tool tells them. UNSUPPORTED: neither tool is there, or both fail; the
 * sentence is for people. path is absolute and terminated. */
bool lg_objdump_run(struct lg_objdump *o, const char *path, uint64_t start,
                    uint64_t limit, struct lg_arena *arena,
                    struct lg_code_lines *ret, struct lg_error *err);

/* The two forms; pure. Lines outside [start, limit) are left out. */
bool lg_objdump_parse_go(struct lg_str text, uint64_t start, uint64_t limit,
                         struct lg_arena *arena, struct lg_code_lines *ret);
bool lg_objdump_parse_gnu(struct lg_str text, uint64_t start, uint64_t limit,
                          struct lg_arena *arena, struct lg_code_lines *ret);

#endif
