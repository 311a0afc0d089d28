/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot_internal.h"

#include "base/clock.h"
#include "evidence/timeline.h"
#include "explain.h"
#include "record/record_json.h"
#include "sources/capture_file.h"
#include "sources/cgroupfs.h"
#include "sources/procfs.h"

#include <signal.h>

void lg_snapshot_describe(struct lg_snapshot_job *j)
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

static bool write_timeline(struct lg_snapshot_job *j, struct lg_arena *scratch,
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

/* A core of a process that went on (gcore) has no signal, or a debugger's. */
static struct lg_end end_of(const struct lg_snapshot_job *j)
{
    struct lg_end end = {
        .kind = LG_END_RUNNING,
        .exit_code = -1,
        .wall_ns = j->wall_ns,
    };
    int signal = j->ret->is_core ? j->source.image->signal : 0;
    if (signal != 0 && signal != SIGTRAP && signal != SIGSTOP &&
        signal != SIGCONT) {
        end.kind = LG_END_SIGNAL;
        end.signal = signal;
    }
    return end;
}

static bool write_json(struct lg_snapshot_job *j, struct lg_arena *scratch,
                       struct lg_error *err)
{
    struct lg_end end = end_of(j);
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

static bool write_report(struct lg_snapshot_job *j, struct lg_error *err)
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

bool lg_snapshot_write(struct lg_snapshot_job *j, struct lg_arena *scratch,
                       struct lg_error *err)
{
    return write_timeline(j, scratch, err) && write_json(j, scratch, err) &&
           write_report(j, err);
}
