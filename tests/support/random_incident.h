/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: incidents in which everything is random that may be: strings of any
 * bytes, numbers of any width, lists of any length up to a few. What shows an
 * incident must cope with all of them.
 */
#ifndef LG_TESTS_RANDOM_INCIDENT_H
#define LG_TESTS_RANDOM_INCIDENT_H

#include "rng.h"
#include "sample_incident.h"

static inline bool random_bool(struct lg_rng *rng)
{
    return lg_rng_below(rng, 2) == 0;
}

/* Any bytes, or few characters that mean something somewhere. */
static inline struct lg_str random_str(struct lg_rng *rng,
                                       struct lg_arena *arena)
{
    static const char meaning[] = "<>&\"'`/. \n\t\033\\%2e:=;-[](*)a\xc2\x9b";
    size_t len = lg_rng_below(rng, 3) == 0 ? 0 : lg_rng_below(rng, 50);
    char *data = lg_must(lg_new(arena, char, len + 1));
    if (random_bool(rng))
        lg_rng_fill(rng, data, len);
    else
        lg_rng_text(rng, meaning, sizeof meaning - 1, data, len);
    return lg_str_from(data, len);
}

static inline struct lg_num random_num(struct lg_rng *rng)
{
    return random_bool(rng) ? lg_known(lg_rng_any_width(rng))
                            : (struct lg_num){0};
}

static inline double random_double(struct lg_rng *rng)
{
    static const double odd[] = {0, 1, 0.5, -1, 1e300, -1e300, 1e-300, 0.1};
    size_t which = lg_rng_below(rng, LG_COUNT(odd) + 3);
    if (which < LG_COUNT(odd))
        return odd[which];
    double n = (double)lg_rng_any_width(rng);
    return which == LG_COUNT(odd) ? n : n / 1e9;
}

static inline struct lg_frame random_frame(struct lg_rng *rng,
                                           struct lg_arena *arena)
{
    return (struct lg_frame){random_str(rng, arena), random_str(rng, arena),
                             (uint32_t)lg_rng_any_width(rng)};
}

static inline struct lg_evidence random_fact(struct lg_rng *rng,
                                             struct lg_arena *arena)
{
    static const char *const units[] = {"bytes", "count", "count/s", "bytes/s",
                                        "ns",    "ratio", ""};
    size_t unit = lg_rng_below(rng, LG_COUNT(units) + 1);
    return (struct lg_evidence){
        .fact = random_str(rng, arena),
        .value = random_double(rng),
        .unit = unit < LG_COUNT(units) ? lg_str_of(units[unit])
                                       : random_str(rng, arena),
        .text = random_str(rng, arena),
        .source = random_str(rng, arena),
        .capture = (uint32_t)lg_rng_any_width(rng),
    };
}

static inline void random_finding(struct lg_rng *rng, struct lg_arena *arena,
                                  struct lg_finding *f)
{
    f->cause = (enum lg_cause)lg_rng_below(rng, LG_CAUSE_COUNT);
    f->title = random_str(rng, arena);
    f->summary = random_str(rng, arena);
    f->confidence = random_double(rng);
    f->proof = random_str(rng, arena);
    f->where = random_frame(rng, arena);
    f->leaf = random_bool(rng) ? f->where : random_frame(rng, arena);
    f->created_by = random_frame(rng, arena);
    f->where_role = random_str(rng, arena);
    f->wait_reason = random_str(rng, arena);
    f->wait_count = random_num(rng);
    f->wait_longest_ns = random_num(rng);
    f->bytes = random_num(rng);
    f->share = random_double(rng);
    f->rate_bytes_per_s = random_double(rng);
    f->count_rate_per_s = random_double(rng);
    f->count = random_num(rng);
    f->fix = random_str(rng, arena);
    for (size_t n = lg_rng_below(rng, 4); n > 0; n--)
        *lg_must_push(arena, &f->evidence) = random_fact(rng, arena);
    for (size_t n = lg_rng_below(rng, 4); n > 0; n--)
        *lg_must_push(arena, &f->against) = random_fact(rng, arena);
    for (size_t n = lg_rng_below(rng, 4); n > 0; n--)
        *lg_must_push(arena, &f->stack) = random_frame(rng, arena);
}

static inline void random_subject(struct lg_rng *rng, struct lg_arena *arena,
                                  struct lg_subject *s)
{
    s->pid = (int64_t)lg_rng_any_width(rng);
    s->exe = random_str(rng, arena);
    s->comm = random_str(rng, arena);
    for (size_t n = lg_rng_below(rng, 4); n > 0; n--)
        *lg_must_push(arena, &s->cmdline) = random_str(rng, arena);
    s->build.go_version = random_str(rng, arena);
    s->build.path = random_str(rng, arena);
    s->build.module.path = random_str(rng, arena);
    s->build.build_id = random_str(rng, arena);
    for (size_t n = lg_rng_below(rng, 4); n > 0; n--)
        *lg_must_push(arena, &s->build.deps) =
            (struct lg_module){random_str(rng, arena), random_str(rng, arena)};
    s->started_at_ns = (int64_t)lg_rng_any_width(rng);
    s->cgroup = random_str(rng, arena);
    s->identity.unit = random_str(rng, arena);
    s->identity.container_id = random_str(rng, arena);
    s->identity.pod_uid = random_str(rng, arena);
    s->limit_bytes = random_num(rng);
    s->limit_source = random_str(rng, arena);
    s->gogc = random_str(rng, arena);
}

static inline void random_oom(struct lg_rng *rng, struct lg_arena *arena,
                              struct lg_oom_event *oom)
{
    oom->wall_ns = (int64_t)lg_rng_any_width(rng);
    oom->trigger_comm = random_str(rng, arena);
    oom->trigger_pid = (int64_t)lg_rng_any_width(rng);
    oom->scope = (enum lg_oom_scope)lg_rng_below(rng, LG_OOM_MEMPOLICY + 1);
    oom->constraint = random_str(rng, arena);
    oom->oom_memcg = random_str(rng, arena);
    oom->task_memcg = random_str(rng, arena);
    oom->usage_bytes = random_num(rng);
    oom->limit_bytes = random_num(rng);
    oom->failcnt = random_num(rng);
    oom->host_total_bytes = random_num(rng);
    oom->host_free_bytes = random_num(rng);
    oom->text = random_str(rng, arena);
    for (size_t n = lg_rng_below(rng, 3); n > 0; n--) {
        struct lg_oom_task *v = lg_must_push(arena, &oom->victims);
        v->pid = (int64_t)lg_rng_any_width(rng);
        v->comm = random_str(rng, arena);
        v->anon_rss_bytes = random_num(rng);
        v->has_oom_score_adj = random_bool(rng);
        v->oom_score_adj = (int32_t)lg_rng_any_width(rng);
    }
}

static inline void random_end(struct lg_rng *rng, struct lg_arena *arena,
                              struct lg_end *end)
{
    end->kind = (enum lg_end_kind)lg_rng_below(rng, LG_END_EXIT + 1);
    end->wall_ns = (int64_t)lg_rng_any_width(rng);
    end->t_ns = lg_rng_any_width(rng);
    end->life_ns = lg_rng_any_width(rng);
    end->signal = (int)lg_rng_below(rng, 70);
    end->exit_code = (int)lg_rng_below(rng, 257) - 1;
    end->has_oom = random_bool(rng);
    random_oom(rng, arena, &end->oom);
    for (size_t n = lg_rng_below(rng, 4); n > 0; n--)
        *lg_must_push(arena, &end->signals) = (struct lg_signal_event){
            (int64_t)lg_rng_any_width(rng), (int)lg_rng_below(rng, 70),
            (int64_t)lg_rng_any_width(rng), random_str(rng, arena),
            random_bool(rng)};
}

static inline void random_timeline(struct lg_rng *rng, struct lg_arena *arena,
                                   struct sample *s)
{
    sample_timeline_room(arena, s, 64);
    struct lg_timeline *t = &s->in.timeline;
    bool small = random_bool(rng);
    for (t->count = 0; t->count < lg_rng_below(rng, 65); t->count++) {
        uint64_t t_ns = small ? t->count * LG_NS_PER_S : lg_rng_any_width(rng);
        t->rows[t->count] = (struct lg_timeline_row){
            .wall_ns = (int64_t)lg_rng_any_width(rng),
            .t_ns = t_ns,
            .usage_bytes = random_num(rng),
            .rss_bytes = random_num(rng),
            .limit_bytes = random_num(rng),
            .heap_bytes = random_num(rng),
            .stack_bytes = random_num(rng),
            .goroutines = random_num(rng),
            .threads = random_num(rng),
            .fds = random_num(rng),
        };
    }
}

static inline void random_capture(struct lg_rng *rng, struct lg_arena *arena,
                                  struct lg_capture *c)
{
    c->id = (uint32_t)lg_rng_any_width(rng);
    c->name = random_str(rng, arena);
    c->trigger = random_str(rng, arena);
    c->wall_ns = (int64_t)lg_rng_any_width(rng);
    c->t_ns = lg_rng_any_width(rng);
    c->duration_ns = lg_rng_any_width(rng);
    c->pause_ns = lg_rng_any_width(rng);
    c->complete = random_bool(rng);
    for (size_t n = lg_rng_below(rng, 3); n > 0; n--)
        *lg_must_push(arena, &c->files) = random_str(rng, arena);
    for (size_t n = lg_rng_below(rng, 3); n > 0; n--)
        *lg_must_push(arena, &c->quality) = random_str(rng, arena);
}

static inline void random_incident(struct lg_rng *rng, struct lg_arena *arena,
                                   struct sample *s)
{
    sample_empty(arena, s);
    s->in.id = random_str(rng, arena);
    s->report.folder = random_str(rng, arena);
    s->report.where_source = random_str(rng, arena);
    random_subject(rng, arena, &s->in.subject);
    random_end(rng, arena, &s->in.end);
    random_timeline(rng, arena, s);
    for (size_t n = lg_rng_below(rng, 5); n > 0; n--)
        random_capture(rng, arena, lg_must_push(arena, &s->in.captures));
    for (size_t n = lg_rng_below(rng, 3); n > 0; n--)
        *lg_must_push(arena, &s->in.absent) =
            (struct lg_absent){random_str(rng, arena), random_str(rng, arena),
                               random_str(rng, arena), LG_GONE};
    for (size_t n = lg_rng_below(rng, 3); n > 0; n--)
        random_finding(rng, arena, lg_must_push(arena, &s->verdict.findings));
    for (size_t n = lg_rng_below(rng, 3); n > 0; n--)
        *lg_must_push(arena, &s->verdict.not_judged) = (struct lg_not_judged){
            (enum lg_cause)lg_rng_below(rng, LG_CAUSE_COUNT),
            random_str(rng, arena), random_str(rng, arena)};
    s->verdict.inconclusive = random_bool(rng);
    struct lg_memory *m = &s->verdict.memory;
    m->known = random_bool(rng);
    m->at_ns = (int64_t)lg_rng_any_width(rng);
    m->usage_bytes = random_num(rng);
    m->rss_bytes = random_num(rng);
    m->unexplained_bytes = (int64_t)lg_rng_any_width(rng);
    for (int i = 0; i < LG_PART_COUNT; i++)
        m->parts[i] = random_num(rng);
}

#endif
