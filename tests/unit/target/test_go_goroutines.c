/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "fake_functions.h"
#include "fake_go.h"
#include "target/go_goroutines.h"

#define TEXT UINT64_C(0x400000)
#define MINUTE_NS UINT64_C(60000000000)
#define STACK_BYTES 2048

enum { PARK, RECEIVE, WORK, MAIN, GOEXIT, START, SWEEP, WRAPPER, DEEP, COUNT };

static const struct fake_function functions[] = {
    [PARK] = {"runtime.gopark", 64, 24, 10, 0, 0},
    [RECEIVE] = {"runtime.chanrecv1", 64, 40, 20, 0, 0},
    [WORK] = {"main.(*T[go.shape.int]).work", 64, 56, 30, 0, 0},
    [MAIN] = {"main.main", 64, 16, 40, 0, 0},
    [GOEXIT] = {"runtime.goexit", 16, 0, 50, 8, LG_GO_FLAG_TOP_FRAME},
    [START] = {"main.start", 64, 16, 60, 0, 0},
    [SWEEP] = {"runtime.bgsweep", 64, 16, 70, 0, 0},
    [WRAPPER] = {"main.I.work", 64, 16, 80, 23, 0},
    [DEEP] = {"main.deep", 64, 8, 90, 0, 0},
};

/* As Go 1.27 numbers them; the words are put there as a target's would be. */
enum { REASON_NONE, REASON_RECEIVE, REASON_MUTEX, REASON_SELECT, REASON_NIL };

struct world {
    struct fake_go f;
    const struct lg_go_module *module;
    uint64_t allgs[64];
    size_t count;
};

static void world_init(struct world *w, uint16_t minor)
{
    static const char *const reasons[] = {"", "chan receive", "sync.Mutex.Lock",
                                          "select", "chan receive (nil chan)"};
    *w = (struct world){0};
    fake_go_init(&w->f, minor);
    struct lg_go_module m = fake_functions(&w->f.arena, functions, COUNT, TEXT);
    *(struct lg_go_module *)lg_push(&w->f.arena, &w->f.go.modules) = m;
    w->module = w->f.go.modules.items;
    for (size_t i = 0; i < LG_COUNT(reasons); i++)
        w->f.go.wait_reasons[i] = lg_str_of(reasons[i]);
    w->f.go.wait_reason_count = LG_COUNT(reasons);
}

static uint64_t pc_in(const struct world *w, int function, uint64_t at)
{
    return fake_entry(w->module, (size_t)function) + at;
}

/* Frames leaf first; each is at byte 9, the last one is goexit's. */
static void stand(struct world *w, uint64_t g, const int *stack, size_t n)
{
    uint64_t lo = fake_new(&w->f, STACK_BYTES), at = lo + STACK_BYTES, sp = at;
    for (size_t i = n; i-- != 0;)
        sp -= (uint64_t)functions[stack[i]].frame + 8;
    at = sp;
    for (size_t i = 0; i < n; i++) {
        at += (uint64_t)functions[stack[i]].frame;
        fake_u64(&w->f, at,
                 i + 1 < n ? pc_in(w, stack[i + 1], 9) : pc_in(w, GOEXIT, 1));
        at += 8;
    }
    fake_set(&w->f, g, LG_G_STACK_LO, lo);
    fake_set(&w->f, g, LG_G_STACK_HI, lo + STACK_BYTES);
    fake_set(&w->f, g, LG_G_SCHED_SP, sp);
    fake_set(&w->f, g, LG_G_SCHED_PC, pc_in(w, stack[0], 9));
    fake_set(&w->f, g, LG_G_SCHED_G, g);
}

static uint64_t add_g(struct world *w, uint64_t id, enum lg_go_status status,
                      unsigned reason)
{
    uint64_t g = fake_struct(&w->f, LG_G_SIZE);
    fake_set(&w->f, g, LG_G_GOID, id);
    fake_set(&w->f, g, LG_G_STATUS, status);
    fake_set(&w->f, g, LG_G_WAITREASON, reason);
    fake_set(&w->f, g, LG_G_STARTPC, pc_in(w, START, 0));
    fake_set(&w->f, g, LG_G_GOPC, pc_in(w, MAIN, 13));
    fake_set(&w->f, g, LG_G_PARENT_GOID, 1);
    w->allgs[w->count++] = g;
    return g;
}

static uint64_t add_parked(struct world *w, uint64_t id)
{
    static const int stack[] = {PARK, RECEIVE, WORK, START};
    uint64_t g = add_g(w, id, LG_STATUS_WAITING, REASON_RECEIVE);
    stand(w, g, stack, LG_COUNT(stack));
    return g;
}

static uint64_t add_main(struct world *w)
{
    static const int stack[] = {PARK, MAIN};
    uint64_t g = add_g(w, 1, LG_STATUS_WAITING, REASON_SELECT);
    stand(w, g, stack, LG_COUNT(stack));
    return g;
}

static void publish(struct world *w)
{
    uint64_t var = fake_var(&w->f, LG_VAR_ALLGS, 24);
    uint64_t array = fake_new(&w->f, w->count * 8 + 8);
    for (size_t i = 0; i < w->count; i++)
        fake_u64(&w->f, array + i * 8, w->allgs[i]);
    fake_u64(&w->f, var, array);
    fake_u64(&w->f, var + 8, w->count);
    fake_u64(&w->f, var + 16, w->count);
}

static const struct lg_go_goroutines_options everything = {
    .max_frames = UINT32_MAX,
    .with_waits = true,
    .with_labels = true,
    .keep_max = UINT64_MAX,
};

static struct lg_go_goroutines read_with(struct world *w,
                                         struct lg_go_goroutines_options o)
{
    struct lg_go_goroutines gs;
    struct lg_error err = {0};
    if (!lg_go_goroutines_read(&w->f.go, &o, &w->f.arena, &gs, &err))
        fail_msg("%s", err.text);
    return gs;
}

static struct lg_goroutines words_of(struct world *w,
                                     const struct lg_go_goroutines *gs)
{
    struct lg_goroutines g;
    assert_true(lg_go_goroutines_evidence(gs, &w->f.arena, &g));
    return g;
}

static void assert_str(struct lg_str s, const char *expected)
{
    if (!lg_str_eq(s, lg_str_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", LG_STR_ARG(s), expected);
}

static void assert_frame(const struct lg_frame *f, const char *function,
                         uint32_t line)
{
    assert_str(f->function, function);
    assert_str(f->file, "/src/fake.go");
    assert_int_equal(f->line, line);
}

static void test_every_version(void **state)
{
    for (uint16_t minor = 19; minor <= 27; minor++) {
        struct world w;
        world_init(&w, minor);
        add_main(&w);
        uint64_t g = add_parked(&w, 38);
        fake_set(&w.f, g, LG_G_LOCKEDM, 0x1000);
        publish(&w);
        struct lg_go_goroutines gs = read_with(&w, everything);
        assert_int_equal(gs.total, 2);
        assert_int_equal(gs.stack_bytes, 2 * STACK_BYTES);
        struct lg_goroutines e = words_of(&w, &gs);
        const struct lg_goroutine *item = &e.items.items[1];
        assert_int_equal(item->id, 38);
        assert_str(item->state, "chan receive");
        assert_true(item->locked_to_thread);
        /* The runtime's frames are hidden, type arguments are not told. */
        assert_int_equal(item->frame_count, 2);
        assert_frame(&lg_goroutine_frames(&e, item)[0], "main.(*T[...]).work",
                     30);
        assert_frame(&lg_goroutine_frames(&e, item)[1], "main.start", 60);
        assert_frame(&item->created_by, "main.main", 40);
        assert_int_equal(item->creator_id, minor >= 21 ? 1 : 0);
        assert_frame(&item->start, "main.start", 60);
        assert_int_equal(e.items.items[0].created_by.function.len, 0);
        fake_go_deinit(&w.f);
    }
}

static void test_who_is_left_out(void **state)
{
    static const int sweeps[] = {PARK, SWEEP};
    struct world w;
    world_init(&w, 27);
    add_main(&w);
    add_g(&w, 5, LG_STATUS_DEAD, 0);
    add_g(&w, 0, LG_STATUS_IDLE, 0);
    add_g(&w, 6, LG_STATUS_DEADEXTRA, 0);
    uint64_t system = add_g(&w, 2, LG_STATUS_WAITING, REASON_RECEIVE);
    stand(&w, system, sweeps, 2);
    fake_set(&w.f, system, LG_G_STARTPC, pc_in(&w, SWEEP, 0));
    add_g(&w, 7, (enum lg_go_status)99, 0); /* no such status */
    uint64_t other = add_parked(&w, 8);
    fake_set(&w.f, other, LG_G_SCHED_G, 0x1234); /* another's */
    w.allgs[w.count++] = 0xdead0000;             /* nothing there */
    publish(&w);
    struct lg_go_goroutines gs = read_with(&w, everything);
    assert_int_equal(gs.total, 1);
    assert_int_equal(gs.items.count, 1);
    assert_int_equal(gs.system_count, 1);
    assert_int_equal(gs.dead_count, 3);
    assert_int_equal(gs.unreadable_count, 3);
    struct lg_go_goroutines_options with_system = everything;
    with_system.with_system = true;
    gs = read_with(&w, with_system);
    assert_int_equal(gs.total, 1);
    assert_int_equal(gs.items.count, 2);
    fake_go_deinit(&w.f);
}

/* The kernel has begun to take its memory: what is left is no dump of it. */
static void test_memory_goes_away(void **state)
{
    struct world w;
    struct lg_go_goroutines gs;
    struct lg_error err = {0};
    struct lg_go_goroutines_options o = everything;
    o.freeze = LG_FREEZE_NEVER;
    world_init(&w, 27);
    add_main(&w);
    w.allgs[w.count++] = 0xdead0000;
    w.allgs[w.count++] = 0xdead8000;
    publish(&w);
    /* Of a core it may be all that there will ever be. */
    assert_int_equal(read_with(&w, o).unreadable_count, 2);
    w.f.fake.image.is_live = true;
    assert_false(lg_go_goroutines_read(&w.f.go, &o, &w.f.arena, &gs, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_true(lg_str_starts(lg_str_of(err.text), LG_STR("2 of 3 ")));
    fake_go_deinit(&w.f);
}

static void test_groups_and_bound_of_records(void **state)
{
    struct world w;
    struct lg_goroutines e;
    world_init(&w, 27);
    add_main(&w);
    for (uint64_t id = 10; id < 40; id++)
        fake_set(&w.f, add_parked(&w, id), LG_G_WAITSINCE, 1000 - id);
    publish(&w);
    struct lg_go_goroutines_options o = everything;
    o.keep_max = 3;
    struct lg_go_goroutines gs = read_with(&w, o);
    assert_int_equal(gs.items.count, 3);
    assert_int_equal(gs.groups.count, 2);
    assert_int_equal(gs.groups.items[1].count, 30);
    assert_int_equal(gs.groups.items[1].id_min, 10);
    assert_int_equal(gs.groups.items[1].id_max, 39);
    assert_int_equal(gs.groups.items[1].wait_since, 1000 - 39);
    assert_true(lg_go_goroutines_grouped(&gs, &w.f.arena, &e));
    assert_int_equal(e.total, 31);
    assert_int_equal(e.items.items[1].count, 30);
    /* The stacks of thirty are one. */
    assert_int_equal(gs.stacks.count, 1 + 3 + 4);
    fake_go_deinit(&w.f);
}

static void test_waits_in_minutes(void **state)
{
    struct world w;
    world_init(&w, 27);
    fake_set(&w.f, add_parked(&w, 10), LG_G_WAITSINCE, 5 * MINUTE_NS);
    fake_set(&w.f, add_parked(&w, 11), LG_G_WAITSINCE, 99 * MINUTE_NS);
    /* The latest that the runtime noted: 8 minutes. */
    fake_set(&w.f, fake_var(&w.f, LG_VAR_WORK, 1024), LG_WORK_TSTART,
             8 * MINUTE_NS);
    publish(&w);
    struct lg_go_goroutines gs = read_with(&w, everything);
    struct lg_goroutines e = words_of(&w, &gs);
    assert_int_equal(e.items.items[0].wait_ns, 3 * MINUTE_NS);
    assert_int_equal(e.items.items[1].wait_ns, 0); /* from the future */
    fake_go_deinit(&w.f);
}

static void test_states(void **state)
{
    static const struct {
        enum lg_go_status status;
        unsigned reason;
        const char *state;
        bool leaked;
    } rows[] = {
        {LG_STATUS_RUNNABLE, 0, "runnable", false},
        {LG_STATUS_SYSCALL, 0, "syscall", false},
        {LG_STATUS_WAITING, 0, "waiting", false},
        {LG_STATUS_WAITING, REASON_NIL, "chan receive (nil chan)", false},
        {LG_STATUS_WAITING, 60, "unknown wait reason", false},
        {LG_STATUS_LEAKED, REASON_RECEIVE, "chan receive", true},
        {LG_STATUS_PREEMPTED, 0, "preempted", false},
        {LG_STATUS_COPYSTACK, 0, "copystack", false},
        {LG_STATUS_RUNNING, 0, "running", false},
        {(enum lg_go_status)(0x1000 | LG_STATUS_RUNNABLE), 0, "runnable",
         false},
    };
    static const int stack[] = {WORK, START};
    struct world w;
    world_init(&w, 27);
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        uint64_t g = add_g(&w, 10 + i, rows[i].status, rows[i].reason);
        stand(&w, g, stack, 2);
    }
    publish(&w);
    struct lg_go_goroutines gs = read_with(&w, everything);
    struct lg_goroutines e = words_of(&w, &gs);
    assert_int_equal(e.items.count, LG_COUNT(rows));
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        assert_str(e.items.items[i].state, rows[i].state);
        assert_int_equal(e.items.items[i].leaked, rows[i].leaked);
        /* Nobody has the registers of the one that runs. */
        assert_int_equal(e.items.items[i].stack_unavailable,
                         rows[i].status == LG_STATUS_RUNNING);
    }
    assert_int_equal(gs.running_count, 1);
    fake_go_deinit(&w.f);
}

static void test_runs_in_a_thread_of_a_core(void **state)
{
    static const int stack[] = {WORK, START};
    struct world w;
    world_init(&w, 27);
    uint64_t g = add_g(&w, 10, LG_STATUS_RUNNING, 0);
    stand(&w, g, stack, 2);
    uint64_t m = fake_struct(&w.f, LG_M_SIZE), sp;
    memcpy(&sp, fake_at(&w.f, g) + fake_offset(&w.f, LG_G_SCHED_SP), 8);
    fake_set(&w.f, m, LG_M_PROCID, 4712);
    fake_set(&w.f, g, LG_G_M, m);
    fake_set(&w.f, g, LG_G_SCHED_PC, 0); /* stale */
    *(struct lg_image_thread *)lg_push(&w.f.arena, &w.f.fake.image.threads) =
        (struct lg_image_thread){
            .tid = 4712, .known = true, .pc = pc_in(&w, WORK, 9), .sp = sp};
    publish(&w);
    struct lg_go_goroutines gs = read_with(&w, everything);
    struct lg_goroutines e = words_of(&w, &gs);
    assert_int_equal(gs.running_count, 0);
    assert_int_equal(e.items.items[0].frame_count, 2);
    assert_int_equal(e.items.items[0].thread_id, 4712);
    fake_go_deinit(&w.f);
}

static void test_frames_that_were_asked_for(void **state)
{
    struct world w;
    world_init(&w, 27);
    add_parked(&w, 10);
    publish(&w);
    struct lg_go_goroutines_options o = everything;
    o.max_frames = 3;
    struct lg_go_goroutines gs = read_with(&w, o);
    struct lg_goroutines e = words_of(&w, &gs);
    assert_int_equal(e.items.items[0].frame_count, 1);
    assert_int_equal(e.items.items[0].elided_frames, UINT64_MAX);
    o.max_frames = 0; /* a census: where it stands, and no more */
    gs = read_with(&w, o);
    e = words_of(&w, &gs);
    assert_int_equal(e.items.items[0].frame_count, 1);
    assert_frame(lg_goroutine_frames(&e, &e.items.items[0]), "runtime.gopark",
                 10);
    fake_go_deinit(&w.f);
}

/* Ten thousand calls: the innermost 50, the outermost 50, and the number of
 * those between. */
static void test_deep_stack(void **state)
{
    enum { CALLS = 10000 };
    struct world w;
    world_init(&w, 27);
    uint64_t g = add_g(&w, 10, LG_STATUS_RUNNABLE, 0);
    uint64_t bytes = (CALLS + 2) * 16 + 64, lo = fake_new(&w.f, bytes);
    uint64_t sp = lo + 32, at = sp;
    for (int i = 0; i < CALLS; i++, at += 16)
        fake_u64(&w.f, at + 8, pc_in(&w, i + 1 < CALLS ? DEEP : START, 9));
    fake_u64(&w.f, at + 16, pc_in(&w, GOEXIT, 1));
    fake_set(&w.f, g, LG_G_STACK_LO, lo);
    fake_set(&w.f, g, LG_G_STACK_HI, at + 24);
    fake_set(&w.f, g, LG_G_SCHED_SP, sp);
    fake_set(&w.f, g, LG_G_SCHED_PC, pc_in(&w, DEEP, 9));
    publish(&w);
    struct lg_go_goroutines gs = read_with(&w, everything);
    struct lg_goroutines e = words_of(&w, &gs);
    const struct lg_goroutine *item = &e.items.items[0];
    assert_int_equal(item->frame_count, 100);
    assert_int_equal(item->elided_at, 50);
    assert_int_equal(item->elided_frames, CALLS + 1 - 100);
    assert_frame(&lg_goroutine_frames(&e, item)[99], "main.start", 60);
    assert_frame(&lg_goroutine_frames(&e, item)[0], "main.deep", 90);
    fake_go_deinit(&w.f);
}

static void test_wrappers_are_hidden(void **state)
{
    static const int stack[] = {WORK, WRAPPER, START};
    struct world w;
    struct lg_profile p;
    world_init(&w, 27);
    stand(&w, add_g(&w, 10, LG_STATUS_RUNNABLE, 0), stack, 3);
    publish(&w);
    struct lg_go_goroutines gs = read_with(&w, everything);
    struct lg_goroutines e = words_of(&w, &gs);
    assert_int_equal(e.items.items[0].frame_count, 2);
    assert_true(lg_go_goroutines_profile(&gs, &w.f.arena, &p));
    assert_int_equal(p.samples.count, 1);
    struct lg_frame_iter it = lg_profile_frames(&p, 0);
    struct lg_frame frame;
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_frame(&frame, "main.(*T[go.shape.int]).work", 30);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_frame(&frame, "main.start", 60);
    assert_false(lg_frame_iter_next(&it, &frame)); /* no goexit */
    fake_go_deinit(&w.f);
}

static uint64_t add_sudog(struct world *w, uint64_t g)
{
    uint64_t s = fake_struct(&w->f, LG_SUDOG_SIZE);
    fake_set(&w->f, s, LG_SUDOG_G, g);
    return s;
}

static void test_waits_on_a_channel(void **state)
{
    for (uint16_t minor = 19; minor <= 27; minor++) {
        struct world w;
        world_init(&w, minor);
        uint64_t g = add_parked(&w, 10), s = add_sudog(&w, g);
        uint64_t chan = fake_struct(&w.f, LG_HCHAN_SIZE);
        fake_set(&w.f, chan, LG_HCHAN_QCOUNT, 3);
        fake_set(&w.f, chan, LG_HCHAN_DATAQSIZ, 10);
        fake_set(&w.f, chan, LG_HCHAN_CLOSED, 1);
        fake_set(&w.f, s, LG_SUDOG_C, chan);
        fake_set(&w.f, g, LG_G_WAITING, s);
        /* Another one's sudog tells nothing. */
        fake_set(&w.f, add_parked(&w, 11), LG_G_WAITING, s);
        publish(&w);
        struct lg_go_goroutines gs = read_with(&w, everything);
        struct lg_goroutines e = words_of(&w, &gs);
        assert_str(e.items.items[0].waits_on, "chan");
        assert_int_equal(e.items.items[0].waits_on_address, chan);
        assert_str(e.items.items[0].waits_on_state, "cap 10, len 3, closed");
        assert_str(e.items.items[1].waits_on, "chan");
        assert_int_equal(e.items.items[1].waits_on_address, 0);
        fake_go_deinit(&w.f);
    }
}

/* A list of cases that ends in itself. */
static void test_select_whose_list_is_a_ring(void **state)
{
    struct world w;
    world_init(&w, 27);
    uint64_t g = add_main(&w), s = add_sudog(&w, g);
    fake_set(&w.f, s, LG_SUDOG_WAITLINK, s);
    fake_set(&w.f, s, LG_SUDOG_C, fake_struct(&w.f, LG_HCHAN_SIZE));
    fake_set(&w.f, g, LG_G_WAITING, s);
    publish(&w);
    struct lg_go_goroutines gs = read_with(&w, everything);
    assert_int_equal(gs.waits.items[0].cases, 65536);
    fake_go_deinit(&w.f);
}

static void test_waits_on_a_mutex(void **state)
{
    for (uint16_t minor = 20; minor <= 27; minor++) {
        static const int stack[] = {PARK, WORK, START};
        struct world w;
        world_init(&w, minor);
        uint64_t g = add_g(&w, 10, LG_STATUS_WAITING, REASON_MUTEX);
        stand(&w, g, stack, 3);
        uint64_t mutex = fake_new(&w.f, 8), s = add_sudog(&w, g);
        fake_u64(&w.f, mutex, 2 << 3 | 1);
        fake_set(&w.f, s, LG_SUDOG_ELEM, mutex + 4);
        if (minor >= 26) {
            fake_set(&w.f, g, LG_G_WAITING, s);
        } else { /* found through the table of semaphores, below another */
            size_t stride = (size_t)fake_offset(&w.f, LG_SEMTABLE_STRIDE);
            size_t count = (size_t)fake_offset(&w.f, LG_SEMTABLE_COUNT);
            uint64_t table = fake_var(&w.f, LG_VAR_SEMTABLE, stride * count);
            uint64_t top = add_sudog(&w, 0x77), link = add_sudog(&w, 0x78);
            fake_set(&w.f, table + 3 * stride, LG_SEMAROOT_TREAP, top);
            fake_set(&w.f, top, LG_SUDOG_NEXT, link);
            fake_set(&w.f, link, LG_SUDOG_WAITLINK, s);
            fake_set(&w.f, link, LG_SUDOG_PREV, top); /* a ring */
        }
        publish(&w);
        struct lg_go_goroutines gs = read_with(&w, everything);
        struct lg_goroutines e = words_of(&w, &gs);
        assert_str(e.items.items[0].waits_on, "mutex");
        assert_int_equal(e.items.items[0].waits_on_address, mutex);
        assert_str(e.items.items[0].waits_on_state, "locked, 2 waiting");
        fake_go_deinit(&w.f);
    }
}

static uint64_t add_text(struct world *w, const char *text)
{
    uint64_t at = fake_new(&w->f, strlen(text) + 1);
    memcpy(fake_at(&w->f, at), text, strlen(text));
    return at;
}

static void put_string(struct world *w, uint64_t at, const char *text)
{
    fake_u64(&w->f, at, add_text(w, text));
    fake_u64(&w->f, at + 8, strlen(text));
}

static void put_labels(struct world *w, uint64_t g)
{
    uint64_t labels = fake_new(&w->f, 24);
    if (w->f.go.minor >= 24) {
        uint64_t list = fake_new(&w->f, 64);
        put_string(w, list, "shard");
        put_string(w, list + 16, "7");
        put_string(w, list + 32, "tenant");
        put_string(w, list + 48, "a b");
        fake_u64(&w->f, labels, list);
        fake_u64(&w->f, labels + 8, 2);
    } else {
        uint64_t map = fake_struct(&w->f, LG_HMAP_SIZE);
        uint64_t bucket = fake_new(&w->f, 272);
        fake_u64(&w->f, labels, map);
        fake_set(&w->f, map, LG_HMAP_COUNT, 2);
        fake_set(&w->f, map, LG_HMAP_BUCKETS, bucket);
        fake_at(&w->f, bucket)[1] = 77; /* the others are empty */
        fake_at(&w->f, bucket)[6] = 5;
        put_string(w, bucket + 8 + 16, "tenant");
        put_string(w, bucket + 136 + 16, "a b");
        put_string(w, bucket + 8 + 6 * 16, "shard");
        put_string(w, bucket + 136 + 6 * 16, "7");
        fake_u64(&w->f, bucket + 264, bucket); /* its own overflow */
        fake_at(&w->f, bucket)[264] = 0;
        fake_u64(&w->f, bucket + 264, 0);
    }
    fake_set(&w->f, g, LG_G_LABELS, labels);
}

static void test_labels(void **state)
{
    for (uint16_t minor = 19; minor <= 27; minor++) {
        struct world w;
        struct lg_profile p;
        world_init(&w, minor);
        uint64_t g = add_parked(&w, 10);
        put_labels(&w, g);
        publish(&w);
        struct lg_go_goroutines gs = read_with(&w, everything);
        struct lg_goroutines e = words_of(&w, &gs);
        assert_str(e.items.items[0].labels, "shard: 7, tenant: \"a b\"");
        assert_true(lg_go_goroutines_profile(&gs, &w.f.arena, &p));
        assert_int_equal(p.labels.count, 2);
        assert_str(p.labels.items[1].of->str, "a b");
        fake_go_deinit(&w.f);
    }
}

/* The target runs: what is read twice may differ. The stack pointer wanders to
 * where the stack makes sense. */
struct moving {
    struct lg_image_ops ops;
    struct world *w;
    uint64_t g, next_sp;
    int left;
};
static struct moving moving;

static size_t read_and_move(struct lg_image *image, uint64_t address,
                            void *into, size_t bytes)
{
    size_t n = lg_fake_image_read(image, address, into, bytes);
    if (address == moving.g && moving.left > 0) {
        moving.left--;
        moving.next_sp += 64;
        fake_set(&moving.w->f, moving.g, LG_G_SCHED_SP, moving.next_sp);
    }
    return n;
}

static struct lg_go_goroutines read_moving(struct world *w, int moves)
{
    uint64_t g = add_parked(w, 10), sp;
    memcpy(&sp, fake_at(&w->f, g) + fake_offset(&w->f, LG_G_SCHED_SP), 8);
    sp -= (uint64_t)moves * 64;
    fake_set(&w->f, g, LG_G_SCHED_SP, sp);
    moving = (struct moving){
        .ops = lg_fake_image_ops, .w = w, .g = g, .next_sp = sp, .left = moves};
    moving.ops.read = read_and_move;
    w->f.fake.image.ops = &moving.ops;
    w->f.fake.image.is_live = true;
    publish(w);
    struct lg_go_goroutines_options o = everything;
    o.freeze = LG_FREEZE_NEVER;
    return read_with(w, o);
}

static void test_who_moves_is_read_again(void **state)
{
    struct world w;
    world_init(&w, 27);
    struct lg_go_goroutines gs = read_moving(&w, 2);
    assert_int_equal(gs.torn_count, 0);
    assert_int_equal(gs.items.count, 1);
    fake_go_deinit(&w.f);
}

static void test_who_always_moves_has_no_stack(void **state)
{
    struct world w;
    world_init(&w, 27);
    struct lg_go_goroutines gs = read_moving(&w, 20);
    assert_int_equal(gs.torn_count, 1);
    assert_int_equal(gs.total, 1);
    assert_int_equal(gs.items.count, 1);
    assert_int_equal(gs.items.items[0].stack, 0);
    struct lg_goroutines e = words_of(&w, &gs);
    assert_true(e.items.items[0].stack_unavailable);
    fake_go_deinit(&w.f);
}

static void test_nothing_to_read(void **state)
{
    struct world w;
    struct lg_go_goroutines gs;
    struct lg_error err = {0};
    world_init(&w, 27);
    assert_false(
        lg_go_goroutines_read(&w.f.go, &everything, &w.f.arena, &gs, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    add_main(&w);
    publish(&w);
    fake_u64(&w.f, w.f.go.vars[LG_VAR_ALLGS], 0x10); /* the array is gone */
    assert_false(
        lg_go_goroutines_read(&w.f.go, &everything, &w.f.arena, &gs, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    for (uint64_t n = 0; n < 3; n++) { /* it ends while it is read */
        w.f.fake.reads_left = n;
        w.f.fake.image.gone = false;
        assert_false(
            lg_go_goroutines_read(&w.f.go, &everything, &w.f.arena, &gs, &err));
        assert_int_equal(err.kind, LG_ABSENT);
    }
    fake_go_deinit(&w.f);
}

/* 2^60 goroutines are claimed. */
static void test_count_that_lies(void **state)
{
    struct world w;
    struct lg_go_goroutines gs;
    struct lg_error err = {0};
    world_init(&w, 27);
    add_main(&w);
    publish(&w);
    fake_u64(&w.f, w.f.go.vars[LG_VAR_ALLGS] + 8, UINT64_C(1) << 60);
    assert_false(
        lg_go_goroutines_read(&w.f.go, &everything, &w.f.arena, &gs, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    fake_go_deinit(&w.f);
}

static bool read_in(void *context, struct lg_arena *arena, struct lg_error *err)
{
    struct world *w = context;
    struct lg_go_goroutines gs;
    struct lg_goroutines e;
    struct lg_profile p;
    if (!lg_go_goroutines_read(&w->f.go, &everything, arena, &gs, err))
        return false;
    return (lg_go_goroutines_evidence(&gs, arena, &e) &&
            lg_go_goroutines_grouped(&gs, arena, &e) &&
            lg_go_goroutines_profile(&gs, arena, &p)) ||
           lg_fail_nomem(err);
}

static void test_out_of_memory(void **state)
{
    struct world w;
    world_init(&w, 27);
    add_main(&w);
    put_labels(&w, add_parked(&w, 10));
    publish(&w);
    assert_true(lg_alloc_fail_all(read_in, &w) > 3);
    fake_go_deinit(&w.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_version),
        cmocka_unit_test(test_who_is_left_out),
        cmocka_unit_test(test_memory_goes_away),
        cmocka_unit_test(test_groups_and_bound_of_records),
        cmocka_unit_test(test_waits_in_minutes),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_runs_in_a_thread_of_a_core),
        cmocka_unit_test(test_frames_that_were_asked_for),
        cmocka_unit_test(test_deep_stack),
        cmocka_unit_test(test_wrappers_are_hidden),
        cmocka_unit_test(test_waits_on_a_channel),
        cmocka_unit_test(test_select_whose_list_is_a_ring),
        cmocka_unit_test(test_waits_on_a_mutex),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_who_moves_is_read_again),
        cmocka_unit_test(test_who_always_moves_has_no_stack),
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_count_that_lies),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
