/* SPDX-License-Identifier: Apache-2.0 */
/* Concept: pprof's shell in parts that touch nothing, so that they are tested
 * without a terminal. Source: internal/driver/interactive.go (Go 1.27.4). */
#ifndef LG_CMD_PPROF_SHELL_H
#define LG_CMD_PPROF_SHELL_H

#include "cmd_pprof.h"

/* What a line stands for: itself without blanks at its ends, or the lines of a
 * shortcut (":", "alloc_space", "mean_delay"). At most LG_PPROF_EXPANDED. */
#define LG_PPROF_EXPANDED 5
size_t lg_pprof_expand(const struct lg_profile *p, struct lg_str line,
                       struct lg_arena *arena,
                       struct lg_str expanded_ret[LG_PPROF_EXPANDED]);

/* "name = value //: comment". false: no variable has that name. */
struct lg_pprof_assignment {
    struct lg_str name, value;
    bool has_value;
};
bool lg_pprof_assignment_parse(struct lg_str line,
                               struct lg_pprof_assignment *ret);

/* "top10 focus -ignore -cum >file": job and options of this one command. Text
 * lives in the arena. USAGE in pprof's words. */
bool lg_pprof_command_parse(struct lg_str line,
                            const struct lg_pprof_options *current,
                            struct lg_arena *arena,
                            struct lg_pprof_job *job_ret,
                            struct lg_pprof_options *options_ret,
                            struct lg_error *err);

/* The `options` command's text. */
void lg_pprof_options_print(struct lg_sb *sb, const struct lg_profile *p,
                            const struct lg_pprof_options *o);

/* The line with its last word completed where that is unambiguous, else as it
 * is: a command or variable, or a function of the profile. */
struct lg_str lg_pprof_complete(const struct lg_profile *p, struct lg_str line,
                                struct lg_arena *arena);

#endif
