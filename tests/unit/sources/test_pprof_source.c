/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/sb.h"
#include "tmpdir.h"

/* A machine of its own: everything lies below the test's folder. */
struct place {
    const char *root;
    struct lg_arena arena;
    struct lg_source_finder finder;
    struct lg_sb said;
    char home[256];
};

static void take_said(void *context, const char *text)
{
    struct lg_sb *said = context;
    lg_sb_cstr(said, text);
    lg_sb_char(said, '\n');
}

static void begin(struct place *p, const char *root)
{
    *p = (struct place){.root = root};
    lg_arena_init(&p->arena, 0);
    lg_sb_init(&p->said, &p->arena);
    (void)snprintf(p->home, sizeof p->home, "%s/home", root);
    const struct lg_source_env env = {.home = p->home};
    lg_source_finder_init(&p->finder, &env, take_said, &p->said, &p->arena);
}

static void end(struct place *p)
{
    lg_arena_deinit(&p->arena);
}

/* root/name, in memory of the place. */
static struct lg_str at(struct place *p, const char *name)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &p->arena);
    lg_sb_fmt(&sb, "%s/%s", p->root, name);
    return lg_sb_view(&sb);
}

static void put(struct place *p, const char *name, const char *text)
{
    char path[512], folder[512];
    (void)snprintf(path, sizeof path, "%s/%s", p->root, name);
    (void)snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_true(lg_make_dirs(folder, 0755, NULL));
    assert_true(lg_write_file(AT_FDCWD, path, lg_str_of(text), 0644, NULL));
}

/* The text, or the error in angle brackets. */
static const char *find(struct place *p, struct lg_str path, const char *search,
                        const char *function, int64_t start_line)
{
    struct lg_source_query query = {.path = path,
                                    .search_path = at(p, search),
                                    .function = lg_str_of(function),
                                    .start_line = start_line};
    struct lg_str text;
    struct lg_sb sb;
    bool ok = lg_source_find(&p->finder, &query, &p->arena, &text);
    lg_sb_init(&sb, &p->arena);
    if (!ok)
        lg_sb_char(&sb, '<');
    lg_sb_str(&sb, text);
    if (!ok)
        lg_sb_char(&sb, '>');
    return lg_sb_cstr_of(&sb);
}

static const char *find_name(struct place *p, const char *name,
                             const char *search)
{
    return find(p, lg_str_of(name), search, "", 0);
}

static void files_are_found_as_pprof_finds_them(void **state)
{
    struct place p;
    begin(&p, *state);
    put(&p, "a/b/c/one.go", "one");
    put(&p, "a/two.go", "two");
    put(&p, "d/two.go", "other two");
    assert_string_equal(find(&p, at(&p, "a/two.go"), "d", "", 0), "two");
    assert_string_equal(find_name(&p, "one.go", "a/b/c"), "one");
    assert_string_equal(find_name(&p, "c/one.go", "a/b/c"), "one");
    assert_string_equal(find_name(&p, "./x/../two.go", "a/b/c"), "two");
    struct lg_source_query query = {.path = LG_STR("two.go")};
    struct lg_sb both;
    struct lg_str text;
    lg_sb_init(&both, &p.arena);
    lg_sb_fmt(&both, "relative::%s/d:%s/a", p.root, p.root);
    query.search_path = lg_sb_view(&both);
    assert_true(lg_source_find(&p.finder, &query, &p.arena, &text));
    assert_true(lg_str_eq(text, LG_STR("other two")));
    assert_int_equal(p.said.len, 0);
    end(&p);
}

static void what_is_missing_is_named_as_pprof_names_it(void **state)
{
    struct place p;
    char want[512];
    begin(&p, *state);
    put(&p, "file", "");
    (void)snprintf(want, sizeof want,
                   "<open %s/lost.go: no such file or directory>", p.root);
    assert_string_equal(find(&p, at(&p, "lost.go"), "a", "", 0), want);
    (void)snprintf(want, sizeof want, "<open %s/file/x: not a directory>",
                   p.root);
    assert_string_equal(find(&p, at(&p, "file/x"), "a", "", 0), want);
    (void)snprintf(want, sizeof want,
                   "<could not find file no/x.go on path %s/a>", p.root);
    assert_string_equal(find_name(&p, "no/x.go", "a"), want);
    /* A folder opens; that it is no text shows only when it is read. */
    assert_string_equal(find(&p, at(&p, "."), "a", "", 0), "");
    /* Nobody waits for a pipe. */
    (void)snprintf(want, sizeof want, "%s/pipe", p.root);
    assert_int_equal(mkfifo(want, 0600), 0);
    assert_int_equal(find(&p, at(&p, "pipe"), "a", "", 0)[0], '<');
    assert_string_equal(find(&p, lg_str_from("/a\0b", 4), "a", "", 0),
                        "<open /a");
    end(&p);
}

static void a_long_path_is_not_cut(void **state)
{
    struct place p;
    struct lg_sb name;
    begin(&p, *state);
    lg_sb_init(&name, &p.arena);
    lg_sb_repeat(&name, 'x', 3000);
    const char *said = find(&p, lg_sb_view(&name), "a", "", 0);
    assert_true(strlen(said) > 3000 + strlen(p.root));
    end(&p);
}

/* Two toolchains, of which the name, then the first line tells which. */
static void the_standard_library_is_that_of_a_toolchain_here(void **state)
{
    struct place p;
    begin(&p, *state);
    put(&p, "home/sdk/go1.24.9/VERSION", "go1.24.9\ntime 2025\n");
    put(&p, "home/sdk/go1.24.9/src/runtime/proc.go", "\n\nfunc gopark() {}\n");
    put(&p, "home/sdk/go1.9.1/VERSION", "go1.9.1");
    put(&p, "home/sdk/go1.9.1/src/runtime/proc.go", "func gopark() {}\n");
    const char *new_text = "\n\nfunc gopark() {}\n";
    const char *old_text = "func gopark() {}\n";
    struct lg_str relative = LG_STR("runtime/proc.go");
    struct lg_str absolute = LG_STR("/opt/go/src/runtime/proc.go");
    assert_string_equal(find(&p, relative, "a", "runtime.gopark", 3), new_text);
    assert_string_equal(find(&p, relative, "a", "runtime.gopark", 1), old_text);
    assert_string_equal(find(&p, absolute, "a", "runtime.gopark", 1), old_text);
    assert_int_equal(find(&p, absolute, "a", "runtime.gopark", 2)[0], '<');
    /* No function to go by: only a version counts. */
    assert_int_equal(find(&p, absolute, "a", "", 0)[0], '<');
    assert_string_equal(
        find(&p, LG_STR("/elsewhere/go1.9.1/src/runtime/proc.go"), "a", "", 0),
        old_text);
    assert_string_equal(
        find(&p,
             LG_STR("/m/golang.org/toolchain@v0.0.1-go1.24.9.linux-amd64/src/"
                    "runtime/proc.go"),
             "a", "", 0),
        new_text);
    assert_non_null(
        strstr(lg_sb_cstr_of(&p.said),
               "/opt/go/src/runtime/proc.go is not here; shown is "));
    end(&p);
}

static void modules_are_found_in_cache_and_vendor(void **state)
{
    struct place p;
    begin(&p, *state);
    put(&p, "home/go/pkg/mod/github.com/!azure/sdk@v1.2.3/A.go", "azure");
    put(&p, "app/go.mod", "module example.com/app\n");
    put(&p, "app/vendor/github.com/Foo/bar/b.go", "func Bar() {}");
    put(&p, "app/sub/x", "");
    assert_string_equal(
        find_name(&p, "github.com/Azure/sdk@v1.2.3/A.go", "app"), "azure");
    assert_string_equal(
        find_name(&p, "/ci/pkg/mod/github.com/!azure/sdk@v1.2.3/A.go", "app"),
        "azure");
    assert_string_equal(
        find_name(&p, "/cache/github.com/!azure/sdk@v1.2.3/A.go", "app"),
        "azure");
    assert_int_equal(
        find_name(&p, "github.com/Azure/sdk@v1.2.4/A.go", "app")[0], '<');
    struct lg_str vendored = LG_STR("github.com/Foo/bar@v0.1.0/b.go");
    assert_string_equal(
        find(&p, vendored, "app/sub", "github.com/Foo/bar.Bar", 1),
        "func Bar() {}");
    assert_int_equal(
        find(&p, vendored, "app/sub", "github.com/Foo/bar.Other", 1)[0], '<');
    end(&p);
}

static void the_environment_moves_the_cache(void **state)
{
    struct place p;
    begin(&p, *state);
    put(&p, "mods/a.b/c@v1/x.go", "by variable");
    put(&p, "path/pkg/mod/a.b/d@v1/x.go", "by path");
    put(&p, "written/a.b/e@v1/x.go", "by go env -w");
    struct lg_sb text, mods, path;
    lg_sb_init(&text, &p.arena);
    lg_sb_fmt(&text, "GOFLAGS=-v\nGOMODCACHE=%s/written\n", p.root);
    put(&p, "home/.config/go/env", lg_sb_cstr_of(&text));
    lg_sb_init(&mods, &p.arena);
    lg_sb_str(&mods, at(&p, "mods"));
    lg_sb_init(&path, &p.arena);
    lg_sb_fmt(&path, "/nowhere:%s/path", p.root);
    p.finder.env.gomodcache = lg_sb_cstr_of(&mods);
    p.finder.env.gopath = lg_sb_cstr_of(&path);
    assert_string_equal(find_name(&p, "a.b/c@v1/x.go", "a"), "by variable");
    assert_string_equal(find_name(&p, "a.b/d@v1/x.go", "a"), "by path");
    assert_string_equal(find_name(&p, "a.b/e@v1/x.go", "a"), "by go env -w");
    end(&p);
}

/* A build machine's path, a name of -trimpath: tails below the module. */
static void own_files_are_found_by_the_end_of_their_name(void **state)
{
    struct place p;
    static const char text[] = "package main\n\nfunc (s *T) run() {\n"
                               "\tgo func() {\n";
    begin(&p, *state);
    put(&p, "app/go.mod", "module example.com/app\n");
    put(&p, "app/cmd/main.go", text);
    put(&p, "app/deep/er/x", "");
    static const char *const names[] = {"/build/app/cmd/main.go",
                                        "example.com/app/cmd/main.go",
                                        "/workspace/main.go/cmd/main.go"};
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        struct lg_str name = lg_str_of(names[i]);
        assert_string_equal(find(&p, name, "app/deep/er", "main.(*T).run", 3),
                            text);
        assert_string_equal(
            find(&p, name, "app/deep/er", "main.(*T).run.func1", 4), text);
        assert_int_equal(find(&p, name, "app/deep/er", "main.(*T).run", 4)[0],
                         '<');
        assert_int_equal(find(&p, name, "app/deep/er", "main.(*T).stop", 3)[0],
                         '<');
        assert_int_equal(find(&p, name, "app/deep/er", "", 3)[0], '<');
    }
    end(&p);
}

static void where_it_was_looked_for_is_said_a_few_times(void **state)
{
    struct place p;
    char name[64];
    begin(&p, *state);
    (void)find_name(&p, "<autogenerated>", "a");
    (void)find_name(&p, "_cgo_gotypes.go", "a");
    assert_int_equal(p.said.len, 0);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(name, sizeof name, "/build/lost%d.go", i);
        (void)find_name(&p, name, "a");
    }
    const char *said = lg_sb_cstr_of(&p.said);
    assert_non_null(strstr(said, "no source /build/lost0.go; not as "));
    assert_non_null(strstr(said, "/a/build/lost0.go"));
    assert_non_null(strstr(said, "-source_path="));
    assert_non_null(strstr(said, "/build/lost19.go"));
    assert_null(strstr(said, "/build/lost20.go"));
    assert_non_null(strstr(said, "is not said\n"));
    size_t lines = 0;
    for (const char *s = said; (s = strchr(s, '\n')) != NULL; s++)
        lines++;
    assert_int_equal(lines, 21);
    end(&p);
}

static const struct {
    const char *function;
    int64_t line;
    bool is_plausible;
} claims[] = {
    {"main.run", 2, true},
    {"main.run", 3, false},
    {"main.run", 99, false},
    {"main.ru", 2, false},
    {"main.run[...]", 2, true},
    {"a.b/c.run[go.shape.struct { X/Y.Z }]", 2, true},
    {"main.(*T[...]).Get", 3, true},
    {"main.T.Get-fm", 3, true},
    {"main.Get.func1", 4, true},
    {"main.Get.func1.2", 4, true},
    {"main.Get.gowrap1", 5, true},
    {"main.Get.deferwrap2", 6, true},
    {"main.Get.func1-range1", 7, true},
    {"main.Get.func1", 1, false},
    {"main.glob..func1", 4, true},
    {"runtime.memmove", 8, true},
    {"main.run", 0, true},
    {"main.Get", 0, true},
    {"main.V", 0, false},
    {"main.lost", 0, false},
    {"", 2, false},
    {".", 2, false},
    {"[", 2, false},
    {"main.run.func1", 0, true},
};

static void a_guess_has_to_hold_the_function(void **state)
{
    (void)state;
    static const char text[] = "package main\n"
                               "func run() {\n"
                               "func (t *T[K]) Get(k K) V {\n"
                               "\tx := func() {\n"
                               "\tgo work()\n"
                               "\tdefer done()\n"
                               "\tfor x := range seq {\n"
                               "TEXT runtime\xc2\xb7memmove(SB), NOSPLIT\n";
    for (size_t i = 0; i < LG_COUNT(claims); i++) {
        struct lg_source_query query = {.function =
                                            lg_str_of(claims[i].function),
                                        .start_line = claims[i].line};
        if (lg_source_is_plausible(lg_str_of(text), &query) !=
            claims[i].is_plausible)
            fail_msg("%s at line %lld", claims[i].function,
                     (long long)claims[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(files_are_found_as_pprof_finds_them),
        lg_tmpdir_test(what_is_missing_is_named_as_pprof_names_it),
        lg_tmpdir_test(a_long_path_is_not_cut),
        lg_tmpdir_test(the_standard_library_is_that_of_a_toolchain_here),
        lg_tmpdir_test(modules_are_found_in_cache_and_vendor),
        lg_tmpdir_test(the_environment_moves_the_cache),
        lg_tmpdir_test(own_files_are_found_by_the_end_of_their_name),
        lg_tmpdir_test(where_it_was_looked_for_is_said_a_few_times),
        cmocka_unit_test(a_guess_has_to_hold_the_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
