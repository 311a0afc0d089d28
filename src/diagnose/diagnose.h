/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: evidence in, verdict out; nothing is opened, read or printed. The
 * rules are rows of one table (rules.c); each says what it needs, judges, and
 * cites. Ranking comes last.
 */
#ifndef LG_DIAGNOSE_DIAGNOSE_H
#define LG_DIAGNOSE_DIAGNOSE_H

#include "base/error.h"
#include "diagnose/finding.h"

/* Everything in *verdict_ret lives in the arena or borrows from *in. */
bool lg_diagnose(const struct lg_incident *in, struct lg_arena *arena,
                 struct lg_verdict *verdict_ret, struct lg_error *err);

#endif
