/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the files of a session share: its state. session.c sets up and
 * waits, session_sample.c looks, session_subject.c finds the Go process,
 * session_capture.c decides and submits, session_end.c writes how it ended.
 */
#ifndef LG_RECORD_SESSION_INTERNAL_H
#define LG_RECORD_SESSION_INTERNAL_H

#include "record/capturer.h"
#include "record/relay.h"
#include "record/session.h"
#include "record/trigger.h"
#include "sources/cgroupfs.h"
#include "sources/oom_watch.h"
#include "sources/procfs.h"
#include "sources/signal_trace.h"

#include <pthread.h>
#include <signal.h>

#define LG_SESSION_ROWS 4096
#define LG_SESSION_MARKS 16
#define LG_SESSION_SIGNALS 64

/* A lane and what is known of its source. */
struct lg_lane {
    struct lg_capturer *capturer; /* NULL: there is none */
    bool has_source, from_memory;
    uint64_t find_at_ns, find_gap_ns;
    struct lg_error error; /* why there is no source */
};

struct lg_session {
    const struct lg_session_options *options;
    const struct lg_host *host;
    struct lg_arena arena;   /* for the whole session; not used when sampling */
    struct lg_arena scratch; /* reset after each use */
    uint64_t start_ns;       /* monotonic, t = 0 */
    int64_t start_wall_ns;

    int64_t child_pid;        /* run: ours to wait for; attach: 0 */
    int child_fd, subject_fd; /* pidfds; subject_fd −1: it is the child */
    bool child_ended, subject_ended, told_to_stop, terminating;
    uint64_t kill_at_ns; /* --for: SIGKILL after SIGTERM; 0: not yet */
    struct lg_subject subject;
    uint64_t subject_scan_at_ns;

    struct lg_transient_cgroup transient;
    bool has_place;
    struct lg_cgroup_place place;
    struct lg_cgroup_sampler cgroup_sampler;
    struct lg_process_sampler process_sampler;
    bool has_cgroup_sampler, has_process_sampler;
    int mark_fds[LG_SESSION_MARKS];
    size_t mark_count; /* the thread's until it is joined */
    pthread_t marks_thread;
    bool has_marks_thread;
    int oom_fd;
    uint64_t oom_kills_at_start;
    bool has_oom_kills;

    struct lg_oom_watch *oom_watch;  /* NULL: not permitted */
    struct lg_signal_trace *signals; /* NULL: not permitted */
    struct lg_relay relay;
    int epoll_fd, signal_fd;
    sigset_t old_mask;

    struct lg_timeline_row rows[LG_SESSION_ROWS];
    struct lg_timeline timeline;
    int csv_fd;
    uint64_t row_at_ns; /* when the last row was kept */
    uint64_t synced_at_ns;
    uint64_t row_usage_bytes;
    uint64_t detail_at_ns; /* when stat, fds and threads were read last */
    struct lg_cgroup_sample cgroup_now;
    struct lg_process_sample process_now;
    struct lg_num goroutines, heap_bytes, stack_bytes;
    bool facts_are_new;   /* not yet in a row */
    uint64_t usage_bytes; /* without page cache that can be reclaimed */
    double rate_bytes_per_s;
    uint64_t next_sample_ns, status_at_ns;

    struct lg_lane lane;  /* what captures are made of */
    struct lg_lane extra; /* what takes long: CPU profile, trace; HTTP only */
    struct lg_trigger trigger;
    uint32_t capture_count;
    bool profiled_cpu, took_contention, took_end, told_full, told_refused,
        heap_profile_switched;
    uint64_t count_at_ns, maps_at_ns, maps_usage_bytes;
    char captures_from[256]; /* in words */

    struct lg_end end;
    int wait_status;
    bool has_status;
    struct lg_signal_event sent[LG_SESSION_SIGNALS];
    LG_VEC(struct lg_absent) absent;
};

static inline uint64_t lg_session_now(const struct lg_session *s)
{
    return lg_mono_ns(s->host->clock) - s->start_ns;
}

void lg_session_note(struct lg_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void lg_session_absent(struct lg_session *s, enum lg_absence kind,
                       const char *what, const struct lg_error *why);
bool lg_session_epoll_add(struct lg_session *s, int fd);

/* session_subject.c */
bool lg_session_take_subject(struct lg_session *s, int64_t pid,
                             struct lg_error *err);
void lg_session_look_for_go(struct lg_session *s);
bool lg_session_write_record(struct lg_session *s, bool done,
                             struct lg_error *err);

/* session_sample.c */
bool lg_session_open_timeline(struct lg_session *s, struct lg_error *err);
void lg_session_open_samplers(struct lg_session *s);
void lg_session_sample(struct lg_session *s, bool in_detail);
void lg_session_sync_timeline(struct lg_session *s);
void lg_session_close_marks(struct lg_session *s);

/* session_capture.c */
bool lg_session_open_lanes(struct lg_session *s, struct lg_error *err);
/* Waits for what is under way. */
void lg_session_close_lanes(struct lg_session *s);
void lg_session_consider(struct lg_session *s);
void lg_session_collect(struct lg_session *s);
void lg_session_capture_end(struct lg_session *s);

/* session_end.c */
void lg_session_add_signal(struct lg_session *s,
                           const struct lg_signal_sent *e);
void lg_session_finish(struct lg_session *s);

#endif
