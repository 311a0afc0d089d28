/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the legacy forms, one parser each. Each gets the whole text and
 * fails with UNSUPPORTED when it is another form, else with BAD_DATA.
 */
#ifndef LG_DECODE_LEGACY_FORMS_H
#define LG_DECODE_LEGACY_FORMS_H

#include "decode/legacy_build.h"

typedef bool lg_legacy_form_fn(struct lg_str bytes, struct lg_legacy *b,
                               struct lg_error *err);

/* Binary, from gperftools' profilez: words of 32 or 64 bits in either order;
 * C++ or Java. */
lg_legacy_form_fn lg_legacy_cpu;
/* heapz, heap_v2, Go's heap?debug=1; growthz, fragmentationz. */
lg_legacy_form_fn lg_legacy_heap;
/* "goroutine profile: total 3": Go's counts. */
lg_legacy_form_fn lg_legacy_count;
lg_legacy_form_fn lg_legacy_thread;     /* threadz */
lg_legacy_form_fn lg_legacy_contention; /* contentionz, Go's mutex, block */
lg_legacy_form_fn lg_legacy_java;       /* heapz and contentionz of Java */

bool lg_legacy_other_form(struct lg_error *err); /* UNSUPPORTED; false */
bool lg_legacy_malformed(struct lg_error *err);  /* BAD_DATA; false */
/* Skips comments; the first other line is s->line. */
void lg_legacy_skip_comments(struct lg_scan *s);

/* The body of a Java profile: lines "0x1234 function (file:7)" name the
 * addresses of samples. Ends the profile, without addresses. */
bool lg_legacy_java_finish(struct lg_legacy *b, struct lg_str names,
                           struct lg_error *err);

/* What count samples of size bytes together, taken with a mean distance of
 * rate bytes, stand for. To the bit what Go computes on this machine. */
void lg_legacy_unsample(int64_t *count, int64_t *size, int64_t rate);

#endif
