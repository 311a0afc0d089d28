/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

#include "alloc_fail.h"
#include "rng.h"

/* What holds of verdicts on any evidence at all. */

static bool chance(struct lg_rng *rng, size_t one_of)
{
    return lg_rng_below(rng, one_of) == 0;
}

static struct lg_num some_num(struct lg_rng *rng, bool wild)
{
    if (chance(rng, 4))
        return (struct lg_num){false, 0};
    return lg_known(wild ? lg_rng_any_width(rng)
                         : lg_rng_below(rng, 300 * CASE_MIB));
}

static const char *const stacks[] = {
    "shop.a a.go:1 < main.main main.go:1",
    "shop.a a.go:2 < shop.b b.go:1 < main.main main.go:1",
    "bufio.NewReader b.go:9 < os.Open f.go:3 < shop.Watch w.go:4",
    "gorm.io/gorm.Scan s.go:3 < shop/store.All s.go:4 < main.main main.go:1",
    "github.com/z/gz.(*Wheel).run w.go:9",
    "runtime.malg p.go:1",
    "net/http.(*conn).serve s.go:2 < net/http.(*Server).Serve s.go:4",
    "syscall.Mmap m.go:1 < shop.Map m.go:4",
    "x.y z.go:0 < x.y z.go:0 < x.y z.go:0 < x.y z.go:0",
    "",
};
static const char *const states[] = {"chan receive", "select",  "sleep",
                                     "running",      "IO wait", "",
                                     "semacquire",   "syscall"};

static const char *any_stack(struct lg_rng *rng)
{
    return stacks[lg_rng_below(rng, LG_COUNT(stacks))];
}

static void random_profiles(struct case_builder *b, struct lg_rng *rng,
                            struct lg_capture *c, bool wild)
{
    if (!chance(rng, 4)) {
        struct lg_profile *p = case_heap(b, c);
        for (size_t n = lg_rng_below(rng, 8); n > 0; n--) {
            int64_t bytes = wild ? (int64_t)lg_rng_any_width(rng)
                                 : (int64_t)lg_rng_below(rng, 90 * CASE_MIB);
            case_alloc(b, p, bytes / 8, (int64_t)lg_rng_any_width(rng) / 8,
                       bytes / 8, any_stack(rng));
        }
    }
    if (!chance(rng, 3)) {
        struct lg_goroutines *g = case_dump(b, c);
        for (size_t n = lg_rng_below(rng, 5); n > 0; n--) {
            b->next_id = lg_rng_below(rng, 5000);
            (void)case_go(b, g, lg_rng_below(rng, chance(rng, 3) ? 1500 : 9),
                          states[lg_rng_below(rng, LG_COUNT(states))],
                          any_stack(rng),
                          chance(rng, 2) ? "shop.Start s.go:3" : NULL);
        }
        if (chance(rng, 4) && g->items.count > 0)
            deep_stack(b, g, lg_rng_any_width(rng) >> 8);
        g->truncated = chance(rng, 5);
    }
    if (chance(rng, 3)) {
        struct lg_profile *p = case_goroutine_profile(b, c);
        for (size_t n = lg_rng_below(rng, 5); n > 0; n--) {
            int64_t count = wild ? (int64_t)lg_rng_any_width(rng) / 16
                                 : (int64_t)lg_rng_below(rng, 9000);
            case_sample(b, p, any_stack(rng), &count);
        }
    }
}

static void random_numbers(struct case_builder *b, struct lg_rng *rng,
                           struct lg_capture *c, bool wild)
{
    if (!chance(rng, 4)) {
        struct lg_memstats *m = case_memstats(b, c, 0, 0);
        m->heap_alloc_bytes = some_num(rng, wild);
        m->heap_inuse_bytes = some_num(rng, wild);
        m->stack_inuse_bytes = some_num(rng, wild);
        m->next_gc_bytes = some_num(rng, wild);
        m->gc_count = lg_known(lg_rng_below(rng, 9));
    }
    if (!chance(rng, 4)) {
        struct lg_process *p = case_process(b, c, 0, 0);
        p->vm_rss = some_num(rng, wild);
        p->rss_anon = some_num(rng, wild);
        p->fds_count = chance(rng, 3) ? lg_known(lg_rng_any_width(rng))
                                      : lg_known(lg_rng_below(rng, 9000));
        if (chance(rng, 2))
            *case_push(b, &p->fds.groups) = (struct lg_fd_group){
                LG_STR("file"), LG_STR("/dev/shm/x"), LG_STR("/dev/shm/x"), 7};
    }
    if (!chance(rng, 4)) {
        struct lg_cgroup *g = case_cgroup(b, c, 0);
        g->usage_bytes = some_num(rng, wild);
        g->shmem_bytes = some_num(rng, wild);
        g->anon_bytes = some_num(rng, wild);
        g->file_bytes = some_num(rng, wild);
    }
    for (size_t n = lg_rng_below(rng, 3); n > 0; n--)
        case_peer(b, c, (int64_t)n, "peer", lg_rng_below(rng, 300));
}

static void random_ending(struct case_builder *b, struct lg_rng *rng, bool wild)
{
    struct lg_end *end = &b->in.end;
    case_end(b, (enum lg_end_kind)lg_rng_below(rng, LG_END_EXIT + 1),
             lg_rng_below(rng, 20000));
    end->exit_code =
        end->kind == LG_END_EXIT ? (int)lg_rng_below(rng, 256) : -1;
    end->signal = (int)lg_rng_below(rng, 70);
    end->fatal.kind = (enum lg_fatal_kind)lg_rng_below(rng, LG_FATAL_OTHER + 1);
    end->oom_kill_delta = some_num(rng, false);
    if (chance(rng, 3))
        case_signal(b, (int)lg_rng_below(rng, 70), 1,
                    chance(rng, 2) ? "" : "systemd", 5);
    if (chance(rng, 3)) {
        struct lg_goroutines *g = case_dump(b, NULL);
        deep_stack(b, g, lg_rng_any_width(rng) >> 8);
        end->fatal_goroutines = chance(rng, 2) ? g : case_dump(b, NULL);
    }
    if (chance(rng, 3)) {
        struct lg_oom_event *oom = case_kernel(b, 100);
        oom->usage_bytes = some_num(rng, wild);
        oom->limit_bytes = some_num(rng, wild);
        oom->tasks.items[0].rss_bytes = some_num(rng, wild);
        *case_push(b, &oom->stats) =
            (struct lg_oom_stat){LG_STR("shmem"), lg_rng_any_width(rng)};
    }
}

static void random_rows(struct case_builder *b, struct lg_rng *rng, bool wild)
{
    struct case_point points[5];
    size_t count = lg_rng_below(rng, LG_COUNT(points) + 1);
    uint64_t at_ms = 0;
    for (size_t i = 0; i < count; i++) {
        points[i] = (struct case_point){at_ms, lg_rng_below(rng, 300)};
        at_ms += 25 + lg_rng_below(rng, 6000);
    }
    if (count < 2)
        return;
    case_timeline(b, points, count);
    for (size_t i = 0; wild && i < b->in.timeline.count; i++) {
        b->in.timeline.rows[i].usage_bytes = some_num(rng, true);
        b->in.timeline.rows[i].file_bytes = some_num(rng, true);
        b->in.timeline.rows[i].shmem_bytes = some_num(rng, true);
    }
}

static void random_case(struct case_builder *b, struct lg_arena *arena,
                        uint64_t seed)
{
    struct lg_rng rng = {seed};
    bool wild = chance(&rng, 3);
    case_begin(b, arena, chance(&rng, 5) ? "" : "shop",
               chance(&rng, 5) ? 0 : 256);
    case_dep(b, "gorm.io/gorm", "v1.31.0");
    b->in.subject.gogc = chance(&rng, 6) ? LG_STR("off") : LG_STR("");
    b->in.subject.exe_size_bytes = some_num(&rng, wild);
    random_rows(b, &rng, wild);
    random_ending(b, &rng, wild);
    uint64_t at_ms = 0;
    for (size_t n = lg_rng_below(&rng, 6); n > 0; n--) {
        struct lg_capture *c = case_capture(b, at_ms);
        at_ms += lg_rng_below(&rng, 3000);
        c->duration_ns = wild ? lg_rng_any_width(&rng)
                              : lg_rng_below(&rng, 500) * LG_NS_PER_MS;
        random_profiles(b, &rng, c, wild);
        random_numbers(b, &rng, c, wild);
    }
}

/* Never a crash; and whatever is found has evidence that is there. */
static void test_random_evidence(void **state)
{
    (void)state;
    size_t findings = 0, causes[LG_CAUSE_COUNT] = {0};
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        struct lg_arena arena;
        struct case_builder b;
        lg_arena_init(&arena, 0);
        random_case(&b, &arena, seed);
        struct lg_verdict v = judge(&b);
        lg_each(f, v.findings) {
            findings++;
            causes[f->cause]++;
        }
        lg_arena_deinit(&arena);
    }
    assert_true(findings > 100); /* else nothing was tried */
    assert_true(causes[LG_CAUSE_HEAP_LEAK] > 0);
    assert_true(causes[LG_CAUSE_GOROUTINE_LEAK] > 0);
    assert_true(causes[LG_CAUSE_NOT_OOM] > 0);
    assert_true(causes[LG_CAUSE_FD_LEAK] > 0);
}

static bool same_finding(const struct lg_finding *a, const struct lg_finding *b)
{
    return a->cause == b->cause && lg_frame_same(&a->where, &b->where) &&
           a->share == b->share && a->confidence == b->confidence &&
           lg_str_eq(a->summary, b->summary);
}

static void assert_same(const struct lg_verdict *a, const struct lg_verdict *b)
{
    assert_int_equal(a->findings.count, b->findings.count);
    for (size_t i = 0; i < a->findings.count; i++)
        assert_true(same_finding(&a->findings.items[i], &b->findings.items[i]));
    assert_int_equal(a->not_judged.count, b->not_judged.count);
}

/* The same evidence gives the same words. */
static void test_deterministic(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct lg_arena arena;
        struct case_builder b;
        lg_arena_init(&arena, 0);
        random_case(&b, &arena, seed);
        struct lg_verdict first = judge(&b), second = judge(&b);
        assert_same(&first, &second);
        lg_arena_deinit(&arena);
    }
}

static void reverse_goroutines(const struct lg_capture *c)
{
    struct lg_goroutines *g = dump_of(c);
    for (size_t i = 0; g != NULL && i < g->items.count / 2; i++) {
        struct lg_goroutine kept = g->items.items[i];
        g->items.items[i] = g->items.items[g->items.count - 1 - i];
        g->items.items[g->items.count - 1 - i] = kept;
    }
}

static void reverse_samples(const struct lg_capture *c)
{
    struct lg_profile *p = heap_of(c);
    size_t count = p != NULL ? p->samples.count : 0;
    for (size_t i = 0; i < count / 2; i++) {
        size_t k = count - 1 - i, width = p->types.count;
        struct lg_profile_stack stack = p->samples.items[i];
        p->samples.items[i] = p->samples.items[k];
        p->samples.items[k] = stack;
        for (size_t t = 0; t < width; t++) {
            int64_t value = p->values[i * width + t];
            p->values[i * width + t] = p->values[k * width + t];
            p->values[k * width + t] = value;
        }
    }
}

typedef void incident_fn(struct case_builder *b);

static void make_goroutine_leak(struct case_builder *b)
{
    goroutine_leak(b, "chan receive");
    case_end(b, LG_END_OOM_KILL, 8500);
}

static void make_heap_leak(struct case_builder *b)
{
    heap_leak(b, "shop.(*Cache).put cache.go:15");
    case_end(b, LG_END_OOM_KILL, 20000);
}

static void make_heap_burst(struct case_builder *b)
{
    heap_burst(b, true);
    case_end(b, LG_END_OOM_KILL, 12000);
}

static void make_recursion(struct case_builder *b)
{
    recursion(b, 1400000, 130);
    case_end(b, LG_END_OOM_KILL, 2800);
}

static void make_fd_leak(struct case_builder *b)
{
    fd_leak(b, 3600);
    case_end(b, LG_END_OOM_KILL, 16000);
}

static void make_gc_headroom(struct case_builder *b)
{
    gc_headroom(b);
    case_end(b, LG_END_OOM_KILL, 9000);
}

static incident_fn *const incidents[] = {
    make_goroutine_leak, make_heap_leak, make_heap_burst,
    make_recursion,      make_fd_leak,   make_gc_headroom,
};

static void test_order_does_not_matter(void **state)
{
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(incidents); i++) {
        case_begin(b, b->arena, "shop", 256);
        incidents[i](b);
        struct lg_verdict before = judge(b);
        lg_each(capture, b->in.captures) {
            reverse_goroutines(capture);
            reverse_samples(capture);
        }
        struct lg_verdict after = judge(b);
        assert_same(&before, &after);
    }
}

/* What is small and does not grow is no matter for anybody. */
static void test_bystanders_do_not_matter(void **state)
{
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(incidents); i++) {
        case_begin(b, b->arena, "shop", 256);
        incidents[i](b);
        struct lg_verdict before = judge(b);
        lg_each(capture, b->in.captures) {
            case_go_again(b, dump_of(capture), 900000, 5, "select",
                          "shop/metrics.loop loop.go:4",
                          "shop/metrics.Start loop.go:1");
            case_alloc(b, heap_of(capture), 40000, 10, 40000,
                       "shop/metrics.add add.go:4 < main.main main.go:1");
        }
        struct lg_verdict after = judge(b);
        assert_int_equal(before.findings.count, after.findings.count);
        for (size_t k = 0; k < before.findings.count; k++) {
            assert_int_equal(before.findings.items[k].cause,
                             after.findings.items[k].cause);
            assert_true(lg_frame_same(&before.findings.items[k].where,
                                      &after.findings.items[k].where));
        }
    }
}

/* None of these programs dies: nothing is said, unless it plainly grows on. */
static void test_silence_on_the_living(void **state)
{
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(incidents); i++) {
        case_begin(b, b->arena, "shop", 256);
        incidents[i](b);
        /* It stopped growing: the last state for as long again. */
        b->in.captures.count = 1;
        b->in.end = (struct lg_end){.kind = LG_END_RUNNING, .exit_code = -1};
        b->in.timeline.count = 2;
        struct lg_verdict v = judge(b);
        assert_int_equal(v.findings.count, 0);
        assert_false(v.inconclusive);
    }
}

struct starved {
    struct case_builder *b;
};

static bool diagnose_in(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct starved *s = context;
    struct lg_verdict v;
    return lg_diagnose(&s->b->in, arena, &v, err);
}

/* Whichever allocation fails: an error, never half a verdict. */
static void test_out_of_memory(void **state)
{
    struct case_builder *b = *state;
    struct starved s = {b};
    for (size_t i = 0; i < LG_COUNT(incidents); i++) {
        case_begin(b, b->arena, "shop", 256);
        incidents[i](b);
        assert_true(lg_alloc_fail_all(diagnose_in, &s) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_evidence),
        cmocka_unit_test(test_deterministic),
        case_test(test_order_does_not_matter),
        case_test(test_bystanders_do_not_matter),
        case_test(test_silence_on_the_living),
        case_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
