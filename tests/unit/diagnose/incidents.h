/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the plainest incident of each cause, for the tests of its rule and
 * of the ranking between rules. Numbers are far from every threshold.
 */
#ifndef LG_TESTS_INCIDENTS_H
#define LG_TESTS_INCIDENTS_H

#include "verdict.h"

#define CONSUMER "shop.consume c.go:9 < shop.Start.func1 c.go:4"
#define STARTER "shop.Start c.go:3"

/* Everything a capture has, in proportion to how much is used. */
static inline struct lg_capture *
full_capture(struct case_builder *b, uint64_t at_ms, uint64_t usage_mib,
             uint64_t heap_mib, uint64_t stacks_mib)
{
    struct lg_capture *c = case_capture(b, at_ms);
    (void)case_cgroup(b, c, usage_mib);
    (void)case_process(b, c, usage_mib, 12);
    (void)case_memstats(b, c, heap_mib, stacks_mib);
    struct lg_profile *p = case_heap(b, c);
    case_alloc(b, p, (int64_t)(CASE_MIB / 2), 9, (int64_t)(CASE_MIB / 2),
               "runtime.malg proc.go:5000 < runtime.newproc proc.go:4000");
    struct lg_goroutines *g = case_dump(b, c);
    (void)case_go(b, g, 1, "IO wait",
                  "internal/poll.(*FD).Accept fd.go:600 < "
                  "net/http.(*Server).Serve server.go:3400 < "
                  "main.main main.go:20",
                  NULL);
    return c;
}

static inline struct lg_profile *heap_of(const struct lg_capture *c)
{
    return (struct lg_profile *)(uintptr_t)c->heap;
}

static inline struct lg_goroutines *dump_of(const struct lg_capture *c)
{
    return (struct lg_goroutines *)(uintptr_t)c->goroutines;
}

/* Consumers that nobody ends: 1,000 after 2 s, 10,000 after 8 s. */
static inline void goroutine_leak(struct case_builder *b, const char *state)
{
    static const struct {
        uint64_t at_ms, usage_mib, stacks_mib;
        size_t count;
    } rows[] = {{100, 8, 1, 0},
                {2000, 50, 20, 200},
                {5000, 150, 70, 700},
                {8000, 240, 150, 1500}};
    uint64_t first = 0;
    case_timeline_of(b, {0, 4}, {8500, 256});
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_capture *c = full_capture(b, rows[i].at_ms, rows[i].usage_mib,
                                            40, rows[i].stacks_mib);
        if (first == 0)
            first = b->next_id;
        case_go_again(b, dump_of(c), first, rows[i].count, state, CONSUMER,
                      STARTER);
    }
}

/* One line whose objects stay: grows from the start, call after call. */
static inline void heap_leak(struct case_builder *b, const char *stack)
{
    case_timeline_of(b, {0, 4}, {20000, 256});
    for (uint64_t i = 1; i <= 5; i++) {
        struct lg_capture *c = full_capture(b, i * 3800, 45 * i, 40 * i, 1);
        int64_t bytes = (int64_t)(20 * i * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, bytes / 4096, bytes, stack);
    }
}

#define EXPORT "shop/store.(*Repo).All repo.go:31"

/* Quiet for long, then one call takes it all. */
static inline void heap_burst(struct case_builder *b, bool in_progress)
{
    case_timeline_of(b, {0, 20}, {300, 20}, {10000, 21}, {12000, 256});
    for (uint64_t i = 0; i < 5; i++) {
        uint64_t at_ms = i == 0 ? 200 : 10000 + i * 400;
        uint64_t usage = i == 0 ? 20 : 20 + 47 * i;
        struct lg_capture *c = full_capture(b, at_ms, usage, usage - 8, 1);
        int64_t bytes = (int64_t)((usage - 12) * CASE_MIB);
        if (i == 0)
            continue;
        case_alloc(b, heap_of(c), bytes, bytes / 100, bytes,
                   "gorm.io/gorm.Scan scan.go:342 < " EXPORT
                   " < shop/api.list api.go:12");
        if (in_progress)
            case_go_again(b, dump_of(c), 77, 1, "running",
                          "gorm.io/gorm.Scan scan.go:342 < " EXPORT
                          " < shop/api.list api.go:12",
                          NULL);
    }
}

/* The text dump's two ends of a stack that goes deep, depth frames in all. */
static inline void deep_stack(struct case_builder *b, struct lg_goroutines *g,
                              uint64_t depth)
{
    char text[8192] = "shop/pool.(*Pool).get get.go:40";
    for (int i = 0; i < 98; i++)
        strcat(text, " < shop/pool.(*Pool).get get.go:45");
    strcat(text, " < main.main main.go:9");
    (void)case_go(b, g, 1, "running", text, NULL);
    struct lg_goroutine *item = &g->items.items[g->items.count - 1];
    item->elided_frames = depth > 100 ? depth - 100 : 0;
    item->elided_at = 50;
}

static inline void recursion(struct case_builder *b, uint64_t depth,
                             uint64_t stacks_mib)
{
    case_timeline_of(b, {0, 8}, {2000, 8}, {2800, 256});
    (void)full_capture(b, 300, 8, 3, 1);
    struct lg_capture *c = full_capture(b, 2500, 180, 10, stacks_mib);
    deep_stack(b, dump_of(c), depth);
}

/* Descriptors that nobody closes, with what the opening function allocates. */
static inline void fd_leak(struct case_builder *b, uint64_t last_count)
{
    case_timeline_of(b, {0, 4}, {16000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 200 + i * 5000, 10 + 78 * i, 8 + 70 * i, 1);
        uint64_t fds = 10 + (last_count - 10) * i / 3;
        struct lg_process *p = case_process(b, c, 10 + 78 * i, fds);
        struct lg_fd_group *group = case_push(b, &p->fds.groups);
        *group = (struct lg_fd_group){LG_STR("file"), LG_STR("/tmp/x.conf"),
                                      LG_STR("/tmp/x.conf"), fds};
        int64_t bytes = (int64_t)(30 * i * CASE_MIB);
        case_alloc(b, heap_of(c), bytes, (int64_t)fds, bytes,
                   "bufio.NewReaderSize bufio.go:58 < "
                   "shop.Watch watch.go:31 < main.main main.go:9");
        case_alloc(b, heap_of(c), (int64_t)(fds * 64), (int64_t)fds,
                   (int64_t)(fds * 64),
                   "os.newFile file.go:160 < os.Open file.go:390 < "
                   "shop.Watch watch.go:29 < main.main main.go:9");
    }
}

/* 140 MiB live since long ago, and as much garbage allowed beside it. */
static inline void gc_headroom(struct case_builder *b)
{
    case_timeline_of(b, {0, 4}, {1500, 140}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t usage = 150 + 30 * i;
        struct lg_capture *c =
            full_capture(b, 1600 + 2400 * i, usage, usage - 8, 1);
        struct lg_memstats *m = case_memstats(b, c, usage - 8, 1);
        m->next_gc_bytes = lg_known((260 + 6 * i) * CASE_MIB);
        m->gc_count = lg_known(4 + i / 3);
        case_alloc(b, heap_of(c), (int64_t)(125 * CASE_MIB), 1000,
                   (int64_t)(125 * CASE_MIB), "shop.load load.go:3");
        case_alloc(b, heap_of(c), (int64_t)CASE_MIB, 10,
                   (int64_t)(400 * CASE_MIB), "shop.answer answer.go:3");
    }
}

#endif
