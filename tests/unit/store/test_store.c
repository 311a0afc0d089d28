/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "store_fixture.h"

static void a_recording_goes_its_way(void **state)
{
    struct lg_arena arena;
    struct lg_store_row *rows, row;
    char id[16];
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    int fd = fixture_begin(store, id);
    assert_int_equal(fixture_list(store, &arena, &rows), 1);
    assert_text(rows[0].state, "recording");
    assert_text(rows[0].end, "running");
    assert_text(rows[0].name, "consumer");
    assert_int_equal(rows[0].pid, 4711);
    assert_int_equal(rows[0].time_ns, FIXTURE_NS);
    fixture_files(fd);
    fixture_commit(store, id);
    close(fd);

    assert_true(lg_store_find(store, lg_str_of(id), &arena, &row, NULL));
    assert_text(row.state, "done");
    assert_text(row.end, "oom-kill");
    assert_text(row.cause, "goroutine-leak");
    assert_text(row.where, "worker.handle handle.go:31");
    assert_true(row.confidence == 0.97);
    assert_int_equal(row.usage_bytes, 268431360);
    assert_int_equal(row.limit_bytes, 268435456);
    assert_int_equal(row.captures_count, 2);
    /* The two names of goroutines.txt are one file. */
    assert_int_equal(row.size_bytes,
                     strlen(fixture_record) + strlen(fixture_report) + 31 + 22);
    struct stat st;
    assert_int_equal(stat(row.folder.data, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

static void the_end_in_words(void **state)
{
    static const struct {
        enum lg_end_kind kind;
        int exit_code, signal;
        bool inconclusive;
        const char *end, *cause;
    } cases[] = {
        {LG_END_EXIT, 3, 0, false, "exit 3", "none"},
        {LG_END_SIGNAL, -1, 15, false, "signal 15", "none"},
        {LG_END_RUNNING, -1, 0, false, "running", "none"},
        {LG_END_OOM_KILL, -1, 9, true, "oom-kill", "inconclusive"},
        {LG_END_UNKNOWN, -1, 0, false, "", "none"},
    };
    struct lg_store *store = fixture_open(*state);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_arena arena;
        struct lg_store_row row;
        char id[16];
        lg_arena_init(&arena, 0);
        struct lg_incident in = {.arena = &arena};
        struct lg_verdict verdict = {.inconclusive = cases[i].inconclusive};
        struct lg_timeline_row samples[2] = {{.usage_bytes = lg_known(777)},
                                             {.rss_bytes = lg_known(5)}};
        in.timeline = (struct lg_timeline){samples, 2, 2};
        in.end.kind = cases[i].kind;
        in.end.exit_code = cases[i].exit_code;
        in.end.signal = cases[i].signal;
        close(fixture_begin(store, id));
        assert_true(lg_store_commit(store, id, &in, &verdict, NULL));
        assert_true(lg_store_find(store, lg_str_of(id), &arena, &row, NULL));
        assert_text(row.end, cases[i].end);
        assert_text(row.cause, cases[i].cause);
        assert_text(row.where, "");
        assert_text(row.name, "consumer"); /* what the beginning knew stays */
        assert_int_equal(row.pid, 4711);
        assert_int_equal(row.usage_bytes, 777);
        lg_arena_deinit(&arena);
    }
    lg_store_close(store);
}

static void newest_first_and_filters(void **state)
{
    struct lg_arena arena;
    struct lg_store_row *rows;
    size_t count;
    char ids[5][16];
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    for (int i = 0; i < 5; i++) {
        struct lg_incident in = {.arena = &arena};
        struct lg_verdict verdict = {.inconclusive = i % 2 == 1};
        in.end.wall_ns = 1000 + (i * 7 % 5) * 10; /* 0 2 4 1 3 */
        close(fixture_begin(store, ids[i]));
        assert_true(lg_store_commit(store, ids[i], &in, &verdict, NULL));
    }
    assert_int_equal(fixture_list(store, &arena, &rows), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(rows[i].time_ns, 1040 - (int64_t)i * 10);
    struct lg_store_query query = {.since_ns = 1010, .until_ns = 1030};
    assert_true(lg_store_list(store, &query, &arena, &rows, &count, NULL));
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].time_ns, 1030);
    query = (struct lg_store_query){.cause = LG_STR("inconclusive")};
    assert_true(lg_store_list(store, &query, &arena, &rows, &count, NULL));
    assert_int_equal(count, 2);
    query = (struct lg_store_query){.cause = LG_STR("none"), .limit = 2};
    assert_true(lg_store_list(store, &query, &arena, &rows, &count, NULL));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].time_ns, 1040);
    assert_true(lg_store_find(store, LG_STR("last"), &arena, &rows[0], NULL));
    assert_string_equal(rows[0].id, ids[2]);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

/* Folders with chosen names: a prefix may be unclear, a whole id never is. */
static void ids_and_prefixes(void **state)
{
    static const char *const names[] = {"ab23", "ab23c", "ab2444", "zz99"};
    static const struct {
        const char *asked, *found;
        enum lg_error_kind kind;
    } cases[] = {
        {"ab23", "ab23", LG_OK},      {"ab23c", "ab23c", LG_OK},
        {"z", "zz99", LG_OK},         {"ab24", "ab2444", LG_OK},
        {"ab2", NULL, LG_USAGE},      {"ab", NULL, LG_USAGE},
        {"q", NULL, LG_ABSENT},       {"", NULL, LG_ABSENT},
        {"ab23cd", NULL, LG_ABSENT},  {"%", NULL, LG_ABSENT},
        {"../ab23", NULL, LG_ABSENT}, {"AB23", NULL, LG_ABSENT},
    };
    struct lg_arena arena;
    char path[300];
    lg_arena_init(&arena, 0);
    lg_store_close(fixture_open(*state));
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/incidents/%s", (char *)*state,
                 names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    struct lg_store *store = fixture_open(*state);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_store_row row;
        struct lg_error err = {0};
        bool ok =
            lg_store_find(store, lg_str_of(cases[i].asked), &arena, &row, &err);
        assert_int_equal(err.kind, cases[i].kind);
        assert_true(ok == (cases[i].found != NULL));
        if (ok)
            assert_string_equal(row.id, cases[i].found);
    }
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

static void many_ids_are_all_different(void **state)
{
    enum { N = 300 };
    static char ids[N][16];
    struct lg_arena arena;
    struct lg_store_row *rows;
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    for (int i = 0; i < N; i++) {
        close(fixture_begin(store, ids[i]));
        assert_true(strlen(ids[i]) >= 4);
        assert_true(strpbrk(ids[i], "23456789") != NULL);
        assert_int_equal(strspn(ids[i], "abcdefghijklmnopqrstuvwxyz23456789"),
                         strlen(ids[i]));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ids[i], ids[k]);
    }
    assert_int_equal(fixture_list(store, &arena, &rows), N);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

/* Runs in a child that dies without a word, as a killed recorder does. */
static void recorder_that_dies(const char *dir, int tell, bool after_report)
{
    char id[16];
    struct lg_store *store = fixture_open(dir);
    int fd = fixture_begin(store, id);
    if (after_report)
        fixture_files(fd);
    else
        fixture_put(fd, "kernel.log", "Killed process 4711 (consumer)\n");
    assert_true(lg_write_all(tell, id, sizeof id, NULL));
    for (;;)
        pause();
}

static pid_t start_recorder(const char *dir, bool after_report, char id[16])
{
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        recorder_that_dies(dir, pipe_fds[1], after_report);
        _exit(1);
    }
    assert_int_equal(read(pipe_fds[0], id, 16), 16);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return pid;
}

static void end_recorder(pid_t pid)
{
    int status;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void a_dead_recorder_is_told_from_a_living_one(void **state)
{
    struct lg_arena arena;
    struct lg_store_row row;
    struct lg_error err = {0};
    char id[16];
    lg_arena_init(&arena, 0);
    pid_t pid = start_recorder(*state, false, id);
    struct lg_store *store = fixture_open(*state);
    assert_true(lg_store_find(store, LG_STR("last"), &arena, &row, &err));
    assert_text(row.state, "recording");
    assert_false(lg_store_remove(store, id, &err));
    assert_non_null(strstr(err.text, "is being recorded"));
    assert_true(lg_store_find(store, lg_str_of(id), &arena, &row, &err));

    end_recorder(pid);
    assert_true(lg_store_find(store, lg_str_of(id), &arena, &row, &err));
    assert_text(row.state, "interrupted");
    assert_text(row.name, "consumer");
    assert_int_equal(row.pid, 4711);
    assert_int_equal(row.time_ns, FIXTURE_NS);
    assert_int_equal(row.size_bytes, 31);
    assert_true(lg_store_remove(store, id, &err));
    assert_false(fixture_exists(row.folder.data, "kernel.log"));
    assert_false(lg_store_find(store, lg_str_of(id), &arena, &row, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

/* The program could not be started: there is nothing to keep. */
static void a_recording_can_be_given_up(void **state)
{
    struct lg_arena arena;
    struct lg_store_row *rows;
    struct lg_error err = {0};
    char id[16];
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    struct lg_store *other = fixture_open(*state);
    int fd = fixture_begin(store, id);
    assert_false(lg_store_remove(other, id, &err));
    assert_true(lg_store_remove(store, id, &err));
    assert_int_equal(fixture_list(other, &arena, &rows), 0);
    close(fd);
    lg_store_close(store);
    lg_store_close(other);
    lg_arena_deinit(&arena);
}

/* It had written its verdict and died before the index knew. */
static void a_finished_folder_is_done_whatever_the_index_says(void **state)
{
    struct lg_arena arena;
    struct lg_store_row row;
    char id[16];
    lg_arena_init(&arena, 0);
    end_recorder(start_recorder(*state, true, id));
    struct lg_store *store = fixture_open(*state);
    assert_true(lg_store_find(store, lg_str_of(id), &arena, &row, NULL));
    assert_text(row.state, "done");
    assert_text(row.cause, "goroutine-leak");
    assert_int_equal(row.time_ns, FIXTURE_NS + INT64_C(8400000000));
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

static void folders_that_others_removed_are_gone(void **state)
{
    struct lg_arena arena;
    struct lg_store_row *rows;
    char a[16], b[16], path[300];
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    fixture_add(store, a);
    fixture_add(store, b);
    snprintf(path, sizeof path, "%s/incidents/%s", (char *)*state, a);
    assert_true(lg_remove_tree(AT_FDCWD, path, NULL));
    assert_int_equal(fixture_list(store, &arena, &rows), 1);
    assert_string_equal(rows[0].id, b);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

/* Several recorders at once; each in a store of its own. */
static void recorders_at_once(void **state)
{
    enum { PROCESSES = 4, EACH = 12 };
    pid_t pids[PROCESSES];
    struct lg_arena arena;
    struct lg_store_row *rows;
    lg_arena_init(&arena, 0);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] > 0)
            continue;
        struct lg_store *store = NULL;
        char id[16];
        if (!lg_store_open(*state, &store, NULL, NULL))
            _exit(2);
        for (int k = 0; k < EACH; k++)
            fixture_add(store, id);
        lg_store_close(store);
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct lg_store *store = fixture_open(*state);
    assert_int_equal(fixture_list(store, &arena, &rows), PROCESSES * EACH);
    for (size_t i = 0; i < PROCESSES * EACH; i++)
        assert_text(rows[i].state, "done");
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

/* No file may grow: what a full disk is like, without filling one. */
static void a_full_disk_says_so(void **state)
{
    struct lg_error err = {0};
    struct lg_store *store = fixture_open(*state);
    const struct rlimit none = {0, RLIM_INFINITY};
    struct rlimit before;
    char id[16];
    int fd = -1;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    bool ok = lg_store_begin(store, 1, LG_STR("x"), 1, id, &fd, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(ok);
    assert_int_equal(err.kind, LG_OS);
    assert_non_null(strstr(err.text, "index.db"));
    assert_int_equal(fd, -1);
    /* Nothing half-made stays, and the store goes on when there is room. */
    struct lg_arena arena;
    struct lg_store_row *rows;
    lg_arena_init(&arena, 0);
    assert_int_equal(fixture_list(store, &arena, &rows), 0);
    fixture_add(store, id);
    assert_int_equal(fixture_list(store, &arena, &rows), 1);
    lg_store_close(store);
    store = fixture_open(*state);
    assert_int_equal(fixture_list(store, &arena, &rows), 1);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

static void places_that_do_not_work(void **state)
{
    char path[300];
    struct lg_store *store = NULL;
    snprintf(path, sizeof path, "%s/file", (char *)*state);
    fixture_put(AT_FDCWD, path, "not a folder\n");
    const char *const bad[] = {path, "/proc/no/such/place", "/dev/null/x"};
    for (size_t i = 0; i < LG_COUNT(bad); i++) {
        struct lg_error err = {0};
        assert_false(lg_store_open(bad[i], &store, NULL, &err));
        assert_null(store);
        assert_non_null(strstr(err.text, bad[i]));
        assert_non_null(strstr(err.text, "--state DIR"));
        assert_int_not_equal(err.kind, LG_ABSENT);
    }
    struct lg_error err = {0};
    assert_false(lg_store_open("", &store, NULL, &err));
    assert_int_equal(err.kind, LG_USAGE);
}

/* As another user, in a child: root may do everything. */
static int read_only_child(const char *dir, const char *id)
{
    struct lg_arena arena;
    struct lg_store *store = NULL;
    struct lg_store_row *rows;
    struct lg_error err = {0};
    char other[16];
    int fd = -1;
    lg_arena_init(&arena, 0);
    if (getuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 10;
    if (!lg_store_open(dir, &store, NULL, &err))
        return 11;
    if (fixture_list(store, &arena, &rows) != 1 ||
        strcmp(rows[0].id, id) != 0 ||
        !lg_str_eq(rows[0].cause, LG_STR("goroutine-leak")))
        return 12;
    if (lg_store_begin(store, 1, LG_STR("x"), 1, other, &fd, &err) ||
        err.kind != LG_DENIED || strstr(err.text, "LASTGASP_STATE") == NULL)
        return 13;
    if (lg_store_remove(store, id, &err) || err.kind != LG_DENIED ||
        lg_store_import(store, dir, other, &err) || err.kind != LG_DENIED)
        return 14;
    lg_store_close(store);
    lg_arena_deinit(&arena);
    return 0;
}

static void a_store_that_may_only_be_read(void **state)
{
    char id[16], path[300];
    int status;
    struct lg_store *store = fixture_open(*state);
    fixture_add(store, id);
    lg_store_close(store);
    assert_int_equal(chmod(*state, 0555), 0);
    static const char *const names[] = {"", "captures", "captures/0001-start"};
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/incidents/%s/%s", (char *)*state, id,
                 names[i]);
        assert_int_equal(chmod(path, 0555), 0);
    }
    static const char *const files[] = {"record.json", "report.json"};
    for (size_t i = 0; i < LG_COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/incidents/%s/%s", (char *)*state, id,
                 files[i]);
        assert_int_equal(chmod(path, 0444), 0);
    }
    snprintf(path, sizeof path, "%s/incidents", (char *)*state);
    assert_int_equal(chmod(path, 0555), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(read_only_child(*state, id));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(chmod(*state, 0700), 0);
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(path, sizeof path, "%s/incidents/%s", (char *)*state, id);
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/incidents/%s/%s", (char *)*state, id,
                 names[i]);
        assert_int_equal(chmod(path, 0700), 0);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void where_the_state_lives(void **state)
{
    static const char *const names[] = {"LASTGASP_STATE", "XDG_STATE_HOME",
                                        "HOME"};
    char path[300];
    for (size_t i = 0; i < LG_COUNT(names); i++)
        unsetenv(names[i]);
    snprintf(path, sizeof path, "%s/chosen", (char *)*state);
    setenv("LASTGASP_STATE", path, 1);
    struct lg_store *store = fixture_open(NULL);
    assert_string_equal(lg_store_path(store), path);
    lg_store_close(store);
    unsetenv("LASTGASP_STATE");
    if (geteuid() == 0)
        return; /* root's place is the machine's; the rest as a user */
    setenv("HOME", *state, 1);
    store = fixture_open(NULL);
    snprintf(path, sizeof path, "%s/.local/state/lastgasp", (char *)*state);
    assert_string_equal(lg_store_path(store), path);
    lg_store_close(store);
    setenv("XDG_STATE_HOME", *state, 1);
    store = fixture_open(NULL);
    snprintf(path, sizeof path, "%s/lastgasp", (char *)*state);
    assert_string_equal(lg_store_path(store), path);
    lg_store_close(store);
}

/* Rows of the outside world: no text is too strange. */
static void strange_names(void **state)
{
    char strange[4000];
    char id[16];
    struct lg_arena arena;
    struct lg_store_row *rows;
    int fd = -1;
    for (size_t i = 0; i < sizeof strange; i++)
        strange[i] = (char)(i % 255 + 1);
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    assert_true(lg_store_begin(store, -1, lg_str_from(strange, sizeof strange),
                               5, id, &fd, NULL));
    assert_int_equal(fixture_list(store, &arena, &rows), 1);
    assert_true(rows[0].name.len > 200 && rows[0].name.len <= 300);
    assert_memory_equal(rows[0].name.data, strange, rows[0].name.len);
    close(fd);
    assert_true(
        lg_store_begin(store, 2, lg_str_from("a\0b", 3), 5, id, &fd, NULL));
    close(fd);
    assert_true(lg_store_begin(store, 2, (struct lg_str){0}, 5, id, &fd, NULL));
    close(fd);
    assert_int_equal(fixture_list(store, &arena, &rows), 3);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(a_recording_goes_its_way),
        lg_tmpdir_test(the_end_in_words),
        lg_tmpdir_test(newest_first_and_filters),
        lg_tmpdir_test(ids_and_prefixes),
        lg_tmpdir_test(many_ids_are_all_different),
        lg_tmpdir_test(a_dead_recorder_is_told_from_a_living_one),
        lg_tmpdir_test(a_recording_can_be_given_up),
        lg_tmpdir_test(a_finished_folder_is_done_whatever_the_index_says),
        lg_tmpdir_test(folders_that_others_removed_are_gone),
        lg_tmpdir_test(recorders_at_once),
        lg_tmpdir_test(a_full_disk_says_so),
        lg_tmpdir_test(places_that_do_not_work),
        lg_tmpdir_test(a_store_that_may_only_be_read),
        lg_tmpdir_test(where_the_state_lives),
        lg_tmpdir_test(strange_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
