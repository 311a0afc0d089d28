/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line as Go's package flag reads it (Go 1.27.4: flag/flag.go): one
 * dash or two, -x=y or -x y, a flag without value is true, the first word
 * that is no flag ends them. What may stand there is in three tables: own
 * flags below, pprof's variables, its commands.
 */
#include "cmd.h"
#include "cmd_pprof.h"
#include "report/pprof_number.h"
#include "sources/pprof_fetch.h"

#include <stdio.h>

enum flag_kind {
    FLAG_BOOL,
    FLAG_INT,
    FLAG_STRING,
};

/* What is only needed until the line is understood. */
struct parse {
    struct lg_pprof_line *line;
    struct lg_arena *arena;
    bool no_browser, inuse_space, inuse_objects, alloc_space, alloc_objects;
    bool total_delay, contentions, mean_delay;
    const char *http, *tools, *base, *diff_base;
    /* By row of lg_pprof_commands: on, or with its argument. */
    const char **params;
    /* The last word of each choice that was given: "-cum -cum=false". */
    LG_VEC(struct choice {
        const struct lg_pprof_field *field;
        const char *name;
        bool on;
    })
    choices;
};

#define LINE(field) offsetof(struct lg_pprof_line, field), true
#define PARSE(field) offsetof(struct parse, field), false

static const struct own_flag {
    const char *name;
    enum flag_kind kind;
    size_t at;
    bool in_line; /* at is in struct lg_pprof_line */
} own_flags[] = {
    {"diff_base", FLAG_STRING, PARSE(diff_base)},
    {"base", FLAG_STRING, PARSE(base)},
    {"symbolize", FLAG_STRING, LINE(symbolize)},
    {"buildid", FLAG_STRING, LINE(build_id)},
    {"timeout", FLAG_INT, LINE(timeout)},
    {"seconds", FLAG_INT, LINE(seconds)},
    {"add_comment", FLAG_STRING, LINE(comment)},
    {"all_frames", FLAG_BOOL, LINE(all_frames)},
    {"inuse_space", FLAG_BOOL, PARSE(inuse_space)},
    {"inuse_objects", FLAG_BOOL, PARSE(inuse_objects)},
    {"alloc_space", FLAG_BOOL, PARSE(alloc_space)},
    {"alloc_objects", FLAG_BOOL, PARSE(alloc_objects)},
    {"total_delay", FLAG_BOOL, PARSE(total_delay)},
    {"contentions", FLAG_BOOL, PARSE(contentions)},
    {"mean_delay", FLAG_BOOL, PARSE(mean_delay)},
    {"tools", FLAG_STRING, PARSE(tools)},
    {"http", FLAG_STRING, PARSE(http)},
    {"no_browser", FLAG_BOOL, PARSE(no_browser)},
    {"tls_cert", FLAG_STRING, LINE(tls_cert)},
    {"tls_key", FLAG_STRING, LINE(tls_key)},
    {"tls_ca", FLAG_STRING, LINE(tls_ca)},
};

/* What a name on the command line turned out to be: one of the three. */
struct flag {
    struct lg_str name;
    const struct own_flag *own;
    const struct lg_pprof_field *field; /* own name, or that of a choice */
    bool is_choice;
    const struct lg_pprof_command *command;
    bool is_granularity; /* ours: -granularity=owner */
};

static bool flag_find(struct lg_str name, struct flag *ret)
{
    *ret = (struct flag){.name = name};
    for (size_t i = 0; i < LG_COUNT(own_flags); i++) {
        if (lg_str_eq(lg_str_of(own_flags[i].name), name))
            ret->own = &own_flags[i];
    }
    if (ret->own != NULL)
        return true;
    ret->command = lg_pprof_command_find(name);
    if (ret->command != NULL)
        return true;
    ret->field = lg_pprof_field_find(name);
    if (ret->field == NULL)
        return false;
    bool is_own_name = lg_str_eq(lg_str_of(ret->field->name), name);
    ret->is_choice = !is_own_name;
    ret->is_granularity = lg_str_eq(name, LG_STR("granularity"));
    /* The group itself is no flag, but for our own word of it. */
    return ret->is_choice || ret->field->choices == NULL || ret->is_granularity;
}

static bool flag_is_bool(const struct flag *f)
{
    if (f->own != NULL)
        return f->own->kind == FLAG_BOOL;
    if (f->command != NULL)
        return !f->command->has_param;
    return f->is_choice || f->field->kind == LG_PPROF_BOOL;
}

static bool bad_value(const struct flag *f, const char *value, const char *why)
{
    lg_cmd_say("invalid value \"%s\" for flag -%.*s: %s", value,
               LG_STR_ARG(f->name), why);
    return false;
}

static bool set_own(struct parse *p, const struct flag *f, const char *value)
{
    char *base = f->own->in_line ? (char *)p->line : (char *)p;
    void *to = base + f->own->at;
    switch (f->own->kind) {
    case FLAG_BOOL:
        return lg_go_parse_bool(lg_str_of(value), to) ||
               bad_value(f, value, "parse error");
    case FLAG_INT:
        return lg_go_parse_int(lg_str_of(value), 0, 64, to) == LG_GO_OK ||
               bad_value(f, value, "parse error");
    default:
        memcpy(to, &value, sizeof value);
        return true;
    }
}

static bool set_choice(struct parse *p, const struct flag *f, const char *value)
{
    bool on;
    if (!lg_go_parse_bool(lg_str_of(value), &on))
        return bad_value(f, value, "parse error");
    lg_each(c, p->choices) {
        if (lg_str_eq(lg_str_of(c->name), f->name)) {
            c->on = on;
            return true;
        }
    }
    struct choice *c = lg_push(p->arena, &p->choices);
    char *name = lg_str_cstr(p->arena, f->name);
    if (c == NULL || name == NULL)
        return bad_value(f, value, "out of memory");
    *c = (struct choice){f->field, name, on};
    return true;
}

static bool set_command(struct parse *p, const struct flag *f,
                        const char *value)
{
    const char **param = &p->params[f->command - lg_pprof_commands];
    bool on;
    if (f->command->has_param) {
        *param = value[0] != '\0' ? value : NULL;
        return true;
    }
    if (f->command->takes_word != NULL &&
        f->command->takes_word(lg_str_of(value))) {
        *param = value;
        return true;
    }
    if (!lg_go_parse_bool(lg_str_of(value), &on))
        return bad_value(f, value, "parse error");
    *param = on ? "" : NULL;
    return true;
}

/* Integers may be hexadecimal here, booleans have fewer words than in the
 * shell; lg_pprof_options_set gets what it takes. */
static bool set_field(struct parse *p, const struct flag *f, const char *value)
{
    struct lg_error err = {0};
    struct lg_str text = lg_str_of(value);
    char number[24];
    bool on;
    int64_t n;
    if (f->field->kind == LG_PPROF_BOOL) {
        if (!lg_go_parse_bool(text, &on))
            return bad_value(f, value, "parse error");
        text = on ? LG_STR("true") : LG_STR("false");
    } else if (f->field->kind == LG_PPROF_INT) {
        if (lg_go_parse_int(text, 0, 64, &n) != LG_GO_OK)
            return bad_value(f, value, "parse error");
        snprintf(number, sizeof number, "%lld", (long long)n);
        text = lg_str_of(number);
    }
    return lg_pprof_options_set(&p->line->options, f->field, text, &err) ||
           bad_value(f, value, err.text);
}

static bool flag_set(struct parse *p, const struct flag *f, const char *value)
{
    if (f->own != NULL)
        return set_own(p, f, value);
    if (f->command != NULL)
        return set_command(p, f, value);
    if (f->is_choice)
        return set_choice(p, f, value);
    if (!f->is_granularity)
        return set_field(p, f, value);
    if (lg_str_eq(lg_str_of(value), LG_STR("owner")))
        return set_field(p, f, value);
    lg_cmd_say("-granularity takes \"owner\"; pprof's own are flags: "
               "-functions, -filefunctions, -files, -lines, -addresses");
    return false;
}

static void print_usage(struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_pprof_usage(&sb, true);
    lg_pprof_print(lg_sb_view(&sb));
}

static enum lg_pprof_parsed unknown_flag(struct parse *p, struct lg_str name)
{
    if (lg_str_eq(name, LG_STR("help")) || lg_str_eq(name, LG_STR("h"))) {
        print_usage(p->arena);
        return LG_PPROF_HELP;
    }
    lg_cmd_say("flag provided but not defined: -%.*s; see lastgasp pprof -h",
               LG_STR_ARG(name));
    return LG_PPROF_BAD;
}

/* Takes one flag; *at is the index of its word, then of the next. */
static enum lg_pprof_parsed take_flag(struct parse *p, int argc, char **argv,
                                      int *at)
{
    const char *word = argv[(*at)++];
    struct lg_str text = lg_str_of(word + (word[1] == '-' ? 2 : 1));
    if (text.len == 0 || text.data[0] == '-' || text.data[0] == '=') {
        lg_cmd_say("bad flag syntax: %s", word);
        return LG_PPROF_BAD;
    }
    struct lg_cut cut = lg_str_cut_char(text, '=');
    const char *value = cut.found ? cut.tail.data : NULL;
    struct flag f;
    if (!flag_find(cut.head, &f))
        return unknown_flag(p, cut.head);
    if (value == NULL && flag_is_bool(&f))
        value = "true";
    else if (value == NULL && *at < argc)
        value = argv[(*at)++];
    if (value == NULL) {
        lg_cmd_say("flag needs an argument: -%.*s", LG_STR_ARG(f.name));
        return LG_PPROF_BAD;
    }
    return flag_set(p, &f, value) ? LG_PPROF_GO : LG_PPROF_BAD;
}

static enum lg_pprof_parsed take_flags(struct parse *p, int argc, char **argv,
                                       int *at)
{
    for (*at = 1; *at < argc;) {
        const char *word = argv[*at];
        if (word[0] != '-' || word[1] == '\0')
            break;
        if (strcmp(word, "--") == 0) {
            ++*at;
            break;
        }
        enum lg_pprof_parsed parsed = take_flag(p, argc, argv, at);
        if (parsed != LG_PPROF_GO)
            return parsed;
    }
    return LG_PPROF_GO;
}

static bool apply_choices(struct parse *p)
{
    const struct choice *first = NULL;
    struct lg_error err = {0};
    for (const struct lg_pprof_field *f = lg_pprof_fields; f->name != NULL;
         f++) {
        first = NULL;
        lg_each(c, p->choices) {
            if (c->field != f || !c->on)
                continue;
            if (first != NULL) {
                lg_cmd_say("conflicting options set: -%s -%s", first->name,
                           c->name);
                return false;
            }
            first = c;
        }
        if (first != NULL &&
            !lg_pprof_options_set(&p->line->options, f, lg_str_of(first->name),
                                  &err))
            return lg_cmd_fail(&err), false;
    }
    return true;
}

static bool apply_commands(struct parse *p)
{
    struct lg_pprof_job *job = &p->line->job;
    for (size_t i = 0; lg_pprof_commands[i].name != NULL; i++) {
        if (p->params[i] == NULL)
            continue;
        if (job->command != NULL) {
            lg_cmd_say("must set at most one output format, not -%s and -%s",
                       job->command->name, lg_pprof_commands[i].name);
            return false;
        }
        job->command = &lg_pprof_commands[i];
        job->param = lg_str_of(p->params[i]);
        job->has_param = job->command->has_param || job->param.len > 0;
    }
    return true;
}

static void apply_shortcuts(struct parse *p)
{
    const struct {
        bool on;
        const char *type, *flag;
    } shortcuts[] = {
        {p->total_delay, "delay", "total_delay"},
        {p->mean_delay, "delay", "mean_delay"},
        {p->contentions, "contentions", "contentions"},
        {p->inuse_space, "inuse_space", "inuse_space"},
        {p->inuse_objects, "inuse_objects", "inuse_objects"},
        {p->alloc_space, "alloc_space", "alloc_space"},
        {p->alloc_objects, "alloc_objects", "alloc_objects"},
    };
    struct lg_pprof_options *o = &p->line->options;
    for (size_t i = 0; i < LG_COUNT(shortcuts); i++) {
        if (!shortcuts[i].on)
            continue;
        if (o->sample_index.len == 0)
            o->sample_index = lg_str_of(shortcuts[i].type);
        else
            lg_cmd_say("Multiple value selections, ignoring -%s",
                       shortcuts[i].flag);
    }
    if (p->mean_delay)
        o->mean = true;
}

static bool apply_base(struct parse *p)
{
    struct lg_pprof_line *line = p->line;
    bool has_base = p->base[0] != '\0', has_diff = p->diff_base[0] != '\0';
    if (has_base && has_diff) {
        lg_cmd_say("-base and -diff_base flags cannot both be specified");
        return false;
    }
    if (has_base || has_diff)
        line->base = has_diff ? p->diff_base : p->base;
    line->is_diff = has_diff;
    if (line->options.normalize && line->base == NULL) {
        lg_cmd_say("must have base profile to normalize by");
        return false;
    }
    return true;
}

static bool check_http(const struct parse *p)
{
    bool has_http = p->http[0] != '\0';
    if (p->line->job.command != NULL && has_http)
        lg_cmd_say("-http is not compatible with an output format on the "
                   "command line");
    else if (p->no_browser && !has_http)
        lg_cmd_say("-no_browser only makes sense with -http");
    else if (has_http)
        lg_cmd_say("-http is not built; -flame and -svg write files that a "
                   "browser opens without a server");
    else
        return true;
    return false;
}

static bool apply(struct parse *p)
{
    if (!apply_choices(p) || !apply_commands(p) || !check_http(p))
        return false;
    apply_shortcuts(p);
    return apply_base(p);
}

static void take_operands(struct lg_pprof_line *line, int count, char **words)
{
    line->sources = words;
    line->source_count = count;
    if (count > 1 && lg_pprof_is_executable(words[0])) {
        line->executable = words[0];
        line->sources++;
        line->source_count--;
    }
}

enum lg_pprof_parsed lg_pprof_line_parse(int argc, char **argv,
                                         struct lg_arena *arena,
                                         struct lg_pprof_line *ret)
{
    size_t commands = 0;
    while (lg_pprof_commands[commands].name != NULL)
        commands++;
    struct parse p = {.line = ret, .arena = arena};
    p.http = p.tools = p.base = p.diff_base = "";
    p.params = lg_new(arena, const char *, commands);
    *ret = (struct lg_pprof_line){.seconds = -1, .timeout = -1};
    ret->symbolize = ret->build_id = ret->comment = "";
    ret->tls_cert = ret->tls_key = ret->tls_ca = "";
    lg_pprof_options_init(&ret->options);
    int at;
    if (p.params == NULL)
        return LG_PPROF_BAD;
    enum lg_pprof_parsed parsed = take_flags(&p, argc, argv, &at);
    if (parsed != LG_PPROF_GO)
        return parsed;
    if (at >= argc) {
        print_usage(arena);
        lg_cmd_say("no profile source specified");
        return LG_PPROF_BAD;
    }
    take_operands(ret, argc - at, argv + at);
    return apply(&p) ? LG_PPROF_GO : LG_PPROF_BAD;
}
