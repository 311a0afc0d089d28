/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/diagnose.h"

#include "diagnose/rule.h"

#include <stdlib.h>

/* More than this part of the memory unexplained: look for a better reading. */
#define MAX_REST_DIVISOR 8

struct lg_finding *lg_add_finding(struct lg_case *c, struct lg_verdict *verdict,
                                  enum lg_cause cause)
{
    struct lg_finding *f = lg_push(c->arena, &verdict->findings);
    if (f == NULL) {
        c->failed = true;
        return NULL;
    }
    f->cause = cause;
    f->title = lg_str_of(lg_cause_title(cause));
    return f;
}

struct lg_finding *lg_find_cause(const struct lg_verdict *verdict,
                                 enum lg_cause cause)
{
    lg_each(f, verdict->findings) {
        if (f->cause == cause) {
            return f;
        }
    }
    return NULL;
}

bool lg_has_share(const struct lg_verdict *verdict, double share)
{
    lg_each(f, verdict->findings) {
        if (f->share >= share) {
            return true;
        }
    }
    return false;
}

double lg_share(uint64_t bytes, uint64_t of_bytes)
{
    if (of_bytes == 0) {
        return 0;
    }
    double share = (double)bytes / (double)of_bytes;
    return share > 1 ? 1 : share;
}

static unsigned what_is_there(const struct lg_case *c)
{
    unsigned there = 0;
    if (c->in->end.kind != LG_END_UNKNOWN) {
        there |= LG_NEED_END;
    }
    if (c->has_timeline) {
        there |= LG_NEED_TIMELINE;
    }
    lg_each(shot, c->shots) {
        there |= shot->heap != NULL ? LG_NEED_HEAP : 0u;
        there |= shot->goroutines != NULL ? LG_NEED_GOROUTINES : 0u;
        there |= shot->capture->memstats != NULL ? LG_NEED_MEMSTATS : 0u;
        there |= shot->capture->process != NULL ? LG_NEED_PROCESS : 0u;
        there |= shot->capture->cgroup != NULL ? LG_NEED_CGROUP : 0u;
    }
    if (c->in->end.has_oom) {
        there |= LG_NEED_PROCESS; /* the kernel's task table */
    }
    if (c->in->end.fatal_goroutines != NULL) {
        there |= LG_NEED_GOROUTINES;
    }
    return there;
}

static const struct {
    unsigned need;
    const char *missing;
    const char *absent; /* how the loader calls it, to find the reason */
} needs[] = {
    {LG_NEED_HEAP, "a heap profile", "heap"},
    {LG_NEED_GOROUTINES, "a goroutine dump or profile", "goroutine"},
    {LG_NEED_MEMSTATS, "the runtime's memory statistics", "heap"},
    {LG_NEED_PROCESS, "the process's files in /proc", "process"},
    {LG_NEED_CGROUP, "the cgroup's files", "cgroup"},
    {LG_NEED_TIMELINE, "a timeline of memory use", "timeline"},
    {LG_NEED_END, "how the process ended", "end"},
};

static struct lg_str reason_for(const struct lg_case *c, const char *word)
{
    lg_each(absent, c->in->absent) {
        if (lg_str_contains(absent->what, lg_str_of(word)) &&
            absent->reason.len > 0) {
            return absent->reason;
        }
    }
    return lg_str_of("it was not captured");
}

static void not_judged(struct lg_case *c, struct lg_verdict *verdict,
                       const struct lg_rule *rule, unsigned there)
{
    lg_each(known, verdict->not_judged) {
        if (known->cause == rule->cause) {
            return; /* another row of the same cause has said so */
        }
    }
    for (size_t i = 0; i < LG_COUNT(needs); i++) {
        if ((rule->needs & ~there & needs[i].need) == 0) {
            continue;
        }
        struct lg_not_judged *n = lg_push(c->arena, &verdict->not_judged);
        if (n == NULL) {
            c->failed = true;
            return;
        }
        n->cause = rule->cause;
        n->missing = lg_str_of(needs[i].missing);
        n->reason = reason_for(c, needs[i].absent);
        return;
    }
}

/* What one row of a cause could not judge, another row may have found. */
static void drop_found(struct lg_verdict *verdict)
{
    size_t kept = 0;
    lg_each(n, verdict->not_judged) {
        bool found = false;
        lg_each(f, verdict->findings) {
            found = found || f->cause == n->cause;
        }
        if (!found) {
            verdict->not_judged.items[kept++] = *n;
        }
    }
    verdict->not_judged.count = kept;
}

static double weight_of(enum lg_cause cause)
{
    for (size_t i = 0; i < lg_rule_count; i++) {
        if (lg_rules[i].cause == cause) {
            return lg_rules[i].weight;
        }
    }
    return 0;
}

static double rank_of(const struct lg_finding *f)
{
    double weight = weight_of(f->cause);
    double share = f->share > 0.01 ? f->share : 0.01;
    return f->confidence * (weight > 0 ? weight : share);
}

static int by_rank(const void *left, const void *right)
{
    const struct lg_finding *a = left, *b = right;
    double x = rank_of(a), y = rank_of(b);
    if (x != y) {
        return x > y ? -1 : 1;
    }
    return (int)a->cause - (int)b->cause;
}

/* Causes that are a part of the memory say how large a part. */
static void write_titles(struct lg_case *c, struct lg_verdict *verdict)
{
    lg_each(f, verdict->findings) {
        int percent = (int)(f->share * 100 + 0.5);
        if (percent >= 1 && f->cause != LG_CAUSE_NOT_OOM &&
            f->cause != LG_CAUSE_LIMIT_TOO_LOW) {
            f->title = lg_words(c, "%s: %d %% of the memory",
                                lg_cause_title(f->cause), percent);
        }
    }
}

/* Parts and whole were read at moments that fit: what is left over, or too
 * much, is little. */
static bool fits(const struct lg_memory *m)
{
    uint64_t whole =
        m->usage_bytes.known ? m->usage_bytes.value : m->rss_bytes.value;
    uint64_t rest = m->unexplained_bytes < 0
                        ? 0 - (uint64_t)m->unexplained_bytes
                        : (uint64_t)m->unexplained_bytes;
    return rest <= whole / MAX_REST_DIVISOR;
}

/* The last with the runtime's account, or without; one that fits goes before,
 * unless usage was quite another by then. */
static void choose_memory(const struct lg_case *c, struct lg_verdict *verdict)
{
    const struct lg_shot *last = NULL, *fitting = NULL;
    for (size_t i = c->shots.count; i-- > 0;) {
        const struct lg_shot *shot = &c->shots.items[i];
        bool account = shot->capture->memstats != NULL;
        if (!shot->memory.known) {
            continue;
        }
        if (last == NULL || (account && last->capture->memstats == NULL)) {
            last = shot;
        }
        if (fitting == NULL && account && fits(&shot->memory)) {
            fitting = shot;
        }
    }
    if (fitting != NULL && last != fitting &&
        fitting->usage_bytes >= last->usage_bytes / 2) {
        last = fitting;
    }
    if (last != NULL) {
        verdict->memory = last->memory;
    }
}

bool lg_diagnose(const struct lg_incident *in, struct lg_arena *arena,
                 struct lg_verdict *verdict_ret, struct lg_error *err)
{
    struct lg_case c;
    struct lg_verdict verdict = {0};
    bool had_failed = arena->failed;
    if (!lg_case_init(&c, in, arena)) {
        return lg_fail_nomem(err);
    }
    unsigned there = what_is_there(&c);
    for (size_t i = 0; i < lg_rule_count && !c.failed; i++) {
        if ((lg_rules[i].needs & ~there) == 0) {
            lg_rules[i].judge(&c, &verdict);
        } else {
            not_judged(&c, &verdict, &lg_rules[i], there);
        }
    }
    drop_found(&verdict);
    write_titles(&c, &verdict);
    /* A word or a site that found no room is not missed silently either. */
    if (c.failed || arena->failed != had_failed) {
        return lg_fail_nomem(err);
    }
    if (verdict.findings.count > 1) {
        qsort(verdict.findings.items, verdict.findings.count,
              sizeof verdict.findings.items[0], by_rank);
    }
    choose_memory(&c, &verdict);
    verdict.inconclusive = c.oom && verdict.findings.count == 0;
    *verdict_ret = verdict;
    return true;
}
