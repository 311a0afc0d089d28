/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/goroutine_header.h"

#define MINUTE UINT64_C(60000000000)

struct header {
    const char *line, *state, *labels;
    uint64_t id, wait_ns;
    bool leaked, locked;
};

/* As Go 1.17 … 1.27 write them. */
static const struct header headers[] = {
    {"goroutine 1 [running]:", "running", "", 1, 0, false, false},
    {"goroutine 7 [select (no cases)]:", "select (no cases)", "", 7, 0, false,
     false},
    {"goroutine 18446744073709551615 [chan receive (nil chan), 5 minutes]:",
     "chan receive (nil chan)", "", UINT64_MAX, 5 * MINUTE, false, false},
    {"goroutine 9 [syscall, 1 minutes, locked to thread]:", "syscall", "", 9,
     MINUTE, false, true},
    {"goroutine 9 [IO wait, locked to thread]:", "IO wait", "", 9, 0, false,
     true},
    {"goroutine 5 [chan receive (leaked)]:", "chan receive", "", 5, 0, true,
     false},
    {"goroutine 5 [select (no cases) (leaked) (scan), 120 minutes]:",
     "select (no cases)", "", 5, 120 * MINUTE, true, false},
    {"goroutine 5 [runnable (scan)]:", "runnable", "", 5, 0, false, false},
    {"goroutine 5 [chan receive (synctest), synctest group 3]:", "chan receive",
     "", 5, 0, false, false},
    {"goroutine 5 [chan receive (durable), 2 minutes, synctest bubble 3]:",
     "chan receive", "", 5, 2 * MINUTE, false, false},
    {"goroutine 1 gp=0xc000002380 m=0 mp=0x58ac20 [running]:", "running", "", 1,
     0, false, false},
    {"goroutine 3 gp=0xc0000036c0 m=nil [GC worker (idle), 3 minutes]:",
     "GC worker (idle)", "", 3, 3 * MINUTE, false, false},
    {"goroutine 78 [chan receive labels:{\"a\": \"b ]: , x\\\"\"}]:",
     "chan receive", "\"a\": \"b ]: , x\\\"\"", 78, 0, false, false},
    {"goroutine 78 [sleep, 4 minutes, synctest bubble 1 labels:{\"k\": "
     "\"v\"}]:",
     "sleep", "\"k\": \"v\"", 78, 4 * MINUTE, false, false},
    {"goroutine 38 [chan receive] {k2: v/2, tenant: \"a ]}: b\", x: y}:",
     "chan receive", "k2: v/2, tenant: \"a ]}: b\", x: y", 38, 0, false, false},
    {"goroutine 6 [waiting for cgo callback]:", "waiting for cgo callback", "",
     6, 0, false, false},
    {"goroutine 6 [???]:", "???", "", 6, 0, false, false},
};

static void test_headers(void **state)
{
    for (size_t i = 0; i < LG_COUNT(headers); i++) {
        const struct header *h = &headers[i];
        struct lg_goroutine g;
        if (!lg_goroutine_header(lg_str_of(h->line), &g))
            fail_msg("%s", h->line);
        if (!lg_str_eq(g.state, lg_str_of(h->state)) ||
            !lg_str_eq(g.labels, lg_str_of(h->labels)))
            fail_msg("%s: state %.*s, labels %.*s", h->line,
                     LG_STR_ARG(g.state), LG_STR_ARG(g.labels));
        assert_true(g.id == h->id);
        assert_true(g.wait_ns == h->wait_ns);
        assert_int_equal(g.leaked, h->leaked);
        assert_int_equal(g.locked_to_thread, h->locked);
        assert_int_equal(g.count, 1);
    }
}

static void test_no_headers(void **state)
{
    static const char *const lines[] = {
        "",
        "goroutine",
        "goroutine ",
        "goroutine x [running]:",
        "goroutine 1 [running]",
        "goroutine 1 [running",
        "goroutine 1[running]:",
        "goroutine 1 running:",
        "goroutine 1 [running]: more",
        "goroutine 1 [running] {a: \"}:",
        "goroutine 1 [a labels:{\"]:",
        "goroutine 99999999999999999999 [running]:",
        "goroutine 1 stack exceeds [x]:",
        "goroutine running on other thread; stack unavailable",
        "goroutine profile: total 7",
        " goroutine 1 [running]:",
        "http: goroutine 1 [running]:",
    };
    struct lg_goroutine g;
    for (size_t i = 0; i < LG_COUNT(lines); i++)
        if (lg_goroutine_header(lg_str_of(lines[i]), &g))
            fail_msg("\"%s\" is no header", lines[i]);
}

static void assert_call(const char *line, const char *function)
{
    struct lg_str f;
    if (!lg_goroutine_call(lg_str_of(line), &f) ||
        !lg_str_eq(f, lg_str_of(function)))
        fail_msg("%s", line);
}

static void test_calls(void **state)
{
    struct lg_str f;
    assert_call("main.main()", "main.main");
    assert_call("main.(*T).run(0xc000012345, {0x1, 0x2?}, _, ...)",
                "main.(*T).run");
    assert_call("main.(*Server[...]).run[...](...)",
                "main.(*Server[...]).run[...]");
    assert_call("panic({0x4ae640?, 0x18b5a0a94210?})", "panic");
    assert_call("gopkg.in/yaml%2ev3.(*Decoder).Decode(0x0)",
                "gopkg.in/yaml%2ev3.(*Decoder).Decode");
    assert_false(lg_goroutine_call(LG_STR("main.main"), &f));
    assert_false(lg_goroutine_call(LG_STR("()"), &f));
    assert_false(lg_goroutine_call(LG_STR("x)"), &f));
}

static void assert_place(const char *line, const char *file, uint32_t number,
                         bool complete)
{
    struct lg_frame frame = {0};
    struct lg_str rest;
    if (!lg_goroutine_place(lg_str_of(line), &frame, &rest))
        fail_msg("%s", line);
    assert_true(lg_str_eq(frame.file, lg_str_of(file)));
    assert_int_equal(frame.line, number);
    assert_int_equal(rest.len != 0, complete);
}

static void test_places(void **state)
{
    struct lg_frame frame;
    struct lg_str rest;
    assert_place("\t/src/main.go:12 +0x1d", "/src/main.go", 12, true);
    assert_place("\t/src/main.go:12", "/src/main.go", 12, false);
    assert_place("\t/a b:7/x.go:3 +0x1d fp=0xc0 sp=0xc0 pc=0x47", "/a b:7/x.go",
                 3, true);
    assert_place("\tC:/src/main.go:12 +0x1d", "C:/src/main.go", 12, true);
    assert_place("\t/lib/x.c:77 pc=0x7f00", "/lib/x.c", 77, true);
    assert_place("\t<autogenerated>:1 +0x5", "<autogenerated>", 1, true);
    assert_place("\t??:0 +0x5", "??", 0, true);
    assert_place("\t/x.go:4294967296 +0x5", "/x.go", 0, true);
    assert_false(lg_goroutine_place(LG_STR("/x.go:1 +0x5"), &frame, &rest));
    assert_false(lg_goroutine_place(LG_STR("\t/x.go:"), &frame, &rest));
    assert_false(lg_goroutine_place(LG_STR("\t/x.go:1x"), &frame, &rest));
    assert_false(lg_goroutine_place(LG_STR("\tpc=0x7f00"), &frame, &rest));
    assert_false(lg_goroutine_place(LG_STR("\t:12"), &frame, &rest));
}

static void test_creators(void **state)
{
    struct lg_str f;
    uint64_t id;
    assert_true(lg_goroutine_creator(
        LG_STR("created by main.(*T).start in goroutine 17"), &f, &id));
    assert_true(lg_str_eq(f, LG_STR("main.(*T).start")));
    assert_int_equal(id, 17);
    assert_true(lg_goroutine_creator(LG_STR("created by main.a"), &f, &id));
    assert_true(lg_str_eq(f, LG_STR("main.a")));
    assert_int_equal(id, 0);
    assert_false(lg_goroutine_creator(LG_STR("created by "), &f, &id));
    assert_false(lg_goroutine_creator(LG_STR("created"), &f, &id));
}

static void test_elided(void **state)
{
    uint64_t n;
    assert_true(lg_goroutine_elided(LG_STR("...23 frames elided..."), &n));
    assert_int_equal(n, 23);
    assert_true(
        lg_goroutine_elided(LG_STR("...additional frames elided..."), &n));
    assert_true(n == UINT64_MAX);
    assert_false(lg_goroutine_elided(LG_STR("..."), &n));
    assert_false(lg_goroutine_elided(LG_STR("...x frames elided..."), &n));
    assert_false(lg_goroutine_elided(LG_STR("...5 frames elided"), &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),  cmocka_unit_test(test_no_headers),
        cmocka_unit_test(test_calls),    cmocka_unit_test(test_places),
        cmocka_unit_test(test_creators), cmocka_unit_test(test_elided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
