/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: pieces of the text that the verdict and its details share.
 */
#ifndef LG_REPORT_TEXT_PARTS_H
#define LG_REPORT_TEXT_PARTS_H

#include "report/page.h"
#include "report/words.h"

/* Title, summary, frames; with full also the fix. */
void lg_text_finding(const struct lg_page *page, const struct lg_report *r,
                     const struct lg_finding *f, bool full);
/* A row per cause that was not judged; nothing when all were. */
void lg_text_not_judged(const struct lg_page *page, const struct lg_verdict *v);
/* A row per piece of evidence that is missing. */
void lg_text_absent(const struct lg_page *page, const struct lg_incident *in);

#endif
