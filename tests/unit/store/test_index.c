/* SPDX-License-Identifier: Apache-2.0 */
/* index.db is a copy: whatever happens to it, the folders tell again. */
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "rng.h"
#include "store_fixture.h"

static const char *index_path(const char *dir)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/index.db", dir);
    return path;
}

static size_t set_aside_count(const char *dir)
{
    DIR *d = opendir(dir);
    size_t count = 0;
    const struct dirent *entry;
    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        struct lg_str name = lg_str_of(entry->d_name);
        count += lg_str_starts(name, LG_STR("index.db.corrupt-")) &&
                 !lg_str_ends(name, LG_STR("-wal")) &&
                 !lg_str_ends(name, LG_STR("-shm"));
    }
    closedir(d);
    return count;
}

static void sql(const char *dir, const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(index_path(dir), &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void overwrite(const char *dir, const char *text)
{
    fixture_put(AT_FDCWD, index_path(dir), text);
}

static void garbage(const char *dir)
{
    overwrite(dir, "This was an index once, now it is a poem about one.\n");
}

static void cut_short(const char *dir)
{
    assert_int_equal(truncate(index_path(dir), 5000), 0);
}

static void newer_version(const char *dir)
{
    sql(dir, "PRAGMA user_version = 99");
}

static void foreign(const char *dir)
{
    assert_int_equal(unlink(index_path(dir)), 0);
    sql(dir, "CREATE TABLE recipe (name TEXT); "
             "INSERT INTO recipe VALUES ('soup')");
}

static void other_columns(const char *dir)
{
    sql(dir, "DROP TABLE incident; CREATE TABLE incident (id TEXT)");
}

static void page_of_zeros(const char *dir)
{
    static const char zeros[4096];
    int fd = open(index_path(dir), O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, 4096), sizeof zeros);
    close(fd);
}

static void damaged_in_every_way(void **state)
{
    static const struct {
        void (*damage)(const char *dir);
        const char *said;
    } cases[] = {
        {garbage, "not a database"},
        {cut_short, "index.db"},
        {newer_version, "version 99"},
        {foreign, "not an index of lastgasp"},
        {other_columns, "no such column"},
        {page_of_zeros, "index.db"},
    };
    char ids[3][16];
    struct lg_arena arena;
    struct lg_store_row *before, *after;
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    for (size_t i = 0; i < 3; i++)
        fixture_add(store, ids[i]);
    assert_int_equal(fixture_list(store, &arena, &before), 3);
    lg_store_close(store);
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_str note = {0};
        struct lg_error err = {0};
        cases[i].damage(*state);
        if (!lg_store_open(*state, &store, &note, &err))
            fail_msg("case %zu: %s", i, err.text);
        if (!lg_str_contains(note, lg_str_of(cases[i].said)) ||
            !lg_str_contains(note, LG_STR("from 3 incident folders")))
            fail_msg("case %zu: \"%.*s\"", i, LG_STR_ARG(note));
        assert_int_equal(fixture_list(store, &arena, &after), 3);
        for (size_t k = 0; k < 3; k++)
            fixture_same_row(&before[k], &after[k]);
        lg_store_close(store);
        assert_int_equal(set_aside_count(*state), i + 1);
        lg_store_close(fixture_open(*state)); /* and quiet from then on */
    }
    lg_arena_deinit(&arena);
}

static void a_missing_index_is_made_again(void **state)
{
    char id[16];
    struct lg_arena arena;
    struct lg_store_row *before, *after;
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    fixture_add(store, id);
    assert_int_equal(fixture_list(store, &arena, &before), 1);
    lg_store_close(store);
    assert_int_equal(unlink(index_path(*state)), 0);
    store = fixture_open(*state);
    assert_int_equal(fixture_list(store, &arena, &after), 1);
    fixture_same_row(&before[0], &after[0]);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

static void change_byte(const char *dir, off_t at, unsigned char mask)
{
    unsigned char byte;
    int fd = open(index_path(dir), O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void still_lists_one(const char *dir, const char *what)
{
    struct lg_arena arena;
    struct lg_store *store;
    struct lg_store_row *rows;
    struct lg_error err = {0};
    if (!lg_store_open(dir, &store, NULL, &err))
        fail_msg("%s: %s", what, err.text);
    lg_arena_init(&arena, 0);
    assert_int_equal(fixture_list(store, &arena, &rows), 1);
    lg_arena_deinit(&arena);
    lg_store_close(store);
}

/* Any byte of it may go bad. What comes back is either a sound index or one
 * made again, and always with the incidents; never a crash or an error. */
static void flipped_bytes(void **state)
{
    struct lg_rng rng = {2026};
    char id[16], what[40];
    struct lg_store *store = fixture_open(*state);
    fixture_add(store, id);
    lg_store_close(store);
    for (off_t at = 0; at < 100; at++) { /* SQLite's header */
        snprintf(what, sizeof what, "header byte %d", (int)at);
        change_byte(*state, at, (unsigned char)(1 + lg_rng_below(&rng, 255)));
        still_lists_one(*state, what);
    }
    for (int i = 0; i < 40; i++) {
        struct stat st;
        assert_int_equal(stat(index_path(*state), &st), 0);
        for (int k = 0; k < 4; k++)
            change_byte(*state, (off_t)lg_rng_below(&rng, (size_t)st.st_size),
                        (unsigned char)(1 + lg_rng_below(&rng, 255)));
        snprintf(what, sizeof what, "round %d", i);
        still_lists_one(*state, what);
    }
}

/* Folders come from anywhere: only what is JSON, and of the right kind, tells.
 */
static void folders_that_tell_little(void **state)
{
    static const struct {
        const char *file, *text, *state, *cause, *end;
    } cases[] = {
        {NULL, NULL, "interrupted", "", ""},
        {"record.json", "{\"state\":\"do", "interrupted", "", ""},
        {"record.json", "[1,2]", "interrupted", "", ""},
        {"record.json", "{\"state\":\"recording\",\"end\":7}", "interrupted",
         "", ""},
        {"record.json",
         "{\"state\":\"done\",\"end\":{\"kind\":\"exit\",\"exit_code\":4}}",
         "done", "", "exit 4"},
        {"report.json", "{\"verdict\":{\"cause\":\"none\"}}", "done", "none",
         ""},
        {"report.json",
         "{\"verdict\":{\"cause\":\"none\",\"inconclusive\":true},\"end\":"
         "{\"kind\":\"signal\",\"signal\":15}}",
         "done", "inconclusive", "signal 15"},
        {"report.json", "{\"verdict\":[],\"timeline\":{},\"captures\":9}",
         "done", "", ""},
        {"report.json",
         "{\"verdict\":{\"cause\":3,\"where\":{\"function\":[]},"
         "\"confidence\":\"x\"},\"end\":{\"memcg\":{\"usage_bytes\":-5}}}",
         "done", "", ""},
    };
    struct lg_arena arena;
    char path[300];
    lg_arena_init(&arena, 0);
    lg_store_close(fixture_open(*state));
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_store_row row;
        char id[16];
        snprintf(id, sizeof id, "2cas%c", 'a' + (char)i);
        snprintf(path, sizeof path, "%s/incidents/%s", (char *)*state, id);
        assert_int_equal(mkdir(path, 0700), 0);
        if (cases[i].file != NULL) {
            snprintf(path, sizeof path, "%s/incidents/%s/%s", (char *)*state,
                     id, cases[i].file);
            fixture_put(AT_FDCWD, path, cases[i].text);
        }
        struct lg_store *store = fixture_open(*state);
        assert_true(lg_store_find(store, lg_str_of(id), &arena, &row, NULL));
        assert_text(row.state, cases[i].state);
        assert_text(row.cause, cases[i].cause);
        assert_text(row.end, cases[i].end);
        assert_text(row.where, "");
        assert_int_equal(row.usage_bytes, 0);
        assert_true(row.time_ns > FIXTURE_NS / 2); /* of the folder */
        lg_store_close(store);
    }
    lg_arena_deinit(&arena);
}

/* Two find the same damage: one sets it aside, both go on. */
static void two_open_a_damaged_index(void **state)
{
    enum { PROCESSES = 4 };
    char id[16];
    pid_t pids[PROCESSES];
    struct lg_store *store = fixture_open(*state);
    fixture_add(store, id);
    lg_store_close(store);
    garbage(*state);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] > 0)
            continue;
        struct lg_arena arena;
        struct lg_store_row row;
        lg_arena_init(&arena, 0);
        if (!lg_store_open(*state, &store, NULL, NULL))
            _exit(2);
        if (!lg_store_find(store, lg_str_of(id), &arena, &row, NULL))
            _exit(3);
        fixture_add(store, id);
        lg_store_close(store);
        lg_arena_deinit(&arena);
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(set_aside_count(*state), 1);
    struct lg_arena arena;
    struct lg_store_row *rows;
    lg_arena_init(&arena, 0);
    store = fixture_open(*state);
    assert_int_equal(fixture_list(store, &arena, &rows), PROCESSES + 1);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(damaged_in_every_way),
        lg_tmpdir_test(a_missing_index_is_made_again),
        lg_tmpdir_test(flipped_bytes),
        lg_tmpdir_test(folders_that_tell_little),
        lg_tmpdir_test(two_open_a_damaged_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
