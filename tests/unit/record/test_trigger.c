/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "record/trigger.h"
#include "rng.h"

#include <string.h>

#define MIB (UINT64_C(1) << 20)
#define LIMIT (1000 * MIB)
#define IDLE_NS (50 * LG_NS_PER_MS)

static struct lg_trigger_sample sample(uint64_t t_ms, uint64_t usage_mib,
                                       double mib_per_s)
{
    return (struct lg_trigger_sample){
        .t_ns = t_ms * LG_NS_PER_MS,
        .usage_bytes = usage_mib * MIB,
        .rate_bytes_per_s = mib_per_s * (double)MIB,
    };
}

/* A capture that begins at s and takes duration_ms. */
static void capture(struct lg_trigger *t, const struct lg_trigger_sample *s,
                    const struct lg_trigger_decision *d, uint64_t duration_ms)
{
    lg_trigger_began(t, s);
    lg_trigger_ended(t, s->t_ns + duration_ms * LG_NS_PER_MS,
                     duration_ms * LG_NS_PER_MS, duration_ms * LG_NS_PER_MS);
}

static struct lg_trigger started(uint64_t usage_mib, uint64_t duration_ms)
{
    struct lg_trigger t;
    lg_trigger_init(&t, LIMIT);
    struct lg_trigger_sample s = sample(0, usage_mib, 0);
    struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
    assert_int_equal(d.kind, LG_TRIGGER_START);
    capture(&t, &s, &d, duration_ms);
    return t;
}

static enum lg_trigger_kind kind_at(const struct lg_trigger *t,
                                    const struct lg_trigger_sample *s)
{
    return lg_trigger_decide(t, s).kind;
}

static void test_nothing_happens(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 1);
    struct lg_trigger_sample s = sample(900, 11, 0);
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
}

/* Marks lie closer the nearer the limit is, and none is passed by. */
static void test_marks(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 1);
    uint64_t last = 10, marks = 0;
    for (uint64_t mib = 10; mib < 1000; mib++) {
        /* 1 MiB a second: ages are due too, marks are what is counted. */
        struct lg_trigger_sample s = sample(100 + mib * 50, mib, 20);
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        if (d.kind == LG_TRIGGER_NONE) {
            assert_true(mib - last <= (mib < 450 ? 150u : 50u));
            continue;
        }
        if (d.kind == LG_TRIGGER_USAGE) {
            assert_int_equal(d.percent, mib / 10);
            marks++;
        }
        capture(&t, &s, &d, 1);
        last = mib;
    }
    assert_true(marks >= 8);
}

/* Captures of 3 ms while memory grows by 200 MiB a second: none of the way is
 * farther than three per cent from one, and they cost what they may. */
static void test_cheap_captures_are_taken_often(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 3);
    uint64_t last = 10;
    for (uint64_t ms = 4; ms < 4950; ms += 4) {
        uint64_t mib = 10 + ms / 5;
        struct lg_trigger_sample s = sample(ms, mib, 200);
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        if (d.kind != LG_TRIGGER_NONE) {
            capture(&t, &s, &d, 3);
            last = mib;
        }
        assert_true(mib - last <= 30);
    }
    assert_true(t.captures >= 35);
    assert_true(t.spent_ns <= 350 * LG_NS_PER_MS);
}

/* However slowly it grows and however often it falls back: a fiftieth. */
static void test_cheap_captures_stay_within_their_budget(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 8);
    for (uint64_t ms = 8; ms < 120000; ms += 4) {
        uint64_t mib = 200 + ms * 2 % 700; /* a saw: 2 GiB/s, again and again */
        struct lg_trigger_sample s = sample(ms, mib, 2000);
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        if (d.kind != LG_TRIGGER_NONE) {
            capture(&t, &s, &d, 8);
        }
    }
    assert_true(t.captures > 20);
    assert_true((double)t.spent_ns <= 0.02 * 120e9 + 0.5e9);
}

/* A program that hangs at its limit is looked at again, ever less often. */
static void test_hanging_at_the_limit(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 5);
    uint64_t seen = 0, last_ms = 0, longest = 0;
    for (uint64_t ms = 5000; ms < 65000; ms += 4) {
        struct lg_trigger_sample s = sample(ms, 999, 0);
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        if (d.kind == LG_TRIGGER_NONE) {
            continue;
        }
        capture(&t, &s, &d, 5);
        longest = seen > 0 && ms - last_ms > longest ? ms - last_ms : longest;
        last_ms = ms;
        seen++;
        assert_true(seen != 2 || ms <= 5000 + 300);
    }
    assert_true(seen >= 10 && seen <= 60);
    assert_true(longest <= 20000);
}

/* Page cache fills the limit: the program waits for the kernel to take it. */
static void test_hanging_behind_the_cache(void **state)
{
    (void)state;
    struct lg_trigger t = started(800, 5);
    struct lg_trigger_sample s = sample(600, 800, 0);
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
    s.charged_bytes = 990 * MIB;
    struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
    assert_int_equal(d.kind, LG_TRIGGER_RATE);
    capture(&t, &s, &d, 5);
    s.t_ns += 100 * LG_NS_PER_MS;
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
    s.t_ns += 200 * LG_NS_PER_MS;
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_RATE);
    /* A service that lives with a full cache is looked at ever less often,
     * also when the cache breathes. */
    uint64_t seen = 0;
    for (uint64_t ms = 1000; ms < 3600000; ms += 20) {
        s = sample(ms, 800, 0);
        s.charged_bytes = (ms / 700 % 2 != 0 ? 930 * MIB : 990 * MIB);
        d = lg_trigger_decide(&t, &s);
        if (d.kind != LG_TRIGGER_NONE) {
            capture(&t, &s, &d, 5);
            seen++;
        }
    }
    assert_true(seen < 100);
}

/* A fast climb: between two samples nothing more than one step is missed. */
static void test_marks_of_a_jump(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 1);
    struct lg_trigger_sample s = sample(100, 700, 5000);
    struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
    assert_int_equal(d.kind, LG_TRIGGER_USAGE);
    assert_int_equal(d.percent, 70);
    assert_true(d.urgent);
}

static void test_urgency(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 5);
    /* 500 MiB left: at 100 MiB/s there are 5 s, at 600 not even one. */
    struct lg_trigger_sample calm = sample(1000, 500, 100);
    struct lg_trigger_sample fast = sample(1000, 500, 600);
    assert_int_equal(kind_at(&t, &calm), LG_TRIGGER_USAGE);
    assert_false(lg_trigger_decide(&t, &calm).urgent);
    assert_true(lg_trigger_decide(&t, &fast).urgent);
    /* A capture that takes a second makes 5 s little. */
    struct lg_trigger dear = started(10, 1000);
    calm.t_ns = 9000 * LG_NS_PER_MS;
    assert_true(lg_trigger_decide(&dear, &calm).urgent);
}

static void test_limit_is_near(void **state)
{
    (void)state;
    struct lg_trigger t = started(480, 500);
    /* Not a step further, but only 1.5 capture times are left. */
    struct lg_trigger_sample s = sample(4000, 490, 680);
    struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
    assert_int_equal(d.kind, LG_TRIGGER_RATE);
    assert_true(d.urgent);
    s = sample(4000, 470, 680); /* less than at the last capture */
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
    s = sample(600, 490, 680); /* the last one has just ended */
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
}

/* While memory grows, capturing takes at most about a third of the time; when
 * nothing presses, a hundredth. */
static void test_share_of_the_time(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 400);
    uint64_t at_ms = 400, end_ms = 60000;
    while (at_ms < end_ms) {
        uint64_t mib = 10 + at_ms / 100; /* 10 MiB/s: 40 s to the limit */
        struct lg_trigger_sample s = sample(at_ms, mib, 10);
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        if (d.kind != LG_TRIGGER_NONE) {
            capture(&t, &s, &d, 400);
            at_ms += 400;
        }
        at_ms += 5;
    }
    assert_true(t.captures > 3);
    assert_true((double)t.spent_ns <= 0.36 * 60e9);
    t = started(10, 400);
    for (at_ms = 400; at_ms < 3600000; at_ms += 50) {
        struct lg_trigger_sample s = sample(at_ms, 10, 0);
        s.goroutines = lg_known(at_ms); /* always more */
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        if (d.kind != LG_TRIGGER_NONE)
            capture(&t, &s, &d, 400);
    }
    assert_true(t.captures > 5);
    assert_true((double)t.spent_ns <= 0.011 * 3600e9);
}

static void test_doubling(void **state)
{
    (void)state;
    struct lg_trigger t = started(10, 1);
    struct lg_trigger_sample s = sample(500, 10, 0);
    struct lg_trigger_decision d;
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE); /* not known */
    s.goroutines = lg_known(999);
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
    s.goroutines = lg_known(1000);
    d = lg_trigger_decide(&t, &s);
    assert_int_equal(d.kind, LG_TRIGGER_GOROUTINES);
    capture(&t, &s, &d, 1);
    s.t_ns = 900 * LG_NS_PER_MS;
    s.goroutines = lg_known(1999);
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
    s.fds = lg_known(512);
    d = lg_trigger_decide(&t, &s);
    assert_int_equal(d.kind, LG_TRIGGER_FDS);
    capture(&t, &s, &d, 1);
    assert_int_equal(t.fds_marked, 512);
    /* A fall and a new rise to the same height is no doubling. */
    s = sample(999, 10, 0);
    s.fds = lg_known(100);
    capture(&t, &s, &d, 1);
    assert_int_equal(t.fds_marked, 512);
}

static void test_ages_double(void **state)
{
    static const uint64_t due_s[] = {1,   2,   4,   8,    16,   32,  64,
                                     128, 256, 512, 1024, 1624, 2224};
    (void)state;
    struct lg_trigger t = started(10, 1);
    size_t seen = 0;
    for (uint64_t ms = 100; ms < 2300000; ms += 100) {
        struct lg_trigger_sample s = sample(ms, 10, 0);
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        if (d.kind == LG_TRIGGER_NONE)
            continue;
        assert_int_equal(d.kind, LG_TRIGGER_AGE);
        assert_true(seen < sizeof due_s / sizeof due_s[0]);
        assert_int_equal(ms, due_s[seen++] * 1000);
        capture(&t, &s, &d, 1);
    }
    assert_int_equal(seen, sizeof due_s / sizeof due_s[0]);
}

static void test_without_a_limit(void **state)
{
    (void)state;
    struct lg_trigger t;
    lg_trigger_init(&t, 0);
    struct lg_trigger_sample s = sample(0, 100, 0);
    struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
    capture(&t, &s, &d, 1);
    s = sample(500, 149, 5000);
    assert_int_equal(kind_at(&t, &s), LG_TRIGGER_NONE);
    assert_true(lg_trigger_time_left_ns(&t, &s) == UINT64_MAX);
    s = sample(500, 151, 5000);
    d = lg_trigger_decide(&t, &s);
    assert_int_equal(d.kind, LG_TRIGGER_USAGE);
    assert_int_equal(d.percent, 0);
    assert_true(lg_trigger_text_affordable(&t, &s));
}

static void test_time_left(void **state)
{
    (void)state;
    struct lg_trigger t;
    lg_trigger_init(&t, LIMIT);
    struct lg_trigger_sample s = sample(0, 500, 250);
    assert_int_equal(lg_trigger_time_left_ns(&t, &s), 2 * LG_NS_PER_S);
    s = sample(0, 1000, 1);
    assert_int_equal(lg_trigger_time_left_ns(&t, &s), 0);
    s = sample(0, 1200, 1);
    assert_int_equal(lg_trigger_time_left_ns(&t, &s), 0);
    s = sample(0, 500, 0);
    assert_true(lg_trigger_time_left_ns(&t, &s) == UINT64_MAX);
    s = sample(0, 500, -9);
    assert_true(lg_trigger_time_left_ns(&t, &s) == UINT64_MAX);
}

static void test_interval(void **state)
{
    (void)state;
    struct lg_trigger t;
    lg_trigger_init(&t, LIMIT);
    struct lg_trigger_sample s = sample(0, 500, 0);
    assert_int_equal(lg_trigger_interval_ns(&t, &s, IDLE_NS), IDLE_NS);
    s = sample(0, 500, 500); /* 1 s left */
    assert_int_equal(lg_trigger_interval_ns(&t, &s, IDLE_NS),
                     40 * LG_NS_PER_MS);
    s = sample(0, 1000, 500);
    assert_int_equal(lg_trigger_interval_ns(&t, &s, IDLE_NS), 4 * LG_NS_PER_MS);
    s = sample(0, 500, 5);
    assert_int_equal(lg_trigger_interval_ns(&t, &s, IDLE_NS), IDLE_NS);
}

static void test_text_affordable(void **state)
{
    (void)state;
    struct lg_trigger t;
    lg_trigger_init(&t, LIMIT);
    struct lg_trigger_sample s = sample(0, 500, 0);
    assert_true(lg_trigger_text_affordable(&t, &s)); /* not known: few */
    s.goroutines = lg_known(50000);
    assert_true(lg_trigger_text_affordable(&t, &s)); /* 57 of 125 MiB */
    s.usage_bytes = 900 * MIB;
    assert_false(lg_trigger_text_affordable(&t, &s));
    s.goroutines = lg_known(1000);
    assert_true(lg_trigger_text_affordable(&t, &s));
    s.usage_bytes = 1001 * MIB;
    assert_false(lg_trigger_text_affordable(&t, &s));
    s = sample(0, 10, 0);
    s.goroutines = lg_known(60001); /* the dump alone takes too long */
    assert_false(lg_trigger_text_affordable(&t, &s));
    lg_trigger_init(&t, 0);
    assert_false(lg_trigger_text_affordable(&t, &s));
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        struct lg_trigger_decision decision;
        const char *name;
    } rows[] = {
        {{LG_TRIGGER_START, 0, false}, "start"},
        {{LG_TRIGGER_AGE, 0, false}, "age"},
        {{LG_TRIGGER_USAGE, 50, true}, "usage-50"},
        {{LG_TRIGGER_USAGE, 0, false}, "usage"},
        {{LG_TRIGGER_RATE, 0, false}, "rate"},
        {{LG_TRIGGER_GOROUTINES, 0, false}, "goroutines"},
        {{LG_TRIGGER_FDS, 0, false}, "fds"},
        {{LG_TRIGGER_END, 0, false}, "end"},
        {{LG_TRIGGER_NONE, 0, false}, "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[32];
        lg_trigger_name(&rows[i].decision, name, sizeof name);
        assert_string_equal(name, rows[i].name);
    }
    char tiny[4];
    lg_trigger_name(&rows[2].decision, tiny, sizeof tiny);
    assert_string_equal(tiny, "usa");
}

/* On any numbers: bounds hold, and deciding changes nothing. */
static void test_random(void **state)
{
    (void)state;
    struct lg_rng rng = {41};
    for (int i = 0; i < 20000; i++) {
        struct lg_trigger t;
        lg_trigger_init(&t, lg_rng_any_width(&rng) / 2);
        t.captures = lg_rng_below(&rng, 3);
        t.last_usage_bytes = lg_rng_any_width(&rng) / 4;
        t.last_end_ns = lg_rng_any_width(&rng) / 4;
        t.last_duration_ns = lg_rng_any_width(&rng) / 64;
        struct lg_trigger_sample s = {
            .t_ns = lg_rng_any_width(&rng) / 4,
            .usage_bytes = lg_rng_any_width(&rng) / 512,
            .rate_bytes_per_s = (double)lg_rng_any_width(&rng) - 1e6,
        };
        if (lg_rng_below(&rng, 2) == 0) {
            s.goroutines = lg_known(lg_rng_any_width(&rng) / 4096);
            s.fds = lg_known(lg_rng_any_width(&rng));
        }
        struct lg_trigger before = t;
        struct lg_trigger_decision d = lg_trigger_decide(&t, &s);
        assert_memory_equal(&before, &t, sizeof t);
        assert_true(d.kind <= LG_TRIGGER_END);
        assert_true((t.captures == 0) == (d.kind == LG_TRIGGER_START));
        uint64_t gap = lg_trigger_interval_ns(&t, &s, IDLE_NS);
        assert_in_range(gap, 4 * LG_NS_PER_MS, IDLE_NS);
        (void)lg_trigger_text_affordable(&t, &s);
        char name[32];
        lg_trigger_name(&d, name, sizeof name);
        assert_true(strlen(name) > 0);
        if (s.t_ns < 3600000 * LG_NS_PER_S) {
            capture(&t, &s, &d, 3);
            assert_true(t.next_age_ns > s.t_ns);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_happens),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_cheap_captures_are_taken_often),
        cmocka_unit_test(test_cheap_captures_stay_within_their_budget),
        cmocka_unit_test(test_hanging_at_the_limit),
        cmocka_unit_test(test_hanging_behind_the_cache),
        cmocka_unit_test(test_marks_of_a_jump),
        cmocka_unit_test(test_urgency),
        cmocka_unit_test(test_limit_is_near),
        cmocka_unit_test(test_share_of_the_time),
        cmocka_unit_test(test_doubling),
        cmocka_unit_test(test_ages_double),
        cmocka_unit_test(test_without_a_limit),
        cmocka_unit_test(test_time_left),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_text_affordable),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
