/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "fake_go.h"
#include "rng.h"
#include "target/go_heap_profile.h"

#include <math.h>

#define FUTURES 3
enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE, TYPES };

struct counts {
    uint64_t allocs, frees;
};

struct site {
    uint64_t object_bytes;
    struct counts active, future[FUTURES];
    size_t depth;
};

static void set_counts(struct fake_go *f, uint64_t at, const struct site *site,
                       struct counts c)
{
    fake_set(f, at, LG_MEM_CYCLE_ALLOCS, c.allocs);
    fake_set(f, at, LG_MEM_CYCLE_FREES, c.frees);
    fake_set(f, at, LG_MEM_CYCLE_ALLOC_BYTES, c.allocs * site->object_bytes);
    fake_set(f, at, LG_MEM_CYCLE_FREE_BYTES, c.frees * site->object_bytes);
}

static uint64_t pc_of(size_t site, size_t frame)
{
    return 0x400000 + site * 0x100 + frame + 1;
}

/* Prepends a bucket, as the runtime does. */
static uint64_t add_bucket(struct fake_go *f, size_t index,
                           const struct site *site)
{
    uint64_t head, header = (uint64_t)fake_offset(f, LG_BUCKET_SIZE);
    uint64_t record = header + site->depth * 8;
    uint64_t cycle = (uint64_t)fake_offset(f, LG_MEM_CYCLE_SIZE);
    uint64_t b = fake_new(f, (size_t)record +
                                 (size_t)fake_offset(f, LG_MEM_RECORD_SIZE));
    memcpy(&head, fake_at(f, f->go.vars[LG_VAR_MBUCKETS]), sizeof head);
    fake_set(f, b, LG_BUCKET_ALLNEXT, head);
    fake_set(f, b, LG_BUCKET_TYP, 1);
    fake_set(f, b, LG_BUCKET_OBJECT_SIZE, site->object_bytes);
    fake_set(f, b, LG_BUCKET_NSTK, site->depth);
    for (size_t i = 0; i < site->depth; i++)
        fake_u64(f, b + header + i * 8, pc_of(index, i));
    set_counts(f, b + record, site, site->active);
    for (size_t i = 0; i < FUTURES; i++)
        set_counts(f,
                   b + record + (uint64_t)fake_offset(f, LG_MEM_RECORD_FUTURE) +
                       i * cycle,
                   site, site->future[i]);
    fake_u64(f, f->go.vars[LG_VAR_MBUCKETS], b);
    return b;
}

static void init(struct fake_go *f, uint16_t minor, uint32_t cycle,
                 uint64_t rate)
{
    fake_go_init(f, minor);
    fake_var(f, LG_VAR_MBUCKETS, 8);
    fake_u64(f, fake_var(f, LG_VAR_MPROF_CYCLE, 8),
             minor <= 18 ? cycle : cycle << 1 | 1);
    fake_u64(f, fake_var(f, LG_VAR_MEM_PROFILE_RATE, 8), rate);
    fake_var(f, LG_VAR_DISABLE_MEM_PROFILING, 1);
}

static struct lg_profile read_profile(struct fake_go *f, enum lg_heap_when when,
                                      struct lg_go_heap_profile_info *info)
{
    struct lg_profile p;
    struct lg_error err = {0};
    if (!lg_go_heap_profile_read(&f->go, when, &f->arena, &p, info, &err))
        fail_msg("%s", err.text);
    return p;
}

static void assert_values(const struct lg_profile *p, size_t sample,
                          const int64_t want[TYPES])
{
    for (int t = 0; t < TYPES; t++)
        assert_int_equal(lg_profile_value(p, sample, t), want[t]);
}

static const struct site site_of_two_cycles = {
    .object_bytes = 64,
    .active = {10, 2},
    .future = {{1, 0}, {5, 1}, {7, 0}},
    .depth = 2,
};

static void test_published_and_now(void **state)
{
    static const uint16_t minors[] = {18, 19, 22, 26, 27};
    for (size_t i = 0; i < LG_COUNT(minors); i++) {
        struct fake_go f;
        struct lg_go_heap_profile_info info;
        init(&f, minors[i], 4, 1);
        add_bucket(&f, 0, &site_of_two_cycles);
        struct lg_profile p = read_profile(&f, LG_HEAP_PUBLISHED, &info);
        assert_int_equal(p.samples.count, 1);
        assert_values(&p, 0, (int64_t[]){15, 960, 12, 768});
        p = read_profile(&f, LG_HEAP_NOW, &info);
        assert_values(&p, 0, (int64_t[]){23, 1472, 20, 1280});
        assert_int_equal(info.bucket_count, 1);
        assert_int_equal(info.rate_bytes, 1);
        assert_false(info.disabled || info.truncated);
        assert_int_equal(p.samples.items[0].count, 2);
        assert_int_equal(p.labels.items[0].of->num, 64);
        assert_int_equal(p.period, 1);
        fake_go_deinit(&f);
    }
}

/* Cycle 4: slot 1 is published, slot 2 comes next, slot 0 is being filled. */
static void test_marked(void **state)
{
    for (uint16_t minor = 18; minor <= 27; minor++) {
        struct fake_go f;
        struct lg_go_heap_profile_info info;
        init(&f, minor, 4, 1);
        add_bucket(&f, 0, &site_of_two_cycles);
        uint64_t heap =
            fake_var(&f, LG_VAR_MHEAP, (size_t)fake_offset(&f, LG_MHEAP_SIZE));
        uint64_t list = fake_new(&f, 8);
        uint64_t span = fake_struct(&f, LG_MSPAN_SIZE);
        uint64_t slice = heap + (uint64_t)fake_offset(&f, LG_MHEAP_ALLSPANS);
        fake_u64(&f, slice, list);
        fake_u64(&f, slice + 8, 1);
        fake_u64(&f, list, span);
        fake_set(&f, heap, LG_MHEAP_SWEEPGEN, 10);
        fake_set(&f, span, LG_MSPAN_STATE, 1);
        static const uint64_t unswept[] = {8, 9}, swept[] = {10, 11, 13};
        for (size_t i = 0; i < LG_COUNT(unswept); i++) {
            fake_set(&f, span, LG_MSPAN_SWEEPGEN, unswept[i]);
            struct lg_profile p = read_profile(&f, LG_HEAP_MARKED, &info);
            assert_values(&p, 0, (int64_t[]){15, 960, 12, 768});
        }
        for (size_t i = 0; i < LG_COUNT(swept); i++) {
            fake_set(&f, span, LG_MSPAN_SWEEPGEN, swept[i]);
            struct lg_profile p = read_profile(&f, LG_HEAP_MARKED, &info);
            assert_values(&p, 0, (int64_t[]){22, 1408, 19, 1216});
        }
        fake_go_deinit(&f);
    }
}

/* Before the first collection nothing is active anywhere. */
static void test_nothing_is_published_yet(void **state)
{
    struct site young = {.object_bytes = 8, .future = {{0, 0}, {0, 0}, {3, 1}}};
    struct fake_go f;
    struct lg_go_heap_profile_info info;
    init(&f, 27, 0, 1);
    young.depth = 1;
    add_bucket(&f, 0, &young);
    struct lg_profile p = read_profile(&f, LG_HEAP_PUBLISHED, &info);
    assert_values(&p, 0, (int64_t[]){3, 24, 2, 16});
    add_bucket(&f, 1, &site_of_two_cycles); /* now one is */
    p = read_profile(&f, LG_HEAP_PUBLISHED, &info);
    assert_values(&p, 1, (int64_t[]){0, 0, 0, 0});
    p = read_profile(&f, LG_HEAP_NOW, &info);
    assert_values(&p, 1, (int64_t[]){3, 24, 2, 16});
    fake_go_deinit(&f);
}

/* One object of 16 bytes in 512 KiB stands for 32,768 of them. */
static void test_scale(void **state)
{
    struct site site = {.object_bytes = 16, .active = {1, 0}, .depth = 1};
    struct fake_go f;
    struct lg_go_heap_profile_info info;
    init(&f, 26, 0, 512 << 10);
    add_bucket(&f, 0, &site);
    struct lg_profile p = read_profile(&f, LG_HEAP_PUBLISHED, &info);
    assert_values(&p, 0, (int64_t[]){32768, 524296, 32768, 524296});
    fake_go_deinit(&f);
}

/* Where nothing was allocated, Go before 1.27 tells no size. */
static void test_label_of_an_idle_bucket(void **state)
{
    struct site idle = {.object_bytes = 32, .depth = 1};
    struct fake_go f;
    struct lg_go_heap_profile_info info;
    for (uint16_t minor = 26; minor <= 27; minor++) {
        init(&f, minor, 0, 1);
        add_bucket(&f, 0, &idle);
        struct lg_profile p = read_profile(&f, LG_HEAP_PUBLISHED, &info);
        assert_int_equal(p.samples.count, 1);
        assert_int_equal(p.labels.count, minor == 27 ? 1 : 0);
        fake_go_deinit(&f);
    }
}

static void test_disabled(void **state)
{
    struct fake_go f;
    struct lg_go_heap_profile_info info;
    struct lg_profile p;
    struct lg_error err = {0};
    init(&f, 27, 0, 0);
    p = read_profile(&f, LG_HEAP_NOW, &info);
    assert_true(info.disabled && !info.compiled_out);
    assert_int_equal(p.samples.count, 0);
    *fake_at(&f, f.go.vars[LG_VAR_DISABLE_MEM_PROFILING]) = 1;
    f.go.vars[LG_VAR_MBUCKETS] = 0;
    p = read_profile(&f, LG_HEAP_NOW, &info);
    assert_true(info.disabled && info.compiled_out);
    assert_int_equal(p.types.count, TYPES);
    *fake_at(&f, f.go.vars[LG_VAR_DISABLE_MEM_PROFILING]) = 0;
    fake_u64(&f, f.go.vars[LG_VAR_MEM_PROFILE_RATE], 4096);
    assert_false(
        lg_go_heap_profile_read(&f.go, LG_HEAP_NOW, &f.arena, &p, &info, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    fake_go_deinit(&f);
}

/* --- against a second way to count --- */

static struct counts random_counts(struct lg_rng *rng)
{
    struct counts c = {lg_rng_any_width(rng) & 0xffffff, 0};
    c.frees =
        lg_rng_below(rng, 3) == 0 ? c.allocs : lg_rng_below(rng, c.allocs + 1);
    return c;
}

static struct site random_site(struct lg_rng *rng)
{
    struct site s = {.object_bytes = 1 + lg_rng_below(rng, 100000),
                     .active = random_counts(rng),
                     .depth = lg_rng_below(rng, 40)};
    for (size_t i = 0; i < FUTURES; i++)
        s.future[i] = random_counts(rng);
    return s;
}

static struct counts sum_of(const struct site *s, uint32_t cycle, bool all)
{
    struct counts c = s->active;
    for (uint32_t i = 0; i < FUTURES; i++)
        if (all || i == cycle % FUTURES) {
            c.allocs += s->future[i].allocs;
            c.frees += s->future[i].frees;
        }
    return c;
}

static void assert_site(const struct lg_profile *p, size_t sample,
                        const struct site *s, size_t index, struct counts c,
                        double rate)
{
    double scale = 1 / (1 - exp(-(double)s->object_bytes / rate));
    uint64_t live = c.allocs - c.frees;
    assert_values(
        p, sample,
        (int64_t[]){(int64_t)((double)c.allocs * scale),
                    (int64_t)((double)(c.allocs * s->object_bytes) * scale),
                    (int64_t)((double)live * scale),
                    (int64_t)((double)(live * s->object_bytes) * scale)});
    struct lg_profile_stack stack = p->samples.items[sample];
    assert_int_equal(stack.count, s->depth);
    for (size_t i = 0; i < s->depth; i++) {
        uint32_t location = p->stacks.items[stack.first + i];
        assert_int_equal(p->locations.items[location].address,
                         pc_of(index, i) - 1);
    }
}

static void test_random_sites(void **state)
{
    struct lg_rng rng = {11};
    for (size_t run = 0; run < 200; run++) {
        struct fake_go f;
        struct site sites[60];
        struct lg_go_heap_profile_info info;
        size_t count = 1 + lg_rng_below(&rng, LG_COUNT(sites));
        uint32_t cycle = (uint32_t)lg_rng_below(&rng, 1000);
        uint16_t minor = (uint16_t)(18 + lg_rng_below(&rng, 10));
        init(&f, minor, cycle, 4096);
        for (size_t i = 0; i < count; i++) {
            sites[i] = random_site(&rng);
            sites[i].active.allocs++;
            fake_new(&f, lg_rng_below(&rng, 9000)); /* others' memory */
            add_bucket(&f, i, &sites[i]);
        }
        for (int all = 0; all <= 1; all++) {
            struct lg_profile p =
                read_profile(&f, all ? LG_HEAP_NOW : LG_HEAP_PUBLISHED, &info);
            assert_int_equal(p.samples.count, count);
            for (size_t i = 0; i < count; i++)
                assert_site(&p, count - 1 - i, &sites[i], i,
                            sum_of(&sites[i], cycle, all), 4096);
        }
        assert_int_equal(info.torn_count, 0);
        fake_go_deinit(&f);
    }
}

/* --- memory that lies --- */

static void assert_broken_off(struct fake_go *f, uint64_t buckets)
{
    struct lg_go_heap_profile_info info;
    struct lg_profile p = read_profile(f, LG_HEAP_NOW, &info);
    assert_true(info.truncated);
    assert_int_equal(info.bucket_count, buckets);
    assert_int_equal(p.samples.count, buckets);
}

static void test_lists_that_lie(void **state)
{
    struct fake_go f;
    init(&f, 27, 0, 1);
    uint64_t last = add_bucket(&f, 0, &site_of_two_cycles);
    add_bucket(&f, 1, &site_of_two_cycles);
    uint64_t first = add_bucket(&f, 2, &site_of_two_cycles);
    fake_set(&f, last, LG_BUCKET_ALLNEXT, first); /* a circle */
    assert_broken_off(&f, 3);
    fake_set(&f, last, LG_BUCKET_ALLNEXT, last);
    assert_broken_off(&f, 3);
    fake_set(&f, last, LG_BUCKET_ALLNEXT, 8); /* nothing is there */
    assert_broken_off(&f, 3);
    fake_set(&f, last, LG_BUCKET_ALLNEXT, UINT64_MAX - 7);
    assert_broken_off(&f, 3);
    fake_set(&f, last, LG_BUCKET_ALLNEXT, first + 4); /* in between */
    assert_broken_off(&f, 3);
    fake_set(&f, last, LG_BUCKET_ALLNEXT, 0);
    fake_set(&f, last, LG_BUCKET_TYP, 2); /* of another list */
    assert_broken_off(&f, 2);
    fake_set(&f, last, LG_BUCKET_TYP, 1);
    fake_set(&f, last, LG_BUCKET_NSTK, UINT64_C(1) << 60);
    assert_broken_off(&f, 2);
    fake_go_deinit(&f);
}

static void test_counts_that_lie(void **state)
{
    struct site huge = {.object_bytes = UINT64_MAX,
                        .active = {UINT64_C(1) << 60, UINT64_MAX},
                        .depth = 1};
    struct fake_go f;
    struct lg_go_heap_profile_info info;
    init(&f, 26, 0, 4096);
    add_bucket(&f, 0, &huge);
    struct lg_profile p = read_profile(&f, LG_HEAP_PUBLISHED, &info);
    assert_int_equal(info.torn_count, 1);
    assert_int_equal(lg_profile_value(&p, 0, INUSE_OBJECTS), 0);
    fake_go_deinit(&f);
}

/* The process may end before any of the reads. */
static void test_it_ends(void **state)
{
    struct fake_go f;
    struct lg_go_heap_profile_info info;
    struct lg_profile p;
    init(&f, 27, 0, 1);
    for (size_t i = 0; i < 20; i++)
        add_bucket(&f, i, &site_of_two_cycles);
    for (uint64_t reads = 0; reads < 100; reads++) {
        struct lg_error err = {0};
        f.fake.reads_left = reads;
        f.fake.image.gone = false;
        if (lg_go_heap_profile_read(&f.go, LG_HEAP_NOW, &f.arena, &p, &info,
                                    &err))
            assert_true(info.truncated || info.disabled ||
                        info.bucket_count == 20);
        else
            assert_int_equal(err.kind, LG_ABSENT);
    }
    assert_int_equal(info.bucket_count, 20);
    fake_go_deinit(&f);
}

static bool read_again(void *context, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_go_heap_profile_info info;
    struct lg_profile p;
    return lg_go_heap_profile_read(context, LG_HEAP_NOW, arena, &p, &info, err);
}

static void test_out_of_memory(void **state)
{
    struct fake_go f;
    init(&f, 27, 0, 1);
    for (size_t i = 0; i < 50; i++)
        add_bucket(&f, i, &site_of_two_cycles);
    assert_true(lg_alloc_fail_all(read_again, &f.go) > 0);
    fake_go_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_and_now),
        cmocka_unit_test(test_marked),
        cmocka_unit_test(test_nothing_is_published_yet),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_label_of_an_idle_bucket),
        cmocka_unit_test(test_disabled),
        cmocka_unit_test(test_random_sites),
        cmocka_unit_test(test_lists_that_lie),
        cmocka_unit_test(test_counts_that_lie),
        cmocka_unit_test(test_it_ends),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
