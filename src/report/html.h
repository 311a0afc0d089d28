/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a page of one file, without scripts, that says the same as the
 * text. What the outside world named is made harmless twice: characters that
 * steer (clean.h), then those that mean something in HTML.
 */
#ifndef LG_REPORT_HTML_H
#define LG_REPORT_HTML_H

#include "report/report.h"

struct lg_html {
    struct lg_sb *out;
    struct lg_arena *scratch;
    const struct lg_report *r;
};

/* Text or a quoted attribute's value; good in HTML and in SVG. */
void lg_html_put(struct lg_sb *out, struct lg_str s);
void lg_html_cput(struct lg_sb *out, const char *s);
/* <tag class="class">text</tag>, class may be NULL; nothing when s is empty. */
void lg_html_element(struct lg_sb *out, const char *tag, const char *class,
                     struct lg_str s);
/* A paragraph in which `…` is set as code. */
void lg_html_prose(struct lg_sb *out, const char *class, struct lg_str s);
/* A table's cell, also when s is empty. */
void lg_html_cell(struct lg_sb *out, const char *class, struct lg_str s);
/* <tr> of <th>; columns whose name begins with '>' are numbers. */
void lg_html_head(struct lg_sb *out, const char *const *names, size_t count);

/* The parts of the page. Each adds nothing when it has nothing to say. */
void lg_html_style(struct lg_sb *out);
void lg_html_verdict(const struct lg_html *h);  /* cause, where, fix */
void lg_html_timeline(const struct lg_html *h); /* the pictures */
void lg_html_memory(const struct lg_html *h);   /* bar and table */
void lg_html_findings(const struct lg_html *h); /* each with its facts */
void lg_html_captures(const struct lg_html *h);
void lg_html_not_judged(const struct lg_html *h); /* and what is missing */
void lg_html_kernel_log(const struct lg_html *h);
void lg_html_subject(const struct lg_html *h);

#endif
