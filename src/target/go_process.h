/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a Go program within an image: which Go, where its modules lie, how
 * its structs are laid out, and where the runtime's variables are. Everything
 * that reads goroutines, buckets or spans starts from here. Opened once; a
 * live process is then read again and again.
 *
 * What is known is chosen by self-checks, not by faith: allgs[0] is goroutine
 * 1, m0.g0 is &g0, for each g sched.g == g … (go_check.c).
 *
 *   version      build info of the binary, else runtime.buildVersion
 *   modules      .go.module, symbol, or a scan for a pointer to the pclntab
 *   layout       built-in table row → target's DWARF → every other row
 *   variables    symbol table → DWARF → operands of instructions in functions
 *                that pclntab names (Zydis) → structural scan of data and bss
 */
#ifndef LG_TARGET_GO_PROCESS_H
#define LG_TARGET_GO_PROCESS_H

#include "evidence/subject.h"
#include "target/go_layout.h"
#include "target/go_pclntab.h"
#include "target/image.h"

enum lg_go_var {
    LG_VAR_ALLGS, /* []*g */
    LG_VAR_ALLM,  /* *m */
    LG_VAR_ALLP,  /* []*p */
    LG_VAR_SCHED,
    LG_VAR_MHEAP,
    LG_VAR_MEMSTATS,
    LG_VAR_GC_CONTROLLER,
    LG_VAR_WORK,
    LG_VAR_MBUCKETS,
    LG_VAR_BBUCKETS,
    LG_VAR_XBUCKETS,
    LG_VAR_MPROF_CYCLE, /* ≤ 1.18: mProf {cycle u32, flushed bool} */
    LG_VAR_MEM_PROFILE_RATE,
    LG_VAR_DISABLE_MEM_PROFILING,
    LG_VAR_SEMTABLE,
    LG_VAR_WAIT_REASONS, /* [N]string */
    LG_VAR_ALLFIN,
    LG_VAR_M0,
    LG_VAR_G0,
    LG_VAR_TICKS_PER_SECOND,   /* runtime.ticks, for block profiles */
    LG_VAR_MUTEX_PROFILE_RATE, /* needed ≤ 1.19, which scales as it writes */
    LG_VAR_COUNT,
};

enum lg_go_how { /* how a thing was found */
                 LG_HOW_NOT,
                 LG_HOW_SYMBOL,
                 LG_HOW_DWARF,
                 LG_HOW_CODE,  /* an instruction's operand */
                 LG_HOW_SCAN,  /* what lies there looks like it */
                 LG_HOW_TABLE, /* layout: the built-in row of this version */
                 LG_HOW_GUESS, /* layout: another version's row that passed the
                                  checks */
};

/* moduledata. Addresses are run-time addresses. */
struct lg_go_module {
    uint64_t address; /* of the moduledata */
    uint64_t text, etext, min_pc, max_pc;
    uint64_t noptrdata, enoptrdata, data, edata, bss, ebss, noptrbss, enoptrbss;
    uint64_t types, etypes, rodata, gofunc;
    struct lg_go_pclntab table;
};

#define LG_GO_WAIT_REASONS_MAX 64

struct lg_go {
    struct lg_image *image; /* borrowed */
    struct lg_arena *arena; /* borrowed; lives as long as this */
    struct lg_build_info build;
    uint16_t minor, patch; /* of go1.minor.patch; 0: unknown (devel) */
    const struct lg_go_layout *layout;
    enum lg_go_how layout_how;
    LG_VEC(struct lg_go_module) modules; /* the program's own first */
    uint64_t vars[LG_VAR_COUNT];         /* 0: not found */
    enum lg_go_how vars_how[LG_VAR_COUNT];
    struct lg_str wait_reasons[LG_GO_WAIT_REASONS_MAX]; /* target's own words */
    size_t wait_reason_count;
};

struct lg_go_open_options {
    struct lg_str debug_file; /* ELF bytes of a separate debug file; empty */
    bool ignore_symbols;      /* tests: as if it were stripped */
    bool ignore_dwarf;
};

/* ABSENT: not a Go program. UNSUPPORTED: a Go that no layout fits; the text
 * says what was tried. BAD_DATA: memory that contradicts itself, also
 * that of a program that has only begun: its loader or its runtime has yet to
 * write there; a moment later it is there. */
bool lg_go_open(struct lg_image *image,
                const struct lg_go_open_options *options,
                struct lg_arena *arena, struct lg_go **go_ret,
                struct lg_error *err);

/* Field of a struct in the target, from a copy of its bytes. Absent: 0. */
static inline uint64_t lg_go_get(const struct lg_go *go, const uint8_t *object,
                                 enum lg_go_field field)
{
    return lg_go_layout_get(go->layout, object, field);
}

/* The module whose text holds pc; NULL: C code, or nothing. */
const struct lg_go_module *lg_go_module_find(const struct lg_go *go,
                                             uint64_t pc);
/* "IO wait" of 2; empty when it is beyond the table. */
struct lg_str lg_go_wait_reason(const struct lg_go *go, unsigned reason);

#endif
