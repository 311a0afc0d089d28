/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot.h"

#include "base/io.h"
#include "evidence/timeline.h"
#include "explain.h"
#include "record/capture_worker.h"
#include "record/record_json.h"
#include "source_arg.h"
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

struct job {
    const struct lg_snapshot_options *options;
    struct lg_snapshot *ret;
    struct lg_arena *arena;
    struct lg_source_arg source; /* of a process or a core */
    struct lg_host host;
    struct lg_capture_source *from;
    char path[PATH_MAX]; /* where it is made */
    int fd;
    int64_t wall_ns;
};

static bool is_url(const char *source)
{
    return strncmp(source, "http://", 7) == 0 ||
           strncmp(source, "https://", 8) == 0 ||
           strncmp(source, "unix:", 5) == 0;
}

/* A core and files of evidence are told apart by lg_source_open; a folder of
 * files is a capture already. */
static bool open_memory(struct job *j, struct lg_error *err)
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

static bool open_source(struct job *j, struct lg_error *err)
{
    j->ret->is_url = is_url(j->options->source);
    if (!j->ret->is_url) {
        return open_memory(j, err);
    }
    return lg_pprof_http_probe(j->options->source, PART_TIMEOUT_NS, err) &&
           lg_pprof_http_create(j->options->source, &j->from, err);
}

static void describe_subject(struct job *j)
{
    struct lg_subject *s = &j->ret->subject;
    struct lg_cgroup_place place;
    struct lg_cgroup cgroup;
    s->host_memory_bytes = lg_host_memory_bytes(&j->host);
    if (j->source.kind == LG_SOURCE_PROCESS && !j->ret->is_url) {
        (void)lg_subject_read(&j->host, j->source.pid, j->arena, s, NULL);
        if (lg_cgroup_place_find(&j->host, j->source.pid, j->arena, &place,
                                 NULL) &&
            lg_cgroup_read(&j->host, &place, false, j->arena, &cgroup, NULL)) {
            s->cgroup = place.path;
            s->cgroup_version = place.version;
            s->limit_bytes = cgroup.effective_limit_bytes;
            s->limit_source = cgroup.limit_path.len > 0 ? cgroup.limit_path
                                                        : LG_STR("host memory");
        }
    }
    if (j->source.go != NULL) {
        s->pid = j->source.pid;
        s->build = s->build.is_go ? s->build : j->source.go->build;
        s->exe = s->exe.len > 0 ? s->exe : j->source.image->binary_path;
    }
}

/* A folder beside the one that is wanted, so that a rename makes it that. */
static bool make_folder(struct job *j, struct lg_error *err)
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

static void save_host(struct job *j, struct lg_arena *scratch)
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

static bool take_parts(struct job *j, struct lg_error *err)
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

static bool take(struct job *j, struct lg_arena *scratch, struct lg_error *err)
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

static bool write_timeline(struct job *j, struct lg_arena *scratch,
                           struct lg_error *err)
{
    struct lg_sb sb;
    struct lg_process process = {0};
    struct lg_cgroup_place place;
    struct lg_cgroup cgroup = {0};
    bool live = j->source.kind == LG_SOURCE_PROCESS && !j->ret->is_url;
    if (live) {
        (void)lg_process_read(&j->host, j->source.pid,
                              LG_PROCESS_STATUS | LG_PROCESS_FD_COUNT, scratch,
                              &process, NULL);
    }
    if (live &&
        lg_cgroup_place_find(&j->host, j->source.pid, scratch, &place, NULL)) {
        (void)lg_cgroup_read(&j->host, &place, false, scratch, &cgroup, NULL);
    }
    struct lg_timeline_row row = {
        .wall_ns = j->wall_ns,
        .usage_bytes = cgroup.usage_bytes,
        .rss_bytes = process.vm_rss,
        .limit_bytes = j->ret->subject.limit_bytes,
        .heap_bytes = j->ret->facts.heap_bytes,
        .stack_bytes = j->ret->facts.stack_bytes,
        .goroutines = j->ret->facts.goroutines,
        .threads = process.threads_count,
        .fds = process.fds_count,
        .anon_bytes = cgroup.anon_bytes,
        .shmem_bytes = cgroup.shmem_bytes,
        .file_bytes = cgroup.file_bytes,
    };
    lg_sb_init(&sb, scratch);
    lg_timeline_csv_header(&sb);
    lg_timeline_csv_row(&sb, &row);
    return (!sb.failed || lg_fail_nomem(err)) &&
           lg_capture_file_write(j->fd, "timeline.csv", lg_sb_view(&sb), err);
}

static bool write_json(struct job *j, struct lg_arena *scratch,
                       struct lg_error *err)
{
    struct lg_end end = {
        .kind = j->ret->is_core ? LG_END_UNKNOWN : LG_END_RUNNING,
        .exit_code = -1,
        .wall_ns = j->wall_ns,
    };
    struct lg_record_head record = {
        .id = "",
        .mode = "snapshot",
        .done = true,
        .started_ns = j->wall_ns,
        .subject = &j->ret->subject,
        .end = &end,
        .captures_from = j->options->source,
    };
    struct lg_capture_head capture = {
        .id = 1,
        .trigger = "snapshot",
        .wall_ns = j->wall_ns,
        .duration_ns = j->ret->duration_ns,
        .complete = j->ret->complete,
        .source = j->from->ops->name,
        .parts = j->ret->parts,
        .notes = &j->ret->notes,
    };
    return lg_record_json_write(j->fd, &record, scratch, err) &&
           lg_capture_json_write(j->fd, &capture, scratch, err);
}

static bool write_report(struct job *j, struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_incident incident;
    struct lg_verdict verdict;
    lg_arena_init(&arena, 0);
    bool ok = lg_explain_folder(j->path, &arena, &incident, &verdict, err);
    if (ok) {
        struct lg_report report = {
            .incident = &incident,
            .verdict = &verdict,
        };
        ok = lg_explain_keep(j->path, &report, err);
    }
    lg_arena_deinit(&arena);
    return ok;
}

/* The name is given last, when all of it is on the disk. */
static bool publish(struct job *j, struct lg_error *err)
{
    lg_capture_sync(AT_FDCWD, j->path, true);
    if (rename(j->path, j->options->out) != 0) {
        return lg_fail_os(err, errno, "%s", j->options->out);
    }
    j->path[0] = '\0';
    return true;
}

static bool make(struct job *j, struct lg_arena *scratch, struct lg_error *err)
{
    if (!check_out(j->options->out, err) || !open_source(j, err) ||
        !make_folder(j, err)) {
        return false;
    }
    j->wall_ns = lg_wall_ns(j->host.clock);
    describe_subject(j);
    bool ok = take(j, scratch, err);
    if (ok) {
        save_host(j, scratch);
        ok = write_timeline(j, scratch, err) && write_json(j, scratch, err) &&
             write_report(j, err) && publish(j, err);
    }
    return ok;
}

/* What the caller prints outlives the image, whose views it may hold. */
static void keep_subject(struct job *j)
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
    struct job j = {.options = options, .ret = ret, .arena = arena, .fd = -1};
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
