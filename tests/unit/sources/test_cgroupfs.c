/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real memory cgroups, v1 or v2, whatever this machine has; a real kill in
 * one of 48 MiB. Without the permission to make them the tests are skipped.
 */
#include "sources/cgroupfs.h"

#include "base/io.h"
#include "no_alloc.h"
#include "sources/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define LIMIT MIB(48)
/* For what the kernel must do; only a failing test waits this long. */
#define PATIENCE_MS 20000

struct fixture {
    struct lg_host host;
    struct lg_arena arena;
    struct lg_error err;
    struct lg_transient_cgroup cgroup;
    char name[64];
};

static void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    lg_arena_init(&f->arena, 0);
    assert_true(lg_host_init(&f->host, NULL, &f->err));
    snprintf(f->name, sizeof f->name, "lastgasp-test-%d", getpid());
}

static void tear_down(struct fixture *f)
{
    lg_host_deinit(&f->host);
    lg_arena_deinit(&f->arena);
}

/* A cgroup of 48 MiB, or the test is skipped. */
static void set_up_cgroup(struct fixture *f)
{
    set_up(f);
    if (lg_transient_cgroup_create(&f->host, f->name, LIMIT, &f->arena,
                                   &f->cgroup, &f->err))
        return;
    tear_down(f);
    assert_true(f->err.kind == LG_DENIED || f->err.kind == LG_UNSUPPORTED ||
                f->err.kind == LG_ABSENT);
    skip();
}

static bool exists(const struct fixture *f, struct lg_str dir)
{
    int fd = lg_cgroup_open(&f->host, dir, NULL);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void our_own_is_read(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_cgroup_place place;
    struct lg_cgroup c;
    size_t found = 0;
    set_up(&f);
    if (!lg_cgroup_place_find(&f.host, getpid(), &f.arena, &place, &f.err)) {
        tear_down(&f);
        skip();
    }
    assert_true(lg_cgroup_read(&f.host, &place, true, &f.arena, &c, &f.err));
    assert_int_equal(c.version, place.version);
    assert_true(c.effective_limit_bytes.known);
    assert_true(c.effective_limit_bytes.value <=
                lg_host_memory_bytes(&f.host).value);
    lg_each(pid, c.pids)
        found += *pid == getpid();
    assert_int_equal(found, 1);
    assert_true(c.stats.count > 5 || !c.usage_bytes.known);
    tear_down(&f);
}

/* Starts a child in the cgroup that fills memory, a page at a time, and then
 * waits. */
static pid_t start_eater(const struct fixture *f, uint64_t bytes)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    char text[16];
    int len = snprintf(text, sizeof text, "%d", getpid());
    if (write(f->cgroup.procs_fd, text, (size_t)len) != len)
        _exit(99);
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint64_t at = 0; memory != MAP_FAILED && at < bytes; at += 4096)
        memory[at] = 1;
    for (;;)
        pause();
}

static bool fires(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLPRI};
    return poll(&p, 1, PATIENCE_MS) == 1;
}

static void a_kill_is_seen(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_cgroup_sampler s;
    struct lg_cgroup_sample sample;
    struct lg_cgroup c;
    int mark = -1, oom = -1, status;
    set_up_cgroup(&f);
    const struct lg_cgroup_place *place = &f.cgroup.place;
    assert_true(lg_cgroup_sampler_open(&s, &f.host, place, &f.err));
    assert_true(lg_cgroup_oom_event(&f.host, place, &oom, &f.err));
    if (place->version == 1)
        assert_true(
            lg_cgroup_usage_mark(&f.host, place, LIMIT / 2, &mark, &f.err));
    else
        assert_false(
            lg_cgroup_usage_mark(&f.host, place, LIMIT / 2, &mark, &f.err));
    pid_t pid = start_eater(&f, 2 * LIMIT);
    if (mark >= 0)
        assert_true(fires(mark));
    assert_true(fires(oom));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    size_t before = lg_allocations();
    assert_true(lg_cgroup_sample(&s, true, &sample));
    assert_int_equal(lg_allocations() - before, 0);
    assert_int_equal(sample.oom_kill_count.value, 1);
    assert_true(sample.anon_bytes.known && sample.usage_bytes.known);
    assert_true(lg_cgroup_read(&f.host, place, true, &f.arena, &c, &f.err));
    assert_int_equal(c.limit_bytes.value, LIMIT);
    assert_int_equal(c.effective_limit_bytes.value, LIMIT);
    assert_true(lg_str_eq(c.limit_path, place->path));
    assert_int_equal(c.oom_kill_count.value, 1);
    if (c.peak_bytes.known)
        assert_true(c.peak_bytes.value > LIMIT * 9 / 10);
    assert_int_equal(c.pids.count, 0);
    struct lg_str dir = place->dir;
    lg_transient_cgroup_destroy(&f.cgroup);
    assert_false(exists(&f, dir));
    assert_false(lg_cgroup_sample(&s, false, &sample));
    lg_cgroup_sampler_close(&s);
    close(oom);
    if (mark >= 0)
        close(mark);
    tear_down(&f);
}

static bool is_in(const struct fixture *f, pid_t pid, struct lg_str path,
                  struct lg_arena *arena)
{
    struct lg_cgroup_place place;
    return lg_cgroup_place_find(&f->host, pid, arena, &place, NULL) &&
           lg_str_eq(place.path, path);
}

/* Has it ended though it should run on? */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == pid;
}

static void wait_until_in(struct fixture *f, pid_t pid, struct lg_str path)
{
    struct timespec step = {.tv_nsec = 1000000};
    while (!is_in(f, pid, path, &f->arena)) {
        assert_false(has_ended(pid));
        nanosleep(&step, NULL);
    }
}

/* Usage is what was touched, within the kernel's batches per processor. */
static void usage_is_what_was_touched(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_cgroup_sampler s;
    struct lg_cgroup_sample sample = {0};
    struct lg_process p = {0};
    int status;
    set_up_cgroup(&f);
    assert_true(lg_cgroup_sampler_open(&s, &f.host, &f.cgroup.place, &f.err));
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    pid_t pid = start_eater(&f, MIB(20));
    /* It sleeps when it has touched all. */
    while (p.state != 'S' || p.rss_anon.value < MIB(20)) {
        assert_false(has_ended(pid));
        assert_true(lg_process_read(&f.host, pid, LG_PROCESS_STATUS, &scratch,
                                    &p, &f.err));
        lg_arena_reset(&scratch);
    }
    lg_arena_deinit(&scratch);
    assert_true(lg_cgroup_sample(&s, false, &sample));
    assert_in_range(sample.usage_bytes.value, MIB(18), MIB(30));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    lg_cgroup_sampler_close(&s);
    lg_transient_cgroup_destroy(&f.cgroup);
    tear_down(&f);
}

static void what_still_runs_moves_out(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_cgroup_place own;
    int status;
    set_up_cgroup(&f);
    struct lg_str path = f.cgroup.place.path, dir = f.cgroup.place.dir;
    assert_true(
        lg_cgroup_place_find(&f.host, getpid(), &f.arena, &own, &f.err));
    pid_t pid = start_eater(&f, 4096);
    wait_until_in(&f, pid, path);
    lg_transient_cgroup_destroy(&f.cgroup);
    assert_false(is_in(&f, pid, path, &f.arena));
    assert_int_equal(kill(pid, 0), 0);
    assert_false(exists(&f, dir));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WTERMSIG(status) == SIGKILL);
    tear_down(&f);
}

static void a_name_is_taken_once(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_transient_cgroup second;
    set_up_cgroup(&f);
    assert_false(lg_transient_cgroup_create(&f.host, f.name, LIMIT, &f.arena,
                                            &second, &f.err));
    assert_int_equal(f.err.sys_errno, EEXIST);
    /* What was there before is not removed by the failure. */
    assert_true(exists(&f, f.cgroup.place.dir));
    lg_transient_cgroup_destroy(&f.cgroup);
    lg_transient_cgroup_destroy(&f.cgroup); /* twice is fine */
    tear_down(&f);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t limit;
    } cases[] = {{"x", 1},    {"x", 4095},   {"x", UINT64_MAX}, {"a/b", LIMIT},
                 {"", LIMIT}, {"..", LIMIT}, {".x", LIMIT}};
    struct fixture f;
    set_up(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lg_error_clear(&f.err);
        assert_false(lg_transient_cgroup_create(&f.host, cases[i].name,
                                                cases[i].limit, &f.arena,
                                                &f.cgroup, &f.err));
        assert_int_equal(f.err.kind, LG_USAGE);
    }
    tear_down(&f);
}

/* As nobody: one sentence with the way out. */
static void without_permission_the_way_out_is_named(void **state)
{
    (void)state;
    struct fixture f;
    int status;
    if (geteuid() != 0)
        skip();
    set_up(&f);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(98);
        if (lg_transient_cgroup_create(&f.host, f.name, LIMIT, &f.arena,
                                       &f.cgroup, &f.err))
            _exit(1);
        if (f.err.kind == LG_ABSENT || f.err.kind == LG_UNSUPPORTED)
            _exit(0); /* no memory cgroups on this machine */
        if (f.err.kind != LG_DENIED)
            _exit(2);
        struct lg_str text = lg_str_of(f.err.text);
        _exit(lg_str_contains(text, LG_STR("sudo")) ? 0 : 3);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    tear_down(&f);
}

static void a_copy_reads_like_the_cgroup(void **state)
{
    const char *dir = *state;
    struct fixture f;
    struct lg_host copy;
    struct lg_cgroup_place place;
    struct lg_cgroup live, copied;
    int status;
    set_up_cgroup(&f);
    LG_CLOSE
    int dest = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid_t pid = start_eater(&f, 4096);
    wait_until_in(&f, pid, f.cgroup.place.path);
    size_t before = lg_allocations();
    assert_true(lg_cgroup_save(&f.host, &f.cgroup.place, dest, &f.err));
    assert_true(lg_process_save(&f.host, pid, LG_PROCESS_STATUS, dest, &f.err));
    assert_int_equal(lg_allocations() - before, 0);
    assert_true(lg_cgroup_read(&f.host, &f.cgroup.place, true, &f.arena, &live,
                               &f.err));
    assert_true(lg_host_init(&copy, dir, &f.err));
    assert_true(lg_cgroup_place_find(&copy, pid, &f.arena, &place, &f.err));
    assert_true(lg_cgroup_read(&copy, &place, true, &f.arena, &copied, &f.err));
    assert_true(lg_str_eq(live.path, copied.path));
    assert_true(lg_str_eq(live.limit_path, copied.limit_path));
    assert_int_equal(copied.effective_limit_bytes.value, LIMIT);
    assert_int_equal(live.stats.count, copied.stats.count);
    assert_int_equal(copied.pids.count, 1);
    assert_int_equal(copied.pids.items[0], pid);
    lg_host_deinit(&copy);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    lg_transient_cgroup_destroy(&f.cgroup);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_is_read),
        cmocka_unit_test(a_kill_is_seen),
        cmocka_unit_test(usage_is_what_was_touched),
        cmocka_unit_test(what_still_runs_moves_out),
        cmocka_unit_test(a_name_is_taken_once),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(without_permission_the_way_out_is_named),
        lg_tmpdir_test(a_copy_reads_like_the_cgroup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
