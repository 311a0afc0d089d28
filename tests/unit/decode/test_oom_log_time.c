/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "decode/oom_log_prefix.h"
#include "decode/oom_log_time.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-21 12:00:00 UTC */
#define NOW_S INT64_C(1795262400)
#define S (int64_t) LG_NS_PER_S

static const struct lg_oom_options options = {.now_ns = NOW_S * S};

typedef bool take_fn(struct lg_str *s, const struct lg_oom_options *o,
                     int64_t *wall_ns);

static void assert_taken(take_fn *take, const struct lg_oom_options *o,
                         const char *text, int64_t wanted_ns, const char *rest)
{
    struct lg_str s = lg_str_of(text);
    int64_t wall_ns = -1;
    if (!take(&s, o, &wall_ns))
        fail_msg("not taken: %s", text);
    if (wall_ns != wanted_ns)
        fail_msg("%s: %lld", text, (long long)wall_ns);
    assert_true(lg_str_eq(s, lg_str_of(rest)));
}

static void assert_left(take_fn *take, const char *text)
{
    struct lg_str s = lg_str_of(text);
    int64_t wall_ns = 7;
    assert_false(take(&s, &options, &wall_ns));
    assert_int_equal(s.len, lg_str_of(text).len);
    assert_int_equal(wall_ns, 7);
}

/* The C library knows the calendar. */
static void iso_is_as_the_library_says(void **state)
{
    struct lg_rng rng = {4};
    (void)state;
    for (int i = 0; i < 5000; i++) {
        time_t t = (time_t)lg_rng_below(&rng, 7000000000);
        struct tm tm;
        char text[64];
        assert_non_null(gmtime_r(&t, &tm));
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ x", &tm);
        assert_taken(lg_oom_time_iso, &options, text, (int64_t)t * S, " x");
        strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y]", &tm);
        assert_taken(lg_oom_time_ctime, &options, text, (int64_t)t * S, "]");
    }
}

static void zones_and_fractions(void **state)
{
    struct lg_oom_options east = {.utc_offset_s = 7200};
    int64_t noon = INT64_C(1622548800) * S; /* 2021-06-01 12:00 UTC */
    (void)state;
    assert_taken(lg_oom_time_iso, &options,
                 "2021-06-01T14:00:00.000001+02:00 h", noon + 1000, " h");
    assert_taken(lg_oom_time_iso, &options, "2021-06-01 14:00:00,5+0200]",
                 noon + S / 2, "]");
    assert_taken(lg_oom_time_iso, &options, "2021-06-01T06:30:00-0530 ", noon,
                 " ");
    assert_taken(lg_oom_time_iso, &east, "2021-06-01 14:00:00 h", noon, " h");
    assert_taken(lg_oom_time_iso, &east, "2021-06-01 12:00:00 UTC h", noon,
                 " h");
    assert_taken(lg_oom_time_ctime, &options, "Tue 2021-06-01 12:00:00 UTC h",
                 noon, " h");
    assert_left(lg_oom_time_iso, "2021-13-01T12:00:00Z");
    assert_left(lg_oom_time_iso, "2021-06-01T24:00:00Z");
    assert_left(lg_oom_time_iso, "2021-06-01");
    assert_left(lg_oom_time_ctime, "Tue Jun  1 12:00:00");
    assert_left(lg_oom_time_syslog, "June 1 12:00:00");
}

static void a_date_without_a_year_is_past(void **state)
{
    struct lg_oom_options fixed = {.year = 2019};
    (void)state;
    assert_taken(lg_oom_time_syslog, &options, "Nov 21 12:00:00 h", NOW_S * S,
                 " h");
    /* Tomorrow can be a zone; next month was last year. */
    assert_taken(lg_oom_time_syslog, &options, "Nov 22 11:00:00 h",
                 (NOW_S + 82800) * S, " h");
    assert_taken(lg_oom_time_syslog, &options, "Dec 21 12:00:00.25 h",
                 (NOW_S - 335 * 86400) * S + S / 4, " h");
    assert_taken(lg_oom_time_syslog, &options, "Jan  1 00:00:00 h",
                 INT64_C(1767225600) * S, " h");
    assert_taken(lg_oom_time_syslog, &fixed, "Jan  1 00:00:00 h",
                 INT64_C(1546300800) * S, " h");
    assert_taken(lg_oom_time_syslog, &(struct lg_oom_options){0},
                 "Jan  1 00:00:00 h", 0, " h");
}

static void prefix_is(const char *line, const char *text, uint64_t uptime_ns,
                      int64_t wall_ns)
{
    static char scratch[LG_OOM_LINE_MAX_BYTES];
    struct lg_oom_prefix p;
    lg_oom_prefix_take(lg_str_of(line), &options, scratch, &p);
    if (!lg_str_eq(p.text, lg_str_of(text)))
        fail_msg("%s: «%.*s»", line, LG_STR_ARG(p.text));
    assert_int_equal(p.uptime_ns, uptime_ns);
    assert_int_equal(p.wall_ns, wall_ns);
}

static void prefixes_of_the_world(void **state)
{
    (void)state;
    prefix_is("[    1.500000] x", "x", 1500000000, 0);
    prefix_is("[    1.500000 <    0.000010>] x", "x", 1500000000, 0);
    prefix_is("[  +0.000010] x", "x", 0, 0);
    prefix_is("kern  :warn  : [    1.500000] x", "x", 1500000000, 0);
    prefix_is("1622548800.5 h kernel: x", "x", 0,
              INT64_C(1622548800) * S + S / 2);
    prefix_is("2021-06-01T12:00:00,5+00:00 x", "x", 0,
              INT64_C(1622548800) * S + S / 2);
    prefix_is("[2021-06-01 12:00:00 UTC] kernel: x", "x", 0,
              INT64_C(1622548800) * S);
    prefix_is("<4>1 2021-06-01T12:00:00Z h kernel 0 - [a b=\"c\"] x", "x", 0,
              INT64_C(1622548800) * S);
    prefix_is("MESSAGE=x y", "x y", 0, 0);
    prefix_is("a b c: <6>[    1.500000] x", "x", 1500000000, 0);
    prefix_is("vm| [    1.500000] x", "x", 1500000000, 0);
    /* What looks like a prefix behind the prefix is somebody's name. */
    prefix_is("[    1.500000] [T1] x", "[T1] x", 1500000000, 0);
    prefix_is("[    1.500000] <6>[ 2.0] x", "<6>[ 2.0] x", 1500000000, 0);
    prefix_is("[    1.500000]  two", " two", 1500000000, 0);
    prefix_is("6,1,1500000,-,caller=T1;[ 2.0] x", "[ 2.0] x", 1500000000, 0);
    prefix_is("6,1,1500000,-;a\\x0ab\\x5cx41", "a\nb\\x41", 1500000000, 0);
    prefix_is("", "", 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_is_as_the_library_says),
        cmocka_unit_test(zones_and_fractions),
        cmocka_unit_test(a_date_without_a_year_is_past),
        cmocka_unit_test(prefixes_of_the_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
