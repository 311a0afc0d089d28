/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rng.h"
#include "verdict.h"

#define WHEEL "github.com/z/go-zero/c.(*Wheel).run wheel.go:113"
#define SELECT "runtime.gopark proc.go:402 < runtime.selectgo select.go:327"
#define RECEIVE                                                                \
    "runtime.gopark proc.go:402 < runtime.chanrecv chan.go:583 < "             \
    "runtime.chanrecv1 chan.go:442"

static struct lg_goroutine_sites *sites_of(struct case_builder *b,
                                           struct lg_case *c,
                                           const struct lg_goroutines *g)
{
    assert_true(lg_case_init(c, &b->in, b->arena));
    struct lg_goroutine_sites *sites = lg_goroutine_sites_of(c, g);
    assert_non_null(sites);
    return sites;
}

static void test_groups_by_start_and_line(void **state)
{
    struct case_builder *b = *state;
    struct lg_case c;
    struct lg_goroutines *g = case_dump(b, NULL);
    case_dep(b, "github.com/z/go-zero", "v1.10.3");
    (void)case_go(b, g, 5, "chan receive",
                  "shop.consume c.go:9 < shop.Start.func1 c.go:4",
                  "shop.Start c.go:3");
    (void)case_go(b, g, 2, "chan receive, 2 minutes",
                  "shop.consume c.go:9 < shop.Start.func1 c.go:4",
                  "shop.Start c.go:3");
    (void)case_go(b, g, 1, "select",
                  "shop.consume c.go:11 < shop.Start.func1 c.go:4",
                  "shop.Start c.go:3");
    (void)case_go(b, g, 3, "select", WHEEL,
                  "github.com/z/go-zero/c.NewWheel wheel.go:80");
    const struct lg_goroutine_sites *sites = sites_of(b, &c, g);
    assert_int_equal(sites->total, 11);
    assert_int_equal(sites->items.count, 3);
    const struct lg_goroutine_site *first = &sites->items.items[0];
    assert_int_equal(first->count, 7);
    assert_true(str_is(first->start.function, "shop.Start.func1"));
    assert_true(str_is(first->where.function, "shop.consume"));
    assert_int_equal(first->where.line, 9);
    assert_true(str_is(first->state, "chan receive"));
    assert_true(str_is(first->created_by.function, "shop.Start"));
    assert_int_equal(first->by_class[LG_WAIT_PARKED], 7);
    /* No line of the user's: where stays empty, the leaf is the library's. */
    const struct lg_goroutine_site *wheel = &sites->items.items[1];
    assert_int_equal(wheel->count, 3);
    assert_int_equal(wheel->where.function.len, 0);
    assert_true(
        str_is(wheel->leaf.function, "github.com/z/go-zero/c.(*Wheel).run"));
    assert_int_equal(wheel->leaf.line, 113);
}

static enum lg_wait_class class_of(struct case_builder *b, const char *state,
                                   const char *stack)
{
    struct lg_goroutines *g = case_dump(b, NULL);
    (void)case_go(b, g, 1, state, stack, NULL);
    return lg_goroutine_class(g, &g->items.items[0]);
}

static void test_classes(void **state)
{
    struct case_builder *b = *state;
    static const char own[] = "shop.wait w.go:4 < main.main main.go:3";
    assert_int_equal(class_of(b, "chan receive", own), LG_WAIT_PARKED);
    assert_int_equal(class_of(b, "select", own), LG_WAIT_PARKED);
    assert_int_equal(class_of(b, "select (no cases)", own), LG_WAIT_PARKED);
    assert_int_equal(class_of(b, "sync.Mutex.Lock", own), LG_WAIT_PARKED);
    assert_int_equal(class_of(b, "sync.WaitGroup.Wait", own), LG_WAIT_PARKED);
    assert_int_equal(class_of(b, "semacquire", own), LG_WAIT_PARKED);
    assert_int_equal(class_of(b, "sleep", own), LG_WAIT_SLEEP);
    assert_int_equal(class_of(b, "IO wait", own), LG_WAIT_IO);
    assert_int_equal(class_of(b, "running", own), LG_WAIT_ACTIVE);
    assert_int_equal(class_of(b, "runnable", own), LG_WAIT_ACTIVE);
    assert_int_equal(class_of(b, "syscall", own), LG_WAIT_ACTIVE);
    assert_int_equal(class_of(b, "GC assist wait", own), LG_WAIT_ACTIVE);
    assert_int_equal(class_of(b, "garbage collection", own), LG_WAIT_ACTIVE);
    assert_int_equal(class_of(b, "GC mark termination", own), LG_WAIT_ACTIVE);
    assert_int_equal(class_of(b, "", own), LG_WAIT_ACTIVE);
}

/* net/http waits for an answer in a select: that is I/O. A handler that waits
 * below the server is not: its own frames come first, and the server's
 * functions are not those that wait for somebody else. */
static void test_io_behind_a_select(void **state)
{
    struct case_builder *b = *state;
    assert_int_equal(
        class_of(b, "select",
                 "net/http.(*persistConn).roundTrip t.go:2600 < "
                 "net/http.(*Transport).RoundTrip t.go:600 < shop.get g.go:4"),
        LG_WAIT_IO);
    assert_int_equal(class_of(b, "select",
                              "database/sql.(*DB).conn sql.go:1360 < "
                              "shop/store.All s.go:4"),
                     LG_WAIT_IO);
    assert_int_equal(class_of(b, "chan receive",
                              "shop.handle h.go:4 < "
                              "net/http.(*conn).serve server.go:2000"),
                     LG_WAIT_PARKED);
}

/* A goroutine profile tells stacks with the runtime's frames and no states; it
 * must lead to the same sites as the text of the same instant. */
static void test_profile_and_text_agree(void **state)
{
    static const struct {
        const char *runtime, *own, *state, *root;
        int64_t count;
    } rows[] = {
        {RECEIVE, "shop.consume c.go:9 < shop.Start.func1 c.go:4",
         "chan receive", "", 40},
        {SELECT, WHEEL, "select", "", 7},
        {"runtime.gopark proc.go:402 < time.Sleep time.go:195",
         "shop.tick t.go:8 < main.main main.go:12", "sleep",
         " < runtime.main proc.go:283", 1},
    };
    struct case_builder *b = *state;
    struct lg_capture *capture = case_capture(b, 100);
    struct lg_goroutines *text = case_dump(b, NULL), from_profile;
    struct lg_profile *p = case_goroutine_profile(b, capture);
    struct lg_case c;
    case_dep(b, "github.com/z/go-zero", "v1.10.3");
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        char stack[512], shown[512];
        snprintf(stack, sizeof stack, "%s < %s%s < runtime.goexit asm.s:1700",
                 rows[i].runtime, rows[i].own, rows[i].root);
        case_sample(b, p, stack, &rows[i].count);
        bool sleeps = strcmp(rows[i].state, "sleep") == 0;
        snprintf(shown, sizeof shown, "%s%s",
                 sleeps ? "time.Sleep time.go:195 < " : "", rows[i].own);
        (void)case_go(b, text, (size_t)rows[i].count, rows[i].state, shown,
                      NULL);
    }
    assert_true(lg_goroutines_from_profile(p, b->arena, &from_profile));
    const struct lg_goroutine_sites *x = sites_of(b, &c, text);
    const struct lg_goroutine_sites *y = sites_of(b, &c, &from_profile);
    assert_int_equal(x->total, y->total);
    assert_int_equal(x->items.count, LG_COUNT(rows));
    assert_int_equal(y->items.count, LG_COUNT(rows));
    lg_each(site, x->items) {
        const struct lg_goroutine_site *same = lg_goroutine_site_find(y, site);
        assert_non_null(same);
        assert_int_equal(same->count, site->count);
        assert_true(lg_str_eq(same->state, site->state));
        assert_true(lg_frame_same(&same->start, &site->start));
        assert_true(lg_frame_same(&same->where, &site->where));
        assert_true(lg_frame_same(&same->leaf, &site->leaf));
        assert_memory_equal(same->by_class, site->by_class,
                            sizeof site->by_class);
    }
}

static void test_empty(void **state)
{
    struct case_builder *b = *state;
    struct lg_case c;
    const struct lg_goroutine_sites *sites =
        sites_of(b, &c, case_dump(b, NULL));
    assert_int_equal(sites->items.count, 0);
    assert_int_equal(sites->total, 0);
    struct lg_goroutines *g = case_dump(b, NULL);
    (void)case_go(b, g, 3, "running", "", NULL); /* stack unavailable */
    sites = sites_of(b, &c, g);
    assert_int_equal(sites->total, 3);
    assert_int_equal(sites->items.count, 1);
    assert_int_equal(sites->items.items[0].where.function.len, 0);
}

/* No goroutine is counted twice or lost, in whatever order they come. */
static void test_counts_add_up(void **state)
{
    static const char *const stacks[] = {
        "shop.a a.go:1 < shop.f f.go:1",
        "shop.a a.go:2 < shop.f f.go:1",
        "shop.b b.go:1 < shop.f f.go:1",
        "net.read n.go:1 < shop.g g.go:2",
        "bufio.x b.go:1",
        "runtime.gcenable mgc.go:1",
    };
    static const char *const states[] = {"select", "running", "sleep",
                                         "IO wait"};
    struct case_builder *b = *state;
    struct lg_rng rng = {7};
    for (int round = 0; round < 40; round++) {
        struct lg_goroutines *g = case_dump(b, NULL), *h = case_dump(b, NULL);
        struct {
            const char *state, *stack;
        } made[60];
        for (size_t i = 0; i < 60; i++) {
            made[i].state = states[lg_rng_below(&rng, LG_COUNT(states))];
            made[i].stack = stacks[lg_rng_below(&rng, LG_COUNT(stacks))];
            (void)case_go(b, g, 1, made[i].state, made[i].stack, NULL);
        }
        for (size_t i = 60; i-- > 0;)
            (void)case_go(b, h, 1, made[i].state, made[i].stack, NULL);
        struct lg_case c;
        const struct lg_goroutine_sites *x = sites_of(b, &c, g);
        const struct lg_goroutine_sites *y = sites_of(b, &c, h);
        assert_int_equal(x->items.count, y->items.count);
        uint64_t sum = 0;
        lg_each(site, x->items) {
            const struct lg_goroutine_site *same =
                lg_goroutine_site_find(y, site);
            assert_non_null(same);
            assert_memory_equal(same->by_class, site->by_class,
                                sizeof site->by_class);
            assert_true(lg_str_eq(same->state, site->state));
            uint64_t classes = 0;
            for (int k = 0; k < LG_WAIT_COUNT; k++)
                classes += site->by_class[k];
            assert_int_equal(classes, site->count);
            sum += site->count;
        }
        assert_int_equal(sum, 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_groups_by_start_and_line),
        case_test(test_classes),
        case_test(test_io_behind_a_select),
        case_test(test_profile_and_text_agree),
        case_test(test_empty),
        case_test(test_counts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
