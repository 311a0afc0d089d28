/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/count_series.h"

#define GOES_ON_RATIO 1.2

static void add(struct lg_count_series *s, const struct lg_shot *shot,
                uint64_t count)
{
    if (s->first == NULL) {
        s->first = shot;
        s->first_count = count;
    }
    s->grows_on = count > s->last_count + s->last_count / 20;
    s->shrank = s->shrank || count + count / 10 < s->last_count;
    s->last = shot;
    s->last_count = count;
    s->captures++;
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
    return lg_case_had_all(c, shot, count, s->last_count, s->last->usage_bytes);
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
    for (const struct lg_shot *shot = c->shots.items;
         s.last != NULL && shot < s.last && !s.came_to_rest; shot++) {
        struct lg_num count = count_of(context, shot);
        s.came_to_rest = count.known && shot->capture->cpu == NULL &&
                         is_pool_since(c, &s, shot, count.value);
    }
    return s;
}
