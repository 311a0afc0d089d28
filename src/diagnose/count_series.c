/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/count_series.h"

#define GOES_ON_RATIO 1.2
#define COMPLETE_RATIO 0.95
#define GROWN_WITHOUT_RATIO 1.25

void lg_count_series_add(struct lg_count_series *s, const struct lg_shot *shot,
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

static bool is_counted(const struct lg_shot *shot, lg_count_fn *count_of,
                       uint64_t *count_ret)
{
    struct lg_num count = count_of(shot);
    *count_ret = count.value;
    return count.known && shot->capture->cpu == NULL;
}

struct lg_count_series lg_count_series_of(const struct lg_case *c,
                                          lg_count_fn *count_of)
{
    struct lg_count_series s = {0};
    uint64_t count;
    lg_each(shot, c->shots) {
        if (is_counted(shot, count_of, &count) &&
            !(lg_case_is_dying(c, shot) && count < s.last_count)) {
            lg_count_series_add(&s, shot, count);
        }
    }
    return s;
}

bool lg_count_series_goes_on(const struct lg_case *c,
                             const struct lg_count_series *s,
                             lg_count_fn *count_of)
{
    uint64_t from = s->first->capture->t_ns;
    uint64_t half = from + (s->last->capture->t_ns - from) / 2;
    double last_count = (double)s->last_count;
    double last_usage = (double)s->last->usage_bytes;
    uint64_t count;
    lg_each(shot, c->shots) {
        if (!is_counted(shot, count_of, &count) || shot == s->last) {
            continue;
        }
        bool is_complete = (double)count >= COMPLETE_RATIO * last_count &&
                           shot->capture->t_ns < s->last->capture->t_ns;
        bool is_early = shot->capture->t_ns <= half;
        if ((is_early && last_count < GOES_ON_RATIO * (double)count) ||
            (is_complete && shot->usage_bytes > 0 &&
             last_usage > GROWN_WITHOUT_RATIO * (double)shot->usage_bytes)) {
            return false;
        }
    }
    return true;
}
