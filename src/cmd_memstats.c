/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "decode/memstats_json.h"
#include "diagnose/case.h"
#include "one_capture.h"
#include "report/page.h"
#include "report/words.h"

#include <inttypes.h>
#include <unistd.h>

enum { OPT_STATE, OPT_JSON, OPT_EXE };

static const struct lg_option options[] = {
    [OPT_STATE] = {"state", 's', "DIR", "where incidents are kept"},
    [OPT_JSON] = {"json", 0, NULL, "print JSON (lastgasp.memstats/1)"},
    [OPT_EXE] = {"exe", 0, "FILE", "the program of a core"},
    {0},
};

struct view {
    const struct lg_source_arg *source;
    const struct lg_one_capture *one;
    const struct lg_memstats *m;
    struct lg_memory memory;
    const struct lg_page *page;
};

/* --- numbers in sentences --- */

/* "8.0 MiB", or that nobody knows. */
static void put_bytes(struct lg_sb *sb, struct lg_num n)
{
    if (n.known)
        lg_sb_bytes(sb, n.value);
    else
        lg_sb_cstr(sb, "not known");
}

/* ", 18 goroutines", from the second on with the comma. */
static void put_count(struct lg_sb *sb, struct lg_num n, const char *one,
                      const char *many)
{
    if (!n.known)
        return;
    if (sb->len != 0)
        lg_sb_cstr(sb, ", ");
    lg_sb_count(sb, n.value);
    lg_sb_char(sb, ' ');
    lg_sb_cstr(sb, n.value == 1 ? one : many);
}

static void heap_words(const struct view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    put_bytes(sb, m->heap_alloc_bytes);
    lg_sb_cstr(sb, " in ");
    lg_sb_count(sb, m->heap_objects_count.value);
    lg_sb_cstr(sb, " objects, garbage that is not yet swept among them; ");
    put_bytes(sb, m->heap_inuse_bytes);
    lg_sb_cstr(sb, " of spans");
    if (m->heap_marked_bytes.known && m->gc_count.value > 0) {
        lg_sb_cstr(sb, "; the last collection found ");
        lg_sb_bytes(sb, m->heap_marked_bytes.value);
        lg_sb_cstr(sb, " live");
    }
}

static void idle_words(const struct view *v, struct lg_sb *sb)
{
    put_bytes(sb, v->m->heap_idle_bytes);
    if (!v->m->heap_released_bytes.known)
        return;
    lg_sb_cstr(sb, ", of which ");
    lg_sb_bytes(sb, v->m->heap_released_bytes.value);
    lg_sb_cstr(sb, " were given back to the system");
}

static void stack_words(const struct view *v, struct lg_sb *sb)
{
    put_bytes(sb, v->m->stack_inuse_bytes);
    if (v->m->goroutines_count.known) {
        lg_sb_cstr(sb, " of ");
        lg_sb_count(sb, v->m->goroutines_count.value);
        lg_sb_cstr(sb, v->m->goroutines_count.value == 1 ? " goroutine"
                                                         : " goroutines");
    }
}

static void runtime_words(const struct view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    const struct {
        const char *name;
        struct lg_num bytes;
    } parts[] = {
        {"spans", m->mspan_sys_bytes},       {"caches", m->mcache_sys_bytes},
        {"profile", m->buck_hash_sys_bytes}, {"collector", m->gc_sys_bytes},
        {"other", m->other_sys_bytes},
    };
    for (size_t i = 0; i < LG_COUNT(parts); i++) {
        if (!parts[i].bytes.known)
            continue;
        if (sb->len != 0)
            lg_sb_cstr(sb, ", ");
        lg_sb_fmt(sb, "%s ", parts[i].name);
        lg_sb_bytes(sb, parts[i].bytes.value);
    }
}

static void collector_words(const struct view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    uint64_t now = (uint64_t)v->one->capture->wall_ns;
    put_count(sb, m->gc_count, "cycle", "cycles");
    if (m->forced_gc_count.value != 0) {
        lg_sb_cstr(sb, " (");
        lg_sb_count(sb, m->forced_gc_count.value);
        lg_sb_cstr(sb, " forced)");
    }
    if (m->last_gc_unix_ns.value != 0 && now > m->last_gc_unix_ns.value) {
        lg_sb_cstr(sb, ", the last one ");
        lg_sb_duration(sb, now - m->last_gc_unix_ns.value);
        lg_sb_cstr(sb, " ago");
    }
    if (m->pause_total_ns.known) {
        lg_sb_cstr(sb, "; the world was stopped for ");
        lg_sb_duration(sb, m->pause_total_ns.value);
        lg_sb_cstr(sb, " in all");
    }
    if (m->gc_cpu_ppm.known)
        lg_sb_fmt(sb, "; %" PRIu64 ".%02" PRIu64 " %% of the processors' time",
                  m->gc_cpu_ppm.value / 10000,
                  m->gc_cpu_ppm.value % 10000 / 100);
}

static void goal_words(const struct view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    struct lg_num goal = m->next_gc_bytes;
    if (goal.known && goal.value > (uint64_t)INT64_MAX / 2)
        lg_sb_cstr(sb, "none: the collector is off");
    else
        put_bytes(sb, goal);
    if (m->gogc_percent.known && m->gogc_percent.value == UINT64_MAX)
        lg_sb_cstr(sb, "; GOGC off");
    else if (m->gogc_percent.known)
        lg_sb_fmt(sb, "; GOGC %" PRIu64, m->gogc_percent.value);
    if (!m->memory_limit_bytes.known)
        return;
    if (m->memory_limit_bytes.value == UINT64_MAX) {
        lg_sb_cstr(sb, ", no GOMEMLIMIT");
        return;
    }
    lg_sb_cstr(sb, ", GOMEMLIMIT ");
    lg_sb_bytes(sb, m->memory_limit_bytes.value);
}

static void count_words(const struct view *v, struct lg_sb *sb)
{
    put_count(sb, v->m->goroutines_count, "goroutine", "goroutines");
    put_count(sb, v->m->threads_count, "thread", "threads");
    put_count(sb, v->m->timers_count, "timer", "timers");
    put_count(sb, v->m->finalizers_count, "finalizer that waits",
              "finalizers that wait");
}

static void allocated_words(const struct view *v, struct lg_sb *sb)
{
    if (!v->m->total_alloc_bytes.known)
        return;
    lg_sb_bytes(sb, v->m->total_alloc_bytes.value);
    lg_sb_cstr(sb, " in ");
    lg_sb_count(sb, v->m->mallocs_count.value);
    lg_sb_cstr(sb, " objects since the start");
}

static void profile_words(const struct view *v, struct lg_sb *sb)
{
    if (v->one->has_heap_info && v->one->heap_info.compiled_out)
        lg_sb_cstr(sb, "no heap profile: the linker left it out, for nothing "
                       "in the program reads it");
    else if (!v->m->mem_profile_rate_bytes.known)
        return;
    else if (v->m->mem_profile_rate_bytes.value == 0)
        lg_sb_cstr(sb, "no heap profile: runtime.MemProfileRate is 0");
    else {
        lg_sb_cstr(sb, "one allocation in ");
        lg_sb_bytes(sb, v->m->mem_profile_rate_bytes.value);
        lg_sb_cstr(sb, " is sampled");
    }
}

static void memory_words(const struct view *v, struct lg_sb *sb)
{
    struct lg_verdict verdict = {.memory = v->memory};
    struct lg_report report = {.incident = &v->one->incident,
                               .verdict = &verdict};
    lg_words_memory(&report, sb);
}

/* --- printing --- */

static const struct line {
    const char *label;
    void (*words)(const struct view *v, struct lg_sb *sb);
} lines[] = {
    {"memory", memory_words},       {"heap", heap_words},
    {"idle", idle_words},           {"stacks", stack_words},
    {"runtime", runtime_words},     {"collector", collector_words},
    {"next goal", goal_words},      {"there are", count_words},
    {"allocated", allocated_words}, {"sampling", profile_words},
};
#define INDENT 12

static bool print_text(struct view *v, struct lg_arena *arena)
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
    for (size_t i = 0; i < LG_COUNT(lines); i++) {
        struct lg_sb words;
        lg_sb_init(&words, arena);
        lines[i].words(v, &words);
        if (words.len != 0)
            lg_page_labelled(&page, lines[i].label, lg_sb_view(&words), 0,
                             INDENT);
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
    lg_json_key(j, "parts");
    lg_json_array(j);
    for (int i = 0; i < LG_PART_COUNT; i++) {
        if (!m->parts[i].known)
            continue;
        lg_json_object(j);
        lg_json_kcstr(j, "name", lg_memory_part_name((enum lg_memory_part)i));
        lg_json_ku64(j, "bytes", m->parts[i].value);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
    lg_json_ki64(j, "unexplained_bytes", m->unexplained_bytes);
    lg_json_object_end(j);
}

static bool print_json(const struct view *v)
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
static bool reconcile(struct view *v, struct lg_arena *arena)
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
    struct view v = {.source = source, .one = &one, .m = one.capture->memstats};
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
    struct lg_error err = {0};
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
    if (args->operand_count != 1) {
        lg_cmd_say("memstats takes one PID, core, incident or file");
        return LG_EXIT_USAGE;
    }
    if (!lg_source_open(args->operands[0], &o, arena, &source, &err))
        return lg_cmd_fail(&err);
    int status = show(&source, json, arena);
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
