/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capture_worker.h"

#include "base/io.h"
#include "record/capture_find.h"
#include "record/capture_keep.h"
#include "record/capture_sync.h"
#include "record/record_json.h"
#include "record/self.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The longest that one part may take (a handler waits its turn behind 100,000
 * runnable goroutines for many seconds, and asking again starts at the end of
 * that queue), and the most that it may bring: a text
 * dump is cut by the runtime itself at 64 MiB. */
#define PART_TIMEOUT_NS (20 * LG_NS_PER_S)
#define PART_LIMIT_BYTES (UINT64_C(80) << 20)
#define SCRATCH_LIMIT_BYTES ((size_t)8 << 20)
/* Where a goroutine count that nobody keeps is put. */
#define COUNT_FOLDER "captures/.count"
/* Memory of a large capture is given back behind it. */
#define KEEP_MALLOC_BYTES (1 << 20)

struct worker {
    struct lg_capturer_options options;
    struct lg_capture_finder find;
    struct lg_arena scratch;
    struct lg_kept kept;
    struct lg_capture_syncer *syncer;
};

/* What tells most about a process that has little time left comes first. */
static const enum lg_capture_part part_order[] = {
    LG_TAKE_MEMSTATS_JSON, LG_TAKE_GOROUTINE, LG_TAKE_GOROUTINES_TEXT,
    LG_TAKE_HEAP,          LG_TAKE_MEMSTATS,  LG_TAKE_THREADCREATE,
    LG_TAKE_MUTEX,         LG_TAKE_BLOCK,     LG_TAKE_CPU,
    LG_TAKE_TRACE,
};
/* Where a part costs what it weighs, the dump as text comes last. */
static const enum lg_capture_part memory_part_order[] = {
    LG_TAKE_MEMSTATS_JSON,   LG_TAKE_HEAP,  LG_TAKE_HEAP_GC, LG_TAKE_GOROUTINE,
    LG_TAKE_GOROUTINES_TEXT, LG_TAKE_MUTEX, LG_TAKE_BLOCK,
};

static uint64_t now_ns(const struct worker *w)
{
    return lg_mono_ns(w->options.host->clock);
}

static uint64_t own_processor_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * LG_NS_PER_S + (uint64_t)t.tv_nsec;
}

static bool open_folder(const struct worker *w, const char *path, int *fd_ret,
                        struct lg_error *err)
{
    int parent = w->options.folder_fd;
    if ((mkdirat(parent, "captures", 0755) != 0 && errno != EEXIST) ||
        (mkdirat(parent, path, 0755) != 0 && errno != EEXIST)) {
        return lg_fail_os(err, errno, "%s", path);
    }
    int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return lg_fail_os(err, errno, "%s", path);
    }
    *fd_ret = fd;
    return true;
}

/* The newest files also stand at the top of the incident. */
static void link_newest(const struct worker *w, int folder_fd,
                        const struct lg_part_result *parts)
{
    static const enum lg_capture_part linked[] = {
        LG_TAKE_HEAP, LG_TAKE_GOROUTINE, LG_TAKE_GOROUTINES_TEXT};
    for (size_t i = 0; i < LG_COUNT(linked); i++) {
        const char *name = lg_capture_part_file(linked[i]);
        if (parts[linked[i]].written) {
            (void)unlinkat(w->options.folder_fd, name, 0);
            if (linkat(folder_fd, name, w->options.folder_fd, name, 0) != 0) {
                continue; /* it stands in the capture's own folder anyway */
            }
        }
    }
}

/* A part whose answer never came: the next ones would wait as long. */
static bool target_is_gone(const struct lg_part_result *result)
{
    return !result->written && !result->cut &&
           result->error.kind != LG_ABSENT &&
           result->error.kind != LG_BAD_DATA &&
           result->error.kind != LG_UNSUPPORTED;
}

/* The count that was just taken decides, not the one of before. */
static bool text_is_affordable(struct worker *w,
                               const struct lg_capture_job *job, int folder_fd,
                               const struct lg_part_result *parts)
{
    struct lg_capture_facts facts = {0};
    if (!w->find.source->ops->costs_target) {
        return true;
    }
    if (parts[LG_TAKE_GOROUTINE].written) {
        lg_capture_facts_read(folder_fd, &w->scratch, &facts);
    }
    return !facts.goroutines.known ||
           facts.goroutines.value <= job->text_goroutines_max;
}

static bool is_asked(struct worker *w, const struct lg_capture_job *job,
                     enum lg_capture_part part, int folder_fd,
                     const struct lg_part_result *parts)
{
    unsigned possible = job->parts & w->find.source->ops->parts;
    return (possible & LG_TAKE_BIT(part)) != 0 &&
           (part != LG_TAKE_GOROUTINES_TEXT ||
            text_is_affordable(w, job, folder_fd, parts));
}

static bool take_parts(struct worker *w, const struct lg_capture_job *job,
                       int folder_fd, struct lg_part_result *parts)
{
    bool all = true, gone = false;
    size_t count = w->find.from_memory ? LG_COUNT(memory_part_order)
                                       : LG_COUNT(part_order);
    for (size_t i = 0; i < count; i++) {
        enum lg_capture_part part =
            w->find.from_memory ? memory_part_order[i] : part_order[i];
        struct lg_part_result *result = &parts[part];
        if (!is_asked(w, job, part, folder_fd, parts)) {
            continue;
        }
        if (gone) {
            result->asked = true;
            lg_fail(&result->error, LG_CANCELLED,
                    "the target stopped answering");
            all = false;
            continue;
        }
        bool ok = w->find.source->ops->take(w->find.source, part, folder_fd,
                                            PART_TIMEOUT_NS, PART_LIMIT_BYTES,
                                            result);
        gone = !ok && !w->find.from_memory && target_is_gone(result);
        all = all && ok;
    }
    return all;
}

static void read_facts(struct worker *w, int folder_fd,
                       struct lg_capture_outcome *outcome)
{
    struct lg_capture_facts facts = {0};
    if (w->find.source != NULL && w->find.source->ops->facts != NULL) {
        (void)w->find.source->ops->facts(w->find.source, &facts, NULL);
    } else {
        lg_capture_facts_read(folder_fd, &w->scratch, &facts);
    }
    outcome->goroutines = facts.goroutines;
    outcome->heap_bytes = facts.heap_bytes;
    outcome->stack_bytes = facts.stack_bytes;
}

/* The source's parts, and what there is to say of them. */
static bool take_from_source(struct worker *w, const struct lg_capture_job *job,
                             int folder_fd, struct lg_part_result *parts,
                             struct lg_capture_outcome *outcome,
                             struct lg_capture_notes *notes)
{
    const struct lg_capture_source_ops *ops = w->find.source->ops;
    struct lg_capture_plan plan = {
        .text_goroutines_max = job->text_goroutines_max,
    };
    if (ops->begin != NULL) {
        ops->begin(w->find.source, &plan);
    }
    bool all = take_parts(w, job, folder_fd, parts);
    read_facts(w, folder_fd, outcome);
    if (ops->end != NULL) {
        ops->end(w->find.source, notes);
    }
    return all;
}

static void thin_out(struct worker *w, const struct lg_capture_job *job,
                     const struct lg_capture_head *head)
{
    struct lg_kept_capture old, now = {
                                    .id = job->id,
                                    .t_ns = head->t_ns,
                                    .usage_bytes = job->usage_bytes,
                                    .complete = head->complete,
                                };
    char path[80];
    snprintf(now.name, sizeof now.name, "%s", job->name);
    if (w->options.keeps_few && lg_kept_add(&w->kept, &now, &old)) {
        snprintf(path, sizeof path, "captures/%04u-%s", old.id, old.name);
        (void)lg_remove_tree(w->options.folder_fd, path, NULL);
    }
}

/* The process had ended before anything could be read: that is no capture. */
static bool is_too_late(const struct worker *w,
                        const struct lg_part_result *parts)
{
    bool ended = false;
    for (int part = 0; part < LG_TAKE_COUNT; part++) {
        if (parts[part].written) {
            return false;
        }
        ended = ended || parts[part].error.kind == LG_ABSENT;
    }
    return w->find.from_memory && ended;
}

static void capture(struct worker *w, const struct lg_capture_job *job,
                    struct lg_capture_outcome *outcome)
{
    const struct lg_clock *clock = w->options.host->clock;
    uint64_t begin_ns = lg_mono_ns(clock), processor_ns = own_processor_ns();
    struct lg_part_result parts[LG_TAKE_COUNT] = {0};
    struct lg_capture_notes notes = {0};
    struct lg_capture_head head = {
        .id = job->id,
        .trigger = job->name,
        .wall_ns = lg_wall_ns(clock),
        .t_ns = begin_ns - w->options.start_mono_ns,
        .parts = parts,
        .notes = &notes,
    };
    char path[80];
    LG_CLOSE
    int folder_fd = -1;
    snprintf(path, sizeof path, "captures/%04u-%s", job->id, job->name);
    if (!open_folder(w, path, &folder_fd, &outcome->error)) {
        return;
    }
    if (!job->urgent) {
        lg_capture_save_host(&w->options, job->with_maps, &w->scratch,
                             folder_fd);
    }
    if (lg_capture_find(&w->find, &outcome->error)) {
        head.source = w->find.source->ops->name;
        head.complete =
            take_from_source(w, job, folder_fd, parts, outcome, &notes);
    }
    if (is_too_late(w, parts)) {
        (void)lg_remove_tree(w->options.folder_fd, path, NULL);
        return;
    }
    if (job->urgent) {
        lg_capture_save_host(&w->options, job->with_maps, &w->scratch,
                             folder_fd);
    }
    head.duration_ns = lg_mono_ns(clock) - begin_ns;
    head.processor_ns = own_processor_ns() - processor_ns;
    outcome->complete = head.complete;
    (void)lg_capture_json_write(folder_fd, &head, &w->scratch, &outcome->error);
    if (job->newest) {
        link_newest(w, folder_fd, parts);
    }
    lg_capture_syncer_add(w->syncer, path);
    thin_out(w, job, &head);
}

static void count_goroutines(struct worker *w,
                             struct lg_capture_outcome *outcome)
{
    LG_CLOSE
    int folder_fd = -1;
    struct lg_part_result result = {.asked = true};
    if (w->find.source == NULL) {
        return;
    }
    if (w->find.source->ops->facts == NULL) {
        if (!open_folder(w, COUNT_FOLDER, &folder_fd, &outcome->error)) {
            return;
        }
        outcome->complete = w->find.source->ops->take(
            w->find.source, LG_TAKE_GOROUTINE, folder_fd, PART_TIMEOUT_NS,
            PART_LIMIT_BYTES, &result);
    }
    read_facts(w, folder_fd, outcome);
}

static void work(struct worker *w, struct lg_capture_outcome *outcome)
{
    uint64_t begin_ns = now_ns(w), processor_ns = own_processor_ns();
    switch (outcome->job.kind) {
    case LG_JOB_FIND:
        (void)lg_capture_find(&w->find, &outcome->error);
        break;
    case LG_JOB_CAPTURE:
        capture(w, &outcome->job, outcome);
        break;
    case LG_JOB_COUNT:
        count_goroutines(w, outcome);
        break;
    }
    outcome->has_source = w->find.source != NULL;
    outcome->from_memory = w->find.from_memory;
    outcome->memory_refused = w->find.memory_refused;
    outcome->heap_profile_switched = w->find.tell_switched;
    w->find.tell_switched = false;
    memcpy(outcome->source, w->find.name, sizeof outcome->source);
    outcome->end_mono_ns = now_ns(w);
    outcome->duration_ns = outcome->end_mono_ns - begin_ns;
    outcome->cost_ns = w->find.from_memory ? own_processor_ns() - processor_ns
                                           : outcome->duration_ns;
    lg_arena_reset(&w->scratch);
}

void lg_capture_worker_run(const struct lg_capturer_options *options,
                           int socket_fd)
{
    struct worker w = {.options = *options, .find = {.options = options}};
    struct lg_capture_outcome outcome;
    lg_self_shield();
    (void)mallopt(M_MMAP_THRESHOLD, KEEP_MALLOC_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_MALLOC_BYTES);
    lg_arena_init(&w.scratch, SCRATCH_LIMIT_BYTES);
    w.syncer = lg_capture_syncer_create(options->folder_fd);
    for (;;) {
        memset(&outcome, 0, sizeof outcome);
        ssize_t n = recv(socket_fd, &outcome.job, sizeof outcome.job, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n != (ssize_t)sizeof outcome.job) {
            break;
        }
        work(&w, &outcome);
        (void)send(socket_fd, &outcome, sizeof outcome, MSG_NOSIGNAL);
    }
    lg_capture_syncer_destroy(w.syncer);
    if (w.find.source != NULL) {
        w.find.source->ops->destroy(w.find.source);
    }
    lg_arena_deinit(&w.scratch);
}
