/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

#include <signal.h>

static void calm(struct case_builder *b)
{
    case_timeline_of(b, {0, 4}, {200, 12}, {5000, 12});
    (void)full_capture(b, 300, 12, 5, 1);
}

static bool says(const struct lg_verdict *v, const char *words)
{
    return lg_str_contains(v->findings.items[0].summary, lg_str_of(words));
}

static void test_kill_by_somebody(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    case_end(b, LG_END_SIGNAL, 5000);
    case_signal(b, SIGKILL, 812, "bash", 5000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NOT_OOM, NULL);
    assert_int_equal(v.findings.count, 1);
    assert_true(says(&v, "SIGKILL, sent by bash (pid 812)"));
    assert_true(v.findings.items[0].confidence > 0.9);
}

static void test_term_then_kill(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    case_end(b, LG_END_SIGNAL, 5000);
    case_signal(b, SIGTERM, 1, "systemd", 2000);
    case_signal(b, SIGKILL, 1, "systemd", 5000);
    struct lg_verdict v = judge(b);
    assert_true(says(&v, "SIGTERM, sent by systemd (pid 1)"));
    assert_true(says(&v, "3.0 s later"));
}

/* The senders of signals could not be seen. */
static void test_kill_by_nobody_known(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    case_end(b, LG_END_SIGNAL, 5000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NOT_OOM, NULL);
    double known = v.findings.items[0].confidence;
    assert_true(known < 0.9);
    /* Not even whether the kernel counted a kill: less sure, and it says so. */
    b->in.end.oom_kill_delta = (struct lg_num){false, 0};
    v = judge(b);
    assert_true(v.findings.items[0].confidence < known);
    assert_int_equal(v.findings.items[0].against.count, 1);
}

static void test_itself(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    case_end(b, LG_END_SIGNAL, 5000);
    b->in.end.signal = SIGABRT;
    case_signal(b, SIGABRT, 4711, "victim", 5000);
    struct lg_verdict v = judge(b);
    assert_true(says(&v, "SIGABRT, sent by the program itself"));
    /* Any signal number has a name or a question mark. */
    b->in.end.signal = 63;
    v = judge(b);
    assert_first(&v, LG_CAUSE_NOT_OOM, NULL);
}

static void test_panic(void **state)
{
    struct case_builder *b = *state;
    struct lg_goroutines *g = case_dump(b, NULL);
    calm(b);
    (void)case_go(b, g, 1, "running",
                  "shop.(*counters).count main.go:25 < main.main main.go:20",
                  NULL);
    case_end(b, LG_END_EXIT, 5000);
    b->in.end.exit_code = 2;
    b->in.end.fatal.kind = LG_FATAL_PANIC;
    b->in.end.fatal.message = LG_STR("panic: assignment to entry in nil map");
    b->in.end.fatal_goroutines = g;
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NOT_OOM, "shop.(*counters).count main.go:25");
    assert_true(says(&v, "assignment to entry in nil map"));
}

static void test_status(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    case_end(b, LG_END_EXIT, 5000);
    b->in.end.exit_code = 3;
    struct lg_verdict v = judge(b);
    assert_true(says(&v, "status 3"));
    b->in.end.exit_code = 2; /* Go's own, but the message was not kept */
    v = judge(b);
    assert_true(says(&v, "panics and fatal errors"));
}

/* none: an end that nobody needs to explain. */
static void test_none(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    case_end(b, LG_END_EXIT, 5000);
    b->in.end.exit_code = 0;
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 0);
    b->in.end.kind = LG_END_RUNNING;
    v = judge(b);
    assert_int_equal(v.findings.count, 0);
    assert_false(v.inconclusive);
    assert_true(v.memory.known);
}

/* Killed for memory: not this rule's matter, whoever sent signals before. */
static void test_oom_kill(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    case_end(b, LG_END_OOM_KILL, 5000);
    case_signal(b, SIGTERM, 1, "systemd", 2000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_NOT_OOM));
}

static void test_end_unknown(void **state)
{
    struct case_builder *b = *state;
    calm(b);
    b->in.end.kind = LG_END_UNKNOWN;
    struct lg_verdict v = judge(b);
    assert_true(verdict_not_judged(&v, LG_CAUSE_NOT_OOM));
    assert_int_equal(v.findings.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_kill_by_somebody),
        case_test(test_term_then_kill),
        case_test(test_kill_by_nobody_known),
        case_test(test_itself),
        case_test(test_panic),
        case_test(test_status),
        case_test(test_none),
        case_test(test_oom_kill),
        case_test(test_end_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
