/* SPDX-License-Identifier: Apache-2.0 */
/* Out as one file, in again: of our own, and of people who mean us no good. */
#include "store/store.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rng.h"
#include "store/internal.h"
#include "store_fixture.h"

static struct lg_str content(struct lg_arena *arena, const char *path)
{
    struct lg_str bytes;
    struct lg_error err = {0};
    if (!lg_read_file(AT_FDCWD, path, 1 << 24, arena, &bytes, &err))
        fail_msg("%s", err.text);
    return bytes;
}

static void same_file(const char *a, const char *b, const char *name)
{
    struct lg_arena arena;
    char path_a[300], path_b[300];
    lg_arena_init(&arena, 0);
    snprintf(path_a, sizeof path_a, "%s/%s", a, name);
    snprintf(path_b, sizeof path_b, "%s/%s", b, name);
    assert_true(lg_str_eq(content(&arena, path_a), content(&arena, path_b)));
    lg_arena_deinit(&arena);
}

static size_t entries_in(const char *dir, const char *name)
{
    char path[300];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    DIR *d = opendir(path);
    assert_non_null(d);
    while (readdir(d) != NULL)
        count++;
    closedir(d);
    return count - 2;
}

static struct lg_store *store_in(const char *dir, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return fixture_open(path);
}

static const char *const all_files[] = {"record.json", "report.json",
                                        "kernel.log", "goroutines.txt",
                                        "captures/0001-start/goroutines.txt"};

static void out_and_in_again(void **state)
{
    char id[16], id2[16], tar[300];
    struct lg_arena arena;
    struct lg_error err = {0};
    struct lg_store_row a, b;
    lg_arena_init(&arena, 0);
    struct lg_store *from = store_in(*state, "from");
    struct lg_store *to = store_in(*state, "to");
    fixture_add(from, id);
    snprintf(tar, sizeof tar, "%s/x.tar.gz", (char *)*state);
    assert_true(lg_store_export(from, id, tar, &err));
    if (!lg_store_import(to, tar, id2, &err))
        fail_msg("%s", err.text);
    assert_string_equal(id, id2);
    assert_true(lg_store_find(from, lg_str_of(id), &arena, &a, &err));
    assert_true(lg_store_find(to, lg_str_of(id), &arena, &b, &err));
    for (size_t i = 0; i < LG_COUNT(all_files); i++)
        same_file(a.folder.data, b.folder.data, all_files[i]);
    b.size_bytes = a.size_bytes; /* two names became two files */
    fixture_same_row(&a, &b);

    /* Its name is taken now: another one, and both stay. */
    assert_true(lg_store_import(to, tar, id2, &err));
    assert_string_not_equal(id, id2);
    assert_true(lg_store_find(to, lg_str_of(id2), &arena, &b, &err));
    same_file(a.folder.data, b.folder.data, "report.json");
    assert_int_equal(entries_in(*state, "to/incidents"), 2);
    lg_store_close(from);
    lg_store_close(to);
    lg_arena_deinit(&arena);
}

static void exports_are_the_same_bytes(void **state)
{
    char id[16], a[300], b[300];
    struct lg_arena arena;
    struct lg_error err = {0};
    struct lg_str x, y;
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    fixture_add(store, id);
    snprintf(a, sizeof a, "%s/a.tgz", (char *)*state);
    snprintf(b, sizeof b, "%s/folder", (char *)*state);
    assert_int_equal(mkdir(b, 0700), 0);
    assert_true(lg_store_export(store, id, a, &err));
    assert_true(lg_store_export(store, id, a, &err)); /* over the old one */
    assert_true(lg_store_export(store, id, b, &err)); /* into a folder */
    snprintf(b, sizeof b, "%s/folder/%s.tar.gz", (char *)*state, id);
    x = content(&arena, a);
    y = content(&arena, b);
    assert_true(x.len > 200 && lg_str_eq(x, y));
    assert_int_equal(entries_in(*state, "folder"), 1);
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

static void exports_that_cannot_be_written(void **state)
{
    char id[16], path[300];
    struct lg_error err = {0};
    struct lg_store *store = fixture_open(*state);
    fixture_add(store, id);
    snprintf(path, sizeof path, "%s/no/such/x.tgz", (char *)*state);
    assert_false(lg_store_export(store, id, path, &err));
    assert_non_null(strstr(err.text, path));
    assert_int_equal(err.kind, LG_OS);
    assert_false(lg_store_export(store, id, "/dev/full", &err));
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_int_equal(access("/dev/full", F_OK), 0); /* still a device */
    lg_store_close(store);
}

static void a_folder_of_loose_files(void **state)
{
    char id[16], path[300];
    struct lg_arena arena;
    struct lg_error err = {0};
    struct lg_store_row row;
    lg_arena_init(&arena, 0);
    struct lg_store *store = fixture_open(*state);
    snprintf(path, sizeof path, "%s/evidence", (char *)*state);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/evidence/dump.txt", (char *)*state);
    fixture_put(AT_FDCWD, path, "goroutine 1 [running]:\n");
    snprintf(path, sizeof path, "%s/evidence", (char *)*state);
    assert_true(lg_store_import(store, path, id, &err));
    assert_true(lg_store_find(store, lg_str_of(id), &arena, &row, &err));
    same_file(path, row.folder.data, "dump.txt");
    assert_text(row.state, "interrupted");
    lg_store_close(store);
    lg_arena_deinit(&arena);
}

/* A tarball with one member, as its maker wants it. */
struct member {
    const char *path, *link;
    mode_t type;
    const char *hardlink;
};

static void write_member(struct archive *a, const struct member *m)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, m->path);
    archive_entry_set_filetype(e, m->type);
    archive_entry_set_perm(e, 04777);
    archive_entry_set_size(e, m->type == AE_IFREG && !m->hardlink ? 2 : 0);
    if (m->link != NULL)
        archive_entry_set_symlink(e, m->link);
    if (m->hardlink != NULL)
        archive_entry_set_hardlink(e, m->hardlink);
    archive_entry_set_rdevmajor(e, 1);
    archive_entry_set_rdevminor(e, 3);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    if (m->type == AE_IFREG && m->hardlink == NULL)
        assert_int_equal(archive_write_data(a, "{}", 2), 2);
    archive_entry_free(e);
}

static void write_tar(const char *path, const struct member *members,
                      size_t count)
{
    struct archive *a = archive_write_new();
    assert_int_equal(archive_write_set_format_pax(a), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++)
        write_member(a, &members[i]);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

static void members_that_are_refused(void **state)
{
    static const struct member bad[][2] = {
        {{"../evil", NULL, AE_IFREG, NULL}},
        {{"a/../../evil", NULL, AE_IFREG, NULL}},
        {{"/tmp/lastgasp-evil", NULL, AE_IFREG, NULL}},
        {{"ab23/link", "/etc/passwd", AE_IFLNK, NULL}},
        {{"ab23/dir", "/tmp", AE_IFLNK, NULL},
         {"ab23/dir/evil", NULL, AE_IFREG, NULL}},
        {{"ab23/null", NULL, AE_IFCHR, NULL}},
        {{"ab23/pipe", NULL, AE_IFIFO, NULL}},
        {{"ab23/a", NULL, AE_IFREG, NULL},
         {"ab23/b", NULL, AE_IFREG, "ab23/a"}},
        {{"ab23/a", NULL, AE_IFREG, NULL}, {"ab23/a", NULL, AE_IFREG, NULL}},
        {{"ab23/a", NULL, AE_IFREG, NULL}, {"ab23/a/b", NULL, AE_IFREG, NULL}},
        {{"", NULL, AE_IFDIR, NULL}},
    };
    char path[300], outside[300];
    struct lg_store *store = store_in(*state, "store");
    for (size_t i = 0; i < LG_COUNT(bad); i++) {
        char id[16];
        struct lg_error err = {0};
        snprintf(path, sizeof path, "%s/%zu.tar", (char *)*state, i);
        write_tar(path, bad[i], bad[i][1].path != NULL ? 2 : 1);
        if (lg_store_import(store, path, id, &err))
            fail_msg("case %zu was taken", i);
        if (strstr(err.text, path) == NULL)
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(entries_in(*state, "store/incidents"), 0);
    }
    snprintf(outside, sizeof outside, "%s/store/evil", (char *)*state);
    assert_int_not_equal(access(outside, F_OK), 0);
    assert_int_not_equal(access("/tmp/lastgasp-evil", F_OK), 0);
    lg_store_close(store);
}

/* Neither set-user-id bits nor other people's access come in. */
static void files_are_ours(void **state)
{
    static const struct member good[] = {{"./ab23/", NULL, AE_IFDIR, NULL},
                                         {".//ab23/./x", NULL, AE_IFREG, NULL}};
    char path[300], id[16];
    struct lg_error err = {0};
    struct stat st;
    struct lg_store *store = fixture_open(*state);
    snprintf(path, sizeof path, "%s/x.tar", (char *)*state);
    write_tar(path, good, 2);
    if (!lg_store_import(store, path, id, &err))
        fail_msg("%s", err.text);
    assert_string_equal(id, "ab23");
    snprintf(path, sizeof path, "%s/incidents/ab23/x", (char *)*state);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    lg_store_close(store);
}

static void folders_with_links_are_refused(void **state)
{
    char path[300], id[16];
    struct lg_error err = {0};
    struct lg_store *store = store_in(*state, "store");
    snprintf(path, sizeof path, "%s/in/sub", (char *)*state);
    assert_true(lg_make_dirs(path, 0700, &err));
    snprintf(path, sizeof path, "%s/in/sub/l", (char *)*state);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/in", (char *)*state);
    assert_false(lg_store_import(store, path, id, &err));
    assert_non_null(strstr(err.text, "sub: l: l is a link"));
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_int_equal(entries_in(*state, "store/incidents"), 0);
    snprintf(path, sizeof path, "%s/nothing", (char *)*state);
    assert_false(lg_store_import(store, path, id, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    lg_store_close(store);
}

/* Cut anywhere, or with a changed byte: taken whole or refused whole. */
static void damaged_archives(void **state)
{
    struct lg_rng rng = {77};
    struct lg_arena arena;
    struct lg_error err = {0};
    char id[16], tar[300], bad[300];
    size_t refused = 0;
    lg_arena_init(&arena, 0);
    struct lg_store *from = store_in(*state, "from");
    struct lg_store *to = store_in(*state, "to");
    fixture_add(from, id);
    snprintf(tar, sizeof tar, "%s/x.tgz", (char *)*state);
    snprintf(bad, sizeof bad, "%s/bad.tgz", (char *)*state);
    assert_true(lg_store_export(from, id, tar, &err));
    struct lg_str whole = content(&arena, tar);
    for (size_t len = 0; len < whole.len; len += 1 + whole.len / 150) {
        err = (struct lg_error){0};
        assert_true(
            lg_write_file(AT_FDCWD, bad, lg_str_first(whole, len), 0600, NULL));
        if (lg_store_import(to, bad, id, &err))
            fail_msg("cut at %zu of %zu was taken", len, whole.len);
        assert_true(err.text[0] != '\0');
        assert_int_equal(entries_in(*state, "to/incidents"), 0);
    }
    for (int i = 0; i < 150; i++) {
        char *copy = lg_str_cstr(&arena, whole);
        copy[lg_rng_below(&rng, whole.len)] ^=
            (char)(1 + lg_rng_below(&rng, 255));
        assert_true(lg_write_file(AT_FDCWD, bad, lg_str_from(copy, whole.len),
                                  0600, NULL));
        if (!lg_store_import(to, bad, id, &err))
            refused++;
        else /* a byte of gzip's header that says nothing */
            assert_true(lg_store_remove(to, id, &err));
        assert_int_equal(entries_in(*state, "to/incidents"), 0);
    }
    assert_true(refused > 140);
    lg_store_close(from);
    lg_store_close(to);
    lg_arena_deinit(&arena);
}

static void bounds_hold(void **state)
{
    static const struct member two[] = {{"a", NULL, AE_IFREG, NULL},
                                        {"d/b", NULL, AE_IFREG, NULL}};
    static const struct {
        uint64_t files, bytes;
        bool ok;
    } cases[] = {{3, 4, true}, {2, 4, false}, {3, 3, false}, {0, 0, false}};
    char path[300];
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_unpack_budget budget = {cases[i].files, cases[i].bytes};
        struct lg_error err = {0};
        snprintf(path, sizeof path, "%s/x.tar", (char *)*state);
        write_tar(path, two, 2);
        int tar = open(path, O_RDONLY);
        snprintf(path, sizeof path, "%s/out%zu", (char *)*state, i);
        assert_int_equal(mkdir(path, 0700), 0);
        int out = open(path, O_RDONLY | O_DIRECTORY);
        assert_true(tar >= 0 && out >= 0);
        assert_true(lg_unpack_tar(tar, out, &budget, &err) == cases[i].ok);
        assert_int_equal(err.kind, cases[i].ok ? LG_OK : LG_LIMIT);
        close(out);
        close(tar);
    }
}

static void names_are_cleaned(void **state)
{
    static const struct {
        const char *path, *clean; /* NULL: refused */
    } cases[] = {
        {"a", "a"},         {"a/b", "a/b"}, {"./a//b/", "a/b"},
        {"", ""},           {".", ""},      {"./", ""},
        {"..", NULL},       {"a/..", NULL}, {"/a", NULL},
        {"a/../b", NULL},   {"...", "..."}, {"..a/b..", "..a/b.."},
        {"a/./../b", NULL}, {" ", " "},     {"a\nb", "a\nb"},
    };
    char clean[LG_UNPACK_PATH_BYTES];
    char deep[LG_UNPACK_PATH_BYTES * 2];
    (void)state;
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        bool ok = lg_unpack_clean_path(lg_str_of(cases[i].path), clean);
        assert_true(ok == (cases[i].clean != NULL));
        if (ok)
            assert_string_equal(clean, cases[i].clean);
    }
    assert_false(lg_unpack_clean_path(lg_str_from("a\0b", 3), clean));
    memset(deep, 'x', sizeof deep);
    assert_true(lg_unpack_clean_path(lg_str_from(deep, 255), clean));
    assert_false(lg_unpack_clean_path(lg_str_from(deep, 256), clean));
    for (size_t i = 1; i < sizeof deep; i += 2)
        deep[i] = '/';
    assert_true(lg_unpack_clean_path(lg_str_from(deep, 63), clean));
    assert_false(lg_unpack_clean_path(lg_str_from(deep, 65), clean));
    for (size_t len = 0; len <= sizeof deep; len++) {
        for (size_t i = 1; i < sizeof deep; i++)
            deep[i] = i % 200 == 0 ? '/' : 'y';
        if (lg_unpack_clean_path(lg_str_from(deep, len), clean))
            assert_true(strlen(clean) < sizeof clean);
        else
            assert_true(len >= LG_UNPACK_PATH_BYTES - 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(out_and_in_again),
        lg_tmpdir_test(exports_are_the_same_bytes),
        lg_tmpdir_test(exports_that_cannot_be_written),
        lg_tmpdir_test(a_folder_of_loose_files),
        lg_tmpdir_test(members_that_are_refused),
        lg_tmpdir_test(files_are_ours),
        lg_tmpdir_test(folders_with_links_are_refused),
        lg_tmpdir_test(damaged_archives),
        lg_tmpdir_test(bounds_hold),
        lg_tmpdir_test(names_are_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
