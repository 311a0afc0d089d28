/* SPDX-License-Identifier: Apache-2.0 */
/* One command on a profile: internal/driver/driver.go (Go 1.27.4). */
#include "base/io.h"
#include "base/path.h"
#include "base/regex.h"
#include "cmd.h"
#include "cmd_pprof.h"
#include "decode/pprof_write.h"
#include "report/pprof_focus.h"
#include "report/pprof_svg.h"
#include "sources/graphviz.h"
#include "sources/pprof_machine.h"

#include <unistd.h>

#define GRAPH_NODES 80 /* pprof's bound where it draws */

/* Lines of code or of a caller's callees must not fall to the trimming, which
 * knows nothing of the expression that picks them. */
static bool command_trims(const char *name)
{
    static const char *const whole[] = {"disasm", "weblist", "peek", "list"};
    for (size_t i = 0; i < LG_COUNT(whole); i++) {
        if (strcmp(whole[i], name) == 0)
            return false;
    }
    return true;
}

static void override_granularity(const char *name, struct lg_pprof_options *o)
{
    if (strcmp(name, "disasm") == 0) {
        /* One line for an address, else inlined calls would count twice. */
        o->granularity = LG_STR("addresses");
        o->noinlines = true;
    } else if (strcmp(name, "weblist") == 0) {
        o->granularity = LG_STR("addresses");
        o->noinlines = false;
    } else if (strcmp(name, "list") == 0) {
        o->granularity = LG_STR("lines");
    }
}

static bool is_table(const char *name)
{
    return strcmp(name, "text") == 0 || strcmp(name, "top") == 0 ||
           strcmp(name, "topproto") == 0 || strcmp(name, "json") == 0;
}

/* applyCommandOverrides */
static void override_options(const struct lg_pprof_command *c,
                             struct lg_pprof_options *o)
{
    bool trims = command_trims(c->name) && o->trim;
    override_granularity(c->name, o);
    if (command_trims(c->name) && o->nodecount == -1)
        o->nodecount = is_table(c->name) ? 0 : GRAPH_NODES;
    if (c->format == LG_PPROF_PROTO || c->format == LG_PPROF_RAW ||
        c->format == LG_PPROF_CALLGRIND) {
        trims = false;
        o->granularity = LG_STR("addresses");
    }
    if (trims)
        return;
    o->nodecount = 0;
    o->nodefraction = o->edgefraction = 0;
}

static void say(void *context, const char *text)
{
    (void)context;
    lg_cmd_say("%s", text);
}

bool lg_pprof_units(const struct lg_profile *p, struct lg_arena *arena,
                    struct lg_label_units *ret)
{
    if (!lg_profile_label_units(p, arena, ret))
        return false;
    lg_each(unit, ret->items) {
        struct lg_sb sb;
        if (unit->ignored.count == 0)
            continue;
        lg_sb_init(&sb, arena);
        lg_each(other, unit->ignored) {
            lg_sb_cstr(&sb, sb.len > 0 ? ", " : "");
            lg_sb_str(&sb, *other);
        }
        lg_cmd_say("For tag %.*s used unit %.*s, also encountered unit(s) %.*s",
                   LG_STR_ARG(unit->key), LG_STR_ARG(unit->unit),
                   LG_STR_ARG(lg_sb_view(&sb)));
    }
    return true;
}

static bool active_filters(const struct lg_pprof_options *o,
                           struct lg_arena *arena, struct lg_pprof_report *r)
{
    const struct {
        const char *name;
        struct lg_str value;
    } filters[] = {
        {"focus", o->focus},         {"ignore", o->ignore},
        {"hide", o->hide},           {"show", o->show},
        {"show_from", o->show_from}, {"tagfocus", o->tagfocus},
        {"tagignore", o->tagignore}, {"tagshow", o->tagshow},
        {"taghide", o->taghide},
    };
    for (size_t i = 0; i < LG_COUNT(filters); i++) {
        struct lg_sb sb;
        if (filters[i].value.len == 0)
            continue;
        lg_sb_init(&sb, arena);
        lg_sb_fmt(&sb, "%s=", filters[i].name);
        lg_sb_str(&sb, filters[i].value);
        struct lg_str *filter = lg_push(arena, &r->active_filters);
        if (filter == NULL || sb.failed)
            return false;
        *filter = lg_sb_view(&sb);
    }
    return true;
}

/* The report's name and unit of the values. */
static bool sample_format(const struct lg_profile *p,
                          const struct lg_pprof_options *o,
                          struct lg_arena *arena, struct lg_pprof_report *r,
                          struct lg_error *err)
{
    if (p->types.count == 0)
        return lg_fail(err, LG_USAGE, "profile has no samples");
    if (!lg_profile_sample_index(p, o->sample_index, &r->value_type, err))
        return false;
    const struct lg_value_type *type = &p->types.items[r->value_type];
    r->has_mean = o->mean;
    r->sample_type = type->type;
    r->sample_unit = type->unit;
    if (!o->mean)
        return true;
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, "mean_");
    lg_sb_str(&sb, type->type);
    r->sample_type = lg_sb_view(&sb);
    return !sb.failed || lg_fail_nomem(err);
}

bool lg_pprof_report_init(const struct lg_profile *p,
                          const struct lg_pprof_options *o,
                          const struct lg_label_units *units,
                          struct lg_arena *arena, struct lg_pprof_report *ret,
                          struct lg_error *err)
{
    *ret = (struct lg_pprof_report){
        .profile = p,
        .cum_sort = lg_str_eq(o->sort, LG_STR("cum")),
        .call_tree = o->call_tree,
        .drop_negative = o->drop_negative,
        .compact_labels = o->compact_labels,
        .label_units = units,
        .node_count = o->nodecount,
        .node_fraction = o->nodefraction,
        .edge_fraction = o->edgefraction,
        .output_unit = o->unit,
        .source_path = o->source_path,
        .trim_path = o->trim_path,
        .intel_syntax = o->intel_syntax,
    };
    if (!sample_format(p, o, arena, ret, err))
        return false;
    if (o->divide_by == 0)
        return lg_fail(err, LG_USAGE, "zero divisor specified");
    ret->ratio = 1 / o->divide_by;
    if (p->mappings.count > 0 && p->mappings.items[0].file.len > 0)
        ret->title = lg_path_base(p->mappings.items[0].file);
    ret->total = lg_pprof_total(p, ret->value_type, ret->has_mean);
    return active_filters(o, arena, ret) || lg_fail_nomem(err);
}

/* What a granularity keeps; false: everything. */
static bool aggregation_of(const struct lg_pprof_options *o,
                           struct lg_aggregation *ret)
{
    struct lg_str g = o->granularity;
    bool is_address = lg_str_eq(g, LG_STR("addresses"));
    bool is_line = lg_str_eq(g, LG_STR("lines"));
    bool is_file = lg_str_eq(g, LG_STR("files"));
    if (is_address && !o->noinlines)
        return false;
    *ret = (struct lg_aggregation){
        .inlines = !o->noinlines,
        .function = !is_file,
        .filename = is_address || is_line || is_file ||
                    lg_str_eq(g, LG_STR("filefunctions")),
        .line = is_address || is_line,
        .column = o->showcolumns,
        .address = is_address,
    };
    return true;
}

/* A command under way. */
struct work {
    const struct lg_pprof_job *job;
    struct lg_pprof_options options;
    struct lg_profile view;
    struct lg_label_units units;
    struct lg_aggregation aggregation;
    struct lg_pprof_report report;
    struct lg_pprof_machine machine;
    struct lg_sb early;
    struct lg_arena *arena;
};

static bool label_frames(struct work *w)
{
    const struct lg_pprof_options *o = &w->options;
    bool root, leaf;
    if (o->tagroot.len == 0 && o->tagleaf.len == 0)
        return true;
    if (!lg_profile_label_frames(&w->view, o->tagroot, o->tagleaf, o->unit,
                                 w->arena, &w->view, &root, &leaf))
        return false;
    if (o->tagroot.len > 0 && !root)
        say(NULL, "TagRoot expression matched no samples");
    if (o->tagleaf.len > 0 && !leaf)
        say(NULL, "TagLeaf expression matched no samples");
    return true;
}

static bool focus(struct work *w, struct lg_error *err)
{
    return lg_pprof_focus(&w->view, &w->options, &w->units, say, NULL, w->arena,
                          &w->view, err);
}

/* Reports of call graphs aggregate as they go, which saves a copy of all
 * locations. */
static bool aggregates_itself(const struct lg_pprof_command *c)
{
    return c->report == lg_pprof_text || c->report == lg_pprof_tree ||
           c->report == lg_pprof_topproto || c->report == lg_pprof_dot ||
           c->report == lg_pprof_callgrind;
}

static bool aggregate(struct work *w)
{
    if (lg_str_eq(w->options.granularity, LG_STR("owner")) &&
        !lg_profile_owner(&w->view, lg_profile_main_module(&w->view), w->arena,
                          &w->view))
        return false;
    if (!aggregation_of(&w->options, &w->aggregation))
        return true;
    if (aggregates_itself(w->job->command)) {
        w->report.aggregation = &w->aggregation;
        return true;
    }
    return lg_profile_aggregate(&w->view, &w->aggregation, w->arena, &w->view);
}

/* generateRawReport */
static bool prepare(struct work *w, struct lg_regex **symbol_ret,
                    struct lg_error *err)
{
    const struct lg_pprof_job *job = w->job;
    override_options(job->command, &w->options);
    if (!lg_pprof_units(&w->view, w->arena, &w->units) || !label_frames(w))
        return lg_fail_nomem(err);
    if (w->options.relative_percentages && !focus(w, err))
        return false;
    if (!lg_pprof_report_init(&w->view, &w->options, &w->units, w->arena,
                              &w->report, err))
        return false;
    w->report.format = job->command->format;
    w->report.encode = lg_pprof_write_gz;
    if (job->command->has_param) {
        *symbol_ret = lg_regex_create(job->param, err);
        if (*symbol_ret == NULL)
            return lg_context(err, "parsing argument regexp %.*s",
                              LG_STR_ARG(job->param));
    }
    w->report.symbol = *symbol_ret;
    w->report.symbol_text = job->param;
    if (!w->options.relative_percentages && !focus(w, err))
        return false;
    return aggregate(w) || lg_fail_nomem(err);
}

/* printProto's own scaling: truncated, and samples of zeros stay. */
static bool scale_values(struct lg_profile *p, double ratio,
                         struct lg_arena *arena)
{
    size_t count = p->samples.count * p->types.count;
    int64_t *values = lg_new(arena, int64_t, count);
    if (values == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        values[i] = lg_go_int64((double)p->values[i] * ratio);
    p->values = values;
    return true;
}

static bool write_proto(struct work *w, struct lg_str *ret,
                        struct lg_error *err)
{
    double ratio = w->report.ratio;
    if (ratio > 0 && ratio != 1 && !scale_values(&w->view, ratio, w->arena))
        return lg_fail_nomem(err);
    return lg_pprof_write_gz(&w->view, w->arena, ret, err);
}

static bool generate(struct work *w, struct lg_str *ret, struct lg_error *err)
{
    const struct lg_pprof_command *c = w->job->command;
    if (c->format == LG_PPROF_PROTO)
        return write_proto(w, ret, err);
    struct lg_sb out;
    lg_sb_init(&out, w->arena);
    if (!c->report(&w->report, &out, err))
        return false;
    *ret = lg_sb_view(&out);
    return !out.failed || lg_fail_nomem(err);
}

/* Only what shows code asks the machine. */
static bool needs_machine(enum lg_pprof_format format)
{
    return format == LG_PPROF_LIST || format == LG_PPROF_WEBLIST ||
           format == LG_PPROF_DISASM;
}

/* What pprof prints at once, before the report and even if that fails. */
static bool generate_late(struct work *w, struct lg_str *ret,
                          struct lg_error *err)
{
    const struct lg_sb *early = &w->early;
    lg_sb_init(&w->early, w->arena);
    w->report.early = &w->early;
    bool ok = generate(w, ret, err);
    if (early->len > 0 &&
        !lg_write_all(STDOUT_FILENO, early->data, early->len, ok ? err : NULL))
        return false;
    return ok;
}

static bool generate_with(struct work *w, struct lg_str *ret,
                          struct lg_error *err)
{
    if (!needs_machine(w->job->command->format))
        return generate(w, ret, err);
    if (!lg_pprof_machine_init(&w->machine, say, NULL, w->arena, err))
        return false;
    w->report.machine = &w->machine;
    bool ok = generate_late(w, ret, err);
    lg_pprof_machine_deinit(&w->machine);
    return ok;
}

/* What Graphviz makes of a graph; without it ours, where we have one. */
static bool draw(struct work *w, struct lg_str graph, struct lg_str *ret,
                 struct lg_error *err)
{
    const char *format = w->job->command->dot_format;
    bool is_svg = strcmp(format, "svg") == 0;
    struct lg_sb out;
    lg_sb_init(&out, w->arena);
    if (lg_graphviz_draw(format, graph, w->arena, ret, err)) {
        if (!is_svg)
            return true;
        lg_pprof_svg_of_dot(*ret, &out);
    } else {
        if (!is_svg || err->kind != LG_ABSENT)
            return lg_context(err, "failed to execute dot");
        lg_error_clear(err);
        if (!lg_pprof_svg(&w->report, &out, err))
            return false;
    }
    *ret = lg_sb_view(&out);
    return !out.failed || lg_fail_nomem(err);
}

bool lg_pprof_run_job(const struct lg_profile *p,
                      const struct lg_pprof_job *job,
                      const struct lg_pprof_options *options, bool in_shell,
                      struct lg_arena *arena, struct lg_error *err)
{
    struct lg_pprof_job own = *job;
    own.command = lg_pprof_command_of(job, options->output);
    struct work w = {
        .job = &own, .options = *options, .view = *p, .arena = arena};
    struct lg_regex *symbol = NULL;
    struct lg_str bytes = {NULL, 0};
    bool ok = prepare(&w, &symbol, err);
    w.report.profile = &w.view;
    ok = ok && generate_with(&w, &bytes, err) &&
         (own.command->dot_format == NULL || draw(&w, bytes, &bytes, err)) &&
         lg_pprof_deliver(own.command, bytes, options->output, in_shell, arena,
                          err);
    lg_regex_destroy(symbol);
    return ok;
}
