/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot_internal.h"

#include "base/io.h"
#include "record/capture_worker.h"
#include "sources/capture_file.h"
#include "sources/cgroupfs.h"
#include "sources/memory_source.h"
#include "sources/pprof_http.h"
#include "sources/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_TIMEOUT_NS (60 * LG_NS_PER_S)
/* A million goroutines as text are some 400 MB. */
#define PART_LIMIT_BYTES (UINT64_C(4) << 30)
#define SCRATCH_LIMIT_BYTES ((size_t)64 << 20)

static bool is_url(const char *source)
{
    return strncmp(source, "http://", 7) == 0 ||
           strncmp(source, "https://", 8) == 0 ||
           strncmp(source, "unix:", 5) == 0;
}

/* A core and files of evidence are told apart by lg_source_open; a folder of
 * files is a capture already. */
static bool open_memory(struct lg_snapshot_job *j, struct lg_error *err)
{
    struct lg_source_options options = {
        .exe = j->options->exe,
        .debug_file = j->options->debug_file,
    };
    if (!lg_source_open(j->options->source, &options, j->arena, &j->source,
                        err)) {
        return false;
    }
    if (!lg_source_is_image(&j->source)) {
        return lg_fail(err, LG_USAGE,
                       "%s is evidence already: name a process, a core file "
                       "or a pprof URL",
                       j->options->source);
    }
    j->ret->is_core = j->source.kind == LG_SOURCE_CORE;
    return lg_memory_source_over(j->source.go, j->options->freeze, &j->from,
                                 err);
}

static bool open_source(struct lg_snapshot_job *j, struct lg_error *err)
{
    j->ret->is_url = is_url(j->options->source);
    if (!j->ret->is_url) {
        return open_memory(j, err);
    }
    return lg_pprof_http_probe(j->options->source, PART_TIMEOUT_NS, err) &&
           lg_pprof_http_create(j->options->source, &j->from, err);
}

/* A folder beside the one that is wanted, so that a rename makes it that. */
static bool make_folder(struct lg_snapshot_job *j, struct lg_error *err)
{
    const char *out = j->options->out;
    size_t len = strlen(out);
    while (len > 1 && out[len - 1] == '/') {
        len--;
    }
    int n = snprintf(j->path, sizeof j->path, "%.*s.lastgasp-%d.tmp", (int)len,
                     out, (int)getpid());
    if (n < 0 || (size_t)n >= sizeof j->path) {
        return lg_fail(err, LG_USAGE, "the name of the folder is too long");
    }
    if (mkdir(j->path, 0755) != 0) {
        int failed = errno;
        j->path[0] = '\0';
        return lg_fail_os(err, failed, "%s", out);
    }
    j->fd = open(j->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return j->fd >= 0 || lg_fail_os(err, errno, "%s", j->path);
}

static bool check_out(const char *out, struct lg_error *err)
{
    struct stat st;
    if (lstat(out, &st) != 0) {
        return errno == ENOENT || lg_fail_os(err, errno, "%s", out);
    }
    DIR *dir = S_ISDIR(st.st_mode) ? opendir(out) : NULL;
    size_t entries = 0;
    while (dir != NULL && readdir(dir) != NULL) {
        entries++;
    }
    bool is_empty = dir != NULL && entries <= 2;
    if (dir != NULL) {
        closedir(dir);
    }
    return is_empty ||
           lg_fail(err, LG_USAGE, "%s is there already and not empty", out);
}

static void save_host(struct lg_snapshot_job *j, struct lg_arena *scratch)
{
    struct lg_cgroup_place place;
    struct lg_capturer_options options = {
        .host = &j->host,
        .pid = j->source.pid,
    };
    if (j->source.kind != LG_SOURCE_PROCESS || j->ret->is_url) {
        return;
    }
    if (lg_cgroup_place_find(&j->host, j->source.pid, j->arena, &place, NULL)) {
        options.place = &place;
    }
    lg_capture_save_host(&options, true, scratch, j->fd);
}

/* The dearest parts come last; a CPU profile is no snapshot. */
static const enum lg_capture_part parts[] = {
    LG_TAKE_MEMSTATS_JSON, LG_TAKE_HEAP,         LG_TAKE_HEAP_GC,
    LG_TAKE_GOROUTINE,     LG_TAKE_MUTEX,        LG_TAKE_BLOCK,
    LG_TAKE_MEMSTATS,      LG_TAKE_THREADCREATE, LG_TAKE_GOROUTINES_TEXT,
};

static bool take_parts(struct lg_snapshot_job *j, struct lg_error *err)
{
    const struct lg_capture_source_ops *ops = j->from->ops;
    struct lg_capture_plan plan = {0};
    struct lg_snapshot *ret = j->ret;
    size_t written = 0;
    ret->complete = true;
    if (ops->begin != NULL) {
        ops->begin(j->from, &plan);
    }
    for (size_t i = 0; i < LG_COUNT(parts); i++) {
        struct lg_part_result *result = &ret->parts[parts[i]];
        if ((ops->parts & LG_TAKE_BIT(parts[i])) == 0) {
            continue;
        }
        bool ok = ops->take(j->from, parts[i], j->fd, PART_TIMEOUT_NS,
                            PART_LIMIT_BYTES, result);
        ret->complete = ret->complete && ok;
        written += result->written;
        if (result->error.sys_errno == ENOSPC ||
            result->error.sys_errno == EDQUOT) {
            *err = result->error;
            return false;
        }
        if (!ok && err->kind == LG_OK) {
            *err = result->error; /* should nothing come at all */
        }
    }
    return written > 0;
}

static bool take(struct lg_snapshot_job *j, struct lg_arena *scratch,
                 struct lg_error *err)
{
    const struct lg_capture_source_ops *ops = j->from->ops;
    uint64_t begin_ns = lg_mono_ns(j->host.clock);
    bool ok = take_parts(j, err);
    if (ok && ops->facts != NULL) {
        (void)ops->facts(j->from, &j->ret->facts, NULL);
    } else if (ok) {
        lg_capture_facts_read(j->fd, scratch, &j->ret->facts);
    }
    if (ops->end != NULL) {
        ops->end(j->from, &j->ret->notes);
    }
    j->ret->duration_ns = lg_mono_ns(j->host.clock) - begin_ns;
    return ok;
}

/* The name is given last, when all of it is on the disk. */
static bool publish(struct lg_snapshot_job *j, struct lg_error *err)
{
    lg_capture_sync(AT_FDCWD, j->path, true);
    if (rename(j->path, j->options->out) != 0) {
        return lg_fail_os(err, errno, "%s", j->options->out);
    }
    j->path[0] = '\0';
    return true;
}

static bool make(struct lg_snapshot_job *j, struct lg_arena *scratch,
                 struct lg_error *err)
{
    if (!check_out(j->options->out, err) || !open_source(j, err) ||
        !make_folder(j, err)) {
        return false;
    }
    struct stat st;
    j->wall_ns = lg_wall_ns(j->host.clock);
    if (j->ret->is_core && stat(j->source.path, &st) == 0) {
        j->wall_ns = (int64_t)st.st_mtim.tv_sec * (int64_t)LG_NS_PER_S +
                     st.st_mtim.tv_nsec; /* its moment, not ours */
    }
    lg_snapshot_describe(j);
    bool ok = take(j, scratch, err);
    if (ok) {
        save_host(j, scratch);
        ok = lg_snapshot_write(j, scratch, err) && publish(j, err);
    }
    return ok;
}

/* What the caller prints outlives the image, whose views it may hold. */
static void keep_subject(struct lg_snapshot_job *j)
{
    struct lg_subject *s = &j->ret->subject;
    *s = (struct lg_subject){
        .pid = s->pid,
        .exe = lg_str_dup(j->arena, s->exe),
        .build = {.is_go = s->build.is_go,
                  .go_version = lg_str_dup(j->arena, s->build.go_version)},
    };
    if (j->source.image != NULL) {
        j->ret->missing = lg_str_dup(j->arena, j->source.image->missing);
    }
}

bool lg_snapshot_take(const struct lg_snapshot_options *options,
                      struct lg_arena *arena, struct lg_snapshot *ret,
                      struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_snapshot_job j = {
        .options = options, .ret = ret, .arena = arena, .fd = -1};
    memset(ret, 0, sizeof *ret);
    if (!lg_host_init(&j.host, NULL, err)) {
        return false;
    }
    lg_arena_init(&scratch, SCRATCH_LIMIT_BYTES);
    bool ok = make(&j, &scratch, err);
    keep_subject(&j);
    if (j.from != NULL) {
        j.from->ops->destroy(j.from);
    }
    lg_close_p(&j.fd);
    if (j.path[0] != '\0') {
        (void)lg_remove_tree(AT_FDCWD, j.path, NULL);
    }
    lg_source_close(&j.source);
    lg_host_deinit(&j.host);
    lg_arena_deinit(&scratch);
    return ok;
}
