/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/count_series.h"

#define GOES_ON_RATIO 1.2
/* Captures may come so often that hardly anything is between two of them. */
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

static bool is_late(const struct lg_count_series *s, const struct lg_shot *shot)
{
    uint64_t from = s->first->capture->t_ns;
    uint64_t ns = s->last->capture->t_ns - from;
    return (double)(shot->capture->t_ns - from) > LATE_RATIO * (double)ns;
}

static bool is_pool_since(const struct lg_case *c,
                          const struct lg_count_series *s,
                          const struct lg_shot *shot, uint64_t count)
{
    uint64_t from = s->first->capture->t_ns;
    uint64_t half = from + (s->last->capture->t_ns - from) / 2;
    if (shot->capture->t_ns <= half &&
        (double)s->last_count < GOES_ON_RATIO * (double)count) {
        return true;
    }
    return lg_case_had_all(c, shot, count, s->last_count,
                           lg_case_usage_by(c, s->last));
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
    uint64_t before_late = s.first_count;
    for (const struct lg_shot *shot = c->shots.items;
         s.last != NULL && shot < s.last; shot++) {
        struct lg_num count = count_of(context, shot);
        if (!count.known || shot->capture->cpu != NULL) {
            continue;
        }
        before_late = is_late(&s, shot) ? before_late : count.value;
        s.came_to_rest =
            s.came_to_rest || is_pool_since(c, &s, shot, count.value);
    }
    s.grows_on = s.last_count > before_late + before_late / 20;
    return s;
}
