/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void the_system_clock_goes_on(void **state)
{
    int64_t wall = lg_wall_ns(&lg_clock_system);
    assert_true(llabs(wall / (int64_t)LG_NS_PER_S - (int64_t)time(NULL)) <= 2);
    uint64_t last = lg_mono_ns(&lg_clock_system);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = lg_mono_ns(&lg_clock_system);
        assert_true(now >= last);
        last = now;
    }
}

static int64_t stopped_wall(void *context)
{
    return *(int64_t *)context;
}

static uint64_t stopped_mono(void *context)
{
    return 7;
}

static void a_test_can_stop_time(void **state)
{
    int64_t now = -5;
    struct lg_clock clock = {stopped_wall, stopped_mono, &now};
    assert_int_equal(lg_wall_ns(&clock), -5);
    assert_int_equal(lg_mono_ns(&clock), 7);
}

static void assert_time(int64_t unix_ns)
{
    int64_t s = unix_ns / 1000000000, ns = unix_ns % 1000000000;
    if (ns < 0) {
        s--;
        ns += 1000000000;
    }
    time_t seconds = (time_t)s;
    struct tm tm;
    char expected[64], text[LG_TIME_TEXT_BYTES];
    assert_non_null(gmtime_r(&seconds, &tm));
    size_t len = strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(expected + len, sizeof expected - len, ".%03dZ",
             (int)(ns / 1000000));
    lg_time_text(unix_ns, text);
    assert_string_equal(text, expected);
}

static void time_text_is_that_of_gmtime(void **state)
{
    struct lg_rng rng = {68};
    for (int i = 0; i < 100000; i++) {
        assert_time((int64_t)lg_rng_u64(&rng));
        assert_time((int64_t)lg_rng_any_width(&rng));
        assert_time(-(int64_t)(lg_rng_any_width(&rng) >> 1));
    }
    assert_time(INT64_MIN);
    assert_time(INT64_MAX);
    /* Every day of 800 years and the millisecond before each. */
    const int64_t day = INT64_C(86400) * 1000000000;
    for (int64_t d = -106000; d < 106000; d++) {
        assert_time(d * day);
        assert_time(d * day - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_clock_goes_on),
        cmocka_unit_test(a_test_can_stop_time),
        cmocka_unit_test(time_text_is_that_of_gmtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
