/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_heap.h"

#include "base/io.h"
#include "cmd.h"
#include "decode/pprof_write.h"

#include <fcntl.h>

#define DEFAULT_TOP 20

enum option {
    OPT_STATE,
    OPT_SITES,
    OPT_JSON,
    OPT_ALLOC,
    OPT_PUBLISHED,
    OPT_TOP,
    OPT_OUT,
    OPT_EXE,
};

static const struct lg_option options[] = {
    [OPT_STATE] = {"state", 's', "DIR", "where incidents are kept"},
    [OPT_SITES] = {"sites", 0, NULL,
                   "by the user's lines that allocate (the default)"},
    [OPT_JSON] = {"json", 0, NULL, "print JSON (lastgasp.heap/1)"},
    [OPT_ALLOC] = {"alloc", 'a', NULL,
                   "by what was ever allocated, not by what is in use"},
    [OPT_PUBLISHED] = {"published", 0, NULL,
                       "as runtime/pprof would write it: as of the last "
                       "collections"},
    [OPT_TOP] = {"top", 'n', "N", "print N lines (20); 0: all"},
    [OPT_OUT] = {"out", 'o', "FILE",
                 "write the profile for go tool pprof (.pb.gz)"},
    [OPT_EXE] = {"exe", 0, "FILE", "the program of a core"},
    {0},
};

static bool write_profile(const struct lg_heap_table *t, struct lg_arena *arena,
                          struct lg_error *err)
{
    struct lg_str bytes;
    return lg_pprof_write_gz(t->one->capture->heap, arena, &bytes, err) &&
           lg_write_file(AT_FDCWD, t->request->out, bytes, 0644, err);
}

/* Whether there is nothing to show, and why that is. */
static bool say_why_empty(const struct lg_one_capture *one)
{
    if (one->has_heap_info && one->heap_info.compiled_out)
        lg_cmd_say("the program has no heap profile: the linker left it out, "
                   "for nothing in it reads one; with import _ "
                   "\"net/http/pprof\" anywhere in it, it has one");
    else if (one->has_heap_info && one->heap_info.disabled)
        lg_cmd_say("the program's heap profile is off: it has set "
                   "runtime.MemProfileRate to 0; take that out");
    else if (one->capture->heap->samples.count == 0)
        lg_cmd_say("no allocation has been sampled");
    else
        return false;
    return true;
}

static int show(struct lg_source_arg *source, const struct lg_heap_request *r,
                struct lg_arena *arena)
{
    struct lg_error err = {0};
    struct lg_one_capture one;
    enum lg_heap_when when = r->published ? LG_HEAP_PUBLISHED : LG_HEAP_NOW;
    if (!lg_one_capture_heap(source, when, arena, &one, &err))
        return lg_cmd_fail(&err);
    struct lg_heap_table t = {.source = source, .one = &one, .request = r};
    bool is_empty = say_why_empty(&one);
    bool ok = lg_heap_table_make(&t, arena);
    if (ok && r->json)
        ok = lg_heap_print_json(&t);
    else if (ok && !is_empty)
        ok = lg_heap_print_text(&t, arena);
    if (!ok)
        lg_fail_nomem(&err);
    if (!ok || (r->out != NULL && !write_profile(&t, arena, &err)))
        return lg_cmd_fail(&err);
    return is_empty ? LG_EXIT_NOTHING : LG_EXIT_OK;
}

/* -1: go on. */
static int parse(struct lg_args *args, struct lg_heap_request *r,
                 struct lg_source_options *o)
{
    for (;;) {
        switch (lg_args_next(args)) {
        case OPT_STATE:
            o->state_dir = args->value;
            break;
        case OPT_SITES:
            break;
        case OPT_JSON:
            r->json = true;
            break;
        case OPT_ALLOC:
            r->by_alloc = true;
            break;
        case OPT_PUBLISHED:
            r->published = true;
            break;
        case OPT_TOP:
            if (lg_str_u64(lg_str_of(args->value), &r->top))
                break;
            lg_cmd_say("--top takes a number, not \"%s\"", args->value);
            return LG_EXIT_USAGE;
        case OPT_OUT:
            r->out = args->value;
            break;
        case OPT_EXE:
            o->exe = args->value;
            break;
        case LG_ARGS_END:
            return -1;
        case LG_ARGS_HELP:
            return LG_EXIT_OK;
        default:
            return LG_EXIT_USAGE;
        }
    }
}

static int run_body(struct lg_args *args, struct lg_arena *arena)
{
    struct lg_heap_request request = {.top = DEFAULT_TOP};
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

const struct lg_command lg_cmd_heap = {
    .name = "heap",
    .summary = "who allocated what a Go program's heap holds, read from "
               "outside",
    .usage = "[OPTIONS] PID|CORE|ID|last|FILE",
    .options = options,
    .details = "The allocations that the runtime sampled, by the line of user "
               "code that made them.\nWithout --published also those that no "
               "collection has published yet.",
    .run = run,
};
