/* SPDX-License-Identifier: Apache-2.0 */
/* The shell: internal/driver/interactive.go (Go 1.27.4). */
#include "cmd_pprof_shell.h"

#include "cmd.h"
#include "evidence/profile_merge.h"
#include "report/pprof_number.h"
#include "sources/line_editor.h"

struct shell {
    const struct lg_profile *profile;
    struct lg_pprof_options options;
    struct lg_arena values;  /* of variables: as long as the shell */
    struct lg_arena scratch; /* of one line */
    struct lg_arena typing;  /* of one completion */
};

enum after { GO_ON, QUIT, DIE };

static void complain(const struct lg_error *err)
{
    lg_cmd_say("%s", err->text);
}

/* The header of a report on the whole profile, or nothing. */
static void greet(struct shell *s)
{
    struct lg_label_units units;
    struct lg_pprof_report r;
    struct lg_sb sb;
    struct lg_arena *arena = &s->scratch;
    lg_sb_init(&sb, arena);
    if (lg_pprof_units(s->profile, arena, &units) &&
        lg_pprof_report_init(s->profile, &s->options, &units, arena, &r,
                             NULL)) {
        struct lg_str *labels;
        size_t count;
        lg_pprof_profile_labels(&r, arena, &labels, &count);
        lg_pprof_put_lines(&sb, labels, count);
        if (r.total == 0 && s->profile->types.count > 1)
            lg_sb_cstr(&sb, "No samples were found with the default sample "
                            "value type.\nTry \"sample_index\" command to "
                            "analyze different sample values.\n\n");
    }
    lg_sb_cstr(&sb, "Entering interactive mode (type \"help\" for commands, "
                    "\"o\" for options)\n");
    lg_pprof_print(lg_sb_view(&sb));
}

/* A value outlives the line it stands in. */
static bool set_variable(struct shell *s, const struct lg_pprof_assignment *a,
                         struct lg_error *err)
{
    struct lg_str value = a->value;
    size_t index;
    if (!a->has_value && !lg_pprof_field_is_bool(a->name))
        return lg_fail(err, LG_USAGE, "please specify a value, e.g. %.*s=<val>",
                       LG_STR_ARG(a->name));
    if (lg_str_eq(a->name, LG_STR("sample_index"))) {
        if (!lg_profile_sample_index(s->profile, value, &index, err))
            return false;
        value = s->profile->types.items[index].type;
    }
    struct lg_str name = lg_str_dup(&s->values, a->name);
    struct lg_str kept = lg_str_dup(&s->values, value);
    if (s->values.failed)
        return lg_fail_nomem(err);
    return lg_pprof_options_configure(&s->options, name, kept, err);
}

static void help(struct shell *s, struct lg_str words)
{
    struct lg_sb sb, topic;
    struct lg_str word;
    lg_sb_init(&sb, &s->scratch);
    lg_sb_init(&topic, &s->scratch);
    while (lg_str_word(&words, &word)) {
        lg_sb_cstr(&topic, topic.len > 0 ? " " : "");
        lg_sb_str(&topic, word);
    }
    if (topic.len == 0)
        lg_pprof_usage(&sb, false);
    else if (!lg_pprof_help(&sb, lg_sb_view(&topic), s->profile)) {
        lg_cmd_say("Unknown command: %.*s", LG_STR_ARG(lg_sb_view(&topic)));
        return;
    }
    lg_pprof_print(lg_sb_view(&sb));
}

static void print_options(struct shell *s)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &s->scratch);
    lg_pprof_options_print(&sb, s->profile, &s->options);
    lg_pprof_print(lg_sb_view(&sb));
}

static enum after report(struct shell *s, struct lg_str line)
{
    struct lg_pprof_options options;
    struct lg_pprof_job job;
    struct lg_error err = {0};
    if (lg_pprof_command_parse(line, &s->options, &s->scratch, &job, &options,
                               &err) &&
        lg_pprof_run_job(s->profile, &job, &options, true, &s->scratch, &err))
        return GO_ON;
    complain(&err);
    /* A tag's number that fits no int64 ends pprof, wherever it stands. */
    return err.kind == LG_LIMIT ? DIE : GO_ON;
}

static bool is_one_of(struct lg_str word, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (lg_str_eq(word, lg_str_of(words[i])))
            return true;
    }
    return false;
}

static enum after run_line(struct shell *s, struct lg_str line)
{
    static const char *const quits[] = {"exit", "quit", "q", NULL};
    static const char *const options[] = {"o", "options", NULL};
    struct lg_pprof_assignment assignment;
    struct lg_error err = {0};
    struct lg_str rest = line, first;
    if (lg_pprof_assignment_parse(line, &assignment)) {
        if (!set_variable(s, &assignment, &err))
            complain(&err);
        return GO_ON;
    }
    if (!lg_str_word(&rest, &first))
        return GO_ON;
    if (is_one_of(first, quits))
        return QUIT;
    if (is_one_of(first, options))
        print_options(s);
    else if (lg_str_eq(first, LG_STR("help")))
        help(s, rest);
    else
        return report(s, line);
    return GO_ON;
}

static enum after run_typed(struct shell *s, struct lg_str typed)
{
    struct lg_str lines[LG_PPROF_EXPANDED];
    lg_arena_reset(&s->scratch);
    size_t count = lg_pprof_expand(s->profile, typed, &s->scratch, lines);
    enum after after = GO_ON;
    for (size_t i = 0; i < count && after == GO_ON; i++)
        after = run_line(s, lines[i]);
    return after;
}

static struct lg_str complete(void *context, struct lg_str line)
{
    struct shell *s = context;
    lg_arena_reset(&s->typing);
    return lg_pprof_complete(s->profile, line, &s->typing);
}

static int loop(struct shell *s, struct lg_line_editor *editor)
{
    struct lg_error err = {0};
    struct lg_str line;
    enum after after = GO_ON;
    while (after == GO_ON &&
           lg_line_editor_read(editor, "(pprof) ", &line, &err))
        after = run_typed(s, line);
    if (after == DIE)
        return LG_EXIT_USAGE;
    if (err.kind == LG_OK)
        return LG_EXIT_OK;
    complain(&err);
    return LG_EXIT_USAGE;
}

int lg_pprof_shell(const struct lg_profile *p, const struct lg_pprof_line *line)
{
    struct shell s = {.options = line->options};
    struct lg_profile copied; /* pprof's shell works on copies */
    struct lg_error err = {0};
    s.options.compact_labels = true;
    lg_arena_init(&s.values, 0);
    if (!lg_profile_drop_empty_labels(p, &s.values, &copied)) {
        lg_arena_deinit(&s.values);
        lg_fail_nomem(&err);
        return lg_cmd_fail(&err);
    }
    s.profile = &copied;
    lg_arena_init(&s.scratch, 0);
    lg_arena_init(&s.typing, 0);
    struct lg_line_editor *editor = lg_line_editor_create(complete, &s, &err);
    if (editor == NULL)
        return lg_cmd_fail(&err);
    greet(&s);
    int status = loop(&s, editor);
    lg_line_editor_destroy(editor);
    lg_arena_deinit(&s.typing);
    lg_arena_deinit(&s.scratch);
    lg_arena_deinit(&s.values);
    return status;
}
