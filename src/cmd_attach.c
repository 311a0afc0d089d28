/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_watch.h"

#include <stdlib.h>

static const struct lg_option options[] = {
    {"for", 'f', "TIME", "stop watching after this time (90s, 5m)"},
    LG_WATCH_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static int attach(const struct lg_command *self, int argc, char **argv)
{
    struct lg_watch watch = {0};
    const char **operands = calloc((size_t)argc + 1, sizeof *operands);
    struct lg_args args;
    int at, failed = 0;
    uint64_t pid = 0;
    if (operands == NULL) {
        return LG_EXIT_FAILED;
    }
    lg_args_init(&args, self, argc, argv, operands);
    while (failed == 0 && (at = lg_args_next(&args)) >= 0) {
        bool known;
        failed = lg_watch_option(&watch, &options[at], args.value, &known);
    }
    bool one = args.operand_count == 1 &&
               lg_str_u64(lg_str_of(operands[0]), &pid) && pid > 0 &&
               pid <= INT32_MAX;
    free(operands);
    if (failed != 0 || at == LG_ARGS_BAD) {
        return failed != 0 ? failed : LG_EXIT_USAGE;
    }
    if (at == LG_ARGS_HELP) {
        return LG_EXIT_OK;
    }
    if (!one) {
        lg_cmd_say("attach: give one process id; `lastgasp ps` lists them");
        return LG_EXIT_USAGE;
    }
    watch.attach_pid = (int64_t)pid;
    return lg_watch_run(&watch);
}

const struct lg_command lg_cmd_attach = {
    .name = "attach",
    .summary = "watch a running process; explain how it ends",
    .usage = "[OPTIONS] PID",
    .options = options,
    .details = "SIGINT or SIGTERM end the watch; the process goes on.\n",
    .run = attach,
};
