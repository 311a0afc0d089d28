/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

#define MMAP                                                                   \
    "syscall.Syscall6 s.go:9 < syscall.(*mmapper).Mmap m.go:40 < "             \
    "syscall.Mmap m.go:9 < shop/tile.Map tile.go:22"

/* Anonymous memory that is not Go's, all of it at the end. */
static void off_heap(struct case_builder *b)
{
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2800, 12 + 78 * i, 3, 1);
        case_alloc(b, heap_of(c), (int64_t)(i * 4096), 1,
                   (int64_t)(i * 4096 + 1), MMAP);
    }
}

static void test_off_heap(void **state)
{
    struct case_builder *b = *state;
    off_heap(b);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_OFF_HEAP, "shop/tile.Map tile.go:22");
    assert_true(v.findings.items[0].share > 0.85);
}

/* The kill overtook the last capture: most of it was unmapped already. */
static void test_off_heap_read_while_it_died(void **state)
{
    static const uint64_t left_mib[] = {30, 150};
    struct case_builder *b = *state;
    for (size_t i = 0; i < LG_COUNT(left_mib); i++) {
        case_begin(b, b->arena, "shop", 256);
        off_heap(b);
        size_t last = b->in.captures.count - 1;
        struct lg_capture *c = &b->in.captures.items[last];
        (void)case_cgroup(b, c, left_mib[i]);
        (void)case_process(b, c, left_mib[i], 12);
        case_end(b, LG_END_OOM_KILL, 9000);
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_OFF_HEAP, "shop/tile.Map tile.go:22");
        assert_true(v.findings.items[0].bytes.value > 150 * CASE_MIB);
    }
}

/* A cache of C's, filled within the first second; the heap grows beside it. */
static void test_off_heap_made_at_the_start(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, "shop.keep keep.go:7 < main.main main.go:9");
    for (size_t i = 0; i < b->in.captures.count; i++) {
        struct lg_capture *c = &b->in.captures.items[i];
        uint64_t heap = 3 + 34 * i;
        (void)case_memstats(b, c, heap, 1);
        (void)case_cgroup(b, c, heap + (i == 0 ? 8 : 100));
        (void)case_process(b, c, heap + (i == 0 ? 8 : 100), 12);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.keep keep.go:7");
    assert_null(verdict_find(&v, LG_CAUSE_OFF_HEAP));
}

/* It was most of what there was at each capture, and stood; what came within a
 * moment at the end was something else. */
static void test_off_heap_before_a_burst(void **state)
{
    struct case_builder *b = *state;
    for (int has_late_capture = 0; has_late_capture < 2; has_late_capture++) {
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {400, 98}, {5000, 99}, {5300, 256});
        for (uint64_t i = 0; i < 4; i++) {
            struct lg_capture *c =
                full_capture(b, 50 + 1200 * i, i == 0 ? 20 : 98, 3, 1);
            (void)case_process(b, c, i == 0 ? 20 : 97, 12);
        }
        if (has_late_capture) {
            /* /proc was read when 40 MiB more had come. */
            struct lg_capture *c = full_capture(b, 5100, 170, 30, 1);
            (void)case_process(b, c, 168, 12);
            c->duration_ns = 80 * LG_NS_PER_MS;
        }
        case_end(b, LG_END_OOM_KILL, 5300);
        struct lg_verdict v = judge(b);
        assert_null(verdict_find(&v, LG_CAUSE_OFF_HEAP));
    }
}

/* All of it is what the runtime says it has: nothing is outside. */
static void test_go_memory_is_not_off_heap(void **state)
{
    struct case_builder *b = *state;
    off_heap(b);
    lg_each(capture, b->in.captures) {
        uint64_t mib = capture->process->vm_rss.value / CASE_MIB;
        (void)case_memstats(b, capture, mib - 6, 1);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_OFF_HEAP));
}

/* /proc was read a second after the runtime was asked, while memory grew: the
 * difference of two moments is no memory. */
static void test_skew_between_two_accounts(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {2000, 4}, {3000, 256});
    (void)full_capture(b, 300, 12, 3, 1);
    struct lg_capture *c = full_capture(b, 2100, 200, 60, 1);
    c->duration_ns = 900 * LG_NS_PER_MS;
    case_end(b, LG_END_OOM_KILL, 3000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_OFF_HEAP));
}

static void test_off_heap_not_judged(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    (void)case_process(b, case_capture(b, 400), 20, 9);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_true(verdict_not_judged(&v, LG_CAUSE_OFF_HEAP));
    assert_true(verdict_not_judged(&v, LG_CAUSE_SHMEM));
}

static void neighbour(struct case_builder *b, uint64_t peer_mib)
{
    case_timeline_of(b, {0, 100}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2800, 100 + 50 * i, 80, 1);
        (void)case_process(b, c, 90, 12);
        case_peer(b, c, 5000, "ffmpeg", 2 + peer_mib * i / 3);
        case_peer(b, c, 5001, "sh", 1);
    }
}

static void test_neighbour(void **state)
{
    struct case_builder *b = *state;
    neighbour(b, 150);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NEIGHBOUR, NULL);
    assert_true(lg_str_contains(v.findings.items[0].summary,
                                LG_STR("ffmpeg (pid 5000)")));
}

static void test_small_neighbour(void **state)
{
    struct case_builder *b = *state;
    neighbour(b, 20);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_NEIGHBOUR));
}

/* It grew as well, and more: then it is itself. */
static void test_both_grew(void **state)
{
    struct case_builder *b = *state;
    neighbour(b, 60);
    for (uint64_t i = 0; i < 4; i++)
        (void)case_process(b, &b->in.captures.items[i], 90 + 33 * i, 12);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_NEIGHBOUR));
}

/* The kernel's task table is the last word, also without any capture later. */
static void test_task_table(void **state)
{
    struct case_builder *b = *state;
    neighbour(b, 20);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_oom_event *oom = case_kernel(b, 92);
    struct lg_oom_task *task = case_push(b, &oom->tasks);
    task->pid = 6000;
    task->comm = LG_STR("java");
    task->rss_bytes = lg_known(155 * CASE_MIB);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NEIGHBOUR, NULL);
    assert_true(lg_str_contains(v.findings.items[0].summary,
                                LG_STR("java (pid 6000)")));
}

/* The helper died, not the subject: it lives on, and the cause is told. */
static void test_neighbour_was_the_victim(void **state)
{
    struct case_builder *b = *state;
    neighbour(b, 150);
    struct lg_oom_event *event = case_push(b, &b->in.oom_events);
    event->scope = LG_OOM_MEMCG;
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NEIGHBOUR, NULL);
}

/* A supervisor that exits because its worker was killed. */
static void kernel_kills(struct case_builder *b, const char *memcg, int64_t pid)
{
    struct lg_oom_event *oom = case_kernel(b, 90);
    oom->oom_memcg = lg_str_of(memcg);
    oom->victims.items[0].pid = pid;
    oom->victims.items[0].comm = LG_STR("worker");
    oom->victims.items[0].anon_rss_bytes = lg_known(90 * CASE_MIB);
    b->in.oom_events.items[0] = *oom;
    b->in.end.has_oom = false;
    b->in.subject.cgroup = LG_STR("/lastgasp/test");
}

static void test_somebody_beside_was_killed(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {4000, 128});
    kernel_kills(b, "/lastgasp/test", 4242);
    case_end(b, LG_END_EXIT, 5000);
    b->in.end.exit_code = 1;
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_NEIGHBOUR, NULL);
    assert_int_equal(v.findings.items[0].bytes.value, 90 * CASE_MIB);
    assert_non_null(verdict_find(&v, LG_CAUSE_NOT_OOM));
}

static void test_a_kill_elsewhere_is_none_of_ours(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {4000, 20});
    kernel_kills(b, "/lastgasp/testing", 4242);
    case_end(b, LG_END_EXIT, 5000);
    b->in.end.exit_code = 1;
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_NEIGHBOUR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_off_heap),
        case_test(test_off_heap_read_while_it_died),
        case_test(test_off_heap_made_at_the_start),
        case_test(test_off_heap_before_a_burst),
        case_test(test_go_memory_is_not_off_heap),
        case_test(test_skew_between_two_accounts),
        case_test(test_off_heap_not_judged),
        case_test(test_neighbour),
        case_test(test_small_neighbour),
        case_test(test_both_grew),
        case_test(test_task_table),
        case_test(test_neighbour_was_the_victim),
        case_test(test_somebody_beside_was_killed),
        case_test(test_a_kill_elsewhere_is_none_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
