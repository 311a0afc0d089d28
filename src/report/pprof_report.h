/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: pprof's reports. The driver (cmd_pprof_report.c) has filtered and
 * aggregated the profile; a report is a pure function of it and these options
 * into text. Adding a report is a file, a row of the command table
 * (cmd_pprof_commands.c), a test and a line in the man page.
 * Source: google/pprof internal/report (Go 1.27.4).
 */
#ifndef LG_REPORT_PPROF_REPORT_H
#define LG_REPORT_PPROF_REPORT_H

#include "base/error.h"
#include "evidence/graph.h"
#include "evidence/measure.h"
#include "evidence/pprof_machine.h"
#include "evidence/profile_filter.h"

enum lg_pprof_format {
    LG_PPROF_CALLGRIND,
    LG_PPROF_COMMENTS,
    LG_PPROF_DISASM,
    LG_PPROF_DOT,
    LG_PPROF_LIST,
    LG_PPROF_PROTO,
    LG_PPROF_RAW,
    LG_PPROF_TAGS,
    LG_PPROF_TEXT,
    LG_PPROF_TOPPROTO,
    LG_PPROF_TRACES,
    LG_PPROF_TREE, /* and peek: symbol is set */
    LG_PPROF_WEBLIST,
};

/* report.Options plus what report.New computes. */
struct lg_pprof_report {
    const struct lg_profile *profile; /* filtered, aggregated */
    /* What makes call graphs can aggregate as it goes: as if `profile` had been
     * aggregated so. NULL: it has. Not for list, weblist and traces. */
    const struct lg_aggregation *aggregation;
    enum lg_pprof_format format;
    bool cum_sort, call_tree, drop_negative, compact_labels;
    double ratio;        /* 1 / divide_by */
    struct lg_str title; /* base name of the first mapping's file */
    LG_VEC(struct lg_str) active_filters; /* "focus=foo" */
    const struct lg_label_units *label_units;
    int64_t node_count;
    double node_fraction, edge_fraction;
    size_t value_type; /* index of the sample type */
    bool has_mean;
    struct lg_str sample_type; /* "mean_…" with mean */
    struct lg_str sample_unit, output_unit;
    struct lg_measure measure; /* between these two, once it is known */
    const struct lg_regex
        *symbol; /* peek, list, disasm, weblist; may be NULL */
    struct lg_str symbol_text;
    struct lg_str source_path, trim_path;
    bool intel_syntax;
    int64_t total; /* report.go computeTotal, on the unfiltered profile unless
                      relative_percentages */
    bool color;    /* never set: pprof has none; of our own reports only */
    const struct lg_pprof_machine *machine; /* may be NULL */
    /* What pprof prints on stdout before the report, wherever that goes and
     * even if it fails (disasm: binaries that cannot be opened). May be NULL.
     */
    struct lg_sb *early;
    /* How topproto's profile becomes bytes (decode's writer). */
    bool (*encode)(const struct lg_profile *p, struct lg_arena *arena,
                   struct lg_str *ret, struct lg_error *err);
};

/* report.go computeTotal (diff: samples labelled pprof::base count alone). */
int64_t lg_pprof_total(const struct lg_profile *p, size_t value_type,
                       bool has_mean);

/* Each writes one report. false: pprof's error text in err (kind USAGE unless
 * memory ran out); what was printed before stands in out. Temporaries and text
 * live in out's arena. */
typedef bool lg_pprof_report_fn(struct lg_pprof_report *r, struct lg_sb *out,
                                struct lg_error *err);
lg_pprof_report_fn lg_pprof_text, lg_pprof_tree, lg_pprof_traces, lg_pprof_tags,
    lg_pprof_comments, lg_pprof_raw, lg_pprof_topproto, lg_pprof_dot,
    lg_pprof_callgrind, lg_pprof_list, lg_pprof_weblist, lg_pprof_disasm;
/* Beyond pprof: our own formats. */
lg_pprof_report_fn lg_pprof_flame_svg, lg_pprof_flame_html, lg_pprof_folded,
    lg_pprof_json, lg_pprof_speedscope, lg_pprof_svg;

/* Shared by reports: report.go newTrimmedGraph with trimPath applied, and
 * selectOutputUnit; ProfileLabels and reportLabels ("File: …", "Type: …",
 * "Showing nodes accounting for …"). */
bool lg_pprof_graph(struct lg_pprof_report *r, struct lg_arena *arena,
                    struct lg_graph *ret, struct lg_graph_dropped *dropped_ret);
void lg_pprof_select_unit(struct lg_pprof_report *r, const struct lg_graph *g);
void lg_pprof_header(struct lg_pprof_report *r, const struct lg_graph *g,
                     const struct lg_graph_dropped *dropped, bool full_headers,
                     struct lg_arena *arena, struct lg_str **labels_ret,
                     size_t *count_ret);
/* All nodes without edges, or those of functions that match r->symbol. false:
 * out of memory. */
bool lg_pprof_whole_graph(const struct lg_pprof_report *r, bool only_symbol,
                          struct lg_arena *arena, struct lg_graph *ret);
/* ProfileLabels alone. */
void lg_pprof_profile_labels(const struct lg_pprof_report *r,
                             struct lg_arena *arena, struct lg_str **labels_ret,
                             size_t *count_ret);
/* Joined by newlines, and one behind the last even if there is none. */
void lg_pprof_put_lines(struct lg_sb *out, const struct lg_str *lines,
                        size_t count);
/* A value times the report's ratio, where that is one (-divide_by). */
int64_t lg_pprof_scaled(int64_t value, double ratio);
/* report.formatValue: with ratio and output unit. */
void lg_pprof_value(const struct lg_pprof_report *r, struct lg_sb *sb,
                    int64_t value);
/* Go's "%*s": padded on the left to a number of characters. */
void lg_pprof_right(struct lg_sb *sb, struct lg_str text, size_t width);
void lg_pprof_right_value(const struct lg_pprof_report *r, struct lg_sb *sb,
                          int64_t value, size_t width);
/* "      flat  flat%   sum%        cum   cum%"; flat is added to sum first. */
void lg_pprof_node_sums(const struct lg_pprof_report *r, struct lg_sb *sb,
                        const struct lg_graph_node *n, int64_t *sum);
/* report.go trimPath. */
struct lg_str lg_pprof_trim_path(struct lg_str path, struct lg_str trim_path,
                                 struct lg_str source_path,
                                 struct lg_arena *arena);

#endif
