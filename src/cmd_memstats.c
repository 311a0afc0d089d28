/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_memstats.h"

#include "cmd.h"
#include "decode/memstats_json.h"
#include "diagnose/case.h"
#include "report/json_parts.h"
#include "report/page.h"

#include <unistd.h>

enum { OPT_STATE, OPT_JSON, OPT_EXE };

static const struct lg_option options[] = {
    [OPT_STATE] = {"state", 's', "DIR", "where incidents are kept"},
    [OPT_JSON] = {"json", 0, NULL, "print JSON (lastgasp.memstats/1)"},
    [OPT_EXE] = {"exe", 0, "FILE", "the program of a core"},
    {0},
};

#define INDENT 12

static bool print_text(struct lg_memstats_view *v, struct lg_arena *arena)
{
    struct lg_sb out, title;
    struct lg_page page = {.out = &out,
                           .scratch = arena,
                           .color = lg_cmd_color(STDOUT_FILENO),
                           .columns = lg_cmd_columns(STDOUT_FILENO)};
    lg_sb_init(&out, arena);
    lg_sb_init(&title, arena);
    lg_one_capture_title(v->source, v->one, &title);
    lg_page_put(&page, LG_INK_BOLD, lg_sb_view(&title));
    lg_page_end(&page);
    for (const struct lg_memstats_line *line = lg_memstats_lines;
         line->label != NULL; line++) {
        struct lg_sb words;
        lg_sb_init(&words, arena);
        line->words(v, &words);
        if (words.len != 0)
            lg_page_labelled(&page, line->label, lg_sb_view(&words), 0, INDENT);
    }
    if (out.failed)
        return false;
    fwrite(out.data, 1, out.len, stdout);
    return true;
}

/* As in lastgasp.report/1. */
static void memory_json(struct lg_json *j, const struct lg_memory *m)
{
    lg_json_key(j, "memory");
    lg_json_object(j);
    if (m->rss_bytes.known)
        lg_json_ku64(j, "rss_bytes", m->rss_bytes.value);
    if (m->usage_bytes.known)
        lg_json_ku64(j, "usage_bytes", m->usage_bytes.value);
    lg_report_parts_json(m, j);
    lg_json_ki64(j, "unexplained_bytes", m->unexplained_bytes);
    lg_json_object_end(j);
}

static bool print_json(const struct lg_memstats_view *v)
{
    int fd = STDOUT_FILENO;
    const struct lg_subject *s = &v->one->incident.subject;
    struct lg_json j;
    lg_json_init_fd(&j, &fd, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", LG_MEMSTATS_SCHEMA);
    if (s->pid != 0)
        lg_json_ki64(&j, "pid", s->pid);
    if (s->build.go_version.len != 0)
        lg_json_kstr(&j, "go_version", s->build.go_version);
    lg_json_ktime(&j, "time", v->one->capture->wall_ns);
    lg_memstats_json_members(&j, v->m);
    if (v->memory.known)
        memory_json(&j, &v->memory);
    lg_json_object_end(&j);
    return lg_json_finish(&j);
}

/* The account of the capture that the statistics are from. */
static bool reconcile(struct lg_memstats_view *v, struct lg_arena *arena)
{
    struct lg_case c;
    if (!lg_case_init(&c, &v->one->incident, arena))
        return false;
    lg_each(shot, c.shots)
        if (shot->capture == v->one->capture)
            v->memory = shot->memory;
    return true;
}

static int show(struct lg_source_arg *source, bool json, struct lg_arena *arena)
{
    struct lg_error err = {0};
    struct lg_one_capture one;
    if (!lg_one_capture_memstats(source, arena, &one, &err))
        return lg_cmd_fail(&err);
    struct lg_memstats_view v = {
        .source = source, .one = &one, .m = one.capture->memstats};
    bool ok =
        reconcile(&v, arena) && (json ? print_json(&v) : print_text(&v, arena));
    if (!ok) {
        lg_fail_nomem(&err);
        return lg_cmd_fail(&err);
    }
    return LG_EXIT_OK;
}

static int run_body(struct lg_args *args, struct lg_arena *arena)
{
    struct lg_source_options o = {0};
    struct lg_source_arg source;
    bool json = false;
    for (int option; (option = lg_args_next(args)) != LG_ARGS_END;) {
        if (option == LG_ARGS_HELP)
            return LG_EXIT_OK;
        if (option == LG_ARGS_BAD)
            return LG_EXIT_USAGE;
        if (option == OPT_JSON)
            json = true;
        else if (option == OPT_STATE)
            o.state_dir = args->value;
        else
            o.exe = args->value;
    }
    int status = lg_source_of_args(args, &o, arena, &source);
    if (status != -1)
        return status;
    status = show(&source, json, arena);
    lg_source_close(&source);
    return status;
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, run_body);
}

const struct lg_command lg_cmd_memstats = {
    .name = "memstats",
    .summary = "a Go program's memory: heap, garbage, stacks, collector, "
               "read from outside",
    .usage = "[OPTIONS] PID|CORE|ID|last|FILE",
    .options = options,
    .details = "Reads what runtime.MemStats would say without the program's "
               "help and without\nstopping it, and joins it with /proc and "
               "the cgroup.",
    .run = run,
};
