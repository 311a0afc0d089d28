/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capturer.h"

#include "base/io.h"
#include "record/record_json.h"
#include "sources/capture_facts.h"
#include "sources/pprof_http.h"
#include "sources/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ENDPOINTS 16
#define PROBE_TIMEOUT_NS (300 * LG_NS_PER_MS)
/* The longest that one part may take (a handler waits its turn behind 100,000
 * runnable goroutines for many seconds, and asking again starts at the end of
 * that queue), and the most that it may bring: a text
 * dump is cut by the runtime itself at 64 MiB. */
#define PART_TIMEOUT_NS (20 * LG_NS_PER_S)
#define PART_LIMIT_BYTES (UINT64_C(80) << 20)
#define SCRATCH_LIMIT_BYTES ((size_t)8 << 20)
/* Where a goroutine count that nobody keeps is put. */
#define COUNT_FOLDER "captures/.count"

struct lg_capturer {
    struct lg_capturer_options options;
    struct lg_capture_source *source; /* used by the thread only */
    char url[256];
    struct lg_arena scratch;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct lg_capture_job job;
    struct lg_capture_outcome outcome;
    bool has_job, has_outcome, stop; /* under the mutex */
    int event_fd;
};

/* What tells most about a process that has little time left comes first. */
static const enum lg_capture_part part_order[] = {
    LG_TAKE_GOROUTINE,    LG_TAKE_GOROUTINES_TEXT,
    LG_TAKE_HEAP,         LG_TAKE_MEMSTATS,
    LG_TAKE_THREADCREATE, LG_TAKE_MUTEX,
    LG_TAKE_BLOCK,        LG_TAKE_CPU,
    LG_TAKE_TRACE,
};

static bool find_source(struct lg_capturer *c, struct lg_error *err)
{
    struct lg_endpoint endpoints[MAX_ENDPOINTS];
    size_t count = 0;
    if (c->source != NULL) {
        return true;
    }
    if (c->options.pprof_url != NULL) {
        snprintf(c->url, sizeof c->url, "%s", c->options.pprof_url);
        return lg_pprof_http_probe(c->url, PROBE_TIMEOUT_NS, err) &&
               lg_pprof_http_create(c->url, &c->source, err);
    }
    if (!lg_listening_sockets(c->options.host, c->options.pid, endpoints,
                              MAX_ENDPOINTS, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(c->url, sizeof c->url, "http://%s", endpoints[i].address);
        if (lg_pprof_http_probe(c->url, PROBE_TIMEOUT_NS, err)) {
            return lg_pprof_http_create(c->url, &c->source, err);
        }
    }
    c->url[0] = '\0';
    return lg_fail(err, LG_ABSENT,
                   count == 0 ? "the program listens on no TCP port"
                              : "no listening port answers on /debug/pprof/");
}

static bool open_folder(const struct lg_capturer *c, const char *path,
                        int *fd_ret, struct lg_error *err)
{
    int parent = c->options.folder_fd;
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

static void save_peers(struct lg_capturer *c, const struct lg_cgroup *cgroup,
                       int folder_fd)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &c->scratch);
    lg_each(pid, cgroup->pids) {
        struct lg_process peer;
        if (*pid != c->options.pid &&
            lg_process_read(c->options.host, *pid, LG_PROCESS_STATUS,
                            &c->scratch, &peer, NULL)) {
            lg_sb_fmt(&sb, "%lld\t%llu\t%.*s\n", (long long)*pid,
                      (unsigned long long)peer.vm_rss.value,
                      LG_STR_ARG(peer.comm));
        }
    }
    if (!sb.failed) {
        (void)lg_write_file(folder_fd, "peers.txt", lg_sb_view(&sb), 0644,
                            NULL);
    }
}

/* /proc and the cgroup as they are now, under root/. */
static void save_host(struct lg_capturer *c, const struct lg_capture_job *job,
                      int folder_fd)
{
    unsigned parts =
        LG_PROCESS_STATUS | LG_PROCESS_SMAPS_ROLLUP | LG_PROCESS_FDS;
    parts |= job->with_maps ? LG_PROCESS_SMAPS : 0u;
    if (mkdirat(folder_fd, "root", 0755) != 0) {
        return;
    }
    LG_CLOSE
    int root_fd = openat(folder_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0) {
        return;
    }
    (void)lg_process_save(c->options.host, c->options.pid, parts, root_fd,
                          NULL);
    if (c->options.place == NULL) {
        return;
    }
    struct lg_cgroup cgroup;
    (void)lg_cgroup_save(c->options.host, c->options.place, root_fd, NULL);
    if (lg_cgroup_read(c->options.host, c->options.place, true, &c->scratch,
                       &cgroup, NULL)) {
        save_peers(c, &cgroup, folder_fd);
    }
}

/* The newest files also stand at the top of the incident. */
static void link_newest(const struct lg_capturer *c, int folder_fd,
                        const struct lg_part_result *parts)
{
    static const enum lg_capture_part linked[] = {
        LG_TAKE_HEAP, LG_TAKE_GOROUTINE, LG_TAKE_GOROUTINES_TEXT};
    for (size_t i = 0; i < LG_COUNT(linked); i++) {
        const char *name = lg_capture_part_file(linked[i]);
        if (parts[linked[i]].written) {
            (void)unlinkat(c->options.folder_fd, name, 0);
            if (linkat(folder_fd, name, c->options.folder_fd, name, 0) != 0) {
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
static bool text_is_affordable(struct lg_capturer *c,
                               const struct lg_capture_job *job, int folder_fd,
                               const struct lg_part_result *parts)
{
    struct lg_capture_facts facts = {0};
    if (parts[LG_TAKE_GOROUTINE].written) {
        lg_capture_facts_read(folder_fd, &c->scratch, &facts);
    }
    return !facts.goroutines.known ||
           facts.goroutines.value <= job->text_goroutines_max;
}

static bool take_parts(struct lg_capturer *c, const struct lg_capture_job *job,
                       int folder_fd, struct lg_part_result *parts)
{
    bool all = true, gone = false;
    for (size_t i = 0; i < LG_COUNT(part_order); i++) {
        enum lg_capture_part part = part_order[i];
        struct lg_part_result *result = &parts[part];
        if ((job->parts & c->source->ops->parts & LG_TAKE_BIT(part)) == 0 ||
            (part == LG_TAKE_GOROUTINES_TEXT &&
             !text_is_affordable(c, job, folder_fd, parts))) {
            continue;
        }
        result->asked = true;
        if (gone) {
            lg_fail(&result->error, LG_CANCELLED,
                    "the target stopped answering");
            all = false;
            continue;
        }
        bool ok =
            c->source->ops->take(c->source, part, folder_fd, PART_TIMEOUT_NS,
                                 PART_LIMIT_BYTES, result);
        gone = !ok && target_is_gone(result);
        all = all && ok;
    }
    return all;
}

static void read_facts(struct lg_capturer *c, int folder_fd,
                       struct lg_capture_outcome *outcome)
{
    struct lg_capture_facts facts;
    lg_capture_facts_read(folder_fd, &c->scratch, &facts);
    outcome->goroutines = facts.goroutines;
    outcome->heap_bytes = facts.heap_bytes;
    outcome->stack_bytes = facts.stack_bytes;
}

static void capture(struct lg_capturer *c, const struct lg_capture_job *job,
                    struct lg_capture_outcome *outcome)
{
    const struct lg_clock *clock = c->options.host->clock;
    uint64_t begin_ns = lg_mono_ns(clock);
    struct lg_part_result parts[LG_TAKE_COUNT];
    struct lg_capture_head head = {
        .id = job->id,
        .trigger = job->name,
        .wall_ns = lg_wall_ns(clock),
        .t_ns = begin_ns - c->options.start_mono_ns,
        .parts = parts,
    };
    char path[80];
    LG_CLOSE
    int folder_fd = -1;
    memset(parts, 0, sizeof parts);
    snprintf(path, sizeof path, "captures/%04u-%s", job->id, job->name);
    if (!open_folder(c, path, &folder_fd, &outcome->error)) {
        return;
    }
    if (!job->urgent) {
        save_host(c, job, folder_fd);
    }
    outcome->has_source = find_source(c, &outcome->error);
    if (outcome->has_source) {
        head.source = c->source->ops->name;
        head.complete = take_parts(c, job, folder_fd, parts);
    }
    if (job->urgent) {
        save_host(c, job, folder_fd);
    }
    head.duration_ns = lg_mono_ns(clock) - begin_ns;
    outcome->complete = head.complete;
    (void)lg_capture_json_write(folder_fd, &head, &c->scratch, &outcome->error);
    (void)lg_fsync_dir(folder_fd, NULL);
    if (job->newest) {
        link_newest(c, folder_fd, parts);
    }
    read_facts(c, folder_fd, outcome);
}

static void count_goroutines(struct lg_capturer *c,
                             struct lg_capture_outcome *outcome)
{
    LG_CLOSE
    int folder_fd = -1;
    struct lg_part_result result = {.asked = true};
    outcome->has_source = c->source != NULL;
    if (c->source == NULL ||
        !open_folder(c, COUNT_FOLDER, &folder_fd, &outcome->error)) {
        return;
    }
    outcome->complete =
        c->source->ops->take(c->source, LG_TAKE_GOROUTINE, folder_fd,
                             PART_TIMEOUT_NS, PART_LIMIT_BYTES, &result);
    read_facts(c, folder_fd, outcome);
}

static void work(struct lg_capturer *c, struct lg_capture_outcome *outcome)
{
    uint64_t begin_ns = lg_mono_ns(c->options.host->clock);
    switch (outcome->job.kind) {
    case LG_JOB_FIND:
        outcome->has_source = find_source(c, &outcome->error);
        break;
    case LG_JOB_CAPTURE:
        capture(c, &outcome->job, outcome);
        break;
    case LG_JOB_COUNT:
        count_goroutines(c, outcome);
        break;
    }
    outcome->end_mono_ns = lg_mono_ns(c->options.host->clock);
    outcome->duration_ns = outcome->end_mono_ns - begin_ns;
    lg_arena_reset(&c->scratch);
}

static void *lane(void *context)
{
    struct lg_capturer *c = context;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        while (!c->has_job && !c->stop) {
            pthread_cond_wait(&c->wake, &c->mutex);
        }
        if (c->stop) {
            break;
        }
        struct lg_capture_outcome outcome = {.job = c->job};
        pthread_mutex_unlock(&c->mutex);
        work(c, &outcome);
        pthread_mutex_lock(&c->mutex);
        c->outcome = outcome;
        c->has_outcome = true;
        c->has_job = false;
        (void)eventfd_write(c->event_fd, 1);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

bool lg_capturer_create(const struct lg_capturer_options *options,
                        struct lg_capturer **capturer_ret, struct lg_error *err)
{
    struct lg_capturer *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return lg_fail_nomem(err);
    }
    c->options = *options;
    lg_arena_init(&c->scratch, SCRATCH_LIMIT_BYTES);
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->wake, NULL);
    c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failed =
        c->event_fd < 0 ? errno : pthread_create(&c->thread, NULL, lane, c);
    if (failed != 0) {
        lg_close_p(&c->event_fd);
        lg_arena_deinit(&c->scratch);
        free(c);
        return lg_fail_os(err, failed, "a thread for captures");
    }
    *capturer_ret = c;
    return true;
}

void lg_capturer_destroy(struct lg_capturer *c)
{
    if (c == NULL) {
        return;
    }
    pthread_mutex_lock(&c->mutex);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->thread, NULL);
    if (c->source != NULL) {
        c->source->ops->destroy(c->source);
    }
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->mutex);
    close(c->event_fd);
    lg_arena_deinit(&c->scratch);
    free(c);
}

int lg_capturer_fd(const struct lg_capturer *c)
{
    return c->event_fd;
}

bool lg_capturer_busy(const struct lg_capturer *c)
{
    struct lg_capturer *m = (struct lg_capturer *)(uintptr_t)c;
    pthread_mutex_lock(&m->mutex);
    bool busy = m->has_job || m->has_outcome;
    pthread_mutex_unlock(&m->mutex);
    return busy;
}

void lg_capturer_submit(struct lg_capturer *c, const struct lg_capture_job *job)
{
    pthread_mutex_lock(&c->mutex);
    c->job = *job;
    c->has_job = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
}

bool lg_capturer_take(struct lg_capturer *c,
                      struct lg_capture_outcome *outcome_ret)
{
    eventfd_t ignored;
    pthread_mutex_lock(&c->mutex);
    bool has = c->has_outcome;
    if (has) {
        *outcome_ret = c->outcome;
        c->has_outcome = false;
        (void)eventfd_read(c->event_fd, &ignored);
    }
    pthread_mutex_unlock(&c->mutex);
    return has;
}

const char *lg_capturer_url(const struct lg_capturer *c)
{
    return c->url;
}
