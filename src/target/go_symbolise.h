/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what lies at a program counter, looked up once. Stacks repeat the
 * same few hundred counters a million times; decoding inline trees and line
 * tables belongs to the counter, not to the stack.
 *
 *     pc ──▶ lg_go_place ──▶ lines, innermost inlined call first
 *                        └─▶ a location of an lg_profile
 *
 * Counters are as looked up: a return address less one, by the caller.
 */
#ifndef LG_TARGET_GO_SYMBOLISE_H
#define LG_TARGET_GO_SYMBOLISE_H

#include "base/map.h"
#include "evidence/profile.h"
#include "target/go_process.h"

/* Deeper inlining than this is cut: the compiler's budget ends far below. */
#define LG_GO_INLINE_MAX 64

struct lg_go_shown_line {
    struct lg_str function; /* as in the symbol table */
    struct lg_str shown;    /* as Go prints it: type arguments as "[...]" */
    struct lg_str file;     /* "?" when unknown, as Go prints it */
    uint32_t line;          /* 0: unknown */
    int32_t start_line;     /* 0: not told (≤ 1.19) */
    enum lg_go_func_kind kind;
    bool is_inlined;
};

struct lg_go_place {
    uint64_t pc;
    struct lg_go_func func;          /* valid when is_go */
    bool is_go;                      /* false: C, or nothing at all */
    uint32_t line_first, line_count; /* into symbols->lines; 0 unless is_go */
    uint32_t shown_count;            /* of its lines, that a dump shows */
};

struct lg_go_symbols {
    struct lg_go *go;       /* borrowed */
    struct lg_arena *arena; /* borrowed: places, lines, names */
    LG_VEC(struct lg_go_place) places;
    LG_VEC(struct lg_go_shown_line) lines;
    struct lg_map by_pc;   /* pc → index + 1 of its place */
    struct lg_map printed; /* full name → index + 1 of a line that has it */
};

void lg_go_symbols_init(struct lg_go_symbols *s, struct lg_go *go,
                        struct lg_arena *arena);
/* The place of pc; is_go false where there is no Go function. NULL: out of
 * memory. Valid until the next call. */
const struct lg_go_place *lg_go_symbols_place(struct lg_go_symbols *s,
                                              uint64_t pc);
static inline const struct lg_go_shown_line *
lg_go_place_lines(const struct lg_go_symbols *s, const struct lg_go_place *p)
{
    return p->line_count != 0 ? &s->lines.items[p->line_first] : NULL;
}
/* Name as runtime/pprof and dumps print it: what stands between the outermost
 * brackets becomes "...". full itself when it has none.
 * Go 1.21: runtime/symtab.go funcNameForPrint; Go 1.27: two pairs. */
struct lg_str lg_go_name_shown(struct lg_str full, uint16_t go_minor,
                               struct lg_arena *arena);

/* A profile under construction, whose locations are pcs of the target. */
struct lg_go_locations {
    struct lg_go_symbols *symbols; /* borrowed */
    struct lg_profile *profile;    /* borrowed; lg_profile_init was called */
    struct lg_map by_pc;           /* pc → location */
    struct lg_map by_caller; /* first entry of a group → entries, location */
    struct lg_map functions; /* name → function */
    bool *lacks_function;    /* by mapping: one of its locations has no name */
};

/* Adds the executable file mappings of the image (the program's own first),
 * with their build ids where they can be read. false: out of memory. */
bool lg_go_locations_init(struct lg_go_locations *l,
                          struct lg_go_symbols *symbols,
                          struct lg_profile *profile);
/* The location of a physical pc (as looked up) with all its inlined lines,
 * wrappers left out as runtime/pprof leaves them out; UINT32_MAX: out of
 * memory. */
uint32_t lg_go_locations_at(struct lg_go_locations *l, uint64_t pc);
/* The locations of a stack as runtime.Callers fills it: return addresses, leaf
 * first, where each inlined call has an entry of its own (those are folded into
 * one location, as runtime/pprof's proto.go does). Buckets' stacks are such.
 * stack_ret has room for count; *count_ret are used. false: out of memory. */
bool lg_go_locations_callers(struct lg_go_locations *l, const uint64_t *callers,
                             size_t count, uint32_t *stack_ret,
                             size_t *count_ret);

#endif
