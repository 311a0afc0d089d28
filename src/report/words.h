/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the sentences of a report, said once for text and HTML. They are
 * built raw: names and paths of the outside world stand in them as they came,
 * and whoever prints them makes them harmless (page.h, html.h).
 */
#ifndef LG_REPORT_WORDS_H
#define LG_REPORT_WORDS_H

#include "report/report.h"

/* What happened, one sentence without a final dot: "consumer (pid 4711,
 * go1.26.8) was killed by the kernel: its cgroup reached 256.0 MiB of
 * 256.0 MiB, 8.4 s after the start". */
void lg_words_headline(const struct lg_report *r, struct lg_sb *sb);
/* The program's name: of its file, else comm, else "the process". */
struct lg_str lg_words_program(const struct lg_subject *s);
/* What stands where there is no finding: "none: nothing wrong was seen", or
 * that there was nothing to judge, or that what there was names no cause. */
void lg_words_no_finding(const struct lg_report *r, struct lg_sb *sb);

/* A frame in three columns; each may add nothing.
 * function: "consumer/worker.handle", "collection.(*TimingWheel).run"
 * place:    "worker/handle.go:31" (path within the main module), else
 *           "timingwheel.go:113"
 * module:   "go-zero v1.10.3", of the dependency that it belongs to */
void lg_words_function(const struct lg_subject *s, const struct lg_frame *f,
                       struct lg_sb *sb);
void lg_words_place(const struct lg_subject *s, const struct lg_frame *f,
                    struct lg_sb *sb);
void lg_words_module(const struct lg_subject *s, const struct lg_frame *f,
                     struct lg_sb *sb);
/* The dependency with the longest path that holds the function's package; NULL:
 * none, or the main module's is longer. */
const struct lg_module *lg_words_dependency(const struct lg_subject *s,
                                            struct lg_str function);
/* "waits at", "allocates", "leaf": what the leaf does. */
const char *lg_words_leaf_label(const struct lg_finding *f);
/* Whether the finding's frame says more than its `where` does. */
bool lg_words_frame_differs(const struct lg_finding *f,
                            const struct lg_frame *frame);

/* A fact's value with its unit: "41,208", "101.3 MiB", "4,980 /s", "93 %". */
void lg_words_value(const struct lg_evidence *e, struct lg_sb *sb);

/* One part of the memory; the unexplained rest is one too. */
struct lg_words_part {
    const char *name;
    int64_t bytes; /* negative: parts exceed the whole (only the unexplained
                      rest can be) */
};
#define LG_WORDS_PARTS_MAX (LG_PART_COUNT + 1)
/* Known parts of at least 0.05 MiB, largest first, the unexplained rest last.
 * Returns how many. */
size_t lg_words_parts(const struct lg_memory *m,
                      struct lg_words_part parts[LG_WORDS_PARTS_MAX]);
/* "memory at the kill", "memory now", or "memory". */
const char *lg_words_memory_label(const struct lg_report *r);
/* "256.0 MiB = live heap 118.0 + stacks 101.3 + …"; behind it how much older
 * than the end it is, when that matters. Nothing when nothing is known. */
void lg_words_memory(const struct lg_report *r, struct lg_sb *sb);
/* "7 captures, the last 38 ms before the kill, complete"; when the last was cut
 * also how old the last complete one is. */
void lg_words_evidence(const struct lg_report *r, struct lg_sb *sb);
/* "lastgasp show 7k2f · …"; nothing without an id or a folder. */
void lg_words_next(const struct lg_report *r, struct lg_sb *sb);

/* How long before the end: of a capture (its last byte; its begin when the end
 * came in between). false: not known. */
bool lg_words_before_end(const struct lg_incident *in,
                         const struct lg_capture *c, uint64_t *ns_ret);
/* "SIGKILL" of 9; NULL when the number has no name. */
const char *lg_words_signal(int signal, char name[16]);
/* Usage and limit at the end: the kernel's own words, else the last rows of
 * the timeline, else the subject's limit. */
void lg_words_usage(const struct lg_incident *in, struct lg_num *usage_ret,
                    struct lg_num *limit_ret);
/* The process in the kernel's report that is the subject: by pid, else by
 * name, else the first victim; NULL: none is named. */
const struct lg_oom_task *lg_words_victim(const struct lg_incident *in);

#endif
