/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_pprof.h"

#include "base/io.h"
#include "cmd.h"

#include <malloc.h>
#include <unistd.h>

/* Blocks up to this are kept when they are given back: what a profile of usual
 * size was inflated to becomes its graph, without fresh pages. */
#define KEEP_MALLOC_BYTES (2 << 20)

/* Lives as long as the program: what it holds is given back by the kernel,
 * which takes no time that anybody waits for. */
static struct lg_arena arena;

void lg_pprof_print(struct lg_str text)
{
    /* One write, so that it is not torn; who cannot read it is told nothing. */
    struct lg_error ignored;
    (void)!lg_write_all(STDERR_FILENO, text.data, text.len, &ignored);
    if (!lg_str_ends(text, LG_STR("\n")))
        (void)!lg_write_all(STDERR_FILENO, "\n", 1, &ignored);
}

static int fail(const struct lg_error *err)
{
    lg_cmd_fail(err);
    return LG_EXIT_USAGE; /* pprof's one status for all failures */
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    struct lg_pprof_line line;
    struct lg_profile profile;
    struct lg_error err = {0};
    (void)self;
    (void)mallopt(M_MMAP_THRESHOLD, KEEP_MALLOC_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, 2 * KEEP_MALLOC_BYTES);
    (void)mallopt(M_TOP_PAD, 0);
    lg_arena_init(&arena, 0);
    switch (lg_pprof_line_parse(argc, argv, &arena, &line)) {
    case LG_PPROF_HELP:
        return LG_EXIT_OK;
    case LG_PPROF_BAD:
        return LG_EXIT_USAGE;
    default:
        break;
    }
    if (!lg_pprof_line_fetch(&line, &arena, &profile, &err))
        return fail(&err);
    if (line.job.command == NULL)
        return lg_pprof_shell(&profile, &line);
    if (!lg_pprof_run_job(&profile, &line.job, &line.options, false, &arena,
                          &err))
        return fail(&err);
    return LG_EXIT_OK;
}

const struct lg_command lg_cmd_pprof = {
    .name = "pprof",
    .summary = "go tool pprof, the same bytes in a fraction of the time; flame "
               "graphs",
    .usage = "[FORMAT] [OPTIONS] [BINARY] SOURCE…",
    .details = "Takes the command line of go tool pprof as it is; lastgasp "
               "pprof -h lists it. A SOURCE\nmay also be an incident (an id, "
               "or last), a process id or a folder.",
    .run = run,
};
