/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: to which of the open reports a line belongs. Reports of two hosts,
 * of two CPUs or of two containers come interleaved; what tells them apart is,
 * in this order: who said it (host, caller id), the clock, what the line names
 * (pid, cgroup), and which report waits for such a line.
 *
 * Slots are few and fixed. A report is handed out when it is complete and so
 * much input has passed that nothing more will come for it, or when its slot
 * is needed, or at the end; always the one whose last line is oldest first, so
 * that the order does not depend on how the input was cut.
 */
#ifndef LG_DECODE_OOM_LOG_ROUTE_H
#define LG_DECODE_OOM_LOG_ROUTE_H

#include "decode/oom_log.h"
#include "decode/oom_log_report.h"

enum {
    LG_OOM_SLOTS = 4,
    LG_OOM_RECENT = 32, /* victims remembered for their reaper's line */
};
/* A report whose last line is farther back gets no more lines. */
#define LG_OOM_WINDOW_BYTES (1u << 20)
/* … or, where lines carry the time since boot, older: */
#define LG_OOM_WINDOW_NS UINT64_C(5000000000)
/* The reaper comes 2 s after the kill and may have much to do. */
#define LG_OOM_REAPER_NS UINT64_C(60000000000)

struct lg_oom_router {
    struct lg_oom_options options;
    lg_oom_event_fn *fn;
    void *context;
    bool stopped; /* fn said so */
    uint64_t sequence;
    struct lg_oom_report reports[LG_OOM_SLOTS];
    struct lg_oom_task tasks[LG_OOM_ROWS_MAX]; /* of the event handed out */
    struct {
        uint64_t stream;
        int64_t pid;
    } recent[LG_OOM_RECENT];
    unsigned recent_at;
    uint64_t expire_at;  /* no report can expire before this offset */
    uint64_t open_until; /* offset to which some report waits for lines */
};

/* One line: raw as it was read, p as its prefix told. */
void lg_oom_route(struct lg_oom_router *t, const struct lg_oom_prefix *p,
                  struct lg_str raw, uint64_t offset, uint64_t line);
/* Hands out what nothing more can come for at this offset. */
void lg_oom_route_expire(struct lg_oom_router *t, uint64_t offset);
/* Hands out all that are complete, or all. */
void lg_oom_route_flush(struct lg_oom_router *t, bool incomplete_too);

#endif
