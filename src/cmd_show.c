/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "explain.h"

static const struct lg_option options[] = {
    LG_EXPLAIN_OPTIONS,
    [LG_EXPLAIN_PATH] = {"path", 0, NULL, "only print where its files are"},
    {0},
};

const struct lg_command lg_cmd_show = {
    .name = "show",
    .summary = "an incident in full: evidence for and against, captures, what "
               "is missing",
    .usage = "[OPTIONS] [ID|last|FOLDER|FILE]...",
    .options = options,
    .details = "Without an operand it shows the newest incident.",
    .run = lg_explain_run,
};
