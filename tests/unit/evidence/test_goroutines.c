/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "evidence/goroutines.h"

#define MAX_STACK 8

struct inference {
    const char *stack[MAX_STACK]; /* leaf first */
    const char *state;
};

/* Stacks of Go 1.18 … 1.27; what those versions say of them in a dump is
 * compared in tests/unit/decode/test_goroutine_text.c. */
static const struct inference inferences[] = {
    {{"runtime.gopark", "runtime.chanrecv", "runtime.chanrecv1", "main.f"},
     "chan receive"},
    {{"runtime.gopark", "runtime.chanrecv", "runtime.chanrecv2", "main.f"},
     "chan receive"},
    {{"runtime.gopark", "runtime.chansend", "runtime.chansend1", "main.f"},
     "chan send"},
    {{"runtime.gopark", "runtime.selectgo", "main.f"}, "select"},
    {{"runtime.gopark", "runtime.selectgo", "reflect.rselect", "main.f"},
     "select"},
    {{"runtime.gopark", "runtime.block", "main.f"}, "select (no cases)"},
    {{"runtime.gopark", "time.Sleep", "main.f"}, "sleep"},
    {{"runtime.gopark", "runtime.netpollblock",
      "internal/poll.runtime_pollWait", "main.f"},
     "IO wait"},
    {{"runtime.gopark", "runtime.goparkunlock", "runtime.semacquire1",
      "sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow", "main.f"},
     "sync.Mutex.Lock"},
    {{"runtime.gopark", "runtime.semacquire1",
      "internal/sync.runtime_SemacquireMutex",
      "internal/sync.(*Mutex).lockSlow", "main.f"},
     "sync.Mutex.Lock"},
    {{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireMutex",
      "sync.(*RWMutex).RLock", "main.f"},
     "sync.RWMutex.RLock"},
    {{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireMutex",
      "sync.(*RWMutex).Lock", "main.f"},
     "sync.RWMutex.Lock"},
    {{"runtime.gopark", "runtime.semacquire1",
      "sync.runtime_SemacquireRWMutexR", "sync.(*RWMutex).RLock"},
     "sync.RWMutex.RLock"},
    {{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireRWMutex",
      "sync.(*RWMutex).Lock"},
     "sync.RWMutex.Lock"},
    {{"runtime.gopark", "runtime.semacquire1", "sync.runtime_Semacquire",
      "sync.(*WaitGroup).Wait"},
     "semacquire"},
    {{"runtime.gopark", "runtime.semacquire1",
      "sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait"},
     "sync.WaitGroup.Wait"},
    {{"runtime.gopark", "runtime.goparkunlock", "sync.runtime_notifyListWait",
      "sync.(*Cond).Wait"},
     "sync.Cond.Wait"},
    {{"runtime.gopark", "runtime.runfinq"}, "finalizer wait"},
    {{"runtime.gopark", "runtime.coroswitch_m", "runtime.coroswitch"},
     "coroutine"},
    {{"runtime.gopark", "runtime.newThing", "main.f"}, "waiting"},
    {{"runtime.notetsleepg", "os/signal.signal_recv", "os/signal.loop"},
     "syscall"},
    {{"syscall.Syscall", "syscall.read", "main.f"}, "syscall"},
    {{"internal/runtime/syscall/linux.Syscall6", "syscall.RawSyscall6"},
     "syscall"},
    {{"runtime.cgocall", "main._Cfunc_f", "main.f"}, "syscall"},
    {{"runtime/pprof.runtime_goroutineProfileWithLabels", "main.f"}, "running"},
    {{"main.f"}, "runnable"},
    {{"runtime.asyncPreempt", "main.f"}, "runnable"},
    /* At work inside of what else would park. */
    {{"runtime.memmove", "runtime.chanrecv", "runtime.chanrecv1"}, "runnable"},
    {{"runtime.chanrecv", "runtime.chanrecv1", "main.f"}, "runnable"},
    /* Without runtime frames, as debug=1 has them. */
    {{"sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow"},
     "sync.Mutex.Lock"},
    {{"time.Sleep", "main.f"}, "sleep"},
    {{NULL}, ""},
};

static void test_infer(void **state)
{
    for (size_t i = 0; i < LG_COUNT(inferences); i++) {
        struct lg_frame frames[MAX_STACK];
        size_t count = 0;
        for (; count < MAX_STACK && inferences[i].stack[count]; count++)
            frames[count] = (struct lg_frame){
                .function = lg_str_of(inferences[i].stack[count])};
        struct lg_str s = lg_goroutine_infer_state(frames, count);
        if (!lg_str_eq(s, lg_str_of(inferences[i].state)))
            fail_msg("%s: %.*s", inferences[i].state, LG_STR_ARG(s));
    }
}

/* A goroutine with a stack of two frames. */
static struct lg_goroutine *add(struct lg_goroutines *g, uint64_t id,
                                const char *state, const char *leaf,
                                uint32_t line, const char *creator)
{
    struct lg_frame *a = lg_push(g->arena, &g->frames);
    struct lg_frame *b = lg_push(g->arena, &g->frames);
    struct lg_goroutine *item = lg_push(g->arena, &g->items);
    if (a == NULL || b == NULL || item == NULL)
        return NULL;
    a = &g->frames.items[g->frames.count - 2];
    *a = (struct lg_frame){.function = lg_str_of(leaf), .line = line};
    *b = (struct lg_frame){.function = LG_STR("main.root"), .line = 9};
    *item = (struct lg_goroutine){
        .id = id,
        .count = 1,
        .state = lg_str_of(state),
        .frame_first = (uint32_t)g->frames.count - 2,
        .frame_count = 2,
        .created_by = {.function = lg_str_of(creator), .line = 3},
    };
    g->total++;
    return item;
}

static bool make(struct lg_goroutines *g, struct lg_arena *arena)
{
    *g = (struct lg_goroutines){.arena = arena};
    struct lg_goroutine *one = add(g, 4, "select", "main.a", 1, "main.main");
    struct lg_goroutine *two = add(g, 20, "select", "main.b", 1, "main.main");
    if (one == NULL || two == NULL)
        return false;
    for (uint64_t id = 5; id < 15; id++) {
        struct lg_goroutine *item =
            add(g, id, "chan receive", "main.a", 1, "main.main");
        if (item == NULL)
            return false;
        item->wait_ns = (20 - id) * 60;
        item->leaked = id % 2 == 0;
    }
    return add(g, 30, "chan receive", "main.a", 2, "main.main") != NULL &&
           add(g, 31, "chan receive", "main.a", 1, "main.other") != NULL;
}

static void test_groups(void **state)
{
    struct lg_arena arena;
    struct lg_goroutines g, again;
    struct lg_goroutine_groups groups, others;
    lg_arena_init(&arena, 0);
    assert_true(make(&g, &arena));
    assert_true(lg_goroutines_group(&g, &arena, &groups));
    assert_int_equal(groups.items.count, 5);
    const struct lg_goroutine_group *first = &groups.items.items[0];
    assert_int_equal(first->count, 10);
    assert_int_equal(first->leaked_count, 5);
    assert_int_equal(first->longest_wait_ns, 15 * 60);
    assert_int_equal(first->id_min, 5);
    assert_int_equal(first->id_max, 14);
    assert_int_equal(g.items.items[first->example].id, 5);
    for (size_t i = 1; i < 5; i++)
        assert_int_equal(groups.items.items[i].count, 1);
    /* Another dump of the same place has the same keys. */
    assert_true(make(&again, &arena));
    assert_true(lg_goroutines_group(&again, &arena, &others));
    for (size_t i = 0; i < 5; i++)
        assert_true(groups.items.items[i].key == others.items.items[i].key);
    lg_arena_deinit(&arena);
}

/* These keys are stored with incidents: they may not change by accident. */
static void test_key_is_stable(void **state)
{
    struct lg_arena arena;
    struct lg_goroutines g;
    struct lg_goroutine_groups groups;
    lg_arena_init(&arena, 0);
    assert_true(make(&g, &arena));
    assert_true(lg_goroutines_group(&g, &arena, &groups));
    assert_true(groups.items.items[0].key == UINT64_C(0xe6f59223d1c7cc8d));
    lg_arena_deinit(&arena);
}

static bool group_all(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_goroutines g;
    struct lg_goroutine_groups groups;
    if (!make(&g, arena) || !lg_goroutines_group(&g, arena, &groups))
        return lg_fail_nomem(err);
    return true;
}

/* A profile of main.main, and of `count` goroutines that receive. */
static bool make_profile(struct lg_profile *p, struct lg_arena *arena,
                         const char *type)
{
    static const char *const functions[] = {
        "runtime.gopark", "runtime.chanrecv", "runtime.chanrecv1",
        "main.worker",    "runtime.main",     "main.main"};
    struct lg_value_type *t;
    if (!lg_profile_init(p, arena) || !(t = lg_push(arena, &p->types)))
        return false;
    t->type = lg_str_of(type);
    for (uint32_t i = 0; i < LG_COUNT(functions); i++) {
        struct lg_profile_location *l = lg_push(arena, &p->locations);
        struct lg_profile_line *line = lg_push(arena, &p->lines);
        struct lg_profile_function *f = lg_push(arena, &p->functions);
        if (l == NULL || line == NULL || f == NULL)
            return false;
        f->name = lg_str_of(functions[i]);
        *line = (struct lg_profile_line){.function = i, .line = i + 1};
        *l = (struct lg_profile_location){.line_first = i, .line_count = 1};
    }
    static const uint32_t root[] = {5, 4}, worker[] = {0, 1, 2, 3};
    struct lg_label label = {.key = LG_STR("tenant"), .str = LG_STR("acme")};
    return lg_profile_add_label(p, 1, &label) &&
           lg_profile_sample(p, root, 2, (int64_t[]){1}) &&
           lg_profile_sample(p, worker, 4, (int64_t[]){40}) &&
           lg_profile_sample(p, worker, 4, (int64_t[]){1}) &&
           lg_profile_sample(p, worker, 4, (int64_t[]){0});
}

static void test_from_profile(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_goroutines g;
    lg_arena_init(&arena, 0);
    assert_true(make_profile(&p, &arena, "goroutine"));
    assert_true(lg_goroutines_from_profile(&p, &arena, &g));
    assert_true(g.from_profile);
    assert_int_equal(g.total, 42);
    assert_int_equal(g.items.count, 3); /* a sample of 0 stands for nobody */
    assert_int_equal(g.frames.count, 2 + 4); /* one stack is there once */
    assert_int_equal(g.items.items[1].frame_first,
                     g.items.items[2].frame_first);
    assert_true(lg_str_eq(g.items.items[1].state, g.items.items[2].state));
    assert_int_equal(g.items.items[2].labels.len, 0);
    const struct lg_goroutine *main = &g.items.items[0];
    const struct lg_goroutine *worker = &g.items.items[1];
    assert_int_equal(main->frame_count, 1);
    assert_int_equal(main->labels.len, 0);
    assert_true(lg_str_eq(worker->state, LG_STR("chan receive")));
    assert_true(lg_str_eq(worker->labels, LG_STR("tenant: acme")));
    assert_int_equal(worker->count, 40);
    assert_int_equal(worker->frame_count, 1); /* as a dump shows it */
    assert_true(lg_str_eq(g.frames.items[worker->frame_first].function,
                          LG_STR("main.worker")));
    assert_false(worker->leaked);
    assert_true(make_profile(&p, &arena, "goroutineleak"));
    assert_true(lg_goroutines_from_profile(&p, &arena, &g));
    assert_true(g.items.items[1].leaked);
    assert_true(make_profile(&p, &arena, "inuse_space"));
    assert_true(lg_goroutines_from_profile(&p, &arena, &g));
    assert_int_equal(g.items.count, 0);
    lg_arena_deinit(&arena);
}

static bool from_profile(void *context, struct lg_arena *arena,
                         struct lg_error *err)
{
    struct lg_profile p;
    struct lg_goroutines g;
    if (!make_profile(&p, arena, "goroutine") ||
        !lg_goroutines_from_profile(&p, arena, &g))
        return lg_fail_nomem(err);
    return true;
}

static void test_out_of_memory(void **state)
{
    assert_true(lg_alloc_fail_all(group_all, NULL) > 0);
    assert_true(lg_alloc_fail_all(from_profile, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infer),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_key_is_stable),
        cmocka_unit_test(test_from_profile),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
