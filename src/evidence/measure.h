/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: numbers with units as pprof prints them: "512kB", "1.50s", "99.91%".
 * Source: google/pprof internal/measurement (Go 1.27.4).
 */
#ifndef LG_EVIDENCE_MEASURE_H
#define LG_EVIDENCE_MEASURE_H

#include "base/sb.h"

/* measurement.Scale: to == "minimum" or "auto": the unit that fits.
 * *unit_ret is static text or a view of to/from; "" when there is none. */
double lg_measure_scale(int64_t value, struct lg_str from, struct lg_str to,
                        struct lg_str *unit_ret);
/* ScaledLabel: "%.2f" without a trailing ".00", and the unit; "0". */
void lg_measure_label(struct lg_sb *sb, int64_t value, struct lg_str from,
                      struct lg_str to);
/* Percentage: "  100%", "%5.2f%%", "%5.2g%%". */
void lg_measure_percentage(struct lg_sb *sb, int64_t value, int64_t total);
/* compatibleValueTypes / CommonValueType's test on units. */
bool lg_measure_compatible(struct lg_str unit_a, struct lg_str unit_b);

#endif
