/* SPDX-License-Identifier: Apache-2.0 */
/* Images of children whose memory we know, of ourselves, and of nobody. */
#include "sources/process_image.h"

#include "base/io.h"
#include "base/vec.h"
#include "decode/elf.h"
#include "rng.h"
#include "sources/process_access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"

#define PAGE ((size_t)4096)
#define PAGES ((size_t)2048)

/* In our file and, moved by the bias, in our memory. */
__attribute__((used)) static const char landmark[] =
    "lastgasp looks for this text at its own address";

struct fixture {
    struct lg_host host;
    struct lg_arena arena;
    struct lg_image *image;
    struct lg_error err;
    uint8_t *area; /* at the same address in the child */
    bool readable[PAGES];
    pid_t pid;
    int hold_fd;
};

static uint8_t byte_at(uint64_t address)
{
    return (uint8_t)((address * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
}

/* Random holes and pages without access, long runs of them too. */
static void make_area(struct fixture *f)
{
    struct lg_rng rng = {.state = 0xa4ea};
    f->area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(f->area != MAP_FAILED);
    for (size_t i = 0; i < PAGES * PAGE; i++)
        f->area[i] = byte_at((uint64_t)(uintptr_t)f->area + i);
    memset(f->readable, 1, sizeof f->readable);
    for (size_t at = 0; at < PAGES;) {
        size_t run = 1 + lg_rng_below(&rng, at % 3 == 0 ? 200 : 4);
        size_t kind = lg_rng_below(&rng, 4);
        if (run > PAGES - at)
            run = PAGES - at;
        if (kind == 0)
            assert_int_equal(munmap(f->area + at * PAGE, run * PAGE), 0);
        if (kind == 1)
            assert_int_equal(
                mprotect(f->area + at * PAGE, run * PAGE, PROT_NONE), 0);
        for (size_t i = at; i < at + run; i++)
            f->readable[i] = kind > 1;
        at += run;
    }
}

static void start_child(struct fixture *f, void (*life)(int hold_fd))
{
    int ends[2], ready[2];
    char byte = 'r';
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (f->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(ends[1]);
        if (write(ready[1], &byte, 1) == 1)
            life(ends[0]);
        _exit(0);
    }
    (void)close(ends[0]);
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    f->hold_fd = ends[1];
}

static void until_released(int hold_fd)
{
    char byte;
    (void)!read(hold_fd, &byte, 1);
}

static void init(struct fixture *f)
{
    *f = (struct fixture){0};
    lg_arena_init(&f->arena, 0);
    assert_true(lg_host_init(&f->host, NULL, &f->err));
}

static void open_image(struct fixture *f)
{
    if (!lg_process_image_open(&f->host, f->pid, &f->arena, &f->image, &f->err))
        fail_msg("%s", f->err.text);
}

static void end_child(struct fixture *f)
{
    int status;
    (void)close(f->hold_fd);
    (void)kill(f->pid, SIGKILL);
    (void)waitpid(f->pid, &status, 0);
}

static void tear_down(struct fixture *f)
{
    lg_image_destroy(f->image);
    lg_host_deinit(&f->host);
    lg_arena_deinit(&f->arena);
}

struct seen {
    const struct fixture *f;
    size_t read_count, failed_count;
};

static void take(void *context, const struct lg_fetch *fetch,
                 const uint8_t *bytes)
{
    struct seen *s = context;
    uint64_t at = fetch->address - (uint64_t)(uintptr_t)s->f->area;
    bool expected = true;
    for (uint64_t p = at / PAGE; p <= (at + fetch->bytes - 1) / PAGE; p++)
        expected = expected && p < PAGES && s->f->readable[p];
    if (!s->f->image->gone)
        assert_int_equal(bytes != NULL, expected);
    for (uint32_t i = 0; bytes != NULL && i < fetch->bytes; i++) {
        if (bytes[i] != byte_at(fetch->address + i))
            fail();
    }
    s->read_count += bytes != NULL;
    s->failed_count += bytes == NULL;
}

static struct seen gather_random(struct fixture *f, struct lg_rng *rng,
                                 size_t count)
{
    struct seen s = {.f = f};
    struct lg_fetch *fetches = test_calloc(count, sizeof *fetches);
    for (size_t i = 0; i < count; i++) {
        uint32_t bytes =
            1 + (uint32_t)lg_rng_below(rng, i % 50 == 0 ? 100000 : 500);
        fetches[i] = (struct lg_fetch){
            (uint64_t)(uintptr_t)f->area +
                lg_rng_below(rng, (PAGES * PAGE - bytes) / 8) * 8,
            bytes, (uint32_t)i};
    }
    assert_true(lg_image_fetch(f->image, fetches, count, take, &s));
    assert_int_equal(s.read_count + s.failed_count, count);
    test_free(fetches);
    return s;
}

static void gathered_reads_agree(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_rng rng = {.state = 0x6a7};
    init(&f);
    make_area(&f);
    start_child(&f, until_released);
    open_image(&f);
    assert_true(f.image->is_live && f.image->now_ns > 0);
    for (int round = 0; round < 40; round++) {
        struct seen s = gather_random(&f, &rng, 1 + lg_rng_below(&rng, 3000));
        assert_true(round < 2 || (s.read_count > 0 && s.failed_count > 0));
    }
    assert_true(lg_image_is_there(f.image));
    for (size_t i = 0; i < PAGES; i++) {
        uint64_t word, at = (uint64_t)(uintptr_t)f.area + i * PAGE + 8;
        assert_int_equal(lg_image_u64(f.image, at, &word), f.readable[i]);
    }
    assert_false(f.image->gone);
    end_child(&f);
    tear_down(&f);
}

/* Where the file says that the text is, moved by the bias, it is: the oracle
 * is our own address space, which the child has inherited. */
static void the_binary_is_where_it_says(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_elf elf;
    char text[sizeof landmark];
    init(&f);
    start_child(&f, until_released);
    open_image(&f);
    uint64_t address = (uint64_t)(uintptr_t)landmark;
    assert_true(lg_elf_parse(f.image->binary, &elf, &f.err));
    struct lg_str there = lg_elf_at_address(&elf, address - f.image->bias);
    assert_true(there.len > sizeof landmark);
    assert_memory_equal(there.data, landmark, sizeof landmark);
    assert_true(lg_image_read(f.image, address, text, sizeof text));
    assert_memory_equal(text, landmark, sizeof landmark);
    const struct lg_image_segment *s = lg_image_segment_find(f.image, address);
    assert_true(s != NULL && s->can_read && !s->can_write &&
                lg_str_eq(s->path, f.image->binary_path));
    assert_int_equal(f.image->pid, f.pid);
    end_child(&f);
    tear_down(&f);
}

static void mappings_are_refreshed(void **state)
{
    (void)state;
    struct fixture f;
    init(&f);
    f.pid = getpid();
    open_image(&f);
    size_t before = f.arena.used_bytes;
    void *fresh = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t at = (uint64_t)(uintptr_t)fresh;
    for (int i = 0; i < 100; i++)
        assert_true(lg_image_refresh(f.image, &f.err));
    const struct lg_image_segment *s = lg_image_segment_find(f.image, at);
    assert_true(s != NULL && s->can_write && s->is_shared);
    assert_int_equal(munmap(fresh, 64 * PAGE), 0);
    assert_true(lg_image_refresh(f.image, &f.err));
    s = lg_image_segment_find(f.image, at);
    assert_true(s == NULL || !s->is_shared);
    /* Paths are not copied again, nor the mappings. */
    assert_true(f.arena.used_bytes < before + 64 * sizeof *s + 4096);
    tear_down(&f);
}

static void one_that_ends_is_gone(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_rng rng = {.state = 0x90e};
    uint64_t word;
    init(&f);
    make_area(&f);
    start_child(&f, until_released);
    open_image(&f);
    assert_true(gather_random(&f, &rng, 1000).read_count > 0);
    end_child(&f);
    assert_int_equal(gather_random(&f, &rng, 1000).read_count, 0);
    assert_true(f.image->gone);
    assert_false(lg_image_u64(f.image, (uint64_t)(uintptr_t)landmark, &word));
    assert_false(lg_image_refresh(f.image, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    assert_false(lg_image_pause(f.image, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    tear_down(&f);
}

static void run_cat(int hold_fd)
{
    char byte, *const arguments[] = {(char[]){"cat"}, NULL};
    (void)!read(hold_fd, &byte, 1);
    (void)dup2(hold_fd, 0);
    (void)execv("/bin/cat", arguments);
}

/* The same number, another program: its memory is not what was opened. */
static void one_that_execs_is_gone(void **state)
{
    (void)state;
    struct fixture f;
    char byte = 'x', path[64], target[256];
    struct lg_image *image;
    init(&f);
    start_child(&f, run_cat);
    open_image(&f);
    assert_true(lg_image_is_there(f.image));
    assert_int_equal(write(f.hold_fd, &byte, 1), 1);
    snprintf(path, sizeof path, "/proc/%d/exe", f.pid);
    do {
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
    } while (strstr(target, "cat") == NULL);
    assert_false(lg_image_is_there(f.image));
    assert_false(lg_image_refresh(f.image, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    assert_true(
        lg_process_image_open(&f.host, f.pid, &f.arena, &image, &f.err));
    assert_true(lg_str_ends(image->binary_path, LG_STR("cat")));
    lg_image_destroy(image);
    end_child(&f);
    tear_down(&f);
}

/* Reads go on until the very moment of a kill: no crash, no lie. */
static void one_that_is_killed_while_we_read(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 20; round++) {
        struct fixture f;
        struct lg_rng rng = {.state = round};
        init(&f);
        make_area(&f);
        start_child(&f, until_released);
        open_image(&f);
        pid_t killer = fork();
        assert_true(killer >= 0);
        if (killer == 0) {
            for (size_t n = lg_rng_below(&rng, 2000); n > 0; n--)
                (void)getppid();
            _exit(kill(f.pid, SIGKILL) == 0 ? 0 : 1);
        }
        while (!f.image->gone)
            (void)gather_random(&f, &rng, 2000);
        assert_int_equal(waitpid(killer, NULL, 0), killer);
        end_child(&f);
        tear_down(&f);
        assert_int_equal(munmap(f.area, PAGES * PAGE), 0);
    }
}

static void wait_until_ready(pid_t pid)
{
    char path[64], comm[32];
    size_t len = 0;
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    do {
        memset(comm, 0, sizeof comm);
        assert_true(
            lg_read_small(AT_FDCWD, path, comm, sizeof comm - 1, &len, NULL));
    } while (strcmp(comm, "ready\n") != 0);
}

/* Changes its memory when it is told to, and says so. */
static uint8_t *changing;

static void change_when_told(int hold_fd)
{
    char byte;
    while (read(hold_fd, &byte, 1) == 1) {
        for (size_t i = 0; i < 16 * PAGE; i++)
            changing[i] = (uint8_t)(changing[i] + 1);
        (void)prctl(PR_SET_NAME, "ready");
        (void)!read(hold_fd, &byte, 1);
    }
}

/* Pages in memory, and faults so far: /proc/PID/statm, /proc/PID/stat. */
static void usage_of(pid_t pid, uint64_t *resident_ret, uint64_t *faults_ret)
{
    char path[64], text[1024];
    size_t len;
    unsigned long total, resident, faults;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    assert_true(
        lg_read_small(AT_FDCWD, path, text, sizeof text - 1, &len, NULL));
    text[len] = '\0';
    assert_int_equal(sscanf(text, "%lu %lu", &total, &resident), 2);
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    assert_true(
        lg_read_small(AT_FDCWD, path, text, sizeof text - 1, &len, NULL));
    text[len] = '\0';
    assert_int_equal(sscanf(strrchr(text, ')') + 2,
                            "%*c %*d %*d %*d %*d %*d %*u %lu", &faults),
                     1);
    *resident_ret = resident;
    *faults_ret = faults;
}

static bool is_zero(struct lg_image *image, uint64_t address)
{
    uint8_t bytes[4096], zeros[4096] = {0};
    return lg_image_read(image, address, bytes, sizeof bytes) &&
           memcmp(bytes, zeros, sizeof zeros) == 0;
}

#define LARGE_BYTES ((size_t)1 << 30)
/* The kernel counts resident pages per CPU and tells a sum that lags behind by
 * some 32 for each. Linux 6.18: percpu_counter_batch. */
#define RESIDENT_SLACK_PAGES 256

/* The copy stays as it was, while its process goes on, and when it ends; a
 * gigabyte that nobody touched is neither read nor copied. */
static void a_frozen_copy_stays(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_image *copy;
    uint64_t resident[2], faults[2];
    init(&f);
    make_area(&f);
    changing = mmap(NULL, LARGE_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(changing != MAP_FAILED);
    for (size_t i = 0; i < 16 * PAGE; i++)
        changing[i] = byte_at(i);
    changing[LARGE_BYTES / 2] = 7;
    uint64_t at = (uint64_t)(uintptr_t)changing;
    start_child(&f, change_when_told);
    open_image(&f);
    /* Stopped meanwhile: what it does between telling and waiting is its own.
     */
    assert_true(lg_image_pause(f.image, &f.err));
    usage_of(f.pid, &resident[0], &faults[0]);
    if (!lg_image_freeze_copy(f.image, (uint64_t)512 << 20, &copy, &f.err))
        fail_msg("%s", f.err.text);
    usage_of(f.pid, &resident[1], &faults[1]);
    lg_image_resume(f.image);
    assert_true(resident[1] <= resident[0] + RESIDENT_SLACK_PAGES);
    assert_int_equal(faults[0], faults[1]);
    assert_int_equal(copy->threads.count, 1);
    assert_true(copy->threads.items[0].known && !copy->is_live);
    assert_int_equal(write(f.hold_fd, "x", 1), 1);
    wait_until_ready(f.pid);
    uint8_t now, then;
    for (size_t i = 0; i < 16 * PAGE; i += 97) {
        assert_true(lg_image_read(copy, at + i, &then, 1));
        assert_true(lg_image_read(f.image, at + i, &now, 1));
        assert_int_equal(then, byte_at(i));
        assert_int_equal(now, (uint8_t)(byte_at(i) + 1));
    }
    assert_true(is_zero(copy, at + 32 * PAGE));
    assert_true(is_zero(copy, at + LARGE_BYTES - PAGE));
    assert_true(lg_image_read(copy, at + LARGE_BYTES / 2, &then, 1));
    assert_int_equal(then, 7);
    end_child(&f);
    assert_false(lg_image_is_there(f.image));
    struct lg_image *live = f.image;
    struct lg_rng rng = {.state = 0xf20};
    f.image = copy;
    assert_true(gather_random(&f, &rng, 3000).read_count > 0);
    char text[sizeof landmark];
    assert_true(
        lg_image_read(copy, (uint64_t)(uintptr_t)landmark, text, sizeof text));
    assert_memory_equal(text, landmark, sizeof text);
    lg_image_destroy(copy);
    f.image = live;
    assert_int_equal(munmap(changing, LARGE_BYTES), 0);
    tear_down(&f);
}

static void a_frozen_copy_is_bounded(void **state)
{
    (void)state;
    struct fixture f;
    struct lg_image *copy = NULL;
    init(&f);
    make_area(&f);
    start_child(&f, until_released);
    open_image(&f);
    assert_false(lg_image_freeze_copy(f.image, 1 << 20, &copy, &f.err));
    assert_int_equal(f.err.kind, LG_LIMIT);
    end_child(&f);
    assert_false(lg_image_freeze_copy(f.image, 1 << 30, &copy, &f.err));
    assert_int_equal(f.err.kind, LG_ABSENT);
    assert_null(copy);
    tear_down(&f);
}

static void *wait_for_byte(void *argument)
{
    int *fds = argument;
    char byte;
    fds[2] = (int)syscall(SYS_gettid);
    (void)!write(fds[1], "t", 1);
    (void)!read(fds[0], &byte, 1);
    return NULL;
}

static void a_thread_stands_for_its_process(void **state)
{
    (void)state;
    struct fixture f;
    int ends[2], ready[2];
    char byte;
    pthread_t thread;
    init(&f);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(ready), 0);
    int fds[3] = {ends[0], ready[1], 0};
    assert_int_equal(pthread_create(&thread, NULL, wait_for_byte, fds), 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    f.pid = fds[2];
    assert_int_not_equal(f.pid, getpid());
    open_image(&f);
    assert_int_equal(f.image->pid, getpid());
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (int i = 0; i < 2; i++) {
        (void)close(ends[i]);
        (void)close(ready[i]);
    }
    tear_down(&f);
}

static void assert_refused(struct fixture *f, int64_t pid,
                           enum lg_error_kind kind, const char *words)
{
    struct lg_image *image = NULL;
    f->err = (struct lg_error){0};
    assert_false(
        lg_process_image_open(&f->host, pid, &f->arena, &image, &f->err));
    if (f->err.kind != kind || strstr(f->err.text, words) == NULL)
        fail_msg("%s: %s", lg_error_kind_name(f->err.kind), f->err.text);
}

static void exit_at_once(int hold_fd)
{
    (void)hold_fd;
}

static void those_without_memory(void **state)
{
    (void)state;
    struct fixture f;
    siginfo_t info;
    char comm[32] = "";
    size_t len = 0;
    init(&f);
    assert_refused(&f, 0, LG_ABSENT, "no process 0");
    assert_refused(&f, -5, LG_ABSENT, "no process");
    assert_refused(&f, INT64_MAX, LG_ABSENT, "no process");
    start_child(&f, exit_at_once);
    assert_int_equal(waitid(P_PID, (id_t)f.pid, &info, WEXITED | WNOWAIT), 0);
    assert_refused(&f, f.pid, LG_ABSENT, "zombie");
    end_child(&f);
    assert_refused(&f, f.pid, LG_ABSENT, "no process");
    (void)lg_read_small(AT_FDCWD, "/proc/2/comm", comm, sizeof comm - 1, &len,
                        NULL);
    if (strcmp(comm, "kthreadd\n") == 0)
        assert_refused(&f, 2, LG_ABSENT, "kernel thread");
    tear_down(&f);
}

static void a_copy_has_no_memory(void **state)
{
    struct fixture f;
    init(&f);
    lg_host_deinit(&f.host);
    assert_true(lg_host_init(&f.host, *state, &f.err));
    assert_refused(&f, getpid(), LG_UNSUPPORTED, "copy");
    tear_down(&f);
}

/* As nobody we may not read a process of root. */
static void another_user_is_denied(void **state)
{
    (void)state;
    struct fixture f;
    int status;
    if (getuid() != 0)
        skip();
    init(&f);
    start_child(&f, until_released);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct lg_image *image;
        struct lg_error err = {0};
        if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        if (lg_process_image_open(&f.host, f.pid, &f.arena, &image, &err))
            _exit(3);
        _exit(err.kind == LG_DENIED && strstr(err.text, "user 0") != NULL &&
                      strstr(err.text, "user 65534") != NULL &&
                      strstr(err.text, "setcap cap_sys_ptrace+ep") != NULL
                  ? 0
                  : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    end_child(&f);
    tear_down(&f);
}

/* With every capability, but only over a user namespace of our own. */
static void from_another_namespace(void **state)
{
    (void)state;
    struct fixture f;
    int status;
    init(&f);
    start_child(&f, until_released);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct lg_image *image;
        struct lg_error err = {0};
        if (unshare(CLONE_NEWUSER) != 0)
            _exit(77);
        if (lg_process_image_open(&f.host, f.pid, &f.arena, &image, &err))
            _exit(3);
        _exit(err.kind == LG_DENIED &&
                      strstr(err.text, "user namespace") != NULL
                  ? 0
                  : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    end_child(&f);
    tear_down(&f);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* a kernel or container that makes none */
    assert_int_equal(status, 0);
}

static void become_undumpable(int hold_fd)
{
    (void)setgroups(0, NULL);
    (void)!setgid(65534);
    (void)!setuid(65534);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NAME, "ready");
    until_released(hold_fd);
}

static void one_that_is_not_dumpable(void **state)
{
    (void)state;
    struct fixture f;
    int status;
    if (getuid() != 0)
        skip();
    init(&f);
    start_child(&f, become_undumpable);
    wait_until_ready(f.pid);
    open_image(&f); /* we may */
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct lg_image *image;
        struct lg_error err = {0};
        if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        if (lg_process_image_open(&f.host, f.pid, &f.arena, &image, &err))
            _exit(3);
        _exit(err.kind == LG_DENIED && strstr(err.text, "not dumpable") != NULL
                  ? 0
                  : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    end_child(&f);
    tear_down(&f);
}

/* Each reason names what refuses and what would grant it. */
static void reasons_name_the_remedy(void **state)
{
    (void)state;
    const struct lg_access_facts usual = {
        .yama_scope = -1,
        .same_user = true,
        .our_uid = 1000,
        .its_uid = 1000,
        .dumpable = true,
        .caps_within_ours = true,
        .same_user_namespace = true,
    };
    const struct {
        struct lg_access_facts facts;
        const char *words[2];
    } cases[] = {
        {usual, {"seccomp", "CAP_SYS_PTRACE"}},
        {{.yama_scope = 3, .have_sys_ptrace = true}, {"is 3", "boot"}},
        {{.yama_scope = 1, .our_uid = 5, .its_uid = 7}, {"user 7", "setcap"}},
        {{.yama_scope = 2, .same_user = true, .same_user_namespace = true},
         {"is 2", "setcap cap_sys_ptrace+ep"}},
        {{.yama_scope = 1,
          .same_user = true,
          .dumpable = true,
          .caps_within_ours = true,
          .same_user_namespace = true},
         {"is 1", "sysctl kernel.yama.ptrace_scope=0"}},
        {{.yama_scope = 1, .same_user = true, .dumpable = true},
         {"capabilities", "setcap"}},
        {{.yama_scope = 1, .same_user = true}, {"dumpable", "setcap"}},
        {{.yama_scope = 0, .have_sys_ptrace = true, .same_user = true},
         {"user namespace", "host's"}},
        {{.yama_scope = 0,
          .have_sys_ptrace = true,
          .same_user = true,
          .same_user_namespace = true},
         {"seccomp", "although"}},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        char text[LG_ERROR_TEXT_BYTES];
        lg_access_reason(&cases[i].facts, text, sizeof text);
        assert_non_null(strstr(text, cases[i].words[0]));
        assert_non_null(strstr(text, cases[i].words[1]));
        /* With "cannot read the memory of process 4194304: " before it. */
        assert_true(strlen(text) + 50 < LG_ERROR_TEXT_BYTES);
    }
}

static void yama_is_read_where_it_is(void **state)
{
    const char *dir = *state;
    char path[300];
    struct lg_host host;
    struct lg_access_facts facts;
    snprintf(path, sizeof path, "%s/proc/sys/kernel/yama", dir);
    assert_true(lg_make_dirs(path, 0755, NULL));
    snprintf(path, sizeof path, "%s/proc/sys/kernel/yama/ptrace_scope", dir);
    assert_true(lg_write_file(AT_FDCWD, path, LG_STR("2\n"), 0644, NULL));
    assert_true(lg_host_init(&host, dir, NULL));
    lg_access_facts_read(&host, 1, &facts);
    assert_int_equal(facts.yama_scope, 2);
    lg_host_deinit(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathered_reads_agree),
        cmocka_unit_test(the_binary_is_where_it_says),
        cmocka_unit_test(mappings_are_refreshed),
        cmocka_unit_test(one_that_ends_is_gone),
        cmocka_unit_test(one_that_execs_is_gone),
        cmocka_unit_test(one_that_is_killed_while_we_read),
        cmocka_unit_test(a_frozen_copy_stays),
        cmocka_unit_test(a_frozen_copy_is_bounded),
        cmocka_unit_test(a_thread_stands_for_its_process),
        cmocka_unit_test(those_without_memory),
        lg_tmpdir_test(a_copy_has_no_memory),
        cmocka_unit_test(another_user_is_denied),
        cmocka_unit_test(from_another_namespace),
        cmocka_unit_test(one_that_is_not_dumpable),
        cmocka_unit_test(reasons_name_the_remedy),
        lg_tmpdir_test(yama_is_read_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
