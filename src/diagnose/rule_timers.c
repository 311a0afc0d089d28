/* SPDX-License-Identifier: Apache-2.0 */
/* timer-leak: live timers only become more. Each keeps itself, its channel or
 * closure, and all that the closure needs, until it fires or is stopped. How
 * many there are the runtime itself counts, where it can be read; else the
 * objects that the heap profile has on the way through package time. */
#include "diagnose/count_series.h"
#include "diagnose/heap_view.h"
#include "diagnose/ratio_range.h"

#define MIN_GROWN 1000
#define GROWN_FACTOR 3
#define MIN_CAPTURES 2
/* They must explain this much; a living program must be plainly growing. */
#define MIN_SHARE 0.2
/* Goroutines in such numbers sleep or wait with a timer each: their matter. */
#define GOROUTINE_RATIO 0.5
/* … of objects: a ticker is three (itself, its channel, its timer). */
#define GOROUTINE_OBJECTS_RATIO 0.2
/* Bytes of a line for each timer: steady over the captures to this ratio, and
 * at least so many objects for each. Timers are small, so that a profile has
 * few samples of them and its count may be half or twice as much. */
#define STEADY_RATIO 0.45
#define STEADY_SAMPLED_RATIO 0.3
#define MIN_EACH 0.5
#define MIN_SAMPLED_EACH 0.25
/* … once there are this many of the last count. */
#define TELLING_RATIO 0.1
#define TELLING_SAMPLED_RATIO 0.3
/* Lines that hold less of the heap are not looked at. */
#define MIN_LINE_SHARE 0.03
#define MAX_LINES 32

struct timers_view {
    bool counted; /* by the runtime itself */
    struct lg_count_series n;
    struct lg_frame where, leaf;
    uint64_t bytes;
};

/* Functions that start a timer. Those of package context start one for the
 * deadline; the line is found outside of them all. */
static bool starts_timer(struct lg_str function)
{
    static const char *const names[] = {
        "time.NewTimer", "time.NewTicker", "time.AfterFunc",      "time.After",
        "time.Tick",     "time.newTimer",  "time.(*Timer).Reset",
    };
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        if (lg_str_eq(function, lg_str_of(names[i]))) {
            return true;
        }
    }
    return false;
}

/* The line of a sample that starts timers; false: it does not. leaf: what of
 * somebody else's that line led to, else the function of package time. */
static bool line_of(const struct lg_case *c, const struct lg_profile *heap,
                    size_t sample, struct lg_frame *where_ret,
                    struct lg_frame *leaf_ret)
{
    struct lg_frame frame, maker = {0}, outer = {0};
    struct lg_frame_iter it = lg_profile_frames(heap, sample);
    while (lg_frame_iter_next(&it, &frame)) {
        if (starts_timer(frame.function)) {
            maker = frame;
            continue;
        }
        if (maker.function.len == 0) {
            continue;
        }
        if (lg_case_is_user(c, &frame)) {
            *where_ret = frame;
            *leaf_ret = outer.function.len > 0 ? outer : maker;
            return true;
        }
        if (!lg_frame_is_std(frame.function,
                             c->in->subject.build.module.path)) {
            outer = outer.function.len > 0 ? outer : frame;
        }
    }
    return false;
}

/* Objects in use that were allocated through package time at this line. */
static uint64_t objects_at(const struct lg_case *c, const struct lg_shot *shot,
                           const struct lg_frame *where)
{
    const struct lg_profile *heap = shot->capture->heap;
    int type = lg_profile_type(heap, LG_STR("inuse_objects"));
    int64_t count = 0;
    for (size_t i = 0; type >= 0 && i < heap->samples.count; i++) {
        struct lg_frame line, leaf;
        if (line_of(c, heap, i, &line, &leaf) && lg_frame_same(&line, where)) {
            count += lg_profile_value(heap, i, type);
        }
    }
    return count > 0 ? (uint64_t)count : 0;
}

struct line {
    struct lg_frame where, leaf;
    int64_t count;
};

/* One pass: lines that start timers with their objects. More lines than there
 * is room for are not what one leak looks like. */
static size_t find_lines(const struct lg_case *c, const struct lg_profile *heap,
                         struct line *lines, size_t capacity)
{
    int type = lg_profile_type(heap, LG_STR("inuse_objects"));
    size_t count = 0;
    for (size_t i = 0; type >= 0 && i < heap->samples.count; i++) {
        struct line found = {.count = 0};
        size_t at = 0;
        if (!line_of(c, heap, i, &found.where, &found.leaf)) {
            continue;
        }
        while (at < count && !lg_frame_same(&lines[at].where, &found.where)) {
            at++;
        }
        if (at == capacity) {
            continue;
        }
        if (at == count) {
            lines[count++] = found;
        }
        lines[at].count += lg_profile_value(heap, i, type);
    }
    return count;
}

/* What has been allocated up to now, where that is told: timers are few bytes,
 * and one more collection's worth of samples may have the first of them. */
static const struct lg_profile *newest_heap(const struct lg_capture *capture)
{
    return capture->heap_now != NULL ? capture->heap_now : capture->heap;
}

/* The line with most objects that started timers, in the newest profile that
 * has one. */
static void find_line(const struct lg_case *c, struct timers_view *v)
{
    for (size_t k = c->shots.count; k-- > 0 && v->where.function.len == 0;) {
        const struct lg_profile *heap = newest_heap(c->shots.items[k].capture);
        struct line lines[MAX_LINES];
        size_t count = heap != NULL ? find_lines(c, heap, lines, MAX_LINES) : 0;
        int64_t most = 0;
        for (size_t i = 0; i < count; i++) {
            if (lines[i].count > most) {
                most = lines[i].count;
                v->where = lines[i].where;
                v->leaf = lines[i].leaf;
            }
        }
    }
}

static struct lg_num count_at(const struct lg_case *c,
                              const struct timers_view *v,
                              const struct lg_shot *shot)
{
    const struct lg_memstats *stats = shot->capture->memstats;
    if (v->counted) {
        return stats != NULL ? stats->timers_count : (struct lg_num){false, 0};
    }
    return shot->heap != NULL && v->where.function.len > 0
               ? lg_known(objects_at(c, shot, &v->where))
               : (struct lg_num){false, 0};
}

struct view_of_case {
    const struct lg_case *c;
    const struct timers_view *v;
};

static struct lg_num count_of(const void *context, const struct lg_shot *shot)
{
    const struct view_of_case *of = context;
    return count_at(of->c, of->v, shot);
}

static void follow(const struct lg_case *c, struct timers_view *v, bool counted)
{
    *v = (struct timers_view){
        .counted = counted, .where = v->where, .leaf = v->leaf};
    struct view_of_case context = {c, v};
    v->n = lg_count_series_of(c, count_of, &context);
}

/* A profile is of an earlier collection, and its objects are to be seen beside
 * the usage of that time. Never true where nothing tells when that was. */
static bool objects_came_to_rest(const struct lg_case *c,
                                 const struct timers_view *v)
{
    const struct lg_count_series *n = &v->n;
    const struct lg_memstats *stats = n->last->capture->memstats;
    const struct lg_shot *end = lg_case_shot_behind(c, n->last);
    if (stats == NULL || !stats->gc_count.known || stats->gc_count.value < 2) {
        return false;
    }
    for (const struct lg_shot *shot = n->first; shot < n->last; shot++) {
        struct lg_num count = count_at(c, v, shot);
        if (count.known &&
            lg_case_had_all(c, lg_case_shot_behind(c, shot), count.value,
                            n->last_count, end->usage_bytes)) {
            return true;
        }
    }
    return false;
}

static bool came_to_rest(const struct lg_case *c, const struct timers_view *v)
{
    return v->counted ? v->n.came_to_rest : objects_came_to_rest(c, v);
}

static bool has_grown(const struct lg_case *c, const struct timers_view *v)
{
    return v->n.captures >= MIN_CAPTURES && !v->n.shrank &&
           !came_to_rest(c, v) &&
           v->n.last_count >= GROWN_FACTOR * v->n.first_count &&
           v->n.last_count - v->n.first_count >= MIN_GROWN;
}

/* How many timers there were when the profile of that capture was true. */
static struct lg_num count_behind(const struct lg_case *c,
                                  const struct timers_view *v,
                                  const struct lg_shot *shot)
{
    return count_at(c, v, v->counted ? lg_case_shot_behind(c, shot) : shot);
}

/* What this line allocated came in proportion to the timers, in each profile
 * that saw anything new: the timers pin it. The profile is of a time between
 * two collections: beside those of its beginning, or of its end. Bytes, for one
 * sample of a small object counts as very many. */
static bool tracks(const struct lg_case *c, const struct timers_view *v,
                   const struct lg_heap_site *site)
{
    double telling = v->counted ? TELLING_RATIO : TELLING_SAMPLED_RATIO;
    double steady = v->counted ? STEADY_RATIO : STEADY_SAMPLED_RATIO;
    struct lg_ratio_range behind = {0}, now = {0}, objects = {0};
    int64_t before = 0;
    lg_each(shot, c->shots) {
        struct lg_num count = count_behind(c, v, shot);
        const struct lg_heap_site *then =
            shot->heap != NULL ? lg_heap_site_find(shot->heap, &site->where)
                               : NULL;
        if (!count.known || count.value == 0 || then == NULL ||
            (double)count.value < telling * (double)v->n.last_count ||
            then->inuse_bytes == before) {
            continue;
        }
        before = then->inuse_bytes;
        struct lg_num newer = count_at(c, v, shot);
        uint64_t most = newer.value > count.value ? newer.value : count.value;
        lg_ratio_range_add(&behind, (double)before, (double)count.value);
        lg_ratio_range_add(&now, (double)before, (double)most);
        lg_ratio_range_add(&objects, (double)then->inuse_count,
                           (double)count.value);
    }
    return (lg_ratio_range_is_steady(&behind, steady) ||
            lg_ratio_range_is_steady(&now, steady)) &&
           objects.most >= (v->counted ? MIN_EACH : MIN_SAMPLED_EACH);
}

/* What the line's function allocates, and what comes with the timers. */
static bool belongs(const struct lg_case *c, const struct timers_view *v,
                    const struct lg_shot *shot, const struct lg_heap_site *site)
{
    if (v->where.function.len > 0 &&
        lg_str_eq(site->where.function, v->where.function)) {
        return true;
    }
    return site->has_user &&
           lg_share((uint64_t)(site->inuse_bytes > 0 ? site->inuse_bytes : 0),
                    (uint64_t)shot->heap->total_bytes) >= MIN_LINE_SHARE &&
           tracks(c, v, site);
}

static void weigh(struct lg_case *c, struct timers_view *v, bool claim)
{
    const struct lg_shot *shot = lg_case_last(c, true, false);
    v->bytes = 0;
    if (shot == NULL || shot->heap->total_bytes <= 0) {
        return;
    }
    lg_each(site, shot->heap->items) {
        if (site->inuse_bytes > 0 && belongs(c, v, shot, site)) {
            v->bytes += (uint64_t)site->inuse_bytes;
            if (claim) {
                lg_case_claim(c, &site->where);
            }
        }
    }
}

/* As with heap findings: what the last collection saw, spread over what has
 * been allocated since. */
static double share_of(const struct lg_case *c, const struct timers_view *v)
{
    const struct lg_shot *shot = lg_case_last(c, true, false);
    if (shot == NULL || shot->heap->total_bytes <= 0) {
        return 0;
    }
    return lg_share(v->bytes, (uint64_t)shot->heap->total_bytes) *
           lg_heap_share(shot);
}

/* Each sleeping goroutine has a timer, and so has one with a ticker: that
 * many goroutines are the matter, not their timers. */
static bool are_of_goroutines(const struct lg_verdict *verdict,
                              const struct timers_view *v)
{
    double ratio = v->counted ? GOROUTINE_RATIO : GOROUTINE_OBJECTS_RATIO;
    lg_each(f, verdict->findings) {
        if ((f->cause == LG_CAUSE_GOROUTINE_LEAK ||
             f->cause == LG_CAUSE_GOROUTINE_BURST) &&
            (double)f->count.value >= ratio * (double)v->n.last_count) {
            return true;
        }
    }
    return false;
}

static bool is_leak(struct lg_case *c, const struct lg_verdict *verdict,
                    struct timers_view *v)
{
    if (v->n.first == NULL || v->n.last == NULL || !has_grown(c, v) ||
        are_of_goroutines(verdict, v)) {
        return false;
    }
    weigh(c, v, false);
    return share_of(c, v) >= MIN_SHARE &&
           (c->oom || (v->n.grows_on && v->n.captures > MIN_CAPTURES &&
                       lg_case_alive_and_growing(c)));
}

static void cite(struct lg_case *c, struct lg_finding *f,
                 const struct timers_view *v)
{
    const char *fact =
        v->counted ? "live timers" : "objects of timers started by this line";
    const char *file = v->counted ? "heap.txt" : "heap.pb.gz";
    lg_cite(c, f, fact, (double)v->n.first_count, "count", v->n.first->capture,
            file);
    lg_cite(c, f, fact, (double)v->n.last_count, "count", v->n.last->capture,
            file);
    if (v->bytes > 0) {
        const struct lg_shot *heap = lg_case_last(c, true, false);
        lg_cite(c, f, "heap that comes with them", (double)v->bytes, "bytes",
                heap != NULL ? heap->capture : NULL, "heap.pb.gz");
    }
}

static void report(struct lg_case *c, struct lg_verdict *verdict,
                   struct timers_view *v)
{
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_TIMER_LEAK);
    if (f == NULL) {
        return;
    }
    uint64_t ns = v->n.last->capture->t_ns - v->n.first->capture->t_ns;
    if (v->where.function.len > 0) {
        f->where = v->where;
        f->where_role = LG_STR("starts them");
        f->leaf = v->leaf;
    }
    f->bytes = lg_known(v->bytes);
    f->share = share_of(c, v);
    f->count = lg_known(v->n.last_count);
    f->count_rate_per_s =
        ns == 0
            ? 0
            : (double)(v->n.last_count - v->n.first_count) / ((double)ns / 1e9);
    f->confidence = 0.72 + (v->counted ? 0.1 : 0) +
                    (v->where.function.len > 0 ? 0.08 : 0) +
                    (v->n.captures >= 3 ? 0.05 : 0);
    f->proof = LG_STR("growth");
    f->summary = lg_words(c,
                          "%s timers are live, %s at the first capture; each "
                          "keeps what its function or channel needs until it "
                          "fires or is stopped",
                          lg_say_count(c, v->n.last_count),
                          lg_say_count(c, v->n.first_count));
    f->fix = LG_STR("Stop each timer or ticker when it is not needed any more; "
                    "call the cancel function of a context with a deadline, "
                    "with defer.");
    cite(c, f, v);
    weigh(c, v, true);
    lg_case_claim(c, &v->where);
}

void lg_judge_timers(struct lg_case *c, struct lg_verdict *verdict)
{
    struct timers_view v = {0};
    find_line(c, &v);
    follow(c, &v, true);
    if (!is_leak(c, verdict, &v)) {
        /* A channel's timer that nobody waits on is not in the runtime's heap
         * since Go 1.23, however many are kept. */
        follow(c, &v, false);
        if (!is_leak(c, verdict, &v)) {
            return;
        }
    }
    report(c, verdict, &v);
}
