/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

static void test_leak(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:29");
    const struct lg_finding *f = &v.findings.items[0];
    assert_int_equal(f->count.value, 3600);
    assert_true(f->count_rate_per_s > 200);
    assert_true(lg_str_contains(f->summary, LG_STR("/tmp/x.conf")));
    assert_true(str_is(f->leaf.function, "os.Open"));
    /* The readers beside them are theirs: no leak of its own. */
    assert_true(f->bytes.value > 80 * CASE_MIB);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

/* The kill overtook the last capture: half of them were closed already. */
static void test_read_while_it_died(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    struct lg_capture *c = full_capture(b, 15990, 250, 220, 1);
    (void)case_process(b, c, 250, 1700);
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:29");
    assert_int_equal(v.findings.items[0].count.value, 3600);
}

/* Descriptors and the readers beside them, without a sample of an os.File. */
static void opened_unseen(struct case_builder *b, const char *reader)
{
    case_timeline_of(b, {0, 4}, {16000, 256});
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c =
            full_capture(b, 200 + i * 3800, 10 + 60 * i, 8 + 55 * i, 1);
        (void)case_process(b, c, 10 + 60 * i, 10 + 900 * i);
        case_memstats(b, c, 8 + 55 * i, 1)->gc_count = lg_known(2 + 2 * i);
        case_alloc(b, heap_of(c), (int64_t)(30 * i * CASE_MIB),
                   (int64_t)(1000 * i), 9, reader);
    }
}

#define READER                                                                 \
    "bufio.NewReaderSize bufio.go:58 < shop.Watch watch.go:31 < "              \
    "main.main main.go:9"

static void test_readers_tell_the_function(void **state)
{
    struct case_builder *b = *state;
    opened_unseen(b, READER);
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:31");
    const struct lg_finding *f = &v.findings.items[0];
    assert_true(str_is(f->where_role, "allocates as many objects"));
    assert_true(f->bytes.value > 110 * CASE_MIB);
    assert_null(verdict_find(&v, LG_CAUSE_HEAP_LEAK));
}

/* Twice as many at each capture. hundredths: the readers' objects beside what
 * is open then. */
static void readers_at(struct case_builder *b, uint64_t collections_between,
                       const uint64_t hundredths[6])
{
    case_begin(b, b->arena, "shop", 256);
    case_timeline_of(b, {0, 4}, {16000, 256});
    for (uint64_t i = 0; i < 6; i++) {
        struct lg_capture *c =
            full_capture(b, 200 + i * 3000, 10 + 48 * i, 8 + 44 * i, 1);
        uint64_t opened = (uint64_t)150 << i;
        (void)case_process(b, c, 10 + 48 * i, 10 + opened);
        case_memstats(b, c, 8 + 44 * i, 1)->gc_count =
            lg_known(2 + i * collections_between);
        case_alloc(b, heap_of(c), (int64_t)(opened * 40000),
                   (int64_t)(opened * hundredths[i] / 100), 9, READER);
    }
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:31");
}

/* A collection doubles what the one before saw, and the profile is the newer
 * one's: twice and more of what was open then, but no more than is open now. */
static void test_readers_of_a_newer_collection(void **state)
{
    /* The last one has a sample of the readers themselves beside the buffers.
     */
    static const uint64_t hundredths[] = {110, 110, 110, 110, 110, 210};
    readers_at(*state, 1, hundredths);
}

/* Two collections between captures: the profile is of the first of them, when
 * few more were open than at the capture before. */
static void test_readers_of_an_older_collection(void **state)
{
    static const uint64_t hundredths[] = {48, 48, 48, 48, 48, 48};
    readers_at(*state, 2, hundredths);
}

/* One sample of a connection that is closed at once is no opener: the function
 * of the readers has one as well, of fewer bytes at that time. */
static void test_closed_at_once(void **state)
{
    struct case_builder *b = *state;
    opened_unseen(b, READER);
    case_alloc(b, heap_of(&b->in.captures.items[2]), 524288, 2048, 9,
               "os.newFile file.go:160 < os.Open file.go:390 < "
               "shop.Watch watch.go:29 < main.main main.go:9");
    case_alloc(b, heap_of(&b->in.captures.items[4]), 2 * 524288, 65536, 9,
               "net.newFD fd.go:9 < net.(*netFD).accept fd.go:40 < "
               "shop.greet greet.go:7 < main.main main.go:9");
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:29");
    assert_true(str_is(v.findings.items[0].where_role, "opens them"));
}

#define ACCEPT                                                                 \
    "net.newFD fd.go:9 < net.(*netFD).accept fd.go:40 < "                      \
    "shop.greet greet.go:7 < main.main main.go:9"
#define OPEN                                                                   \
    "os.newFile file.go:160 < os.Open file.go:390 < shop.Watch watch.go:29 < " \
    "main.main main.go:9"

/* The same before the first collection, which is when all that was closed is
 * there still. The readers' line has a sample of small objects, too, which
 * counts as very many. */
static struct lg_verdict closed_before_any_collection(struct case_builder *b,
                                                      const char *reader,
                                                      bool is_seen_later)
{
    case_begin(b, b->arena, "shop", 256);
    opened_unseen(b, reader);
    for (uint64_t i = 0; i < 5; i++) {
        struct lg_capture *c = &b->in.captures.items[i];
        case_memstats(b, c, 8 + 55 * i, 1)->gc_count =
            lg_known(i < 3 ? 0 : i - 2);
        case_alloc(b, heap_of(c), 524288, 10923, 9,
                   "shop.Watch watch.go:31 < main.main main.go:9");
        if (i < 3)
            case_alloc(b, heap_of(c), 4 * 524288, 2048, 9, ACCEPT);
        if (i < 3 || is_seen_later)
            case_alloc(b, heap_of(c), 524288, 2048, 9, OPEN);
    }
    case_end(b, LG_END_OOM_KILL, 16000);
    return judge(b);
}

static void test_closed_before_any_collection(void **state)
{
    static const char *const readers[] = {READER, "runtime.malg proc.go:9"};
    for (size_t i = 0; i < 3; i++) {
        struct lg_verdict v =
            closed_before_any_collection(*state, readers[i / 2], i != 1);
        assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:29");
    }
    /* Neither a sample nor readers that stayed: nobody knows. */
    struct lg_verdict v =
        closed_before_any_collection(*state, readers[1], false);
    const struct lg_finding *f = verdict_find(&v, LG_CAUSE_FD_LEAK);
    assert_non_null(f);
    assert_int_equal(f->where.function.len, 0);
}

/* The kill overtook a capture that had a dump yet, but no descriptors. */
static void test_dumped_while_it_died(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    struct lg_capture *c = full_capture(b, 15990, 250, 220, 1);
    (void)case_process(b, c, 250, 0);
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:29");
}

/* Many, but as many from the first capture on. */
static void test_many_are_no_leak(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    lg_each(capture, b->in.captures) {
        struct lg_process *p = (struct lg_process *)(uintptr_t)capture->process;
        p->fds_count = lg_known(3600);
    }
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
}

static void assert_no_leak(struct case_builder *b, const uint64_t counts[4])
{
    fd_leak(b, 3600);
    for (size_t i = 0; i < 4; i++) {
        struct lg_process *p =
            (struct lg_process *)(uintptr_t)b->in.captures.items[i].process;
        p->fds_count = lg_known(counts[i]);
    }
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
}

/* Opened when it started, and needed from then on: something else grew. */
static void test_opened_at_the_start_is_no_leak(void **state)
{
    static const uint64_t counts[] = {10, 2900, 3000, 3010};
    struct case_builder *b = *state;
    assert_no_leak(b, counts);
}

/* More connections than before, though not many times more. */
static void test_some_more_are_no_leak(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    for (uint64_t i = 0; i < 4; i++)
        (void)case_process(b, &b->in.captures.items[i], 10 + 78 * i,
                           2000 + 300 * i);
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
}

static void test_up_and_down_is_no_leak(void **state)
{
    static const uint64_t counts[] = {10, 2000, 900, 2400};
    struct case_builder *b = *state;
    assert_no_leak(b, counts);
}

/* A CPU profile takes a second beside the others; its count is of its end and
 * stands before a smaller one. */
static void test_capture_out_of_order(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    struct lg_capture *cpu = case_capture(b, 15400);
    struct lg_capture last = b->in.captures.items[3];
    (void)case_process(b, cpu, 200, 9000);
    cpu->cpu = case_new(b, struct lg_profile, 1);
    b->in.captures.items[3] = *cpu;
    b->in.captures.items[4] = last;
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, "shop.Watch watch.go:29");
    assert_int_equal(v.findings.items[0].count.value, 3600);
}

/* Without a heap profile the leak is told, its line is not. */
static void test_without_a_heap_profile(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 3600);
    lg_each(capture, b->in.captures) {
        capture->heap = NULL;
    }
    case_end(b, LG_END_OOM_KILL, 16000);
    struct lg_verdict v = judge(b);
    const struct lg_finding *f = verdict_find(&v, LG_CAUSE_FD_LEAK);
    assert_non_null(f);
    assert_int_equal(f->where.function.len, 0);
}

static void test_one_capture_is_not_enough(void **state)
{
    struct case_builder *b = *state;
    case_timeline_of(b, {0, 4}, {9000, 256});
    (void)case_process(b, case_capture(b, 4000), 100, 9000);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
}

static void test_alive(void **state)
{
    struct case_builder *b = *state;
    fd_leak(b, 300); /* as many as a busy server may come to */
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
    case_begin(b, b->arena, "shop", 256);
    fd_leak(b, 3600);
    v = judge(b);
    assert_non_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
}

/* Captures come so often that there is hardly one descriptor in twenty more
 * from one to the next; what rests in the last fifth of the time is a pool. */
static void test_alive_and_captured_often(void **state)
{
    struct case_builder *b = *state;
    for (int rests = 0; rests < 2; rests++) {
        case_begin(b, b->arena, "shop", 256);
        case_timeline_of(b, {0, 4}, {20000, 200});
        for (uint64_t i = 0; i < 25; i++) {
            struct lg_capture *c = case_capture(b, 200 + i * 800);
            uint64_t risen = rests && i > 19 ? 19 : i;
            (void)case_process(b, c, 10 + 7 * i, 3 + 800 * risen);
        }
        struct lg_verdict v = judge(b);
        assert_int_equal(verdict_find(&v, LG_CAUSE_FD_LEAK) == NULL, rests);
    }
}

static void test_not_judged(void **state)
{
    struct case_builder *b = *state;
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_true(verdict_not_judged(&v, LG_CAUSE_FD_LEAK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_leak),
        case_test(test_read_while_it_died),
        case_test(test_readers_tell_the_function),
        case_test(test_readers_of_a_newer_collection),
        case_test(test_readers_of_an_older_collection),
        case_test(test_closed_at_once),
        case_test(test_closed_before_any_collection),
        case_test(test_dumped_while_it_died),
        case_test(test_many_are_no_leak),
        case_test(test_opened_at_the_start_is_no_leak),
        case_test(test_some_more_are_no_leak),
        case_test(test_up_and_down_is_no_leak),
        case_test(test_capture_out_of_order),
        case_test(test_without_a_heap_profile),
        case_test(test_one_capture_is_not_enough),
        case_test(test_alive),
        case_test(test_alive_and_captured_often),
        case_test(test_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
