/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of machines in tests/golden/host: what the readers make of each is
 * expected.txt. LG_BLESS=1 writes it anew; a person reads the difference.
 */
#include "base/io.h"
#include "base/sb.h"
#include "sources/cgroupfs.h"
#include "sources/procfs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void put_num(struct lg_sb *sb, const char *name, struct lg_num n)
{
    if (n.known)
        lg_sb_fmt(sb, "  %s %llu\n", name, (unsigned long long)n.value);
    else
        lg_sb_fmt(sb, "  %s -\n", name);
}

static void put_text(struct lg_sb *sb, const char *name, struct lg_str s)
{
    if (s.len > 0)
        lg_sb_fmt(sb, "  %s %.*s\n", name, LG_STR_ARG(s));
}

static void put_process(struct lg_sb *sb, const struct lg_process *p)
{
    lg_sb_fmt(sb, "process %lld\n", (long long)p->pid);
    put_text(sb, "comm", p->comm);
    put_num(sb, "rss", p->vm_rss);
    put_num(sb, "anon", p->rss_anon);
    put_num(sb, "pte", p->vm_pte);
    put_num(sb, "threads", p->threads_count);
    put_num(sb, "utime", p->utime_ns);
    put_num(sb, "fds_limit", p->fds_limit);
    put_num(sb, "fds", p->fds_count);
    put_num(sb, "sockets", p->sockets_count);
    lg_sb_fmt(sb, "  oom_score %d adj %d\n", p->oom_score, p->oom_score_adj);
    lg_each(g, p->fds.groups)
        lg_sb_fmt(sb, "  fd %llu %.*s %.*s\n", (unsigned long long)g->count,
                  LG_STR_ARG(g->kind), LG_STR_ARG(g->pattern));
}

static void put_subject(struct lg_sb *sb, const struct lg_subject *s)
{
    lg_each(arg, s->cmdline)
        put_text(sb, "arg", *arg);
    if (s->started_at_ns != 0) {
        lg_sb_cstr(sb, "  started ");
        lg_sb_time(sb, s->started_at_ns);
        lg_sb_char(sb, '\n');
    }
    put_num(sb, "limit", s->limit_bytes);
    put_text(sb, "limit_source", s->limit_source);
    put_text(sb, "unit", s->identity.unit);
    put_text(sb, "container", s->identity.container_id);
    put_text(sb, "runtime", s->identity.runtime);
    put_text(sb, "pod", s->identity.pod_uid);
    put_text(sb, "qos", s->identity.qos);
}

static void put_cgroup(struct lg_sb *sb, const struct lg_cgroup *c)
{
    lg_sb_fmt(sb, "  cgroup v%d %.*s\n", c->version, LG_STR_ARG(c->path));
    put_num(sb, "own_limit", c->limit_bytes);
    put_num(sb, "effective_limit", c->effective_limit_bytes);
    put_text(sb, "limit_path", c->limit_path);
    put_num(sb, "high", c->high_bytes);
    put_num(sb, "usage", c->usage_bytes);
    put_num(sb, "peak", c->peak_bytes);
    put_num(sb, "swap", c->swap_bytes);
    put_num(sb, "swap_limit", c->swap_limit_bytes);
    put_num(sb, "kernel", c->kernel_bytes);
    put_num(sb, "cgroup_anon", c->anon_bytes);
    put_num(sb, "file", c->file_bytes);
    put_num(sb, "shmem", c->shmem_bytes);
    put_num(sb, "failcnt", c->failcnt);
    put_num(sb, "oom_kill", c->oom_kill_count);
    put_num(sb, "high_count", c->high_count);
    lg_sb_fmt(sb, "  oom_group %d psi %d %.2f stats %zu pids", c->oom_group,
              c->psi.known, c->psi.full_avg10, c->stats.count);
    lg_each(pid, c->pids)
        lg_sb_fmt(sb, " %lld", (long long)*pid);
    lg_sb_char(sb, '\n');
}

static void put_host(struct lg_sb *sb, const struct lg_host *host,
                     struct lg_arena *arena)
{
    struct lg_error err = {0};
    int64_t *pids;
    size_t count;
    assert_true(lg_process_list(host, arena, &pids, &count, &err));
    for (size_t i = 0; i < count; i++) {
        struct lg_process p;
        struct lg_subject s;
        struct lg_cgroup_place place;
        struct lg_cgroup c;
        assert_true(lg_process_read(host, pids[i],
                                    LG_PROCESS_STATUS | LG_PROCESS_FDS, arena,
                                    &p, &err));
        put_process(sb, &p);
        assert_true(lg_subject_read(host, pids[i], arena, &s, &err));
        put_subject(sb, &s);
        assert_true(lg_cgroup_place_find(host, pids[i], arena, &place, &err));
        assert_true(lg_cgroup_read(host, &place, true, arena, &c, &err));
        put_cgroup(sb, &c);
    }
}

static void compare(const char *folder, struct lg_str mine,
                    struct lg_arena *arena)
{
    char path[512];
    struct lg_str expected = {0};
    struct lg_error err = {0};
    snprintf(path, sizeof path, "%s/expected.txt", folder);
    if (getenv("LG_BLESS") != NULL) {
        assert_true(lg_write_file(AT_FDCWD, path, mine, 0644, &err));
        return;
    }
    assert_true(lg_read_file(AT_FDCWD, path, 1 << 20, arena, &expected, &err));
    if (!lg_str_eq(mine, expected))
        fprintf(stderr, "%s differs; it is now:\n%.*s", path, LG_STR_ARG(mine));
    assert_true(lg_str_eq(mine, expected));
}

static void copies_read_as_expected(void **state)
{
    (void)state;
    static const char *const names[] = {"v1-vm", "v1-docker", "v2-k8s",
                                        "v2-systemd"};
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        char folder[256], root[300];
        struct lg_error err = {0};
        struct lg_arena arena;
        struct lg_host host;
        struct lg_sb sb;
        lg_arena_init(&arena, 0);
        lg_sb_init(&sb, &arena);
        snprintf(folder, sizeof folder, "%s/golden/host/%s", getenv("LG_TESTS"),
                 names[i]);
        snprintf(root, sizeof root, "%s/root", folder);
        assert_true(lg_host_init(&host, root, &err));
        assert_false(host.is_live);
        host.ticks_per_s = 100;
        put_host(&sb, &host, &arena);
        compare(folder, lg_sb_view(&sb), &arena);
        lg_host_deinit(&host);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_read_as_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
