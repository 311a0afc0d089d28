/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/proc_files.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define TEXT(array) lg_str_from((array), sizeof(array) - 1)
#define MIB(n) ((uint64_t)(n) << 20)

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

static const char status_text[] = "Name:\tcon\\nsu\\\\mer)\n"
                                  "Umask:\t0022\n"
                                  "State:\tS (sleeping)\n"
                                  "Tgid:\t4711\n"
                                  "Pid:\t4711\n"
                                  "PPid:\t17\n"
                                  "VmPeak:\t 1229056 kB\n"
                                  "VmSize:\t 1229000 kB\n"
                                  "VmHWM:\t   30000 kB\n"
                                  "VmRSS:\t   20480 kB\n"
                                  "RssAnon:\t   10240 kB\n"
                                  "RssFile:\t    9216 kB\n"
                                  "RssShmem:\t    1024 kB\n"
                                  "VmData:\t   80000 kB\n"
                                  "VmStk:\t     132 kB\n"
                                  "VmPTE:\t     300 kB\n"
                                  "VmSwap:\t       4 kB\n"
                                  "Threads:\t9\n"
                                  "SigCgt:\tfffffffd7fc1feff\n";

static void status_is_taken_by_name(void **state)
{
    (void)state;
    struct lg_process p = {0};
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    lg_proc_status_parse(TEXT(status_text), &arena, &p);
    assert_str(p.comm, "con\nsu\\mer)");
    assert_int_equal(p.state, 'S');
    assert_int_equal(p.pid, 4711);
    assert_int_equal(p.ppid, 17);
    assert_num(p.vm_rss, MIB(20));
    assert_num(p.rss_anon, MIB(10));
    assert_num(p.rss_file, MIB(9));
    assert_num(p.rss_shmem, MIB(1));
    assert_num(p.vm_swap, 4096);
    assert_num(p.vm_pte, 300 * 1024);
    assert_num(p.vm_hwm, 30000 * 1024);
    assert_num(p.threads_count, 9);
    assert_num(p.sig_caught, UINT64_C(0xfffffffd7fc1feff));
    lg_arena_deinit(&arena);
}

static void a_kernel_thread_has_no_memory(void **state)
{
    (void)state;
    struct lg_process p = {0};
    lg_proc_status_parse(LG_STR("Name:\tkthreadd\nPid:\t2\nThreads:\t1\n"),
                         NULL, &p);
    assert_false(p.vm_rss.known);
    assert_false(p.vm_size.known);
    assert_null(p.comm.data);
    assert_num(p.threads_count, 1);
}

static void absurd_numbers_stay_unknown(void **state)
{
    (void)state;
    struct lg_process p = {0};
    lg_proc_status_parse(LG_STR("VmRSS:\t99999999999999999999 kB\n"
                                "VmSize:\t18446744073709551615 kB\n"
                                "VmHWM:\t-1 kB\nVmSwap:\t kB\nVmPTE:\n"),
                         NULL, &p);
    assert_false(p.vm_rss.known);
    assert_false(p.vm_size.known);
    assert_false(p.vm_hwm.known);
    assert_false(p.vm_swap.known);
    assert_false(p.vm_pte.known);
}

#define STAT_REST                                                              \
    " S 17 4711 4711 0 -1 4194304 300 0 2 0 150 50 0 0 20 0 9 0 8123 "         \
    "1258553344 5120 18446744073709551615 1 1 0\n"

static void stat_is_read_from_the_right(void **state)
{
    (void)state;
    static const char *const names[] = {
        "4711 (consumer)" STAT_REST, "4711 (a) S 99 (b)" STAT_REST,
        "4711 ())" STAT_REST,        "4711 (()" STAT_REST,
        "4711 ( 1 2 3 R)" STAT_REST, "4711 ()" STAT_REST,
    };
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        struct lg_process p = {0};
        struct lg_error err = {0};
        assert_true(lg_proc_stat_parse(lg_str_of(names[i]), 100, &p, &err));
        assert_int_equal(p.pid, 4711);
        assert_int_equal(p.ppid, 17);
        assert_int_equal(p.state, 'S');
        assert_int_equal(p.start_ticks, 8123);
        assert_num(p.utime_ns, 1500000000);
        assert_num(p.stime_ns, 500000000);
        assert_num(p.minflt_count, 300);
        assert_num(p.majflt_count, 2);
        assert_num(p.threads_count, 9);
    }
}

static void a_cut_stat_is_bad_data(void **state)
{
    (void)state;
    struct lg_str whole = LG_STR("4711 (x)" STAT_REST);
    ptrdiff_t last = lg_str_find(whole, LG_STR("8123"));
    for (size_t len = 0; len <= (size_t)last; len++) {
        struct lg_process p = {0};
        struct lg_error err = {0};
        assert_false(
            lg_proc_stat_parse(lg_str_first(whole, len), 100, &p, &err));
        assert_int_equal(err.kind, LG_BAD_DATA);
        assert_int_equal(p.pid, 0);
    }
}

static void limits_give_the_open_files(void **state)
{
    (void)state;
    struct lg_process p = {0};
    lg_proc_limits_parse(
        LG_STR("Limit                     Soft Limit           Hard Limit\n"
               "Max open files            1024                 524288     "
               "          files     \n"),
        &p);
    assert_num(p.fds_limit, 1024);
    p.fds_limit = (struct lg_num){0};
    lg_proc_limits_parse(LG_STR("Max open files            unlimited "
                                "           unlimited     files\n"),
                         &p);
    assert_false(p.fds_limit.known);
}

static const char smaps_text[] =
    "00400000-00401000 r-xp 00000000 08:01 5                /bin/a b\n"
    "Size:                  4 kB\n"
    "Rss:                   4 kB\n"
    "Pss:                   2 kB\n"
    "Anonymous:             0 kB\n"
    "VmFlags: rd ex mr mw me\n"
    "c000000000-c004000000 rw-p 00000000 00:00 0             [anon: Go: heap]\n"
    "Rss:                8192 kB\n"
    "Anonymous:          8192 kB\n"
    "Swap:                  8 kB\n"
    "c004000000-c004400000 rw-p 00000000 00:00 0 \n"
    "Rss:                  16 kB\n"
    "Anonymous:            16 kB\n"
    "7f0000000000-7f0000100000 rw-s 00000000 00:01 9         /memfd:x "
    "(deleted)\n"
    "Rss:                1024 kB\n"
    "Anonymous:             0 kB\n"
    "7f0000200000-7f0000300000 rw-p 00000000 00:01 9         /memfd:x "
    "(deleted)\n"
    "Rss:                 512 kB\n"
    "Anonymous:           128 kB\n";

static const struct lg_map_group *group(const struct lg_process *p,
                                        const char *name)
{
    lg_each(g, p->maps) {
        if (lg_str_eq(g->name, lg_str_of(name)))
            return g;
    }
    return NULL;
}

static void mappings_are_grouped_by_backing(void **state)
{
    (void)state;
    struct lg_process p = {0};
    struct lg_error err = {0};
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    assert_true(lg_proc_smaps_parse(TEXT(smaps_text), &arena, &p, &err));
    assert_int_equal(p.maps.count, 4);
    assert_int_equal(group(&p, "anon: Go: heap")->rss_bytes, MIB(8));
    assert_int_equal(group(&p, "anon: Go: heap")->size_bytes, 0x4000000);
    assert_int_equal(group(&p, "anon")->anon_bytes, 16384);
    assert_int_equal(group(&p, "/bin/a b")->mappings_count, 1);
    const struct lg_map_group *memfd = group(&p, "/memfd:x (deleted)");
    assert_int_equal(memfd->mappings_count, 2);
    assert_int_equal(memfd->rss_bytes, (1024 + 512) << 10);
    assert_int_equal(memfd->anon_bytes, 128 << 10);
    assert_int_equal(memfd->shmem_bytes, (1024 + 512 - 128) << 10);
    assert_num(p.smaps.rss, (4 + 8192 + 16 + 1024 + 512) << 10);
    assert_num(p.smaps.swap, 8 << 10);
    assert_false(p.smaps.locked.known);
    lg_arena_deinit(&arena);
}

static void rollup_is_read(void **state)
{
    (void)state;
    struct lg_smaps s;
    lg_proc_smaps_rollup_parse(
        LG_STR("00400000-7ffffffff000 ---p 00000000 00:00 0   [rollup]\n"
               "Rss:                4808 kB\nPss:                2405 kB\n"
               "Pss_Anon:           1264 kB\nSwap:                  0 kB\n"),
        &s);
    assert_num(s.rss, 4808 << 10);
    assert_num(s.pss, 2405 << 10);
    assert_num(s.pss_anon, 1264 << 10);
    assert_num(s.swap, 0);
    assert_false(s.anonymous.known);
}

static const char fds_text[] =
    "0\t/dev/null\n"
    "1\tpipe\n"
    "2\tpipe\n"
    "3\tanon_inode:[eventpoll]\n"
    "4\tTCP 0.0.0.0:8080 LISTEN\n"
    "5\tTCP 10.0.0.7:8080 → 10.0.3.1:51234 ESTABLISHED\n"
    "6\tTCP 10.0.0.7:8080 → 10.0.9.9:40000 ESTABLISHED\n"
    "7\tTCP 10.0.0.7:48000 → 10.0.0.5:5432 ESTABLISHED\n"
    "8\tTCP 10.0.0.7:48001 → 10.0.0.5:5432 ESTABLISHED\n"
    "9\tTCP 10.0.0.7:48002 → 10.0.0.5:5432 ESTABLISHED\n"
    "10\t/var/tmp/x-1\n"
    "11\t/var/tmp/x-22\n"
    "12\t/var/tmp/x-333\n"
    "13\t/var/tmp/x-4444\n"
    "14\t/tmp/gone (deleted)\n"
    "15\t/memfd:ring (deleted)\n"
    "16\t/dev/shm/seg\n"
    "17\tunix /run/x.sock\n"
    "18\tsocket\n";

static const struct {
    const char *kind, *target, *pattern;
    uint64_t count;
} fds_expected[] = {
    {"file", "/var/tmp/x-1", "/var/tmp/x-N", 4},
    {"socket", "TCP 10.0.0.7:48000 → 10.0.0.5:5432 ESTABLISHED",
     "TCP 10.0.0.7:N → 10.0.0.5:5432 ESTABLISHED", 3},
    {"pipe", "pipe", "pipe", 2},
    {"socket", "TCP 10.0.0.7:8080 → 10.0.3.1:51234 ESTABLISHED",
     "TCP 10.0.0.7:8080 → *:N ESTABLISHED", 2},
    {"dev", "/dev/null", "/dev/null", 1},
    {"anon", "anon_inode:[eventpoll]", "anon_inode:[eventpoll]", 1},
    {"socket", "TCP 0.0.0.0:8080 LISTEN", "TCP 0.0.0.0:8080 LISTEN", 1},
    {"deleted", "/tmp/gone (deleted)", "/tmp/gone (deleted)", 1},
    {"memfd", "/memfd:ring (deleted)", "/memfd:ring (deleted)", 1},
    {"file", "/dev/shm/seg", "/dev/shm/seg", 1},
    {"socket", "unix /run/x.sock", "unix /run/x.sock", 1},
    {"socket", "socket", "socket", 1},
};

static void descriptors_are_grouped(void **state)
{
    (void)state;
    struct lg_error err = {0};
    struct lg_arena arena;
    struct lg_fds fds;
    lg_arena_init(&arena, 0);
    assert_true(lg_fds_text_parse(TEXT(fds_text), &arena, &fds, &err));
    assert_int_equal(fds.count, 19);
    assert_false(fds.truncated);
    assert_int_equal(fds.groups.count, LG_COUNT(fds_expected));
    uint64_t sum = 0;
    for (size_t i = 0; i < LG_COUNT(fds_expected); i++) {
        const struct lg_fd_group *g = NULL;
        lg_each(x, fds.groups) {
            if (lg_str_eq(x->target, lg_str_of(fds_expected[i].target)))
                g = x;
        }
        assert_non_null(g);
        assert_str(g->kind, fds_expected[i].kind);
        assert_str(g->pattern, fds_expected[i].pattern);
        assert_int_equal(g->count, fds_expected[i].count);
        sum += g->count;
    }
    assert_int_equal(sum, fds.count);
    for (size_t i = 1; i < fds.groups.count; i++)
        assert_true(fds.groups.items[i - 1].count >= fds.groups.items[i].count);
    lg_arena_deinit(&arena);
}

static void a_total_says_that_the_list_is_cut(void **state)
{
    (void)state;
    struct lg_error err = {0};
    struct lg_arena arena;
    struct lg_fds fds;
    lg_arena_init(&arena, 0);
    assert_true(lg_fds_text_parse(LG_STR("3\t/a\n#\tcount 30000\n"), &arena,
                                  &fds, &err));
    assert_true(fds.truncated);
    assert_int_equal(fds.count, 30000);
    assert_false(
        lg_fds_text_parse(LG_STR("3\t/a\nno tab\n"), &arena, &fds, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_int_equal(err.offset, 5);
    lg_arena_deinit(&arena);
}

/* Ten thousand names that differ by number are one group; by letters, as many
 * groups as are kept, and none is lost from the count. */
static void many_descriptors_stay_bounded(void **state)
{
    (void)state;
    struct lg_error err = {0};
    struct lg_arena arena;
    struct lg_fds fds;
    char *text = test_malloc(400000);
    size_t len = 0;
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 10000; i++)
        len += (size_t)sprintf(text + len, "%d\t/t/x%d\n", i, i * 7);
    assert_true(lg_fds_text_parse(lg_str_from(text, len), &arena, &fds, &err));
    assert_int_equal(fds.groups.count, 1);
    assert_int_equal(fds.count, 10000);
    len = 0;
    for (int i = 0; i < 10000; i++) {
        char name[8];
        for (int j = 0, n = i; j < 4; j++, n /= 16)
            name[j] = (char)('g' + n % 16);
        len += (size_t)sprintf(text + len, "%d\t/t/%.4s\n", i, name);
    }
    assert_true(lg_fds_text_parse(lg_str_from(text, len), &arena, &fds, &err));
    uint64_t sum = 0;
    lg_each(g, fds.groups)
        sum += g->count;
    assert_int_equal(sum, 10000);
    assert_true(fds.groups.count <= 4097);
    test_free(text);
    lg_arena_deinit(&arena);
}

static bool parse_all(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    (void)context;
    struct lg_process p = {0};
    struct lg_fds fds;
    return lg_proc_smaps_parse(TEXT(smaps_text), arena, &p, err) &&
           lg_fds_text_parse(TEXT(fds_text), arena, &fds, err);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    assert_true(lg_alloc_fail_all(parse_all, NULL) > 10);
}

/* Any damage: an answer or an error, no crash; ASan watches. */
static void parse_damaged(struct lg_str text)
{
    struct lg_process p = {0};
    struct lg_error err = {0};
    struct lg_smaps smaps;
    struct lg_arena arena;
    struct lg_fds fds;
    char *copy = test_malloc(text.len + 1); /* exact, so that a byte more is
                                               seen */
    memcpy(copy, text.data, text.len);
    text.data = copy;
    lg_arena_init(&arena, 0);
    lg_proc_status_parse(text, &arena, &p);
    lg_proc_limits_parse(text, &p);
    (void)lg_proc_stat_parse(text, 100, &p, &err);
    (void)lg_proc_smaps_parse(text, &arena, &p, &err);
    lg_proc_smaps_rollup_parse(text, &smaps);
    (void)lg_fds_text_parse(text, &arena, &fds, &err);
    lg_arena_deinit(&arena);
    test_free(copy);
}

static void damage_never_crashes(void **state)
{
    (void)state;
    static const struct lg_str texts[] = {
        {status_text, sizeof status_text - 1},
        {smaps_text, sizeof smaps_text - 1},
        {fds_text, sizeof fds_text - 1},
        {"4711 (x)" STAT_REST, sizeof "4711 (x)" STAT_REST - 1},
    };
    struct lg_rng rng = {.state = 0x9f0c};
    for (size_t t = 0; t < LG_COUNT(texts); t++) {
        char copy[2048];
        assert_true(texts[t].len < sizeof copy);
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
        cmocka_unit_test(status_is_taken_by_name),
        cmocka_unit_test(a_kernel_thread_has_no_memory),
        cmocka_unit_test(absurd_numbers_stay_unknown),
        cmocka_unit_test(stat_is_read_from_the_right),
        cmocka_unit_test(a_cut_stat_is_bad_data),
        cmocka_unit_test(limits_give_the_open_files),
        cmocka_unit_test(mappings_are_grouped_by_backing),
        cmocka_unit_test(rollup_is_read),
        cmocka_unit_test(descriptors_are_grouped),
        cmocka_unit_test(a_total_says_that_the_list_is_cut),
        cmocka_unit_test(many_descriptors_stay_bounded),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(damage_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
