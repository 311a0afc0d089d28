/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the objects that lastgasp.report/1 is made of. What is not known
 * is null, never left out and never a number that stands for nothing, so the
 * shape is always the same.
 */
#ifndef LG_REPORT_JSON_PARTS_H
#define LG_REPORT_JSON_PARTS_H

#include "report/report.h"

/* The object `end`; for an OOM kill as lg_oom_json writes it. */
void lg_report_end_json(const struct lg_incident *in, struct lg_json *j);
/* The object of one finding. */
void lg_report_finding_json(const struct lg_finding *f, struct lg_json *j);

/* The array `parts` of what memory is made of; those that are known. */
void lg_report_parts_json(const struct lg_memory *m, struct lg_json *j);

/* key and value; null when empty or not known. */
void lg_report_kstr_or_null(struct lg_json *j, const char *key,
                            struct lg_str s);
void lg_report_knum(struct lg_json *j, const char *key, struct lg_num n);

#endif
