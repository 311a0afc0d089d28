/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what a report on a profile may ask of the machine: files of source,
 * symbols and machine code of the binaries. A report is pure, so it asks
 * through this table, which sources/pprof_machine.h fills. All text that is
 * given lives in the arena of the call.
 */
#ifndef LG_EVIDENCE_PPROF_MACHINE_H
#define LG_EVIDENCE_PPROF_MACHINE_H

#include "base/error.h"
#include "base/regex.h"
#include "evidence/profile.h"

/* A file of source that is wanted. */
struct lg_source_query {
    struct lg_str path;        /* as in the profile, trim_path applied */
    struct lg_str search_path; /* folders, ':' between them; not empty */
    /* What has to be in the file at start_line (0: anywhere) for it to be
     * taken from a place that is only a guess. Empty: nothing to go by. */
    struct lg_str function;
    int64_t start_line;
    struct lg_str binary; /* tells versions of modules; may be empty */
};

/* A line of machine code. */
struct lg_code_line {
    uint64_t address;                   /* as linked */
    struct lg_str text, function, file; /* file in full where that is known */
    int64_t line;
};

/* [start, end): end is the address of the last byte, as cmd/pprof has it. */
struct lg_code_symbol {
    struct lg_str name;
    uint64_t start, end; /* as linked */
};
struct lg_code_symbols { /* in order of address */
    struct lg_code_symbol *items;
    size_t count, capacity;
};
struct lg_code_lines {
    struct lg_code_line *items;
    size_t count, capacity;
};

struct lg_pprof_machine {
    void *context;
    struct lg_str working_folder; /* absolute; empty: not to be had */
    /* false: not there; *text_ret is then the sentence that pprof prints
     * ("open …: no such file or directory"), not cut to an error's size. */
    bool (*read_source)(void *context, const struct lg_source_query *query,
                        struct lg_arena *arena, struct lg_str *text_ret);
    /* What has to be subtracted from the profile's addresses to get those of
     * the file. ABSENT: no object can be opened there, in pprof's words. */
    bool (*object_offset)(void *context,
                          const struct lg_profile_mapping *mapping,
                          uint64_t *offset_ret, struct lg_error *err);
    /* Symbols that match and, unless address is 0, hold address (cmd/pprof
     * compares it as it stands in the profile). UNSUPPORTED: no table. */
    bool (*symbols)(void *context, struct lg_str file,
                    const struct lg_regex *matches, uint64_t address,
                    struct lg_arena *arena, struct lg_code_symbols *ret,
                    struct lg_error *err);
    /* Many symbols of a file that are about to be disassembled: a machine may
     * get them at once. May be NULL. */
    void (*expect)(void *context, struct lg_str file,
                   const struct lg_code_symbol *symbols, size_t count);
    /* Machine code in [start, limit), addresses as linked. */
    bool (*disassemble)(void *context, struct lg_str file, uint64_t start,
                        uint64_t limit, bool intel, struct lg_arena *arena,
                        struct lg_code_lines *ret, struct lg_error *err);
    /* The functions that an address as linked lies in, inlined callee first,
     * each with the line that is being executed in it. At most max; 0: not
     * told. Views into the binary, which stays open. */
    size_t (*frames)(void *context, struct lg_str file, uint64_t address,
                     struct lg_code_line *ret, size_t max);
};

#endif
