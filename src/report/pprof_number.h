/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: numbers and quoted strings as Go's strconv reads and prints them,
 * for what pprof leaves to it: flags, variables of the shell, its messages.
 * Source: Go 1.27.4 strconv, flag, fmt.
 */
#ifndef LG_REPORT_PPROF_NUMBER_H
#define LG_REPORT_PPROF_NUMBER_H

#include "base/sb.h"
#include "base/str.h"

enum lg_go_number {
    LG_GO_OK,
    LG_GO_SYNTAX, /* "invalid syntax" */
    LG_GO_RANGE,  /* "value out of range"; *ret is the nearest there is */
};
/* "invalid syntax", "value out of range"; "" for OK. */
const char *lg_go_number_fault(enum lg_go_number fault);

/* strconv.ParseInt(s, base, bits): base 10, or 0: by prefix, with underscores.
 * bits ≤ 64. */
enum lg_go_number lg_go_parse_int(struct lg_str s, int base, int bits,
                                  int64_t *ret);
/* strconv.ParseFloat(s, 64): also inf, nan, hexadecimal and underscores. NOMEM
 * on texts of thousands of digits counts as a range. */
enum lg_go_number lg_go_parse_float(struct lg_str s, double *ret);
/* strconv.ParseBool. */
bool lg_go_parse_bool(struct lg_str s, bool *ret);

/* fmt's %v of a float64: the shortest text that reads back the same. */
#define LG_GO_FLOAT_BYTES 32
size_t lg_go_float_text(double value, char text[LG_GO_FLOAT_BYTES]);
/* %q, into text[size] (size > 0), cut to fit, terminated. What Go's tables
 * call unprintable above U+00A0 stays as it is. */
void lg_go_quote(struct lg_str s, char *text, size_t size);

#endif
