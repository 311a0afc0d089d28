/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_go.h"
#include "rng.h"
#include "target/go_memstats.h"
#include "target/go_procs.h"

#define MIB (UINT64_C(1) << 20)
#define SHARDS 3
#define PROCS 2

/* Shard by shard, and unflushed by P: what is put there. */
struct numbers {
    uint64_t large[SHARDS], large_free[SHARDS], stacks[SHARDS];
    uint64_t small[SHARDS][LG_GO_SIZE_CLASSES];
    uint64_t small_free[SHARDS][LG_GO_SIZE_CLASSES];
    uint64_t tiny[SHARDS];
};

static void init(struct fake_go *f, uint16_t minor)
{
    fake_go_init(f, minor);
    fake_var(f, LG_VAR_MEMSTATS, (size_t)fake_offset(f, LG_MSTATS_SIZE));
    fake_var(f, LG_VAR_GC_CONTROLLER, (size_t)fake_offset(f, LG_GC_SIZE));
    fake_var(f, LG_VAR_MHEAP, (size_t)fake_offset(f, LG_MHEAP_SIZE));
    fake_var(f, LG_VAR_SCHED, (size_t)fake_offset(f, LG_SCHED_SIZE));
}

static void stat(struct fake_go *f, enum lg_go_field id, uint64_t value)
{
    fake_set(f, f->go.vars[LG_VAR_MEMSTATS], id, value);
}

static void control(struct fake_go *f, enum lg_go_field id, uint64_t value)
{
    fake_set(f, f->go.vars[LG_VAR_GC_CONTROLLER], id, value);
}

static struct lg_memstats read_stats(struct fake_go *f)
{
    struct lg_memstats m;
    struct lg_error err = {0};
    if (!lg_go_memstats_read(&f->go, &m, &err))
        fail_msg("%s", err.text);
    return m;
}

static void put_shards(struct fake_go *f, const struct numbers *n)
{
    for (size_t s = 0; s < SHARDS; s++) {
        uint64_t at = f->go.vars[LG_VAR_MEMSTATS] +
                      (uint64_t)fake_offset(f, LG_MSTATS_HEAP_STATS) +
                      s * (uint64_t)fake_offset(f, LG_MSTATS_HEAP_STATS_STRIDE);
        fake_set(f, at, LG_HEAP_STATS_LARGE_ALLOC, n->large[s] * 65536);
        fake_set(f, at, LG_HEAP_STATS_LARGE_ALLOC_COUNT, n->large[s]);
        fake_set(f, at, LG_HEAP_STATS_LARGE_FREE, n->large_free[s] * 65536);
        fake_set(f, at, LG_HEAP_STATS_LARGE_FREE_COUNT, n->large_free[s]);
        fake_set(f, at, LG_HEAP_STATS_IN_STACKS, n->stacks[s]);
        fake_set(f, at, LG_HEAP_STATS_TINY_ALLOC_COUNT, n->tiny[s]);
        for (uint64_t i = 0; i < LG_GO_SIZE_CLASSES; i++) {
            fake_u64(
                f,
                at + i * 8 +
                    (uint64_t)fake_offset(f, LG_HEAP_STATS_SMALL_ALLOC_COUNT),
                n->small[s][i]);
            fake_u64(
                f,
                at + i * 8 +
                    (uint64_t)fake_offset(f, LG_HEAP_STATS_SMALL_FREE_COUNT),
                n->small_free[s][i]);
        }
    }
}

/* One shard goes below zero, as shards do; the sum does not. */
static void random_numbers(struct lg_rng *rng, struct numbers *n)
{
    *n = (struct numbers){0};
    for (size_t s = 0; s < SHARDS; s++) {
        n->large[s] = 100 + lg_rng_below(rng, 100);
        n->large_free[s] = lg_rng_below(rng, 100);
        n->stacks[s] = s == 1 ? (uint64_t)-24576 : 81920;
        n->tiny[s] = lg_rng_below(rng, 1000);
        for (size_t i = 1; i < LG_GO_SIZE_CLASSES; i++) {
            n->small[s][i] = 1000 + lg_rng_below(rng, 100000);
            n->small_free[s][i] = lg_rng_below(rng, 1000);
        }
    }
}

static void assert_known(struct lg_num n, uint64_t want)
{
    assert_true(n.known);
    assert_int_equal(n.value, want);
}

static void test_shards(void **state)
{
    struct lg_rng rng = {3};
    for (uint16_t minor = 18; minor <= 27; minor++) {
        struct fake_go f;
        struct numbers n;
        uint64_t bytes = 0, freed = 0, objects = 0, freed_objects = 0;
        init(&f, minor);
        random_numbers(&rng, &n);
        put_shards(&f, &n);
        for (size_t s = 0; s < SHARDS; s++) {
            bytes += n.large[s] * 65536;
            freed += n.large_free[s] * 65536;
            objects += n.large[s] + n.tiny[s];
            freed_objects += n.large_free[s] + n.tiny[s];
            for (size_t i = 0; i < LG_GO_SIZE_CLASSES; i++) {
                bytes += n.small[s][i] * lg_go_class_bytes[i];
                freed += n.small_free[s][i] * lg_go_class_bytes[i];
                objects += n.small[s][i];
                freed_objects += n.small_free[s][i];
            }
        }
        struct lg_memstats m = read_stats(&f);
        assert_known(m.total_alloc_bytes, bytes);
        assert_known(m.heap_alloc_bytes, bytes - freed);
        assert_known(m.mallocs_count, objects);
        assert_known(m.frees_count, freed_objects);
        assert_known(m.heap_objects_count, objects - freed_objects);
        assert_known(m.stack_inuse_bytes, 8192 * 17);
        fake_go_deinit(&f);
    }
}

/* What adds up to Sys; the heap's numbers moved in 1.19. */
static void test_sys(void **state)
{
    for (uint16_t minor = 18; minor <= 27; minor++) {
        struct fake_go f;
        init(&f, minor);
        stat(&f, LG_MSTATS_HEAP_SYS, 100 * MIB);
        stat(&f, LG_MSTATS_HEAP_INUSE, 60 * MIB);
        stat(&f, LG_MSTATS_HEAP_RELEASED, 10 * MIB);
        control(&f, LG_GC_HEAP_IN_USE, 60 * MIB);
        control(&f, LG_GC_HEAP_FREE, 30 * MIB);
        control(&f, LG_GC_HEAP_RELEASED, 10 * MIB);
        stat(&f, LG_MSTATS_STACKS_SYS, 1 * MIB);
        stat(&f, LG_MSTATS_MSPAN_SYS, 2 * MIB);
        stat(&f, LG_MSTATS_MCACHE_SYS, 3 * MIB);
        stat(&f, LG_MSTATS_BUCKHASH_SYS, 4 * MIB);
        stat(&f, LG_MSTATS_GC_MISC_SYS, 5 * MIB);
        stat(&f, LG_MSTATS_OTHER_SYS, 6 * MIB);
        struct lg_memstats m = read_stats(&f);
        assert_known(m.heap_sys_bytes, 100 * MIB);
        assert_known(m.heap_idle_bytes, 40 * MIB);
        assert_known(m.heap_inuse_bytes, 60 * MIB);
        assert_known(m.heap_released_bytes, 10 * MIB);
        assert_known(m.sys_bytes, 121 * MIB);
        fake_go_deinit(&f);
    }
}

static void put_pacer(struct fake_go *f)
{
    control(f, LG_GC_PERCENT, 100);
    control(f, LG_GC_MEMORY_LIMIT, INT64_MAX);
    control(f, LG_GC_PERCENT_HEAP_GOAL, 80 * MIB);
    control(f, LG_GC_TRIGGERED, UINT64_MAX);
    control(f, LG_GC_HEAP_MARKED, 40 * MIB);
    control(f, LG_GC_HEAP_FREE, 10 * MIB);
    control(f, LG_GC_TOTAL_ALLOC, 70 * MIB);
    control(f, LG_GC_TOTAL_FREE, 20 * MIB);
    control(f, LG_GC_MAPPED_READY, 80 * MIB); /* 20 are not heap */
}

static void test_goal(void **state)
{
    static const struct {
        uint64_t limit, sweep, triggered, old, new; /* until 1.20, since */
    } rows[] = {
        {INT64_MAX, 0, UINT64_MAX, 80 * MIB, 80 * MIB},
        {INT64_MAX, 90 * MIB, UINT64_MAX, 90 * MIB, 90 * MIB},
        {INT64_MAX, 0, 85 * MIB, 85 * MIB + 65536, 85 * MIB + 65536},
        /* 90 − 20 − 1, or − 3 % of 70 MiB */
        {90 * MIB, 0, UINT64_MAX, 69 * MIB, 71198311},
        /* the limit is passed: what is marked stays */
        {30 * MIB, 0, UINT64_MAX, 40 * MIB, 40 * MIB},
        {21 * MIB, 0, UINT64_MAX, 40 * MIB, 40 * MIB},
    };
    for (uint16_t minor = 19; minor <= 27; minor++)
        for (size_t i = 0; i < LG_COUNT(rows); i++) {
            struct fake_go f;
            init(&f, minor);
            put_pacer(&f);
            control(&f, LG_GC_MEMORY_LIMIT, rows[i].limit);
            control(&f, LG_GC_SWEEP_DIST_MIN_TRIGGER, rows[i].sweep);
            control(&f, LG_GC_TRIGGERED, rows[i].triggered);
            struct lg_memstats m = read_stats(&f);
            assert_known(m.next_gc_bytes,
                         minor <= 20 ? rows[i].old : rows[i].new);
            fake_go_deinit(&f);
        }
}

static void test_settings(void **state)
{
    struct fake_go f;
    double fraction = 0.0625;
    uint64_t bits;
    init(&f, 27);
    control(&f, LG_GC_PERCENT, (uint32_t)-1);
    control(&f, LG_GC_MEMORY_LIMIT, INT64_MAX);
    memcpy(&bits, &fraction, sizeof bits);
    stat(&f, LG_MSTATS_GC_CPU_FRACTION, bits);
    stat(&f, LG_MSTATS_NUMGC, 12);
    struct lg_memstats m = read_stats(&f);
    assert_known(m.gogc_percent, UINT64_MAX);
    assert_known(m.memory_limit_bytes, UINT64_MAX);
    assert_known(m.gc_cpu_ppm, 62500);
    assert_known(m.gc_count, 12);
    control(&f, LG_GC_PERCENT, 50);
    control(&f, LG_GC_MEMORY_LIMIT, 7 * MIB);
    stat(&f, LG_MSTATS_GC_CPU_FRACTION, UINT64_MAX); /* not a number */
    m = read_stats(&f);
    assert_known(m.gogc_percent, 50);
    assert_known(m.memory_limit_bytes, 7 * MIB);
    assert_false(m.gc_cpu_ppm.known);
    assert_false(m.mem_profile_rate_bytes.known);
    fake_go_deinit(&f);
}

/* --- Ps --- */

/* Each P caches one span of 48-byte objects: 10 slots, 4 used when it was
 * cached, 7 now. */
static void put_procs(struct fake_go *f)
{
    uint64_t list = fake_new(f, PROCS * 8);
    uint64_t allp = fake_var(f, LG_VAR_ALLP, 24);
    fake_u64(f, allp, list);
    fake_u64(f, allp + 8, PROCS);
    fake_u64(f, allp + 16, PROCS);
    for (uint64_t i = 0; i < PROCS; i++) {
        uint64_t p = fake_struct(f, LG_P_SIZE);
        uint64_t cache = fake_struct(f, LG_MCACHE_SIZE);
        uint64_t span = fake_struct(f, LG_MSPAN_SIZE);
        uint64_t empty = fake_struct(f, LG_MSPAN_SIZE);
        uint64_t slots = cache + (uint64_t)fake_offset(f, LG_MCACHE_ALLOC);
        fake_u64(f, list + i * 8, p);
        fake_set(f, p, LG_P_MCACHE, cache);
        fake_set(f, p, LG_P_TIMERS_COUNT, 30);
        fake_set(f, p, LG_P_TIMERS_DEAD, i == 0 ? 10 : (uint32_t)-1);
        fake_set(f, p, LG_P_GFREE_COUNT, 3);
        fake_set(f, cache, LG_MCACHE_TINY_ALLOCS, 5);
        for (uint64_t k = 0; k < LG_GO_SIZE_CLASSES * 2; k++)
            fake_u64(f, slots + k * 8, k == 11 ? span : empty);
        fake_set(f, span, LG_MSPAN_ELEMSIZE, 48);
        fake_set(f, span, LG_MSPAN_NELEMS, 10);
        fake_set(f, span, LG_MSPAN_ALLOC_COUNT, 7);
        fake_set(f, span, LG_MSPAN_ALLOC_COUNT_BEFORE_CACHE, 4);
    }
}

static void test_unflushed(void **state)
{
    for (uint16_t minor = 18; minor <= 27; minor++) {
        struct fake_go f;
        struct numbers n;
        struct lg_rng rng = {minor};
        init(&f, minor);
        random_numbers(&rng, &n);
        put_shards(&f, &n);
        control(&f, LG_GC_HEAP_LIVE, 50 * MIB);
        struct lg_memstats before = read_stats(&f);
        put_procs(&f);
        struct lg_memstats m = read_stats(&f);
        /* 1.18 counted all slots in advance, 1.19 on counts none. */
        uint64_t objects = minor == 18 ? (uint64_t)-3 * PROCS : 3 * PROCS;
        assert_known(m.mallocs_count,
                     before.mallocs_count.value + objects + 5 * PROCS);
        assert_known(m.frees_count, before.frees_count.value + 5 * PROCS);
        assert_known(m.total_alloc_bytes,
                     before.total_alloc_bytes.value + objects * 48);
        assert_known(m.heap_live_bytes, 50 * MIB - 3 * PROCS * 48);
        assert_known(m.timers_count, 20 + 30);
        fake_go_deinit(&f);
    }
}

static void test_counts(void **state)
{
    for (uint16_t minor = 18; minor <= 27; minor++) {
        struct fake_go f;
        init(&f, minor);
        put_procs(&f);
        uint64_t sched = f.go.vars[LG_VAR_SCHED];
        fake_u64(&f, fake_var(&f, LG_VAR_ALLGS, 24) + 8, 100);
        fake_set(&f, sched, LG_SCHED_NGSYS, 5);
        fake_set(&f, sched, LG_SCHED_GFREE_COUNT, 7);
        fake_set(&f, sched, LG_SCHED_GFREE_STACK_COUNT, 4);
        fake_set(&f, sched, LG_SCHED_GFREE_NO_STACK_COUNT, 3);
        fake_set(&f, sched, LG_SCHED_MNEXT, 12);
        fake_set(&f, sched, LG_SCHED_NMFREED, 2);
        uint64_t blocks[3] = {0};
        for (size_t i = 0; i < 3; i++) {
            blocks[i] = fake_struct(&f, LG_FINBLOCK_SIZE);
            fake_set(&f, blocks[i], LG_FINBLOCK_CNT, i);
            fake_set(&f, blocks[i], LG_FINBLOCK_ALLLINK,
                     i > 0 ? blocks[i - 1] : 0);
        }
        fake_u64(&f, fake_var(&f, LG_VAR_ALLFIN, 8), blocks[2]);
        struct lg_memstats m = read_stats(&f);
        assert_known(m.goroutines_count, 100 - 5 - 7 - 3 * PROCS);
        assert_known(m.threads_count, 10);
        assert_known(m.finalizers_count, 3);
        fake_set(&f, blocks[0], LG_FINBLOCK_ALLLINK, blocks[2]); /* a circle */
        assert_false(read_stats(&f).finalizers_count.known);
        fake_go_deinit(&f);
    }
}

/* --- memory that lies --- */

static void test_lies(void **state)
{
    struct lg_rng rng = {5};
    for (size_t run = 0; run < 300; run++) {
        struct fake_go f;
        struct lg_memstats m;
        struct lg_go_spans spans;
        struct lg_error err = {0};
        init(&f, (uint16_t)(18 + run % 10));
        put_procs(&f);
        fake_var(&f, LG_VAR_ALLGS, 24);
        fake_var(&f, LG_VAR_ALLFIN, 8);
        for (size_t i = 0; i < 2000; i++) {
            uint64_t word = lg_rng_below(&rng, 2) == 0
                                ? FAKE_BASE + lg_rng_below(&rng, f.used)
                                : lg_rng_any_width(&rng);
            fake_u64(&f, FAKE_BASE + lg_rng_below(&rng, f.used / 8) * 8, word);
        }
        (void)lg_go_memstats_read(&f.go, &m, &err);
        (void)lg_go_spans_read(&f.go, &spans, &err);
        fake_go_deinit(&f);
    }
}

static void test_nothing_is_there(void **state)
{
    struct fake_go f;
    struct lg_memstats m;
    struct lg_error err = {0};
    fake_go_init(&f, 27);
    assert_false(lg_go_memstats_read(&f.go, &m, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    fake_go_deinit(&f);
    init(&f, 27);
    put_procs(&f);
    for (uint64_t reads = 0; reads < 30; reads++) {
        f.fake.reads_left = reads;
        f.fake.image.gone = false;
        lg_error_clear(&err);
        assert_true(lg_go_memstats_read(&f.go, &m, &err) ||
                    err.kind == LG_ABSENT);
    }
    fake_go_deinit(&f);
}

/* --- spans --- */

static void add_span(struct fake_go *f, uint64_t place, uint64_t state,
                     uint64_t pages, uint64_t span_class, uint64_t objects,
                     uint64_t bytes)
{
    uint64_t span = fake_struct(f, LG_MSPAN_SIZE);
    fake_set(f, span, LG_MSPAN_STATE, state);
    fake_set(f, span, LG_MSPAN_NPAGES, pages);
    fake_set(f, span, LG_MSPAN_SPANCLASS, span_class);
    fake_set(f, span, LG_MSPAN_ALLOC_COUNT, objects);
    fake_set(f, span, LG_MSPAN_ELEMSIZE, bytes);
    fake_u64(f, place, span);
}

static void test_spans(void **state)
{
    for (uint16_t minor = 18; minor <= 27; minor++) {
        struct fake_go f;
        struct lg_go_spans spans;
        init(&f, minor);
        uint64_t list = fake_new(&f, 6 * 8);
        uint64_t slice = f.go.vars[LG_VAR_MHEAP] +
                         (uint64_t)fake_offset(&f, LG_MHEAP_ALLSPANS);
        fake_u64(&f, slice, list);
        fake_u64(&f, slice + 8, 6);
        add_span(&f, list, LG_SPAN_IN_USE, 1, 5 << 1, 100, 48);
        add_span(&f, list + 8, LG_SPAN_IN_USE, 1, 5 << 1 | 1, 20, 48);
        add_span(&f, list + 16, LG_SPAN_IN_USE, 10, 0, 1, 81920);
        add_span(&f, list + 24, LG_SPAN_MANUAL, 4, 0, 0, 0);
        add_span(&f, list + 32, LG_SPAN_DEAD, 9, 0, 0, 0);
        add_span(&f, list + 40, LG_SPAN_IN_USE, 1, 5 << 1, 9999, 48); /* no */
        assert_true(lg_go_spans_read(&f.go, &spans, NULL));
        assert_int_equal(spans.in_use_bytes, 12 * 8192);
        assert_int_equal(spans.manual_bytes, 4 * 8192);
        assert_int_equal(spans.classes[5].objects, 120);
        assert_int_equal(spans.classes[5].object_bytes, 120 * 48);
        assert_int_equal(spans.classes[0].object_bytes, 81920);
        assert_int_equal(spans.unreadable_count, 1);
        fake_u64(&f, slice + 8, UINT64_C(1) << 60);
        assert_true(lg_go_spans_read(&f.go, &spans, NULL));
        assert_true(spans.truncated);
        fake_go_deinit(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_sys),
        cmocka_unit_test(test_goal),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_unflushed),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_nothing_is_there),
        cmocka_unit_test(test_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
