/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what both flame graphs, the page and the picture, are made from.
 */
#ifndef LG_REPORT_PPROF_FLAME_H
#define LG_REPORT_PPROF_FLAME_H

#include "evidence/flame_tree.h"
#include "report/pprof_report.h"

/* Deeper stacks are cut: a browser draws no more rows. */
#define LG_FLAME_MAX_DEPTH 512

/* Files of src/report/flame, see tools/embed.py. */
extern const char lg_flame_page_html[], lg_flame_page_css[], lg_flame_page_js[],
    lg_flame_picture_js[];

/* "svc inuse_space" or what there is of it; "growth of …" of a difference. */
struct lg_str lg_flame_title(const struct lg_pprof_report *r,
                             bool is_difference, struct lg_arena *arena);
/* value / total as text: 12.34%. */
void lg_flame_percent(struct lg_sb *sb, double value, double total);
/* Text for HTML and SVG. */
void lg_flame_escape(struct lg_sb *sb, struct lg_str text);
/* The share of the whole below which a frame is left out. */
double lg_flame_minimum(const struct lg_pprof_report *r, double finest);

#endif
