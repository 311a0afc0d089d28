/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what `-focus`, `-ignore`, `-hide`, `-show`, `-show_from`, the tag
 * filters and `-prune_from` leave of a profile, in pprof's order and with its
 * warnings. Source: google/pprof internal/driver/driver_focus.go (Go 1.27.4).
 */
#ifndef LG_REPORT_PPROF_FOCUS_H
#define LG_REPORT_PPROF_FOCUS_H

#include "base/error.h"
#include "evidence/profile_filter.h"
#include "report/pprof_options.h"

/* "Focus expression matched no samples", "tagfocus:Interpreted '1kb' as
 * range, not regexp": pprof says it on stderr. */
typedef void lg_pprof_say_fn(void *context, const char *text);

/* *ret shares with p what it leaves alone, and may be p. units: those of p's
 * numeric labels. USAGE: a pattern that does not compile ("parsing focus
 * regexp: …"); LIMIT: a number of a tag's range that no int64 holds, of which
 * pprof dies (status 2) even within its shell. */
bool lg_pprof_focus(const struct lg_profile *p,
                    const struct lg_pprof_options *o,
                    const struct lg_label_units *units, lg_pprof_say_fn *say,
                    void *context, struct lg_arena *arena,
                    struct lg_profile *ret, struct lg_error *err);

#endif
