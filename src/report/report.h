/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the same verdict three times: text for a terminal or a pipe, JSON
 * (lastgasp.report/1) for programs, one HTML file for people without us. None
 * of them thinks: what they print is in the incident and the verdict.
 */
#ifndef LG_REPORT_REPORT_H
#define LG_REPORT_REPORT_H

#include "base/error.h"
#include "base/json.h"
#include "diagnose/finding.h"

struct lg_report {
    const struct lg_incident *incident;
    const struct lg_verdict *verdict;
    struct lg_str folder;       /* the incident's own folder; may be empty */
    struct lg_str where_source; /* the source line at the verdict's `where`,
                                   when it was at hand; else empty */
};

struct lg_text_options {
    bool color;
    int columns; /* width of the terminal; 0: a pipe (no wrapping) */
};

/* The verdict as in PRODUCT.md. */
void lg_report_text(const struct lg_report *r,
                    const struct lg_text_options *options, struct lg_sb *out);
/* One line per cause that was not judged, evidence for and against, captures:
 * `show`. */
void lg_report_text_details(const struct lg_report *r,
                            const struct lg_text_options *options,
                            struct lg_sb *out);
void lg_report_json(const struct lg_report *r, struct lg_json *j);
void lg_report_html(const struct lg_report *r, struct lg_sb *out);
/* The kernel's kills: one sentence in plain words, then the table; and one
 * JSON object per kill, shaped as the report's `end`. */
void lg_oom_text(const struct lg_oom_event *event,
                 const struct lg_text_options *options, struct lg_sb *out);
void lg_oom_json(const struct lg_oom_event *event, struct lg_json *j);
/* The same with who ran in the victim's cgroup (may be NULL: not known). */
void lg_oom_text_who(const struct lg_oom_event *event,
                     const struct lg_identity *who,
                     const struct lg_text_options *options, struct lg_sb *out);
void lg_oom_json_who(const struct lg_oom_event *event,
                     const struct lg_identity *who, struct lg_json *j);
/* The timeline as SVG (usage against the limit, heap, goroutines). */
void lg_timeline_svg(const struct lg_incident *in, int width, int height,
                     struct lg_sb *out);

#endif
