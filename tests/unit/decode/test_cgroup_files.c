/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/cgroup_files.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define TEXT(array) lg_str_from((array), sizeof(array) - 1)

static void assert_num(struct lg_num n, uint64_t value)
{
    assert_true(n.known);
    assert_int_equal(n.value, value);
}

static void assert_str(struct lg_str s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}

static void no_limit_is_unknown(void **state)
{
    (void)state;
    assert_false(lg_cgroup_limit_parse(LG_STR("max\n")).known);
    /* 4 KiB pages, 64 KiB pages, and before Linux 3.19. */
    assert_false(lg_cgroup_limit_parse(LG_STR("9223372036854771712\n")).known);
    assert_false(lg_cgroup_limit_parse(LG_STR("9223372036854710272\n")).known);
    assert_false(lg_cgroup_limit_parse(LG_STR("9223372036854775807\n")).known);
    assert_false(lg_cgroup_limit_parse(LG_STR("")).known);
    assert_num(lg_cgroup_limit_parse(LG_STR("268435456\n")), 268435456);
    assert_num(lg_cgroup_limit_parse(LG_STR("0\n")), 0);
    assert_false(lg_cgroup_number_parse(LG_STR("12x\n")).known);
}

static const char v1_stat[] = "cache 100\nrss 200\nshmem 50\n"
                              "hierarchical_memory_limit 268435456\n"
                              "total_cache 4096\ntotal_rss 8192\n"
                              "total_shmem 1024\ntotal_dirty 512\n"
                              "total_inactive_file 2048\n"
                              "total_active_file 1000\n";
static const char v2_stat[] =
    "anon 8192\nfile 4096\nkernel_stack 100\npagetables 200\n"
    "sec_pagetables 1\npercpu 300\nsock 400\nvmalloc 500\nshmem 1024\n"
    "file_dirty 512\nslab_reclaimable 5\nslab_unreclaimable 595\nslab 600\n"
    "inactive_file 2048\nactive_file 1000\nworkingset_refault_anon 0\n";

static void both_versions_mean_the_same(void **state)
{
    (void)state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (int version = 1; version <= 2; version++) {
        struct lg_cgroup c = {0};
        lg_cgroup_stat_parse(version == 1 ? TEXT(v1_stat) : TEXT(v2_stat),
                             version, &arena, &c);
        assert_num(c.anon_bytes, 8192);
        assert_num(c.file_bytes, 4096);
        assert_num(c.shmem_bytes, 1024);
        assert_num(c.dirty_bytes, 512);
        assert_num(c.inactive_file_bytes, 2048);
        assert_num(c.active_file_bytes, 1000);
        assert_true(c.stats.count >= 10);
        assert_int_equal(c.kernel_bytes.known, version == 2);
    }
    lg_arena_deinit(&arena);
}

/* Before 5.18 there is no "kernel" line: its parts are summed, slab once. */
static void the_kernel_s_part(void **state)
{
    (void)state;
    struct lg_cgroup c = {0}, d = {0};
    lg_cgroup_stat_parse(TEXT(v2_stat), 2, NULL, &c);
    assert_num(c.kernel_bytes, 100 + 200 + 1 + 300 + 400 + 500 + 600);
    assert_num(c.slab_bytes, 600);
    assert_num(c.sock_bytes, 400);
    assert_int_equal(c.stats.count, 0);
    lg_cgroup_stat_parse(LG_STR("kernel 7777\nkernel_stack 100\nslab 600\n"), 2,
                         NULL, &d);
    assert_num(d.kernel_bytes, 7777);
}

static void events_are_counted(void **state)
{
    (void)state;
    struct lg_cgroup v1 = {0}, v2 = {0};
    lg_cgroup_oom_control_parse(
        LG_STR("oom_kill_disable 1\nunder_oom 1\noom_kill 3\n"), &v1);
    assert_true(v1.oom_kill_disabled && v1.under_oom);
    assert_num(v1.oom_kill_count, 3);
    lg_cgroup_events_parse(LG_STR("low 0\nhigh 12\nmax 34\noom 2\noom_kill 5\n"
                                  "oom_group_kill 1\n"),
                           &v2);
    assert_num(v2.high_count, 12);
    assert_num(v2.max_count, 34);
    assert_num(v2.oom_count, 2);
    assert_num(v2.oom_kill_count, 5);
    assert_num(v2.oom_group_kill_count, 1);
}

static void pressure_is_read(void **state)
{
    (void)state;
    struct lg_psi psi;
    lg_psi_parse(LG_STR("some avg10=12.50 avg60=1.00 avg300=0.10 total=2000\n"
                        "full avg10=3.25 avg60=0.00 avg300=0.00 total=1000\n"),
                 &psi);
    assert_true(psi.known);
    assert_true(psi.some_avg10 > 12.49 && psi.some_avg10 < 12.51);
    assert_true(psi.full_avg10 > 3.24 && psi.full_avg10 < 3.26);
    assert_int_equal(psi.some_total_ns, 2000000);
    assert_int_equal(psi.full_total_ns, 1000000);
    lg_psi_parse(LG_STR(""), &psi);
    assert_false(psi.known);
}

static void the_memory_hierarchy_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int version;
        const char *path;
    } cases[] = {
        {"9:name=systemd:/\n4:memory:/process_api/6d53\n1:cpu:/\n0::/\n", 1,
         "/process_api/6d53"},
        {"5:cpu,memory,pids:/a:b\n0::/c\n", 1, "/a:b"},
        {"0::/user.slice/x.scope\n", 2, "/user.slice/x.scope"},
        {"0::/a (deleted)\n", 2, "/a"},
        {"3:memory_hog:/no\n0::/yes\n", 2, "/yes"},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_error err = {0};
        struct lg_str path;
        int version;
        assert_true(lg_proc_cgroup_parse(lg_str_of(cases[i].text), &version,
                                         &path, &err));
        assert_int_equal(version, cases[i].version);
        assert_str(path, cases[i].path);
    }
    struct lg_error err = {0};
    struct lg_str path;
    int version;
    assert_false(
        lg_proc_cgroup_parse(LG_STR("1:cpu:/\n"), &version, &path, &err));
    assert_int_equal(err.kind, LG_ABSENT);
}

static const char mountinfo[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw shared:4 - cgroup cgroup rw,cpuset\n"
    "35 31 0:32 /docker/12ab /sys/fs/cgroup/memory rw shared:4 master:9 - "
    "cgroup cgroup rw,memory\n"
    "36 31 0:32 / /host/a\\040b\\134c rw - cgroup none rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

static void the_mount_is_found(void **state)
{
    (void)state;
    struct lg_error err = {0};
    struct lg_str mount, root;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    assert_true(lg_mountinfo_cgroup_parse(TEXT(mountinfo), 1, &arena, &mount,
                                          &root, &err));
    assert_str(mount, "/host/a b\\c");
    assert_str(root, "/");
    assert_true(lg_mountinfo_cgroup_parse(TEXT(mountinfo), 2, &arena, &mount,
                                          &root, &err));
    assert_str(mount, "/sys/fs/cgroup/unified");
    struct lg_str container = lg_str_first(
        TEXT(mountinfo), (size_t)lg_str_find(TEXT(mountinfo), LG_STR("36 31")));
    assert_true(
        lg_mountinfo_cgroup_parse(container, 1, &arena, &mount, &root, &err));
    assert_str(mount, "/sys/fs/cgroup/memory");
    assert_str(root, "/docker/12ab");
    assert_false(
        lg_mountinfo_cgroup_parse(container, 2, &arena, &mount, &root, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    lg_arena_deinit(&arena);
}

static bool parse_mounts(void *context, struct lg_arena *arena,
                         struct lg_error *err)
{
    struct lg_str mount, root;
    (void)context;
    return lg_mountinfo_cgroup_parse(TEXT(mountinfo), 1, arena, &mount, &root,
                                     err);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    assert_true(lg_alloc_fail_all(parse_mounts, NULL) > 2);
}

static void parse_damaged(struct lg_str text)
{
    struct lg_cgroup c = {0};
    struct lg_error err = {0};
    struct lg_str a, b;
    struct lg_psi psi;
    struct lg_arena arena;
    int version;
    char *copy = test_malloc(text.len + 1);
    memcpy(copy, text.data, text.len);
    text.data = copy;
    lg_arena_init(&arena, 0);
    lg_cgroup_stat_parse(text, 1, &arena, &c);
    lg_cgroup_stat_parse(text, 2, &arena, &c);
    lg_cgroup_events_parse(text, &c);
    lg_cgroup_oom_control_parse(text, &c);
    lg_psi_parse(text, &psi);
    (void)lg_proc_cgroup_parse(text, &version, &a, &err);
    (void)lg_mountinfo_cgroup_parse(text, 1, &arena, &a, &b, &err);
    lg_arena_deinit(&arena);
    test_free(copy);
}

static void damage_never_crashes(void **state)
{
    (void)state;
    static const struct lg_str texts[] = {
        {v1_stat, sizeof v1_stat - 1},
        {v2_stat, sizeof v2_stat - 1},
        {mountinfo, sizeof mountinfo - 1},
    };
    struct lg_rng rng = {.state = 0xc6};
    for (size_t t = 0; t < LG_COUNT(texts); t++) {
        char copy[1024];
        for (size_t len = 0; len < texts[t].len; len++)
            parse_damaged(lg_str_first(texts[t], len));
        for (int i = 0; i < 2000; i++) {
            memcpy(copy, texts[t].data, texts[t].len);
            for (int flips = 0; flips < 3; flips++)
                copy[lg_rng_below(&rng, texts[t].len)] = (char)lg_rng_u64(&rng);
            parse_damaged(lg_str_from(copy, texts[t].len));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_limit_is_unknown),
        cmocka_unit_test(both_versions_mean_the_same),
        cmocka_unit_test(the_kernel_s_part),
        cmocka_unit_test(events_are_counted),
        cmocka_unit_test(pressure_is_read),
        cmocka_unit_test(the_memory_hierarchy_is_chosen),
        cmocka_unit_test(the_mount_is_found),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(damage_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
