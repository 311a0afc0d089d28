/* SPDX-License-Identifier: Apache-2.0 */
/* heap-leak and heap-burst: one line's allocations that stay. Two shapes tell
 * them apart: many calls that return and leave memory behind, over the life of
 * the process; or one call that is still at it, and took the limit at once. */
#include "diagnose/heap_view.h"

/* The line must hold this share of the live heap, and the heap this share of
 * what grew. */
#define MIN_SITE_SHARE 0.25
#define MIN_HEAP_SHARE 0.35
#define MIN_GROWTH_FACTOR 1.5
/* A profile lags by up to two collections, each of which may double the heap;
 * what is less than this of the growth is not its cause. */
#define MIN_WEIGHT_RATIO 0.06
/* After a level stretch the line must hold this share of what came since; less
 * may only be a profile that caught up with the collections before. */
#define MIN_SEEN_GROWTH_RATIO 0.25
/* … or more in this share of the profiles that differ, of so many at least. */
#define MIN_CHANGES 3
#define THROUGHOUT_RATIO 0.9
/* Shape of time: a burst is over in seconds, a leak takes its time. */
#define SHORT_NS (3 * UINT64_C(1000000000))
#define LONG_NS (10 * UINT64_C(1000000000))
#define QUIET_NS UINT64_C(1000000000)
/* A single growing buffer rather than many objects. */
#define LARGE_OBJECT_BYTES (UINT64_C(1) << 20)
#define BURST_SCORE 2
/* Of so many profiles that differ, this share has more than the one before. */
#define TELLING_CHANGES 6
#define RISING_RATIO 0.6
/* One call under way during this share of the growth is "still at it". */
#define IN_PROGRESS_RATIO 0.3

/* Working in that function: not asleep in a loop around it, and not parked. */
static bool works_in(const struct lg_goroutines *g,
                     const struct lg_goroutine *item, struct lg_str function)
{
    enum lg_wait_class class = lg_goroutine_class(g, item);
    return class != LG_WAIT_SLEEP && class != LG_WAIT_PARKED &&
           lg_goroutine_passes(g, item, function);
}

static bool is_in_growth(const struct lg_case *c, const struct lg_shot *shot)
{
    return shot->usage_bytes > c->base_bytes + c->growth_bytes / 10;
}

static bool stands_at(const struct lg_goroutines *g,
                      const struct lg_goroutine *item,
                      const struct lg_frame *where)
{
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    for (uint32_t i = 0; i < item->frame_count; i++) {
        if (lg_frame_same(&frames[i], where)) {
            return true;
        }
    }
    return false;
}

/* What one dump has of the function that allocates. */
struct sight {
    uint64_t
        goroutine; /* at work in it, the same as before if it is; 0: none */
    bool at_line;  /* … at that very line */
    bool holds_on; /* the one from before is still in it, if only waiting */
    bool is_blind; /* this dump says nothing of the one from before */
    bool in_main;
    bool main_runs; /* … not waiting for anything */
};

static struct sight look_in(const struct lg_goroutines *g,
                            const struct lg_frame *where, uint64_t before)
{
    struct sight seen = {0};
    bool is_there = false;
    lg_each(item, g->items) {
        if (before != 0 && item->id == before) {
            is_there = true;
            seen.is_blind = item->frame_count == 0;
            seen.holds_on = lg_goroutine_class(g, item) != LG_WAIT_SLEEP &&
                            lg_goroutine_passes(g, item, where->function);
        }
        if (item->id == 1 && lg_goroutine_passes(g, item, where->function)) {
            seen.in_main = true;
            seen.main_runs = lg_goroutine_class(g, item) == LG_WAIT_ACTIVE;
        }
        if (works_in(g, item, where->function) &&
            (seen.goroutine == 0 || item->id == before)) {
            seen.goroutine = item->id;
            seen.at_line = stands_at(g, item, where);
        }
    }
    seen.is_blind = seen.is_blind || (g->truncated && !is_there);
    return seen;
}

/* The function that called `function` in this goroutine; empty: main.main,
 * which is there throughout, or none. */
static struct lg_str caller_in(const struct lg_goroutines *g, uint64_t id,
                               struct lg_str function)
{
    struct lg_str none = {NULL, 0};
    lg_each(item, g->items) {
        const struct lg_frame *frames = lg_goroutine_frames(g, item);
        for (uint32_t i = 0; item->id == id && i + 1 < item->frame_count; i++) {
            if (lg_str_eq(frames[i].function, function) &&
                !lg_str_eq(frames[i + 1].function, LG_STR("main.main"))) {
                return frames[i + 1].function;
            }
        }
    }
    return none;
}

/* The goroutine is between two calls of it, in the call around them. */
static bool is_between(const struct lg_goroutines *g, uint64_t id,
                       struct lg_str caller)
{
    lg_each(item, g->items) {
        if (item->id == id && caller.len > 0 && works_in(g, item, caller)) {
            return true;
        }
    }
    return false;
}

/* Dumps of the growth, and how often somebody was seen in the function. */
struct sightings {
    uint64_t dumps, on_line, at_line, in_main, main_runs;
    uint64_t before_count; /* dumps before anybody was first seen in it */
    bool begun;
    uint64_t longest_bytes; /* grown while one goroutine was */
};

static struct sightings follow_call(const struct lg_case *c,
                                    struct lg_heap_view *v)
{
    struct sightings s = {0};
    uint64_t goroutine = 0, from_bytes = 0, run = 0;
    struct lg_str caller = {NULL, 0};
    lg_each(shot, c->shots) {
        const struct lg_goroutines *g = shot->capture->goroutines;
        if (g == NULL) {
            continue;
        }
        struct sight seen = look_in(g, &v->site->where, goroutine);
        s.begun = s.begun || seen.goroutine != 0;
        s.before_count += !s.begun;
        /* A program that was not stopped: what runs has no stack. */
        bool is_silent = seen.goroutine == 0 && seen.is_blind;
        if (!is_in_growth(c, shot) || is_silent) {
            continue;
        }
        s.dumps++;
        s.in_main += seen.in_main;
        s.main_runs += seen.main_runs;
        s.on_line += seen.goroutine != 0;
        s.at_line += seen.at_line;
        if (seen.goroutine == 0 &&
            (seen.holds_on || is_between(g, goroutine, caller))) {
            continue;
        }
        caller = caller_in(g, seen.goroutine, v->site->where.function);
        if (seen.goroutine == 0 || seen.goroutine != goroutine) {
            goroutine = seen.goroutine;
            from_bytes = shot->usage_bytes;
            run = 0;
        }
        run += seen.goroutine != 0;
        uint64_t grown =
            shot->usage_bytes > from_bytes ? shot->usage_bytes - from_bytes : 0;
        if (run >= 2 && grown > s.longest_bytes) {
            s.longest_bytes = grown;
            v->goroutine = goroutine;
        }
    }
    return s;
}

/* The longest stretch of growth during which one goroutine stood on the line
 * in every dump. A call that was not there at first and stays at one line is
 * a single one, however slow the machine. */
static void find_call_in_progress(const struct lg_case *c,
                                  struct lg_heap_view *v)
{
    struct sightings s = follow_call(c, v);
    v->in_progress = (double)s.longest_bytes >=
                         IN_PROGRESS_RATIO * (double)c->growth_bytes &&
                     s.on_line * 10 >= s.dumps * 7;
    v->in_main = s.dumps >= 2 && s.in_main * 10 >= s.dumps * 7;
    v->main_runs = s.dumps >= 2 && s.main_runs * 10 >= s.dumps * 7;
    v->not_running = s.dumps >= 2 && s.on_line * 2 < s.dumps;
    v->one_call =
        v->in_progress && s.before_count > 0 && s.at_line * 10 >= s.on_line * 9;
}

static void score_burst(const struct lg_case *c, struct lg_heap_view *v)
{
    const struct lg_heap_site *site = v->site;
    bool quiet_before =
        c->onset_ns >= QUIET_NS && c->onset_ns >= c->growth_ns / 2;
    bool whole_life = c->growth_ns * 5 >= c->full_ns * 4 &&
                      c->growth_ns >= SHORT_NS + SHORT_NS / 2;
    uint64_t size = site->inuse_count > 0
                        ? (uint64_t)(site->inuse_bytes / site->inuse_count)
                        : 0;
    v->score += v->in_progress ? 2 : 0;
    v->score -= v->not_running ? 2 : 0;
    v->score += quiet_before ? 1 : 0;
    v->score += c->growth_ns <= SHORT_NS ? 1 : 0;
    v->score -= c->growth_ns >= LONG_NS && !v->one_call ? 2 : 0;
    v->score -= whole_life && !v->one_call ? 1 : 0;
    v->score += size >= LARGE_OBJECT_BYTES && site->inuse_count <= 4 ? 1 : 0;
}

/* The last heap profile of the level stretch; NULL: there was none. */
static const struct lg_shot *level_heap(const struct lg_case *c)
{
    const struct lg_shot *found = NULL;
    lg_each(shot, c->shots) {
        if (c->from_level && shot->heap != NULL &&
            shot->capture->t_ns + shot->capture->duration_ns <= c->onset_ns) {
            found = shot;
        }
    }
    return found;
}

/* In the last dump the call at this line is still at it. */
static bool is_under_way(const struct lg_case *c, const struct lg_frame *where)
{
    const struct lg_goroutines *last = NULL;
    lg_each(shot, c->shots) {
        last = shot->capture->goroutines != NULL ? shot->capture->goroutines
                                                 : last;
    }
    return last != NULL && look_in(last, where, 0).at_line;
}

/* A load that was over long before the end is not what grew. One that a starved
 * machine slows down stands as well, but is not over. */
static bool line_stands(const struct lg_case *c, const struct lg_frame *where)
{
    return lg_line_stands(c, where) && !is_under_way(c, where);
}

/* Nearly each profile that tells anything new has more of it. */
static bool rises_throughout(const struct lg_line_trend *t, size_t min_changes)
{
    return t->changes >= min_changes &&
           (double)t->rising >= THROUGHOUT_RATIO * (double)t->changes;
}

static bool line_rises(const struct lg_case *c, const struct lg_frame *where)
{
    struct lg_line_trend trend = lg_line_trend_of(c, where);
    return rises_throughout(&trend, MIN_CHANGES);
}

/* The line that grew most since `level` (NULL: since ever), by more than least
 * bytes. */
static const struct lg_heap_site *grown_most(const struct lg_case *c,
                                             const struct lg_heap_sites *sites,
                                             const struct lg_shot *level,
                                             int64_t least, bool throughout)
{
    const struct lg_heap_site *best = NULL;
    int64_t most = least;
    double enough = MIN_SITE_SHARE * (double)sites->total_bytes;
    lg_each(site, sites->items) {
        if ((double)site->inuse_bytes < enough) {
            break; /* most first; what follows is never dominant */
        }
        int64_t before =
            level != NULL ? lg_heap_bytes_at(level, &site->where) : 0;
        /* The runtime's own allocations are nobody's line. */
        if (site->inuse_bytes - before > most && site->where.function.len > 0 &&
            !lg_case_is_claimed(c, &site->where) &&
            (!throughout || line_rises(c, &site->where)) &&
            !line_stands(c, &site->where)) {
            most = site->inuse_bytes - before;
            best = site;
        }
    }
    return best;
}

/* The line with most bytes; after a level stretch, with most growth since: what
 * stood there before is not what grew. A profile is as old as the last
 * collection, so it may not know the growth at all: then no line is it, unless
 * one has risen all the time. It may do so in memory that others gave back, so
 * that usage is level for long. */
static const struct lg_heap_site *choose_site(const struct lg_case *c,
                                              const struct lg_heap_sites *sites)
{
    const struct lg_shot *level = level_heap(c);
    if (level == NULL) {
        return grown_most(c, sites, NULL, 0, false);
    }
    int64_t least = (int64_t)(MIN_SEEN_GROWTH_RATIO * (double)c->growth_bytes);
    const struct lg_heap_site *site = grown_most(c, sites, level, least, false);
    return site != NULL ? site : grown_most(c, sites, level, 0, true);
}

bool lg_heap_rose_since_level(const struct lg_case *c)
{
    const struct lg_shot *level = level_heap(c);
    const struct lg_shot *last = lg_case_last(c, true, false);
    int64_t least = (int64_t)(MIN_SEEN_GROWTH_RATIO * (double)c->growth_bytes);
    if (level == NULL || last == NULL) {
        return false;
    }
    lg_each(site, last->heap->items) {
        if (site->inuse_bytes - lg_heap_bytes_at(level, &site->where) > least) {
            return true;
        }
    }
    return false;
}

/* How much of the usage is heap at that capture; 1 when nobody knows. */
double lg_heap_share(const struct lg_shot *shot)
{
    const struct lg_memstats *stats = shot->capture->memstats;
    if (stats == NULL || !stats->heap_alloc_bytes.known ||
        shot->usage_bytes == 0) {
        return 1;
    }
    return lg_share(stats->heap_alloc_bytes.value, shot->usage_bytes);
}

/* … of what may have grown. */
static double heap_part(const struct lg_case *c, const struct lg_shot *shot)
{
    double usage = (double)shot->usage_bytes;
    double still = (double)lg_case_still_bytes(c, shot);
    double share = lg_heap_share(shot);
    return still < usage ? share * usage / (usage - still) : share;
}

bool lg_heap_look(const struct lg_case *c, struct lg_heap_view *v)
{
    v->last = lg_case_last(c, true, false);
    if (v->last == NULL || v->last->heap->total_bytes <= 0) {
        return false;
    }
    v->site = choose_site(c, v->last->heap);
    if (v->site == NULL) {
        return false;
    }
    v->trend = lg_line_trend_of(c, &v->site->where);
    find_call_in_progress(c, v);
    score_burst(c, v);
    return true;
}

bool lg_heap_is_dominant(const struct lg_case *c, const struct lg_heap_view *v)
{
    double of_heap =
        (double)v->site->inuse_bytes / (double)v->last->heap->total_bytes;
    bool grew = v->trend.captures < 2 || c->from_level ||
                (double)v->site->inuse_bytes >
                    MIN_GROWTH_FACTOR * (double)v->trend.first_bytes;
    bool weighs = (double)v->site->inuse_bytes >
                  MIN_WEIGHT_RATIO * (double)c->growth_bytes;
    if (of_heap < MIN_SITE_SHARE || heap_part(c, v->last) < MIN_HEAP_SHARE ||
        !grew || !weighs) {
        return false;
    }
    if (c->oom) {
        return true;
    }
    /* Alive, or ended otherwise: growth must be plain and go on. */
    return v->trend.rising >= 2 && rises_throughout(&v->trend, 0) &&
           lg_case_alive_and_growing(c);
}

static void cite(struct lg_case *c, struct lg_finding *f,
                 const struct lg_heap_view *v)
{
    double before = -1;
    lg_each(shot, c->shots) {
        if (shot->heap == NULL) {
            continue;
        }
        const struct lg_heap_site *site =
            lg_heap_site_find(shot->heap, &v->site->where);
        double bytes = site != NULL ? (double)site->inuse_bytes : 0;
        if (bytes != before) { /* a profile changes with each collection */
            lg_cite(c, f, "in use, allocated by this line", bytes, "bytes",
                    shot->capture, "heap.pb.gz");
        }
        before = bytes;
    }
    lg_cite(c, f, "live heap at that line's last capture",
            (double)v->last->heap->total_bytes, "bytes", v->last->capture,
            "heap.pb.gz");
    if (c->has_timeline) {
        lg_cite(c, f, "quiet before the growth", (double)c->onset_ns, "ns",
                NULL, "timeline.csv");
        lg_cite(c, f, "the growth took", (double)c->growth_ns, "ns", NULL,
                "timeline.csv");
    }
    if (v->in_progress) {
        lg_cite_text(
            c, f, "one call was under way throughout",
            lg_words(c, "goroutine %llu", (unsigned long long)v->goroutine),
            NULL, "captures");
    }
}

static void fill(struct lg_case *c, struct lg_finding *f,
                 const struct lg_heap_view *v)
{
    const struct lg_heap_site *site = v->site;
    double of_heap = lg_share((uint64_t)site->inuse_bytes,
                              (uint64_t)v->last->heap->total_bytes);
    f->where = site->where;
    f->where_role = LG_STR("allocates here");
    f->leaf = site->leaf;
    f->bytes = lg_known((uint64_t)site->inuse_bytes);
    f->share = of_heap * lg_heap_share(v->last);
    f->count =
        lg_known(site->inuse_count > 0 ? (uint64_t)site->inuse_count : 0);
    f->proof = v->trend.captures >= 2 ? LG_STR("growth") : LG_STR("signature");
    if (c->growth_ns > 0) {
        f->rate_bytes_per_s =
            (double)c->growth_bytes / ((double)c->growth_ns / 1e9);
    }
    cite(c, f, v);
    lg_case_claim(c, &f->where);
}

static struct lg_str of_live_heap(struct lg_case *c,
                                  const struct lg_heap_view *v)
{
    return lg_words(c, "%s of %s live heap",
                    lg_say_bytes(c, (uint64_t)v->site->inuse_bytes),
                    lg_say_bytes(c, (uint64_t)v->last->heap->total_bytes));
}

/* A call that is still at it is no end of loading: what looks like garbage that
 * piled up afterwards is its own. Collections that prove the live heap level
 * are believed, unless that one call made most of it and has not left its line:
 * a slice that moves to a larger array is alive twice or once, as it comes. */
static void doubt_headroom(struct lg_verdict *verdict,
                           const struct lg_heap_view *v)
{
    struct lg_finding *f = lg_find_cause(verdict, LG_CAUSE_GC_HEADROOM);
    bool is_its_own =
        v->one_call && 2 * v->site->inuse_bytes > v->last->heap->total_bytes;
    if (f != NULL && v->in_progress &&
        (f->confidence < LG_HEADROOM_PROVEN || is_its_own)) {
        f->confidence /= 2;
    }
}

void lg_judge_heap_burst(struct lg_case *c, struct lg_verdict *verdict)
{
    struct lg_heap_view v = {0};
    if (!lg_heap_look(c, &v) || !lg_heap_is_dominant(c, &v) ||
        v.score < BURST_SCORE || !c->oom) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_HEAP_BURST);
    if (f == NULL) {
        return;
    }
    struct lg_str heap = of_live_heap(c, &v);
    doubt_headroom(verdict, &v);
    fill(c, f, &v);
    f->confidence =
        0.7 + (v.in_progress ? 0.15 : 0) + (c->onset_ns >= QUIET_NS ? 0.07 : 0);
    struct lg_str before =
        c->base_bytes > 0
            ? lg_words(c, "stood at %s, then ", lg_say_bytes(c, c->base_bytes))
            : LG_STR("");
    f->summary =
        lg_words(c, "usage %.*srose by %s within %s; %.*s come from here%s",
                 LG_STR_ARG(before), lg_say_bytes(c, c->growth_bytes),
                 lg_say_ns(c, c->growth_ns), LG_STR_ARG(heap),
                 v.in_progress ? ", from a call that was still under way" : "");
    f->fix = LG_STR("One call takes everything at once: read in pages or "
                    "stream, and bound what a request may ask for.");
}

/* Garbage that a collection in full swing counts as alive is as often less as
 * more by the next. */
static bool comes_and_goes(const struct lg_heap_view *v)
{
    return v->trend.changes >= TELLING_CHANGES &&
           (double)v->trend.rising < RISING_RATIO * (double)v->trend.changes;
}

/* … and what lives through one is no second cause. */
static bool may_be_garbage(const struct lg_case *c,
                           const struct lg_verdict *verdict,
                           const struct lg_heap_view *v)
{
    return lg_has_share(verdict, LG_EXPLAINED_SHARE) &&
           lg_line_passes_through(c, &v->site->where);
}

/* A live heap that stands, beside garbage: then no line of it leaks, unless by
 * steps. */
static bool is_level(const struct lg_case *c, const struct lg_live *live,
                     const struct lg_heap_view *v)
{
    return live->level && !lg_line_steps(c, &v->site->where);
}

void lg_judge_heap_leak(struct lg_case *c, struct lg_verdict *verdict)
{
    struct lg_heap_view v = {0};
    struct lg_live live;
    lg_live_look(c, &live);
    if (lg_find_cause(verdict, LG_CAUSE_GC_HEADROOM) != NULL ||
        !lg_heap_look(c, &v) || !lg_heap_is_dominant(c, &v) ||
        is_level(c, &live, &v) || (v.score >= BURST_SCORE && c->oom) ||
        comes_and_goes(&v) || may_be_garbage(c, verdict, &v)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_HEAP_LEAK);
    if (f == NULL) {
        return;
    }
    struct lg_str heap = of_live_heap(c, &v);
    fill(c, f, &v);
    f->confidence =
        0.6 + (v.trend.changes >= 2 ? 0.12 : 0) +
        (v.trend.changes >= 2 && v.trend.rising == v.trend.changes ? 0.12 : 0) +
        (f->share >= 0.5 ? 0.08 : 0);
    if (v.trend.captures >= 2) {
        f->summary = lg_words(
            c,
            "%.*s were allocated here and stay: %s at the first capture, "
            "more at %s, through the garbage collections",
            LG_STR_ARG(heap),
            lg_say_bytes(
                c,
                (uint64_t)(v.trend.first_bytes > 0 ? v.trend.first_bytes : 0)),
            v.trend.rising == v.trend.changes ? "each later one"
                                              : "later ones");
    } else {
        f->summary = lg_words(c, "%.*s were allocated here", LG_STR_ARG(heap));
    }
    f->fix = LG_STR("What is stored here is never removed: bound the cache or "
                    "list, expire or delete entries when they are done.");
}
