/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a tool of the machine (go, objdump) is run and its whole output
 * taken. It runs in /, so that no go.mod here changes what it is, with nothing
 * on its stdin; what it says on stderr is the reason when it fails.
 */
#ifndef LG_SOURCES_RUN_TOOL_H
#define LG_SOURCES_RUN_TOOL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* argv ends with NULL; argv[0] is looked up in PATH unless it has a slash.
 * ABSENT: no such program. UNSUPPORTED: it failed; err->text is what it said
 * first. LIMIT: more output than limit_bytes; it is ended. */
bool lg_run_tool(const char *const *argv, size_t limit_bytes,
                 struct lg_arena *arena, struct lg_str *output_ret,
                 struct lg_error *err);

#endif
