/* SPDX-License-Identifier: Apache-2.0 */
/* The report `list`: source with the samples of each line beside it. */
#include "report/pprof_source_reader.h"

#include <stdlib.h>

#define MARGIN 5 /* lines before the first and behind the last sample */

struct listing {
    const struct lg_pprof_report *report;
    struct lg_sb *out;
    struct lg_arena *arena;
    struct lg_graph graph;
    struct lg_source_reader reader;
};

/* All nodes of the graph; sorted: those of one function together, then those of
 * one file. Their order within is that of the graph. */
struct chosen {
    const struct lg_graph_node **items;
    size_t count, capacity;
};

struct line_sum {
    int64_t line, flat, cum;
};

static bool choose(struct listing *l, struct chosen *ret)
{
    for (size_t i = 0; i < l->graph.order.count; i++) {
        const struct lg_graph_node **slot = lg_push(l->arena, ret);
        if (slot == NULL)
            return false;
        *slot = &l->graph.nodes.items[l->graph.order.items[i]];
    }
    return true;
}

/* Nodes lie in one array: their addresses are the order of the graph. */
static int compare(const void *a, const void *b)
{
    const struct lg_graph_node *x = *(const struct lg_graph_node *const *)a;
    const struct lg_graph_node *y = *(const struct lg_graph_node *const *)b;
    int by_name = lg_str_cmp(x->info.name, y->info.name);
    if (by_name != 0)
        return by_name;
    int by_file = lg_str_cmp(x->info.file, y->info.file);
    return by_file != 0 ? by_file : (x > y) - (x < y);
}

static int compare_lines(const void *a, const void *b)
{
    const struct line_sum *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

/* The lines that have samples, in order, one entry for each. */
static struct line_sum *sum_lines(const struct lg_graph_node *const *nodes,
                                  size_t count, struct lg_arena *arena,
                                  size_t *count_ret)
{
    struct line_sum *sums = lg_new(arena, struct line_sum, count);
    if (sums == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        sums[i] = (struct line_sum){nodes[i]->info.line, nodes[i]->flat,
                                    nodes[i]->cum};
    qsort(sums, count, sizeof *sums, compare_lines);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || sums[kept - 1].line != sums[i].line) {
            sums[kept++] = sums[i];
            continue;
        }
        sums[kept - 1].flat = lg_go_add(sums[kept - 1].flat, sums[i].flat);
        sums[kept - 1].cum = lg_go_add(sums[kept - 1].cum, sums[i].cum);
    }
    *count_ret = kept;
    return sums;
}

/* The lines to show: from where the function starts, or a margin before its
 * first sample, up to a margin behind its last one. */
static void line_range(const struct lg_graph_node *const *nodes, size_t count,
                       int64_t *first_ret, int64_t *last_ret)
{
    const struct lg_node_info *info = &nodes[0]->info;
    int64_t first = info->start_line != 0 ? info->start_line
                                          : lg_go_add(info->line, -MARGIN);
    int64_t last = lg_go_add(info->line, MARGIN);
    for (size_t i = 0; i < count; i++) {
        info = &nodes[i]->info;
        int64_t start = info->start_line != 0 ? info->start_line
                                              : lg_go_add(info->line, -MARGIN);
        if (start < first)
            first = start;
        else if (lg_go_add(info->line, MARGIN) > last)
            last = lg_go_add(info->line, MARGIN);
    }
    *first_ret = first < 1 ? 1 : first;
    *last_ret = last;
}

static bool put_lines(struct listing *l, const struct lg_source_file *file,
                      const struct lg_graph_node *const *nodes, size_t count)
{
    size_t sum_count;
    struct line_sum *sums = sum_lines(nodes, count, l->arena, &sum_count);
    if (sums == NULL)
        return false;
    int64_t first, last;
    line_range(nodes, count, &first, &last);
    struct lg_str text;
    size_t at = 0;
    for (int64_t line = first;
         line <= last && lg_source_file_line(file, line, &text); line++) {
        while (at < sum_count && sums[at].line < line)
            at++;
        bool has_samples = at < sum_count && sums[at].line == line;
        lg_source_value(l->report, l->out, has_samples ? sums[at].flat : 0);
        lg_sb_char(l->out, ' ');
        lg_source_value(l->report, l->out, has_samples ? sums[at].cum : 0);
        lg_sb_fmt(l->out, " %6lld:", (long long)line);
        lg_sb_str(l->out, text);
        lg_sb_char(l->out, '\n');
    }
    return true;
}

/* One function in one file. */
static bool put_routine(struct listing *l,
                        const struct lg_graph_node *const *nodes, size_t count)
{
    const struct lg_node_info *info = &nodes[0]->info;
    const struct lg_source_query hint = {.path = info->file,
                                         .function = info->name,
                                         .start_line = info->start_line,
                                         .binary = info->objfile};
    int64_t first, last;
    line_range(nodes, count, &first, &last);
    /* A range of no lines makes nobody read the file. */
    bool is_read = first <= last;
    const struct lg_source_file *file =
        is_read ? lg_source_reader_file(&l->reader, &hint)
                : lg_source_reader_known(&l->reader, hint.path);
    if (is_read && file == NULL)
        return false;
    int64_t flat = 0, cum = 0;
    for (size_t i = 0; i < count; i++) {
        flat = lg_go_add(flat, nodes[i]->flat);
        cum = lg_go_add(cum, nodes[i]->cum);
    }
    lg_sb_cstr(l->out, "ROUTINE ======================== ");
    lg_sb_str(l->out, info->name);
    lg_sb_cstr(l->out, " in ");
    lg_sb_str(l->out, info->file);
    lg_sb_char(l->out, '\n');
    lg_source_sums(l->report, l->out, flat, cum);
    if (file == NULL)
        return true;
    if (!file->is_missing)
        return put_lines(l, file, nodes, count);
    lg_sb_cstr(l->out, " Error: ");
    lg_sb_str(l->out, file->error);
    lg_sb_char(l->out, '\n');
    return true;
}

/* All files of one function; nodes without a file stand first. */
static bool put_function(struct listing *l,
                         const struct lg_graph_node *const *nodes, size_t count)
{
    size_t at = 0;
    while (at < count && nodes[at]->info.file.len == 0)
        at++;
    if (at == count) {
        lg_sb_cstr(l->out, "No source information for ");
        lg_sb_str(l->out, nodes[0]->info.name);
        lg_sb_char(l->out, '\n');
    }
    while (at < count) {
        size_t end = at;
        while (end < count &&
               lg_str_eq(nodes[end]->info.file, nodes[at]->info.file))
            end++;
        if (!put_routine(l, nodes + at, end - at))
            return false;
        at = end;
    }
    return true;
}

static bool put_all(struct listing *l, const struct chosen *chosen)
{
    const struct lg_graph_node *const *nodes = chosen->items;
    lg_sb_cstr(l->out, "Total: ");
    lg_pprof_value(l->report, l->out, l->report->total);
    lg_sb_char(l->out, '\n');
    for (size_t at = 0, end = 0; at < chosen->count; at = end) {
        while (end < chosen->count &&
               lg_str_eq(nodes[end]->info.name, nodes[at]->info.name))
            end++;
        if (!put_function(l, nodes + at, end - at))
            return false;
    }
    return true;
}

bool lg_pprof_list(struct lg_pprof_report *r, struct lg_sb *out,
                   struct lg_error *err)
{
    struct listing l = {.report = r, .out = out, .arena = out->arena};
    struct chosen chosen = {0};
    if (!lg_pprof_whole_graph(r, true, l.arena, &l.graph) ||
        !choose(&l, &chosen))
        return lg_fail_nomem(err);
    if (chosen.count == 0)
        return lg_fail(err, LG_USAGE, "no matches found for regexp: %.*s",
                       LG_STR_ARG(r->symbol_text));
    if (!lg_source_reader_init(&l.reader, r, l.arena, err))
        return false;
    qsort(chosen.items, chosen.count, sizeof *chosen.items, compare);
    return (put_all(&l, &chosen) && !out->arena->failed) || lg_fail_nomem(err);
}
