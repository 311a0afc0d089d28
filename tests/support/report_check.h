/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a report of `lastgasp pprof` in a test: compared with the text in
 * tests/golden/, and made again and again while memory runs out. What is given
 * stays as it was: a report fills in its unit as it is made.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_REPORT_CHECK_H
#define LG_TESTS_REPORT_CHECK_H

#include "alloc_fail.h"
#include "golden.h"
#include "report/pprof_report.h"

/* golden: the path below tests/golden/. */
static inline void lg_report_check(lg_pprof_report_fn *make,
                                   const struct lg_pprof_report *report,
                                   const char *golden)
{
    struct lg_pprof_report r = *report;
    struct lg_arena arena;
    struct lg_sb out;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    lg_sb_init(&out, &arena);
    if (!make(&r, &out, &err))
        fail_msg("%s: %s", golden, err.text);
    lg_golden_check(golden, lg_sb_view(&out));
    lg_arena_deinit(&arena);
}

struct lg_report_run {
    lg_pprof_report_fn *make;
    const struct lg_pprof_report *report;
};

static inline bool lg_report_again(void *context, struct lg_arena *arena,
                                   struct lg_error *err)
{
    const struct lg_report_run *run = context;
    struct lg_pprof_report r = *run->report;
    struct lg_sb out;
    lg_sb_init(&out, arena);
    return run->make(&r, &out, err) && (!out.failed || lg_fail_nomem(err));
}

/* How often it failed before there was enough. */
static inline size_t lg_report_fail_all(lg_pprof_report_fn *make,
                                        const struct lg_pprof_report *report)
{
    struct lg_report_run run = {make, report};
    return lg_alloc_fail_all(lg_report_again, &run);
}

#endif
