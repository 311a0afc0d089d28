/* SPDX-License-Identifier: Apache-2.0 */
#include "record/trigger.h"

#include "base/clock.h"

#include <stdio.h>

/* Growth since the last capture that makes the next one due, as a share of
 * the limit: coarse while there is room, fine near the end. */
#define COARSE_STEP_RATIO 0.15
#define FINE_STEP_RATIO 0.05
#define FINE_FROM_RATIO 0.45
/* … and finest of all while captures are cheap: their budget in all is a share
 * of the time, with something in hand for a program that dies young. */
#define CHEAP_STEP_RATIO 0.025
#define BUDGET_RATIO 0.02
#define BUDGET_CREDIT_NS (250 * LG_NS_PER_MS)
/* At the limit nothing grows any more, and the program may hang for minutes
 * before it is killed: captures this far apart, then ever less often. */
#define AT_LIMIT_RATIO 0.97
#define OFF_LIMIT_RATIO 0.90
#define AT_LIMIT_GAP_NS (250 * LG_NS_PER_MS)
/* Without a limit a growth by half (and at least this much) is a mark. */
#define UNLIMITED_STEP_BYTES (UINT64_C(32) << 20)
/* The limit is "near" when fewer capture times than this are left. */
#define NEAR_CAPTURES 4
/* Ages double from here up to the longest gap. */
#define FIRST_AGE_NS LG_NS_PER_S
#define LONGEST_AGE_GAP_NS (600 * LG_NS_PER_S)
/* Capturing may take this share of the time when nothing presses … */
#define CALM_DUTY_RATIO 0.04
/* … and this when memory grows towards the limit. */
#define PRESSED_DUTY_RATIO 0.34
#define MIN_INTERVAL_NS (4 * LG_NS_PER_MS)
#define SAMPLES_TO_LIMIT 25
#define MIN_FD_MARK 256
#define MIN_GOROUTINE_MARK 500
/* Measured: a debug=2 dump makes the target grow by some 600 bytes for each
 * goroutine (the buffer doubles while it is written), 59 MB for 100,000. */
#define TEXT_BYTES_PER_GOROUTINE 1200
#define TEXT_GOROUTINES_MAX 60000
/* Out of memory: some 400 bytes of text and a microsecond for each. */
#define URGENT_TEXT_GOROUTINES 20000
#define CALM_TEXT_GOROUTINES 100000

void lg_trigger_init(struct lg_trigger *t, uint64_t limit_bytes)
{
    *t = (struct lg_trigger){
        .limit_bytes = limit_bytes,
        .next_age_ns = FIRST_AGE_NS,
        .goroutines_marked = MIN_GOROUTINE_MARK,
        .fds_marked = MIN_FD_MARK,
    };
}

uint64_t lg_trigger_time_left_ns(const struct lg_trigger *t,
                                 const struct lg_trigger_sample *s)
{
    if (t->limit_bytes == 0 || s->rate_bytes_per_s < 1.0) {
        return UINT64_MAX;
    }
    if (s->usage_bytes >= t->limit_bytes) {
        return 0;
    }
    double seconds =
        (double)(t->limit_bytes - s->usage_bytes) / s->rate_bytes_per_s;
    if (seconds > 1e9) {
        return UINT64_MAX;
    }
    return (uint64_t)(seconds * 1e9);
}

static uint64_t step_bytes(const struct lg_trigger *t, uint64_t usage)
{
    if (t->limit_bytes == 0) {
        uint64_t half = t->last_usage_bytes / 2;
        return half > UNLIMITED_STEP_BYTES ? half : UNLIMITED_STEP_BYTES;
    }
    double ratio = (double)usage / (double)t->limit_bytes;
    double step = ratio < FINE_FROM_RATIO ? COARSE_STEP_RATIO : FINE_STEP_RATIO;
    return (uint64_t)(step * (double)t->limit_bytes) + 1;
}

/* True when another capture keeps capturing within a share of the time. */
static bool duty_allows(const struct lg_trigger *t, uint64_t now_ns,
                        double ratio)
{
    if (t->captures == 0) {
        return true;
    }
    uint64_t idle = now_ns > t->last_end_ns ? now_ns - t->last_end_ns : 0;
    return (double)idle * ratio >= (double)t->last_duration_ns * (1 - ratio);
}

/* Another one as dear as the last is within what all of them may cost. */
static bool budget_allows(const struct lg_trigger *t, uint64_t now_ns)
{
    double budget = (double)BUDGET_CREDIT_NS + BUDGET_RATIO * (double)now_ns;
    return (double)t->spent_ns + (double)t->last_cost_ns <= budget;
}

static bool has_grown(const struct lg_trigger *t,
                      const struct lg_trigger_sample *s)
{
    uint64_t cheap = (uint64_t)(CHEAP_STEP_RATIO * (double)t->limit_bytes) + 1;
    uint64_t step = step_bytes(t, s->usage_bytes);
    if (t->limit_bytes != 0 && budget_allows(t, s->t_ns)) {
        step = cheap;
    }
    return s->usage_bytes >= t->last_usage_bytes + step;
}

/* Dear ones, too, where it is about what never was before. */
static bool is_worth_it(const struct lg_trigger *t,
                        const struct lg_trigger_sample *s)
{
    return budget_allows(t, s->t_ns) || s->usage_bytes > t->most_usage_bytes;
}

/* The cache counts: while the kernel takes it back the program stands still. */
static bool is_filled(const struct lg_trigger *t,
                      const struct lg_trigger_sample *s, double ratio)
{
    uint64_t bytes =
        s->charged_bytes > s->usage_bytes ? s->charged_bytes : s->usage_bytes;
    return t->limit_bytes != 0 &&
           (double)bytes >= ratio * (double)t->limit_bytes;
}

static bool hangs_at_limit(const struct lg_trigger *t,
                           const struct lg_trigger_sample *s)
{
    uint64_t gap_ns = AT_LIMIT_GAP_NS;
    if (!is_filled(t, s, AT_LIMIT_RATIO)) {
        return false;
    }
    if (t->at_limit_ns == 0) {
        return s->t_ns >= t->last_end_ns + gap_ns && budget_allows(t, s->t_ns);
    }
    if ((s->t_ns - t->at_limit_ns) / 4 > gap_ns) {
        gap_ns = (s->t_ns - t->at_limit_ns) / 4;
    }
    return s->t_ns >= t->last_end_ns + gap_ns && budget_allows(t, s->t_ns);
}

static struct lg_trigger_decision
decide_usage(const struct lg_trigger *t, const struct lg_trigger_sample *s)
{
    struct lg_trigger_decision d = {.kind = LG_TRIGGER_NONE};
    uint64_t left_ns = lg_trigger_time_left_ns(t, s);
    bool grown = has_grown(t, s);
    uint64_t near_ns = NEAR_CAPTURES * t->last_duration_ns;
    bool near = left_ns < near_ns && s->usage_bytes > t->last_usage_bytes;
    d.urgent = left_ns < LG_NS_PER_S || left_ns < 2 * near_ns;
    bool may = is_worth_it(t, s);
    if (grown && may &&
        (d.urgent || duty_allows(t, s->t_ns, PRESSED_DUTY_RATIO))) {
        d.kind = LG_TRIGGER_USAGE;
        d.percent = t->limit_bytes != 0
                        ? (unsigned)(s->usage_bytes * 100 / t->limit_bytes)
                        : 0;
    } else if ((near && may && duty_allows(t, s->t_ns, PRESSED_DUTY_RATIO)) ||
               hangs_at_limit(t, s)) {
        d.kind = LG_TRIGGER_RATE;
    }
    return d;
}

struct lg_trigger_decision lg_trigger_decide(const struct lg_trigger *t,
                                             const struct lg_trigger_sample *s)
{
    if (t->captures == 0) {
        return (struct lg_trigger_decision){.kind = LG_TRIGGER_START};
    }
    struct lg_trigger_decision d = decide_usage(t, s);
    if (d.kind != LG_TRIGGER_NONE ||
        !duty_allows(t, s->t_ns, CALM_DUTY_RATIO)) {
        return d;
    }
    if (s->goroutines.known &&
        s->goroutines.value >= 2 * t->goroutines_marked) {
        d.kind = LG_TRIGGER_GOROUTINES;
    } else if (s->fds.known && s->fds.value >= 2 * t->fds_marked) {
        d.kind = LG_TRIGGER_FDS;
    } else if (s->t_ns >= t->next_age_ns) {
        d.kind = LG_TRIGGER_AGE;
    }
    return d;
}

void lg_trigger_began(struct lg_trigger *t, const struct lg_trigger_sample *s)
{
    t->captures++;
    t->last_usage_bytes = s->usage_bytes;
    if (s->usage_bytes > t->most_usage_bytes) {
        t->most_usage_bytes = s->usage_bytes;
    }
    if (!is_filled(t, s, OFF_LIMIT_RATIO)) {
        t->at_limit_ns = 0;
    } else if (t->at_limit_ns == 0 && is_filled(t, s, AT_LIMIT_RATIO)) {
        t->at_limit_ns = s->t_ns > 0 ? s->t_ns : 1;
    }
    if (s->fds.known && s->fds.value > t->fds_marked) {
        t->fds_marked = s->fds.value;
    }
    if (s->goroutines.known && s->goroutines.value > t->goroutines_marked) {
        t->goroutines_marked = s->goroutines.value;
    }
    while (t->next_age_ns <= s->t_ns) {
        t->next_age_ns += t->next_age_ns < LONGEST_AGE_GAP_NS
                              ? t->next_age_ns
                              : LONGEST_AGE_GAP_NS;
    }
}

void lg_trigger_ended(struct lg_trigger *t, uint64_t end_ns,
                      uint64_t duration_ns, uint64_t cost_ns)
{
    t->last_end_ns = end_ns;
    t->last_duration_ns = duration_ns;
    t->last_cost_ns = cost_ns;
    t->spent_ns += cost_ns;
}

uint64_t lg_trigger_interval_ns(const struct lg_trigger *t,
                                const struct lg_trigger_sample *s,
                                uint64_t idle_ns)
{
    uint64_t left_ns = lg_trigger_time_left_ns(t, s);
    uint64_t interval = left_ns / SAMPLES_TO_LIMIT;
    if (interval > idle_ns) {
        interval = idle_ns;
    }
    return interval < MIN_INTERVAL_NS ? MIN_INTERVAL_NS : interval;
}

uint64_t lg_trigger_text_max(const struct lg_trigger *t,
                             const struct lg_trigger_sample *s)
{
    if (t->limit_bytes == 0) {
        return TEXT_GOROUTINES_MAX;
    }
    uint64_t left =
        t->limit_bytes > s->usage_bytes ? t->limit_bytes - s->usage_bytes : 0;
    uint64_t fits = left / 4 / TEXT_BYTES_PER_GOROUTINE;
    return fits < TEXT_GOROUTINES_MAX ? fits : TEXT_GOROUTINES_MAX;
}

uint64_t lg_trigger_sample_max(const struct lg_trigger_decision *d)
{
    return d->urgent ? URGENT_TEXT_GOROUTINES : CALM_TEXT_GOROUTINES;
}

bool lg_trigger_text_affordable(const struct lg_trigger *t,
                                const struct lg_trigger_sample *s)
{
    return !s->goroutines.known ||
           s->goroutines.value <= lg_trigger_text_max(t, s);
}

void lg_trigger_name(const struct lg_trigger_decision *d, char *buffer,
                     size_t capacity)
{
    static const char *const names[] = {
        [LG_TRIGGER_NONE] = "none", [LG_TRIGGER_START] = "start",
        [LG_TRIGGER_AGE] = "age",   [LG_TRIGGER_USAGE] = "usage",
        [LG_TRIGGER_RATE] = "rate", [LG_TRIGGER_GOROUTINES] = "goroutines",
        [LG_TRIGGER_FDS] = "fds",   [LG_TRIGGER_END] = "end",
    };
    if (d->kind == LG_TRIGGER_USAGE && d->percent > 0) {
        snprintf(buffer, capacity, "usage-%u", d->percent);
    } else {
        snprintf(buffer, capacity, "%s", names[d->kind]);
    }
}
