/* SPDX-License-Identifier: Apache-2.0 */
/* Running dot: with a stand-in on the PATH, since Graphviz need not be here. */
#include "base/io.h"
#include "base/sb.h"
#include "sources/graphviz.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tmpdir.h"

/* What one run gave. */
struct drawn {
    struct lg_arena arena;
    struct lg_error err;
    struct lg_str picture;
    bool ok;
};

static struct drawn draw(const char *format, struct lg_str graph)
{
    struct drawn d = {0};
    lg_arena_init(&d.arena, 0);
    d.ok = lg_graphviz_draw(format, graph, &d.arena, &d.picture, &d.err);
    return d;
}

/* A program of that name, and nothing else but the shell's own words. */
static void install(const char *folder, const char *script)
{
    char file[256];
    (void)snprintf(file, sizeof file, "%s/dot", folder);
    assert_true(lg_write_file(AT_FDCWD, file, lg_str_of(script), 0644, NULL));
    assert_int_equal(chmod(file, 0755), 0);
    setenv("PATH", folder, 1);
}

static void test_gets_graph_and_format(void **state)
{
    install(*state, "#!/bin/sh\nread -r line\nprintf '%s|%s|%s' \"$#\" \"$1\" "
                    "\"$line\"\n");
    struct drawn d = draw("pdf", LG_STR("digraph {}\n"));
    assert_true(d.ok);
    assert_true(lg_str_eq(d.picture, LG_STR("1|-Tpdf|digraph {}")));
    lg_arena_deinit(&d.arena);
}

static struct lg_str large_graph(struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    for (int i = 0; i < 10000; i++)
        lg_sb_fmt(&sb, "N%d -> N%d [label=\"x\"]\n", i, i + 1);
    return lg_sb_view(&sb);
}

/* Far more than a pipe holds, in both directions. */
static void test_large_graph_and_picture(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str graph = large_graph(&arena);
    install(*state, "#!/bin/sh\nwhile read -r line; do echo \"$line\"; done\n");
    struct drawn d = draw("svg", graph);
    assert_true(d.ok);
    assert_true(lg_str_eq(d.picture, graph));
    lg_arena_deinit(&d.arena);
    lg_arena_deinit(&arena);
}

static void test_ends_before_it_reads(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    install(*state, "#!/bin/sh\nexit 3\n");
    struct drawn d = draw("svg", large_graph(&arena));
    assert_false(d.ok);
    assert_int_equal(d.err.kind, LG_UNSUPPORTED);
    assert_non_null(strstr(d.err.text, "status 3"));
    assert_null(d.picture.data);
    lg_arena_deinit(&d.arena);
    lg_arena_deinit(&arena);
}

static void test_killed(void **state)
{
    install(*state, "#!/bin/sh\nkill -9 $$\n");
    struct drawn d = draw("svg", LG_STR(""));
    assert_false(d.ok);
    assert_int_equal(d.err.kind, LG_UNSUPPORTED);
    assert_non_null(strstr(d.err.text, "signal 9"));
    lg_arena_deinit(&d.arena);
}

static void test_not_installed(void **state)
{
    setenv("PATH", *state, 1);
    struct drawn d = draw("svg", LG_STR(""));
    assert_false(d.ok);
    assert_int_equal(d.err.kind, LG_ABSENT);
    lg_arena_deinit(&d.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(test_gets_graph_and_format),
        lg_tmpdir_test(test_large_graph_and_picture),
        lg_tmpdir_test(test_ends_before_it_reads),
        lg_tmpdir_test(test_killed),
        lg_tmpdir_test(test_not_installed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
