/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/timeline.h"
#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

static struct lg_timeline_row row_at(uint64_t t_ns, uint64_t usage)
{
    return (struct lg_timeline_row){
        .t_ns = t_ns, .usage_bytes = lg_known(usage), .wall_ns = 1};
}

/* Whatever the number of rows: order is kept, first and last stay, and the
 * newer half is never thinner than the older one. */
static void keeps_ends_and_order(void **state)
{
    enum { CAPACITY = 16 };
    struct lg_timeline_row rows[CAPACITY];
    for (uint64_t n = 1; n < 5000; n += 7) {
        struct lg_timeline t;
        lg_timeline_init(&t, rows, CAPACITY);
        for (uint64_t i = 0; i < n; i++) {
            struct lg_timeline_row row = row_at(i * SECOND, i);
            lg_timeline_add(&t, &row);
        }
        assert_true(t.count <= CAPACITY && t.count >= (n < 12 ? n : 12));
        assert_int_equal(t.rows[0].t_ns, 0);
        assert_int_equal(t.rows[t.count - 1].t_ns, (n - 1) * SECOND);
        for (size_t i = 1; i < t.count; i++)
            assert_true(t.rows[i].t_ns > t.rows[i - 1].t_ns);
        if (t.count >= 2)
            assert_int_equal(t.rows[t.count - 2].t_ns, (n - 2) * SECOND);
    }
}

static void finds_the_slope(void **state)
{
    struct lg_timeline_row rows[64];
    struct lg_timeline t;
    lg_timeline_init(&t, rows, LG_COUNT(rows));
    assert_true(lg_timeline_usage_rate(&t, SECOND) == 0);
    for (uint64_t i = 0; i < 40; i++) { /* flat, then 10 MB/s */
        uint64_t usage = UINT64_C(1) << 40;
        usage += i < 20 ? 0 : (i - 20) * 1000000;
        struct lg_timeline_row row = row_at(i * SECOND / 10, usage);
        lg_timeline_add(&t, &row);
        if (i == 0)
            assert_true(lg_timeline_usage_rate(&t, SECOND) == 0);
    }
    assert_true(fabs(lg_timeline_usage_rate(&t, SECOND) - 1e7) < 1);
    double whole = lg_timeline_usage_rate(&t, 100 * SECOND);
    assert_true(whole > 1e6 && whole < 9e6);
}

/* A million samples' noise around a falling line. */
static void slope_under_noise(void **state)
{
    static struct lg_timeline_row rows[1000];
    struct lg_timeline t;
    struct lg_rng rng = {7};
    lg_timeline_init(&t, rows, LG_COUNT(rows));
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t usage = 500000000 - i * 1000 + lg_rng_below(&rng, 4096);
        struct lg_timeline_row row = row_at(i * SECOND / 100, usage);
        lg_timeline_add(&t, &row);
    }
    double rate = lg_timeline_usage_rate(&t, 1000 * SECOND);
    assert_true(fabs(rate + 100000) < 200);
}

static void rate_of_odd_rows(void **state)
{
    struct lg_timeline_row rows[16];
    struct lg_timeline t;
    lg_timeline_init(&t, rows, LG_COUNT(rows));
    for (uint64_t i = 0; i < 4; i++) { /* all at one instant */
        struct lg_timeline_row row = row_at(5 * SECOND, i);
        lg_timeline_add(&t, &row);
    }
    assert_true(lg_timeline_usage_rate(&t, SECOND) == 0);
    lg_timeline_init(&t, rows, LG_COUNT(rows));
    for (uint64_t i = 0; i < 4; i++) { /* RSS alone, once unknown */
        struct lg_timeline_row row = {.t_ns = i * SECOND};
        if (i != 2)
            row.rss_bytes = lg_known(i * 50);
        lg_timeline_add(&t, &row);
    }
    assert_true(fabs(lg_timeline_usage_rate(&t, 9 * SECOND) - 50) < 1e-9);
}

static void writes_csv(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_sb sb;
    lg_sb_init(&sb, &arena);
    lg_timeline_csv_header(&sb);
    struct lg_timeline_row row = {.wall_ns = 1789000000123456789,
                                  .t_ns = 61 * SECOND + 7999999,
                                  .usage_bytes = lg_known(0),
                                  .goroutines = lg_known(UINT64_MAX),
                                  .others_rss_bytes = lg_known(9)};
    lg_timeline_csv_row(&sb, &row);
    struct lg_timeline_row bare = {.t_ns = 0};
    lg_timeline_csv_row(&sb, &bare);
    assert_string_equal(
        lg_sb_cstr_of(&sb),
        "t,usage_bytes,rss_bytes,limit_bytes,heap_bytes,stack_bytes,"
        "goroutines,threads,fds,anon_bytes,shmem_bytes,file_bytes,"
        "others_rss_bytes,wall_ns\n"
        "61.007,0,,,,,18446744073709551615,,,,,,9,1789000000123456789\n"
        "0.000,,,,,,,,,,,,,\n");
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_ends_and_order),
        cmocka_unit_test(finds_the_slope),
        cmocka_unit_test(slope_under_noise),
        cmocka_unit_test(rate_of_odd_rows),
        cmocka_unit_test(writes_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
