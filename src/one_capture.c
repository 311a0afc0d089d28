/* SPDX-License-Identifier: Apache-2.0 */
#include "one_capture.h"

#include "base/clock.h"
#include "report/words.h"
#include "sources/cgroupfs.h"
#include "sources/procfs.h"
#include "target/go_memstats.h"

#include <inttypes.h>
#include <unistd.h>

/* Other processes of the same cgroup that are looked at. */
#define MAX_PEERS 1000

static bool begin(struct lg_source_arg *s, struct lg_arena *arena,
                  struct lg_one_capture *c, struct lg_capture **capture_ret)
{
    struct lg_subject *subject = &c->incident.subject;
    c->incident.arena = arena;
    c->incident.end.kind = LG_END_RUNNING;
    if (s->kind == LG_SOURCE_PROCESS)
        (void)lg_subject_read(&s->host, s->pid, arena, subject, NULL);
    subject->pid = s->pid;
    if (subject->exe.len == 0)
        subject->exe = s->image->binary_path;
    if (!subject->build.is_go)
        subject->build = s->go->build;
    struct lg_capture *capture = lg_push(arena, &c->incident.captures);
    if (capture == NULL)
        return false;
    capture->id = 1;
    capture->complete = true;
    if (s->kind == LG_SOURCE_PROCESS)
        capture->wall_ns = lg_wall_ns(s->host.clock);
    c->capture = *capture_ret = capture;
    return true;
}

static bool read_heap(struct lg_source_arg *s, enum lg_heap_when when,
                      struct lg_arena *arena, struct lg_one_capture *c,
                      struct lg_capture *capture, struct lg_error *err)
{
    struct lg_profile *heap = lg_new(arena, struct lg_profile, 1);
    if (heap == NULL)
        return lg_fail_nomem(err);
    if (!lg_go_heap_profile_read(s->go, when, arena, heap, &c->heap_info, err))
        return false;
    heap->time_ns = capture->wall_ns;
    capture->heap = heap;
    c->has_heap_info = true;
    return true;
}

bool lg_one_capture_heap(struct lg_source_arg *source, enum lg_heap_when when,
                         struct lg_arena *arena, struct lg_one_capture *ret,
                         struct lg_error *err)
{
    struct lg_capture *capture = NULL;
    *ret = (struct lg_one_capture){0};
    if (lg_source_is_image(source)) {
        if (!begin(source, arena, ret, &capture))
            return lg_fail_nomem(err);
        return read_heap(source, when, arena, ret, capture, err);
    }
    ret->incident = source->incident;
    ret->capture = lg_incident_last_heap(&ret->incident);
    return ret->capture != NULL ||
           lg_fail(err, LG_ABSENT, "there is no heap profile in %s",
                   source->path);
}

/* Only of a cgroup that sets a limit: others hold who knows what beside it. */
static const struct lg_cgroup *read_cgroup(const struct lg_host *host,
                                           int64_t pid, struct lg_arena *arena)
{
    struct lg_cgroup_place place;
    struct lg_cgroup *cgroup = lg_new(arena, struct lg_cgroup, 1);
    if (cgroup == NULL ||
        !lg_cgroup_place_find(host, pid, arena, &place, NULL) ||
        !lg_cgroup_read(host, &place, true, arena, cgroup, NULL) ||
        !cgroup->limit_bytes.known)
        return NULL;
    return cgroup;
}

static void add_peers(const struct lg_host *host, int64_t pid,
                      const struct lg_cgroup *cgroup, struct lg_arena *arena,
                      struct lg_capture *capture)
{
    lg_each(other, cgroup->pids) {
        struct lg_process p;
        if (*other == pid || capture->peers.count >= MAX_PEERS ||
            !lg_process_read(host, *other, LG_PROCESS_STATUS, arena, &p, NULL))
            continue;
        struct lg_peer *peer = lg_push(arena, &capture->peers);
        if (peer == NULL)
            return;
        *peer = (struct lg_peer){p.pid, p.comm, p.vm_rss.value};
    }
}

static void read_process(const struct lg_source_arg *s, struct lg_arena *arena,
                         struct lg_capture *capture)
{
    struct lg_process *process = lg_new(arena, struct lg_process, 1);
    if (process != NULL &&
        lg_process_read(&s->host, s->pid,
                        LG_PROCESS_STATUS | LG_PROCESS_SMAPS_ROLLUP, arena,
                        process, NULL))
        capture->process = process;
    capture->cgroup = read_cgroup(&s->host, s->pid, arena);
    if (capture->cgroup != NULL)
        add_peers(&s->host, s->pid, capture->cgroup, arena, capture);
}

static bool read_memstats(struct lg_source_arg *s, struct lg_arena *arena,
                          struct lg_one_capture *c, struct lg_error *err)
{
    struct lg_capture *capture = NULL;
    struct lg_memstats *memstats = lg_new(arena, struct lg_memstats, 1);
    if (memstats == NULL || !begin(s, arena, c, &capture))
        return lg_fail_nomem(err);
    if (s->kind == LG_SOURCE_PROCESS)
        read_process(s, arena, capture);
    if (!lg_go_memstats_read(s->go, memstats, err))
        return false;
    capture->memstats = memstats;
    /* Only for what is live of the heap; missing, all of it counts. */
    (void)read_heap(s, LG_HEAP_PUBLISHED, arena, c, capture, NULL);
    return true;
}

bool lg_one_capture_memstats(struct lg_source_arg *source,
                             struct lg_arena *arena, struct lg_one_capture *ret,
                             struct lg_error *err)
{
    *ret = (struct lg_one_capture){0};
    if (lg_source_is_image(source))
        return read_memstats(source, arena, ret, err);
    ret->incident = source->incident;
    ret->capture = lg_incident_last_memstats(&ret->incident);
    return ret->capture != NULL ||
           lg_fail(err, LG_ABSENT, "there are no memory statistics in %s",
                   source->path);
}

void lg_one_capture_title(const struct lg_source_arg *source,
                          const struct lg_one_capture *c, struct lg_sb *sb)
{
    const struct lg_subject *s = &c->incident.subject;
    lg_sb_str(sb, lg_words_program(s));
    lg_sb_cstr(sb, " (");
    if (source->kind == LG_SOURCE_PROCESS)
        lg_sb_fmt(sb, "pid %" PRId64, source->pid);
    else
        lg_sb_cstr(sb, source->path);
    if (s->build.go_version.len != 0) {
        lg_sb_cstr(sb, ", ");
        lg_sb_str(sb, s->build.go_version);
    }
    lg_sb_char(sb, ')');
}
