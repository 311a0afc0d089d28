/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a line's bytes still grow, as far as profiles can tell: each is as
 * old as the collection that it is of. */
#include "diagnose/heap_view.h"

/* A buffer that is appended to: few objects, huge ones, each a good deal larger
 * than the one before (that it was first seen counts); the last is half full as
 * long again as all took. */
#define FEW_BUFFERS 4
#define MIN_BUFFER_BYTES (INT64_C(1) << 20)
#define BUFFER_RATIO 0.9
#define STEP_RATIO 1.2
#define MIN_STEPS 2
#define FILLING_RATIO 2.0
/* Of what a line allocated since the collection before, less than this part is
 * there in all. */
#define PASSING_DIVISOR 2

int64_t lg_heap_bytes_at(const struct lg_shot *shot,
                         const struct lg_frame *where)
{
    const struct lg_heap_site *site = lg_heap_site_find(shot->heap, where);
    return site != NULL ? site->inuse_bytes : 0;
}

struct lg_line_trend lg_line_trend_of(const struct lg_case *c,
                                      const struct lg_frame *where)
{
    struct lg_line_trend t = {0};
    int64_t before = -1;
    lg_each(shot, c->shots) {
        if (shot->heap == NULL) {
            continue;
        }
        int64_t bytes = lg_heap_bytes_at(shot, where);
        t.first_bytes = t.captures == 0 ? bytes : t.first_bytes;
        t.changes += before >= 0 && bytes != before;
        t.rising += before >= 0 && bytes > before;
        t.captures++;
        before = bytes;
    }
    return t;
}

static bool differ(const struct lg_shot *a, const struct lg_shot *b)
{
    return lg_shot_cycle(a) != lg_shot_cycle(b) ||
           a->heap->total_bytes != b->heap->total_bytes;
}

/* Right after a collection the profile can still be that of the one before. */
static bool is_published(const struct lg_shot *before,
                         const struct lg_shot *shot)
{
    return before == NULL || lg_shot_cycle(before) == lg_shot_cycle(shot) ||
           before->heap->total_bytes != shot->heap->total_bytes;
}

/* The last profile of another collection than those before it; until_s: that
 * lies well before that age, 0: of all. NULL: none. */
static const struct lg_shot *last_new_profile(const struct lg_case *c,
                                              double until_s)
{
    const struct lg_shot *before = NULL, *known = NULL, *found = NULL;
    lg_each(shot, c->shots) {
        if (shot->heap == NULL) {
            continue;
        }
        if (is_published(before, shot) &&
            (known == NULL || differ(known, shot))) {
            bool is_early =
                until_s <= 0 || lg_lie_apart(lg_case_age_s(c, shot), until_s);
            found = is_early ? shot : found;
            known = shot;
        }
        before = shot;
    }
    return found;
}

/* Between two collections that lie apart. */
static bool stood_between_collections(const struct lg_case *c,
                                      const struct lg_frame *where)
{
    const struct lg_shot *now = last_new_profile(c, 0);
    const struct lg_shot *before =
        now != NULL ? last_new_profile(c, lg_case_age_s(c, now)) : NULL;
    return before != NULL && before != now &&
           lg_stands_still((double)lg_heap_bytes_at(before, where),
                           lg_case_age_s(c, before),
                           (double)lg_heap_bytes_at(now, where),
                           lg_case_age_s(c, now));
}

/* All that the line ever allocated, up to that capture; below 0: not told. */
static int64_t allocated_by(const struct lg_case *c, const struct lg_shot *shot,
                            const struct lg_frame *where)
{
    const struct lg_profile *heap = shot->capture->heap_now;
    int type = heap != NULL ? lg_profile_type(heap, LG_STR("alloc_space")) : -1;
    int64_t bytes = 0;
    for (size_t i = 0; type >= 0 && i < heap->samples.count; i++) {
        struct lg_frame line = lg_heap_sample_where(c, heap, i);
        bytes +=
            lg_frame_same(&line, where) ? lg_profile_value(heap, i, type) : 0;
    }
    return type >= 0 ? bytes : -1;
}

/* The capture by which it was killed, or hung at its limit, where nothing grows
 * any more. NULL: there is none. */
static const struct lg_shot *end_of(const struct lg_case *c)
{
    const struct lg_shot *end = NULL;
    lg_each(shot, c->shots) {
        end = shot;
        if (c->has_timeline && shot->capture->t_ns >= c->full_ns) {
            break;
        }
    }
    return end;
}

/* The profile of the last collection, and the one up to now. */
static bool has_both(const struct lg_shot *shot)
{
    return shot->heap != NULL && shot->capture->heap_now != NULL;
}

/* It cannot have grown by more than it has allocated, which the profile up to
 * now tells whatever the collector has seen. */
static bool stood_up_to_now(const struct lg_case *c,
                            const struct lg_frame *where)
{
    const struct lg_shot *now = NULL, *before = NULL, *end = end_of(c);
    for (const struct lg_shot *shot = c->shots.items;
         end != NULL && shot <= end; shot++) {
        now = has_both(shot) ? shot : now;
    }
    lg_each(shot, c->shots) {
        if (now != NULL && shot->capture->heap_now != NULL &&
            lg_lie_apart(lg_case_age_s(c, shot), lg_case_age_s(c, now))) {
            before = shot;
        }
    }
    int64_t then = before != NULL ? allocated_by(c, before, where) : -1;
    if (then < 0) {
        return false;
    }
    double bytes = (double)lg_heap_bytes_at(now, where);
    double since = (double)(allocated_by(c, now, where) - then);
    return lg_stands_still(bytes - since, lg_case_age_s(c, before), bytes,
                           lg_case_age_s(c, now));
}

int64_t lg_buffer_bytes(const struct lg_case *c, const struct lg_profile *heap,
                        const struct lg_frame *where)
{
    int space = lg_profile_type(heap, LG_STR("inuse_space"));
    int objects = lg_profile_type(heap, LG_STR("inuse_objects"));
    int64_t sum = 0;
    for (size_t i = 0; space >= 0 && objects >= 0 && i < heap->samples.count;
         i++) {
        int64_t bytes = lg_profile_value(heap, i, space);
        int64_t count = lg_profile_value(heap, i, objects);
        if (count <= 0 || count > FEW_BUFFERS ||
            bytes / count < MIN_BUFFER_BYTES) {
            continue;
        }
        struct lg_frame line = lg_heap_sample_where(c, heap, i);
        sum += where == NULL || lg_frame_same(&line, where) ? bytes : 0;
    }
    return sum;
}

bool lg_line_steps(const struct lg_case *c, const struct lg_frame *where)
{
    const struct lg_shot *last = lg_case_last(c, true, false);
    const struct lg_heap_site *site =
        last != NULL ? lg_heap_site_find(last->heap, where) : NULL;
    const struct lg_shot *step = NULL;
    int64_t before = 0;
    size_t steps = 0;
    if (site == NULL || (double)lg_buffer_bytes(c, last->capture->heap, where) <
                            BUFFER_RATIO * (double)site->inuse_bytes) {
        return false;
    }
    lg_each(shot, c->shots) {
        int64_t bytes = shot->heap != NULL ? lg_heap_bytes_at(shot, where) : 0;
        if (bytes > 0 && (double)bytes >= STEP_RATIO * (double)before) {
            steps++;
            step = shot;
        }
        before = bytes > before ? bytes : before;
    }
    return steps >= MIN_STEPS &&
           lg_case_age_s(c, end_of(c)) < FILLING_RATIO * lg_case_age_s(c, step);
}

bool lg_line_stands(const struct lg_case *c, const struct lg_frame *where)
{
    if (lg_line_steps(c, where)) {
        return false;
    }
    return stood_between_collections(c, where) || stood_up_to_now(c, where);
}

bool lg_line_passes_through(const struct lg_case *c,
                            const struct lg_frame *where)
{
    const struct lg_shot *now = NULL, *before = NULL;
    lg_each(shot, c->shots) {
        if (has_both(shot) &&
            (now == NULL || lg_shot_cycle(shot) > lg_shot_cycle(now))) {
            before = now;
            now = shot;
        }
    }
    int64_t then = before != NULL ? allocated_by(c, before, where) : -1;
    int64_t since = then >= 0 ? allocated_by(c, now, where) - then : 0;
    return since > 0 && PASSING_DIVISOR * lg_heap_bytes_at(now, where) < since;
}
