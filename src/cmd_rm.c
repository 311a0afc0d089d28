/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "cmd.h"
#include "incident_of.h"

struct wish {
    const char *state;
    bool all;
    int64_t until_ns;
};

enum { STATE, UNTIL, ALL };

static const struct lg_option options[] = {
    [STATE] = {"state", 's', "DIR", "where incidents are kept"},
    [UNTIL] = {"until", 0, "TIME", "all that ended at TIME or before"},
    [ALL] = {"all", 0, NULL, "all of them"},
    {0},
};

static int remove_named(struct lg_store *store, const struct lg_args *args,
                        struct lg_arena *arena)
{
    int status = LG_EXIT_OK;
    for (int i = 0; i < args->operand_count; i++) {
        struct lg_store_row row;
        struct lg_error err = {0};
        if (lg_store_find(store, lg_str_of(args->operands[i]), arena, &row,
                          &err) &&
            lg_store_remove(store, row.id, &err)) {
            printf("%s\n", row.id);
            continue;
        }
        int one = lg_cmd_fail(&err);
        status = status == LG_EXIT_OK ? one : status;
    }
    return status;
}

/* What is being recorded stays, and is no failure: nobody named it. */
static int remove_many(struct lg_store *store, const struct wish *w,
                       struct lg_arena *arena)
{
    struct lg_store_query query = {.until_ns = w->until_ns};
    struct lg_store_row *rows;
    struct lg_error err = {0};
    size_t count, removed = 0;
    if (!lg_store_list(store, &query, arena, &rows, &count, &err))
        return lg_cmd_fail(&err);
    for (size_t i = 0; i < count; i++) {
        if (lg_str_eq(rows[i].state, LG_STR("recording")))
            continue;
        if (!lg_store_remove(store, rows[i].id, &err))
            return lg_cmd_fail(&err);
        printf("%s\n", rows[i].id);
        removed++;
    }
    if (removed > 0)
        return LG_EXIT_OK;
    lg_cmd_say("there was nothing to remove in %s", lg_store_path(store));
    return LG_EXIT_NOTHING;
}

static bool take(struct wish *w, int option, const char *value,
                 struct lg_error *err)
{
    switch (option) {
    case STATE:
        w->state = value;
        return true;
    case UNTIL:
        return lg_cmd_time(value, lg_wall_ns(&lg_clock_system), &w->until_ns,
                           err);
    case ALL:
        w->all = true;
        return true;
    }
    return true;
}

static int body(struct lg_args *args, struct lg_arena *arena)
{
    struct wish w = {0};
    struct lg_store *store = NULL;
    struct lg_error err = {0};
    int option;
    while ((option = lg_args_next(args)) >= 0) {
        if (!take(&w, option, args->value, &err))
            return lg_cmd_fail(&err);
    }
    if (option != LG_ARGS_END)
        return option == LG_ARGS_HELP ? LG_EXIT_OK : LG_EXIT_USAGE;
    lg_args_take_rest(args);
    bool many = w.all || w.until_ns != 0;
    if (many == (args->operand_count > 0)) {
        lg_cmd_say("rm needs either ids or one of --until and --all");
        return LG_EXIT_USAGE;
    }
    if (!lg_cmd_store(w.state, &store, &err))
        return lg_cmd_fail(&err);
    int status =
        many ? remove_many(store, &w, arena) : remove_named(store, args, arena);
    lg_store_close(store);
    return status;
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, body);
}

const struct lg_command lg_cmd_rm = {
    .name = "rm",
    .summary = "remove incidents with all their files",
    .usage = "[OPTIONS] ID...",
    .options = options,
    .details = "Prints the ids of those that were removed. What is being "
               "recorded cannot be removed.",
    .run = run,
};
