/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: when to capture, and when to look next. Pure: samples and what the
 * last captures cost go in, a decision comes out. It knows nothing of how a
 * capture is made, so that a better way to capture needs no change here.
 *
 * Marks are shares of the limit. As long as captures are cheap, they lie two
 * and a half per cent apart; what all captures have cost stays within a
 * fiftieth of the time, and a short credit for a burst. Dear captures have
 * coarser marks, that lie closer the nearer the limit is; beyond the budget
 * only where memory use has not been before, so that use that rises and falls
 * costs no more. Between marks a capture is also due when the limit is nearer
 * than a few capture times at the present rate, when goroutines or descriptors
 * doubled, at ages that double (1 s, 2 s, 4 s …), so that there is always an
 * older state to compare with, and while the program hangs at its limit.
 */
#ifndef LG_RECORD_TRIGGER_H
#define LG_RECORD_TRIGGER_H

#include "evidence/timeline.h"

#include <stdbool.h>
#include <stdint.h>

enum lg_trigger_kind {
    LG_TRIGGER_NONE = 0,
    LG_TRIGGER_START,
    LG_TRIGGER_AGE,
    LG_TRIGGER_USAGE, /* a mark */
    LG_TRIGGER_RATE,  /* the limit is near at this rate */
    LG_TRIGGER_GOROUTINES,
    LG_TRIGGER_FDS,
    LG_TRIGGER_END, /* the watch ends while the program runs */
};

struct lg_trigger {
    uint64_t limit_bytes; /* 0: unlimited; then growth itself is the mark */
    uint64_t next_age_ns;
    uint64_t last_usage_bytes;              /* when the last capture began */
    uint64_t most_usage_bytes;              /* of all captures */
    uint64_t last_end_ns, last_duration_ns; /* of the last capture */
    uint64_t last_cost_ns, spent_ns; /* of a processor; on captures in all */
    uint64_t at_limit_ns; /* since when captures find it there; 0: not */
    uint64_t goroutines, goroutines_marked, fds_marked;
    uint64_t captures;
};

struct lg_trigger_sample {
    uint64_t t_ns, usage_bytes;
    uint64_t charged_bytes; /* with page cache that the kernel can take back */
    struct lg_num fds, goroutines;
    double rate_bytes_per_s; /* of the usage; may be negative */
};

struct lg_trigger_decision {
    enum lg_trigger_kind kind;
    unsigned percent; /* USAGE: of the limit */
    bool urgent;      /* little time: what tells most first, skip the rest */
};

void lg_trigger_init(struct lg_trigger *t, uint64_t limit_bytes);
/* Called with each sample while no capture is running. */
struct lg_trigger_decision lg_trigger_decide(const struct lg_trigger *t,
                                             const struct lg_trigger_sample *s);
/* A capture has begun / ended. */
void lg_trigger_began(struct lg_trigger *t, const struct lg_trigger_sample *s);
void lg_trigger_ended(struct lg_trigger *t, uint64_t end_ns,
                      uint64_t duration_ns, uint64_t cost_ns);
/* Until the next sample: a 25th of the time to the limit, between 4 ms
 * and idle_ns. */
uint64_t lg_trigger_interval_ns(const struct lg_trigger *t,
                                const struct lg_trigger_sample *s,
                                uint64_t idle_ns);
/* Time to the limit at the present rate; UINT64_MAX: not growing. */
uint64_t lg_trigger_time_left_ns(const struct lg_trigger *t,
                                 const struct lg_trigger_sample *s);
/* A dump of all goroutines as text costs the target memory in proportion to
 * their number: up to how many that fits well into what is left. */
uint64_t lg_trigger_text_max(const struct lg_trigger *t,
                             const struct lg_trigger_sample *s);
/* Where it costs the target nothing it costs us time, and room on the disk: up
 * to how many are written, beyond which a sample of them is. */
uint64_t lg_trigger_sample_max(const struct lg_trigger_decision *d);
/* True while the last known number is within that. */
bool lg_trigger_text_affordable(const struct lg_trigger *t,
                                const struct lg_trigger_sample *s);
/* The word for folder and report: "start", "usage-50", "rate"… */
void lg_trigger_name(const struct lg_trigger_decision *d, char *buffer,
                     size_t capacity);

#endif
