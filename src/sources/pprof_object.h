/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the binary of a mapping as cmd/pprof looks at it (Go 1.27.4,
 * cmd/pprof/pprof.go objTool, cmd/internal/objfile/elf.go): where it would be
 * loaded, its symbols, and Go's own lines. ELF only. The file is mapped.
 */
#ifndef LG_SOURCES_PPROF_OBJECT_H
#define LG_SOURCES_PPROF_OBJECT_H

#include "base/io.h"
#include "decode/elf.h"
#include "evidence/pprof_machine.h"
#include "target/go_pclntab.h"

/* Calls inlined into one another at one address. */
#define LG_OBJECT_FRAMES_MAX 64

struct lg_object {
    struct lg_mapped file;
    struct lg_elf elf;
    bool has_load_address, has_lines;
    uint64_t load_address; /* of the first executable segment's page */
    struct lg_go_pclntab lines;
};

/* ABSENT: in pprof's words, "open PATH: no such file or directory" or "open
 * PATH: unrecognized object file". path is terminated. */
bool lg_object_open(struct lg_object *o, const char *path,
                    struct lg_error *err);
void lg_object_deinit(struct lg_object *o);
/* Profile address - file address, for a mapping that starts there. */
uint64_t lg_object_offset(const struct lg_object *o, uint64_t start);
/* See struct lg_pprof_machine.frames. */
size_t lg_object_frames(const struct lg_object *o, uint64_t address,
                        struct lg_code_line *ret, size_t max);
/* See struct lg_pprof_machine.symbols. Names are views into the file. */
bool lg_object_symbols(const struct lg_object *o,
                       const struct lg_regex *matches, uint64_t address,
                       struct lg_arena *arena, struct lg_code_symbols *ret,
                       struct lg_error *err);

#endif
