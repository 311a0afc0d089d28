/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include "rng.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "tmpdir.h"

static int open_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static size_t entries_in(int dir_fd)
{
    DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY));
    size_t count = 0;
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

static void put_file(int dir_fd, const char *name, struct lg_str bytes)
{
    LG_CLOSE
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_true(lg_write_all(fd, bytes.data, bytes.len, NULL));
}

static void files_round_trip(void **state)
{
    static const size_t sizes[] = {0,    1,    4095,  4096,  4097,
                                   8191, 8192, 65537, 300000};
    struct lg_rng rng = {110};
    LG_CLOSE
    int dir = open_dir(*state);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct lg_arena arena;
        struct lg_error err = {0};
        struct lg_mapped mapped;
        lg_arena_init(&arena, 0);
        char *data = lg_arena_alloc(&arena, sizes[i], 1);
        lg_rng_fill(&rng, data, sizes[i]);
        struct lg_str bytes = lg_str_from(data, sizes[i]), back;
        assert_true(lg_write_file(dir, "f", bytes, 0600, &err));
        assert_int_equal(entries_in(dir), 1);
        assert_true(lg_read_file(dir, "f", sizes[i], &arena, &back, &err));
        assert_true(lg_str_eq(back, bytes));
        assert_true(lg_mapped_open(&mapped, dir, "f", &err));
        assert_true(lg_str_eq(mapped.bytes, bytes));
        assert_int_equal(mapped.address == NULL, sizes[i] == 0);
        lg_mapped_deinit(&mapped);
        lg_mapped_deinit(&mapped);
        if (sizes[i] != 0) {
            assert_false(
                lg_read_file(dir, "f", sizes[i] - 1, &arena, &back, &err));
            assert_int_equal(err.kind, LG_LIMIT);
        }
        char small[5000];
        size_t len = 0;
        assert_true(lg_read_small(dir, "f", small, sizeof small, &len, &err));
        assert_int_equal(len, sizes[i] < 5000 ? sizes[i] : 5000);
        assert_memory_equal(small, data, len);
        lg_arena_deinit(&arena);
    }
}

struct feeder {
    int fd;
    struct lg_str bytes;
};

static void *feed(void *context)
{
    struct feeder *f = context;
    struct lg_rng rng = {111};
    while (f->bytes.len != 0) {
        size_t n = 1 + lg_rng_below(&rng, 3000);
        struct lg_str part = lg_str_first(f->bytes, n);
        (void)lg_write_all(f->fd, part.data, part.len, NULL);
        f->bytes = lg_str_skip(f->bytes, n);
    }
    close(f->fd);
    return NULL;
}

static void a_pipe_is_read_to_its_end(void **state)
{
    static char data[40000];
    struct lg_rng rng = {112};
    lg_rng_fill(&rng, data, sizeof data);
    static const size_t lens[] = {0, 1, 4095, 4096, 4097, 12288, 40000};
    for (size_t i = 0; i < 2 * sizeof lens / sizeof lens[0]; i++) {
        size_t len = lens[i / 2], limit = len + 1 - i % 2 * 2;
        if (len == 0)
            limit = 0;
        int fds[2];
        pthread_t thread;
        assert_int_equal(pipe(fds), 0);
        struct feeder feeder = {fds[1], {data, len}};
        assert_int_equal(pthread_create(&thread, NULL, feed, &feeder), 0);
        struct lg_arena arena;
        struct lg_str got = LG_STR("?");
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        bool ok = lg_read_all(fds[0], limit, &arena, &got, &err);
        assert_int_equal(ok, limit >= len);
        if (ok)
            assert_true(lg_str_eq(got, lg_str_from(data, len)));
        else
            assert_string_equal(got.data, "?");
        assert_int_equal(err.kind, ok ? LG_OK : LG_LIMIT);
        char rest[4096];
        while (read(fds[0], rest, sizeof rest) > 0)
            ;
        pthread_join(thread, NULL);
        close(fds[0]);
        lg_arena_deinit(&arena);
    }
}

static bool read_back(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_str bytes;
    if (!lg_read_file(*(int *)context, "f", SIZE_MAX, arena, &bytes, err))
        return false;
    assert_int_equal(bytes.len, 5000);
    return true;
}

static void memory_may_be_out(void **state)
{
    static const char zeros[5000];
    LG_CLOSE
    int dir = open_dir(*state);
    put_file(dir, "f", lg_str_from(zeros, sizeof zeros));
    assert_true(lg_alloc_fail_all(read_back, &dir) > 100);
}

static void small_files_cost_what_they_hold(void **state)
{
    struct lg_arena arena;
    struct lg_str bytes;
    LG_CLOSE
    int dir = open_dir(*state);
    put_file(dir, "f", LG_STR("12345"));
    lg_arena_init(&arena, 0);
    for (size_t i = 1; i <= 100; i++) {
        assert_true(lg_read_file(dir, "f", 4096, &arena, &bytes, NULL));
        assert_true(lg_read_file(AT_FDCWD, "/proc/self/comm", 4096, &arena,
                                 &bytes, NULL));
        assert_true(arena.used_bytes <= i * 30);
    }
    lg_arena_deinit(&arena);
}

static void assert_no_map(int dir, const char *path, enum lg_error_kind kind,
                          const char *words)
{
    struct lg_mapped m;
    struct lg_error err = {0};
    assert_false(lg_mapped_open(&m, dir, path, &err));
    assert_int_equal(err.kind, kind);
    assert_non_null(strstr(err.text, words));
    lg_mapped_deinit(&m);
}

static void only_regular_files_are_mapped(void **state)
{
    LG_CLOSE
    int dir = open_dir(*state);
    assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
    assert_no_map(dir, ".", LG_UNSUPPORTED, "a folder, not a regular file");
    assert_no_map(dir, "pipe", LG_UNSUPPORTED, "a pipe, not a regular file");
    assert_no_map(dir, "/dev/null", LG_UNSUPPORTED, "a device");
    assert_no_map(dir, "/proc/self/status", LG_UNSUPPORTED, "pseudo-file");
    assert_no_map(dir, "nothing", LG_ABSENT, "cannot open nothing");
}

static void what_is_not_there_is_absent(void **state)
{
    LG_CLOSE
    int dir = open_dir(*state);
    struct lg_arena arena;
    struct lg_str bytes = LG_STR("?");
    char small[8];
    size_t len = 77;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_false(lg_read_file(dir, "x", 10, &arena, &bytes, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_false(lg_read_small(dir, "x", small, sizeof small, &len, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_false(lg_read_file(dir, ".", 10, &arena, &bytes, &err));
    assert_int_equal(err.sys_errno, EISDIR);
    assert_false(lg_read_file(dir, ".", 10, &arena, &bytes, NULL));
    assert_string_equal(bytes.data, "?");
    assert_int_equal(len, 77);
    lg_arena_deinit(&arena);
}

static void assert_holds(int dir, const char *name, const char *text)
{
    char small[64];
    size_t len = 0;
    assert_true(lg_read_small(dir, name, small, sizeof small, &len, NULL));
    assert_true(lg_str_eq(lg_str_from(small, len), lg_str_of(text)));
}

/* A disk that is full, as far as the kernel tells us. */
static void a_failed_write_leaves_the_old_file(void **state)
{
    static const char zeros[100000];
    LG_CLOSE
    int dir = open_dir(*state);
    struct rlimit old, tight;
    struct lg_error err = {0};
    assert_true(lg_write_file(dir, "f", LG_STR("old"), 0600, &err));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    bool ok = lg_write_file(dir, "f", lg_str_from(zeros, 100000), 0600, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(ok);
    assert_int_equal(err.sys_errno, EFBIG);
    assert_int_equal(entries_in(dir), 1);
    assert_holds(dir, "f", "old");
}

static void a_target_that_cannot_be_leaves_nothing(void **state)
{
    LG_CLOSE
    int dir = open_dir(*state);
    struct lg_error err = {0};
    struct lg_str x = LG_STR("x");
    assert_int_equal(mkdirat(dir, "folder", 0700), 0);
    assert_false(lg_write_file(dir, "folder", x, 0600, &err));
    assert_int_equal(err.sys_errno, EISDIR);
    assert_int_equal(entries_in(dir), 1);
    assert_false(lg_write_file(dir, "none/f", x, 0600, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_false(lg_write_file(dir, "folder/", x, 0600, &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_false(lg_write_file(dir, "", x, 0600, &err));
    assert_false(lg_write_file(-1, "f", x, 0600, &err));
    char path[5000];
    memset(path, 'a', sizeof path);
    path[sizeof path - 2] = '/';
    path[sizeof path - 1] = '\0';
    assert_false(lg_write_file(dir, path, x, 0600, &err));
    assert_int_equal(err.sys_errno, ENAMETOOLONG);
    assert_int_equal(entries_in(dir), 1);
}

static void names_may_have_folders_and_leftovers(void **state)
{
    LG_CLOSE
    int dir = open_dir(*state);
    struct lg_error err = {0};
    char path[300];
    struct stat st;
    assert_int_equal(mkdirat(dir, "folder", 0700), 0);
    /* Somebody with our process number died here before us. */
    for (int n = 0; n < 40; n++) {
        snprintf(path, sizeof path, ".lastgasp-%d-%d.tmp", (int)getpid(), n);
        put_file(dir, path, LG_STR("left"));
    }
    assert_true(lg_write_file(dir, "f", LG_STR("1"), 0640, &err));
    assert_true(lg_write_file(dir, "folder/f", LG_STR("2"), 0600, &err));
    snprintf(path, sizeof path, "%s/folder/g", (const char *)*state);
    assert_true(lg_write_file(AT_FDCWD, path, LG_STR("3"), 0600, &err));
    assert_holds(dir, "f", "1");
    assert_holds(dir, "folder/f", "2");
    assert_holds(dir, "folder/g", "3");
    assert_int_equal(entries_in(dir), 42);
    assert_int_equal(fstatat(dir, "f", &st, 0), 0);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(st.st_mode & 0777, 0640 & ~mask);
    assert_true(lg_fsync_dir(dir, &err));
    assert_true(lg_fsync_dir(AT_FDCWD, &err));
    assert_false(lg_fsync_dir(-1, &err));
}

static void folders_are_made_with_their_parents(void **state)
{
    const char *base = *state;
    char path[300];
    struct lg_error err = {0};
    snprintf(path, sizeof path, "%s/a//b/c/", base);
    assert_true(lg_make_dirs(path, 0755, &err));
    assert_true(lg_make_dirs(path, 0755, &err));
    LG_CLOSE
    int dir = open_dir(path);
    put_file(dir, "file", LG_STR(""));
    snprintf(path, sizeof path, "%s/a/b/c/file", base);
    assert_false(lg_make_dirs(path, 0755, &err));
    assert_int_equal(err.sys_errno, ENOTDIR);
    strcat(path, "/d");
    assert_false(lg_make_dirs(path, 0755, &err));
    assert_false(lg_make_dirs("", 0755, &err));
    assert_true(lg_make_dirs("/", 0755, &err));
    char longest[5000];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_false(lg_make_dirs(longest, 0755, &err));
}

/* A random tree, some of whose leaves are links to what must stay. */
static void plant(int dir, struct lg_rng *rng, int depth)
{
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        switch (lg_rng_below(rng, depth < 4 ? 5 : 3)) {
        case 0:
            assert_int_equal(symlinkat("/proc/self/../../keep", dir, name), 0);
            break;
        case 1:
            assert_int_equal(mkfifoat(dir, name, 0600), 0);
            break;
        case 2:
            put_file(dir, name, LG_STR("x"));
            break;
        default: {
            assert_int_equal(mkdirat(dir, name, 0700), 0);
            LG_CLOSE
            int child = openat(dir, name, O_RDONLY | O_DIRECTORY);
            plant(child, rng, depth + 1);
        }
        }
    }
}

static void trees_go_and_what_they_link_to_stays(void **state)
{
    LG_CLOSE
    int dir = open_dir(*state);
    struct lg_error err = {0};
    struct lg_rng rng = {113};
    assert_int_equal(mkdirat(dir, "keep", 0700), 0);
    put_file(dir, "keep/me", LG_STR("here"));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(mkdirat(dir, "tree", 0700), 0);
        LG_CLOSE
        int tree = openat(dir, "tree", O_RDONLY | O_DIRECTORY);
        assert_int_equal(symlinkat("../keep", tree, "link"), 0);
        plant(tree, &rng, 0);
        assert_true(lg_remove_tree(dir, "tree", &err));
        assert_int_equal(entries_in(dir), 1);
        assert_holds(dir, "keep/me", "here");
    }
    /* A link itself goes, not what it points to; so does a file. */
    assert_int_equal(symlinkat("keep", dir, "link"), 0);
    assert_true(lg_remove_tree(dir, "link", &err));
    put_file(dir, "file", LG_STR(""));
    assert_true(lg_remove_tree(dir, "file", &err));
    assert_holds(dir, "keep/me", "here");
    assert_int_equal(entries_in(dir), 1);
    assert_true(lg_remove_tree(dir, "keep/me", &err));
    assert_false(lg_remove_tree(dir, "keep/me", &err));
    assert_int_equal(err.kind, LG_ABSENT);
}

static void names_that_lead_out_are_refused(void **state)
{
    static const char *const bad[] = {
        "",     ".",      "..", "x/..", "../x", "x/../y",
        "/tmp", "x/y/./", "x/", "/",    "x/.",
    };
    LG_CLOSE
    int dir = open_dir(*state);
    struct lg_error err = {0};
    assert_int_equal(mkdirat(dir, "x", 0700), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(lg_remove_tree(dir, bad[i], &err));
        assert_int_equal(err.kind, LG_USAGE);
    }
    assert_false(lg_remove_tree(AT_FDCWD, "/", &err));
    assert_int_equal(err.kind, LG_USAGE);
    assert_int_equal(entries_in(dir), 1);
}

static void bottomless_trees_are_refused(void **state)
{
    LG_CLOSE
    int dir = open_dir(*state);
    struct lg_error err = {0};
    int at = dup(dir);
    for (int i = 0; i < 80; i++) {
        assert_int_equal(mkdirat(at, "d", 0700), 0);
        int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
        close(at);
        at = next;
    }
    close(at);
    assert_false(lg_remove_tree(dir, "d", &err));
    assert_int_equal(err.kind, LG_LIMIT);
    /* Leave what the tear-down can remove: the lower half first. */
    char path[200] = "d";
    for (int i = 0; i < 40; i++)
        strcat(path, "/d");
    assert_true(lg_remove_tree(dir, path, &err));
}

static void cleanup_keeps_errno(void **state)
{
    int fd = dup(0), closed = fd;
    void *memory = malloc(1);
    FILE *file = fopen("/dev/null", "r"), *none = NULL;
    errno = EXDEV;
    lg_close_p(&fd);
    lg_close_p(&fd);
    lg_free_p(&memory);
    lg_free_p(&memory);
    lg_fclose_p(&file);
    lg_fclose_p(&none);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(fd, -1);
    assert_null(memory);
    assert_null(file);
    assert_int_equal(fcntl(closed, F_GETFD), -1);
    struct lg_error err = {0};
    assert_false(lg_write_all(-1, "x", 1, &err));
    assert_int_equal(err.sys_errno, EBADF);
    assert_true(lg_write_all(-1, NULL, 0, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(files_round_trip),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        lg_tmpdir_test(memory_may_be_out),
        lg_tmpdir_test(small_files_cost_what_they_hold),
        lg_tmpdir_test(only_regular_files_are_mapped),
        lg_tmpdir_test(what_is_not_there_is_absent),
        lg_tmpdir_test(a_failed_write_leaves_the_old_file),
        lg_tmpdir_test(a_target_that_cannot_be_leaves_nothing),
        lg_tmpdir_test(names_may_have_folders_and_leftovers),
        lg_tmpdir_test(folders_are_made_with_their_parents),
        lg_tmpdir_test(trees_go_and_what_they_link_to_stays),
        lg_tmpdir_test(names_that_lead_out_are_refused),
        lg_tmpdir_test(bottomless_trees_are_refused),
        cmocka_unit_test(cleanup_keeps_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
