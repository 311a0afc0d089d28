/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: which frames and goroutines people see. The runtime hides its own
 * frames and the compiler's wrappers in dumps, and its own goroutines; so do
 * we, by the rules of the Go that made the program.
 * Source: Go 1.19 … 1.27 src/runtime/traceback.go: showfuncinfo,
 * isExportedRuntime, elideWrapperCalling, isSystemGoroutine.
 */
#ifndef LG_TARGET_GO_SHOWN_H
#define LG_TARGET_GO_SHOWN_H

#include "target/go_symbolise.h"

/* callee: of the frame that it called (NORMAL at the leaf). is_first: no frame
 * of this stack has been shown yet. */
bool lg_go_is_shown(const struct lg_go_shown_line *line,
                    enum lg_go_func_kind callee, bool is_first,
                    uint16_t go_minor);
/* A wrapper of the compiler's that called what it wraps. */
bool lg_go_is_elided(enum lg_go_func_kind kind, enum lg_go_func_kind callee);
/* How many lines at pc a dump would show; 0 when memory is out. */
uint32_t lg_go_shown_count(struct lg_go_symbols *s, uint64_t pc);

enum lg_go_start {
    LG_START_USER,
    LG_START_SYSTEM,
    LG_START_FINALIZERS, /* the user's while it runs one */
    LG_START_CLEANUPS,   /* the same */
};
/* What a goroutine is that begins with the function at start_pc. */
enum lg_go_start lg_go_start_of(const struct lg_go *go, uint64_t start_pc);

#endif
