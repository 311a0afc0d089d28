/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/count_series.h"

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

struct lg_count_series lg_count_series_of(const struct lg_case *c,
                                          lg_count_fn *count_of)
{
    struct lg_count_series s = {0};
    lg_each(shot, c->shots) {
        struct lg_num count = count_of(shot);
        if (!count.known || shot->capture->cpu != NULL ||
            (lg_case_is_dying(c, shot) && count.value < s.last_count)) {
            continue;
        }
        lg_count_series_add(&s, shot, count.value);
    }
    return s;
}
