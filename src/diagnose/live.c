/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/heap_view.h"

/* Usage since the last collection, for most of as long as until then, grew at
 * less than this share of the rate at which the live heap came to be: another
 * regime (garbage after loading), not the same growth going on. */
#define SLOWED_RATIO 0.5
#define SINCE_RATIO 0.7
/* Two collections are compared when the earlier one lies in this first part of
 * the life up to the later: closer together, chance decides. */
#define APART_RATIO 0.9
/* Between them the live heap grew at less than this share of its mean rate over
 * the life: it had been filled before, and stands. A leak keeps its rate. */
#define LEVEL_RATE_RATIO 0.4
/* It keeps growing: so many collections of the second half of the life, or
 * more, nearly each left more than any before, and a good deal more in the end.
 */
#define GROWING_COLLECTIONS 3
#define GROWING_RISING 0.8
#define GROWING_RATIO 1.25
#define GC_OFF (-1.0)

/* GOGC as the runtime has it, else as its environment said. */
static double gogc_at(const struct lg_case *c, const struct lg_memstats *stats)
{
    uint64_t percent = 100;
    if (stats != NULL && stats->gogc_percent.known) {
        percent = stats->gogc_percent.value;
        return percent == UINT64_MAX ? GC_OFF : (double)percent / 100.0;
    }
    if (c->in->subject.gogc.len > 0 &&
        !lg_str_u64(c->in->subject.gogc, &percent)) {
        return GC_OFF; /* off, or not a number */
    }
    return (double)percent / 100.0;
}

double lg_live_gogc(const struct lg_case *c)
{
    const struct lg_shot *shot = lg_case_last_memstats(c);
    return gogc_at(c, shot != NULL ? shot->capture->memstats : NULL);
}

/* The least that was allocated, alive or not yet swept, at a capture between
 * this collection and the next: no more than that can have stayed. */
static uint64_t least_allocated(const struct lg_case *c, struct lg_num cycle)
{
    uint64_t least = UINT64_MAX;
    lg_each(shot, c->shots) {
        const struct lg_memstats *m = shot->capture->memstats;
        if (cycle.known && cycle.value > 0 &&
            lg_shot_cycle(shot) == cycle.value && m->heap_alloc_bytes.known &&
            m->heap_alloc_bytes.value < least) {
            least = m->heap_alloc_bytes.value;
        }
    }
    return least;
}

/* The runtime's count of marked bytes can be above what is there at all: seen
 * with Go 1.27.4 while a slice of 40 MiB grew, by about its new array. */
uint64_t lg_live_bytes(const struct lg_case *c, const struct lg_memstats *stats)
{
    double gogc = gogc_at(c, stats);
    uint64_t most = least_allocated(c, stats->gc_count), bytes = 0;
    if (stats->heap_marked_bytes.known && stats->heap_marked_bytes.value > 0) {
        bytes = stats->heap_marked_bytes.value;
    } else if (gogc >= 0 && stats->next_gc_bytes.known) {
        bytes = (uint64_t)((double)stats->next_gc_bytes.value / (1.0 + gogc));
    }
    return bytes < most ? bytes : most;
}

double lg_case_age_s(const struct lg_case *c, const struct lg_shot *shot)
{
    int64_t started = c->in->subject.started_at_ns;
    int64_t wall = shot->capture->wall_ns;
    uint64_t age = shot->capture->t_ns;
    if (started > 0 && wall > started && (uint64_t)(wall - started) > age) {
        age = (uint64_t)(wall - started);
    }
    return (double)age / 1e9;
}

/* Bytes that were `before` and are `now`: no more than what little the mean
 * rate since the start would have brought. */
bool lg_stands_still(double before, double before_s, double now, double now_s)
{
    return now_s > before_s &&
           (now - before) / (now_s - before_s) < LEVEL_RATE_RATIO * now / now_s;
}

bool lg_lie_apart(double before_s, double now_s)
{
    return before_s > 0 && before_s <= APART_RATIO * now_s;
}

/* The first capture that knew of this collection. */
static const struct lg_shot *first_of(const struct lg_case *c, uint64_t cycle)
{
    lg_each(shot, c->shots) {
        if (lg_shot_cycle(shot) == cycle) {
            return shot;
        }
    }
    return NULL;
}

/* What would stay of all that there is, were as much of it kept as the last
 * collection kept of what was new to it; 0: unknown. */
static uint64_t expected_of(const struct lg_case *c, const struct lg_live *live,
                            const struct lg_shot *last)
{
    uint64_t before = 0, most = 0;
    uint64_t now = lg_live_bytes(c, live->now->capture->memstats);
    uint64_t all = last->capture->memstats->heap_alloc_bytes.value;
    lg_each(shot, c->shots) {
        if (lg_shot_cycle(shot) != 0 &&
            lg_shot_cycle(shot) + 1 == lg_shot_cycle(last)) {
            const struct lg_memstats *stats = shot->capture->memstats;
            before = lg_live_bytes(c, stats);
            most = stats->heap_alloc_bytes.value > most
                       ? stats->heap_alloc_bytes.value
                       : most;
        }
    }
    if (before == 0 || most <= before || now < before || all < now ||
        most < now) {
        return 0;
    }
    double kept = (double)(now - before) / (double)(most - before);
    return now + (uint64_t)(kept * (double)(all - now));
}

/* The fastest that this live heap, or half of it, came to be. */
static double built_rate(const struct lg_case *c, double live_bytes)
{
    double most = 0;
    lg_each(shot, c->shots) {
        double age_s = lg_case_age_s(c, shot);
        double bytes = lg_shot_cycle(shot) > 0
                           ? (double)lg_live_bytes(c, shot->capture->memstats)
                           : 0;
        if (age_s > 0 && bytes >= live_bytes / 2 && bytes / age_s > most) {
            most = bytes / age_s;
        }
    }
    return most;
}

/* The first capture by which as much had been allocated as the last collection
 * left, so that it can have been there. */
static const struct lg_shot *first_with(const struct lg_case *c, uint64_t bytes)
{
    lg_each(shot, c->shots) {
        const struct lg_memstats *stats = shot->capture->memstats;
        if (stats != NULL && stats->heap_alloc_bytes.known &&
            stats->heap_alloc_bytes.value >= bytes) {
            return shot;
        }
    }
    return NULL;
}

/* How fast what the last collection left came to be, from the one before; 0: it
 * was there, or nothing tells. */
static double last_rate(const struct lg_case *c, const struct lg_live *live)
{
    uint64_t now = lg_live_bytes(c, live->now->capture->memstats);
    const struct lg_shot *before = NULL, *there = first_with(c, now);
    lg_each(shot, c->shots) {
        uint64_t cycle = lg_shot_cycle(shot);
        if (cycle > 0 && cycle < lg_shot_cycle(live->now) &&
            (before == NULL || cycle > lg_shot_cycle(before))) {
            before = shot;
        }
    }
    if (before == NULL || there == NULL || there <= before) {
        return 0;
    }
    uint64_t then = lg_live_bytes(c, before->capture->memstats);
    double s = lg_case_age_s(c, there) - lg_case_age_s(c, before);
    return s > 0 && now > then ? (double)(now - then) / s : 0;
}

/* No collection since has told what of it stays. A table that came at once says
 * nothing of the pace at which the rest has come since. */
static bool has_slowed(const struct lg_case *c, const struct lg_live *live)
{
    uint64_t from_ns = live->now->capture->t_ns;
    double age_s = lg_case_age_s(c, live->now);
    double bytes = (double)lg_live_bytes(c, live->now->capture->memstats);
    if (c->full_ns <= from_ns || age_s <= 0) {
        return false;
    }
    double since_s = (double)(c->full_ns - from_ns) / 1e9;
    double grown = (double)c->base_bytes + (double)c->growth_bytes -
                   (double)live->now->usage_bytes;
    double rate = built_rate(c, bytes), last = last_rate(c, live);
    rate = last > 0 && last < rate ? last : rate;
    return since_s >= SINCE_RATIO * age_s && bytes > 0 &&
           grown / since_s < SLOWED_RATIO * rate;
}

void lg_live_look(const struct lg_case *c, struct lg_live *live)
{
    const struct lg_shot *last = lg_case_last_memstats(c);
    uint64_t seen = 0;
    *live = (struct lg_live){0};
    if (last == NULL || lg_shot_cycle(last) == 0) {
        return;
    }
    live->now = first_of(c, lg_shot_cycle(last));
    double now_s = lg_case_age_s(c, live->now);
    live->expected_bytes = expected_of(c, live, last);
    live->slowed = has_slowed(c, live);
    lg_each(shot, c->shots) {
        uint64_t cycle = lg_shot_cycle(shot);
        if (cycle > seen && cycle < lg_shot_cycle(last) &&
            lg_live_bytes(c, shot->capture->memstats) > 0 &&
            lg_lie_apart(lg_case_age_s(c, shot), now_s)) {
            live->before = shot;
        }
        seen = cycle > seen ? cycle : seen;
    }
    if (live->before == NULL) {
        return;
    }
    live->apart = true;
    live->level = lg_stands_still(
        (double)lg_live_bytes(c, live->before->capture->memstats),
        lg_case_age_s(c, live->before),
        (double)lg_live_bytes(c, live->now->capture->memstats), now_s);
}

bool lg_live_keeps_growing(const struct lg_case *c)
{
    const struct lg_shot *last = lg_case_last_memstats(c);
    uint64_t seen = 0, half = 0, most = 0, now = 0;
    size_t later = 0, rising = 0;
    lg_each(shot, c->shots) {
        uint64_t cycle = lg_shot_cycle(shot);
        if (cycle <= seen || last == NULL) {
            continue;
        }
        seen = cycle;
        now = lg_live_bytes(c, shot->capture->memstats);
        if (2 * lg_case_age_s(c, shot) <= lg_case_age_s(c, last)) {
            half = now;
        } else {
            later++;
            rising += now > most;
        }
        most = now > most ? now : most;
    }
    return half > 0 && later >= GROWING_COLLECTIONS &&
           (double)rising >= GROWING_RISING * (double)later &&
           (double)now >= GROWING_RATIO * (double)half;
}
