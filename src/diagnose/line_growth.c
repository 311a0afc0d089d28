/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a line's bytes still grow, as far as profiles can tell: each is as
 * old as the collection that it is of. */
#include "diagnose/heap_view.h"

int64_t lg_heap_bytes_at(const struct lg_shot *shot,
                         const struct lg_frame *where)
{
    const struct lg_heap_site *site = lg_heap_site_find(shot->heap, where);
    return site != NULL ? site->inuse_bytes : 0;
}

/* Of a line (NULL: of nothing), in the last profile of another collection than
 * those before, and in the last such that lies well before it. */
struct line_growth {
    double before, before_s, now, now_s;
};

static bool is_new_profile(const struct lg_shot *before,
                           const struct lg_shot *shot)
{
    const struct lg_memstats *a = before->capture->memstats;
    const struct lg_memstats *b = shot->capture->memstats;
    if (a != NULL && b != NULL && a->gc_count.known && b->gc_count.known) {
        return a->gc_count.value != b->gc_count.value;
    }
    return before->heap->total_bytes != shot->heap->total_bytes;
}

static const struct lg_shot *last_new_profile(const struct lg_case *c,
                                              double until_s)
{
    const struct lg_shot *before = NULL, *found = NULL;
    lg_each(shot, c->shots) {
        if (shot->heap == NULL) {
            continue;
        }
        if ((before == NULL || is_new_profile(before, shot)) &&
            (until_s <= 0 || lg_lie_apart(lg_case_age_s(c, shot), until_s))) {
            found = shot;
        }
        before = shot;
    }
    return found;
}

/* false: no two profiles to compare. */
static bool growth_of(const struct lg_case *c, const struct lg_frame *where,
                      struct line_growth *growth)
{
    const struct lg_shot *now = last_new_profile(c, 0);
    const struct lg_shot *before =
        now != NULL ? last_new_profile(c, lg_case_age_s(c, now)) : NULL;
    if (before == NULL || before == now) {
        return false;
    }
    *growth = (struct line_growth){
        (double)lg_heap_bytes_at(before, where), lg_case_age_s(c, before),
        (double)lg_heap_bytes_at(now, where), lg_case_age_s(c, now)};
    return true;
}

/* Between two collections that lie apart. */
static bool stood_between_collections(const struct lg_case *c,
                                      const struct lg_frame *where)
{
    struct line_growth g;
    return growth_of(c, where, &g) &&
           lg_stands_still(g.before, g.before_s, g.now, g.now_s);
}

static int64_t bytes_of_line(const struct lg_case *c,
                             const struct lg_profile *heap,
                             const struct lg_frame *where)
{
    int space = lg_profile_type(heap, LG_STR("inuse_space"));
    int64_t bytes = 0;
    for (size_t i = 0; space >= 0 && i < heap->samples.count; i++) {
        struct lg_frame line = lg_heap_sample_where(c, heap, i);
        bytes +=
            lg_frame_same(&line, where) ? lg_profile_value(heap, i, space) : 0;
    }
    return bytes;
}

static bool tells_both(const struct lg_shot *shot)
{
    const struct lg_capture *capture = shot->capture;
    return capture->heap != NULL && capture->heap_now != NULL &&
           capture->heap != capture->heap_now;
}

static uint64_t cycle_of(const struct lg_shot *shot)
{
    const struct lg_memstats *m = shot->capture->memstats;
    return m != NULL && m->gc_count.known ? m->gc_count.value : 0;
}

/* No collection was between the two, nor just before the first, which frees
 * what it found dead little by little. */
static bool is_one_cycle(const struct lg_case *c, const struct lg_shot *before,
                         const struct lg_shot *now)
{
    lg_each(shot, c->shots) {
        if (shot < before && cycle_of(shot) != 0 &&
            cycle_of(shot) == cycle_of(before)) {
            return cycle_of(before) == cycle_of(now);
        }
    }
    return false;
}

/* What there was of the line, at least: what a collection left alive, and what
 * had come since if none has taken of it. */
static int64_t least_bytes(const struct lg_case *c,
                           const struct lg_shot *before,
                           const struct lg_shot *now,
                           const struct lg_frame *where)
{
    int64_t alive = lg_heap_bytes_at(before, where);
    int64_t all = is_one_cycle(c, before, now)
                      ? bytes_of_line(c, before->capture->heap_now, where)
                      : 0;
    return all > alive ? all : alive;
}

/* All that the line has now, garbage too, is hardly more than what there was
 * some time ago. */
static bool stood_up_to_now(const struct lg_case *c,
                            const struct lg_frame *where)
{
    const struct lg_shot *now = NULL, *before = NULL;
    lg_each(shot, c->shots) {
        now = tells_both(shot) ? shot : now;
    }
    lg_each(shot, c->shots) {
        if (now != NULL && tells_both(shot) &&
            lg_lie_apart(lg_case_age_s(c, shot), lg_case_age_s(c, now))) {
            before = shot;
        }
    }
    return before != NULL &&
           lg_stands_still(
               (double)least_bytes(c, before, now, where),
               lg_case_age_s(c, before),
               (double)bytes_of_line(c, now->capture->heap_now, where),
               lg_case_age_s(c, now));
}

bool lg_line_stands(const struct lg_case *c, const struct lg_frame *where)
{
    return stood_between_collections(c, where) || stood_up_to_now(c, where);
}
