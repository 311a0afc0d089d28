/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: Go's own table from program counters to functions, lines, inlined
 * calls and frame sizes. It survives strip and is read where it lies (the
 * mapped binary; else a copy from the image), nothing is indexed beforehand.
 * Forms: 1.2 (magic fb), 1.16 (fa), 1.18 (f0), 1.20 (f1).
 * Source: Go 1.27 src/runtime/symtab.go, symtabinl.go, cmd/link
 * internal/ld/pcln.go; older forms of those releases.
 */
#ifndef LG_TARGET_GO_PCLNTAB_H
#define LG_TARGET_GO_PCLNTAB_H

#include "base/error.h"
#include "base/str.h"

/* What all functions that matter to an unwinder have in common, whatever
 * number this version gives them (runtime/internal/abi funcID). */
enum lg_go_func_kind {
    LG_FUNC_NORMAL,
    LG_FUNC_WRAPPER,
    LG_FUNC_GOEXIT,
    LG_FUNC_MCALL,
    LG_FUNC_MORESTACK,
    LG_FUNC_MSTART,
    LG_FUNC_RT0,
    LG_FUNC_SYSTEMSTACK,
    LG_FUNC_SYSTEMSTACK_SWITCH,
    LG_FUNC_SIGPANIC,
    LG_FUNC_ASYNC_PREEMPT,
    LG_FUNC_DEBUG_CALL,
    LG_FUNC_ASMCGOCALL,
    LG_FUNC_CGOCALLBACK,
    LG_FUNC_GOPANIC,
    LG_FUNC_RUNTIME_MAIN,
    LG_FUNC_RUNFINQ, /* also runFinalizers, runCleanups */
    LG_FUNC_COROSTART,
    LG_FUNC_HANDLE_ASYNC_EVENT,
    LG_FUNC_GC_BG_MARK_WORKER,
    LG_FUNC_OTHER,
};

#define LG_GO_FLAG_TOP_FRAME 1u
#define LG_GO_FLAG_SP_WRITE 2u
#define LG_GO_FLAG_ASM 4u

struct lg_go_pclntab {
    struct lg_str bytes;  /* from the header on */
    uint64_t address;     /* of the header, at run time */
    uint16_t minor_form;  /* 2, 16, 18 or 20 */
    uint8_t pc_quantum;   /* 1 amd64, 4 arm64 */
    uint64_t text, etext; /* run-time */
    uint64_t func_count;
    uint64_t names_at, cu_at, files_at, pcs_at; /* in bytes */
    uint64_t funcs_at;    /* what the table of functions counts from */
    uint64_t ftab_at;     /* that table: {entry, offset of _func}, one more than
                             functions: the end. From 1.16 on at funcs_at */
    struct lg_str gofunc; /* bytes that funcdata offsets count from (1.18 on);
                             empty: calls that were inlined are not told */
    struct lg_str binary; /* whole ELF file: ≤ 1.17's funcdata are addresses */
    uint16_t go_minor;    /* numbers of funcIDs depend on it; 0: by form */
};

struct lg_go_func {
    const struct lg_go_pclntab *table;
    uint64_t entry, end; /* run-time; [entry, end) */
    uint64_t at;         /* of its _func in table->bytes */
    uint32_t index;      /* in ftab */
    uint8_t id, flags;   /* id: this version's number */
    enum lg_go_func_kind kind;
};

/* One logical frame at a pc: inlined calls innermost first, the function
 * itself last. Strings are views into the table. */
struct lg_go_line {
    struct lg_str function; /* as in the symbol table, type arguments in full */
    struct lg_str file;
    uint32_t line;      /* 0: unknown */
    int32_t start_line; /* of the function; 0: not told (≤ 1.19) */
    enum lg_go_func_kind kind;
    bool is_inlined;
};

/* bytes: the table and all that follows it in its segment. BAD_DATA: not one.
 * text and etext are of the header and the table (1.18–1.25, static); the
 * caller sets them, gofunc and go_minor from what it knows better
 * (moduledata). Cost: the header and the last entry. */
bool lg_go_pclntab_parse(struct lg_str bytes, uint64_t address,
                         struct lg_go_pclntab *ret, struct lg_error *err);
/* false: no function holds pc. */
bool lg_go_func_at(const struct lg_go_pclntab *table, uint64_t pc,
                   struct lg_go_func *ret);
/* The n-th function in order of addresses; false: there are fewer. */
bool lg_go_func_index(const struct lg_go_pclntab *table, uint64_t index,
                      struct lg_go_func *ret);
/* Functions named so (wrappers double): call with *from = 0, then again. */
bool lg_go_func_named(const struct lg_go_pclntab *table, struct lg_str name,
                      uint64_t *from, struct lg_go_func *ret);
struct lg_str lg_go_func_name(const struct lg_go_func *func);
/* Bytes between sp at pc and the frame's base (without the return address);
 * -1: no table (foreign code), stop. */
int64_t lg_go_func_sp_delta(const struct lg_go_func *func, uint64_t pc);
/* Up to max lines at pc, innermost first; how many. A return address is looked
 * up at pc - 1: the caller subtracts. */
size_t lg_go_func_lines(const struct lg_go_func *func, uint64_t pc,
                        struct lg_go_line *lines_ret, size_t max);

#endif
