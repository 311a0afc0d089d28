/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_report.h"

#include "base/path.h"
#include "base/utf8.h"
#include "evidence/measure.h"

/* Bazel's names of files in its sandbox. */
static const struct lg_str sandbox[] = {
    {"/proc/self/cwd/./", 17},
    {"/proc/self/cwd/", 15},
};

static bool is_base_label(const struct lg_profile_label *l)
{
    return lg_label_is_base(l->of) && lg_str_eq(l->of->str, LG_STR("true"));
}

struct total {
    int64_t value, div;
};

static void add_sample(struct total *t, const struct lg_profile *p,
                       size_t sample, size_t value_type, bool has_mean)
{
    int64_t value = lg_profile_value(p, sample, (int)value_type);
    t->value = lg_go_add(t->value, lg_go_abs(value));
    if (has_mean)
        t->div = lg_go_add(t->div, lg_profile_value(p, sample, 0));
}

int64_t lg_pprof_total(const struct lg_profile *p, size_t value_type,
                       bool has_mean)
{
    struct total all = {0}, base = {0};
    for (size_t i = 0; i < p->samples.count; i++)
        add_sample(&all, p, i, value_type, has_mean);
    uint32_t last = UINT32_MAX; /* a sample may have the label twice */
    lg_each(l, p->labels) {
        if (l->sample != last && is_base_label(l)) {
            last = l->sample;
            add_sample(&base, p, last, value_type, has_mean);
        }
    }
    if (base.value > 0)
        all = base;
    return lg_go_div(all.value, all.div);
}

static bool needs_objnames(enum lg_pprof_format format)
{
    return format == LG_PPROF_RAW || format == LG_PPROF_LIST ||
           format == LG_PPROF_WEBLIST || format == LG_PPROF_DISASM ||
           format == LG_PPROF_CALLGRIND;
}

struct trim_context {
    const struct lg_pprof_report *report;
    struct lg_arena *arena;
};

static struct lg_str trim_file(void *context, struct lg_str file)
{
    const struct trim_context *c = context;
    return lg_pprof_trim_path(file, c->report->trim_path,
                              c->report->source_path, c->arena);
}

static bool matches_symbol(void *context, struct lg_str name)
{
    return lg_regex_match(context, name);
}

/* What all graphs have in common. context lives as long as they are built. */
static struct lg_graph_options options_of(const struct lg_pprof_report *r,
                                          struct trim_context *context)
{
    return (struct lg_graph_options){
        .value_type = r->value_type,
        .has_mean = r->has_mean,
        .objnames = needs_objnames(r->format),
        .drop_negative = r->drop_negative,
        .aggregation = r->aggregation,
        /* Matching changes nothing that can be seen. */
        .test_context = (void *)(uintptr_t)r->symbol,
        .trim_file = trim_file,
        .trim_context = context,
    };
}

bool lg_pprof_graph(struct lg_pprof_report *r, struct lg_arena *arena,
                    struct lg_graph *ret, struct lg_graph_dropped *dropped_ret)
{
    struct trim_context context = {r, arena};
    bool is_dot = r->format == LG_PPROF_DOT;
    bool is_callgrind = r->format == LG_PPROF_CALLGRIND;
    struct lg_graph_options options = options_of(r, &context);
    options.call_tree = r->call_tree && (is_dot || is_callgrind);
    options.with_edges = is_dot || is_callgrind || r->format == LG_PPROF_TREE;
    options.with_tags = is_dot;
    options.tag_unit = r->output_unit;
    options.bytes_unit = r->label_units != NULL
                             ? lg_label_unit_of(r->label_units, LG_STR("bytes"))
                             : LG_STR("");
    if (r->format == LG_PPROF_TREE && r->symbol != NULL)
        options.edges_of = matches_symbol;
    struct lg_graph_trim trim = {
        .node_count = r->node_count,
        .node_fraction = r->node_fraction,
        .edge_fraction = r->edge_fraction,
        .cum_sort = r->cum_sort,
        .visual = is_dot,
    };
    return lg_graph_build_trimmed(r->profile, &options, &trim, arena, ret,
                                  dropped_ret);
}

bool lg_pprof_whole_graph(const struct lg_pprof_report *r, bool only_symbol,
                          struct lg_arena *arena, struct lg_graph *ret)
{
    struct trim_context context = {r, arena};
    struct lg_graph_options options = options_of(r, &context);
    if (only_symbol && r->symbol != NULL)
        options.only_functions = matches_symbol;
    return lg_graph_build(r->profile, &options, arena, ret);
}

/* Smallest magnitude of a node's flat value, else of its cum value. */
static int64_t least_value(const struct lg_graph *g)
{
    int64_t least = 0;
    lg_each(i, g->order) {
        const struct lg_graph_node *n = &g->nodes.items[*i];
        int64_t value = lg_go_abs(lg_node_flat_value(n));
        if (value == 0)
            value = lg_go_abs(lg_node_cum_value(n));
        if (value > 0 && (least == 0 || value < least))
            least = value;
    }
    return least;
}

int64_t lg_pprof_scaled(int64_t value, double ratio)
{
    return ratio > 0 && ratio != 1 ? lg_go_int64((double)value * ratio) : value;
}

static struct lg_str unit_for(const struct lg_pprof_report *r, int64_t value)
{
    struct lg_str unit;
    lg_measure_scale(value, r->sample_unit, LG_STR("minimum"), &unit);
    return unit;
}

static struct lg_str fitting_unit(const struct lg_pprof_report *r,
                                  const struct lg_graph *g)
{
    int64_t least = least_value(g), most = r->total;
    if (least == 0)
        least = most;
    least = lg_pprof_scaled(least, r->ratio);
    most = lg_pprof_scaled(most, r->ratio);
    int64_t hundred = (int64_t)((uint64_t)least * 100);
    struct lg_str unit = unit_for(r, least);
    /* Callgrind knows whole numbers only; elsewhere 0.01 is fine. */
    if (!lg_str_eq(unit, unit_for(r, most)) && hundred < most &&
        r->format != LG_PPROF_CALLGRIND)
        unit = unit_for(r, hundred);
    return unit.len != 0 ? unit : r->sample_unit;
}

void lg_pprof_select_unit(struct lg_pprof_report *r, const struct lg_graph *g)
{
    if (lg_str_eq(r->output_unit, LG_STR("minimum")) && g->order.count != 0)
        r->output_unit = fitting_unit(r, g);
    r->measure = lg_measure_of(r->sample_unit, r->output_unit);
}

static bool is_same_view(struct lg_str a, struct lg_str b)
{
    return a.data == b.data && a.len == b.len;
}

static void measure(const struct lg_pprof_report *r, int64_t value,
                    struct lg_measured *ret)
{
    struct lg_measure m = r->measure;
    if (!is_same_view(m.from, r->sample_unit) ||
        !is_same_view(m.to, r->output_unit))
        m = lg_measure_of(r->sample_unit, r->output_unit);
    lg_measure_value(lg_pprof_scaled(value, r->ratio), &m, ret);
}

void lg_pprof_value(const struct lg_pprof_report *r, struct lg_sb *sb,
                    int64_t value)
{
    lg_pprof_right_value(r, sb, value, 0);
}

void lg_pprof_right(struct lg_sb *sb, struct lg_str text, size_t width)
{
    size_t have = lg_utf8_count(text.data, text.len);
    if (have < width)
        lg_sb_repeat(sb, ' ', width - have);
    lg_sb_str(sb, text);
}

void lg_pprof_right_value(const struct lg_pprof_report *r, struct lg_sb *sb,
                          int64_t value, size_t width)
{
    struct lg_measured measured;
    measure(r, value, &measured);
    size_t have = measured.number.len +
                  lg_utf8_count(measured.unit.data, measured.unit.len);
    if (have < width)
        lg_sb_repeat(sb, ' ', width - have);
    lg_sb_str(sb, measured.number);
    lg_sb_str(sb, measured.unit);
}

void lg_pprof_node_sums(const struct lg_pprof_report *r, struct lg_sb *sb,
                        const struct lg_graph_node *n, int64_t *sum)
{
    int64_t flat = lg_node_flat_value(n), cum = lg_node_cum_value(n);
    *sum = lg_go_add(*sum, flat);
    lg_pprof_right_value(r, sb, flat, 10);
    lg_sb_char(sb, ' ');
    lg_measure_percentage(sb, flat, r->total);
    lg_sb_char(sb, ' ');
    lg_measure_percentage(sb, *sum, r->total);
    lg_sb_char(sb, ' ');
    lg_pprof_right_value(r, sb, cum, 10);
    lg_sb_char(sb, ' ');
    lg_measure_percentage(sb, cum, r->total);
}

static struct lg_str slashed(struct lg_str prefix, struct lg_arena *arena)
{
    char *text = lg_new(arena, char, prefix.len + 1);
    if (text == NULL)
        return prefix;
    if (prefix.len != 0)
        memcpy(text, prefix.data, prefix.len);
    text[prefix.len] = '/';
    return lg_str_from(text, prefix.len + 1);
}

/* A list as filepath.SplitList has it: colons; nothing has no elements. */
static bool next_element(struct lg_str *list, struct lg_str *ret)
{
    if (list->data == NULL)
        return false;
    struct lg_cut cut = lg_str_cut_char(*list, ':');
    *ret = cut.head;
    *list = cut.found ? cut.tail : (struct lg_str){NULL, 0};
    if (cut.found && list->data == NULL)
        list->data = "";
    return true;
}

/* By the last folder of a search path, found in the middle of the name. */
static bool trim_by_search(struct lg_str path, struct lg_str search,
                           struct lg_arena *arena, struct lg_str *ret)
{
    struct lg_str folder;
    if (search.len == 0)
        return false;
    while (next_element(&search, &folder)) {
        struct lg_sb want;
        lg_sb_init(&want, arena);
        lg_sb_char(&want, '/');
        lg_sb_str(&want, lg_path_base(folder));
        lg_sb_char(&want, '/');
        ptrdiff_t found = lg_str_find(path, lg_sb_view(&want));
        if (!want.failed && found >= 0) {
            *ret = lg_str_skip(path, (size_t)found + want.len);
            return true;
        }
    }
    return false;
}

struct lg_str lg_pprof_trim_path(struct lg_str path, struct lg_str trim_path,
                                 struct lg_str source_path,
                                 struct lg_arena *arena)
{
    struct lg_str rest, prefix, list = trim_path;
    if (trim_path.len == 0 && trim_by_search(path, source_path, arena, &rest))
        return rest;
    while (trim_path.len != 0 && next_element(&list, &prefix)) {
        if (!lg_str_ends(prefix, LG_STR("/")))
            prefix = slashed(prefix, arena);
        if (lg_str_after(path, prefix, &rest))
            return rest;
    }
    for (size_t i = 0; i < LG_COUNT(sandbox); i++) {
        if (lg_str_after(path, sandbox[i], &rest))
            return rest;
    }
    return path;
}
