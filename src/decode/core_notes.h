/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what an ELF core says about its process beside the memory: threads
 * with their registers, mapped files, the auxiliary vector, names. Written by
 * the kernel or by gcore, in the same forms.
 * Source: Linux fs/binfmt_elf.c, include/linux/elfcore.h; docs/formats/core.md.
 */
#ifndef LG_DECODE_CORE_NOTES_H
#define LG_DECODE_CORE_NOTES_H

#include "base/vec.h"
#include "decode/elf.h"

struct lg_core_thread {
    int64_t tid;
    int signal;                        /* that it was about to get; 0: none */
    uint64_t pc, sp, bp, link, g, tls; /* as in struct lg_image_thread */
};

/* A mapping of a file; the path borrows the core's bytes. */
struct lg_core_file {
    uint64_t start, end, offset; /* offset: in the file, bytes */
    struct lg_str path;
};

struct lg_core_notes {
    LG_VEC(struct lg_core_thread) threads; /* the one that died first */
    LG_VEC(struct lg_core_file) files;     /* in the core's order */
    struct lg_str auxv;                    /* borrowed; lg_auxv_parse */
    int64_t pid;                           /* 0: not told */
    struct lg_str comm, arguments; /* at most 15 and 79 bytes; borrowed */
    bool cut;                      /* notes are damaged or end too early */
};

/* elf: a 64-bit little-endian core of amd64 or arm64. Damaged notes are no
 * failure: cut tells. NOMEM. */
bool lg_core_notes_parse(const struct lg_elf *elf, struct lg_arena *arena,
                         struct lg_core_notes *ret, struct lg_error *err);

#endif
