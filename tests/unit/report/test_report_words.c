/* SPDX-License-Identifier: Apache-2.0 */
/* The sentences, case by case. */
#include "report/words.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample_incident.h"

struct fixture {
    struct lg_arena arena;
    struct sample s;
};

static int set_up(void **state)
{
    static struct fixture f;
    lg_arena_init(&f.arena, 0);
    sample_begin(&f.arena, &f.s, "/srv/app", "github.com/acme/app/v2",
                 256 * SAMPLE_MIB);
    f.s.in.subject.build.path = LG_STR("github.com/acme/app/v2/cmd/app");
    sample_dep(&f.arena, &f.s, "github.com/acme", "v9.9.9");
    sample_dep(&f.arena, &f.s, "github.com/go-chi/chi/v5", "v5.2.1");
    sample_dep(&f.arena, &f.s, "gopkg.in/yaml.v3", "v3.0.1");
    sample_dep(&f.arena, &f.s, "go.uber.org/zap", "");
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lg_arena_deinit(&f->arena);
    return 0;
}

typedef void frame_words(const struct lg_subject *s, const struct lg_frame *f,
                         struct lg_sb *sb);

static const char *said(struct fixture *f, frame_words *say,
                        const struct lg_frame *frame)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &f->arena);
    say(&f->s.in.subject, frame, &sb);
    return lg_sb_cstr_of(&sb);
}

static void frames(void **state)
{
    static const struct {
        const char *function, *file;
        uint32_t line;
        const char *short_function, *place, *module;
    } rows[] = {
        {"main.main", "/b/app/cmd/app/main.go", 7, "main.main",
         "cmd/app/main.go:7", ""},
        {"main.main", "/elsewhere/main.go", 7, "main.main", "main.go:7", ""},
        {"github.com/acme/app/v2/a/b.(*T).M", "/b/app/a/b/t.go", 0,
         "app/a/b.(*T).M", "a/b/t.go", ""},
        {"github.com/acme/app/v2.Run", "/b/app/run.go", 3, "app.Run",
         "run.go:3", ""},
        {"github.com/acme/app/v2/a.F", "/b/app/za/f.go", 3, "app/a.F", "f.go:3",
         ""},
        {"github.com/acme/app/v20/a.F", "a/f.go", 3, "a.F", "f.go:3",
         "acme v9.9.9"},
        {"github.com/go-chi/chi/v5/middleware.F", "/m/chi/middleware/f.go", 9,
         "middleware.F", "f.go:9", "chi v5.2.1"},
        {"gopkg.in/yaml%2ev3.(*Decoder).Decode", "/m/yaml.go", 88,
         "yaml.v3.(*Decoder).Decode", "yaml.go:88", "yaml.v3 v3.0.1"},
        {"go.uber.org/zap.New", "", 5, "zap.New", "", "zap"},
        {"go.uber.org/zapper.New", "x.go", 5, "zapper.New", "x.go:5", ""},
        {"runtime.gopark", "/usr/go/src/runtime/proc.go", 460, "runtime.gopark",
         "proc.go:460", ""},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_frame frame =
            sample_frame(rows[i].function, rows[i].file, rows[i].line);
        assert_string_equal(said(*state, lg_words_function, &frame),
                            rows[i].short_function);
        assert_string_equal(said(*state, lg_words_place, &frame),
                            rows[i].place);
        assert_string_equal(said(*state, lg_words_module, &frame),
                            rows[i].module);
    }
}

static const char *headline(struct fixture *f)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &f->arena);
    lg_words_headline(&f->s.report, &sb);
    return lg_sb_cstr_of(&sb);
}

static void headlines_of_oom_kills(void **state)
{
    struct fixture *f = *state;
    struct lg_oom_event *oom = &f->s.in.end.oom;
    sample_end(&f->s, LG_END_OOM_KILL, 8400);
    assert_string_equal(headline(f),
                        "app (pid 4711, go1.26.8) was killed by the kernel's "
                        "OOM killer: its cgroup reached its limit of 256.0 "
                        "MiB, 8.4 s after the start");
    sample_memcg_oom(&f->arena, &f->s, 256 * SAMPLE_MIB);
    f->s.in.end.life_ns = 0;
    assert_string_equal(headline(f),
                        "app (pid 4711, go1.26.8) was killed by the kernel: "
                        "its cgroup reached 256.0 MiB of 256.0 MiB");
    oom->oom_memcg = LG_STR("/kubepods");
    assert_string_equal(headline(f),
                        "app (pid 4711, go1.26.8) was killed by the kernel: "
                        "the cgroup above it, /kubepods, reached 256.0 MiB of "
                        "256.0 MiB");
    oom->scope = LG_OOM_HOST;
    oom->host_total_bytes = lg_known(16384 * SAMPLE_MIB);
    oom->host_free_bytes = lg_known(80 * SAMPLE_MIB);
    assert_string_equal(headline(f),
                        "app (pid 4711, go1.26.8) was killed by the kernel: "
                        "the machine ran out of memory, 80.0 MiB of 16.0 GiB "
                        "were left");
}

static void headlines_of_others(void **state)
{
    struct fixture *f = *state;
    sample_end(&f->s, LG_END_EXIT, 2100);
    f->s.in.end.exit_code = 2;
    assert_string_equal(headline(f), "app (pid 4711, go1.26.8) exited with "
                                     "status 2, 2.1 s after the start");
    sample_end(&f->s, LG_END_SIGNAL, 2100);
    assert_string_equal(headline(f),
                        "app (pid 4711, go1.26.8) was killed by signal 9 "
                        "(SIGKILL); who sent it was not seen, 2.1 s after the "
                        "start");
    struct lg_signal_event *sent =
        lg_must_push(&f->arena, &f->s.in.end.signals);
    *sent = (struct lg_signal_event){1, 9, 77, LG_STR("kill"), false};
    assert_string_equal(headline(f),
                        "app (pid 4711, go1.26.8) was killed by signal 9 "
                        "(SIGKILL) sent by kill (pid 77), 2.1 s after the "
                        "start");
    f->s.in.subject.pid = 0;
    f->s.in.subject.build.go_version = LG_STR("");
    sample_end(&f->s, LG_END_RUNNING, 0);
    assert_string_equal(headline(f), "app is running");
    sample_end(&f->s, LG_END_UNKNOWN, 0);
    assert_string_equal(headline(f), "app: how it ended was not seen");
}

/* Without the kernel's words the samples tell, but not the one that was taken
 * while the dying process gave its memory back. */
static void last_samples(void **state)
{
    struct fixture *f = *state;
    static const uint64_t mib[] = {10, 120, 250, 31};
    sample_end(&f->s, LG_END_OOM_KILL, 2100);
    sample_timeline_room(&f->arena, &f->s, 16);
    for (size_t i = 0; i < LG_COUNT(mib); i++) {
        struct lg_timeline_row row = sample_row(&f->s, 500 * i);
        row.usage_bytes = lg_known(mib[i] * SAMPLE_MIB);
        lg_timeline_add(&f->s.in.timeline, &row);
    }
    assert_string_equal(headline(f),
                        "app (pid 4711, go1.26.8) was killed by the kernel's "
                        "OOM killer: its cgroup was last seen at 250.0 MiB of "
                        "256.0 MiB, 2.1 s after the start");
    f->s.in.end.kind = LG_END_RUNNING;
    f->s.in.end.life_ns = 0;
    assert_string_equal(headline(f), "app (pid 4711, go1.26.8) is running: "
                                     "31.0 MiB of 256.0 MiB");
}

static void values(void **state)
{
    struct fixture *f = *state;
    static const struct {
        double value;
        const char *unit, *text, *expected;
    } rows[] = {
        {41208, "count", "", "41,208"},
        {4980.4, "count/s", "", "4,980/s"},
        {2.5, "count/s", "", "2.5/s"},
        {106220748, "bytes", "", "101.3 MiB"},
        {-1048576, "bytes/s", "", "\u22121.0 MiB/s"},
        {3.8e7, "ns", "", "38 ms"},
        {0.93, "ratio", "", "93 %"},
        {0.064, "ratio", "", "6.4 %"},
        {7, "cores", "", "7 cores"},
        {7, "", "", "7"},
        {7, "bytes", "as it says", "as it says"},
        {1e300, "bytes", "", "16.0 EiB"},
        {(double)INFINITY, "count", "", "unknown"},
        {(double)NAN, "count", "", "unknown"},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_evidence e = {.value = rows[i].value,
                                .unit = lg_str_of(rows[i].unit),
                                .text = lg_str_of(rows[i].text)};
        struct lg_sb sb;
        lg_sb_init(&sb, &f->arena);
        lg_words_value(&e, &sb);
        assert_string_equal(lg_sb_cstr_of(&sb), rows[i].expected);
    }
}

static const char *memory(struct fixture *f)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &f->arena);
    lg_words_memory(&f->s.report, &sb);
    return lg_sb_cstr_of(&sb);
}

static void memory_lines(void **state)
{
    struct fixture *f = *state;
    sample_end(&f->s, LG_END_OOM_KILL, 8000);
    assert_string_equal(memory(f), "");
    sample_part(&f->s, LG_PART_STACKS, 10);
    sample_part(&f->s, LG_PART_GARBAGE, 20);
    sample_part(&f->s, LG_PART_KERNEL, 0.04);
    sample_memory(&f->s, 40, 7950);
    assert_string_equal(lg_words_memory_label(&f->s.report),
                        "memory at the kill");
    assert_string_equal(memory(f), "40.0 MiB = garbage 20.0 + stacks 10.0 + "
                                   "unexplained 10.0");
    sample_memory(&f->s, 29, 6000);
    assert_string_equal(lg_words_memory_label(&f->s.report), "memory");
    assert_string_equal(memory(f), "29.0 MiB = garbage 20.0 + stacks 10.0 "
                                   "\u2212 unexplained 1.0, 2.0 s before the "
                                   "kill");
    sample_part(&f->s, LG_PART_LIVE_HEAP, 20 * 1024);
    sample_memory(&f->s, 20 * 1024 + 512, 8000);
    assert_string_equal(memory(f), "20.5 GiB = live heap 20.0 + unexplained "
                                   "0.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headlines_of_oom_kills, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(headlines_of_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(last_samples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
