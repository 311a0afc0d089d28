/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"
#include "evidence/kill_order.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MIB(n) ((uint64_t)(n) << 20)

static const struct lg_kill_domain domains[] = {
    {.path = {"", 0}, .limit_bytes = MIB(16000), .left_bytes = MIB(8000)},
    {.path = {"/a", 2}, .limit_bytes = MIB(256), .left_bytes = MIB(12)},
    {.path = {"/b", 2}, .limit_bytes = MIB(1000), .left_bytes = MIB(500)},
};

static void the_nearest_limit_goes_first(void **state)
{
    (void)state;
    struct lg_kill_candidate c[] = {
        {.pid = 1, .domain = 0, .memory_bytes = MIB(9), .is_immune = true},
        {.pid = 10, .domain = 0, .memory_bytes = MIB(4000)},
        {.pid = 11, .domain = 1, .memory_bytes = MIB(40)},
        {.pid = 12, .domain = 1, .memory_bytes = MIB(200)},
        {.pid = 13, .domain = 2, .memory_bytes = MIB(400)},
        {.pid = 14, .domain = 0, .memory_bytes = MIB(10), .oom_score_adj = 500},
    };
    static const int64_t expected[] = {12, 11, 14, 10, 13, 1};
    static const size_t in_domain[] = {1, 2, 1, 2, 1, 0};
    lg_kill_order(domains, LG_COUNT(domains), c, LG_COUNT(c));
    for (size_t i = 0; i < LG_COUNT(c); i++) {
        assert_int_equal(c[i].pid, expected[i]);
        assert_int_equal(c[i].place, i + 1);
        assert_int_equal(c[i].place_in_domain, in_domain[i]);
    }
    /* 500 thousandths of the machine's 16,000 MiB and its own 10. */
    assert_in_range(c[2].points_bytes, MIB(8009), MIB(8010));
}

static void adj_is_a_share_of_the_domain(void **state)
{
    (void)state;
    struct lg_kill_candidate c[] = {
        {.pid = 1, .domain = 1, .memory_bytes = MIB(100)},
        {.pid = 2, .domain = 1, .memory_bytes = MIB(10), .oom_score_adj = 300},
        {.pid = 3, .domain = 1, .memory_bytes = MIB(10), .oom_score_adj = -900},
        {.pid = 4,
         .domain = 1,
         .memory_bytes = MIB(200),
         .oom_score_adj = -999},
    };
    lg_kill_order(domains, LG_COUNT(domains), c, LG_COUNT(c));
    assert_int_equal(c[0].pid, 1); /* 100 against 10 + 76.8 */
    assert_int_equal(c[1].pid, 2);
    assert_int_equal(c[2].pid, 4); /* −55.7 against −220.4 */
    assert_int_equal(c[3].pid, 3);
    assert_true(c[3].points_bytes < 0);
}

static void extremes_do_not_overflow(void **state)
{
    (void)state;
    struct lg_kill_domain d = {.limit_bytes = UINT64_MAX};
    struct lg_kill_candidate c[] = {
        {.pid = 2, .memory_bytes = UINT64_MAX, .oom_score_adj = 1000},
        {.pid = 1, .memory_bytes = UINT64_MAX, .oom_score_adj = 1000},
        {.pid = 3, .memory_bytes = 0, .oom_score_adj = -1000},
    };
    lg_kill_order(&d, 1, c, LG_COUNT(c));
    assert_int_equal(c[0].pid, 1);
    assert_int_equal(c[2].pid, 3);
    d.limit_bytes = 0;
    assert_true(lg_kill_domain_left_ratio(&d) <= 0);
    lg_kill_order(&d, 1, NULL, 0);
}

/* Whatever comes in: a permutation, immune last, domains in one piece. */
static void order_is_total(void **state)
{
    (void)state;
    struct lg_rng rng = {.state = 0x0dde};
    for (int round = 0; round < 300; round++) {
        struct lg_kill_candidate c[200];
        size_t count = lg_rng_below(&rng, 200);
        uint64_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            c[i] = (struct lg_kill_candidate){
                .pid = (int64_t)i + 1,
                .domain = lg_rng_below(&rng, LG_COUNT(domains)),
                .memory_bytes = MIB(lg_rng_below(&rng, 8)),
                .oom_score_adj = (int32_t)lg_rng_below(&rng, 3) * 100,
                .is_immune = lg_rng_below(&rng, 10) == 0,
            };
        }
        lg_kill_order(domains, LG_COUNT(domains), c, count);
        for (size_t i = 0; i < count; i++) {
            sum += (uint64_t)c[i].pid;
            assert_int_equal(c[i].place, i + 1);
            if (i == 0)
                continue;
            assert_true(c[i].is_immune || !c[i - 1].is_immune);
            if (c[i].is_immune || c[i].domain != c[i - 1].domain)
                continue;
            assert_true(c[i - 1].points_bytes > c[i].points_bytes ||
                        (c[i - 1].points_bytes == c[i].points_bytes &&
                         c[i - 1].pid < c[i].pid));
            assert_int_equal(c[i].place_in_domain,
                             c[i - 1].place_in_domain + 1);
        }
        assert_int_equal(sum, (uint64_t)count * (count + 1) / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_limit_goes_first),
        cmocka_unit_test(adj_is_a_share_of_the_domain),
        cmocka_unit_test(extremes_do_not_overflow),
        cmocka_unit_test(order_is_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
