/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the machine that pprof's reports ask (evidence/pprof_machine.h) is
 * the one that we run on: its files, its Go, its objdump. Binaries are opened
 * when a report first asks, and stay open until the end.
 */
#ifndef LG_SOURCES_PPROF_MACHINE_H
#define LG_SOURCES_PPROF_MACHINE_H

#include "evidence/pprof_machine.h"

/* Text is one line for stderr, without a newline: where a source was found, or
 * where it was looked for. */
typedef void lg_machine_say_fn(void *context, const char *text);

/* Borrows arena, which outlives it. say may be NULL. Cost: nothing is opened
 * or run yet. */
bool lg_pprof_machine_init(struct lg_pprof_machine *m, lg_machine_say_fn *say,
                           void *say_context, struct lg_arena *arena,
                           struct lg_error *err);
void lg_pprof_machine_deinit(struct lg_pprof_machine *m);

#endif
