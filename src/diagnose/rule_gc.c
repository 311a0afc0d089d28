/* SPDX-License-Identifier: Apache-2.0 */
/* gc-headroom and limit-too-low: nothing leaks; what is needed, or what the
 * collector allows to pile up, does not fit below the limit. */
#include "diagnose/heap_view.h"

/* The next collection lies beyond the limit … */
#define GOAL_RATIO 0.97
/* … though what is alive, with all the rest, would fit well. */
#define LIVE_RATIO 0.78
/* Without two collections to compare: growth that slowed down to this share
 * is another regime (garbage after loading), not the same leak going on. */
#define KNEE_RATIO 0.45
/* … or the next collection would leave no more than this of the limit. With
 * GOGC=100 or less a leak has more when it reaches the limit. */
#define EXPECTED_RATIO 0.6
/* Level usage counts when most of it is live heap. */
#define LIVE_OF_BASE_RATIO 0.6
#define MIN_GARBAGE_SHARE 0.15
#define MIN_GC_OFF_SHARE 0.5
#define BUFFER_LIMIT_RATIO 0.25
#define BUFFER_BEFORE_RATIO 0.7
/* With GOGC=off the runtime's goal is the largest number that there is. */
#define GC_OFF_FACTOR 16
/* limit-too-low: in the first half of the life a collection left nearly as much
 * as fits; or usage stands this high most of the time … */
#define HIGH_RATIO 0.85
#define LEAK_SHARE 0.2
#define AT_LIMIT_RATIO 0.985
#define HIGH_TIME_RATIO 0.5
/* … or the need was there from the first moments. */
#define START_NS UINT64_C(1000000000)
#define START_ONSET_RATIO 0.25
/* What a Go program with a server needs before it does anything: code, runtime,
 * the smallest heap (4 MiB until the first collection), kernel memory. */
#define TINY_LIMIT_BYTES (UINT64_C(20) << 20)
/* Start-up is short; a main that goes on allocating for longer is working. */
#define START_UP_NS (6 * UINT64_C(1000000000))
/* … in time on a CPU, where others left it little, up to this many times. */
#define MAX_STRETCH 4

struct headroom {
    const struct lg_shot *shot; /* the last with MemStats */
    uint64_t goal_bytes, live_bytes, heap_bytes, rest_bytes;
    bool level, knee;
    bool garbage; /* the last collection kept little of what was new to it */
    uint64_t expected_bytes;
    const struct lg_shot *before; /* what level is measured against */
};

/* A limit that the collector knows of and can keep: below the cgroup's. */
static bool has_memory_limit(const struct lg_case *c)
{
    const struct lg_shot *shot = lg_case_last_memstats(c);
    if (shot != NULL && shot->capture->memstats->memory_limit_bytes.known) {
        return shot->capture->memstats->memory_limit_bytes.value <=
               c->limit_bytes;
    }
    return c->in->subject.gomemlimit.len > 0;
}

/* What the runtime needs beside the heap. */
static uint64_t rest_of(const struct lg_memstats *stats)
{
    return stats->stack_inuse_bytes.value + stats->gc_sys_bytes.value +
           stats->other_sys_bytes.value + stats->buck_hash_sys_bytes.value +
           stats->mspan_sys_bytes.value;
}

static bool measure(const struct lg_case *c, struct headroom *h)
{
    h->shot = lg_case_last_memstats(c);
    double gogc = lg_live_gogc(c);
    if (h->shot == NULL || gogc < 0 || h->shot->usage_bytes == 0) {
        return false;
    }
    const struct lg_memstats *stats = h->shot->capture->memstats;
    if (!stats->next_gc_bytes.known || !stats->heap_alloc_bytes.known) {
        return false;
    }
    h->goal_bytes = stats->next_gc_bytes.value;
    h->heap_bytes = stats->heap_alloc_bytes.value;
    h->live_bytes = lg_live_bytes(c, stats);
    h->rest_bytes = rest_of(stats);
    struct lg_live live;
    lg_live_look(c, &live);
    h->level = live.level;
    h->before = live.level ? live.before : NULL;
    /* No two collections to compare: usage that stood at what is alive, and no
     * line that has grown since; or growth that slowed down. */
    if (!live.apart) {
        h->level =
            c->from_level && !lg_heap_rose_since_level(c) &&
            h->live_bytes <= c->base_bytes &&
            (double)h->live_bytes > LIVE_OF_BASE_RATIO * (double)c->base_bytes;
    }
    h->knee = live.slowed;
    h->expected_bytes = live.expected_bytes;
    h->garbage = live.expected_bytes > 0 &&
                 (double)(live.expected_bytes + h->rest_bytes) <
                     EXPECTED_RATIO * (double)c->limit_bytes;
    if (live.now == NULL) {
        h->knee = c->early_rate > 0 && c->late_rate > 0 &&
                  c->late_rate < KNEE_RATIO * c->early_rate;
    }
    h->before = h->before == NULL ? h->shot : h->before;
    return true;
}

/* A buffer that doubled after the last collection: a few huge objects that the
 * collections before had not all. It is what grew, and not the garbage of many
 * calls. */
static bool has_growing_buffer(const struct lg_case *c,
                               const struct lg_shot *shot)
{
    const struct lg_profile *now = shot->capture->heap_now;
    const struct lg_shot *last = lg_case_last(c, true, false);
    if (last != NULL && last->heap->items.count > 0) {
        const struct lg_heap_site *most = &last->heap->items.items[0];
        if (2 * most->inuse_bytes > last->heap->total_bytes &&
            lg_line_steps(c, &most->where)) {
            return true;
        }
    }
    if (now == NULL || shot->capture->heap == NULL) {
        return false;
    }
    double bytes = (double)lg_buffer_bytes(c, now, NULL);
    return bytes > BUFFER_LIMIT_RATIO * (double)c->limit_bytes &&
           (double)lg_buffer_bytes(c, shot->capture->heap, NULL) <
               BUFFER_BEFORE_RATIO * bytes;
}

static bool lacks_headroom(const struct lg_case *c, const struct headroom *h)
{
    double limit = (double)c->limit_bytes;
    double goal = (double)(h->goal_bytes + h->rest_bytes);
    double live = (double)(h->live_bytes + h->rest_bytes);
    uint64_t garbage = c->usage_bytes > h->live_bytes + h->rest_bytes
                           ? c->usage_bytes - h->live_bytes - h->rest_bytes
                           : 0;
    return c->oom && limit > 0 && goal > GOAL_RATIO * limit &&
           live < LIVE_RATIO * limit &&
           (h->level ||
            ((h->knee || h->garbage) && !lg_live_keeps_growing(c))) &&
           (double)garbage > MIN_GARBAGE_SHARE * limit &&
           lg_heap_share(h->shot) > 0.5;
}

/* Whose garbage: the line that allocated most without keeping it. */
static const struct lg_heap_site *churn_of(const struct lg_case *c)
{
    const struct lg_shot *shot = lg_case_last(c, true, false);
    const struct lg_heap_site *most = NULL;
    int64_t total = 0;
    if (shot == NULL) {
        return NULL;
    }
    lg_each(site, shot->heap->items) {
        total += site->alloc_bytes;
        if (site->has_user &&
            (most == NULL || site->alloc_bytes - site->inuse_bytes >
                                 most->alloc_bytes - most->inuse_bytes)) {
            most = site;
        }
    }
    bool plain = most != NULL && most->alloc_bytes > 4 * most->inuse_bytes &&
                 most->alloc_bytes > total / 4;
    return plain ? most : NULL;
}

/* No collection is planned below what there is, and nothing else bounds the
 * heap. */
static bool is_switched_off(const struct lg_case *c, const struct lg_shot *shot)
{
    struct lg_num goal = shot->capture->memstats->next_gc_bytes;
    return c->oom && c->limit_bytes > 0 && lg_live_gogc(c) < 0 &&
           !has_memory_limit(c) && goal.known &&
           goal.value / GC_OFF_FACTOR > c->limit_bytes &&
           lg_heap_share(shot) >= MIN_GC_OFF_SHARE;
}

/* All that was ever allocated is there, and no profile can tell garbage from
 * what is used. */
static bool judge_switched_off(struct lg_case *c, struct lg_verdict *verdict)
{
    const struct lg_shot *shot = lg_case_last_memstats(c);
    if (shot == NULL || !is_switched_off(c, shot)) {
        return false;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_GC_HEADROOM);
    if (f == NULL) {
        return true;
    }
    const struct lg_memstats *stats = shot->capture->memstats;
    f->proof = LG_STR("signature");
    f->confidence = LG_HEADROOM_PROVEN;
    f->bytes = stats->heap_alloc_bytes;
    f->share = lg_heap_share(shot);
    f->summary = LG_STR("the garbage collector is switched off (GOGC=off), and "
                        "no memory limit below the cgroup's is set: whatever "
                        "is allocated stays");
    f->fix = lg_words(c,
                      "Set GOMEMLIMIT to about %s; with it GOGC=off is fine. "
                      "Else leave GOGC at 100.",
                      lg_say_bytes(c, c->limit_bytes / 10 * 9));
    lg_cite(c, f, "heap in use", (double)stats->heap_alloc_bytes.value, "bytes",
            shot->capture, "heap.txt");
    lg_cite_text(c, f, "GOGC", LG_STR("off"), shot->capture, "heap.txt");
    return true;
}

void lg_judge_gc_headroom(struct lg_case *c, struct lg_verdict *verdict)
{
    struct headroom h = {0};
    /* What leaked goroutines or descriptors hold is alive, not garbage. */
    if (lg_has_share(verdict, LEAK_SHARE) || judge_switched_off(c, verdict)) {
        return;
    }
    if (has_memory_limit(c) || !measure(c, &h) || !lacks_headroom(c, &h) ||
        has_growing_buffer(c, h.shot)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_GC_HEADROOM);
    const struct lg_heap_site *churn = churn_of(c);
    if (f == NULL) {
        return;
    }
    if (churn != NULL) {
        f->where = churn->where;
        f->where_role = LG_STR("makes most garbage");
        f->leaf = churn->leaf;
    }
    f->proof = LG_STR("signature");
    f->confidence = h.level ? LG_HEADROOM_PROVEN : 0.78;
    uint64_t garbage = c->usage_bytes - h.live_bytes - h.rest_bytes;
    f->bytes = lg_known(garbage);
    f->share = lg_share(garbage, c->usage_bytes);
    f->summary = lg_words(
        c,
        "the live heap of %s fits, but the next collection was planned for "
        "%s, beyond the limit of %s",
        lg_say_bytes(c, h.live_bytes), lg_say_bytes(c, h.goal_bytes),
        lg_say_bytes(c, c->limit_bytes));
    f->fix = lg_words(c,
                      "Set GOMEMLIMIT to about %s so that the collector runs "
                      "in time, or raise the limit above %s.",
                      lg_say_bytes(c, c->limit_bytes / 10 * 9),
                      lg_say_bytes(c, h.goal_bytes + h.rest_bytes));
    lg_cite(c, f, "heap goal of the next collection", (double)h.goal_bytes,
            "bytes", h.shot->capture, "heap.txt");
    lg_cite(c, f, "live heap at the last collection", (double)h.live_bytes,
            "bytes", h.shot->capture, "heap.txt");
    lg_cite(c, f, "heap in use", (double)h.heap_bytes, "bytes", h.shot->capture,
            "heap.txt");
    if (h.level) {
        lg_cite_text(c, f, "the live heap was as large before",
                     LG_STR("level since an earlier collection"),
                     h.before->capture, "heap.txt");
    } else if (!h.knee) {
        lg_cite(c, f,
                "live heap if as little were kept as at the last collection",
                (double)h.expected_bytes, "bytes", h.shot->capture, "heap.txt");
    } else {
        lg_cite(c, f, "growth while the live heap was built", c->early_rate,
                "bytes/s", NULL, "timeline.csv");
        lg_cite(c, f, "growth afterwards", c->late_rate, "bytes/s", NULL,
                "timeline.csv");
    }
}

/* Share of the time at a high level without hanging at the limit itself. */
static double time_high(const struct lg_case *c)
{
    const struct lg_timeline *t = &c->in->timeline;
    uint64_t high = 0;
    for (size_t i = 1; i < c->row_count; i++) {
        double kept = (double)lg_row_kept_bytes(&t->rows[i]);
        bool before_full = t->rows[i].t_ns <= c->full_ns;
        if (before_full && kept >= HIGH_RATIO * (double)c->limit_bytes &&
            kept < AT_LIMIT_RATIO * (double)c->limit_bytes) {
            high += t->rows[i].t_ns - t->rows[i - 1].t_ns;
        }
    }
    return c->full_ns > 0 ? (double)high / (double)c->full_ns : 0;
}

static struct lg_finding *
add_limit(struct lg_case *c, struct lg_verdict *verdict, double confidence)
{
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_LIMIT_TOO_LOW);
    if (f != NULL) {
        f->confidence = confidence;
        f->proof = LG_STR("signature");
        f->bytes = lg_known(c->usage_bytes);
        f->share = lg_share(c->usage_bytes, c->limit_bytes);
        f->fix = LG_STR("Raise the limit above the steady need, or load less: "
                        "nothing here leaks.");
    }
    return f;
}

static bool judge_tiny(struct lg_case *c, struct lg_verdict *verdict)
{
    struct lg_num size = c->in->subject.exe_size_bytes;
    bool below_file = size.known && c->limit_bytes < size.value;
    bool tiny = c->limit_bytes <= TINY_LIMIT_BYTES && c->end_ns <= START_NS;
    if (!below_file && !tiny) {
        return false;
    }
    struct lg_finding *f = add_limit(c, verdict, below_file ? 0.85 : 0.75);
    if (f == NULL) {
        return true;
    }
    f->summary = lg_words(c,
                          "the limit of %s does not even hold the program "
                          "itself",
                          lg_say_bytes(c, c->limit_bytes));
    lg_cite(c, f, "limit", (double)c->limit_bytes, "bytes", NULL,
            "record.json");
    if (size.known) {
        lg_cite(c, f, "size of the program's file", (double)size.value, "bytes",
                NULL, "record.json");
    }
    return true;
}

/* How long it took, or would have taken with a CPU for itself: main ran
 * whenever somebody looked, so that what it lacks in CPU time, others had. */
static uint64_t time_taken(const struct lg_case *c,
                           const struct lg_heap_view *v)
{
    uint64_t cpu_ns = 0;
    lg_each(shot, c->shots) {
        const struct lg_process *p = shot->capture->process;
        if (p != NULL && p->utime_ns.known && p->stime_ns.known &&
            p->utime_ns.value + p->stime_ns.value > cpu_ns) {
            cpu_ns = p->utime_ns.value + p->stime_ns.value;
        }
    }
    bool starved = v->main_runs && cpu_ns > 0 && cpu_ns < c->full_ns &&
                   c->full_ns <= MAX_STRETCH * START_UP_NS;
    return starved ? cpu_ns : c->full_ns;
}

/* The main goroutine is inside the function that allocates, from the start and
 * no longer than start-up may last: at work all the time, or pausing in a
 * function of its own. */
static bool is_main_loading(const struct lg_case *c,
                            const struct lg_heap_view *v)
{
    bool pausing =
        v->in_main && !lg_str_eq(v->site->where.function, LG_STR("main.main"));
    return time_taken(c, v) <= START_UP_NS &&
           ((v->in_progress && v->goroutine == 1) || pausing);
}

static bool judge_start_up(struct lg_case *c, struct lg_verdict *verdict)
{
    struct lg_heap_view v = {0};
    if (!lg_heap_look(c, &v) || !lg_heap_is_dominant(c, &v) ||
        !is_main_loading(c, &v) ||
        (double)c->onset_ns > START_ONSET_RATIO * (double)c->full_ns) {
        return false;
    }
    struct lg_finding *f = add_limit(c, verdict, 0.8);
    if (f == NULL) {
        return true;
    }
    f->where = v.site->where;
    f->where_role = LG_STR("loads it");
    f->leaf = v.site->leaf;
    f->summary = lg_words(c,
                          "the program's start-up needs more than the limit "
                          "of %s: main was still loading when it was killed",
                          lg_say_bytes(c, c->limit_bytes));
    lg_cite(c, f, "in use, allocated by this line", (double)v.site->inuse_bytes,
            "bytes", v.last->capture, "heap.pb.gz");
    lg_cite(c, f, "the growth began after", (double)c->onset_ns, "ns", NULL,
            "timeline.csv");
    lg_cite_text(c, f, "one call was under way throughout",
                 LG_STR("goroutine 1, the program's main"), v.last->capture,
                 "goroutines.txt");
    lg_case_claim(c, &v.site->where);
    return true;
}

/* A capture of the first half of the life by which a collection had left so
 * much that what any program needs beside it does not fit. NULL: none. */
static const struct lg_shot *full_early(const struct lg_case *c)
{
    lg_each(shot, c->shots) {
        const struct lg_memstats *stats = shot->capture->memstats;
        if (stats == NULL || stats->gc_count.value == 0 ||
            shot->capture->t_ns > c->full_ns / 2) {
            continue;
        }
        uint64_t live = lg_live_bytes(c, stats);
        if ((double)(live + rest_of(stats)) >=
            LIVE_RATIO * (double)c->limit_bytes) {
            return shot;
        }
    }
    return NULL;
}

static void judge_full_early(struct lg_case *c, struct lg_verdict *verdict,
                             const struct lg_shot *shot)
{
    uint64_t live = lg_live_bytes(c, shot->capture->memstats);
    struct lg_finding *f = add_limit(c, verdict, 0.75);
    if (f == NULL) {
        return;
    }
    f->summary =
        lg_words(c,
                 "the live heap alone was %s when half of the time "
                 "was not over; with all the rest hardly anything "
                 "is left of the limit of %s",
                 lg_say_bytes(c, live), lg_say_bytes(c, c->limit_bytes));
    lg_cite(c, f, "live heap at the last collection", (double)live, "bytes",
            shot->capture, "heap.txt");
}

/* Last of all rules: only where nothing was found that grew. */
void lg_judge_level(struct lg_case *c, struct lg_verdict *verdict)
{
    double high = time_high(c);
    const struct lg_shot *full = NULL;
    if (!c->oom || c->limit_bytes == 0 ||
        lg_has_share(verdict, LG_EXPLAINED_SHARE) ||
        lg_find_cause(verdict, LG_CAUSE_NEIGHBOUR) != NULL ||
        c->full_ns < 2 * START_NS) {
        return;
    }
    if (high < HIGH_TIME_RATIO) {
        full = full_early(c);
        if (full != NULL) {
            judge_full_early(c, verdict, full);
        }
        return;
    }
    struct lg_finding *f = add_limit(c, verdict, 0.75);
    if (f == NULL) {
        return;
    }
    f->summary =
        lg_words(c,
                 "usage stood above %.0f %% of the limit of %s for "
                 "%.0f %% of the time and did not grow",
                 HIGH_RATIO * 100, lg_say_bytes(c, c->limit_bytes), high * 100);
    lg_cite(c, f, "time above 85 % of the limit", high, "ratio", NULL,
            "timeline.csv");
}

void lg_judge_limit(struct lg_case *c, struct lg_verdict *verdict)
{
    if (!c->oom || c->limit_bytes == 0) {
        return;
    }
    if (!judge_tiny(c, verdict)) {
        (void)judge_start_up(c, verdict);
    }
}
