/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "explain.h"
#include "incident_of.h"

#include <string.h>
#include <unistd.h>

enum { STATE };

static const struct lg_option options[] = {
    [STATE] = {"state", 's', "DIR", "where incidents are kept"},
    {0},
};

static bool has_report(const char *folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/report.json", folder);
    return access(path, F_OK) == 0;
}

/* What came without a verdict gets one. This also tells whether there is
 * evidence in it at all. */
static bool judge(struct lg_store *store, const struct lg_store_row *row,
                  struct lg_arena *arena, struct lg_error *err)
{
    struct lg_incident incident;
    struct lg_verdict verdict;
    const char *folder = row->folder.data;
    if (!lg_explain_folder(folder, arena, &incident, &verdict, err))
        return false;
    if (has_report(folder))
        return true;
    incident.id = lg_str_of(row->id);
    struct lg_report report = {
        .incident = &incident, .verdict = &verdict, .folder = row->folder};
    return lg_explain_keep(folder, &report, err) &&
           lg_store_commit(store, row->id, &incident, &verdict, err);
}

static bool import_one(struct lg_store *store, const char *path,
                       struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_store_row row;
    char id[16];
    if (!lg_store_import(store, path, id, err))
        return false;
    lg_arena_init(&arena, 0);
    bool ok = lg_store_find(store, lg_str_of(id), &arena, &row, err) &&
              judge(store, &row, &arena, err);
    lg_arena_deinit(&arena);
    if (ok) {
        printf("%s\n", id);
        return true;
    }
    (void)lg_store_remove(store, id, NULL);
    /* The folder that the sentence may name is gone again. */
    if (err->kind == LG_ABSENT)
        return lg_fail(err, LG_BAD_DATA, "there is no evidence in it");
    return false;
}

static int body(struct lg_args *args, struct lg_arena *arena)
{
    struct lg_store *store = NULL;
    struct lg_error err = {0};
    const char *state = NULL;
    int option, status = LG_EXIT_OK;
    (void)arena; /* each incident has its own */
    while ((option = lg_args_next(args)) >= 0)
        state = args->value;
    if (option != LG_ARGS_END)
        return option == LG_ARGS_HELP ? LG_EXIT_OK : LG_EXIT_USAGE;
    lg_args_take_rest(args);
    if (args->operand_count == 0) {
        lg_cmd_say("import needs an archive or a folder; see lastgasp help "
                   "import");
        return LG_EXIT_USAGE;
    }
    if (!lg_cmd_store(state, &store, &err))
        return lg_cmd_fail(&err);
    for (int i = 0; i < args->operand_count; i++) {
        const char *path = args->operands[i];
        err = (struct lg_error){0};
        if (import_one(store, path, &err))
            continue;
        if (!lg_str_starts(lg_str_of(err.text), lg_str_of(path)))
            lg_context(&err, "%s", path);
        int one = lg_cmd_fail(&err);
        status = status == LG_EXIT_OK ? one : status;
    }
    lg_store_close(store);
    return status;
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, body);
}

const struct lg_command lg_cmd_import = {
    .name = "import",
    .summary = "an exported incident, or a folder of evidence, into the store",
    .usage = "[OPTIONS] FILE|FOLDER|-...",
    .options = options,
    .details = "Prints the id under which each is kept. Archives may come from "
               "anybody: links, devices\nand names that lead out of the folder "
               "are refused.",
    .run = run,
};
