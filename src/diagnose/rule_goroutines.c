/* SPDX-License-Identifier: Apache-2.0 */
/* goroutine-leak and goroutine-burst: goroutines that stand at one place and
 * only become more. What they do there tells the two apart: parked for good,
 * or busy (runnable, sleeping, in I/O) after having been made at once. */
#include "base/map.h"
#include "diagnose/heap_view.h"

#include <assert.h>

/* A program at rest has tens of goroutines and pools of some hundreds; what
 * grew by less says nothing unless it holds much memory. */
#define MIN_GROWN_COUNT 100
#define FEW_GROWN_COUNT 20
#define FEW_MIN_SHARE 0.25
#define GROWN_FACTOR 3
/* Without a death, growth must be plain: this many, and still going on. */
#define ALIVE_MIN_COUNT 1000
#define ALIVE_MIN_SHARE 0.1
/* The smallest stack that the runtime gives. */
#define MIN_STACK_BYTES 2048
#define PARKED_RATIO 0.5
/* Of goroutines that were parked before, this share is still there. */
#define SURVIVAL_RATIO 0.9
/* Objects for each goroutine, at most, over all captures. */
#define TRACKS_MIN_RATIO 0.75
#define TRACKS_MAX_RATIO 1.15
#define TRACKS_STEADY_RATIO 0.4
#define TRACKS_STACK_SHARE 0.1
/* "Within seconds": a fan-out is made at once, a leak over the life. */
#define AT_ONCE_NS (5 * UINT64_C(1000000000))
#define AT_ONCE_RATE 3000
/* Counts this close are one matter. */
#define COMPANION_RATIO 0.03
#define MAX_SUSPECTS 8
#define MAX_STACK_FRAMES 24

struct suspect {
    struct lg_goroutine_site site; /* in the last capture */
    uint64_t first_count;
    const struct lg_shot *first, *last;
    const struct lg_shot *heap; /* the last with a heap profile; NULL: none */
    bool grows;                 /* never fell between captures */
    bool grows_on;         /* also from the last capture but one to the last */
    size_t seen;           /* captures that counted it */
    struct lg_frame where; /* resolved */
    bool where_by_caller;  /* through who called the creator */
    uint64_t stack_bytes, heap_bytes;
    uint64_t count; /* of all sites joined into this suspect */
    double parked_ratio;
    bool some_ended; /* goroutines that were parked there are gone */
};

static uint64_t count_in(const struct lg_shot *shot,
                         const struct lg_goroutine_site *like)
{
    const struct lg_goroutine_site *site =
        lg_goroutine_site_find(shot->goroutines, like);
    return site != NULL ? site->count : 0;
}

static void follow(const struct lg_case *c, struct suspect *s)
{
    uint64_t before = 0;
    s->grows = true;
    lg_each(shot, c->shots) {
        if (shot->goroutines == NULL) {
            continue;
        }
        uint64_t count = count_in(shot, &s->site);
        if (s->first == NULL) {
            s->first = shot;
            s->first_count = count;
        }
        s->seen++;
        s->grows = s->grows && count + count / 10 >= before;
        s->grows_on = count > before + before / 20;
        before = count > before ? count : before;
        s->last = shot;
    }
}

/* Details of the site that only a text dump has. */
static void add_details(const struct lg_case *c, struct suspect *s)
{
    for (size_t i = c->shots.count; i-- > 0;) {
        const struct lg_shot *shot = &c->shots.items[i];
        const struct lg_goroutine_site *site =
            shot->goroutines != NULL
                ? lg_goroutine_site_find(shot->goroutines, &s->site)
                : NULL;
        if (site != NULL && site->created_by.function.len > 0) {
            s->site.created_by = site->created_by;
            s->site.creator_id = site->creator_id;
            s->site.dump = site->dump;
            s->site.example = site->example;
            s->site.state = site->state;
            s->site.leaked_count = site->leaked_count;
            if (site->longest_wait_ns > s->site.longest_wait_ns) {
                s->site.longest_wait_ns = site->longest_wait_ns;
            }
            return;
        }
    }
}

/* The parent's own stack, when the dump has it, passes through the creator. */
static bool parent_line(const struct lg_case *c, const struct suspect *s,
                        struct lg_frame *frame_ret)
{
    const struct lg_goroutines *g = s->site.dump;
    if (s->site.creator_id == 0 || g == NULL ||
        s->site.created_by.function.len == 0) {
        return false;
    }
    lg_each(item, g->items) {
        if (item->id == s->site.creator_id &&
            lg_goroutine_user_frame(c, g, item, s->site.created_by.function,
                                    frame_ret)) {
            return true;
        }
    }
    return false;
}

/* "net/http.(*Transport)." of a method: the creator may run in a goroutine of
 * its own, but somebody called another method of the same object. Empty for
 * plain functions. */
static struct lg_str methods_of(struct lg_str function)
{
    struct lg_str none = {NULL, 0};
    ptrdiff_t at = lg_str_find(function, LG_STR(")."));
    return at < 0 ? none : lg_str_first(function, (size_t)at + 2);
}

/* The line to blame: where they stand in the user's code, else who made them,
 * else through which of the user's lines their creator was reached. */
static void resolve_where(const struct lg_case *c, struct suspect *s)
{
    const struct lg_goroutine_site *site = &s->site;
    struct lg_frame found;
    if (site->where.function.len > 0) {
        s->where = site->where;
    } else if (site->created_by.function.len > 0 &&
               lg_case_is_user(c, &site->created_by)) {
        s->where = site->created_by;
    } else if (parent_line(c, s, &found) ||
               lg_case_user_caller(c, site->created_by.function, &found) ||
               lg_case_user_caller(c, methods_of(site->created_by.function),
                                   &found)) {
        s->where = found;
        s->where_by_caller = true;
    }
}

static bool passes(const struct lg_frame *frame, struct lg_str function)
{
    return function.len > 0 && lg_str_eq(frame->function, function);
}

/* Allocated by a function of the user's that the goroutine is still in, or
 * further in from the very call. main's frames hold everything. */
static bool stands_in(const struct lg_case *c, const struct suspect *s,
                      const struct lg_frame *frame)
{
    const struct lg_goroutines *g = s->site.dump;
    if (g == NULL || lg_str_eq(frame->function, LG_STR("main.main"))) {
        return false;
    }
    bool is_user = lg_case_is_user(c, frame);
    const struct lg_goroutine *item = &g->items.items[s->site.example];
    for (uint32_t i = 0; i < item->frame_count; i++) {
        const struct lg_frame *f = &g->frames.items[item->frame_first + i];
        if (is_user ? lg_str_eq(f->function, frame->function)
                    : lg_frame_same(f, frame)) {
            return true;
        }
    }
    return false;
}

/* A sample of memory that these goroutines hold: allocated in them, by their
 * creator, by the line that is to blame, or further in from a call that they
 * are still in. A start function of the standard library (a server's
 * connection) is behind too much to be a link, and so is main. */
static bool pins(const struct lg_case *c, const struct suspect *s,
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

static int64_t pinned_bytes(const struct lg_case *c, const struct suspect *s,
                            const struct lg_profile *heap)
{
    int space = lg_profile_type(heap, LG_STR("inuse_space"));
    int64_t bytes = 0;
    for (size_t i = 0; space >= 0 && i < heap->sample_nodes.count; i++) {
        bytes += pins(c, s, heap, i) ? lg_profile_value(heap, i, space) : 0;
    }
    return bytes > 0 ? bytes : 0;
}

/* Objects of this line come with the goroutines: one for each and never more,
 * or, where the goroutines' stacks alone weigh much, in the same proportion in
 * every profile. (A profile is older than the count beside it.) */
static bool tracks(const struct lg_case *c, const struct suspect *s,
                   const struct lg_heap_site *site)
{
    double most = 0, least = 0;
    int64_t before = 0;
    size_t profiles = 0;
    lg_each(shot, c->shots) {
        if (shot->heap == NULL || shot->goroutines == NULL) {
            continue;
        }
        const struct lg_heap_site *then =
            lg_heap_site_find(shot->heap, &site->where);
        uint64_t count = count_in(shot, &s->site);
        if (then == NULL || count < FEW_GROWN_COUNT ||
            then->inuse_count == before) {
            continue;
        }
        double ratio = (double)then->inuse_count / (double)count;
        bool stale = before == 0; /* the first may have been much older */
        before = then->inuse_count;
        if (stale) {
            continue;
        }
        most = ratio > most ? ratio : most;
        least = profiles++ == 0 || ratio < least ? ratio : least;
    }
    bool one_each = most >= TRACKS_MIN_RATIO && most <= TRACKS_MAX_RATIO;
    bool steady = profiles >= 2 && least >= TRACKS_STEADY_RATIO * most;
    return one_each ||
           (steady && lg_share(s->stack_bytes, s->last->usage_bytes) >=
                          TRACKS_STACK_SHARE);
}

static int64_t tracked_bytes(const struct lg_case *c, const struct suspect *s)
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

static void weigh_memory(const struct lg_case *c, struct suspect *s)
{
    assert(s->last != NULL); /* the site is in a capture */
    const struct lg_memstats *stats = s->last->capture->memstats;
    const struct lg_profile *heap = NULL;
    uint64_t total = s->last->goroutines->total;
    s->heap = lg_case_last(c, true, false);
    heap = s->heap != NULL ? s->heap->capture->heap : NULL;
    s->count = s->site.count;
    s->stack_bytes = s->site.count * MIN_STACK_BYTES;
    if (stats != NULL && stats->stack_inuse_bytes.known && total > 0) {
        s->stack_bytes = (uint64_t)((double)stats->stack_inuse_bytes.value *
                                    (double)s->site.count / (double)total);
    }
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

static bool was_parked(const struct lg_goroutines *g,
                       const struct lg_goroutine *item, const struct suspect *s)
{
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    for (uint32_t i = 0; i < item->frame_count; i++) {
        if (s->site.where.function.len > 0
                ? lg_frame_same(&frames[i], &s->site.where)
                : lg_frame_same(&frames[i], &s->site.leaf)) {
            return true;
        }
    }
    return false;
}

static const struct lg_goroutines *text_of(const struct lg_shot *shot)
{
    const struct lg_goroutines *g = shot->capture->goroutines;
    return g != NULL && !g->truncated ? g : NULL;
}

/* Do goroutines that stood there in an earlier dump exist in a later one? A
 * queue in front of a bounded worker looks like a leak but moves on. */
static void check_survival(struct lg_case *c, struct suspect *s)
{
    const struct lg_goroutines *early = NULL, *late = NULL;
    struct lg_map alive;
    uint64_t parked = 0, survived = 0;
    lg_each(shot, c->shots) {
        const struct lg_goroutines *g = text_of(shot);
        if (g != NULL && shot->goroutines != NULL &&
            count_in(shot, &s->site) >= FEW_GROWN_COUNT) {
            early = early == NULL ? g : early;
            late = g;
        }
    }
    if (early == NULL || late == early) {
        return;
    }
    lg_map_init(&alive, c->arena);
    lg_each(item, late->items) {
        if (lg_map_put_u64(&alive, item->id, NULL) == NULL) {
            c->failed = true;
            return;
        }
    }
    lg_each(item, early->items) {
        if (was_parked(early, item, s)) {
            parked++;
            survived += lg_map_find_u64(&alive, item->id) != NULL;
        }
    }
    s->some_ended =
        parked > 0 && (double)survived < SURVIVAL_RATIO * (double)parked;
}

/* The heap profile knows what the last collection saw; what was allocated
 * since is spread over the lines as that was. */
static double share_of(const struct suspect *s)
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

static bool is_suspicious(const struct lg_case *c, const struct suspect *s)
{
    uint64_t grown =
        s->site.count > s->first_count ? s->site.count - s->first_count : 0;
    double share = share_of(s);
    bool alone = s->seen < 2;
    if (alone) {
        return s->site.count >= ALIVE_MIN_COUNT;
    }
    if (!s->grows || s->site.count < GROWN_FACTOR * s->first_count) {
        return false;
    }
    if (!c->oom) {
        return grown >= ALIVE_MIN_COUNT && share >= ALIVE_MIN_SHARE &&
               s->seen >= 3 && s->grows_on && lg_case_alive_and_growing(c);
    }
    /* A few that came at once are calls under way, not ones that got stuck. */
    bool at_once = c->from_level && c->growth_ns <= AT_ONCE_NS;
    return grown >= MIN_GROWN_COUNT ||
           (grown >= FEW_GROWN_COUNT && share >= FEW_MIN_SHARE && !at_once);
}

static double parked_ratio(const struct lg_goroutine_site *site)
{
    return site->count == 0
               ? 0
               : (double)site->by_class[LG_WAIT_PARKED] / (double)site->count;
}

/* Goroutines of somebody else's code that come in the same number were made
 * together, even when nothing tells who made the one kind. */
static bool are_companions(const struct suspect *a, const struct suspect *b)
{
    uint64_t more =
        a->site.count > b->site.count ? a->site.count : b->site.count;
    uint64_t fewer = a->site.count + b->site.count - more;
    bool same_creator =
        a->site.created_by.function.len > 0 &&
        lg_str_eq(a->site.created_by.function, b->site.created_by.function);
    return (a->where.function.len > 0 || same_creator) &&
           b->where.function.len == 0 &&
           (double)(more - fewer) <= COMPANION_RATIO * (double)more;
}

/* A library's own goroutines (a connection's reader and writer) are there
 * because of the user's goroutines that stand in that library. */
static bool is_consequence(const struct suspect *of, const struct suspect *s)
{
    const struct lg_goroutines *g = of->site.dump;
    struct lg_str package = lg_frame_package(s->site.start.function);
    if (of->where.function.len == 0 || of->where_by_caller || g == NULL ||
        s->site.where.function.len > 0 || package.len == 0) {
        return false;
    }
    const struct lg_goroutine *item = &g->items.items[of->site.example];
    for (uint32_t i = 0; i < item->frame_count; i++) {
        struct lg_str function =
            g->frames.items[item->frame_first + i].function;
        if (lg_str_eq(lg_frame_package(function), package)) {
            return true;
        }
    }
    return false;
}

/* Sites that the same line is to blame for are one suspect; the one that
 * holds more memory lends its leaf and its wait. */
static bool join(struct suspect *suspects, size_t count,
                 const struct suspect *next)
{
    for (size_t i = 0; i < count; i++) {
        struct suspect *s = &suspects[i];
        bool same_line =
            s->where.function.len > 0 && lg_frame_same(&s->where, &next->where);
        bool alike = (s->parked_ratio > PARKED_RATIO) ==
                     (next->parked_ratio > PARKED_RATIO);
        bool by_library = s->where_by_caller || next->where_by_caller;
        if ((!same_line && !are_companions(s, next)) ||
            (!alike && !by_library)) {
            continue;
        }
        uint64_t stacks = s->stack_bytes + next->stack_bytes;
        uint64_t all = s->count + next->count;
        uint64_t first = s->first_count + next->first_count;
        bool better = s->where_by_caller && !next->where_by_caller &&
                      next->where.function.len > 0;
        if (better ||
            (next->where.function.len > 0 && next->heap_bytes > s->heap_bytes &&
             (s->where_by_caller || !next->where_by_caller))) {
            *s = *next;
        }
        s->stack_bytes = stacks;
        s->count = all;
        s->first_count = first;
        return true;
    }
    return false;
}

/* Once more: one without a line may have come before its companion. */
static size_t join_companions(struct suspect *suspects, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct suspect s = suspects[i];
        bool joined = false;
        for (size_t k = 0; k < count && !joined; k++) {
            joined =
                k != i && (is_consequence(&suspects[k], &s) ||
                           (are_companions(&suspects[k], &s) &&
                            (suspects[k].where.function.len > 0 || k < i)));
        }
        if (!joined) {
            suspects[kept++] = s;
        }
    }
    return kept;
}

static size_t find_suspects(struct lg_case *c, struct suspect *suspects)
{
    const struct lg_shot *last = lg_case_last(c, false, true);
    size_t count = 0;
    if (last == NULL) {
        return 0;
    }
    lg_each(site, last->goroutines->items) {
        struct suspect s = {.site = *site};
        follow(c, &s);
        add_details(c, &s);
        resolve_where(c, &s);
        weigh_memory(c, &s);
        if (!is_suspicious(c, &s)) {
            continue;
        }
        s.parked_ratio = parked_ratio(&s.site);
        check_survival(c, &s);
        if (!join(suspects, count, &s) && count < MAX_SUSPECTS) {
            suspects[count++] = s;
        }
    }
    return join_companions(suspects, count);
}

static double growth_rate(const struct suspect *s)
{
    uint64_t ns = s->last->capture->t_ns - s->first->capture->t_ns;
    return s->seen < 2 || ns == 0
               ? 0
               : (double)(s->count - s->first_count) / ((double)ns / 1e9);
}

static bool is_burst(const struct lg_case *c, const struct suspect *s)
{
    uint64_t ns = s->last->capture->t_ns - s->first->capture->t_ns;
    bool at_once = ns <= AT_ONCE_NS || growth_rate(s) >= AT_ONCE_RATE;
    /* What the standard library starts by itself (a connection's reader and
     * writer) does I/O for as long as its connection is not closed. */
    bool own = !lg_frame_is_std(s->site.start.function,
                                c->in->subject.build.module.path);
    return s->site.leaked_count == 0 &&
           ((s->parked_ratio <= PARKED_RATIO && at_once && own) ||
            s->some_ended);
}

static void copy_stack(struct lg_case *c, struct lg_finding *f,
                       const struct lg_goroutine_site *site)
{
    if (site->dump == NULL) {
        return;
    }
    const struct lg_goroutine *item = &site->dump->items.items[site->example];
    for (uint32_t i = 0; i < item->frame_count && i < MAX_STACK_FRAMES; i++) {
        struct lg_frame *slot = lg_push(c->arena, &f->stack);
        if (slot == NULL) {
            c->failed = true;
            return;
        }
        *slot = site->dump->frames.items[item->frame_first + i];
    }
}

static const char *dump_file(const struct lg_shot *shot)
{
    return text_of(shot) != NULL ? "goroutines.txt" : "goroutine.pb.gz";
}

static void cite_counts(struct lg_case *c, struct lg_finding *f,
                        const struct suspect *s)
{
    uint64_t told = UINT64_MAX;
    lg_each(shot, c->shots) {
        if (shot->goroutines == NULL) {
            continue;
        }
        uint64_t count = count_in(shot, &s->site);
        bool news =
            told == UINT64_MAX || count > told + told / 4 || shot == s->last;
        if (news) {
            lg_cite(c, f, "goroutines at this place", (double)count, "count",
                    shot->capture, dump_file(shot));
            told = count;
        }
    }
    lg_cite(c, f, "their stacks", (double)s->stack_bytes, "bytes",
            s->last->capture, "heap.txt");
    if (s->heap_bytes > 0) {
        lg_cite(c, f, "heap that they and their creator allocated",
                (double)s->heap_bytes, "bytes", s->last->capture, "heap.pb.gz");
    }
    if (s->site.leaked_count > 0) {
        lg_cite(c, f, "proven unreachable by the garbage collector",
                (double)s->site.leaked_count, "count", s->last->capture,
                dump_file(s->last));
    }
    if (s->some_ended) {
        lg_cite_text(c, f, "some that waited here before have gone on",
                     LG_STR("a queue, not a dead end"), s->last->capture,
                     "goroutines.txt");
    }
}

static double confidence_of(const struct suspect *s, double share)
{
    double confidence = 0.55;
    if (s->site.leaked_count > 0) {
        return 0.99;
    }
    confidence += s->seen >= 3 ? 0.12 : 0;
    confidence += s->seen >= 2 ? 0.08 : 0;
    confidence += share >= 0.3 ? 0.1 : 0;
    confidence += s->count >= 1000 ? 0.06 : 0;
    confidence += s->where.function.len > 0 ? 0.06 : 0;
    return confidence;
}

static struct lg_str advice(struct lg_case *c, const struct suspect *s,
                            bool burst)
{
    struct lg_str state = s->site.state;
    if (burst) {
        return LG_STR("Bound how many run at once: a semaphore, a worker pool "
                      "or errgroup.SetLimit.");
    }
    if (s->where_by_caller) {
        return lg_words(c,
                        "Each call starts goroutines that live on inside %.*s. "
                        "Make it once and share it, or stop it when done.",
                        LG_STR_ARG(lg_frame_package(s->site.leaf.function)));
    }
    if (lg_str_starts(state, LG_STR("chan receive"))) {
        return LG_STR(
            "Nobody sends or closes any more: close the channel "
            "when the producer is done, or also wait for ctx.Done().");
    }
    if (lg_str_starts(state, LG_STR("chan send"))) {
        return LG_STR("Nobody receives: give the channel a buffer for the "
                      "result, or select on ctx.Done() beside the send.");
    }
    if (lg_str_starts(state, LG_STR("select"))) {
        return LG_STR("None of the select's cases becomes ready: add "
                      "ctx.Done() and cancel it when the work is over.");
    }
    if (lg_str_contains(state, LG_STR("ock")) ||
        lg_str_starts(state, LG_STR("semacquire"))) {
        return LG_STR("They wait for a lock or a wait group that is never "
                      "released: find who holds it and returns early.");
    }
    return LG_STR("Give each goroutine an end: a context, a closed channel or "
                  "a deadline.");
}

static void describe(struct lg_case *c, struct lg_finding *f,
                     const struct suspect *s, bool burst)
{
    const char *count = lg_say_count(c, s->count);
    double rate = growth_rate(s);
    struct lg_str grows = {NULL, 0};
    if (rate >= 1) {
        grows = lg_words(c, "; %s more every second",
                         lg_say_count(c, (uint64_t)rate));
    }
    if (burst) {
        f->summary =
            lg_words(c, "%s goroutines were made%.*s; most are in `%.*s`",
                     count, LG_STR_ARG(grows), LG_STR_ARG(s->site.state));
    } else {
        f->summary =
            lg_words(c, "%s goroutines wait in `%.*s`%s%.*s", count,
                     LG_STR_ARG(s->site.state),
                     s->seen >= 2 && s->grows ? " and none has ended" : "",
                     LG_STR_ARG(grows));
    }
}

/* What these goroutines allocate themselves, and who makes them, is explained
 * by this finding. */
static void claim_lines(struct lg_case *c, const struct suspect *s)
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
    for (size_t i = 0; i < heap->sample_nodes.count; i++) {
        struct lg_frame where = lg_heap_sample_where(c, heap, i);
        if (pins(c, s, heap, i)) {
            lg_case_claim(c, &where);
        }
    }
}

static void report(struct lg_case *c, struct lg_verdict *verdict,
                   const struct suspect *s, bool burst)
{
    struct lg_finding *f = lg_add_finding(
        c, verdict, burst ? LG_CAUSE_GOROUTINE_BURST : LG_CAUSE_GOROUTINE_LEAK);
    if (f == NULL) {
        return;
    }
    uint64_t bytes = s->stack_bytes + s->heap_bytes;
    f->bytes = lg_known(bytes);
    f->share = share_of(s);
    f->confidence = confidence_of(s, f->share);
    f->proof = s->site.leaked_count > 0 ? LG_STR("unreachable")
               : s->seen >= 2           ? LG_STR("growth")
                                        : LG_STR("signature");
    f->where = s->where;
    f->where_role = LG_STR("blocked here");
    if (burst && s->site.created_by.function.len > 0 &&
        lg_case_is_user(c, &s->site.created_by)) {
        f->where = s->site.created_by;
        f->where_role = LG_STR("starts them");
    } else if (s->where_by_caller) {
        f->where_role = LG_STR("starts them");
    }
    f->leaf = s->site.leaf;
    f->created_by = s->site.created_by;
    f->wait_reason = s->site.state;
    f->wait_count = lg_known(s->count);
    f->wait_longest_ns = s->site.longest_wait_ns > 0
                             ? lg_known(s->site.longest_wait_ns)
                             : (struct lg_num){false, 0};
    f->count = lg_known(s->count);
    f->count_rate_per_s = growth_rate(s);
    f->fix = advice(c, s, burst);
    describe(c, f, s, burst);
    cite_counts(c, f, s);
    copy_stack(c, f, &s->site);
    claim_lines(c, s);
}

static void judge(struct lg_case *c, struct lg_verdict *verdict, bool burst)
{
    struct suspect suspects[MAX_SUSPECTS];
    size_t count = find_suspects(c, suspects);
    for (size_t i = 0; i < count; i++) {
        if (is_burst(c, &suspects[i]) == burst) {
            report(c, verdict, &suspects[i], burst);
        }
    }
}

void lg_judge_goroutine_leak(struct lg_case *c, struct lg_verdict *verdict)
{
    judge(c, verdict, false);
}

void lg_judge_goroutine_burst(struct lg_case *c, struct lg_verdict *verdict)
{
    judge(c, verdict, true);
}
