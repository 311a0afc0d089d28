/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_watch.h"

#include <stdlib.h>

static const struct lg_option options[] = {
    {"memory-max", 'm', "SIZE",
     "run CMD in a memory cgroup of its own with this limit (256M, 1.5G)"},
    {"for", 'f', "TIME", "end CMD after this time (90s, 5m)"},
    LG_WATCH_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static int run(const struct lg_command *self, int argc, char **argv)
{
    struct lg_watch watch = {0};
    const char **operands = calloc((size_t)argc + 1, sizeof *operands);
    struct lg_args args;
    int at, failed = 0;
    if (operands == NULL) {
        return LG_EXIT_FAILED;
    }
    lg_args_init(&args, self, argc, argv, operands);
    while (failed == 0 && (at = lg_args_next(&args)) >= 0) {
        bool known;
        failed = lg_watch_option(&watch, &options[at], args.value, &known);
        if (!known &&
            (!lg_str_size(lg_str_of(args.value), &watch.memory_max_bytes) ||
             watch.memory_max_bytes == 0)) {
            lg_cmd_say("--memory-max %s: give a size such as 256M or 1.5G",
                       args.value);
            failed = LG_EXIT_USAGE;
        }
    }
    free(operands);
    if (failed != 0 || at == LG_ARGS_BAD) {
        return failed != 0 ? failed : LG_EXIT_USAGE;
    }
    if (at == LG_ARGS_HELP) {
        return LG_EXIT_OK;
    }
    if (args.rest >= argc) {
        lg_cmd_say("run: give the program to run, for example: "
                   "lastgasp run --memory-max 256M -- ./service");
        return LG_EXIT_USAGE;
    }
    watch.argv = argv + args.rest;
    return lg_watch_run(&watch);
}

const struct lg_command lg_cmd_run = {
    .name = "run",
    .summary = "run a program under the recorder; explain how it ended",
    .usage = "[OPTIONS] [--] CMD [ARG...]",
    .options = options,
    .details =
        "CMD's own output is left alone; the verdict goes to stderr. Signals\n"
        "pass through, and the exit status is CMD's (128 + signal).\n",
    .run = run,
    .command_follows = true,
};
