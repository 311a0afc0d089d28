/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: two clocks. Wall time (unix nanoseconds, signed) is for people and
 * for joining logs; monotonic time is for durations. Both are asked through a
 * struct, so that a test can stop time.
 */
#ifndef LG_BASE_CLOCK_H
#define LG_BASE_CLOCK_H

#include <stdint.h>

#define LG_NS_PER_S UINT64_C(1000000000)
#define LG_NS_PER_MS UINT64_C(1000000)

struct lg_clock {
    int64_t (*wall_ns)(void *context);  /* CLOCK_REALTIME */
    uint64_t (*mono_ns)(void *context); /* CLOCK_BOOTTIME: kmsg's base too,
                                           it goes on during suspend */
    void *context;
};

extern const struct lg_clock lg_clock_system;

static inline int64_t lg_wall_ns(const struct lg_clock *c)
{
    return c->wall_ns(c->context);
}

static inline uint64_t lg_mono_ns(const struct lg_clock *c)
{
    return c->mono_ns(c->context);
}

/* RFC 3339, UTC, milliseconds rounded down: "2026-11-02T14:03:09.123Z".
 * Neither allocates nor looks at time zones. */
#define LG_TIME_TEXT_BYTES 48
void lg_time_text(int64_t unix_ns, char text[LG_TIME_TEXT_BYTES]);

#endif
