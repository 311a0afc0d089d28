/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the text files of /proc/PID, each parsed by name into
 * struct lg_process; what a kernel does not print stays unknown. No function
 * here allocates unless it takes an arena.
 */
#ifndef LG_DECODE_PROC_FILES_H
#define LG_DECODE_PROC_FILES_H

#include "base/error.h"
#include "evidence/process.h"

void lg_proc_status_parse(struct lg_str text, struct lg_arena *arena,
                          struct lg_process *p); /* arena may be NULL: then
                                                    comm is not taken */
bool lg_proc_stat_parse(struct lg_str text, uint64_t ticks_per_s,
                        struct lg_process *p, struct lg_error *err);
void lg_proc_smaps_rollup_parse(struct lg_str text, struct lg_smaps *ret);
void lg_proc_limits_parse(struct lg_str text, struct lg_process *p);
/* Groups of mappings of a whole smaps. */
bool lg_proc_smaps_parse(struct lg_str text, struct lg_arena *arena,
                         struct lg_process *p, struct lg_error *err);
/* Lines "FD\tTARGET" as sources/procfs writes them (fds.txt) → groups. */
bool lg_fds_text_parse(struct lg_str text, struct lg_arena *arena,
                       struct lg_fds *ret, struct lg_error *err);

#endif
