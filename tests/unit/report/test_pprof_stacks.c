/* SPDX-License-Identifier: Apache-2.0 */
/* The reports that list whole stacks: folded and speedscope; and json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/pprof_report.h"

#include <jansson.h>
#include <string.h>

static struct lg_arena arena;
static struct lg_profile profile;

static void add_function(const char *name)
{
    struct lg_profile_function *f = lg_push(&arena, &profile.functions);
    struct lg_profile_line *line = lg_push(&arena, &profile.lines);
    assert_true(f != NULL && line != NULL);
    *f = (struct lg_profile_function){.id = profile.functions.count,
                                      .name = lg_str_of(name)};
    line->function = (uint32_t)profile.functions.count - 1;
}

/* Location 2 is `inner` inlined into `outer`. */
static int begin(void **state)
{
    (void)state;
    static const struct lg_profile_location locations[] = {
        {.id = 1, .line_first = 0, .line_count = 1},
        {.id = 2, .line_first = 1, .line_count = 2},
        {.id = 3, .line_first = 3, .line_count = 1},
    };
    static const uint32_t stacks[][2] = {{1, 0}, {2, 0}, {1, 0}, {2, 0}};
    static const int64_t values[][2] = {{1, 10}, {2, 20}, {3, 30}, {1, -20}};
    lg_arena_init(&arena, 0);
    assert_true(lg_profile_init(&profile, &arena));
    *lg_push(&arena, &profile.types) =
        (struct lg_value_type){LG_STR("objects"), LG_STR("count")};
    *lg_push(&arena, &profile.types) =
        (struct lg_value_type){LG_STR("space"), LG_STR("bytes")};
    add_function("main");
    add_function("inner");
    add_function("outer");
    add_function("a;b\nc");
    for (size_t i = 0; i < LG_COUNT(locations); i++)
        *lg_push(&arena, &profile.locations) = locations[i];
    for (size_t i = 0; i < LG_COUNT(stacks); i++)
        assert_true(lg_profile_sample(&profile, stacks[i], 2, values[i]));
    return 0;
}

static int end(void **state)
{
    (void)state;
    lg_arena_deinit(&arena);
    return 0;
}

static struct lg_pprof_report report_of(size_t type)
{
    return (struct lg_pprof_report){
        .profile = &profile,
        .ratio = 1,
        .value_type = type,
        .sample_type = profile.types.items[type].type,
        .sample_unit = profile.types.items[type].unit,
        .total = 60};
}

static struct lg_str print(lg_pprof_report_fn *fn, struct lg_pprof_report *r)
{
    struct lg_sb out;
    struct lg_error err = {0};
    lg_sb_init(&out, &arena);
    if (!fn(r, &out, &err))
        fail_msg("%s", err.text);
    return lg_sb_view(&out);
}

static void assert_text(struct lg_str text, const char *want)
{
    if (!lg_str_eq(text, lg_str_of(want)))
        fail_msg("%.*s instead of %s", LG_STR_ARG(text), want);
}

/* Equal stacks are one line; what adds up to nothing is none. */
static void test_folded(void **state)
{
    (void)state;
    struct lg_pprof_report objects = report_of(0), space = report_of(1);
    assert_text(print(lg_pprof_folded, &objects),
                "main;outer;inner 4\nmain;a:b c 3\n");
    assert_text(print(lg_pprof_folded, &space), "main;outer;inner 40\n");
    space.ratio = 0.5;
    assert_text(print(lg_pprof_folded, &space), "main;outer;inner 20\n");
}

static json_t *parse(struct lg_str text)
{
    json_error_t why;
    json_t *json = json_loadb(text.data, text.len, 0, &why);
    if (json == NULL)
        fail_msg("%s", why.text);
    return json;
}

/* Weights add up to the end of the profile, and a stack is root first. */
static void test_speedscope(void **state)
{
    (void)state;
    struct lg_pprof_report r = report_of(1);
    json_t *json = parse(print(lg_pprof_speedscope, &r));
    json_t *space = json_array_get(json_object_get(json, "profiles"), 1);
    json_t *weights = json_object_get(space, "weights");
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(weights); i++)
        sum += json_integer_value(json_array_get(weights, i));
    assert_int_equal(sum, 60);
    assert_int_equal(json_integer_value(json_object_get(space, "endValue")),
                     60);
    json_t *stack = json_array_get(json_object_get(space, "samples"), 0);
    json_t *frames = json_object_get(json_object_get(json, "shared"), "frames");
    assert_int_equal(json_array_size(stack), 3);
    json_t *root = json_array_get(
        frames, (size_t)json_integer_value(json_array_get(stack, 0)));
    assert_string_equal(json_string_value(json_object_get(root, "name")),
                        "main");
    assert_int_equal(
        json_integer_value(json_object_get(json, "activeProfileIndex")), 1);
    json_decref(json);
}

static void test_json(void **state)
{
    (void)state;
    struct lg_pprof_report r = report_of(1);
    r.format = LG_PPROF_TREE;
    json_t *json = parse(print(lg_pprof_json, &r));
    json_t *nodes = json_object_get(json, "nodes");
    json_t *calls = json_object_get(json, "calls");
    bool found = false;
    for (size_t i = 0; i < json_array_size(calls); i++) {
        json_t *call = json_array_get(calls, i);
        json_t *from = json_array_get(
            nodes, (size_t)json_integer_value(json_object_get(call, "from")));
        json_t *to = json_array_get(
            nodes, (size_t)json_integer_value(json_object_get(call, "to")));
        if (strcmp(json_string_value(json_object_get(from, "function")),
                   "outer") != 0)
            continue;
        found = true;
        assert_string_equal(json_string_value(json_object_get(to, "function")),
                            "inner");
        assert_int_equal(json_integer_value(json_object_get(call, "value")),
                         40);
        assert_true(json_is_true(json_object_get(call, "inline")));
    }
    assert_true(found);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_folded, begin, end),
        cmocka_unit_test_setup_teardown(test_speedscope, begin, end),
        cmocka_unit_test_setup_teardown(test_json, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
