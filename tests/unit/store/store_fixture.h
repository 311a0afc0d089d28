/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the store's tests share: a store in the test's own folder,
 * incidents as a recorder leaves them, and a look at the files.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_STORE_FIXTURE_H
#define LG_TESTS_STORE_FIXTURE_H

#include "base/clock.h"
#include "store/store.h"
#include "tmpdir.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2026-11-02T14:03:00.000Z */
#define FIXTURE_NS INT64_C(1793628180000000000)

static const char fixture_record[] =
    "{\"schema\":\"lastgasp.record/1\",\"id\":\"7k2f\",\"state\":\"done\","
    "\"mode\":\"run\",\"subject\":{\"pid\":4711,\"exe\":\"/x/consumer\","
    "\"comm\":\"consumer\",\"limit_bytes\":268435456},"
    "\"started_ns\":1793628180000000000,\"end\":{\"kind\":\"oom-kill\","
    "\"time_ns\":1793628188400000000,\"signal\":9}}\n";

static const char fixture_report[] =
    "{\"schema\":\"lastgasp.report/1\",\"subject\":{\"pid\":4711,"
    "\"exe\":\"/x/consumer\",\"comm\":\"consumer\",\"limit_bytes\":268435456},"
    "\"end\":{\"kind\":\"oom-kill\",\"time\":\"2026-11-02T14:03:08.400Z\","
    "\"signal\":9,\"exit_code\":null,\"memcg\":{\"path\":\"/a\","
    "\"usage_bytes\":268431360,\"limit_bytes\":268435456}},"
    "\"verdict\":{\"cause\":\"goroutine-leak\","
    "\"title\":\"goroutine leak: 93 % of the memory\",\"confidence\":0.97,"
    "\"where\":{\"function\":\"example.com/consumer/worker.handle\","
    "\"file\":\"/src/consumer/worker/handle.go\",\"line\":31}},"
    "\"timeline\":[{\"t\":0.1,\"usage_bytes\":1000}],"
    "\"captures\":[{\"id\":1},{\"id\":2}]}\n";

static inline struct lg_store *fixture_open(const char *dir)
{
    struct lg_store *store = NULL;
    struct lg_error err = {0};
    struct lg_str note = {0};
    if (!lg_store_open(dir, &store, &note, &err))
        fail_msg("%s", err.text);
    if (note.len != 0)
        fail_msg("unexpected: %.*s", LG_STR_ARG(note));
    return store;
}

static inline void fixture_put(int dir_fd, const char *name, const char *text)
{
    struct lg_error err = {0};
    if (!lg_write_file(dir_fd, name, lg_str_of(text), 0600, &err))
        fail_msg("%s", err.text);
}

/* A recorder that has just begun. */
static inline int fixture_begin(struct lg_store *store, char id[16])
{
    int fd = -1;
    struct lg_error err = {0};
    if (!lg_store_begin(store, 4711, LG_STR("consumer"), FIXTURE_NS, id, &fd,
                        &err))
        fail_msg("%s", err.text);
    return fd;
}

/* The files of an incident that is complete. */
static inline void fixture_files(int dir_fd)
{
    assert_int_equal(mkdirat(dir_fd, "captures", 0700), 0);
    assert_int_equal(mkdirat(dir_fd, "captures/0001-start", 0700), 0);
    fixture_put(dir_fd, "record.json", fixture_record);
    fixture_put(dir_fd, "report.json", fixture_report);
    fixture_put(dir_fd, "kernel.log", "Killed process 4711 (consumer)\n");
    fixture_put(dir_fd, "captures/0001-start/goroutines.txt",
                "goroutine 1 [running]:\n");
    assert_int_equal(linkat(dir_fd, "captures/0001-start/goroutines.txt",
                            dir_fd, "goroutines.txt", 0),
                     0);
}

/* What the same incident is in memory. */
static inline void fixture_incident(struct lg_arena *arena,
                                    struct lg_incident *in,
                                    struct lg_verdict *verdict)
{
    *in = (struct lg_incident){.arena = arena};
    *verdict = (struct lg_verdict){0};
    in->subject.pid = 4711;
    in->subject.exe = LG_STR("/x/consumer");
    in->subject.comm = LG_STR("consumer");
    in->subject.limit_bytes = lg_known(268435456);
    in->end.kind = LG_END_OOM_KILL;
    in->end.wall_ns = FIXTURE_NS + INT64_C(8400000000);
    in->end.signal = 9;
    in->end.has_oom = true;
    in->end.oom.usage_bytes = lg_known(268431360);
    in->end.oom.limit_bytes = lg_known(268435456);
    assert_non_null(lg_push(arena, &in->captures));
    assert_non_null(lg_push(arena, &in->captures));
    struct lg_finding *f = lg_push(arena, &verdict->findings);
    assert_non_null(f);
    f->cause = LG_CAUSE_GOROUTINE_LEAK;
    f->title = LG_STR("goroutine leak: 93 % of the memory");
    f->confidence = 0.97;
    f->where = (struct lg_frame){LG_STR("example.com/consumer/worker.handle"),
                                 LG_STR("/src/consumer/worker/handle.go"), 31};
}

static inline void fixture_commit(struct lg_store *store, const char *id)
{
    struct lg_arena arena;
    struct lg_incident in;
    struct lg_verdict verdict;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    fixture_incident(&arena, &in, &verdict);
    if (!lg_store_commit(store, id, &in, &verdict, &err))
        fail_msg("%s", err.text);
    lg_arena_deinit(&arena);
}

/* One incident from its beginning to its end. */
static inline void fixture_add(struct lg_store *store, char id[16])
{
    int fd = fixture_begin(store, id);
    fixture_files(fd);
    fixture_commit(store, id);
    close(fd);
}

/* Both say the same of an incident, wherever its row came from. */
static inline void fixture_same_row(const struct lg_store_row *a,
                                    const struct lg_store_row *b)
{
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->time_ns, b->time_ns);
    assert_int_equal(a->pid, b->pid);
    const struct lg_str *texts[][2] = {
        {&a->name, &b->name},   {&a->state, &b->state}, {&a->end, &b->end},
        {&a->cause, &b->cause}, {&a->title, &b->title}, {&a->where, &b->where}};
    for (size_t i = 0; i < LG_COUNT(texts); i++) {
        if (!lg_str_eq(*texts[i][0], *texts[i][1]))
            fail_msg("\"%.*s\" is not \"%.*s\"", LG_STR_ARG(*texts[i][0]),
                     LG_STR_ARG(*texts[i][1]));
    }
    assert_true(a->confidence == b->confidence);
    assert_int_equal(a->usage_bytes, b->usage_bytes);
    assert_int_equal(a->limit_bytes, b->limit_bytes);
    assert_int_equal(a->captures_count, b->captures_count);
    assert_int_equal(a->size_bytes, b->size_bytes);
}

static inline size_t fixture_list(struct lg_store *store,
                                  struct lg_arena *arena,
                                  struct lg_store_row **rows)
{
    size_t count = 0;
    struct lg_error err = {0};
    if (!lg_store_list(store, NULL, arena, rows, &count, &err))
        fail_msg("%s", err.text);
    return count;
}

static inline bool fixture_exists(const char *dir, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

#define assert_text(view, text)                                                \
    do {                                                                       \
        if (!lg_str_eq((view), lg_str_of(text)))                               \
            fail_msg("\"%.*s\" is not \"%s\"", LG_STR_ARG(view), (text));      \
    } while (0)

#endif
