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
/* Looking units up takes longer than the rest, so who prints many of a kind
 * does it once. Views of from and to. */
struct lg_measure {
    struct lg_str from, to;
    const struct lg_unit_family *family;       /* of from; NULL: none */
    const struct lg_unit *from_unit, *to_unit; /* of the family; NULL: none */
};
struct lg_measure lg_measure_of(struct lg_str from, struct lg_str to);
/* As lg_measure_label, in two parts; of text, unless they are static or of the
 * measure. */
struct lg_measured {
    struct lg_str number, unit;
    char text[400]; /* any double with two decimals */
};
void lg_measure_value(int64_t value, const struct lg_measure *measure,
                      struct lg_measured *ret);
/* ScaledLabel: "%.2f" without a trailing ".00", and the unit; "0". */
void lg_measure_label(struct lg_sb *sb, int64_t value, struct lg_str from,
                      struct lg_str to);
/* Percentage: "  100%", "%5.2f%%", "%5.2g%%". */
void lg_measure_percentage(struct lg_sb *sb, int64_t value, int64_t total);
/* compatibleValueTypes / CommonValueType's test on units. */
bool lg_measure_compatible(struct lg_str unit_a, struct lg_str unit_b);

#endif
