/* SPDX-License-Identifier: Apache-2.0 */
/* lastgasp.report/1: read back by another JSON library. */
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "alloc_fail.h"
#include "golden.h"
#include "random_incident.h"

static struct lg_str render(const struct sample *s, struct lg_arena *arena)
{
    struct lg_sb sb;
    struct lg_json j;
    lg_sb_init(&sb, arena);
    lg_json_init_sb(&j, &sb, true);
    lg_report_json(&s->report, &j);
    assert_true(lg_json_finish(&j));
    return lg_sb_view(&sb);
}

static json_t *parse(struct lg_str text)
{
    json_error_t err;
    json_t *root = json_loadb(text.data, text.len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &err);
    if (root == NULL)
        fail_msg("%s at %d\n%.*s", err.text, err.position, LG_STR_ARG(text));
    return root;
}

static void keys_are(const json_t *object, const char *const *keys,
                     size_t count)
{
    assert_true(json_is_object(object));
    assert_int_equal(json_object_size(object), count);
    for (size_t i = 0; i < count; i++)
        if (json_object_get(object, keys[i]) == NULL)
            fail_msg("no key \"%s\"", keys[i]);
}
#define KEYS_ARE(object, ...)                                                  \
    keys_are((object), (const char *const[]){__VA_ARGS__},                     \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void check_finding(const json_t *f)
{
    KEYS_ARE(f, "cause", "title", "confidence", "proof", "where", "leaf",
             "created_by", "wait", "bytes", "share", "rate_bytes_per_s",
             "count", "count_rate_per_s", "evidence", "against", "fix");
    size_t i;
    const json_t *fact;
    json_array_foreach(json_object_get(f, "evidence"), i, fact)
        KEYS_ARE(fact, "fact", "value", "unit", "source", "capture");
    const json_t *where = json_object_get(f, "where");
    if (!json_is_null(where))
        KEYS_ARE(where, "function", "file", "line");
}

/* The shape is the same whatever is known. */
static void check_shape(const json_t *root)
{
    KEYS_ARE(root, "schema", "tool", "subject", "end", "memory", "verdict",
             "findings", "not_judged", "timeline", "captures");
    KEYS_ARE(json_object_get(root, "tool"), "version");
    KEYS_ARE(json_object_get(root, "subject"), "pid", "exe", "comm", "cmdline",
             "go_version", "build_id", "module", "started_at", "cgroup",
             "container_id", "pod_uid", "unit", "limit_bytes", "limit_source");
    KEYS_ARE(json_object_get(root, "end"), "kind", "scope", "time",
             "constraint", "signal", "exit_code", "trigger", "victim", "memcg",
             "kernel_log");
    KEYS_ARE(json_object_get(root, "memory"), "at", "rss_bytes", "usage_bytes",
             "parts", "unexplained_bytes");
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(root, "findings"), i, item)
        check_finding(item);
    json_array_foreach(json_object_get(root, "not_judged"), i, item)
        KEYS_ARE(item, "cause", "missing", "reason");
    json_array_foreach(json_object_get(root, "timeline"), i, item)
        KEYS_ARE(item, "t", "usage_bytes", "rss_bytes", "limit_bytes",
                 "heap_bytes", "stack_bytes", "goroutines", "threads", "fds");
    json_array_foreach(json_object_get(root, "captures"), i, item)
        KEYS_ARE(item, "id", "time", "trigger", "pause_ns", "duration_ns",
                 "complete", "files", "quality");
    const json_t *first = json_array_get(json_object_get(root, "findings"), 0);
    const json_t *verdict = json_object_get(root, "verdict");
    if (first != NULL)
        assert_true(json_equal(first, verdict));
    else
        assert_string_equal(
            json_string_value(json_object_get(verdict, "cause")), "none");
}

static void samples_have_the_shape(void **state)
{
    for (size_t i = 0; i < LG_COUNT(samples); i++) {
        struct lg_arena arena;
        struct sample s;
        lg_arena_init(&arena, 0);
        samples[i].build(&arena, &s);
        struct lg_str text = render(&s, &arena);
        json_t *root = parse(text);
        check_shape(root);
        json_decref(root);
        char name[64];
        snprintf(name, sizeof name, "report/%s.json", samples[i].name);
        lg_golden_check(name, text);
        lg_arena_deinit(&arena);
    }
}

static void random_ones_have_the_shape(void **state)
{
    struct lg_rng rng = {20261121};
    for (int i = 0; i < 1500; i++) {
        struct lg_arena arena;
        struct sample s;
        lg_arena_init(&arena, 0);
        random_incident(&rng, &arena, &s);
        json_t *root = parse(render(&s, &arena));
        check_shape(root);
        json_decref(root);
        lg_arena_deinit(&arena);
    }
}

static int64_t integer(const json_t *root, const char *path)
{
    struct lg_str rest = lg_str_of(path);
    while (rest.len != 0) {
        struct lg_cut cut = lg_str_cut_char(rest, '.');
        uint64_t index;
        root = lg_str_u64(cut.head, &index)
                   ? json_array_get(root, (size_t)index)
                   : json_object_getn(root, cut.head.data, cut.head.len);
        if (root == NULL)
            fail_msg("%s: no \"%.*s\"", path, LG_STR_ARG(cut.head));
        rest = cut.tail;
    }
    assert_true(json_is_integer(root));
    return json_integer_value(root);
}

/* Bytes are integers to the last one; what was in goes out. */
static void values_are_exact(void **state)
{
    struct lg_arena arena;
    struct sample s;
    lg_arena_init(&arena, 0);
    sample_timing_wheel(&arena, &s);
    s.verdict.findings.items[0].bytes = lg_known(9007199254740993);
    s.in.timeline.rows[3].usage_bytes = lg_known(INT64_MAX);
    json_t *root = parse(render(&s, &arena));
    assert_int_equal(integer(root, "verdict.bytes"), 9007199254740993);
    assert_int_equal(integer(root, "timeline.3.usage_bytes"), INT64_MAX);
    assert_int_equal(integer(root, "verdict.evidence.3.value"), 106220748);
    assert_int_equal(integer(root, "verdict.where.line"), 31);
    assert_int_equal(integer(root, "end.memcg.limit_bytes"), 268435456);
    assert_int_equal(integer(root, "subject.limit_bytes"), 268435456);
    int64_t sum = integer(root, "memory.unexplained_bytes");
    for (int i = 0; i < 6; i++) {
        char path[40];
        snprintf(path, sizeof path, "memory.parts.%d.bytes", i);
        sum += integer(root, path);
    }
    assert_int_equal(sum, integer(root, "memory.usage_bytes"));
    json_decref(root);
    lg_arena_deinit(&arena);
}

static bool render_in(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_sb sb;
    struct lg_json j;
    lg_sb_init(&sb, arena);
    lg_json_init_sb(&j, &sb, false);
    lg_report_json(context, &j);
    return lg_json_finish(&j) || lg_fail_nomem(err);
}

static void memory_may_run_out(void **state)
{
    struct lg_arena arena;
    struct sample s;
    lg_arena_init(&arena, 0);
    sample_timing_wheel(&arena, &s);
    assert_true(lg_alloc_fail_all(render_in, &s.report) > 10);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_have_the_shape),
        cmocka_unit_test(random_ones_have_the_shape),
        cmocka_unit_test(values_are_exact),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
