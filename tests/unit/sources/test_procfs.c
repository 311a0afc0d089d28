/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/procfs.h"

#include "base/io.h"
#include "decode/proc_files.h"
#include "no_alloc.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"

#define ALL                                                                    \
    (LG_PROCESS_STATUS | LG_PROCESS_SMAPS_ROLLUP | LG_PROCESS_FDS |            \
     LG_PROCESS_SMAPS)

struct fixture {
    struct lg_host host;
    struct lg_arena arena;
    struct lg_error err;
};

static void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    lg_arena_init(&f->arena, 0);
    assert_true(lg_host_init(&f->host, NULL, &f->err));
}

static void tear_down(struct fixture *f)
{
    lg_host_deinit(&f->host);
    lg_arena_deinit(&f->arena);
}

static uint64_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* the listing's own */
}

static void we_are_read(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_process p;
    set_up(&f);
    assert_true(lg_process_read(&f.host, getpid(), ALL, &f.arena, &p, &f.err));
    assert_int_equal(p.pid, getpid());
    assert_int_equal(p.ppid, getppid());
    assert_int_equal(p.state, 'R');
    assert_true(lg_str_starts(LG_STR("test_procfs"), p.comm) ||
                lg_str_starts(p.comm, LG_STR("test_procfs")));
    assert_true(p.vm_rss.known && p.vm_rss.value > 0);
    assert_true(p.rss_anon.value + p.rss_file.value + p.rss_shmem.value ==
                p.vm_rss.value);
    assert_true(p.smaps.rss.known && p.maps.count > 3);
    assert_true(p.threads_count.known);
    assert_true(p.has_oom_score);
    assert_true(p.fds_limit.known);
    assert_true(lg_str_ends(p.exe, LG_STR("test_procfs")));
    tear_down(&f);
}

static void nobody_is_absent(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_process p;
    struct lg_subject s;
    set_up(&f);
    assert_false(
        lg_process_read(&f.host, INT32_MAX, ALL, &f.arena, &p, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    assert_string_equal(f.err.text, "there is no process 2147483647");
    assert_false(lg_subject_read(&f.host, INT32_MAX, &f.arena, &s, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    assert_false(
        lg_process_save(&f.host, INT32_MAX, ALL, f.host.root_fd, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    tear_down(&f);
}

static void we_are_in_the_list(void **state)
{
    (void)state;
    struct fixture f;
    int64_t *pids;
    size_t count, found = 0;
    set_up(&f);
    assert_true(lg_process_list(&f.host, &f.arena, &pids, &count, &f.err));
    for (size_t i = 0; i < count; i++) {
        found += pids[i] == getpid();
        assert_true(i == 0 || pids[i - 1] < pids[i]);
    }
    assert_int_equal(found, 1);
    tear_down(&f);
}

static int listener(struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

static uint64_t count_of(const struct lg_fds *fds, const char *kind,
                         const char *part)
{
    uint64_t count = 0;
    for (size_t i = 0; i < fds->groups.count; i++) {
        const struct lg_fd_group *g = &fds->groups.items[i];
        if (lg_str_eq(g->kind, lg_str_of(kind)) &&
            lg_str_contains(g->target, lg_str_of(part)))
            count += g->count;
    }
    return count;
}

/* Every kind of descriptor, opened by us, is found under its name, and the
 * copy says the same as the live reading. */
static void descriptors_have_names(void **state)
{
    const char *dir = *state;
    struct fixture f;
    struct lg_process p;
    struct lg_fds copied;
    struct lg_str text;
    struct sockaddr_in address;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    char path[400], port[32];
    int fds[400], pipes[2];
    size_t n = 0;
    set_up(&f);
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "%s/part-%d", dir, i);
        fds[n++] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (i >= 200)
            assert_int_equal(unlink(path), 0);
    }
    fds[n++] = listener(&address);
    for (int i = 0; i < 20; i++) {
        fds[n] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(
            connect(fds[n++], (struct sockaddr *)&address, sizeof address), 0);
    }
    snprintf(local.sun_path, sizeof local.sun_path, "%s/s", dir);
    fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fds[n++], (struct sockaddr *)&local, sizeof local),
                     0);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    fds[n++] = pipes[0];
    fds[n++] = pipes[1];
    fds[n++] = memfd_create("ring", MFD_CLOEXEC);
    for (size_t i = 0; i < n; i++)
        assert_true(fds[i] >= 0);

    LG_CLOSE
    int dest = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(lg_process_read(&f.host, getpid(), LG_PROCESS_FDS, &f.arena, &p,
                                &f.err));
    snprintf(port, sizeof port, "127.0.0.1:%d LISTEN", ntohs(address.sin_port));
    assert_int_equal(count_of(&p.fds, "file", "/part-"), 200);
    assert_int_equal(count_of(&p.fds, "deleted", "/part-"), 100);
    assert_int_equal(count_of(&p.fds, "socket", port), 1);
    assert_int_equal(count_of(&p.fds, "socket", "ESTABLISHED"), 20);
    assert_int_equal(count_of(&p.fds, "socket", local.sun_path), 1);
    assert_true(count_of(&p.fds, "pipe", "pipe") >= 2);
    assert_int_equal(count_of(&p.fds, "memfd", "/memfd:ring"), 1);
    /* The reading has opened /proc/PID and /proc/PID/fd itself. */
    assert_int_equal(p.fds.count, open_descriptors() + 2);
    assert_true(p.sockets_count.known && p.sockets_count.value >= 22);

    assert_true(
        lg_process_save(&f.host, getpid(), LG_PROCESS_FDS, dest, &f.err));
    snprintf(path, sizeof path, "proc/%d/fds.txt", getpid());
    assert_true(lg_read_file(dest, path, 1 << 20, &f.arena, &text, &f.err));
    assert_true(lg_fds_text_parse(text, &f.arena, &copied, &f.err));
    assert_int_equal(count_of(&copied, "file", "/part-"), 200);
    assert_int_equal(count_of(&copied, "deleted", "/part-"), 100);
    assert_int_equal(count_of(&copied, "socket", "ESTABLISHED"), 20);
    assert_int_equal(count_of(&copied, "socket", port), 1);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    tear_down(&f);
}

/* Several rounds of socket tables. */
static void thousands_of_sockets(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static int fds[COUNT];
    struct fixture f;
    struct lg_process p;
    size_t n = 0;
    set_up(&f);
    while (n < COUNT) {
        fds[n] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fds[n] < 0)
            break; /* the limit on open files */
        n++;
    }
    assert_true(lg_process_read(&f.host, getpid(), LG_PROCESS_FDS, &f.arena, &p,
                                &f.err) ||
                n < COUNT);
    if (n == COUNT)
        assert_int_equal(count_of(&p.fds, "socket", "unix"), COUNT);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    tear_down(&f);
}

/* A cat that has answered, so that all of it is loaded, and waits until we are
 * done. */
static pid_t start_child(int *hold)
{
    int to[2], from[2];
    char byte = 'x';
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static char name[] = "cat", stdin_name[] = "-", a[] = "A=1",
                    gogc[] = "GOGC=50", limit[] = "GOMEMLIMIT=64MiB";
        char *const args[] = {name, stdin_name, stdin_name, NULL};
        char *const env[] = {a, gogc, limit, NULL};
        dup2(to[0], 0);
        dup2(from[1], 1);
        execve("/bin/cat", args, env);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    assert_int_equal(write(to[1], &byte, 1), 1);
    assert_int_equal(read(from[0], &byte, 1), 1);
    close(from[0]);
    *hold = to[1];
    return pid;
}

static void end_child(pid_t pid, int hold)
{
    int status;
    close(hold);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void a_copy_reads_like_the_process(void **state)
{
    const char *dir = *state;
    struct fixture f;
    struct lg_host copy;
    struct lg_process live, copied;
    int hold;
    pid_t pid = start_child(&hold);
    set_up(&f);
    LG_CLOSE
    int dest = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(lg_process_read(&f.host, pid, ALL, &f.arena, &live, &f.err));
    size_t before = lg_allocations();
    assert_true(lg_process_save(&f.host, pid, ALL, dest, &f.err));
    assert_int_equal(lg_allocations() - before, 0);
    assert_true(lg_host_init(&copy, dir, &f.err));
    assert_false(copy.is_live);
    assert_true(lg_process_read(&copy, pid, ALL, &f.arena, &copied, &f.err));
    assert_true(lg_str_eq(live.comm, copied.comm));
    assert_int_equal(live.ppid, copied.ppid);
    assert_int_equal(live.start_ticks, copied.start_ticks);
    assert_int_equal(live.fds_limit.value, copied.fds_limit.value);
    assert_int_equal(live.maps.count, copied.maps.count);
    assert_int_equal(live.fds.count, copied.fds.count);
    assert_int_equal(live.oom_score_adj, copied.oom_score_adj);
    end_child(pid, hold);
    lg_host_deinit(&copy);
    tear_down(&f);
}

/* A hostile copy's links do not lead out of it. */
static void links_stay_in_the_copy(void **state)
{
    const char *dir = *state;
    struct fixture f;
    struct lg_host copy;
    struct lg_process p;
    char path[300], target[400];
    set_up(&f);
    snprintf(path, sizeof path, "%s/proc", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/proc/1", dir);
    snprintf(target, sizeof target, "/proc/%d", getpid());
    assert_int_equal(symlink(target, path), 0);
    assert_true(lg_host_init(&copy, dir, &f.err));
    assert_false(
        lg_process_read(&copy, 1, LG_PROCESS_STATUS, &f.arena, &p, &f.err));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/proc/1/stat", dir);
    snprintf(target, sizeof target, "/proc/%d/stat", getpid());
    assert_int_equal(symlink(target, path), 0);
    assert_false(
        lg_process_read(&copy, 1, LG_PROCESS_STATUS, &f.arena, &p, &f.err));
    lg_host_deinit(&copy);
    tear_down(&f);
}

static void a_subject_is_described(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_subject s;
    int hold;
    pid_t pid = start_child(&hold);
    set_up(&f);
    assert_true(lg_subject_read(&f.host, pid, &f.arena, &s, &f.err));
    assert_true(lg_str_eq(s.comm, LG_STR("cat")));
    assert_int_equal(s.cmdline.count, 3);
    assert_true(lg_str_eq(s.cmdline.items[1], LG_STR("-")));
    assert_true(lg_str_eq(s.gogc, LG_STR("50")));
    assert_true(lg_str_eq(s.gomemlimit, LG_STR("64MiB")));
    assert_false(s.build.is_go);
    assert_true(s.build.stripped);
    assert_true(s.build.build_id.len == 40);
    assert_true(s.exe_size_bytes.known && s.exe_size_bytes.value > 1000);
    assert_true(s.host_memory_bytes.known && s.limit_bytes.known);
    assert_true(s.limit_bytes.value <= s.host_memory_bytes.value);
    assert_true(s.limit_source.len > 0);
    int64_t age_ns = lg_wall_ns(f.host.clock) - s.started_at_ns;
    assert_true(age_ns > -(int64_t)LG_NS_PER_S);
    assert_true(age_ns < 3600 * (int64_t)LG_NS_PER_S);
    end_child(pid, hold);
    tear_down(&f);
}

static void samples_follow_the_process(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_process_sampler s;
    struct lg_process_sample sample = {0};
    struct lg_process p;
    int hold;
    pid_t pid = start_child(&hold);
    set_up(&f);
    assert_true(lg_process_sampler_open(&s, &f.host, pid, &f.err));
    size_t before = lg_allocations();
    for (int i = 0; i < 100; i++)
        assert_true(lg_process_sample(&s, true, true, &sample));
    assert_int_equal(lg_allocations() - before, 0);
    assert_true(lg_process_read(&f.host, pid,
                                LG_PROCESS_STATUS | LG_PROCESS_FD_COUNT,
                                &f.arena, &p, &f.err));
    assert_int_equal(sample.threads.value, 1);
    assert_int_equal(sample.rss_bytes.value, p.vm_rss.value);
    assert_int_equal(sample.file_bytes.value, p.rss_file.value);
    assert_int_equal(sample.fds.value, p.fds_count.value);
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    /* Dead, not waited for: no memory, but no lie either. */
    if (lg_process_sample(&s, false, false, &sample))
        assert_false(sample.rss_bytes.known);
    end_child(pid, hold);
    assert_false(lg_process_sample(&s, false, false, &sample));
    lg_process_sampler_close(&s);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(we_are_read),
        cmocka_unit_test(nobody_is_absent),
        cmocka_unit_test(we_are_in_the_list),
        lg_tmpdir_test(descriptors_have_names),
        cmocka_unit_test(thousands_of_sockets),
        lg_tmpdir_test(a_copy_reads_like_the_process),
        lg_tmpdir_test(links_stay_in_the_copy),
        cmocka_unit_test(a_subject_is_described),
        cmocka_unit_test(samples_follow_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
