/* SPDX-License-Identifier: Apache-2.0 */
/* goroutine-leak and goroutine-burst: goroutines that stand at one place and
 * only become more. What they do there tells the two apart: parked for good,
 * or busy (runnable, sleeping, in I/O) after having been made at once. */
#include "diagnose/suspect.h"

/* "Within seconds": a fan-out is made at once, a leak over the life. */
#define AT_ONCE_NS (5 * UINT64_C(1000000000))
#define AT_ONCE_RATE 3000
#define MAX_STACK_FRAMES 24
/* Goroutines for each thread, at most, that are the same matter. */
#define MAX_PER_THREAD 2

#define DWARFED_FACTOR 10
#define LIGHT_SHARE 0.05
/* Usage has grown by this much since all of them were there: they are not what
 * grew. */
#define GROWN_WITHOUT_RATIO 1.5
/* … and no more than this part of it is their own. */
#define OWN_DIVISOR 4
/* A profile is one collection behind: two later it has all of then. */
#define TELLING_CYCLES 2

static uint64_t ns_between(const struct lg_shot *from, const struct lg_shot *to)
{
    return to->capture->t_ns - from->capture->t_ns;
}

/* While they were made: from the calm before to when there were no more. */
static double growth_rate(const struct lg_suspect *s)
{
    const struct lg_shot *until = s->complete != NULL ? s->complete : s->last;
    const struct lg_shot *from = s->made_since;
    uint64_t before = s->made_from_count;
    if (s->seen < 2 || until <= from) {
        return 0;
    }
    uint64_t ns = ns_between(from, until);
    return ns == 0 || s->count < before
               ? 0
               : (double)(s->count - before) / ((double)ns / 1e9);
}

/* Most of them within seconds; or so many every second, after a calm. */
static bool made_at_once(const struct lg_suspect *s)
{
    return ns_between(s->made_since, s->last) <= AT_ONCE_NS ||
           (s->complete != NULL &&
            ns_between(s->made_since, s->complete) <= AT_ONCE_NS);
}

/* … after a time at least as long without: what came at one rate from the start
 * on is no storm, however short the life. */
static bool came_after_calm(const struct lg_suspect *s)
{
    return made_at_once(s) &&
           s->made_since->capture->t_ns >= s->last->capture->t_ns / 2;
}

static bool is_burst(const struct lg_case *c, const struct lg_suspect *s)
{
    bool at_once = made_at_once(s);
    bool fast = at_once || growth_rate(s) >= AT_ONCE_RATE;
    /* What the standard library starts by itself (a connection's reader and
     * writer) does I/O for as long as its connection is not closed. */
    bool own = !lg_frame_is_std(s->site.start.function,
                                c->in->subject.build.module.path);
    return s->site.leaked_count == 0 &&
           ((s->parked_ratio <= LG_PARKED_RATIO && fast && own) ||
            s->most_ended || (s->some_ended && came_after_calm(s)));
}

static bool is_light(const struct lg_suspect *s)
{
    return lg_suspect_share(s) < LIGHT_SHARE;
}

/* All were there while usage was less than in the end, and what came since is
 * not theirs: a pool that was made and stays. What a storm's goroutines
 * allocate once they are there is not known before collections have seen it. */
static bool is_pool(const struct lg_case *c, const struct lg_suspect *s,
                    bool burst)
{
    const struct lg_shot *then = s->complete, *last = s->last;
    bool may_allocate = burst && !is_light(s);
    uint64_t usage = lg_case_usage_by(c, last);
    if (s->seen < 3 || then == NULL || then >= last) {
        return false;
    }
    if (may_allocate) {
        if (lg_shot_cycle(last) < lg_shot_cycle(then) + TELLING_CYCLES) {
            return false;
        }
    } else if ((double)usage >
               GROWN_WITHOUT_RATIO * (double)then->usage_bytes) {
        return true;
    }
    uint64_t own = lg_suspect_bytes_in(c, s, last);
    uint64_t own_then = lg_suspect_bytes_in(c, s, then);
    return lg_case_had_all(c, then, s->site.count, s->site.count, usage) &&
           own <= own_then + (usage - then->usage_bytes) / OWN_DIVISOR;
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
    return lg_shot_dump(shot) != NULL ? "goroutines.txt" : "goroutine.pb.gz";
}

static void cite_counts(struct lg_case *c, struct lg_finding *f,
                        const struct lg_suspect *s)
{
    uint64_t told = UINT64_MAX;
    lg_each(shot, c->shots) {
        if (shot->goroutines == NULL) {
            continue;
        }
        uint64_t count = lg_suspect_count_in(shot, &s->site);
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
    if (s->count != s->site.count) {
        lg_cite(c, f, "with those that were started together with them",
                (double)s->count, "count", s->last->capture,
                dump_file(s->last));
    }
    if (s->some_ended) {
        lg_cite_text(c, f, "of those that waited here before",
                     s->most_ended
                         ? LG_STR("most have gone on: a queue, not a dead end")
                         : LG_STR("some have gone on"),
                     s->last->capture, "goroutines.txt");
    }
}

static double confidence_of(const struct lg_suspect *s, double share)
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

static struct lg_str advice(struct lg_case *c, const struct lg_suspect *s,
                            bool burst)
{
    struct lg_str state = s->site.state;
    if (burst) {
        return LG_STR("Bound how many run at once: a semaphore, a worker pool "
                      "or errgroup.SetLimit.");
    }
    if (lg_str_starts(s->site.start.function,
                      LG_STR("net/http.(*persistConn)."))) {
        /* Go: net/http/transport.go: both loops live as long as the
         * connection, which is free once the body was read and closed. */
        return LG_STR("Each waits on a connection whose answer was not "
                      "finished: read and close the response's Body.");
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
                     const struct lg_suspect *s, bool burst)
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
        f->summary = lg_words(c, "%s goroutines wait in `%.*s`%s%.*s", count,
                              LG_STR_ARG(s->site.state),
                              s->none_ended ? " and none has ended" : "",
                              LG_STR_ARG(grows));
    }
}

static void report(struct lg_case *c, struct lg_verdict *verdict,
                   const struct lg_suspect *s, bool burst)
{
    struct lg_finding *f = lg_add_finding(
        c, verdict, burst ? LG_CAUSE_GOROUTINE_BURST : LG_CAUSE_GOROUTINE_LEAK);
    if (f == NULL) {
        return;
    }
    uint64_t bytes = s->stack_bytes + s->heap_bytes;
    f->bytes = lg_known(bytes);
    f->share = lg_suspect_share(s);
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
    lg_suspect_claim(c, s);
}

/* Goroutines that hold a thread each are spoken of with their threads. */
static bool is_thread_leak(const struct lg_verdict *verdict,
                           const struct lg_suspect *s)
{
    lg_each(f, verdict->findings) {
        if (f->cause == LG_CAUSE_THREAD_LEAK && f->where.function.len > 0 &&
            (lg_frame_same(&f->where, &s->where) ||
             lg_frame_same(&f->where, &s->site.created_by)) &&
            s->count <= MAX_PER_THREAD * f->count.value) {
            return true;
        }
    }
    return false;
}

/* A few beside a storm of many more, and hardly any memory of their own. */
static bool is_dwarfed(const struct lg_case *c,
                       const struct lg_suspect *suspects, size_t count,
                       const struct lg_suspect *s)
{
    for (size_t i = 0; i < count; i++) {
        if (is_burst(c, &suspects[i]) &&
            s->count * DWARFED_FACTOR < suspects[i].count && is_light(s)) {
            return true;
        }
    }
    return false;
}

static void judge(struct lg_case *c, struct lg_verdict *verdict, bool burst)
{
    struct lg_suspect suspects[LG_MAX_SUSPECTS];
    size_t count = lg_suspects_find(c, suspects);
    for (size_t i = 0; i < count; i++) {
        if (is_burst(c, &suspects[i]) == burst &&
            !is_pool(c, &suspects[i], burst) &&
            !is_dwarfed(c, suspects, count, &suspects[i]) &&
            !is_thread_leak(verdict, &suspects[i])) {
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
