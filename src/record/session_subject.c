/* SPDX-License-Identifier: Apache-2.0 */
#include "record/session_internal.h"

#include "base/io.h"
#include "record/record_json.h"
#include "sources/process_exit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A wrapper (a shell, env, make) is given this long a rhythm to start or
 * become a Go program. */
#define SCAN_GAP_NS (20 * LG_NS_PER_MS)
#define SCAN_GAP_MAX_NS (2 * LG_NS_PER_S)
#define MAX_DESCENDANTS 256

bool lg_session_write_record(struct lg_session *s, bool done,
                             struct lg_error *err)
{
    struct lg_record_head head = {
        .id = s->options->id,
        .mode = s->options->argv != NULL ? "run" : "attach",
        .done = done,
        .started_ns = s->start_wall_ns,
        .recorder_pid = getpid(),
        .subject = &s->subject,
        .end = done ? &s->end : NULL,
        .absent = s->absent.items,
        .absent_count = s->absent.count,
        .captures_from = s->captures_from,
        .heap_profile_switched = s->heap_profile_switched,
    };
    bool ok =
        lg_record_json_write(s->options->folder_fd, &head, &s->scratch, err);
    lg_arena_reset(&s->scratch);
    return ok;
}

static void describe_limit(struct lg_session *s)
{
    struct lg_cgroup cgroup;
    s->subject.host_memory_bytes = lg_host_memory_bytes(s->host);
    if (s->options->memory_max_bytes != 0 && s->transient.created) {
        s->subject.limit_bytes = lg_known(s->options->memory_max_bytes);
        s->subject.limit_source = LG_STR("run --memory-max");
    } else if (s->has_place &&
               lg_cgroup_read(s->host, &s->place, false, &s->arena, &cgroup,
                              NULL) &&
               cgroup.effective_limit_bytes.known) {
        struct lg_sb sb;
        lg_sb_init(&sb, &s->arena);
        if (cgroup.limit_path.len > 0) {
            lg_sb_fmt(&sb, "%s of %.*s",
                      cgroup.version == 2 ? "memory.max"
                                          : "memory.limit_in_bytes",
                      LG_STR_ARG(cgroup.limit_path));
        } else {
            lg_sb_cstr(&sb, "host memory");
        }
        s->subject.limit_bytes = cgroup.effective_limit_bytes;
        s->subject.limit_source = lg_sb_view(&sb);
    } else if (s->subject.host_memory_bytes.known) {
        s->subject.limit_bytes = s->subject.host_memory_bytes;
        s->subject.limit_source = LG_STR("host memory");
    }
    if (s->has_place) {
        s->subject.cgroup = s->place.path;
        s->subject.cgroup_version = s->place.version;
    }
}

bool lg_session_take_subject(struct lg_session *s, int64_t pid,
                             struct lg_error *err)
{
    struct lg_subject subject;
    struct stat st;
    char path[48];
    if (!lg_subject_read(s->host, pid, &s->arena, &subject, err)) {
        return false;
    }
    s->subject = subject;
    snprintf(path, sizeof path, "proc/%lld/exe", (long long)pid);
    if (fstatat(s->host->root_fd, path, &st, 0) == 0) {
        s->subject.exe_size_bytes = lg_known((uint64_t)st.st_size);
    }
    if (!s->has_place) {
        s->has_place =
            lg_cgroup_place_find(s->host, pid, &s->arena, &s->place, NULL);
    }
    describe_limit(s);
    if (s->oom_watch != NULL && s->has_place) {
        lg_oom_watch_only(s->oom_watch, s->place.path, pid);
    }
    return true;
}

static size_t children_of(const struct lg_session *s, int64_t pid,
                          int64_t *pids, size_t capacity)
{
    char path[64], text[4096];
    size_t len = 0, count = 0;
    snprintf(path, sizeof path, "proc/%lld/task/%lld/children", (long long)pid,
             (long long)pid);
    if (!lg_read_small(s->host->root_fd, path, text, sizeof text, &len, NULL)) {
        return 0;
    }
    struct lg_str rest = lg_str_from(text, len), word;
    uint64_t number;
    while (count < capacity && lg_str_word(&rest, &word)) {
        if (lg_str_u64(word, &number)) {
            pids[count++] = (int64_t)number;
        }
    }
    return count;
}

static bool is_go(struct lg_session *s, int64_t pid)
{
    struct lg_subject found;
    bool yes = lg_subject_read(s->host, pid, &s->scratch, &found, NULL) &&
               found.build.is_go;
    lg_arena_reset(&s->scratch);
    return yes;
}

static void switch_to(struct lg_session *s, int64_t pid)
{
    int fd = -1;
    if (!lg_pidfd_open(pid, &fd, NULL)) {
        return;
    }
    if (!lg_session_take_subject(s, pid, NULL)) {
        close(fd);
        return;
    }
    if (s->has_process_sampler) {
        lg_process_sampler_close(&s->process_sampler);
        s->has_process_sampler = false;
    }
    if (pid != s->child_pid) {
        s->subject_fd = fd;
        (void)lg_session_epoll_add(s, fd);
    } else {
        close(fd);
    }
    lg_session_open_samplers(s);
    /* The lanes were made for the wrapper's pid. */
    lg_session_close_lanes(s);
    (void)lg_session_open_lanes(s, NULL);
    (void)lg_session_write_record(s, false, NULL);
}

void lg_session_look_for_go(struct lg_session *s)
{
    uint64_t now = lg_session_now(s);
    if (s->subject.build.is_go || s->options->argv == NULL || s->child_ended ||
        now < s->subject_scan_at_ns) {
        return;
    }
    uint64_t gap = now / 4;
    gap = gap < SCAN_GAP_NS ? SCAN_GAP_NS : gap;
    s->subject_scan_at_ns =
        now + (gap > SCAN_GAP_MAX_NS ? SCAN_GAP_MAX_NS : gap);
    int64_t pids[MAX_DESCENDANTS] = {s->child_pid};
    size_t count = 1;
    for (size_t i = 0; i < count; i++) {
        if (is_go(s, pids[i])) {
            switch_to(s, pids[i]);
            return;
        }
        count += children_of(s, pids[i], pids + count, MAX_DESCENDANTS - count);
    }
}
