/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/capture_json.h"
#include "decode/record_json.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

#include <jansson.h>

static const char record[] =
    "{\"schema\":\"lastgasp.record/1\",\"id\":\"7k2f\",\"state\":\"done\","
    "\"mode\":\"run\",\"subject\":{\"pid\":4711,\"exe\":\"/x/consumer\","
    "\"comm\":\"consumer\",\"cmdline\":[\"/x/consumer\",\"-a\",\"\xc3\xa9\"],"
    "\"go_version\":\"go1.26.8\",\"is_go\":true,\"build_id\":\"ab\","
    "\"module\":\"example.com/m\",\"module_version\":\"(devel)\","
    "\"path\":\"example.com/m/cmd/consumer\",\"deps\":[{\"path\":\"a.b/c\","
    "\"version\":\"v1.2.3\"},{\"path\":\"d\",\"version\":\"v2\"}],"
    "\"stripped\":true,\"started_at_ns\":1789000000000000001,"
    "\"cgroup\":\"/system.slice/nginx.service\",\"cgroup_version\":2,"
    "\"limit_bytes\":268435456,\"limit_source\":\"run --memory-max\","
    "\"gogc\":\"50\",\"gomemlimit\":\"\",\"host_memory_bytes\":8000000000,"
    "\"exe_size_bytes\":9000000},\"started_ns\":1789000001000000000,"
    "\"end\":{\"kind\":\"oom-kill\",\"time_ns\":1789000009000000000,"
    "\"t_ns\":8000000000,\"life_ns\":9000000000,\"signal\":9,\"exit_code\":3,"
    "\"oom_kill_delta\":1,\"signals\":[{\"time_ns\":5,\"signal\":9,"
    "\"sender_pid\":1,\"sender_comm\":\"kill\",\"from_kernel\":true}]},"
    "\"absent\":[{\"what\":\"memory.peak\",\"source\":\"/sys/x\","
    "\"reason\":\"kernel 4.18\",\"kind\":\"not-supported\"}]}";

static const char capture[] =
    "{\"schema\":\"lastgasp.capture/1\",\"id\":3,\"trigger\":\"usage 50 %\","
    "\"time_ns\":1789000002000000000,\"t_ns\":1000000000,"
    "\"duration_ns\":38000000,\"pause_ns\":5,\"complete\":true,"
    "\"source\":\"pprof over HTTP\",\"parts\":[{\"file\":\"heap.pb.gz\","
    "\"bytes\":3411,\"duration_ns\":7,\"cut\":false,\"error\":\"\"},"
    "{\"file\":\"goroutines.txt\",\"bytes\":9,\"duration_ns\":8,\"cut\":true,"
    "\"error\":\"cut after 200 ms\"}]}";

static bool is(struct lg_str s, const char *want)
{
    return lg_str_eq(s, lg_str_of(want));
}

static void reads_a_record(void **state)
{
    struct lg_arena arena;
    struct lg_record_doc doc;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_true(lg_record_json_parse(lg_str_of(record), &arena, &doc, &err));
    const struct lg_subject *s = &doc.subject;
    assert_true(is(doc.id, "7k2f") && is(doc.state, "done"));
    assert_true(is(doc.mode, "run"));
    assert_int_equal(doc.started_ns, 1789000001000000000);
    assert_int_equal(s->pid, 4711);
    assert_true(is(s->exe, "/x/consumer") && is(s->comm, "consumer"));
    assert_int_equal(s->cmdline.count, 3);
    assert_true(is(s->cmdline.items[2], "\xc3\xa9"));
    assert_true(s->build.is_go && s->build.stripped && !s->build.cgo);
    assert_true(is(s->build.go_version, "go1.26.8"));
    assert_true(is(s->build.module.path, "example.com/m"));
    assert_true(is(s->build.path, "example.com/m/cmd/consumer"));
    assert_int_equal(s->build.deps.count, 2);
    assert_true(is(s->build.deps.items[0].version, "v1.2.3"));
    assert_int_equal(s->started_at_ns, 1789000000000000001);
    assert_int_equal(s->cgroup_version, 2);
    assert_true(is(s->identity.unit, "nginx.service"));
    assert_int_equal(s->limit_bytes.value, 268435456);
    assert_true(is(s->gogc, "50") && is(s->gomemlimit, ""));
    assert_int_equal(s->host_memory_bytes.value, 8000000000);
    assert_int_equal(doc.end.kind, LG_END_OOM_KILL);
    assert_int_equal(doc.end.t_ns, 8000000000);
    assert_int_equal(doc.end.signal, 9);
    assert_int_equal(doc.end.exit_code, -1);
    assert_true(doc.end.oom_kill_delta.known);
    assert_int_equal(doc.end.signals.count, 1);
    assert_true(doc.end.signals.items[0].from_kernel);
    assert_true(is(doc.end.signals.items[0].sender_comm, "kill"));
    assert_int_equal(doc.absent.count, 1);
    assert_int_equal(doc.absent.items[0].kind, LG_NOT_SUPPORTED);
    lg_arena_deinit(&arena);
}

static void an_interrupted_record(void **state)
{
    struct lg_arena arena;
    struct lg_record_doc doc;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_true(lg_record_json_parse(
        LG_STR("{\"schema\":\"lastgasp.record/1\",\"state\":\"recording\"}"),
        &arena, &doc, &err));
    assert_int_equal(doc.end.kind, LG_END_UNKNOWN);
    assert_int_equal(doc.end.exit_code, -1);
    assert_false(doc.subject.limit_bytes.known);
    lg_arena_deinit(&arena);
}

static void reads_a_capture(void **state)
{
    struct lg_arena arena;
    struct lg_capture_doc doc;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_true(lg_capture_json_parse(lg_str_of(capture), &arena, &doc, &err));
    assert_int_equal(doc.id, 3);
    assert_true(is(doc.trigger, "usage 50 %") && doc.complete);
    assert_int_equal(doc.duration_ns, 38000000);
    assert_int_equal(doc.parts.count, 2);
    assert_true(doc.parts.items[1].cut);
    assert_true(is(doc.parts.items[1].error, "cut after 200 ms"));
    lg_arena_deinit(&arena);
}

static void wrong_types_are_unknown(void **state)
{
    struct lg_arena arena;
    struct lg_record_doc doc;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_true(lg_record_json_parse(
        LG_STR("{\"schema\":\"lastgasp.record/1\",\"id\":7,\"subject\":[],"
               "\"end\":{\"kind\":\"exit\",\"exit_code\":99999999999,"
               "\"signal\":\"9\",\"t_ns\":-4,\"signals\":{\"a\":1}},"
               "\"absent\":[1,null,{\"kind\":7}]}"),
        &arena, &doc, &err));
    assert_int_equal(doc.id.len, 0);
    assert_int_equal(doc.end.kind, LG_END_EXIT);
    assert_int_equal(doc.end.exit_code, -1);
    assert_int_equal(doc.end.signal, 0);
    assert_int_equal(doc.end.t_ns, 0);
    assert_int_equal(doc.end.signals.count, 0);
    assert_int_equal(doc.absent.count, 3);
    lg_arena_deinit(&arena);
}

static void refuses(const char *text, enum lg_error_kind kind)
{
    struct lg_arena arena;
    struct lg_record_doc doc;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_false(lg_record_json_parse(lg_str_of(text), &arena, &doc, &err));
    assert_int_equal(err.kind, kind);
    assert_true(err.text[0] != '\0');
    lg_arena_deinit(&arena);
}

static void bad_documents(void **state)
{
    refuses("", LG_BAD_DATA);
    refuses("[]", LG_BAD_DATA);
    refuses("{}", LG_BAD_DATA);
    refuses("{\"schema\":\"lastgasp.record/2\"}", LG_BAD_DATA);
    refuses("{\"schema\":\"lastgasp.record/1\"} x", LG_BAD_DATA);
    refuses("{\"schema\":\"lastgasp.record/1\",\"id\":\"\xff\"}", LG_BAD_DATA);
    char deep[4096] = "{\"schema\":\"lastgasp.record/1\",\"id\":";
    memset(deep + strlen(deep), '[', 2000);
    refuses(deep, LG_LIMIT);
}

/* Cut at every byte: only the whole is a document. */
static void cut_anywhere(void **state)
{
    struct lg_arena arena;
    struct lg_record_doc doc;
    struct lg_capture_doc capture_doc;
    lg_arena_init(&arena, 0);
    for (size_t len = 0; len < sizeof record - 1; len++) {
        struct lg_error err = {0};
        char *copy = malloc(len + 1);
        memcpy(copy, record, len);
        assert_false(
            lg_record_json_parse(lg_str_from(copy, len), &arena, &doc, &err));
        assert_int_equal(err.kind, LG_BAD_DATA);
        free(copy);
    }
    for (size_t len = 0; len < sizeof capture - 1; len++)
        assert_false(lg_capture_json_parse(lg_str_from(capture, len), &arena,
                                           &capture_doc, NULL));
    lg_arena_deinit(&arena);
}

static void flipped_bytes(void **state)
{
    struct lg_rng rng = {3};
    for (int round = 0; round < 20000; round++) {
        struct lg_arena arena;
        struct lg_record_doc doc;
        struct lg_error err = {0};
        char copy[sizeof record];
        memcpy(copy, record, sizeof record);
        for (int i = 0; i < 3; i++)
            copy[lg_rng_below(&rng, sizeof copy - 1)] = (char)lg_rng_u64(&rng);
        lg_arena_init(&arena, 0);
        if (!lg_record_json_parse(lg_str_from(copy, sizeof copy - 1), &arena,
                                  &doc, &err))
            assert_int_equal(err.kind, LG_BAD_DATA);
        lg_arena_deinit(&arena);
    }
}

static bool parse_both(void *context, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_record_doc doc;
    struct lg_capture_doc capture_doc;
    return lg_record_json_parse(lg_str_of(record), arena, &doc, err) &&
           lg_capture_json_parse(lg_str_of(capture), arena, &capture_doc, err);
}

static void out_of_memory(void **state)
{
    assert_true(lg_alloc_fail_all(parse_both, NULL) > 100);
}

static size_t allocations_left;

static void *failing_malloc(size_t bytes)
{
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(bytes);
}

/* jansson's own allocations. */
static void tree_out_of_memory(void **state)
{
    size_t n = 0;
    bool ok = false;
    json_set_alloc_funcs(failing_malloc, free);
    for (; !ok; n++) {
        struct lg_arena arena;
        struct lg_error err = {0};
        allocations_left = n;
        lg_arena_init(&arena, 0);
        ok = parse_both(NULL, &arena, &err);
        assert_true(ok || err.kind == LG_NOMEM || err.kind == LG_BAD_DATA);
        lg_arena_deinit(&arena);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_record),
        cmocka_unit_test(an_interrupted_record),
        cmocka_unit_test(reads_a_capture),
        cmocka_unit_test(wrong_types_are_unknown),
        cmocka_unit_test(bad_documents),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(flipped_bytes),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(tree_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
