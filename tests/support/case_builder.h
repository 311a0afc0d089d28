/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: incidents as evidence, built in code, for tests of what judges
 * them. Stacks are written as one reads them, leaf first:
 *
 *     "shop.(*Cache).put cache.go:31 < shop/api.handle api.go:12"
 *
 * Times are milliseconds, sizes MiB unless a name says otherwise. Nothing is
 * read or parsed beyond that: only evidence is linked.
 */
#ifndef LG_TESTS_CASE_BUILDER_H
#define LG_TESTS_CASE_BUILDER_H

#include "base/clock.h"
#include "evidence/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE_MIB (UINT64_C(1) << 20)
#define CASE_START_NS INT64_C(1793628180000000000)
#define CASE_ROWS 4096

struct case_builder {
    struct lg_arena *arena;
    struct lg_incident in;
    uint64_t next_id; /* of the next goroutine */
};

/* A test without memory is no test. */
static inline void *case_must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}
#define case_push(b, v)                                                        \
    ((__typeof__((v)->items + 0))case_must(lg_push((b)->arena, (v))))
#define case_new(b, type, n) ((type *)case_must(lg_new((b)->arena, type, (n))))

/* A Go program that was started under the recorder, with a limit. */
static inline void case_begin(struct case_builder *b, struct lg_arena *arena,
                              const char *module, uint64_t limit_mib)
{
    memset(b, 0, sizeof *b);
    b->arena = arena;
    b->next_id = 100;
    b->in.arena = arena;
    b->in.subject.pid = 4711;
    b->in.subject.comm = lg_str_of("victim");
    b->in.subject.build.is_go = true;
    b->in.subject.build.go_version = lg_str_of("go1.26.8");
    b->in.subject.build.module.path = lg_str_of(module);
    b->in.subject.started_at_ns = CASE_START_NS;
    if (limit_mib != 0)
        b->in.subject.limit_bytes = lg_known(limit_mib * CASE_MIB);
    b->in.end.kind = LG_END_RUNNING;
    b->in.end.exit_code = -1;
}

static inline void case_dep(struct case_builder *b, const char *path,
                            const char *version)
{
    *case_push(b, &b->in.subject.build.deps) =
        (struct lg_module){lg_str_of(path), lg_str_of(version)};
}

static inline void case_end(struct case_builder *b, enum lg_end_kind kind,
                            uint64_t at_ms)
{
    struct lg_end *end = &b->in.end;
    end->kind = kind;
    end->t_ns = at_ms * LG_NS_PER_MS;
    end->wall_ns = CASE_START_NS + (int64_t)end->t_ns;
    if (kind == LG_END_OOM_KILL || kind == LG_END_SIGNAL)
        end->signal = 9;
    end->oom_kill_delta = lg_known(kind == LG_END_OOM_KILL ? 1 : 0);
}

static inline void case_signal(struct case_builder *b, int signal,
                               int64_t sender_pid, const char *comm,
                               uint64_t at_ms)
{
    *case_push(b, &b->in.end.signals) = (struct lg_signal_event){
        .wall_ns = CASE_START_NS + (int64_t)(at_ms * LG_NS_PER_MS),
        .signal = signal,
        .sender_pid = sender_pid,
        .sender_comm = lg_str_of(comm),
    };
}

/* A point of the timeline; straight lines lie between them. */
struct case_point {
    uint64_t at_ms, usage_mib;
};

static inline void case_timeline(struct case_builder *b,
                                 const struct case_point *points, size_t count)
{
    struct lg_timeline *t = &b->in.timeline;
    struct lg_num limit = b->in.subject.limit_bytes;
    lg_timeline_init(t, case_new(b, struct lg_timeline_row, CASE_ROWS),
                     CASE_ROWS);
    for (size_t i = 0; i + 1 < count; i++) {
        uint64_t span = points[i + 1].at_ms - points[i].at_ms;
        int64_t rise = (int64_t)(points[i + 1].usage_mib * CASE_MIB) -
                       (int64_t)(points[i].usage_mib * CASE_MIB);
        bool last = i + 2 == count;
        for (uint64_t ms = 0; ms < span || (last && ms == span); ms += 25) {
            uint64_t at = points[i].at_ms + ms;
            int64_t usage = (int64_t)(points[i].usage_mib * CASE_MIB) +
                            rise * (int64_t)ms / (int64_t)span;
            struct lg_timeline_row row = {
                .wall_ns = CASE_START_NS + (int64_t)(at * LG_NS_PER_MS),
                .t_ns = at * LG_NS_PER_MS,
                .usage_bytes = lg_known((uint64_t)usage),
                .limit_bytes = limit,
            };
            lg_timeline_add(t, &row);
        }
    }
}
#define case_timeline_of(b, ...)                                               \
    case_timeline((b), (const struct case_point[]){__VA_ARGS__},               \
                  sizeof((const struct case_point[]){__VA_ARGS__}) /           \
                      sizeof(struct case_point))

/* "pkg.Func file.go:12" */
static inline struct lg_frame case_frame(struct lg_str text)
{
    struct lg_cut place = lg_str_rcut_char(lg_str_trim(text), ' ');
    struct lg_cut line = lg_str_rcut_char(place.tail, ':');
    uint64_t number = 0;
    if (!place.found || !line.found || !lg_str_u64(line.tail, &number))
        abort(); /* a mistake in the test */
    return (struct lg_frame){place.head, line.head, (uint32_t)number};
}

static inline size_t case_frames(const char *stack, struct lg_frame *frames,
                                 size_t capacity)
{
    struct lg_str rest = lg_str_of(stack);
    size_t count = 0;
    while (rest.len > 0 && count < capacity) {
        struct lg_cut cut = lg_str_cut(rest, LG_STR(" < "));
        frames[count++] = case_frame(cut.head);
        rest = cut.found ? cut.tail : (struct lg_str){NULL, 0};
    }
    return count;
}

/* The newest capture stays where it is only until the next is added. */
static inline struct lg_capture *case_capture(struct case_builder *b,
                                              uint64_t at_ms)
{
    struct lg_capture *c = case_push(b, &b->in.captures);
    char name[40];
    c->id = (uint32_t)b->in.captures.count;
    snprintf(name, sizeof name, "captures/%04u-test", c->id);
    c->name = lg_str_dup(b->arena, lg_str_of(name));
    c->trigger = lg_str_of("test");
    c->t_ns = at_ms * LG_NS_PER_MS;
    c->wall_ns = CASE_START_NS + (int64_t)c->t_ns;
    c->duration_ns = 10 * LG_NS_PER_MS;
    c->complete = true;
    return c;
}

static inline struct lg_profile *
case_profile(struct case_builder *b, const char *const *types, size_t count)
{
    struct lg_profile *p = case_new(b, struct lg_profile, 1);
    if (!lg_profile_init(p, b->arena))
        abort();
    for (size_t i = 0; i < count; i++)
        case_push(b, &p->types)->type = lg_str_of(types[i]);
    return p;
}

static inline uint32_t case_location(struct case_builder *b,
                                     struct lg_profile *p,
                                     const struct lg_frame *frame)
{
    uint32_t index = (uint32_t)p->locations.count;
    struct lg_profile_location *l = case_push(b, &p->locations);
    struct lg_profile_line *line = case_push(b, &p->lines);
    struct lg_profile_function *f = case_push(b, &p->functions);
    l->line_first = (uint32_t)(p->lines.count - 1);
    l->line_count = 1;
    line->function = (uint32_t)(p->functions.count - 1);
    line->line = frame->line;
    f->name = f->system_name = frame->function;
    f->file = frame->file;
    return index;
}

static inline void case_sample(struct case_builder *b, struct lg_profile *p,
                               const char *stack, const int64_t *values)
{
    struct lg_frame frames[160];
    uint32_t locations[160];
    stack = case_must(lg_str_cstr(b->arena, lg_str_of(stack)));
    size_t count = case_frames(stack, frames, 160);
    for (size_t i = 0; i < count; i++)
        locations[i] = case_location(b, p, &frames[i]);
    if (!lg_profile_sample(p, locations, count, values))
        abort();
}

/* An empty heap profile; case_alloc fills it. */
static inline struct lg_profile *case_heap(struct case_builder *b,
                                           struct lg_capture *c)
{
    static const char *const types[] = {"alloc_objects", "alloc_space",
                                        "inuse_objects", "inuse_space"};
    struct lg_profile *p = case_profile(b, types, LG_COUNT(types));
    c->heap = p;
    return p;
}

static inline void case_alloc(struct case_builder *b, struct lg_profile *p,
                              int64_t inuse_bytes, int64_t inuse_count,
                              int64_t alloc_bytes, const char *stack)
{
    int64_t values[] = {inuse_count, alloc_bytes, inuse_count, inuse_bytes};
    case_sample(b, p, stack, values);
}

static inline struct lg_goroutines *case_dump(struct case_builder *b,
                                              struct lg_capture *c)
{
    struct lg_goroutines *g = case_new(b, struct lg_goroutines, 1);
    g->arena = b->arena;
    if (c != NULL)
        c->goroutines = g;
    return g;
}

/* count goroutines at one place; ids go on from b->next_id. created_by may be
 * NULL. Gives the first of them. */
static inline uint64_t case_go(struct case_builder *b, struct lg_goroutines *g,
                               size_t count, const char *state,
                               const char *stack, const char *created_by)
{
    struct lg_frame frames[512];
    stack = case_must(lg_str_cstr(b->arena, lg_str_of(stack)));
    size_t frame_count = case_frames(stack, frames, 512);
    uint64_t first = b->next_id;
    for (size_t i = 0; i < count; i++) {
        struct lg_goroutine *item = case_push(b, &g->items);
        item->id = b->next_id++;
        item->count = 1;
        item->state = lg_str_of(state);
        item->frame_first = (uint32_t)g->frames.count;
        item->frame_count = (uint32_t)frame_count;
        if (created_by != NULL) {
            item->created_by = case_frame(lg_str_of(created_by));
            item->creator_id = 1;
        }
        for (size_t k = 0; k < frame_count; k++)
            *case_push(b, &g->frames) = frames[k];
    }
    g->total += count;
    return first;
}

/* The same goroutines again, as a later dump shows those that live on. */
static inline void case_go_again(struct case_builder *b,
                                 struct lg_goroutines *g, uint64_t first_id,
                                 size_t count, const char *state,
                                 const char *stack, const char *created_by)
{
    uint64_t next = b->next_id;
    b->next_id = first_id;
    (void)case_go(b, g, count, state, stack, created_by);
    if (b->next_id < next)
        b->next_id = next;
}

/* A goroutine profile as debug=0 gives it: counts and whole stacks. */
static inline struct lg_profile *case_goroutine_profile(struct case_builder *b,
                                                        struct lg_capture *c)
{
    static const char *const types[] = {"goroutine"};
    struct lg_profile *p = case_profile(b, types, 1);
    c->goroutine_profile = p;
    return p;
}

static inline struct lg_memstats *case_memstats(struct case_builder *b,
                                                struct lg_capture *c,
                                                uint64_t heap_mib,
                                                uint64_t stacks_mib)
{
    struct lg_memstats *m = case_new(b, struct lg_memstats, 1);
    m->heap_alloc_bytes = m->heap_inuse_bytes = m->heap_sys_bytes =
        lg_known(heap_mib * CASE_MIB);
    m->heap_idle_bytes = m->heap_released_bytes = lg_known(0);
    m->stack_inuse_bytes = m->stack_sys_bytes = lg_known(stacks_mib * CASE_MIB);
    m->gc_sys_bytes = lg_known(3 * CASE_MIB);
    m->other_sys_bytes = lg_known(CASE_MIB);
    m->sys_bytes = lg_known((heap_mib + stacks_mib + 4) * CASE_MIB);
    m->gc_count = lg_known(1);
    c->memstats = m;
    return m;
}

static inline struct lg_process *case_process(struct case_builder *b,
                                              struct lg_capture *c,
                                              uint64_t rss_mib, uint64_t fds)
{
    struct lg_process *p = case_new(b, struct lg_process, 1);
    p->pid = b->in.subject.pid;
    p->comm = b->in.subject.comm;
    p->vm_rss = p->rss_anon = lg_known(rss_mib * CASE_MIB);
    p->rss_file = p->rss_shmem = lg_known(0);
    p->fds_count = lg_known(fds);
    p->fds.count = fds;
    c->process = p;
    return p;
}

static inline struct lg_cgroup *
case_cgroup(struct case_builder *b, struct lg_capture *c, uint64_t usage_mib)
{
    struct lg_cgroup *g = case_new(b, struct lg_cgroup, 1);
    g->version = 2;
    g->path = lg_str_of("/lastgasp/test");
    g->usage_bytes = g->anon_bytes = lg_known(usage_mib * CASE_MIB);
    g->file_bytes = g->shmem_bytes = lg_known(0);
    g->effective_limit_bytes = b->in.subject.limit_bytes;
    c->cgroup = g;
    return g;
}

static inline void case_peer(struct case_builder *b, struct lg_capture *c,
                             int64_t pid, const char *comm, uint64_t rss_mib)
{
    *case_push(b, &c->peers) =
        (struct lg_peer){pid, lg_str_of(comm), rss_mib * CASE_MIB};
}

/* The kernel's report: the cgroup of the limit is full; the victim is the
 * subject, alone in the task table until others are added. */
static inline struct lg_oom_event *case_kernel(struct case_builder *b,
                                               uint64_t rss_mib)
{
    struct lg_oom_event *oom = &b->in.end.oom;
    b->in.end.has_oom = true;
    oom->scope = LG_OOM_MEMCG;
    oom->usage_bytes = oom->limit_bytes = b->in.subject.limit_bytes;
    struct lg_oom_task *task = case_push(b, &oom->tasks);
    task->pid = b->in.subject.pid;
    task->comm = b->in.subject.comm;
    task->rss_bytes = lg_known(rss_mib * CASE_MIB);
    *case_push(b, &oom->victims) = *task;
    *case_push(b, &b->in.oom_events) = *oom;
    return oom;
}

#endif
