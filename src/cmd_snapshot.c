/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

#include "base/io.h"
#include "base/sb.h"
#include "snapshot.h"
#include "source_arg.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUT, FREEZE, EXE, DEBUG_FILE, JSON };

static const struct lg_option options[] = {
    [OUT] = {"out", 'o', "DIR", "the folder to make"},
    [FREEZE] = {"freeze", 0, "WHEN",
                "stop the process meanwhile: auto (only as long as running "
                "goroutines need), never or always"},
    [EXE] = {"exe", 0, "FILE", "the program of a core"},
    [DEBUG_FILE] = {"debug-file", 0, "FILE",
                    "the program's debug information, when it is apart"},
    [JSON] = {"json", 0, NULL, "print the report (lastgasp.report/1)"},
    {NULL, 0, NULL, NULL},
};

static void put_fact(struct lg_sb *sb, struct lg_num n, const char *what)
{
    if (n.known) {
        lg_sb_cstr(sb, ", ");
        lg_sb_bytes(sb, n.value);
        lg_sb_cstr(sb, what);
    }
}

/* "consumer (pid 4711, go1.26.8): 41,208 goroutines, 118.0 MiB heap, …" */
static void put_summary(struct lg_sb *sb, const struct lg_snapshot *s,
                        const struct lg_snapshot_options *o)
{
    struct lg_cut path = lg_str_rcut_char(s->subject.exe, '/');
    struct lg_str name = path.found ? path.tail : s->subject.exe;
    lg_sb_str(sb, name.len > 0 ? name : lg_str_of(o->source));
    if (s->subject.pid > 0) {
        lg_sb_fmt(sb, " (pid %lld", (long long)s->subject.pid);
        if (s->subject.build.go_version.len > 0) {
            lg_sb_cstr(sb, ", ");
            lg_sb_str(sb, s->subject.build.go_version);
        }
        lg_sb_char(sb, ')');
    }
    lg_sb_cstr(sb, ": ");
    if (s->facts.goroutines.known) {
        lg_sb_count(sb, s->facts.goroutines.value);
        lg_sb_cstr(sb, s->facts.goroutines.value == 1 ? " goroutine"
                                                      : " goroutines");
    } else {
        lg_sb_cstr(sb, "goroutines not known");
    }
    put_fact(sb, s->facts.heap_bytes, " heap");
    put_fact(sb, s->facts.stack_bytes, " stacks");
    lg_sb_cstr(sb, "\ntook ");
    lg_sb_duration(sb, s->duration_ns);
    if (!s->is_core && !s->is_url) {
        lg_sb_cstr(sb, ", the process stood still for ");
        lg_sb_duration(sb, s->notes.pause_ns);
    }
    lg_sb_fmt(sb, "\nin %s:", o->out);
    for (size_t i = 0; i < LG_TAKE_COUNT; i++) {
        if (s->parts[i].written) {
            lg_sb_fmt(sb, " %s", lg_capture_part_file((enum lg_capture_part)i));
        }
    }
    lg_sb_char(sb, '\n');
}

static void say_quality(const struct lg_snapshot *s)
{
    for (size_t i = 0; i < s->notes.quality_count; i++) {
        lg_cmd_say("%s", s->notes.quality[i]);
    }
    for (size_t i = 0; i < LG_TAKE_COUNT; i++) {
        const struct lg_part_result *part = &s->parts[i];
        if (part->asked && (!part->written || part->cut)) {
            lg_cmd_say("%s: %s", lg_capture_part_file((enum lg_capture_part)i),
                       part->error.text[0] != '\0' ? part->error.text
                                                   : "not complete");
        }
    }
    if (s->missing.len > 0) {
        lg_cmd_say("the core lacks %.*s", LG_STR_ARG(s->missing));
    }
}

static int print_report(const char *out, struct lg_arena *arena)
{
    struct lg_error err = {0};
    struct lg_str text;
    LG_CLOSE
    int fd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 ||
        !lg_read_file(fd, "report.json", (size_t)64 << 20, arena, &text,
                      &err) ||
        !lg_write_all(STDOUT_FILENO, text.data, text.len, &err)) {
        return lg_cmd_fail(&err);
    }
    return LG_EXIT_OK;
}

static int print(const struct lg_snapshot *s,
                 const struct lg_snapshot_options *o, struct lg_arena *arena)
{
    struct lg_error err = {0};
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    put_summary(&sb, s, o);
    struct lg_str text = lg_sb_view(&sb);
    if (sb.failed) {
        (void)lg_fail_nomem(&err);
        return lg_cmd_fail(&err);
    }
    return lg_write_all(STDOUT_FILENO, text.data, text.len, &err)
               ? LG_EXIT_OK
               : lg_cmd_fail(&err);
}

static int snapshot(struct lg_args *args, struct lg_arena *arena)
{
    struct lg_snapshot_options o = {.freeze = LG_FREEZE_AUTO};
    struct lg_snapshot taken;
    struct lg_error err = {0};
    bool json = false;
    int at;
    while ((at = lg_args_next(args)) >= 0) {
        if (at == OUT) {
            o.out = args->value;
        } else if (at == EXE) {
            o.exe = args->value;
        } else if (at == DEBUG_FILE) {
            o.debug_file = args->value;
        } else if (at == JSON) {
            json = true;
        } else if (!lg_source_freeze(args->value, &o.freeze)) {
            return LG_EXIT_USAGE;
        }
    }
    if (at != LG_ARGS_END) {
        return at == LG_ARGS_HELP ? LG_EXIT_OK : LG_EXIT_USAGE;
    }
    if (args->operand_count != 1 || o.out == NULL) {
        lg_cmd_say("snapshot: give one process, core file or pprof URL, and "
                   "--out DIR");
        return LG_EXIT_USAGE;
    }
    o.source = args->operands[0];
    if (!lg_snapshot_take(&o, arena, &taken, &err)) {
        return lg_cmd_fail(&err);
    }
    say_quality(&taken);
    return json ? print_report(o.out, arena) : print(&taken, &o, arena);
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, snapshot);
}

const struct lg_command lg_cmd_snapshot = {
    .name = "snapshot",
    .summary = "take a capture of a process, a core or a pprof endpoint now",
    .usage = "[OPTIONS] --out DIR PID|CORE|URL",
    .options = options,
    .details =
        "DIR gets goroutines.txt, goroutine.pb.gz, heap.pb.gz, memstats.json,\n"
        "timeline.csv and report.json. It appears whole or not at all.\n",
    .run = run,
};
