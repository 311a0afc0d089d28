/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what `run`, `explain` and `show` share: a folder becomes an
 * incident and a verdict, and a verdict goes to a terminal, to a file, or into
 * the incident's own folder.
 */
#ifndef LG_EXPLAIN_H
#define LG_EXPLAIN_H

#include "cmd.h"
#include "report/report.h"

/* Reads and diagnoses. Both results live in the arena. folder: an incident's
 * folder, a folder of loose files, or one file. */
bool lg_explain_folder(const char *folder, struct lg_arena *arena,
                       struct lg_incident *incident_ret,
                       struct lg_verdict *verdict_ret, struct lg_error *err);

/* LG_USAGE unless the path ends in .json or .html (or .htm): asked before the
 * work begins, so that a long run does not end in it. */
bool lg_explain_check_path(const char *path, struct lg_error *err);
/* The report as JSON or HTML, by the path's ending; atomic and durable. HTML
 * and text show the source line when it is at hand (source_line.h). */
bool lg_explain_write(const char *path, const struct lg_report *r,
                      struct lg_error *err);
/* Writes <folder>/report.json. */
bool lg_explain_keep(const char *folder, const struct lg_report *r,
                     struct lg_error *err);

/* The verdict as text on fd, with colour and width of the terminal there.
 * details: with everything that `show` tells beside it. */
bool lg_explain_print(int fd, const struct lg_report *r, bool details,
                      struct lg_error *err);

/* The options that `explain` and `show` share; further ones come behind. */
enum lg_explain_option {
    LG_EXPLAIN_STATE,
    LG_EXPLAIN_JSON,
    LG_EXPLAIN_REPORT,
    LG_EXPLAIN_FAIL_INCONCLUSIVE,
    LG_EXPLAIN_PATH, /* of show */
};
#define LG_EXPLAIN_OPTIONS                                                     \
    [LG_EXPLAIN_STATE] = {"state", 's', "DIR", "where incidents are kept"},    \
    [LG_EXPLAIN_JSON] = {"json", 0, NULL,                                      \
                         "the report as JSON (lastgasp.report/1)"},            \
    [LG_EXPLAIN_REPORT] = {"report", 'r', "FILE",                              \
                           "write it to FILE too: .json or .html; several "    \
                           "allowed"},                                         \
    [LG_EXPLAIN_FAIL_INCONCLUSIVE] = {                                         \
        "fail-inconclusive", 0, NULL,                                          \
        "end with 4 when no cause could be named"}
int lg_explain_run(const struct lg_command *self, int argc, char **argv);

#endif
