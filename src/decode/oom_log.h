/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: kernel log lines in, OOM events out. A streaming parser in constant
 * memory: events are handed to the caller as they end; at most a few reports
 * are open at a time (interleaved ones are told apart by what their prefixes
 * and contents say). Lines that have nothing to do with OOM cost a scan.
 * Formats and their kernels: docs/formats/kernel-oom.md.
 */
#ifndef LG_DECODE_OOM_LOG_H
#define LG_DECODE_OOM_LOG_H

#include "base/error.h"
#include "evidence/oom_event.h"

struct lg_oom_parser;

/* The event and all in it are valid during the call only (copy with
 * lg_oom_event_copy). false stops the parse. */
typedef bool lg_oom_event_fn(void *context, const struct lg_oom_event *event);

struct lg_oom_options {
    int64_t boot_wall_ns; /* wall time of uptime 0, to date [uptime] lines; 0:
                             not known */
    int year;             /* for syslog dates without one; 0: from now_ns */
    int64_t now_ns; /* for dates without a year when year is 0: they are taken
                       as the last such day before it; 0: such dates are not
                       known */
    int32_t utc_offset_s; /* of dates without a zone: seconds east of UTC */
};

struct lg_oom_parser *lg_oom_parser_create(const struct lg_oom_options *options,
                                           lg_oom_event_fn *fn, void *context,
                                           struct lg_error *err);
void lg_oom_parser_destroy(struct lg_oom_parser *p);
/* Any cut of the input is fine: lines may be split over calls. */
bool lg_oom_parser_feed(struct lg_oom_parser *p, struct lg_str bytes,
                        struct lg_error *err);
/* End of input: open reports are handed out as truncated. */
bool lg_oom_parser_finish(struct lg_oom_parser *p, struct lg_error *err);
/* Hands out reports that are complete but wait for a possible further victim
 * (--follow calls it when the log has been quiet). */
bool lg_oom_parser_flush(struct lg_oom_parser *p, struct lg_error *err);

bool lg_oom_event_copy(const struct lg_oom_event *from, struct lg_arena *arena,
                       struct lg_oom_event *to_ret);

#endif
