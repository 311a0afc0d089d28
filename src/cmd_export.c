/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "incident_of.h"

#include <string.h>
#include <unistd.h>

struct wish {
    const char *state, *output;
};

enum { STATE, OUTPUT };

static const struct lg_option options[] = {
    [STATE] = {"state", 's', "DIR", "where incidents are kept"},
    [OUTPUT] = {"output", 'o', "FILE",
                "file, folder, or - (default: ./lastgasp-ID.tar.gz)"},
    {0},
};

static bool export_one(const struct wish *w, struct lg_store *store,
                       const char *name, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_store_row row;
    char path[64];
    if (!lg_store_find(store, lg_str_of(name), arena, &row, err))
        return false;
    snprintf(path, sizeof path, "lastgasp-%s.tar.gz", row.id);
    const char *output = w->output != NULL ? w->output : path;
    if (!lg_store_export(store, row.id, output, err))
        return false;
    /* What was not named by the user is told. */
    if (w->output == NULL)
        printf("%s\n", path);
    return true;
}

static int export_all(const struct wish *w, const struct lg_args *args,
                      struct lg_arena *arena)
{
    struct lg_store *store = NULL;
    struct lg_error err = {0};
    int status = LG_EXIT_OK;
    if (!lg_cmd_store(w->state, &store, &err))
        return lg_cmd_fail(&err);
    int count = args->operand_count > 0 ? args->operand_count : 1;
    for (int i = 0; i < count && status == LG_EXIT_OK; i++) {
        const char *name = args->operand_count > 0 ? args->operands[i] : "last";
        if (!export_one(w, store, name, arena, &err))
            status = lg_cmd_fail(&err);
    }
    lg_store_close(store);
    return status;
}

static int body(struct lg_args *args, struct lg_arena *arena)
{
    struct wish w = {0};
    int option;
    while ((option = lg_args_next(args)) >= 0) {
        if (option == STATE)
            w.state = args->value;
        else
            w.output = args->value;
    }
    if (option != LG_ARGS_END)
        return option == LG_ARGS_HELP ? LG_EXIT_OK : LG_EXIT_USAGE;
    lg_args_take_rest(args);
    bool to_stdout = w.output != NULL && strcmp(w.output, "-") == 0;
    if (to_stdout && isatty(STDOUT_FILENO) == 1) {
        lg_cmd_say("an archive is not for a terminal; send it to a file or a "
                   "pipe");
        return LG_EXIT_USAGE;
    }
    if (w.output != NULL && args->operand_count > 1) {
        lg_cmd_say("export: --output takes one incident; name one at a time");
        return LG_EXIT_USAGE;
    }
    return export_all(&w, args, arena);
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, body);
}

const struct lg_command lg_cmd_export = {
    .name = "export",
    .summary = "an incident as one file, to be sent to somebody",
    .usage = "[OPTIONS] [ID|last]...",
    .options = options,
    .details = "The archive holds what the program had in memory: names, "
               "arguments, addresses.\nlastgasp import reads it on another "
               "machine.",
    .run = run,
};
