/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/io.h"
#include "decode/capture_json.h"
#include "decode/record_json.h"
#include "record/record_json.h"
#include "rng.h"
#include "tmpdir.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* Names come from outside: they may hold anything. */
#define HOSTILE "a\"b\\c\n\t<&>\x01 \xc3\xa9 pid=77, ("

struct fixture {
    struct lg_arena arena;
    int fd;
};

static struct fixture open_fixture(void **state)
{
    struct fixture f;
    lg_arena_init(&f.arena, 0);
    f.fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(f.fd >= 0);
    return f;
}

static void close_fixture(struct fixture *f)
{
    close(f->fd);
    lg_arena_deinit(&f->arena);
}

static struct lg_str read_back(struct fixture *f, const char *name)
{
    static char text[65536];
    size_t len = 0;
    assert_true(lg_read_small(f->fd, name, text, sizeof text, &len, NULL));
    assert_true(len < sizeof text);
    return lg_str_from(text, len);
}

static json_t *parse(struct lg_str text)
{
    json_error_t error;
    json_t *root =
        json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("%s at %d", error.text, error.position);
    return root;
}

static void assert_str(struct lg_str a, struct lg_str b)
{
    assert_int_equal(a.len, b.len);
    assert_true(lg_str_eq(a, b));
}

static void assert_num(struct lg_num a, struct lg_num b)
{
    assert_int_equal(a.known, b.known);
    assert_true(a.value == b.value);
}

static struct lg_subject a_subject(struct lg_arena *arena)
{
    struct lg_subject s = {
        .pid = 4711,
        .exe = LG_STR("/usr/bin/" HOSTILE),
        .comm = LG_STR(HOSTILE),
        .started_at_ns = INT64_C(1793628180123456789),
        .cgroup = LG_STR("/a/" HOSTILE),
        .cgroup_version = 2,
        .limit_bytes = lg_known(UINT64_C(1) << 33),
        .limit_source = LG_STR("run --memory-max"),
        .gogc = LG_STR("50"),
        .gomemlimit = LG_STR("200MiB"),
        .host_memory_bytes = lg_known(0),
        .exe_size_bytes = lg_known(123456),
    };
    s.build.is_go = true;
    s.build.go_version = LG_STR("go1.27.4");
    s.build.path = LG_STR("shop/cmd/api");
    s.build.build_id = LG_STR("00ff");
    s.build.module = (struct lg_module){LG_STR("shop"), LG_STR("(devel)")};
    *lg_push(arena, &s.cmdline) = LG_STR("api");
    *lg_push(arena, &s.cmdline) = LG_STR("");
    *lg_push(arena, &s.cmdline) = LG_STR(HOSTILE);
    *lg_push(arena, &s.build.deps) =
        (struct lg_module){LG_STR("gorm.io/gorm"), LG_STR("v1.31.0")};
    return s;
}

static struct lg_end an_end(struct lg_arena *arena)
{
    struct lg_end end = {
        .kind = LG_END_OOM_KILL,
        .wall_ns = INT64_C(1793628190123456789),
        .t_ns = UINT64_C(10000000001),
        .life_ns = UINT64_C(10000000002),
        .signal = 9,
        .exit_code = -1,
        .oom_kill_delta = lg_known(1),
    };
    *lg_push(arena, &end.signals) = (struct lg_signal_event){
        .wall_ns = 12,
        .signal = 15,
        .sender_pid = 1,
        .sender_comm = LG_STR(HOSTILE),
    };
    *lg_push(arena, &end.signals) = (struct lg_signal_event){
        .wall_ns = 13, .signal = 9, .from_kernel = true};
    return end;
}

static void check_subject(const struct lg_subject *a,
                          const struct lg_subject *b)
{
    assert_int_equal(a->pid, b->pid);
    assert_str(a->exe, b->exe);
    assert_str(a->comm, b->comm);
    assert_int_equal(a->cmdline.count, b->cmdline.count);
    for (size_t i = 0; i < a->cmdline.count; i++)
        assert_str(a->cmdline.items[i], b->cmdline.items[i]);
    assert_int_equal(a->build.is_go, b->build.is_go);
    assert_str(a->build.go_version, b->build.go_version);
    assert_str(a->build.path, b->build.path);
    assert_str(a->build.build_id, b->build.build_id);
    assert_str(a->build.module.path, b->build.module.path);
    assert_str(a->build.module.version, b->build.module.version);
    assert_int_equal(a->build.deps.count, b->build.deps.count);
    for (size_t i = 0; i < a->build.deps.count; i++) {
        assert_str(a->build.deps.items[i].path, b->build.deps.items[i].path);
        assert_str(a->build.deps.items[i].version,
                   b->build.deps.items[i].version);
    }
    assert_true(a->started_at_ns == b->started_at_ns);
    assert_str(a->cgroup, b->cgroup);
    assert_int_equal(a->cgroup_version, b->cgroup_version);
    assert_num(a->limit_bytes, b->limit_bytes);
    assert_str(a->limit_source, b->limit_source);
    assert_str(a->gogc, b->gogc);
    assert_str(a->gomemlimit, b->gomemlimit);
    assert_num(a->host_memory_bytes, b->host_memory_bytes);
    assert_num(a->exe_size_bytes, b->exe_size_bytes);
}

static void check_end(const struct lg_end *a, const struct lg_end *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_true(a->wall_ns == b->wall_ns);
    assert_true(a->t_ns == b->t_ns && a->life_ns == b->life_ns);
    assert_int_equal(a->signal, b->signal);
    assert_int_equal(a->exit_code, b->exit_code);
    assert_num(a->oom_kill_delta, b->oom_kill_delta);
    assert_int_equal(a->signals.count, b->signals.count);
    for (size_t i = 0; i < a->signals.count; i++) {
        const struct lg_signal_event *x = &a->signals.items[i];
        const struct lg_signal_event *y = &b->signals.items[i];
        assert_true(x->wall_ns == y->wall_ns);
        assert_int_equal(x->signal, y->signal);
        assert_int_equal(x->sender_pid, y->sender_pid);
        assert_str(x->sender_comm, y->sender_comm);
        assert_int_equal(x->from_kernel, y->from_kernel);
    }
}

static struct lg_record_doc write_and_read(struct fixture *f,
                                           const struct lg_record_head *head)
{
    struct lg_record_doc doc;
    struct lg_error err = {0};
    assert_true(lg_record_json_write(f->fd, head, &f->arena, &err));
    struct lg_str text = read_back(f, "record.json");
    json_t *root = parse(text);
    assert_string_equal(json_string_value(json_object_get(root, "schema")),
                        "lastgasp.record/1");
    json_decref(root);
    if (!lg_record_json_parse(text, &f->arena, &doc, &err))
        fail_msg("%s", err.text);
    return doc;
}

static void test_record(void **state)
{
    struct fixture f = open_fixture(state);
    struct lg_subject subject = a_subject(&f.arena);
    struct lg_end end = an_end(&f.arena);
    struct lg_absent absent[] = {
        {LG_STR("kernel log"), LG_STR("/dev/kmsg"), LG_STR(HOSTILE),
         LG_NOT_PERMITTED},
        {LG_STR("x"), LG_STR(""), LG_STR("gone"), LG_GONE},
    };
    struct lg_record_head head = {
        .id = "7k2f",
        .mode = "run",
        .done = true,
        .started_ns = INT64_C(1793628180000000001),
        .recorder_pid = 99,
        .subject = &subject,
        .end = &end,
        .absent = absent,
        .absent_count = 2,
    };
    struct lg_record_doc doc = write_and_read(&f, &head);
    assert_str(doc.id, LG_STR("7k2f"));
    assert_str(doc.state, LG_STR("done"));
    assert_str(doc.mode, LG_STR("run"));
    assert_true(doc.started_ns == head.started_ns);
    check_subject(&doc.subject, &subject);
    check_end(&doc.end, &end);
    assert_int_equal(doc.absent.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_str(doc.absent.items[i].what, absent[i].what);
        assert_str(doc.absent.items[i].source, absent[i].source);
        assert_str(doc.absent.items[i].reason, absent[i].reason);
        assert_int_equal(doc.absent.items[i].kind, absent[i].kind);
    }
    close_fixture(&f);
}

/* While it records there is no end yet: interrupted then, it stays unknown. */
static void test_still_recording(void **state)
{
    struct fixture f = open_fixture(state);
    struct lg_subject subject = {.pid = 7};
    struct lg_record_head head = {
        .id = "a", .mode = "attach", .subject = &subject};
    struct lg_record_doc doc = write_and_read(&f, &head);
    assert_str(doc.state, LG_STR("recording"));
    assert_int_equal(doc.end.kind, LG_END_UNKNOWN);
    check_subject(&doc.subject, &subject);
    /* Written again over the old one. */
    struct lg_end end = {.kind = LG_END_EXIT, .exit_code = 0};
    head.done = true;
    head.end = &end;
    doc = write_and_read(&f, &head);
    assert_int_equal(doc.end.kind, LG_END_EXIT);
    assert_int_equal(doc.end.exit_code, 0);
    close_fixture(&f);
}

static void test_kinds_of_end(void **state)
{
    struct fixture f = open_fixture(state);
    struct lg_subject subject = {.pid = 7};
    for (int kind = LG_END_UNKNOWN; kind <= LG_END_EXIT; kind++) {
        struct lg_end end = {.kind = (enum lg_end_kind)kind, .exit_code = -1};
        if (kind == LG_END_EXIT)
            end.exit_code = 137;
        if (kind == LG_END_SIGNAL || kind == LG_END_OOM_KILL)
            end.signal = 9;
        struct lg_record_head head = {.id = "a",
                                      .mode = "run",
                                      .done = true,
                                      .subject = &subject,
                                      .end = &end};
        struct lg_record_doc doc = write_and_read(&f, &head);
        check_end(&doc.end, &end);
    }
    close_fixture(&f);
}

static void test_capture(void **state)
{
    struct fixture f = open_fixture(state);
    struct lg_part_result parts[LG_TAKE_COUNT];
    struct lg_capture_head head = {
        .id = 3,
        .trigger = "usage-50",
        .wall_ns = INT64_C(1793628180000000001),
        .t_ns = 5,
        .duration_ns = UINT64_C(12345678901),
        .source = "pprof over HTTP",
        .parts = parts,
    };
    struct lg_capture_doc doc;
    struct lg_error err = {0};
    memset(parts, 0, sizeof parts);
    parts[LG_TAKE_HEAP] = (struct lg_part_result){
        .asked = true, .written = true, .bytes = 77, .duration_ns = 88};
    parts[LG_TAKE_GOROUTINES_TEXT] =
        (struct lg_part_result){.asked = true, .cut = true, .bytes = 9};
    snprintf(parts[LG_TAKE_GOROUTINES_TEXT].error.text, 100, "%s", HOSTILE);
    assert_true(lg_capture_json_write(f.fd, &head, &f.arena, &err));
    struct lg_str text = read_back(&f, "capture.json");
    json_decref(parse(text));
    assert_true(lg_capture_json_parse(text, &f.arena, &doc, &err));
    assert_int_equal(doc.id, 3);
    assert_str(doc.trigger, LG_STR("usage-50"));
    assert_str(doc.source, LG_STR("pprof over HTTP"));
    assert_true(doc.time_ns == head.wall_ns && doc.t_ns == 5);
    assert_true(doc.duration_ns == head.duration_ns && !doc.complete);
    assert_int_equal(doc.parts.count, 2); /* those that were asked for */
    assert_str(doc.parts.items[0].file, LG_STR("heap.pb.gz"));
    assert_int_equal(doc.parts.items[0].bytes, 77);
    assert_int_equal(doc.parts.items[0].error.len, 0);
    assert_str(doc.parts.items[1].file, LG_STR("goroutines.txt"));
    assert_true(doc.parts.items[1].cut);
    assert_str(doc.parts.items[1].error, LG_STR(HOSTILE));
    /* Nothing answered: the files of /proc are a capture all the same. */
    memset(parts, 0, sizeof parts);
    head.source = NULL;
    assert_true(lg_capture_json_write(f.fd, &head, &f.arena, &err));
    text = read_back(&f, "capture.json");
    assert_true(lg_capture_json_parse(text, &f.arena, &doc, &err));
    assert_int_equal(doc.source.len, 0);
    assert_int_equal(doc.parts.count, 0);
    assert_false(doc.goroutines.known);
    assert_int_equal(doc.sampled_one_in, 1);
    close_fixture(&f);
}

/* What a capture out of memory says beside its parts. */
static void test_capture_notes(void **state)
{
    struct fixture f = open_fixture(state);
    struct lg_part_result parts[LG_TAKE_COUNT] = {0};
    struct lg_capture_notes notes = {
        .pause_ns = 1234,
        .goroutine_count = 1000000,
        .text_count = 15625,
        .sampled_one_in = 64,
    };
    struct lg_capture_head head = {
        .id = 1, .trigger = "start", .parts = parts, .notes = &notes};
    struct lg_capture_doc doc;
    for (int i = 0; i < 2 * LG_CAPTURE_QUALITY_MAX; i++) {
        lg_capture_note(&notes, "%d: %s", i, HOSTILE);
    }
    assert_int_equal(notes.quality_count, LG_CAPTURE_QUALITY_MAX);
    assert_true(lg_capture_json_write(f.fd, &head, &f.arena, NULL));
    struct lg_str text = read_back(&f, "capture.json");
    assert_true(lg_capture_json_parse(text, &f.arena, &doc, NULL));
    assert_int_equal(doc.pause_ns, 1234);
    assert_true(doc.goroutines.known);
    assert_int_equal(doc.goroutines.value, 1000000);
    assert_int_equal(doc.sampled_one_in, 64);
    assert_int_equal(doc.quality.count, LG_CAPTURE_QUALITY_MAX);
    assert_str(doc.quality.items[1], LG_STR("1: " HOSTILE));
    close_fixture(&f);
}

static void test_no_folder(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_subject subject = {.pid = 7};
    struct lg_record_head head = {
        .id = "a", .mode = "run", .subject = &subject};
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_false(lg_record_json_write(-1, &head, &arena, &err));
    assert_true(err.kind != LG_OK && err.text[0] != '\0');
    lg_arena_deinit(&arena);
}

static bool write_in(void *context, struct lg_arena *arena,
                     struct lg_error *err)
{
    struct lg_arena facts;
    lg_arena_init(&facts, 0);
    struct lg_subject subject = a_subject(&facts);
    struct lg_end end = an_end(&facts);
    struct lg_record_head head = {.id = "a",
                                  .mode = "run",
                                  .done = true,
                                  .subject = &subject,
                                  .end = &end};
    bool ok = lg_record_json_write(*(int *)context, &head, arena, err);
    lg_arena_deinit(&facts);
    return ok;
}

/* No memory: an error, and the file of before stays as it was. */
static void test_out_of_memory(void **state)
{
    struct fixture f = open_fixture(state);
    assert_true(lg_alloc_fail_all(write_in, &f.fd) > 3);
    struct lg_record_doc doc;
    struct lg_error err = {0};
    assert_true(lg_record_json_parse(read_back(&f, "record.json"), &f.arena,
                                     &doc, &err));
    close_fixture(&f);
}

/* Whatever bytes a name has, the file is JSON (names that are no UTF-8 may
 * come back changed). */
static void test_random_names(void **state)
{
    struct fixture f = open_fixture(state);
    struct lg_rng rng = {3};
    for (int i = 0; i < 100; i++) {
        char bytes[64];
        size_t len = lg_rng_below(&rng, sizeof bytes);
        lg_rng_fill(&rng, bytes, len);
        for (size_t k = 0; k < len; k++)
            bytes[k] = bytes[k] == '\0' ? '/' : bytes[k]; /* the kernel's end */
        struct lg_subject subject = {.pid = i};
        subject.exe = subject.comm = subject.cgroup = lg_str_from(bytes, len);
        struct lg_record_head head = {
            .id = "a", .mode = "run", .subject = &subject};
        (void)write_and_read(&f, &head);
    }
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(test_record),
        lg_tmpdir_test(test_still_recording),
        lg_tmpdir_test(test_kinds_of_end),
        lg_tmpdir_test(test_capture),
        lg_tmpdir_test(test_capture_notes),
        lg_tmpdir_test(test_no_folder),
        lg_tmpdir_test(test_out_of_memory),
        lg_tmpdir_test(test_random_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
