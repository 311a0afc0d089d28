/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/count_series.h"

#define GOES_ON_RATIO 1.2
#define LATE_RATIO 0.8

static void add(struct lg_count_series *s, const struct lg_shot *shot,
                uint64_t count)
{
    if (s->first == NULL) {
        s->first = shot;
        s->first_count = count;
    }
    s->shrank = s->shrank || count + count / 10 < s->last_count;
    s->last = shot;
    s->last_count = count;
    s->captures++;
}

bool lg_is_late(const struct lg_shot *first, const struct lg_shot *last,
                const struct lg_shot *shot)
{
    uint64_t from = first->capture->t_ns;
    uint64_t ns = last->capture->t_ns - from;
    return shot->capture->t_ns > from + (uint64_t)(LATE_RATIO * (double)ns);
}

static bool is_pool_since(const struct lg_case *c,
                          const struct lg_count_series *s, uint64_t usage_bytes,
                          const struct lg_shot *shot, uint64_t count)
{
    uint64_t from = s->first->capture->t_ns;
    uint64_t half = from + (s->last->capture->t_ns - from) / 2;
    if (shot->capture->t_ns <= half &&
        (double)s->last_count < GOES_ON_RATIO * (double)count) {
        return true;
    }
    return lg_case_had_all(c, shot, count, s->last_count, usage_bytes);
}

struct lg_count_series lg_count_series_of(const struct lg_case *c,
                                          lg_count_fn *count_of,
                                          const void *context)
{
    struct lg_count_series s = {0};
    lg_each(shot, c->shots) {
        struct lg_num count = count_of(context, shot);
        if (count.known && shot->capture->cpu == NULL &&
            !(lg_case_is_dying(c, shot) && count.value < s.last_count)) {
            add(&s, shot, count.value);
        }
    }
    if (s.last == NULL) {
        return s;
    }
    uint64_t usage_bytes = lg_case_usage_by(c, s.last);
    uint64_t before_late = s.first_count;
    for (const struct lg_shot *shot = c->shots.items; shot < s.last; shot++) {
        struct lg_num count = count_of(context, shot);
        if (!count.known || shot->capture->cpu != NULL) {
            continue;
        }
        before_late =
            lg_is_late(s.first, s.last, shot) ? before_late : count.value;
        s.came_to_rest = s.came_to_rest ||
                         is_pool_since(c, &s, usage_bytes, shot, count.value);
    }
    s.grows_on = lg_grows_on(s.last_count, before_late);
    return s;
}
