/* SPDX-License-Identifier: Apache-2.0 */
/* The expected text is that of `pprof -raw` (Go 1.27.4) on the same profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PUSH(p, column) lg_push((p)->arena, &(p)->column)

static void add_label(struct lg_profile *p, uint32_t sample, const char *key,
                      const char *str, int64_t num, const char *unit)
{
    struct lg_label l = {.is_numeric = str == NULL,
                         .key = lg_str_of(key),
                         .str = lg_str_of(str),
                         .num = num,
                         .num_unit = lg_str_of(unit)};
    assert_true(lg_profile_add_label(p, sample, &l));
}

static void add_labels(struct lg_profile *p)
{
    add_label(p, 0, "key", "b", 0, NULL);
    add_label(p, 0, "key2", "x y", 0, NULL);
    add_label(p, 0, "key", "a", 0, NULL);
    add_label(p, 0, "size", NULL, 16, "bytes");
    add_label(p, 0, "size", NULL, -3, NULL);
    add_label(p, 0, "n", NULL, INT64_MIN, NULL);
    add_label(p, 2, "only", NULL, 7, NULL);
}

static void add_tables(struct lg_profile *p)
{
    *PUSH(p, mappings) = (struct lg_profile_mapping){.id = 7,
                                                     .start = 0x400000,
                                                     .limit = 0x500000,
                                                     .offset = 0x1000,
                                                     .file = LG_STR("/bin/x"),
                                                     .build_id = LG_STR("abc"),
                                                     .has_functions = true,
                                                     .has_inline_frames = true};
    *PUSH(p, mappings) = (struct lg_profile_mapping){.id = 8};
    *PUSH(p, functions) =
        (struct lg_profile_function){.id = 1,
                                     .name = LG_STR("main.f"),
                                     .system_name = LG_STR("main.f"),
                                     .file = LG_STR("/src/f.go"),
                                     .start_line = 10};
    *PUSH(p, functions) = (struct lg_profile_function){
        .id = 2, .name = LG_STR("g()"), .system_name = LG_STR("_Z1gv")};
    *PUSH(p, lines) = (struct lg_profile_line){0, 12, 3};
    *PUSH(p, lines) = (struct lg_profile_line){1, -1, 0};
    *PUSH(p, locations) = (struct lg_profile_location){
        .id = 3, .address = 0x401234, .mapping = 1, .line_count = 2};
    *PUSH(p, locations) = (struct lg_profile_location){
        .id = 1234567, .mapping = 2, .is_folded = true};
}

static void add_samples(struct lg_profile *p)
{
    static const uint32_t stack[] = {0, 1, 0};
    static const int64_t values[][2] = {
        {1, -2}, {INT64_MAX, INT64_MIN}, {0, 12345678901}};
    assert_true(lg_profile_sample(p, stack, 3, values[0]));
    assert_true(lg_profile_sample(p, NULL, 0, values[1]));
    assert_true(lg_profile_sample(p, stack + 1, 1, values[2]));
}

static struct lg_profile make(struct lg_arena *arena)
{
    struct lg_profile p;
    assert_true(lg_profile_init(&p, arena));
    *PUSH(&p, types) =
        (struct lg_value_type){LG_STR("samples"), LG_STR("count")};
    *PUSH(&p, types) =
        (struct lg_value_type){LG_STR("cpu"), LG_STR("nanoseconds")};
    p.default_type = LG_STR("cpu");
    p.has_period_type = true;
    p.period_type = p.types.items[1];
    p.period = 10000000;
    p.time_ns = 1700000000123456000;
    p.duration_ns = 30005000000;
    p.doc_url = LG_STR("http://example.com/doc");
    *PUSH(&p, comments) = LG_STR("first");
    *PUSH(&p, comments) = LG_STR("");
    add_tables(&p);
    add_samples(&p);
    add_labels(&p);
    return p;
}

static const char expected[] =
    "Comment: first\n"
    "Comment: \n"
    "Doc: http://example.com/doc\n"
    "PeriodType: cpu nanoseconds\n"
    "Period: 10000000\n"
    "Time: 2023-11-14 22:13:20.123456 +0000 UTC\n"
    "Duration: 30.0\n"
    "Samples:\n"
    "samples/count cpu/nanoseconds[dflt]\n"
    "          1         -2: 3 1234567 3 \n"
    "                key2:[x y] key:[b a]\n"
    "                n:[-9223372036854775808] size:[16 bytes -3 ]\n"
    " 9223372036854775807 -9223372036854775808: \n"
    "          0 12345678901: 1234567 \n"
    "                only:[7]\n"
    "Locations\n"
    "     3: 0x401234 M=7 main.f /src/f.go:12:3 s=10\n"
    "             g() :-1:0 s=0(_Z1gv)\n"
    "1234567: 0x0 M=8 [F] \n"
    "Mappings\n"
    "7: 0x400000/0x500000/0x1000 /bin/x abc [FN][IN]\n"
    "8: 0x0/0x0/0x0   \n";

static struct lg_str raw(struct lg_profile *p)
{
    struct lg_pprof_report report = {.profile = p};
    struct lg_sb out;
    struct lg_error err = {0};
    lg_sb_init(&out, p->arena);
    if (!lg_pprof_raw(&report, &out, &err))
        fail_msg("%s", err.text);
    return lg_sb_view(&out);
}

static void test_raw(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_profile p = make(&arena);
    struct lg_str text = raw(&p);
    if (!lg_str_eq(text, lg_str_of(expected)))
        fail_msg("%.*s", LG_STR_ARG(text));
    lg_arena_deinit(&arena);
}

/* Four characters of Go's time.Duration.String(). */
static void test_durations(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {1, "1ns"},
        {999, "999n"},
        {1500, "1.5\u00b5"},
        {1000000, "1ms"},
        {2345678, "2.34"},
        {1000000000, "1s"},
        {59999999999, "59.9"},
        {60000000000, "1m0s"},
        {259200000000000, "72h0"},
        {-1500, "-1.5"},
        {INT64_MIN, "-256"},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_arena arena;
        char line[64];
        lg_arena_init(&arena, 0);
        struct lg_profile p = make(&arena);
        p.duration_ns = cases[i].ns;
        snprintf(line, sizeof line, "\nDuration: %s\n", cases[i].text);
        struct lg_str text = raw(&p);
        if (!lg_str_contains(text, lg_str_of(line)))
            fail_msg("%s: %.*s", cases[i].text, LG_STR_ARG(text));
        lg_arena_deinit(&arena);
    }
}

static void test_out_of_memory(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_profile p = make(&arena);
    struct lg_pprof_report report = {.profile = &p};
    assert_true(lg_report_fail_all(lg_pprof_raw, &report) > 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_out_of_memory),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
