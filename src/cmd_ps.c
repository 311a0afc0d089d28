/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_ps.h"

#include "cmd.h"

#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_OVER_NS (250 * LG_NS_PER_MS)
#define MAX_OVER_NS (60 * LG_NS_PER_S)

enum option {
    OPT_JSON,
    OPT_ALL,
    OPT_ROOT,
    OPT_OVER,
};

static const struct lg_option options[] = {
    [OPT_JSON] = {"json", 0, NULL, "print JSON (lastgasp.ps/1)"},
    [OPT_ALL] = {"all", 'a', NULL, "processes of other languages too"},
    [OPT_ROOT] = {"root", 0, "DIR", "read a copy of another machine's / there"},
    [OPT_OVER] = {"over", 0, "TIME",
                  "measure CPU over this time (250ms); 0: since each start"},
    {0},
};

struct request {
    bool json, all;
    const char *root;
    uint64_t over_ns;
};

static bool parse_over(const char *text, uint64_t *ret)
{
    uint64_t ns;
    if (!lg_str_duration(lg_str_of(text), &ns) || ns > MAX_OVER_NS) {
        lg_cmd_say("--over takes a time up to 1m, such as 250ms, not \"%s\"",
                   text);
        return false;
    }
    *ret = ns;
    return true;
}

/* -1: go on. */
static int parse(struct lg_args *args, struct request *r)
{
    for (;;) {
        switch (lg_args_next(args)) {
        case OPT_JSON:
            r->json = true;
            break;
        case OPT_ALL:
            r->all = true;
            break;
        case OPT_ROOT:
            r->root = args->value;
            break;
        case OPT_OVER:
            if (!parse_over(args->value, &r->over_ns))
                return LG_EXIT_USAGE;
            break;
        case LG_ARGS_HELP:
            return LG_EXIT_OK;
        case LG_ARGS_END:
            if (args->operand_count == 0)
                return -1;
            lg_cmd_say("ps takes no argument \"%s\"", args->operands[0]);
            return LG_EXIT_USAGE;
        default:
            return LG_EXIT_USAGE;
        }
    }
}

static size_t count_shown(const struct lg_ps *ps, bool all, bool is_live)
{
    size_t count = 0;
    lg_each(row, ps->rows)
        count += lg_ps_is_shown(ps, row, all, is_live);
    return count;
}

static void say_what_is_hidden(const struct lg_ps *ps)
{
    if (ps->denied_count == 0)
        return;
    lg_cmd_say("%zu %s not be looked into, so whether %s Go is not known%s",
               ps->denied_count,
               ps->denied_count == 1 ? "process may" : "processes may",
               ps->denied_count == 1 ? "it is" : "they are",
               geteuid() != 0 ? "; root can" : "");
}

static int show(const struct lg_host *host, const struct request *r,
                struct lg_arena *arena)
{
    struct lg_error err = {0};
    struct lg_ps ps;
    if (!lg_ps_collect(host, r->over_ns, arena, &ps, &err))
        return lg_cmd_fail(&err);
    size_t shown = count_shown(&ps, r->all, host->is_live);
    say_what_is_hidden(&ps);
    if (shown == 0 && !r->json)
        lg_cmd_say("no Go process is running%s",
                   ps.denied_count > 0 ? " that may be looked into" : "");
    bool ok = true;
    if (r->json)
        ok = lg_ps_print_json(&ps, r->all, host->is_live, arena);
    else if (shown > 0)
        ok = lg_ps_print_table(&ps, r->all, host->is_live,
                               lg_cmd_columns(STDOUT_FILENO), arena);
    if (!ok) {
        (void)lg_fail(&err, LG_OS, "cannot print the list");
        return lg_cmd_fail(&err);
    }
    return shown == 0 ? LG_EXIT_NOTHING : LG_EXIT_OK;
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    struct request r = {.over_ns = DEFAULT_OVER_NS};
    struct lg_error err = {0};
    struct lg_arena arena;
    struct lg_host host;
    struct lg_args args;
    const char **operands = calloc((size_t)argc + 1, sizeof *operands);
    if (operands == NULL) {
        (void)lg_fail_nomem(&err);
        return lg_cmd_fail(&err);
    }
    lg_args_init(&args, self, argc, argv, operands);
    int status = parse(&args, &r);
    free(operands);
    if (status >= 0)
        return status;
    if (!lg_host_init(&host, r.root, &err))
        return lg_cmd_fail(&err);
    lg_arena_init(&arena, 0);
    status = show(&host, &r, &arena);
    lg_arena_deinit(&arena);
    lg_host_deinit(&host);
    return status;
}

const struct lg_command lg_cmd_ps = {
    .name = "ps",
    .summary = "list Go processes, in the order in which the kernel would "
               "kill them",
    .usage = "[OPTIONS]",
    .options = options,
    .details =
        "Go programs are told by their build information, stripped ones too.\n"
        "The first line is the process that an out-of-memory kill would take "
        "next:\nthe memory cgroup with the least left under its limit, or the "
        "machine, and in\nit the process with the most points (RSS, swap and "
        "page tables, shifted by\noom_score_adj). Exit status 3: no Go "
        "process is running.",
    .run = run,
};
