/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/ratio_range.h"
#include "diagnose/suspect.h"

#include <assert.h>

/* The smallest stack that the runtime gives. */
#define MIN_STACK_BYTES 2048
/* Objects for each goroutine, at most, over all captures. */
#define TRACKS_MIN_RATIO 0.75
#define TRACKS_MAX_RATIO 1.15
#define TRACKS_STEADY_RATIO 0.4
#define TRACKS_STACK_SHARE 0.1
/* A few samples of few objects are chance. */
#define TRACKS_TELLING_RATIO 0.1

static bool passes(const struct lg_frame *frame, struct lg_str function)
{
    return function.len > 0 && lg_str_eq(frame->function, function);
}

/* Allocated by a function of the user's that the goroutine is still in, or
 * further in from the very call. main's frames hold everything. */
static bool stands_in(const struct lg_case *c, const struct lg_suspect *s,
                      const struct lg_frame *frame)
{
    const struct lg_goroutines *g = s->site.dump;
    if (g == NULL || lg_str_eq(frame->function, LG_STR("main.main"))) {
        return false;
    }
    bool is_there = false;
    const struct lg_goroutine *item = &g->items.items[s->site.example];
    for (uint32_t i = 0; i < item->frame_count; i++) {
        const struct lg_frame *f = &g->frames.items[item->frame_first + i];
        if (lg_frame_same(f, frame)) {
            return true;
        }
        is_there |= lg_str_eq(f->function, frame->function);
    }
    /* asked last: it costs more than all of the rest, and is seldom needed */
    return is_there && lg_case_is_user(c, frame);
}

/* A sample of memory that these goroutines hold: allocated in them, by their
 * creator, by the line that is to blame, or further in from a call that they
 * are still in. A start function of the standard library (a server's
 * connection) is behind too much to be a link, and so is main. */
static bool pins(const struct lg_case *c, const struct lg_suspect *s,
                 const struct lg_profile *heap, size_t sample)
{
    struct lg_str module = c->in->subject.build.module.path;
    struct lg_str start = s->site.start.function;
    struct lg_str creator = s->site.created_by.function;
    struct lg_frame frame;
    struct lg_frame_iter it = lg_profile_frames(heap, sample);
    start.len = lg_frame_is_std(start, module) ? 0 : start.len;
    creator.len = lg_str_eq(creator, LG_STR("main.main")) ? 0 : creator.len;
    while (lg_frame_iter_next(&it, &frame)) {
        if (passes(&frame, start) || passes(&frame, creator) ||
            (s->where.function.len > 0 && lg_frame_same(&frame, &s->where)) ||
            stands_in(c, s, &frame)) {
            return true;
        }
    }
    return false;
}

static int64_t pinned_bytes(const struct lg_case *c, const struct lg_suspect *s,
                            const struct lg_profile *heap)
{
    int space = lg_profile_type(heap, LG_STR("inuse_space"));
    int64_t bytes = 0;
    for (size_t i = 0; space >= 0 && i < heap->samples.count; i++) {
        bytes += pins(c, s, heap, i) ? lg_profile_value(heap, i, space) : 0;
    }
    return bytes > 0 ? bytes : 0;
}

/* Objects of this line come with the goroutines: one for each and never more,
 * or, where the goroutines' stacks alone weigh much, in the same proportion in
 * every profile, to those that were there when the profile was true. */
static bool tracks(const struct lg_case *c, const struct lg_suspect *s,
                   const struct lg_heap_site *site)
{
    struct lg_ratio_range now = {0}, behind = {0};
    int64_t before = 0;
    lg_each(shot, c->shots) {
        if (shot->heap == NULL || shot->goroutines == NULL) {
            continue;
        }
        const struct lg_heap_site *then =
            lg_heap_site_find(shot->heap, &site->where);
        const struct lg_shot *true_at = lg_case_shot_behind(c, shot);
        uint64_t count = lg_suspect_count_in(shot, &s->site);
        uint64_t earlier = true_at->goroutines != NULL
                               ? lg_suspect_count_in(true_at, &s->site)
                               : count;
        bool tells =
            count >= LG_FEW_GOROUTINES &&
            (double)count >= TRACKS_TELLING_RATIO * (double)s->site.count;
        if (then == NULL || !tells || then->inuse_count == before) {
            continue;
        }
        bool stale = before == 0; /* the first may have been much older */
        before = then->inuse_count;
        if (stale) {
            continue;
        }
        double objects = (double)then->inuse_count;
        lg_ratio_range_add(&now, objects, (double)count);
        lg_ratio_range_add(
            &behind, objects,
            (double)(earlier >= LG_FEW_GOROUTINES ? earlier : count));
    }
    bool one_each =
        now.most >= TRACKS_MIN_RATIO && now.most <= TRACKS_MAX_RATIO;
    bool steady = lg_ratio_range_is_steady(&now, TRACKS_STEADY_RATIO) ||
                  lg_ratio_range_is_steady(&behind, TRACKS_STEADY_RATIO);
    return one_each ||
           (steady && lg_share(s->stack_bytes, s->last->usage_bytes) >=
                          TRACKS_STACK_SHARE);
}

static int64_t tracked_bytes(const struct lg_case *c,
                             const struct lg_suspect *s)
{
    int64_t bytes = 0;
    if (s->heap == NULL) {
        return 0;
    }
    lg_each(site, s->heap->heap->items) {
        if (!lg_frame_same(&site->where, &s->where) &&
            site->inuse_bytes > s->heap->heap->total_bytes / 20 &&
            tracks(c, s, site)) {
            bytes += site->inuse_bytes;
        }
    }
    return bytes;
}

/* Their part of all stacks; without the runtime's statistics, the least. */
static uint64_t stacks_in(const struct lg_suspect *s,
                          const struct lg_shot *shot)
{
    const struct lg_memstats *stats = shot->capture->memstats;
    uint64_t count = lg_suspect_count_in(shot, &s->site);
    uint64_t total = shot->goroutines->total;
    if (stats == NULL || !stats->stack_inuse_bytes.known || total == 0) {
        return count * MIN_STACK_BYTES;
    }
    return (uint64_t)((double)stats->stack_inuse_bytes.value * (double)count /
                      (double)total);
}

uint64_t lg_suspect_bytes_in(const struct lg_case *c,
                             const struct lg_suspect *s,
                             const struct lg_shot *shot)
{
    const struct lg_profile *heap = shot->capture->heap;
    return stacks_in(s, shot) +
           (heap != NULL ? (uint64_t)pinned_bytes(c, s, heap) : 0);
}

void lg_suspect_weigh(const struct lg_case *c, struct lg_suspect *s)
{
    assert(s->last != NULL); /* the site is in a capture */
    const struct lg_profile *heap = NULL;
    uint64_t total = s->last->goroutines->total;
    s->heap = lg_case_last(c, true, false);
    heap = s->heap != NULL ? s->heap->capture->heap : NULL;
    s->count = s->site.count;
    s->stack_bytes = stacks_in(s, s->last);
    if (heap != NULL) {
        double malg =
            (double)lg_heap_bytes_through(heap, LG_STR("runtime.malg"));
        s->heap_bytes = (uint64_t)pinned_bytes(c, s, heap);
        uint64_t tracked = (uint64_t)tracked_bytes(c, s);
        s->heap_bytes = tracked > s->heap_bytes ? tracked : s->heap_bytes;
        s->heap_bytes +=
            total > 0 && malg > 0
                ? (uint64_t)(malg * (double)s->site.count / (double)total)
                : 0;
    }
}

/* Allocated by these goroutines themselves and by whoever made them, at most
 * in all profiles: the newest may lag behind, or have been cut off by the kill.
 * The user's line is left out: it is the same for all that a call starts. */
void lg_suspect_weigh_creation(const struct lg_case *c, struct lg_suspect *s)
{
    struct lg_str start = s->site.start.function;
    struct lg_str creator = s->site.created_by.function;
    lg_each(shot, c->shots) {
        const struct lg_profile *heap = shot->capture->heap;
        int64_t bytes = 0;
        if (heap == NULL) {
            continue;
        }
        bytes += start.len > 0 ? lg_heap_bytes_through(heap, start) : 0;
        bytes += creator.len > 0 ? lg_heap_bytes_through(heap, creator) : 0;
        if (bytes > 0 && (uint64_t)bytes > s->made_bytes) {
            s->made_bytes = (uint64_t)bytes;
        }
    }
}

/* The heap profile knows what the last collection saw; what was allocated
 * since is spread over the lines as that was. */
double lg_suspect_share(const struct lg_suspect *s)
{
    double stacks = lg_share(s->stack_bytes, s->last->usage_bytes);
    double pinned = 0;
    if (s->heap != NULL && s->heap->heap->total_bytes > 0) {
        uint64_t total = (uint64_t)s->heap->heap->total_bytes;
        pinned = lg_share(s->heap_bytes, s->heap->usage_bytes);
        if (s->heap->capture->memstats != NULL) {
            double spread =
                lg_share(s->heap_bytes, total) * lg_heap_share(s->heap);
            pinned = spread > pinned ? spread : pinned;
        }
    }
    return stacks + pinned > 1 ? 1 : stacks + pinned;
}

/* What these goroutines allocate themselves, and who makes them, is explained
 * by this finding. */
void lg_suspect_claim(struct lg_case *c, const struct lg_suspect *s)
{
    lg_case_claim(c, &s->where);
    lg_case_claim(c, &s->site.created_by);
    if (s->heap == NULL) {
        return;
    }
    lg_each(site, s->heap->heap->items) {
        if (passes(&site->where, s->site.start.function) ||
            (!s->where_by_caller && passes(&site->where, s->where.function)) ||
            stands_in(c, s, &site->where) || stands_in(c, s, &site->leaf) ||
            tracks(c, s, site)) {
            lg_case_claim(c, &site->where);
        }
    }
    const struct lg_profile *heap = s->heap->capture->heap;
    for (size_t i = 0; i < heap->samples.count; i++) {
        struct lg_frame where = lg_heap_sample_where(c, heap, i);
        if (pins(c, s, heap, i)) {
            lg_case_claim(c, &where);
        }
    }
}
