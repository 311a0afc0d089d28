/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what `run` and `attach` share: an incident is opened in the store,
 * the session records into it, and the verdict is explained and kept.
 */
#ifndef LG_CMD_WATCH_H
#define LG_CMD_WATCH_H

#include "cmd.h"
#include "record/session.h"

#define LG_WATCH_MAX_REPORTS 8

struct lg_watch {
    char *const *argv;  /* run */
    int64_t attach_pid; /* attach */
    uint64_t memory_max_bytes, for_ns;
    const char *pprof_url, *state_dir;
    enum lg_capture_from from;
    enum lg_heap_profile heap_profile;
    const char *reports[LG_WATCH_MAX_REPORTS];
    int report_count;
    bool quiet, fail_inconclusive;
};

#define LG_WATCH_OPTIONS                                                       \
    {"report", 'r', "FILE",                                                    \
     "also write the verdict to FILE.json or FILE.html; may be repeated"},     \
        {"source", 0, "WHERE",                                                 \
         "where captures come from: auto, memory or http (auto: memory, and "  \
         "http where that is not allowed)"},                                   \
        {"heap-profile", 0, "WHEN",                                            \
         "switch a heap profile on that the linker left out: auto, never or "  \
         "always"},                                                            \
        {"pprof", 'p', "URL",                                                  \
         "where net/http/pprof answers, instead of looking for it"},           \
        {"state", 's', "DIR", "where incidents are kept"},                     \
    {                                                                          \
        "quiet", 'q', NULL, "print nothing of our own"                         \
    }

/* Options that both commands have; *known_ret false: not one of them. The
 * letter of an option stands for it. 0, or the exit code to leave with. */
int lg_watch_option(struct lg_watch *watch, const struct lg_option *option,
                    const char *value, bool *known_ret);
/* The whole way; the exit code. */
int lg_watch_run(const struct lg_watch *watch);

#endif
