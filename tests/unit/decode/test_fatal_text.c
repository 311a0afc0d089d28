/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sb.h"
#include "base/vec.h"
#include "decode/goroutine_text.h"
#include "golden.h"

struct death {
    const char *mode;
    enum lg_fatal_kind kind;
    const char *message; /* begins with it */
    bool has_dump;
};

static const struct death deaths[] = {
    {"panic", LG_FATAL_PANIC, "panic: boom", true},
    {"rethrow", LG_FATAL_PANIC, "panic: first", true},
    {"nil", LG_FATAL_PANIC,
     "panic: runtime error: invalid memory address or nil pointer", true},
    {"overflow", LG_FATAL_STACK_OVERFLOW,
     "runtime: goroutine stack exceeds 65536-byte limit", true},
    {"memory", LG_FATAL_OUT_OF_MEMORY, "", true},
    {"threads", LG_FATAL_THREADS, "runtime: program exceeds 20-thread limit",
     true},
    {"deadlock", LG_FATAL_DEADLOCK,
     "fatal error: all goroutines are asleep - deadlock!", true},
    {"maps", LG_FATAL_CONCURRENT_MAP, "fatal error: concurrent map", true},
    {"quit", LG_FATAL_SIGNAL, "SIGQUIT: quit", true},
    {"crash", LG_FATAL_SIGNAL, "SIGQUIT: quit", true},
    {"exit", LG_FATAL_NONE, "", false},
};

/* The oracle: programs that died in that way. */
static void test_real_deaths(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++)
        for (size_t i = 0; i < LG_COUNT(deaths); i++) {
            const struct death *d = &deaths[i];
            struct lg_arena arena;
            struct lg_fatal fatal;
            struct lg_goroutines g;
            lg_arena_init(&arena, 0);
            struct lg_str text = lg_golden(&arena, "goroutines/%s/die-%s.txt",
                                           lg_golden_versions[v], d->mode);
            bool died = lg_fatal_parse(text, &fatal);
            if (died != (d->kind != LG_FATAL_NONE) || fatal.kind != d->kind)
                fail_msg("go%s %s: kind %d", lg_golden_versions[v], d->mode,
                         fatal.kind);
            assert_true(lg_str_starts(fatal.message, lg_str_of(d->message)));
            assert_int_equal(fatal.dump.len != 0, d->has_dump);
            if (d->has_dump)
                assert_true(
                    lg_goroutine_text_parse(fatal.dump, &arena, &g, NULL));
            assert_int_equal(fatal.stack_limit_bytes,
                             d->kind == LG_FATAL_STACK_OVERFLOW ? 65536 : 0);
            lg_arena_deinit(&arena);
        }
}

static void assert_kind(const char *text, enum lg_fatal_kind kind,
                        const char *message)
{
    struct lg_fatal fatal;
    bool died = lg_fatal_parse(lg_str_of(text), &fatal);
    if (died != (kind != LG_FATAL_NONE) || fatal.kind != kind ||
        !lg_str_eq(fatal.message, lg_str_of(message)))
        fail_msg("%s\nkind %d: %.*s", text, fatal.kind,
                 LG_STR_ARG(fatal.message));
}

static void test_by_hand(void **state)
{
    assert_kind("", LG_FATAL_NONE, "");
    assert_kind("all is well\n", LG_FATAL_NONE, "");
    assert_kind("panic: cut", LG_FATAL_PANIC, "panic: cut");
    assert_kind("don't panic: it is a log\n", LG_FATAL_NONE, "");
    assert_kind("SIGHUP: reloading\n", LG_FATAL_NONE, "");
    assert_kind("SIGABRT: abort\nPC=0x1 m=0 sigcode=0\n", LG_FATAL_SIGNAL,
                "SIGABRT: abort");
    assert_kind("runtime: out of memory: cannot allocate 8192-byte block (1 in "
                "use)\nfatal error: out of memory\n",
                LG_FATAL_OUT_OF_MEMORY,
                "runtime: out of memory: cannot allocate 8192-byte block (1 in "
                "use)");
    assert_kind("fatal error: runtime: cannot allocate memory\n",
                LG_FATAL_OUT_OF_MEMORY,
                "fatal error: runtime: cannot allocate memory");
    assert_kind("fatal error: pageAlloc: out of memory\n",
                LG_FATAL_OUT_OF_MEMORY,
                "fatal error: pageAlloc: out of memory");
    assert_kind("runtime/cgo: pthread_create failed: Resource temporarily "
                "unavailable\nSIGABRT: abort\nPC=0x1 m=0 sigcode=0\n",
                LG_FATAL_THREADS,
                "runtime/cgo: pthread_create failed: Resource temporarily "
                "unavailable");
    assert_kind("runtime: failed to create new OS thread (have 7 already; "
                "errno=11)\nfatal error: newosproc\n",
                LG_FATAL_THREADS,
                "runtime: failed to create new OS thread (have 7 already; "
                "errno=11)");
    assert_kind("fatal error: unexpected signal during runtime execution\n",
                LG_FATAL_OTHER,
                "fatal error: unexpected signal during runtime execution");
}

/* The death is the last one, and a line that only looks like one is none. */
static void test_which(void **state)
{
    struct lg_arena arena;
    struct lg_sb sb;
    struct lg_fatal fatal;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    lg_sb_cstr(&sb, "panic: recovered and printed\n");
    for (size_t i = 0; i < 100; i++)
        lg_sb_cstr(&sb, "serving on\n");
    assert_false(lg_fatal_parse(lg_sb_view(&sb), &fatal));
    lg_sb_cstr(&sb, "panic: printed again\n"
                    "panic: real\n\n"
                    "goroutine 7 [running]:\nmain.f()\n\t/x.go:1 +0x1\n");
    assert_true(lg_fatal_parse(lg_sb_view(&sb), &fatal));
    assert_true(lg_str_eq(fatal.message, LG_STR("panic: real")));
    lg_sb_cstr(&sb, "fatal error: a later process\n\n"
                    "goroutine 8 [running]:\nmain.f()\n\t/x.go:1 +0x1\n");
    assert_true(lg_fatal_parse(lg_sb_view(&sb), &fatal));
    assert_int_equal(fatal.kind, LG_FATAL_OTHER);
    assert_true(lg_str_starts(fatal.dump, LG_STR("goroutine 8 ")));
    lg_arena_deinit(&arena);
}

static void hostile(struct lg_str bytes, bool whole)
{
    struct lg_fatal fatal;
    bool died = lg_fatal_parse(bytes, &fatal);
    assert_true(died == (fatal.kind != LG_FATAL_NONE));
    assert_true(!whole || died);
    assert_true(fatal.message.len + fatal.dump.len <= bytes.len);
}

static void test_hostile(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i + 1 < LG_COUNT(deaths); i++)
        lg_hostile(
            lg_golden(&arena, "goroutines/1.27.4/die-%s.txt", deaths[i].mode),
            300, hostile);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_deaths),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_which),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
