/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_goroutines.h"

#include "cmd.h"

#include <string.h>

enum option {
    OPT_STATE,
    OPT_FULL,
    OPT_JSON,
    OPT_ALL,
    OPT_FRAMES,
    OPT_CENSUS,
    OPT_SYSTEM,
    OPT_FREEZE,
    OPT_EXE,
};

static const struct lg_option options[] = {
    [OPT_STATE] = {"state", 's', "DIR", "where incidents are kept"},
    [OPT_FULL] = {"full", 'f', NULL,
                  "every goroutine with its stack, as Go prints it (debug=2)"},
    [OPT_JSON] = {"json", 0, NULL,
                  "print JSON (lastgasp.goroutines/1); with --full every "
                  "goroutine"},
    [OPT_ALL] = {"all", 'a', NULL, "all places, not only the first 20"},
    [OPT_FRAMES] = {"frames", 0, "N", "read N frames of each stack; 0: all"},
    [OPT_CENSUS] = {"census", 'c', NULL,
                    "read no stacks: state, wait, creator, top frame"},
    [OPT_SYSTEM] = {"system", 0, NULL, "the runtime's own goroutines too"},
    [OPT_FREEZE] = {"freeze", 0, "WHEN",
                    "auto: stop the process only for the goroutines that run; "
                    "never; always"},
    [OPT_EXE] = {"exe", 0, "FILE", "the program of a core"},
    {0},
};

static bool parse_frames(const char *text, uint32_t *ret)
{
    uint64_t n;
    if (!lg_str_u64(lg_str_of(text), &n)) {
        lg_cmd_say("--frames takes a number, not \"%s\"", text);
        return false;
    }
    *ret = n == 0 || n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return true;
}

static bool take(struct lg_args *args, int option,
                 struct lg_goroutines_request *r, struct lg_source_options *o)
{
    switch (option) {
    case OPT_STATE:
        o->state_dir = args->value;
        return true;
    case OPT_FULL:
        return r->full = true;
    case OPT_JSON:
        return r->json = true;
    case OPT_ALL:
        return r->all = true;
    case OPT_FRAMES:
        return parse_frames(args->value, &r->frames);
    case OPT_CENSUS:
        r->frames = 0;
        return true;
    case OPT_SYSTEM:
        return r->with_system = true;
    case OPT_FREEZE:
        return lg_source_freeze(args->value, &r->freeze);
    case OPT_EXE:
        o->exe = args->value;
        return true;
    default:
        return false;
    }
}

/* -1: go on. */
static int parse(struct lg_args *args, struct lg_goroutines_request *r,
                 struct lg_source_options *o)
{
    for (;;) {
        int option = lg_args_next(args);
        if (option == LG_ARGS_HELP)
            return LG_EXIT_OK;
        if (option == LG_ARGS_END)
            break;
        if (!take(args, option, r, o))
            return LG_EXIT_USAGE;
    }
    return -1;
}

static void say_quality(const struct lg_goroutines_view *v)
{
    const struct lg_go_goroutines *read = &v->read;
    if (v->goroutines.truncated)
        lg_cmd_say("the list is not complete");
    if (!v->has_read)
        return;
    if (read->torn_count != 0)
        lg_cmd_say("%llu goroutines moved while they were read: without stack",
                   (unsigned long long)read->torn_count);
    if (read->unreadable_count != 0)
        lg_cmd_say("%llu goroutines could not be read",
                   (unsigned long long)read->unreadable_count);
    if (read->running_count != 0)
        lg_cmd_say("%llu goroutines were running: without stack",
                   (unsigned long long)read->running_count);
    if (v->source->image->truncated)
        lg_cmd_say("the core is cut");
}

static int show(struct lg_source_arg *source,
                const struct lg_goroutines_request *r, struct lg_arena *arena)
{
    struct lg_error err = {0};
    struct lg_goroutines_view v = {.request = r, .source = source};
    if (!lg_goroutines_view_read(&v, arena, &err))
        return lg_cmd_fail(&err);
    say_quality(&v);
    bool ok = r->json   ? lg_goroutines_print_json(&v)
              : r->full ? lg_goroutines_print_full(&v, arena)
                        : lg_goroutines_print_groups(&v, arena);
    if (ok)
        return LG_EXIT_OK;
    (void)lg_fail(&err, LG_OS, "cannot print the goroutines");
    return lg_cmd_fail(&err);
}

static int run_body(struct lg_args *args, struct lg_arena *arena)
{
    struct lg_goroutines_request request = {.frames = UINT32_MAX};
    struct lg_source_options o = {0};
    struct lg_source_arg source;
    int status = parse(args, &request, &o);
    if (status == -1)
        status = lg_source_of_args(args, &o, arena, &source);
    if (status != -1)
        return status;
    status = show(&source, &request, arena);
    lg_source_close(&source);
    return status;
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, run_body);
}

const struct lg_command lg_cmd_goroutines = {
    .name = "goroutines",
    .summary = "where the goroutines of a process or a core stand, and what "
               "they wait on",
    .usage = "[OPTIONS] PID|CORE|FILE|ID|last",
    .options = options,
    .details =
        "Reads the Go runtime's own memory: nothing has to be built into the "
        "program,\nnothing is allocated in it. Goroutines that stand at the "
        "same place for the\nsame reason are one entry; --full prints each. A "
        "file is a goroutine dump or\nprofile; an incident's last capture is "
        "taken.",
    .run = run,
};
