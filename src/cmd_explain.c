/* SPDX-License-Identifier: Apache-2.0 */
/* `explain`, and `show`, which is the same verdict with all that is behind it.
 */
#include "cmd.h"
#include "explain.h"
#include "incident_of.h"
#include "stage.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More reports of one incident than anybody wants. */
#define REPORTS_MAX 16

struct wish {
    const struct lg_command *command;
    const char *state;
    const char *reports[REPORTS_MAX];
    size_t report_count;
    bool details, json, path, fail_inconclusive;
};

static const struct lg_option options[] = {LG_EXPLAIN_OPTIONS, {0}};

static bool add_report(struct wish *w, const char *path)
{
    struct lg_error err = {0};
    if (w->report_count == REPORTS_MAX)
        lg_fail(&err, LG_USAGE, "more than %d reports", REPORTS_MAX);
    else if (lg_explain_check_path(path, &err)) {
        w->reports[w->report_count++] = path;
        return true;
    }
    lg_cmd_fail(&err);
    return false;
}

/* LG_ARGS_END when all is well, else what lg_args_next said. */
static int parse(struct lg_args *args, struct wish *w)
{
    int option;
    while ((option = lg_args_next(args)) >= 0) {
        switch (option) {
        case LG_EXPLAIN_STATE:
            w->state = args->value;
            break;
        case LG_EXPLAIN_JSON:
            w->json = true;
            break;
        case LG_EXPLAIN_REPORT:
            if (!add_report(w, args->value))
                return LG_ARGS_BAD;
            break;
        case LG_EXPLAIN_FAIL_INCONCLUSIVE:
            w->fail_inconclusive = true;
            break;
        case LG_EXPLAIN_PATH:
            w->path = true;
            break;
        }
    }
    lg_args_take_rest(args);
    return option;
}

static bool print(const struct wish *w, const struct lg_report *r,
                  struct lg_error *err)
{
    if (!w->json)
        return lg_explain_print(STDOUT_FILENO, r, w->details, err);
    struct lg_json j;
    int fd = STDOUT_FILENO;
    lg_json_init_fd(&j, &fd, true);
    lg_report_json(r, &j);
    if (!lg_json_finish(&j))
        return lg_fail(err, LG_OS, "cannot write to standard output");
    return true;
}

/* folder: what the reader may name as its own; NULL for loose files. */
static bool explain_path(const struct wish *w, const char *path,
                         const char *folder, const char *id,
                         struct lg_arena *arena, bool *inconclusive_ret,
                         struct lg_error *err)
{
    struct lg_incident incident;
    struct lg_verdict verdict;
    if (!lg_explain_folder(path, arena, &incident, &verdict, err))
        return false;
    if (id != NULL)
        incident.id = lg_str_of(id);
    struct lg_report report = {.incident = &incident,
                               .verdict = &verdict,
                               .folder = lg_str_of(folder)};
    for (size_t i = 0; i < w->report_count; i++) {
        if (!lg_explain_write(w->reports[i], &report, err))
            return false;
    }
    *inconclusive_ret = verdict.inconclusive;
    return print(w, &report, err);
}

static bool explain_operand(const struct wish *w, const char *operand,
                            struct lg_arena *arena, bool *inconclusive_ret,
                            struct lg_error *err)
{
    struct lg_incident_of of;
    if (!lg_incident_of(w->state, operand, arena, &of, err))
        return false;
    if (w->path) {
        printf("%s\n", of.path);
        return true;
    }
    return explain_path(w, of.path, of.path, of.stored ? of.row.id : NULL,
                        arena, inconclusive_ret, err);
}

/* Some files that somebody saved are one case. */
static bool explain_files(const struct wish *w, const struct lg_args *args,
                          struct lg_arena *arena, bool *inconclusive_ret,
                          struct lg_error *err)
{
    struct lg_stage stage;
    if (!lg_stage_init(&stage, args->operands, (size_t)args->operand_count,
                       err))
        return false;
    bool ok =
        explain_path(w, stage.path, NULL, NULL, arena, inconclusive_ret, err);
    lg_stage_deinit(&stage);
    return ok;
}

static int status_of(const struct wish *w, bool ok, bool inconclusive,
                     const struct lg_error *err)
{
    if (!ok)
        return lg_cmd_fail(err);
    return inconclusive && w->fail_inconclusive ? LG_EXIT_INCONCLUSIVE
                                                : LG_EXIT_OK;
}

static int explain_one(const struct wish *w, const char *operand)
{
    struct lg_arena arena;
    struct lg_error err = {0};
    bool inconclusive = false;
    lg_arena_init(&arena, 0);
    bool ok = explain_operand(w, operand, &arena, &inconclusive, &err);
    lg_arena_deinit(&arena);
    return status_of(w, ok, inconclusive, &err);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool all_files(const struct lg_args *args)
{
    int i = 0;
    while (i < args->operand_count && is_file(args->operands[i]))
        i++;
    return i == args->operand_count;
}

/* All of them, whatever happens to one; the first trouble is the status. */
static int explain_each(const struct wish *w, const struct lg_args *args)
{
    int status = LG_EXIT_OK;
    for (int i = 0; i < args->operand_count; i++) {
        if (i > 0 && !w->json && !w->path)
            (void)!write(STDOUT_FILENO, "\n", 1);
        int one = explain_one(w, args->operands[i]);
        if (status == LG_EXIT_OK)
            status = one;
    }
    return status;
}

static int explain_all(const struct wish *w, const struct lg_args *args,
                       struct lg_arena *arena)
{
    if (args->operand_count == 0)
        return explain_one(w, "last");
    if (args->operand_count > 1 && !w->path && all_files(args)) {
        struct lg_error err = {0};
        bool inconclusive = false;
        bool ok = explain_files(w, args, arena, &inconclusive, &err);
        return status_of(w, ok, inconclusive, &err);
    }
    if (args->operand_count > 1 && w->report_count > 0) {
        lg_cmd_say("%s: --report writes one incident; name one at a time",
                   w->command->name);
        return LG_EXIT_USAGE;
    }
    return explain_each(w, args);
}

static int parse_and_explain(struct lg_args *args, struct lg_arena *arena)
{
    struct wish w = {.command = args->command,
                     .details = args->command == &lg_cmd_show};
    int end = parse(args, &w);
    if (end != LG_ARGS_END)
        return end == LG_ARGS_HELP ? LG_EXIT_OK : LG_EXIT_USAGE;
    return explain_all(&w, args, arena);
}

int lg_explain_run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, parse_and_explain);
}

const struct lg_command lg_cmd_explain = {
    .name = "explain",
    .summary = "why it died: cause, line and numbers of an incident or of "
               "files",
    .usage = "[OPTIONS] [ID|last|FOLDER|FILE]...",
    .options = options,
    .details = "Without an operand it explains the newest incident. A FOLDER "
               "may hold anything that\nwas saved by hand: profiles, goroutine "
               "dumps, kernel logs, under any names; several\nFILEs are taken "
               "as one case.",
    .run = lg_explain_run,
};
