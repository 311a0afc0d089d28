/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incidents.h"

static void shmem(struct case_builder *b, uint64_t last_mib)
{
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2800, 12 + 78 * i, 3, 1);
        struct lg_cgroup *g = case_cgroup(b, c, 12 + 78 * i);
        g->shmem_bytes = g->file_bytes = lg_known(last_mib * i / 3 * CASE_MIB);
        (void)case_process(b, c, 12, 12);
        (void)case_go(b, dump_of(c), 1, "syscall",
                      "syscall.write z.go:900 < os.(*File).Write file.go:180 < "
                      "shop/spool.Put spool.go:17",
                      NULL);
    }
}

static void test_shmem(void **state)
{
    struct case_builder *b = *state;
    shmem(b, 230);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_SHMEM, "shop/spool.Put spool.go:17");
}

/* A ring of 100 MiB that the service has from its start on; the heap grows. */
static void test_shmem_made_at_the_start(void **state)
{
    struct case_builder *b = *state;
    heap_leak(b, "shop.keep keep.go:7 < main.main main.go:9");
    struct lg_cgroup *first = case_cgroup(b, &b->in.captures.items[0], 10);
    first->shmem_bytes = first->file_bytes = lg_known(2 * CASE_MIB);
    for (size_t i = 1; i < b->in.captures.count; i++) {
        struct lg_cgroup *g =
            case_cgroup(b, &b->in.captures.items[i], 110 + 35 * i);
        g->shmem_bytes = g->file_bytes = lg_known(100 * CASE_MIB);
    }
    case_end(b, LG_END_OOM_KILL, 20000);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_HEAP_LEAK, "shop.keep keep.go:7");
    assert_null(verdict_find(&v, LG_CAUSE_SHMEM));
}

static void test_a_little_shmem(void **state)
{
    struct case_builder *b = *state;
    shmem(b, 30);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_SHMEM));
}

/* The kernel's own account at the kill counts more than the last capture. */
static void test_shmem_at_the_kill(void **state)
{
    struct case_builder *b = *state;
    shmem(b, 30);
    case_end(b, LG_END_OOM_KILL, 9000);
    struct lg_oom_event *oom = case_kernel(b, 12);
    *case_push(b, &oom->stats) =
        (struct lg_oom_stat){LG_STR("shmem"), 240 * CASE_MIB};
    struct lg_verdict v = judge(b);
    const struct lg_finding *f = verdict_find(&v, LG_CAUSE_SHMEM);
    assert_non_null(f);
    assert_int_equal(f->bytes.value, 240 * CASE_MIB);
    assert_true(str_is(f->evidence.items[0].source, "kernel.log"));
}

/* A process that stays small while the cgroup fills; charge() says with what.
 */
static void charged(struct case_builder *b, uint64_t last_mib,
                    void (*charge)(struct lg_cgroup *g, uint64_t mib),
                    const char *stack)
{
    case_timeline_of(b, {0, 4}, {9000, 256});
    for (uint64_t i = 0; i < 4; i++) {
        struct lg_capture *c =
            full_capture(b, 300 + i * 2800, 12 + 78 * i, 3, 1);
        charge(case_cgroup(b, c, 12 + 78 * i), last_mib * i / 3);
        (void)case_process(b, c, 12, 12);
        (void)case_go(b, dump_of(c), 1, "syscall", stack, NULL);
    }
    case_end(b, LG_END_OOM_KILL, 9000);
}

static void kill_stat(struct case_builder *b, const char *name, uint64_t mib)
{
    *case_push(b, &b->in.end.oom.stats) =
        (struct lg_oom_stat){lg_str_of(name), mib * CASE_MIB};
}

static void charge_cache(struct lg_cgroup *g, uint64_t mib)
{
    g->file_bytes = lg_known(mib * CASE_MIB);
}

#define MLOCK                                                                  \
    "syscall.Syscall s.go:9 < syscall.Mlock z.go:40 < shop/shard.Open s.go:31"

static void test_locked_files(void **state)
{
    struct case_builder *b = *state;
    charged(b, 230, charge_cache, MLOCK);
    (void)case_kernel(b, 12);
    kill_stat(b, "file", 236);
    kill_stat(b, "shmem", 0);
    kill_stat(b, "unevictable", 230);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_PAGE_CACHE, "shop/shard.Open s.go:31");
    assert_int_equal(v.findings.count, 1);
    const struct lg_finding *f = &v.findings.items[0];
    assert_int_equal(f->bytes.value, 236 * CASE_MIB);
    assert_true(lg_str_contains(f->summary, LG_STR("mlock")));
    assert_true(lg_str_contains(f->fix, LG_STR("unmap")));
    assert_true(str_is(f->evidence.items[0].source, "kernel.log"));
}

static void test_dirty_files(void **state)
{
    struct case_builder *b = *state;
    charged(b, 200, charge_cache,
            "syscall.write z.go:9 < os.(*File).Write file.go:180 < "
            "shop/export.Run export.go:12");
    (void)case_kernel(b, 12);
    kill_stat(b, "total_cache", 200);
    kill_stat(b, "total_shmem", 10);
    kill_stat(b, "total_dirty", 120);
    kill_stat(b, "total_writeback", 40);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_PAGE_CACHE, "shop/export.Run export.go:12");
    assert_int_equal(v.findings.items[0].bytes.value, 190 * CASE_MIB);
    assert_true(lg_str_contains(v.findings.items[0].fix, LG_STR("fsync")));
}

/* Much cache at the captures, taken back before the kill: not the reason. */
static void test_cache_that_was_given_back(void **state)
{
    struct case_builder *b = *state;
    charged(b, 230, charge_cache, MLOCK);
    (void)case_kernel(b, 240);
    kill_stat(b, "file", 6);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_PAGE_CACHE));
}

/* Who lives may have as much cache as there is room. */
static void test_cache_of_the_living(void **state)
{
    struct case_builder *b = *state;
    charged(b, 230, charge_cache, MLOCK);
    b->in.end = (struct lg_end){.kind = LG_END_RUNNING, .exit_code = -1};
    struct lg_verdict v = judge(b);
    assert_int_equal(v.findings.count, 0);
}

static void charge_kernel(struct lg_cgroup *g, uint64_t mib)
{
    g->kernel_bytes = lg_known((mib + 1) * CASE_MIB);
}

#define WRITE                                                                  \
    "syscall.write z.go:9 < internal/poll.(*FD).Write fd.go:380 < "            \
    "shop/relay.Send relay.go:70"

static void test_full_pipes(void **state)
{
    struct case_builder *b = *state;
    charged(b, 230, charge_kernel, WRITE);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_KERNEL_MEMORY, "shop/relay.Send relay.go:70");
    assert_int_equal(v.findings.items[0].bytes.value, 231 * CASE_MIB);
    /* The report at the kill is newer than any capture; v1 has it in kmem. */
    case_kernel(b, 12)->kmem_usage_bytes = lg_known(240 * CASE_MIB);
    v = judge(b);
    assert_first(&v, LG_CAUSE_KERNEL_MEMORY, "shop/relay.Send relay.go:70");
    assert_int_equal(v.findings.items[0].bytes.value, 240 * CASE_MIB);
}

/* The first capture found it while it opened its pipes: what fills them later
 * is no leak of descriptors, however early or late the second one came. */
static void test_pipes_opened_at_the_start(void **state)
{
    struct case_builder *b = *state;
    for (size_t early = 0; early < 2; early++) {
        case_begin(b, b->arena, "shop", 256);
        charged(b, 230, charge_kernel, WRITE);
        for (size_t i = 0; i < b->in.captures.count; i++) {
            struct lg_capture *c = &b->in.captures.items[i];
            (void)case_process(b, c, 12, i == 0 ? 60 : 250);
            c->t_ns = i == 1 && early ? c->t_ns / 3 : c->t_ns + 2000000000;
        }
        struct lg_verdict v = judge(b);
        assert_first(&v, LG_CAUSE_KERNEL_MEMORY, "shop/relay.Send relay.go:70");
        assert_null(verdict_find(&v, LG_CAUSE_FD_LEAK));
    }
}

/* v2 tells what it is made of; below 5.18 there is no sum. */
static void test_kernel_parts(void **state)
{
    static const char *const parts[] = {"slab", "sock", "kernel_stack"};
    struct case_builder *b = *state;
    charged(b, 90, charge_kernel, WRITE);
    (void)case_kernel(b, 12);
    for (size_t i = 0; i < LG_COUNT(parts); i++)
        kill_stat(b, parts[i], 40 + 10 * i);
    struct lg_verdict v = judge(b);
    const struct lg_finding *f = verdict_find(&v, LG_CAUSE_KERNEL_MEMORY);
    assert_non_null(f);
    assert_int_equal(f->bytes.value, 150 * CASE_MIB);
}

static void test_a_little_kernel_memory(void **state)
{
    struct case_builder *b = *state;
    charged(b, 30, charge_kernel, WRITE);
    struct lg_verdict v = judge(b);
    assert_null(verdict_find(&v, LG_CAUSE_KERNEL_MEMORY));
}

/* Each descriptor has its buffers: that many of them are the matter. */
static void test_descriptors_explain_it(void **state)
{
    struct case_builder *b = *state;
    charged(b, 230, charge_kernel, WRITE);
    for (uint64_t i = 0; i < 4; i++)
        (void)case_process(b, &b->in.captures.items[i], 12, 12 + 1200 * i);
    struct lg_verdict v = judge(b);
    assert_first(&v, LG_CAUSE_FD_LEAK, NULL);
    assert_true(v.findings.items[0].share > 0.8);
    assert_null(verdict_find(&v, LG_CAUSE_KERNEL_MEMORY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_shmem),
        case_test(test_shmem_made_at_the_start),
        case_test(test_a_little_shmem),
        case_test(test_shmem_at_the_kill),
        case_test(test_locked_files),
        case_test(test_dirty_files),
        case_test(test_cache_that_was_given_back),
        case_test(test_cache_of_the_living),
        case_test(test_full_pipes),
        case_test(test_pipes_opened_at_the_start),
        case_test(test_kernel_parts),
        case_test(test_a_little_kernel_memory),
        case_test(test_descriptors_explain_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
