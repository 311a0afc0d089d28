/* SPDX-License-Identifier: Apache-2.0 */
#include "record/session_internal.h"

#include "base/io.h"
#include "sources/process_exit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel's report is readable some milliseconds after the kill; when the
 * cgroup's own counter says that there was one, it is worth waiting for. */
#define WAIT_FOR_REPORT_MS 3000
#define WAIT_WITHOUT_HINT_MS 60

void lg_session_add_signal(struct lg_session *s, const struct lg_signal_sent *e)
{
    struct lg_end *end = &s->end;
    if (end->signals.count >= LG_SESSION_SIGNALS) {
        return;
    }
    s->sent[end->signals.count++] = (struct lg_signal_event){
        .wall_ns = e->wall_ns,
        .signal = e->signal,
        .sender_pid = e->sender_pid,
        .sender_comm = lg_str_dup(&s->arena, lg_str_of(e->sender_comm)),
        .from_kernel = e->from_kernel,
    };
}

static uint64_t oom_kills_since_start(struct lg_session *s)
{
    struct lg_cgroup_sample now = {0};
    if (s->has_cgroup_sampler && s->has_oom_kills &&
        lg_cgroup_sample(&s->cgroup_sampler, true, &now) &&
        now.oom_kill_count.known) {
        uint64_t kills = now.oom_kill_count.value - s->oom_kills_at_start;
        s->end.oom_kill_delta = lg_known(kills);
        return kills;
    }
    return 0;
}

/* Reads the kernel log until it tells of the subject, or long enough. */
static bool wait_for_report(struct lg_session *s, bool was_oom_killed)
{
    if (s->oom_watch == NULL) {
        return false;
    }
    uint64_t patience_ms =
        was_oom_killed ? WAIT_FOR_REPORT_MS : WAIT_WITHOUT_HINT_MS;
    uint64_t until = lg_session_now(s) + patience_ms * LG_NS_PER_MS;
    struct pollfd wait = {.fd = lg_oom_watch_fd(s->oom_watch),
                          .events = POLLIN};
    for (;;) {
        lg_oom_watch_pump(s->oom_watch);
        lg_oom_watch_flush(s->oom_watch);
        if (lg_oom_watch_saw_victim(s->oom_watch, s->subject.pid)) {
            return true;
        }
        uint64_t now = lg_session_now(s);
        if (now >= until ||
            (was_oom_killed && lg_oom_watch_count(s->oom_watch) > 0)) {
            return false;
        }
        (void)poll(&wait, 1, (int)((until - now) / LG_NS_PER_MS) + 1);
    }
}

static void take_status(struct lg_session *s)
{
    struct lg_exit_status status = {0};
    if (s->subject_fd >= 0 || s->options->argv == NULL) {
        int fd = s->subject_fd >= 0 ? s->subject_fd : s->child_fd;
        status = s->subject_ended ? lg_pidfd_exit_status(fd) : status;
    } else {
        status = (struct lg_exit_status){s->has_status, s->wait_status};
    }
    if (!status.known) {
        return;
    }
    if (WIFSIGNALED(status.wait_status)) {
        s->end.kind = LG_END_SIGNAL;
        s->end.signal = WTERMSIG(status.wait_status);
    } else if (WIFEXITED(status.wait_status)) {
        s->end.kind = LG_END_EXIT;
        s->end.exit_code = WEXITSTATUS(status.wait_status);
    }
}

/* The kernel's word, or its counter, against SIGKILL without a sender. */
static void judge_oom(struct lg_session *s)
{
    bool may_be = s->end.kind == LG_END_UNKNOWN || s->end.signal == SIGKILL;
    uint64_t kills = oom_kills_since_start(s);
    if (!s->subject_ended) {
        return;
    }
    bool named = wait_for_report(s, may_be && kills > 0);
    if (may_be && (named || (kills > 0 && s->end.signal == SIGKILL))) {
        s->end.kind = LG_END_OOM_KILL;
        s->end.signal = SIGKILL;
    }
}

static void store_kernel_log(struct lg_session *s)
{
    if (s->oom_watch != NULL && lg_oom_watch_count(s->oom_watch) > 0) {
        (void)lg_write_file(s->options->folder_fd, "kernel.log",
                            lg_oom_watch_text(s->oom_watch), 0644, NULL);
    }
}

static void store_stderr(struct lg_session *s)
{
    if (s->options->argv == NULL || s->terminating) {
        return;
    }
    struct lg_str tail = lg_relay_finish(&s->relay, &s->scratch);
    if (tail.len > 0) {
        (void)lg_write_file(s->options->folder_fd, "stderr.txt", tail, 0600,
                            NULL);
    }
    lg_arena_reset(&s->scratch);
}

void lg_session_finish(struct lg_session *s)
{
    if (!s->subject_ended) {
        s->end.kind = LG_END_RUNNING;
    }
    s->end.exit_code = -1;
    s->end.signals.items = s->sent;
    if (s->subject_ended) {
        take_status(s);
    }
    judge_oom(s);
    if (s->terminating) {
        /* We ended it ourselves after --for: it was well until then. */
        s->end.kind = LG_END_RUNNING;
        s->end.signal = 0;
        s->end.exit_code = -1;
    }
    if (!s->lane.has_source && s->lane.error.kind != LG_OK) {
        lg_session_absent(s, LG_NOT_THERE, "heap and goroutine profiles",
                          &s->lane.error);
    }
    lg_session_close_lanes(s);
    store_kernel_log(s);
    store_stderr(s);
    (void)lg_remove_tree(s->options->folder_fd, "captures/.count", NULL);
    lg_session_sync_timeline(s);
    struct lg_error err = {0};
    if (!lg_session_write_record(s, true, &err)) {
        lg_session_note(s, "%s", err.text);
    }
}
