/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the report `weblist`: a page with the source of the functions that
 * were asked for, samples beside each line, the machine code of a line behind
 * a click. Made in three steps, each a file:
 *
 *   collect   samples → weights of addresses; functions of interest
 *   code      addresses → instructions, and below which line each stands
 *   page      lines → HTML; files in order of name
 *
 * Numbers are those of google/pprof internal/report/source.go (Go 1.27.4),
 * with these on purpose: cmd/pprof knows no inlined calls and puts them below
 * the outer function's name, here each frame's line has them, as in `list`;
 * and where there is no code to be had (the binary is not here, or it names a
 * function in other words than the profile), lines come from the profile.
 */
#ifndef LG_REPORT_PPROF_WEBLIST_H
#define LG_REPORT_PPROF_WEBLIST_H

#include "report/pprof_source_reader.h"

struct lg_web_entry { /* an address that samples have */
    uint64_t address; /* of the profile; made up where it has none */
    int64_t flat, cum;
    uint32_t location; /* of the first location that is of interest */
    bool is_interesting;
};

struct lg_web_call {
    struct lg_str file;
    int64_t line;
};

struct lg_web_inst {
    uint64_t address, length; /* in the profile; bytes */
    uint64_t object_address;
    struct lg_str text;       /* empty: no code is known, only a line */
    struct lg_web_call place; /* innermost */
    int64_t flat, cum;
};

struct lg_web_use { /* an instruction below a line */
    size_t inst;
    const struct lg_web_call *calls; /* inlined ones, caller first */
    size_t call_count;
};

struct lg_web_line {
    int64_t line;
    struct lg_str function; /* the first one that was met there */
    struct {
        struct lg_web_use *items;
        size_t count, capacity;
    } uses;
};

struct lg_web_file {
    struct lg_str name;
    struct lg_map by_line; /* line → index in lines */
    LG_VEC(struct lg_web_line) lines;
};

struct lg_weblist {
    struct lg_pprof_report *report;
    struct lg_arena *arena;
    LG_VEC(struct lg_web_entry) entries; /* in order of address */
    uint32_t *entry_of;                  /* by location */
    struct lg_map interest;              /* names of functions */
    struct lg_map shown_names;           /* system name → index of function */
    LG_VEC(struct lg_web_inst) insts;
    LG_VEC(struct lg_web_file) files;
    struct lg_map file_by_name;
    struct lg_source_reader reader;
};

/* false: out of memory. */
bool lg_weblist_collect(struct lg_weblist *w);
bool lg_weblist_code(struct lg_weblist *w);
bool lg_weblist_page(struct lg_weblist *w, struct lg_sb *out);
/* The function as the profile shows it; NULL: it has none of that name. */
const struct lg_profile_function *
lg_weblist_function(const struct lg_weblist *w, struct lg_str name);

extern const char lg_weblist_style[], lg_weblist_script[];

#endif
