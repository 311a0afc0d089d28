/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_go.h"
#include "target/go_heap_profile.h"

enum { BLOCK = 2, MUTEX = 3 };

/* A bucket of two frames in front of the list. first: what stands before them
 * in its stack; 0: nothing. */
static uint64_t add_bucket(struct fake_go *f, enum lg_go_var var, uint64_t kind,
                           double count, int64_t cycles, uint64_t first)
{
    uint64_t head, bits, header = (uint64_t)fake_offset(f, LG_BUCKET_SIZE);
    uint64_t at = header, depth = first != 0 ? 3 : 2;
    uint64_t b = fake_new(f, 128 + (size_t)header);
    memcpy(&head, fake_at(f, f->go.vars[var]), sizeof head);
    memcpy(&bits, &count, sizeof bits);
    fake_set(f, b, LG_BUCKET_ALLNEXT, head);
    fake_set(f, b, LG_BUCKET_TYP, kind);
    fake_set(f, b, LG_BUCKET_NSTK, depth);
    if (first != 0) {
        fake_u64(f, b + at, first);
        at += 8;
    }
    fake_u64(f, b + at, 0x401001);
    fake_u64(f, b + at + 8, 0x402001);
    fake_set(f, b + header + depth * 8, LG_BLOCK_RECORD_COUNT, bits);
    fake_set(f, b + header + depth * 8, LG_BLOCK_RECORD_CYCLES,
             (uint64_t)cycles);
    fake_u64(f, f->go.vars[var], b);
    return b;
}

static void init(struct fake_go *f, uint16_t minor, uint64_t ticks_per_s)
{
    fake_go_init(f, minor);
    fake_var(f, LG_VAR_BBUCKETS, 8);
    fake_var(f, LG_VAR_XBUCKETS, 8);
    uint64_t ticks = fake_var(f, LG_VAR_TICKS_PER_SECOND, 32);
    uint64_t at = minor <= 19 ? 16 : minor <= 21 ? 8 : 24;
    fake_u64(f, ticks + at, ticks_per_s);
}

static struct lg_profile read_profile(struct fake_go *f,
                                      enum lg_contention which)
{
    struct lg_profile p;
    struct lg_error err = {0};
    if (!lg_go_contention_read(&f->go, which, &f->arena, &p, &err))
        fail_msg("%s", err.text);
    return p;
}

static void assert_sample(const struct lg_profile *p, size_t sample,
                          int64_t count, int64_t delay, uint32_t depth)
{
    assert_int_equal(lg_profile_value(p, sample, 0), count);
    assert_int_equal(lg_profile_value(p, sample, 1), delay);
    assert_int_equal(p->samples.items[sample].count, depth);
}

/* Frames of C, which these addresses are here, are left out since 1.23. */
static uint32_t depth_in(uint16_t minor)
{
    return minor >= 23 ? 0 : 2;
}

static void test_block(void **state)
{
    for (uint16_t minor = 18; minor <= 27; minor++) {
        struct fake_go f;
        init(&f, minor, UINT64_C(2000000000)); /* two ticks a nanosecond */
        add_bucket(&f, LG_VAR_BBUCKETS, BLOCK, 3.9, 1000, 0);
        add_bucket(&f, LG_VAR_BBUCKETS, BLOCK, 0.5, 10, 0);
        struct lg_profile p = read_profile(&f, LG_CONTENTION_BLOCK);
        assert_int_equal(p.samples.count, 2);
        assert_sample(&p, 0, 1, 5, depth_in(minor)); /* not 0: divisors */
        assert_sample(&p, 1, 3, 500, depth_in(minor));
        assert_true(lg_str_eq(p.types.items[0].type, LG_STR("contentions")));
        assert_true(lg_str_eq(p.types.items[1].unit, LG_STR("nanoseconds")));
        fake_go_deinit(&f);
    }
}

static void test_mutex(void **state)
{
    struct fake_go f;
    init(&f, 26, 0); /* never measured: ticks stay ticks */
    add_bucket(&f, LG_VAR_XBUCKETS, MUTEX, 0.5, 10, 0);
    add_bucket(&f, LG_VAR_XBUCKETS, MUTEX, 8, 1000, UINT64_MAX);
    struct lg_profile p = read_profile(&f, LG_CONTENTION_MUTEX);
    assert_int_equal(p.samples.count, 2);
    assert_sample(&p, 0, 8, 1000, 0);
    assert_sample(&p, 1, 0, 10, 0);
    assert_true(lg_str_eq(p.types.items[1].unit, LG_STR("ticks")));
    fake_go_deinit(&f);
}

static void test_absent(void **state)
{
    struct fake_go f;
    struct lg_profile p;
    struct lg_error err = {0};
    fake_go_init(&f, 27);
    assert_false(
        lg_go_contention_read(&f.go, LG_CONTENTION_BLOCK, &f.arena, &p, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    fake_go_deinit(&f);
}

static void test_lies(void **state)
{
    struct fake_go f;
    double nan = __builtin_nan("");
    init(&f, 27, UINT64_MAX);
    add_bucket(&f, LG_VAR_BBUCKETS, BLOCK, 1e300, INT64_MIN, 0);
    add_bucket(&f, LG_VAR_BBUCKETS, BLOCK, nan, INT64_MAX, 0);
    uint64_t b = add_bucket(&f, LG_VAR_BBUCKETS, BLOCK, -1e300, -5, 0);
    (void)read_profile(&f, LG_CONTENTION_BLOCK);
    fake_set(&f, b, LG_BUCKET_ALLNEXT, b);
    assert_int_equal(read_profile(&f, LG_CONTENTION_BLOCK).samples.count, 1);
    fake_go_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_mutex),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
