/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/golden/folder/consumer is a real kill: go-zero's timing wheels under
 * 48 MiB, two captures (bless.sh makes it again). What its files say in two
 * ways must agree; what is missing or damaged must never take the rest with it.
 */
#include "sources/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/io.h"
#include "rng.h"
#include "tmpdir.h"

#include <ftw.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DUMP "captures/0002-usage-50/goroutines.txt"
#define HEAP "captures/0002-usage-50/heap.pb.gz"
#define HEAP_TEXT "captures/0002-usage-50/heap.txt"
#define GOROUTINES "captures/0002-usage-50/goroutine.pb.gz"

static const char *golden(void)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/golden/folder/consumer",
             getenv("LG_TESTS") != NULL ? getenv("LG_TESTS") : "tests");
    return path;
}

static int open_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    return fd;
}

/* A file of the golden folder, or a part of it, under another name. */
static void put(const char *folder, const char *name, const char *from,
                size_t max_bytes)
{
    struct lg_arena arena;
    struct lg_error err = {0};
    struct lg_str bytes;
    lg_arena_init(&arena, 0);
    int from_fd = open_dir(golden()), to_fd = open_dir(folder);
    assert_true(lg_read_file(from_fd, from, 1 << 24, &arena, &bytes, &err));
    bytes = lg_str_first(bytes, max_bytes);
    assert_true(lg_write_file(to_fd, name, bytes, 0644, &err));
    close(from_fd);
    close(to_fd);
    lg_arena_deinit(&arena);
}

static void put_text(const char *folder, const char *name, const char *text)
{
    struct lg_error err = {0};
    int fd = open_dir(folder);
    assert_true(lg_write_file(fd, name, lg_str_of(text), 0644, &err));
    close(fd);
}

static void set_mtime(const char *folder, const char *name, time_t seconds)
{
    int fd = open_dir(folder);
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(fd, name, times, 0), 0);
    close(fd);
}

/* Of the golden folder; nftw has no context. */
static const char *copy_to;
static size_t copy_skip;

static int copy_entry(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    char to[4096];
    struct lg_error err = {0};
    snprintf(to, sizeof to, "%s%s", copy_to, path + copy_skip);
    if (type == FTW_D)
        return lg_make_dirs(to, 0755, &err) ? 0 : -1;
    put(copy_to, path + copy_skip + 1, path + copy_skip + 1, SIZE_MAX);
    return 0;
}

static void copy_golden(const char *folder)
{
    copy_to = folder;
    copy_skip = strlen(golden());
    assert_int_equal(nftw(golden(), copy_entry, 16, FTW_PHYS), 0);
}

static bool is(struct lg_str s, const char *want)
{
    return lg_str_eq(s, lg_str_of(want));
}

static bool has_absent(const struct lg_incident *in, const char *what)
{
    lg_each(a, in->absent) {
        if (is(a->what, what))
            return true;
    }
    return false;
}

static bool has_quality(const struct lg_capture *c, const char *start)
{
    lg_each(q, c->quality) {
        if (lg_str_starts(*q, lg_str_of(start)))
            return true;
    }
    return false;
}

static struct lg_incident read_ok(const char *path, struct lg_arena *arena)
{
    struct lg_incident in;
    struct lg_error err = {0};
    if (!lg_folder_read(path, arena, &in, &err))
        fail_msg("%s", err.text);
    return in;
}

static void reads_the_subject_and_its_end(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_incident in = read_ok(golden(), &arena);
    assert_true(in.subject.pid > 0 && in.subject.build.is_go);
    assert_true(is(in.subject.build.module.path, "consumer"));
    assert_int_equal(in.end.kind, LG_END_OOM_KILL);
    assert_true(in.end.has_oom);
    assert_int_equal(in.oom_events.count, 1);
    const struct lg_oom_event *oom = &in.end.oom;
    assert_int_equal(oom->victims.count, 1);
    assert_int_equal(oom->victims.items[0].pid, in.subject.pid);
    assert_int_equal(oom->scope, LG_OOM_MEMCG);
    assert_true(lg_str_eq(oom->task_memcg, in.subject.cgroup));
    assert_int_equal(oom->limit_bytes.value, in.subject.limit_bytes.value);
    assert_true(in.end.stderr_tail.len > 0);
    assert_int_equal(in.end.fatal.kind, LG_FATAL_NONE);
    assert_int_equal(in.absent.count, 0);
    lg_arena_deinit(&arena);
}

static void reads_the_timeline(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_incident in = read_ok(golden(), &arena);
    const struct lg_timeline *t = &in.timeline;
    assert_true(t->count > 30);
    const struct lg_timeline_row *last = &t->rows[t->count - 1];
    uint64_t most = 0;
    for (size_t i = 1; i < t->count; i++) {
        assert_true(t->rows[i].t_ns >= t->rows[i - 1].t_ns);
        if (t->rows[i].usage_bytes.value > most)
            most = t->rows[i].usage_bytes.value;
    }
    assert_true(most > last->limit_bytes.value / 100 * 98);
    /* The captures lie within it. */
    assert_int_equal(in.captures.count, 2);
    lg_each(c, in.captures) {
        assert_true(c->t_ns > 0 && c->t_ns < last->t_ns);
    }
    lg_arena_deinit(&arena);
}

static void check_capture(const struct lg_capture *c)
{
    assert_true(c->complete && c->wall_ns > 0);
    assert_int_equal(c->quality.count, 0);
    assert_true(c->files.count >= 5);
    assert_true(c->heap != NULL && c->goroutine_profile != NULL &&
                c->memstats != NULL && c->goroutines != NULL &&
                c->process != NULL && c->cgroup != NULL && c->cpu == NULL);
    int64_t by_profile = lg_profile_total(
        c->goroutine_profile,
        lg_profile_type(c->goroutine_profile, LG_STR("goroutine")));
    /* Some milliseconds apart, at 600 a second. */
    assert_true(llabs((int64_t)c->goroutines->total - by_profile) < 200);
    assert_false(c->goroutines->truncated);
    assert_true(c->process->rss_anon.value < c->cgroup->usage_bytes.value);
    assert_int_equal(c->process->fds.count, c->process->fds_count.value);
}

static void reads_the_captures(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_incident in = read_ok(golden(), &arena);
    assert_int_equal(in.captures.count, 2);
    check_capture(&in.captures.items[0]);
    check_capture(&in.captures.items[1]);
    assert_int_equal(in.captures.items[0].id, 1);
    assert_true(is(in.captures.items[0].trigger, "start"));
    assert_true(is(in.captures.items[1].name, "captures/0002-usage-50"));
    assert_true(is(in.captures.items[1].files.items[0], GOROUTINES));
    assert_true(in.captures.items[1].goroutines->total >
                in.captures.items[0].goroutines->total);
    lg_arena_deinit(&arena);
}

/* The parts of a real program add up, and little is unexplained. */
static void memory_of_real_captures(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_incident in = read_ok(golden(), &arena);
    lg_each(c, in.captures) {
        int type = lg_profile_type(c->heap, LG_STR("inuse_space"));
        struct lg_memory_input input = {
            .memstats = c->memstats,
            .process = c->process,
            .cgroup = c->cgroup,
            .live_heap_bytes =
                lg_known((uint64_t)lg_profile_total(c->heap, type)),
            .others_rss_bytes = lg_known(0)};
        struct lg_memory m;
        lg_memory_reconcile(&input, &m);
        assert_true(m.known && m.usage_bytes.known);
        int64_t sum = m.unexplained_bytes;
        for (int i = 0; i < LG_PART_COUNT; i++)
            sum += (int64_t)m.parts[i].value;
        assert_int_equal(sum, m.usage_bytes.value);
        /* The kernel's per-CPU stock of charges is charged to nobody. */
        assert_true(llabs(m.unexplained_bytes) <
                    (int64_t)m.usage_bytes.value / 20 + (1 << 20));
        assert_false(m.parts[LG_PART_OFF_HEAP].known);
        input.cgroup = NULL;
        lg_memory_reconcile(&input, &m);
        assert_int_equal(m.unexplained_bytes, 0);
    }
    lg_arena_deinit(&arena);
}

/* Read while the kernel took the memory away: that nobody is there is not what
 * the program was like. */
static void a_dump_of_nobody(void **state)
{
    static const char profile[] = "\x0a\x04\x08\x01\x10\x01\x32\0\x32\x01x";
    const char *folder = *state;
    struct lg_arena arena;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    copy_golden(folder);
    put_text(folder, DUMP, "");
    int fd = open_dir(folder);
    assert_true(lg_write_file(fd, "captures/0002-usage-50/goroutine.pb.gz",
                              lg_str_from(profile, sizeof profile - 1), 0644,
                              &err));
    struct lg_incident in = read_ok(folder, &arena);
    const struct lg_capture *c = &in.captures.items[1];
    assert_null(c->goroutines);
    assert_null(c->goroutine_profile);
    assert_true(c->heap != NULL);
    close(fd);
    lg_arena_deinit(&arena);
}

/* The kernel took the memory away while its records were read. One that is cut
 * though the capture came whole has too many records, and is used. */
static void a_torn_heap_profile(void **state)
{
    const char *folder = *state;
    static const char *const files[] = {"heap.pb.gz", "heap-gc.pb.gz"};
    for (size_t i = 0; i < 4; i++) {
        struct lg_arena arena;
        char json[512];
        bool is_complete = i / 2 == 1;
        lg_arena_init(&arena, 0);
        copy_golden(folder);
        snprintf(json, sizeof json,
                 "{\"schema\":\"lastgasp.capture/1\",\"id\":2,"
                 "\"trigger\":\"usage-50\",\"time_ns\":1,\"t_ns\":1,"
                 "\"complete\":%s,\"parts\":[{\"file\":\"%s\","
                 "\"bytes\":704,\"cut\":true,\"error\":\"\"}]}",
                 is_complete ? "true" : "false", files[i % 2]);
        put_text(folder, "captures/0002-usage-50/capture.json", json);
        int fd = open_dir(folder);
        (void)unlinkat(fd, "captures/0002-usage-50/heap.txt", 0);
        close(fd);
        struct lg_incident in = read_ok(folder, &arena);
        lg_each(c, in.captures) {
            if (c->id != 2)
                continue;
            assert_true((c->heap != NULL) == is_complete);
            assert_true(has_quality(c, files[i % 2]));
        }
        lg_arena_deinit(&arena);
    }
}

/* The one of the last collection could not be read any more: the other has the
 * garbage and is not taken for it. */
static void a_missing_heap_profile(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    copy_golden(folder);
    put_text(folder, "captures/0002-usage-50/capture.json",
             "{\"schema\":\"lastgasp.capture/1\",\"id\":2,"
             "\"trigger\":\"usage-50\",\"time_ns\":1,\"t_ns\":1,"
             "\"complete\":false,\"parts\":[{\"file\":\"heap-gc.pb.gz\","
             "\"bytes\":0,\"cut\":false,\"error\":\"gone\"}]}");
    int fd = open_dir(folder);
    (void)unlinkat(fd, "captures/0002-usage-50/heap.txt", 0);
    close(fd);
    struct lg_incident in = read_ok(folder, &arena);
    bool is_there = false;
    lg_each(c, in.captures) {
        if (c->id == 2) {
            is_there = true;
            assert_null(c->heap);
            assert_non_null(c->heap_now);
            assert_true(has_quality(c, "heap-gc.pb.gz"));
        }
    }
    assert_true(is_there);
    lg_arena_deinit(&arena);
}

static void an_interrupted_recording(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    copy_golden(folder);
    int fd = open_dir(folder);
    put_text(folder, "record.json",
             "{\"schema\":\"lastgasp.record/1\",\"state\":\"recording\","
             "\"started_ns\":1,\"subject\":{\"pid\":7,\"comm\":\"x\"}}");
    assert_int_equal(unlinkat(fd, "kernel.log", 0), 0);
    assert_int_equal(unlinkat(fd, "captures/0002-usage-50/capture.json", 0), 0);
    assert_int_equal(renameat(fd, DUMP, fd, DUMP ".part"), 0);
    struct lg_incident in = read_ok(folder, &arena);
    assert_int_equal(in.end.kind, LG_END_UNKNOWN);
    assert_int_equal(in.end.exit_code, -1);
    assert_true(has_absent(&in, "the end"));
    assert_true(has_absent(&in, "the kernel's report"));
    assert_int_equal(in.captures.count, 2);
    const struct lg_capture *c = &in.captures.items[1];
    assert_int_equal(c->id, 2);
    assert_true(is(c->trigger, "usage-50"));
    assert_true(!c->complete && has_quality(c, "capture.json: not there"));
    assert_true(has_quality(c, "goroutines.txt: cut"));
    assert_true(c->goroutines != NULL && c->goroutines->truncated);
    assert_true(c->wall_ns > 0 && c->t_ns > 0 && c->heap != NULL);
    close(fd);
    lg_arena_deinit(&arena);
}

/* Nothing but the captures: /proc's copies name the process. */
static void without_a_record(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    copy_golden(folder);
    struct lg_incident whole = read_ok(golden(), &arena);
    int fd = open_dir(folder);
    assert_int_equal(unlinkat(fd, "record.json", 0), 0);
    struct lg_incident in = read_ok(folder, &arena);
    assert_true(has_absent(&in, "the subject and its end"));
    assert_int_equal(in.subject.pid, whole.subject.pid);
    assert_int_equal(in.end.kind, LG_END_OOM_KILL);
    assert_int_equal(in.subject.limit_bytes.value,
                     whole.subject.limit_bytes.value);
    close(fd);
    lg_arena_deinit(&arena);
}

static char *all_files[400];
static size_t all_count;

static int list_entry(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    if (type == FTW_F && all_count < 400)
        all_files[all_count++] = strdup(path + copy_skip + 1);
    return 0;
}

static void damage(int fd, const char *name, struct lg_rng *rng)
{
    struct stat st;
    int file = openat(fd, name, O_RDWR);
    assert_true(file >= 0 && fstat(file, &st) == 0);
    size_t size = (size_t)st.st_size;
    if (size > 0 && lg_rng_below(rng, 2) == 0)
        assert_int_equal(ftruncate(file, (off_t)lg_rng_below(rng, size)), 0);
    for (int i = 0; i < 8 && size > 0; i++) {
        char byte = (char)lg_rng_u64(rng);
        off_t at = (off_t)lg_rng_below(rng, size);
        assert_int_equal(pwrite(file, &byte, 1, at), 1);
    }
    close(file);
}

/* Each file damaged in turn: the rest is read all the same. */
static void damaged_files(void **state)
{
    const char *folder = *state;
    struct lg_rng rng = {17};
    all_count = 0;
    copy_skip = strlen(golden());
    assert_int_equal(nftw(golden(), list_entry, 16, FTW_PHYS), 0);
    copy_golden(folder);
    int fd = open_dir(folder);
    for (size_t i = 0; i < all_count; i++) {
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        damage(fd, all_files[i], &rng);
        struct lg_incident in = read_ok(folder, &arena);
        assert_true(in.captures.count <= 2);
        lg_arena_deinit(&arena);
        put(folder, all_files[i], all_files[i], SIZE_MAX);
        free(all_files[i]);
    }
    close(fd);
}

/* A pipe would wait for ever, a link could show us any file. */
static void what_is_no_file(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    copy_golden(folder);
    int fd = open_dir(folder);
    assert_int_equal(unlinkat(fd, "stderr.txt", 0), 0);
    assert_int_equal(mkfifoat(fd, "stderr.txt", 0644), 0);
    assert_int_equal(unlinkat(fd, HEAP, 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", fd, HEAP), 0);
    assert_int_equal(unlinkat(fd, "timeline.csv", 0), 0);
    assert_int_equal(mkdirat(fd, "timeline.csv", 0755), 0);
    struct lg_incident in = read_ok(folder, &arena);
    assert_true(has_absent(&in, "what it wrote to stderr"));
    assert_true(has_absent(&in, "the timeline"));
    assert_true(has_quality(&in.captures.items[1], "heap.pb.gz"));
    /* The text's samples stand in for the profile. */
    assert_non_null(in.captures.items[1].heap);
    assert_int_equal(in.end.stderr_tail.len, 0);
    close(fd);
    lg_arena_deinit(&arena);
}

static void stderr_of_a_panic(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    put_text(folder, "record.json",
             "{\"schema\":\"lastgasp.record/1\",\"state\":\"done\","
             "\"subject\":{\"pid\":7,\"comm\":\"x\"},"
             "\"end\":{\"kind\":\"exit\",\"exit_code\":2}}");
    put_text(folder, "stderr.txt",
             "starting\npanic: boom\n\ngoroutine 1 [running]:\n"
             "main.main()\n\t/x/main.go:7 +0x1d\n");
    struct lg_incident in = read_ok(folder, &arena);
    assert_int_equal(in.end.kind, LG_END_EXIT);
    assert_int_equal(in.end.exit_code, 2);
    assert_int_equal(in.end.fatal.kind, LG_FATAL_PANIC);
    assert_true(is(in.end.fatal.message, "panic: boom"));
    assert_non_null(in.end.fatal_goroutines);
    assert_int_equal(in.end.fatal_goroutines->total, 1);
    assert_int_equal(in.captures.count, 0);
    lg_arena_deinit(&arena);
}

/* Any names, two times; the texts were fetched within the same seconds. */
static void loose_files(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_incident whole = read_ok(golden(), &arena);
    put(folder, "before", "captures/0001-start/heap.pb.gz", SIZE_MAX);
    put(folder, "after", HEAP, SIZE_MAX);
    put(folder, "stacks.log", DUMP, SIZE_MAX);
    put(folder, "g.prof", GOROUTINES, SIZE_MAX);
    put(folder, "mem", HEAP_TEXT, SIZE_MAX);
    put(folder, "dmesg", "kernel.log", SIZE_MAX);
    put(folder, "usage", "timeline.csv", SIZE_MAX);
    put_text(folder, "README", "how we got these\n");
    put_text(folder, "report.json", "{}");
    time_t second = (time_t)(whole.captures.items[1].wall_ns / 1000000000);
    set_mtime(folder, "stacks.log", second);
    set_mtime(folder, "mem", second);
    struct lg_incident in = read_ok(folder, &arena);
    assert_true(in.id.len == 0 && in.absent.count == 0);
    assert_int_equal(in.captures.count, 2);
    const struct lg_capture *a = &in.captures.items[0];
    const struct lg_capture *b = &in.captures.items[1];
    assert_true(a->heap != NULL && a->goroutines == NULL);
    assert_true(b->heap != NULL && b->goroutines != NULL &&
                b->goroutine_profile != NULL && b->memstats != NULL);
    assert_int_equal(b->files.count, 4);
    assert_true(is(b->trigger, "file") && b->t_ns > a->t_ns);
    /* With the timeline's start as 0, as it was recorded. */
    assert_true(b->t_ns / 1000000000 <=
                whole.captures.items[1].t_ns / 1000000000 + 1);
    assert_int_equal(in.end.kind, LG_END_OOM_KILL);
    assert_int_equal(in.subject.pid, whole.subject.pid);
    assert_true(is(in.subject.comm, "consumer"));
    assert_int_equal(in.subject.limit_bytes.value,
                     whole.subject.limit_bytes.value);
    assert_true(lg_str_eq(in.subject.exe, whole.subject.exe));
    lg_arena_deinit(&arena);
}

/* Folders by number, as scripts make them: natural order for equal times. */
static void loose_folders(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    struct lg_error err = {0};
    char path[4200];
    lg_arena_init(&arena, 0);
    for (int i = 1; i <= 11; i += 5) {
        snprintf(path, sizeof path, "%s/%d", folder, i);
        assert_true(lg_make_dirs(path, 0755, &err));
        snprintf(path, sizeof path, "%d/g.txt", i);
        char text[200];
        snprintf(text, sizeof text,
                 "goroutine %d [select]:\nmain.f()\n\t/x.go:%d +0x1\n", i, i);
        put_text(folder, path, text);
        set_mtime(folder, path, 1700000000);
    }
    struct lg_incident in = read_ok(folder, &arena);
    assert_int_equal(in.captures.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(in.captures.items[i].goroutines->items.items[0].id,
                         1 + 5 * i);
    assert_true(has_absent(&in, "a heap profile"));
    assert_true(has_absent(&in, "the kernel's report"));
    assert_true(has_absent(&in, "the timeline"));
    assert_false(has_absent(&in, "goroutines"));
    assert_int_equal(in.end.kind, LG_END_UNKNOWN);
    lg_arena_deinit(&arena);
}

static struct lg_incident single(const char *name, struct lg_arena *arena)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", golden(), name);
    return read_ok(path, arena);
}

static void single_files(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_incident in = single(HEAP, &arena);
    assert_true(in.captures.count == 1 && in.captures.items[0].heap != NULL);
    in = single(DUMP, &arena);
    assert_true(in.captures.count == 1);
    assert_true(in.captures.items[0].goroutines->total > 100);
    in = single(HEAP_TEXT, &arena);
    assert_true(in.captures.count == 1);
    assert_true(in.captures.items[0].memstats->heap_alloc_bytes.known);
    assert_int_equal(in.captures.items[0].files.count, 1);
    in = single("kernel.log", &arena);
    assert_int_equal(in.captures.count, 0);
    assert_int_equal(in.end.kind, LG_END_OOM_KILL);
    assert_true(is(in.subject.comm, "consumer"));
    in = single("timeline.csv", &arena);
    assert_true(in.timeline.count > 30);
    lg_arena_deinit(&arena);
}

/* Two profiles of which one is another program's: the kill is not its. */
static void a_kill_of_somebody_else(void **state)
{
    const char *folder = *state;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    put(folder, "heap", HEAP, SIZE_MAX);
    put_text(folder, "log",
             "[1.0] Memory cgroup out of memory: Killed process 42 (nginx) "
             "total-vm:1292184kB, anon-rss:261248kB, file-rss:5060kB, "
             "shmem-rss:0kB, UID:0 pgtables:656kB oom_score_adj:0\n");
    struct lg_incident in = read_ok(folder, &arena);
    assert_int_equal(in.oom_events.count, 1);
    assert_false(in.end.has_oom);
    assert_int_equal(in.end.kind, LG_END_UNKNOWN);
    assert_int_equal(in.subject.pid, 0);
    lg_arena_deinit(&arena);
}

static void refuses(const char *path, enum lg_error_kind kind)
{
    struct lg_arena arena;
    struct lg_incident in;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_false(lg_folder_read(path, &arena, &in, &err));
    assert_int_equal(err.kind, kind);
    assert_non_null(strstr(err.text, path));
    lg_arena_deinit(&arena);
}

static void nothing_there(void **state)
{
    const char *folder = *state;
    char path[4200];
    refuses(folder, LG_ABSENT);
    refuses("/nonexistent/x", LG_ABSENT);
    put_text(folder, "notes.txt", "nothing that we know\n");
    put_text(folder, "empty", "");
    refuses(folder, LG_ABSENT);
    snprintf(path, sizeof path, "%s/notes.txt", folder);
    refuses(path, LG_ABSENT);
    /* One that claims to be a profile and is none: corrupt input. */
    put(folder, "heap.pb.gz", HEAP, 700);
    snprintf(path, sizeof path, "%s/heap.pb.gz", folder);
    refuses(path, LG_BAD_DATA);
}

static bool read_small(void *context, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_incident in;
    return lg_folder_read(context, arena, &in, err);
}

static void out_of_memory(void **state)
{
    const char *folder = *state;
    put(folder, "heap.pb.gz", "captures/0001-start/heap.pb.gz", SIZE_MAX);
    put(folder, "dump", DUMP, 3000);
    put(folder, "mem", "captures/0001-start/heap.txt", SIZE_MAX);
    put(folder, "dmesg", "kernel.log", SIZE_MAX);
    put(folder, "t", "timeline.csv", 2000);
    assert_true(lg_alloc_fail_all(read_small, *state) > 100);
}

static void out_of_memory_recorded(void **state)
{
    const char *folder = *state;
    struct lg_error err = {0};
    char path[4200];
    snprintf(path, sizeof path, "%s/captures/0001-start", folder);
    assert_true(lg_make_dirs(path, 0755, &err));
    put(folder, "record.json", "record.json", SIZE_MAX);
    put(folder, "kernel.log", "kernel.log", SIZE_MAX);
    put(folder, "captures/0001-start/capture.json",
        "captures/0001-start/capture.json", SIZE_MAX);
    put(folder, "captures/0001-start/goroutines.txt", DUMP, 3000);
    put(folder, "captures/0001-start/heap.txt", "captures/0001-start/heap.txt",
        SIZE_MAX);
    assert_true(lg_alloc_fail_all(read_small, *state) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_subject_and_its_end),
        cmocka_unit_test(reads_the_timeline),
        cmocka_unit_test(reads_the_captures),
        cmocka_unit_test(memory_of_real_captures),
        lg_tmpdir_test(a_dump_of_nobody),
        lg_tmpdir_test(a_torn_heap_profile),
        lg_tmpdir_test(a_missing_heap_profile),
        lg_tmpdir_test(an_interrupted_recording),
        lg_tmpdir_test(without_a_record),
        lg_tmpdir_test(damaged_files),
        lg_tmpdir_test(what_is_no_file),
        lg_tmpdir_test(stderr_of_a_panic),
        lg_tmpdir_test(loose_files),
        lg_tmpdir_test(loose_folders),
        cmocka_unit_test(single_files),
        lg_tmpdir_test(a_kill_of_somebody_else),
        lg_tmpdir_test(nothing_there),
        lg_tmpdir_test(out_of_memory),
        lg_tmpdir_test(out_of_memory_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
