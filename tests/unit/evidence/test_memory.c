/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/memory.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)

static uint64_t sum(const struct lg_memory *m)
{
    uint64_t total = 0;
    for (int i = 0; i < LG_PART_COUNT; i++) {
        assert_true(m->parts[i].known || m->parts[i].value == 0);
        total += m->parts[i].value;
    }
    return total;
}

static uint64_t part(const struct lg_memory *m, enum lg_memory_part p)
{
    assert_true(m->parts[p].known);
    return m->parts[p].value;
}

/* A program of 100 MiB in a cgroup of its own, all numbers round. */
static void setup(struct lg_memstats *s, struct lg_process *p,
                  struct lg_cgroup *c)
{
    *s = (struct lg_memstats){
        .heap_alloc_bytes = lg_known(60 * MIB),
        .heap_inuse_bytes = lg_known(64 * MIB),
        .heap_idle_bytes = lg_known(30 * MIB),
        .heap_released_bytes = lg_known(20 * MIB),
        .stack_inuse_bytes = lg_known(8 * MIB),
        .stack_sys_bytes = lg_known(8 * MIB),
        .mspan_sys_bytes = lg_known(MIB),
        .gc_sys_bytes = lg_known(4 * MIB),
        .other_sys_bytes = lg_known(MIB),
    };
    *p = (struct lg_process){
        .vm_rss = lg_known(100 * MIB),
        .rss_anon = lg_known(90 * MIB),
        .rss_file = lg_known(10 * MIB),
        .rss_shmem = lg_known(0),
    };
    *c = (struct lg_cgroup){
        .version = 2,
        .usage_bytes = lg_known(120 * MIB),
        .anon_bytes = lg_known(92 * MIB),
        .file_bytes = lg_known(25 * MIB),
        .shmem_bytes = lg_known(5 * MIB),
        .kernel_bytes = lg_known(2 * MIB),
        .sock_bytes = lg_known(MIB / 2),
    };
}

static struct lg_memory reconcile(const struct lg_memstats *s,
                                  const struct lg_process *p,
                                  const struct lg_cgroup *c, struct lg_num live,
                                  struct lg_num others)
{
    struct lg_memory_input in = {.memstats = s,
                                 .process = p,
                                 .cgroup = c,
                                 .live_heap_bytes = live,
                                 .others_rss_bytes = others};
    struct lg_memory m;
    lg_memory_reconcile(&in, &m);
    return m;
}

static void adds_up(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    struct lg_memory m =
        reconcile(&s, &p, &c, lg_known(40 * MIB), lg_known(3 * MIB));
    assert_true(m.known);
    assert_int_equal(part(&m, LG_PART_LIVE_HEAP), 40 * MIB);
    assert_int_equal(part(&m, LG_PART_GARBAGE), 24 * MIB);
    assert_int_equal(part(&m, LG_PART_IDLE), 10 * MIB);
    assert_int_equal(part(&m, LG_PART_STACKS), 8 * MIB);
    /* 6 of its own, 2 of data and bss. */
    assert_int_equal(part(&m, LG_PART_RUNTIME), 8 * MIB);
    assert_false(m.parts[LG_PART_OFF_HEAP].known);
    assert_int_equal(part(&m, LG_PART_FILES), 10 * MIB);
    assert_int_equal(part(&m, LG_PART_PAGE_CACHE), 10 * MIB);
    assert_int_equal(part(&m, LG_PART_SHMEM), 5 * MIB);
    assert_int_equal(part(&m, LG_PART_KERNEL), 2 * MIB + MIB / 2);
    /* Of the other's 3 MiB only 2 are anonymous. */
    assert_int_equal(part(&m, LG_PART_OTHER_PROCESSES), 2 * MIB);
    assert_int_equal(m.unexplained_bytes, MIB / 2);
}

static void rss_is_the_total_without_a_cgroup(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    p.rss_shmem = lg_known(0);
    struct lg_memory m =
        reconcile(&s, &p, NULL, lg_known(40 * MIB), lg_known(3 * MIB));
    assert_false(m.usage_bytes.known);
    assert_false(m.parts[LG_PART_OTHER_PROCESSES].known);
    assert_false(m.parts[LG_PART_PAGE_CACHE].known);
    assert_int_equal(sum(&m), 100 * MIB);
    assert_int_equal(m.unexplained_bytes, 0);
}

static void what_go_does_not_know_is_off_heap(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    p.rss_anon = lg_known(200 * MIB);
    p.vm_rss = lg_known(210 * MIB);
    struct lg_memory m =
        reconcile(&s, &p, NULL, lg_known(40 * MIB), (struct lg_num){0});
    assert_int_equal(part(&m, LG_PART_OFF_HEAP), 112 * MIB);
    assert_int_equal(m.unexplained_bytes, 0);
    /* Nobody asked Go: then nothing can be said to be beyond it. */
    m = reconcile(NULL, &p, NULL, lg_known(40 * MIB), (struct lg_num){0});
    assert_false(m.parts[LG_PART_OFF_HEAP].known);
    assert_int_equal(part(&m, LG_PART_LIVE_HEAP), 40 * MIB);
    assert_int_equal(m.unexplained_bytes, 160 * MIB);
}

/* Infinite recursion: 512 MiB of stack made ready, 300 MiB touched. */
static void unbacked_parts_give_way(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    s.stack_inuse_bytes = s.stack_sys_bytes = lg_known(512 * MIB);
    s.heap_alloc_bytes = lg_known(2 * MIB);
    s.heap_inuse_bytes = lg_known(4 * MIB);
    p.rss_anon = lg_known(300 * MIB);
    p.vm_rss = lg_known(310 * MIB);
    struct lg_memory m =
        reconcile(&s, &p, NULL, lg_known(MIB), (struct lg_num){0});
    assert_int_equal(part(&m, LG_PART_IDLE), 0);
    assert_true(part(&m, LG_PART_RUNTIME) < 4 * MIB);
    assert_true(part(&m, LG_PART_STACKS) > 290 * MIB);
    assert_true(part(&m, LG_PART_LIVE_HEAP) < MIB);
    assert_int_equal(m.unexplained_bytes, 0);
}

static void idle_gives_way_first(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    p.rss_anon = lg_known(85 * MIB); /* 3 MiB less than Go's parts */
    p.vm_rss = lg_known(95 * MIB);
    struct lg_memory m =
        reconcile(&s, &p, NULL, lg_known(40 * MIB), (struct lg_num){0});
    assert_int_equal(part(&m, LG_PART_IDLE), 7 * MIB);
    assert_int_equal(part(&m, LG_PART_RUNTIME), 6 * MIB);
    assert_int_equal(part(&m, LG_PART_LIVE_HEAP), 40 * MIB);
}

static void live_is_at_most_what_is_allocated(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    struct lg_memory m =
        reconcile(&s, &p, &c, lg_known(90 * MIB), (struct lg_num){0});
    assert_int_equal(part(&m, LG_PART_LIVE_HEAP), 60 * MIB);
    assert_int_equal(part(&m, LG_PART_GARBAGE), 4 * MIB);
    m = reconcile(&s, &p, &c, (struct lg_num){0}, (struct lg_num){0});
    assert_int_equal(part(&m, LG_PART_LIVE_HEAP), 60 * MIB);
}

static void smaps_win_over_status(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    p.smaps.rss = lg_known(101 * MIB);
    p.smaps.anonymous = lg_known(89 * MIB);
    p.rss_shmem = lg_known(2 * MIB);
    struct lg_memory m =
        reconcile(&s, &p, NULL, lg_known(40 * MIB), (struct lg_num){0});
    assert_int_equal(m.rss_bytes.value, 101 * MIB);
    assert_int_equal(part(&m, LG_PART_FILES), 10 * MIB);
    assert_int_equal(part(&m, LG_PART_SHMEM), 2 * MIB);
    assert_int_equal(m.unexplained_bytes, 0);
}

/* v1, and v2 before 5.18, have no "kernel". */
static void older_kernels(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    c.kernel_bytes = (struct lg_num){0};
    c.slab_bytes = lg_known(MIB);
    c.pagetables_bytes = lg_known(2 * MIB);
    struct lg_memory m = reconcile(&s, &p, &c, lg_known(40 * MIB), lg_known(0));
    assert_int_equal(part(&m, LG_PART_KERNEL), 3 * MIB + MIB / 2);
    c.kmem_bytes = lg_known(7 * MIB);
    m = reconcile(&s, &p, &c, lg_known(40 * MIB), lg_known(0));
    assert_int_equal(part(&m, LG_PART_KERNEL), 7 * MIB);
}

static void nothing_known(void **state)
{
    struct lg_memory m =
        reconcile(NULL, NULL, NULL, (struct lg_num){0}, (struct lg_num){0});
    assert_false(m.known);
    assert_int_equal(m.unexplained_bytes, 0);
    for (int i = 0; i < LG_PART_COUNT; i++) {
        assert_false(m.parts[i].known);
        assert_true(strlen(lg_memory_part_name((enum lg_memory_part)i)) > 2);
    }
}

static void any_number(struct lg_rng *rng, void *nums, size_t bytes)
{
    struct lg_num *n = nums;
    for (size_t i = 0; i < bytes / sizeof *n; i++) {
        n[i] = (struct lg_num){0};
        if (lg_rng_below(rng, 4) != 0)
            n[i] = lg_known(lg_rng_u64(rng) >> (20 + lg_rng_below(rng, 44)));
    }
}

/* Whatever contradicts itself: the sum and the rest make the total, and the
 * anonymous parts stay within the anonymous pages. */
static void always_adds_up(void **state)
{
    struct lg_rng rng = {11};
    for (int round = 0; round < 200000; round++) {
        struct lg_memstats s;
        struct lg_num n[16];
        any_number(&rng, &s, sizeof s);
        any_number(&rng, n, sizeof n);
        struct lg_process p = {.vm_rss = n[0],
                               .rss_anon = n[1],
                               .rss_file = n[2],
                               .rss_shmem = n[3],
                               .smaps = {.rss = n[4], .anonymous = n[5]}};
        struct lg_cgroup c = {.usage_bytes = n[6],
                              .anon_bytes = n[7],
                              .file_bytes = n[8],
                              .shmem_bytes = n[9],
                              .kernel_bytes = n[10],
                              .sock_bytes = n[11],
                              .kmem_bytes = n[12],
                              .slab_bytes = n[13]};
        size_t with = lg_rng_below(&rng, 8);
        struct lg_memory m =
            reconcile(with & 1 ? &s : NULL, with & 2 ? &p : NULL,
                      with & 4 ? &c : NULL, n[14], n[15]);
        if (!m.known)
            continue;
        uint64_t total =
            m.usage_bytes.known ? m.usage_bytes.value : m.rss_bytes.value;
        assert_true((int64_t)total == (int64_t)sum(&m) + m.unexplained_bytes);
        uint64_t anon = p.smaps.rss.known && p.smaps.anonymous.known
                            ? p.smaps.anonymous.value
                            : p.rss_anon.value;
        if ((with & 2) != 0 && p.rss_anon.known)
            for (int i = 0; i <= LG_PART_OFF_HEAP; i++)
                assert_true(m.parts[i].value <= anon);
    }
}

/* What the collector marked beats a profile's estimate; before the first
 * collection nothing was marked. */
static void marked_heap_is_live(void **state)
{
    struct lg_memstats s;
    struct lg_process p;
    struct lg_cgroup c;
    setup(&s, &p, &c);
    s.heap_marked_bytes = lg_known(50 * MIB);
    s.gc_count = lg_known(0);
    struct lg_memory m =
        reconcile(&s, &p, &c, lg_known(40 * MIB), (struct lg_num){0});
    assert_int_equal(part(&m, LG_PART_LIVE_HEAP), 40 * MIB);
    s.gc_count = lg_known(3);
    m = reconcile(&s, &p, &c, lg_known(40 * MIB), (struct lg_num){0});
    assert_int_equal(part(&m, LG_PART_LIVE_HEAP), 50 * MIB);
    assert_int_equal(part(&m, LG_PART_GARBAGE), 14 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marked_heap_is_live),
        cmocka_unit_test(adds_up),
        cmocka_unit_test(rss_is_the_total_without_a_cgroup),
        cmocka_unit_test(what_go_does_not_know_is_off_heap),
        cmocka_unit_test(unbacked_parts_give_way),
        cmocka_unit_test(idle_gives_way_first),
        cmocka_unit_test(live_is_at_most_what_is_allocated),
        cmocka_unit_test(smaps_win_over_status),
        cmocka_unit_test(older_kernels),
        cmocka_unit_test(nothing_known),
        cmocka_unit_test(always_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
