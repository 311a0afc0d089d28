/* SPDX-License-Identifier: Apache-2.0 */
/* What no heap profile shows. A burst: what is allocated after the last
 * collection stands in none; one huge allocation, or a body read into one
 * buffer, kills before any. The dumps still tell which call was under way while
 * memory rose, and was not before. A leak that no profile of a finished
 * collection has: what each left alive is counted all the same. */
#include "diagnose/heap_view.h"

#include "base/map.h"

#define SHORT_NS (3 * UINT64_C(1000000000))
/* Collections that left more alive, each time; this much in the end. */
#define MIN_COLLECTIONS 3
#define MIN_LIVE_RATIO 0.35
/* Two are enough when this share of the usage was added between them. */
#define MIN_LIVE_GROWTH 0.25
#define MIN_SITE_SHARE 0.25
#define GROWN_FACTOR 2

struct call {
    struct lg_frame where, leaf;
    const struct lg_shot *shot;
    size_t dumps; /* in which it stood */
    uint64_t goroutine;
    size_t weight;
};

static bool is_explained(const struct lg_verdict *verdict)
{
    lg_each(f, verdict->findings) {
        if (f->cause == LG_CAUSE_INFINITE_RECURSION ||
            f->cause == LG_CAUSE_NEIGHBOUR || f->cause == LG_CAUSE_NOT_OOM ||
            f->cause == LG_CAUSE_GC_HEADROOM ||
            f->cause == LG_CAUSE_LIMIT_TOO_LOW ||
            f->cause == LG_CAUSE_HEAP_BURST) {
            return true;
        }
    }
    return lg_has_share(verdict, LG_EXPLAINED_SHARE);
}

/* Another finding already speaks of this function, or of goroutines that are in
 * it. */
static bool is_blamed(const struct lg_verdict *verdict,
                      const struct lg_frame *where)
{
    lg_each(f, verdict->findings) {
        bool is_there = lg_str_eq(f->where.function, where->function);
        lg_each(frame, f->stack) {
            is_there |= lg_str_eq(frame->function, where->function);
        }
        if (is_there) {
            return true;
        }
    }
    return false;
}

static bool is_at_work(const struct lg_goroutines *g,
                       const struct lg_goroutine *item)
{
    enum lg_wait_class class = lg_goroutine_class(g, item);
    /* Who has to help the collector along is who allocates. */
    return class == LG_WAIT_ACTIVE || class == LG_WAIT_IO ||
           lg_str_starts(item->state, LG_STR("GC assist"));
}

/* The innermost frame of user code of a goroutine at work; false: none. */
static bool user_frame(const struct lg_case *c, const struct lg_goroutines *g,
                       const struct lg_goroutine *item,
                       struct lg_frame *where_ret)
{
    struct lg_str any = {NULL, 0};
    return lg_goroutine_user_frame(c, g, item, any, where_ret);
}

/* id 0: any goroutine, at that very line; else that one, in that function. */
static bool stands_in(const struct lg_case *c, const struct lg_goroutines *g,
                      uint64_t id, const struct lg_frame *at)
{
    lg_each(item, g->items) {
        struct lg_frame where;
        if ((id == 0 || item->id == id) && is_at_work(g, item) &&
            user_frame(c, g, item, &where) &&
            lg_str_eq(where.function, at->function) &&
            (id != 0 || where.line == at->line)) {
            return true;
        }
    }
    return false;
}

static bool is_in_growth(const struct lg_case *c, const struct lg_shot *shot)
{
    return shot->capture->t_ns + shot->capture->duration_ns > c->onset_ns;
}

/* Dumps of the growth in which that goroutine is there; 0 when the same call
 * was already under way while usage was level. */
static size_t count_dumps(const struct lg_case *c, const struct call *call)
{
    size_t dumps = 0;
    lg_each(shot, c->shots) {
        const struct lg_goroutines *g = shot->capture->goroutines;
        if (g == NULL) {
            continue;
        }
        if (!is_in_growth(c, shot)) {
            if (stands_in(c, g, 0, &call->where)) {
                return 0;
            }
        } else {
            dumps += stands_in(c, g, call->goroutine, &call->where);
        }
    }
    return dumps;
}

/* Who takes memory runs, or reads into it; who writes gives it away, and waits
 * for the one that reads; main comes after those that it started. */
static size_t weigh(const struct lg_goroutines *g,
                    const struct lg_goroutine *item, const struct call *call)
{
    bool reads =
        lg_goroutine_passes(g, item, LG_STR("internal/poll.(*FD).Read"));
    bool writes =
        lg_goroutine_passes(g, item, LG_STR("internal/poll.(*FD).Write"));
    bool runs = lg_goroutine_class(g, item) == LG_WAIT_ACTIVE && !writes;
    return call->dumps * 2 + (runs || reads ? 1000 : 0) +
           (item->id != 1 ? 500 : 0) + (writes ? 0 : 100);
}

/* The profile up to now, where there is one: most of it was allocated below. */
static bool holds_most(const struct lg_shot *shot, struct lg_str function)
{
    const struct lg_profile *p = shot->capture->heap_now;
    int type = p != NULL ? lg_profile_type(p, LG_STR("inuse_space")) : -1;
    int64_t below = 0, all = 0;
    for (size_t i = 0; type >= 0 && i < p->samples.count; i++) {
        struct lg_frame_iter it = lg_profile_frames(p, i);
        struct lg_frame frame;
        bool found = false;
        while (!found && lg_frame_iter_next(&it, &frame)) {
            found = lg_str_eq(frame.function, function);
        }
        all += lg_profile_value(p, i, type);
        below += found ? lg_profile_value(p, i, type) : 0;
    }
    return below > all / 2;
}

/* The same, asked once for each function of a shot: by_function holds the
 * answers. */
static bool holds_most_of(const struct lg_shot *shot, struct lg_str function,
                          struct lg_map *by_function)
{
    bool fresh = false;
    uint64_t *known = lg_map_put_str(by_function, function, &fresh);
    if (known == NULL) {
        return holds_most(shot, function);
    }
    *known = fresh ? holds_most(shot, function) : *known;
    return *known != 0;
}

static bool find_call(const struct lg_case *c, struct call *best)
{
    for (size_t i = c->shots.count; i-- > 0 && best->dumps == 0;) {
        const struct lg_shot *shot = &c->shots.items[i];
        const struct lg_goroutines *g = shot->capture->goroutines;
        struct lg_map by_function;
        lg_map_init(&by_function, c->arena);
        if (g == NULL || !is_in_growth(c, shot)) {
            continue;
        }
        lg_each(item, g->items) {
            struct call call = {.shot = shot, .goroutine = item->id};
            if (!is_at_work(g, item) || !user_frame(c, g, item, &call.where)) {
                continue;
            }
            call.leaf = lg_case_leaf(c, g->frames.items + item->frame_first,
                                     item->frame_count);
            call.dumps = count_dumps(c, &call);
            bool most = holds_most_of(shot, call.where.function, &by_function);
            call.dumps += most && call.dumps == 0;
            call.weight = call.dumps == 0 ? 0 : weigh(g, item, &call);
            call.weight += most ? 4000 : 0;
            if (call.weight > best->weight) {
                *best = call;
            }
        }
    }
    return best->dumps > 0;
}

/* The heap must be what rose: its statistics, taken at once, say so. */
static bool heap_rose(const struct lg_case *c)
{
    const struct lg_shot *last = lg_case_last_memstats(c);
    if (last == NULL) {
        return true; /* nothing speaks against */
    }
    const struct lg_memstats *stats = last->capture->memstats;
    bool in_growth = is_in_growth(c, last);
    return !in_growth ||
           stats->heap_sys_bytes.value > stats->stack_inuse_bytes.value;
}

void lg_judge_unseen_burst(struct lg_case *c, struct lg_verdict *verdict)
{
    struct call call = {0};
    struct lg_heap_view v = {0};
    bool quick = c->from_level || c->growth_ns <= SHORT_NS;
    bool seen = lg_heap_look(c, &v) && lg_heap_is_dominant(c, &v);
    if (!c->oom || !quick || seen || is_explained(verdict) || !heap_rose(c) ||
        !find_call(c, &call) || is_blamed(verdict, &call.where)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_HEAP_BURST);
    if (f == NULL) {
        return;
    }
    f->where = call.where;
    f->where_role = LG_STR("under way");
    f->leaf = call.leaf;
    f->proof = LG_STR("signature");
    f->confidence =
        0.6 + (call.dumps >= 2 ? 0.12 : 0) + (c->from_level ? 0.1 : 0);
    f->bytes = lg_known(c->growth_bytes);
    f->share = lg_share(c->growth_bytes, c->usage_bytes);
    f->rate_bytes_per_s = c->growth_ns > 0 ? (double)c->growth_bytes /
                                                 ((double)c->growth_ns / 1e9)
                                           : 0;
    f->summary = lg_words(
        c,
        "usage stood at %s, then rose by %s within %s, before any garbage "
        "collection could see what it was; this call was under way",
        lg_say_bytes(c, c->base_bytes), lg_say_bytes(c, c->growth_bytes),
        lg_say_ns(c, c->growth_ns));
    f->fix = LG_STR("Bound the size before allocating or reading: a limit on "
                    "the request, io.LimitReader, pages instead of all.");
    lg_cite(c, f, "dumps in which the call was under way", (double)call.dumps,
            "count", call.shot->capture, "goroutines.txt");
    lg_cite(c, f, "the growth took", (double)c->growth_ns, "ns", NULL,
            "timeline.csv");
    lg_cite(c, f, "level before", (double)c->onset_ns, "ns", NULL,
            "timeline.csv");
    lg_cite_against(c, f, "no collection has told what of it would stay", 0, "",
                    NULL, "captures");
}

/* What each collection that was seen left alive. */
struct survivors {
    const struct lg_shot *first, *last;
    uint64_t first_bytes, last_bytes, gc_count;
    size_t collections, rising;
};

/* While usage stood: what was alive then is not what grew. */
static bool is_of_level(const struct lg_case *c, const struct lg_shot *shot)
{
    return c->from_level && !is_in_growth(c, shot);
}

static void follow_survivors(const struct lg_case *c, struct survivors *s)
{
    lg_each(shot, c->shots) {
        const struct lg_memstats *m = shot->capture->memstats;
        if (m == NULL || !m->heap_marked_bytes.known || !m->gc_count.known ||
            m->gc_count.value == 0 || m->gc_count.value == s->gc_count) {
            continue;
        }
        if (s->first == NULL || is_of_level(c, shot)) {
            *s = (struct survivors){.first = shot,
                                    .first_bytes = m->heap_marked_bytes.value};
        }
        s->rising +=
            s->last != NULL && m->heap_marked_bytes.value > s->last_bytes;
        s->collections++;
        s->gc_count = m->gc_count.value;
        s->last = shot;
        s->last_bytes = m->heap_marked_bytes.value;
    }
}

/* The shot with least garbage: soon after the last collection, when what it
 * found dead has been swept. NULL: no profile up to now. */
static const struct lg_shot *cleanest(const struct lg_case *c,
                                      const struct survivors *s)
{
    const struct lg_shot *best = NULL;
    lg_each(shot, c->shots) {
        const struct lg_memstats *m = shot->capture->memstats;
        const struct lg_capture *capture = shot->capture;
        bool has_profile = capture->heap_now != NULL || capture->heap != NULL;
        if (m != NULL && has_profile && m->heap_alloc_bytes.known &&
            m->gc_count.value == s->gc_count &&
            (best == NULL ||
             m->heap_alloc_bytes.value <
                 best->capture->memstats->heap_alloc_bytes.value)) {
            best = shot;
        }
    }
    return best;
}

/* The line that most of what is there was allocated by. false: none plainly. */
static bool find_holder(struct lg_case *c, const struct survivors *s,
                        struct lg_finding *f)
{
    const struct lg_shot *shot = cleanest(c, s);
    if (shot == NULL) {
        return false;
    }
    const struct lg_profile *heap = shot->capture->heap_now != NULL
                                        ? shot->capture->heap_now
                                        : shot->capture->heap;
    const struct lg_heap_sites *sites = lg_heap_sites_of(c, heap);
    if (sites == NULL || sites->items.count == 0) {
        return false;
    }
    const struct lg_heap_site *site = &sites->items.items[0];
    if (!site->has_user || (double)site->inuse_bytes <
                               MIN_SITE_SHARE * (double)sites->total_bytes) {
        return false;
    }
    f->where = site->where;
    f->where_role = LG_STR("allocates here");
    f->leaf = site->leaf;
    lg_cite(c, f, "allocated by this line and not collected",
            (double)site->inuse_bytes, "bytes", shot->capture, LG_HEAP_NOW);
    return true;
}

static bool has_survivors(const struct lg_case *c, const struct survivors *s)
{
    double grown = (double)s->last_bytes - (double)s->first_bytes;
    double moving =
        (double)c->usage_bytes - (double)lg_case_still_bytes(c, s->last);
    bool many = s->collections >= MIN_COLLECTIONS &&
                (double)s->last_bytes >= GROWN_FACTOR * (double)s->first_bytes;
    bool much = s->collections >= 2 && grown >= MIN_LIVE_GROWTH * moving;
    return s->last != NULL && s->rising + 1 >= s->collections &&
           (many || much) && (double)s->last_bytes >= MIN_LIVE_RATIO * moving;
}

static void describe_leak(struct lg_case *c, struct lg_finding *f,
                          const struct survivors *s, bool has_line)
{
    f->summary = lg_words(
        c,
        "what the garbage collections left alive grew from %s to %s, each "
        "time%s",
        lg_say_bytes(c, s->first_bytes), lg_say_bytes(c, s->last_bytes),
        has_line ? "; most of it was allocated here"
                 : "; no heap profile tells by which line");
    f->fix = has_line ? LG_STR("What is stored here is not removed in time: "
                               "bound the cache, list or queue, delete entries "
                               "when they are done.")
                      : LG_STR("Run it under lastgasp run, which switches the "
                               "heap profile on, or import _ "
                               "\"net/http/pprof\"; then the line is named.");
}

void lg_judge_unseen_leak(struct lg_case *c, struct lg_verdict *verdict)
{
    struct survivors s = {0};
    struct lg_live live;
    lg_live_look(c, &live);
    follow_survivors(c, &s);
    /* A load that is over: what came since need not stay. */
    if (!c->oom || live.level || live.slowed || is_explained(verdict) ||
        lg_find_cause(verdict, LG_CAUSE_HEAP_LEAK) != NULL || s.last == NULL ||
        !has_survivors(c, &s)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_HEAP_LEAK);
    if (f == NULL) {
        return;
    }
    f->proof = LG_STR("growth");
    f->bytes = lg_known(s.last_bytes);
    f->share = lg_share(s.last_bytes, s.last->usage_bytes);
    lg_cite(c, f, "alive after a collection", (double)s.first_bytes, "bytes",
            s.first->capture, "heap.txt");
    lg_cite(c, f, "alive after the last one", (double)s.last_bytes, "bytes",
            s.last->capture, "heap.txt");
    lg_cite(c, f, "collections seen", (double)s.collections, "count",
            s.last->capture, "heap.txt");
    bool has_line = find_holder(c, &s, f);
    f->confidence = has_line ? 0.75 : 0.65;
    describe_leak(c, f, &s, has_line);
}
