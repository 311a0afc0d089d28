/* SPDX-License-Identifier: Apache-2.0 */
#include "record/session_internal.h"

#include "base/io.h"
#include "record/self.h"
#include "record/spawn.h"
#include "sources/process_exit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often we look while nothing happens. */
#define IDLE_GAP_NS (50 * LG_NS_PER_MS)
#define STATUS_GAP_NS (100 * LG_NS_PER_MS)
/* --for: a program that does not heed SIGTERM is killed after this. */
#define TERM_GRACE_NS (5 * LG_NS_PER_S)
#define MAX_EVENTS 16
#define ARENA_LIMIT_BYTES ((size_t)4 << 20)

/* Passed through to the program; SIGCHLD is for us. */
static const int passed_signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                     SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

void lg_session_note(struct lg_session *s, const char *fmt, ...)
{
    char sentence[LG_ERROR_TEXT_BYTES + 100];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    if (s->options->note != NULL) {
        s->options->note(s->options->context, sentence);
    }
}

void lg_session_absent(struct lg_session *s, enum lg_absence kind,
                       const char *what, const struct lg_error *why)
{
    struct lg_absent *a = lg_push(&s->arena, &s->absent);
    if (a != NULL) {
        a->what = lg_str_of(what);
        a->kind = why->kind == LG_DENIED        ? LG_NOT_PERMITTED
                  : why->kind == LG_UNSUPPORTED ? LG_NOT_SUPPORTED
                                                : kind;
        a->reason = lg_str_dup(&s->arena, lg_str_of(why->text));
    }
}

bool lg_session_epoll_add(struct lg_session *s, int fd)
{
    struct epoll_event want = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &want) == 0;
}

static bool open_signals(struct lg_session *s, struct lg_error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < LG_COUNT(passed_signals); i++) {
        sigaddset(&set, passed_signals[i]);
    }
    sigprocmask(SIG_BLOCK, &set, &s->old_mask);
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->epoll_fd < 0 || s->signal_fd < 0 ||
        !lg_session_epoll_add(s, s->signal_fd)) {
        return lg_fail_os(err, errno, "epoll");
    }
    return true;
}

static void open_oom_watch(struct lg_session *s)
{
    struct lg_error err = {0};
    if (lg_oom_watch_create(s->host, &s->oom_watch, &err)) {
        (void)lg_session_epoll_add(s, lg_oom_watch_fd(s->oom_watch));
    } else {
        lg_session_absent(s, LG_NOT_THERE, "kernel log", &err);
        lg_session_note(s, "%s", err.text);
    }
}

static void open_signal_trace(struct lg_session *s)
{
    struct lg_error err = {0};
    if (lg_signal_trace_create(s->host, s->subject.pid, &s->signals, &err)) {
        (void)lg_session_epoll_add(s, lg_signal_trace_fd(s->signals));
    } else {
        lg_session_absent(s, LG_NOT_SUPPORTED, "senders of signals", &err);
    }
}

static void make_cgroup(struct lg_session *s)
{
    struct lg_error err = {0};
    char name[64];
    if (s->options->memory_max_bytes == 0) {
        return;
    }
    snprintf(name, sizeof name, "lastgasp-%s", s->options->id);
    if (!lg_transient_cgroup_create(s->host, name, s->options->memory_max_bytes,
                                    &s->arena, &s->transient, &err)) {
        lg_session_absent(s, LG_NOT_PERMITTED, "memory cgroup", &err);
        lg_session_note(s, "%s; going on without a limit", err.text);
        return;
    }
    s->place = s->transient.place;
    s->has_place = true;
    s->has_oom_kills = true; /* nobody was ever killed in it */
}

static bool start_program(struct lg_session *s, struct lg_error *err)
{
    if (s->transient.created) {
        lg_spawn_read_ahead(s->options->argv[0]);
    }
    lg_relay_start(&s->relay);
    struct lg_spawn spawn = {
        .argv = s->options->argv,
        .procs_fd = s->transient.created ? s->transient.procs_fd : -1,
        .stderr_fd = s->relay.write_fd,
        .signal_mask = &s->old_mask,
    };
    bool ok = lg_spawn(&spawn, &s->child_pid, err);
    lg_relay_started(&s->relay);
    if (!ok) {
        (void)lg_relay_finish(&s->relay, &s->scratch);
        return false;
    }
    return lg_pidfd_open(s->child_pid, &s->child_fd, err);
}

static void check_limit(struct lg_session *s)
{
    struct lg_num size = s->subject.exe_size_bytes;
    if (s->transient.created && size.known &&
        size.value > s->options->memory_max_bytes) {
        struct lg_sb sb;
        lg_sb_init(&sb, &s->scratch);
        lg_sb_cstr(&sb, "the limit of ");
        lg_sb_bytes(&sb, s->options->memory_max_bytes);
        lg_sb_cstr(&sb, " is below the size of the program's file, ");
        lg_sb_bytes(&sb, size.value);
        char *text = lg_sb_cstr_of(&sb);
        lg_session_note(s, "%s", text != NULL ? text : "the limit is small");
        lg_arena_reset(&s->scratch);
    }
}

static bool set_up_subject(struct lg_session *s, int64_t pid,
                           struct lg_error *err)
{
    if (!lg_session_take_subject(s, pid, err)) {
        if (s->options->argv == NULL) {
            return false;
        }
        s->subject.pid = pid; /* gone already: its end says the rest */
    }
    if (s->subject.limit_bytes.known) {
        lg_trigger_init(&s->trigger, s->subject.limit_bytes.value);
    }
    check_limit(s);
    lg_session_open_samplers(s);
    open_signal_trace(s);
    /* The program runs: from here on a failure costs evidence, not the watch.
     */
    struct lg_error lost = {0};
    if (!lg_session_write_record(s, false, &lost) ||
        !lg_session_open_lanes(s, &lost)) {
        lg_session_note(s, "%s", lost.text);
    }
    return true;
}

static bool set_up(struct lg_session *s, struct lg_error *err)
{
    if (!open_signals(s, err) || !lg_session_open_timeline(s, err)) {
        return false;
    }
    open_oom_watch(s);
    if (s->options->argv != NULL) {
        make_cgroup(s);
        if (!start_program(s, err)) {
            return false;
        }
    } else if (!lg_pidfd_open(s->options->attach_pid, &s->child_fd, err)) {
        return false;
    }
    int64_t pid =
        s->options->argv != NULL ? s->child_pid : s->options->attach_pid;
    if (!set_up_subject(s, pid, err)) {
        return false;
    }
    if (!s->subject.build.is_go && s->options->argv == NULL) {
        lg_session_note(s,
                        "process %lld is not a Go program: only what the "
                        "kernel knows of it can be recorded",
                        (long long)pid);
    }
    return lg_session_epoll_add(s, s->child_fd);
}

/* The terminal sends its signals to the whole group: the program has them
 * already. What somebody sent to us alone is passed on. */
static void pass_signal(struct lg_session *s,
                        const struct signalfd_siginfo *info)
{
    int signal = (int)info->ssi_signo;
    if (s->options->argv == NULL) {
        if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) {
            s->told_to_stop = true;
        }
        return;
    }
    if (info->ssi_code != SI_KERNEL && !s->child_ended) {
        (void)kill((pid_t)s->child_pid, signal);
    }
}

static void take_signals(struct lg_session *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGCHLD) {
            pass_signal(s, &info);
        }
    }
}

static void take_child_end(struct lg_session *s)
{
    if (s->options->argv != NULL) {
        int status = 0;
        pid_t got = waitpid((pid_t)s->child_pid, &status, WNOHANG);
        if (got != (pid_t)s->child_pid) {
            return;
        }
        s->wait_status = status;
        s->has_status = true;
    }
    s->child_ended = true;
}

static void mark_end(struct lg_session *s)
{
    s->subject_ended = true;
    s->end.wall_ns = lg_wall_ns(s->host->clock);
    s->end.t_ns = lg_session_now(s);
    if (s->subject.started_at_ns > 0 &&
        s->end.wall_ns > s->subject.started_at_ns) {
        s->end.life_ns = (uint64_t)(s->end.wall_ns - s->subject.started_at_ns);
    }
}

static void take_trace(struct lg_session *s)
{
    struct lg_signal_sent sent[8];
    size_t count;
    while ((count = lg_signal_trace_read(s->signals, sent, LG_COUNT(sent))) >
           0) {
        for (size_t i = 0; i < count; i++) {
            lg_session_add_signal(s, &sent[i]);
        }
    }
}

static void drain_event(int fd)
{
    char ignored[4096];
    (void)!read(fd, ignored, sizeof ignored);
}

static bool is_lane(const struct lg_lane *lane, int fd)
{
    return lane->capturer != NULL && fd == lg_capturer_fd(lane->capturer);
}

static void take_event(struct lg_session *s, int fd)
{
    if (fd == s->signal_fd) {
        take_signals(s);
    } else if (fd == s->child_fd) {
        take_child_end(s);
        if (s->subject_fd < 0 && s->child_ended) {
            mark_end(s);
        }
    } else if (fd == s->subject_fd) {
        mark_end(s);
        (void)epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    } else if (s->oom_watch != NULL && fd == lg_oom_watch_fd(s->oom_watch)) {
        lg_oom_watch_pump(s->oom_watch);
    } else if (s->signals != NULL && fd == lg_signal_trace_fd(s->signals)) {
        take_trace(s);
    } else if (is_lane(&s->lane, fd) || is_lane(&s->extra, fd)) {
        lg_session_collect(s);
    } else {
        drain_event(fd); /* a mark or the OOM event: look at once */
        s->next_sample_ns = 0;
    }
}

static void tell_status(struct lg_session *s, uint64_t now)
{
    if (s->options->status == NULL || now < s->status_at_ns) {
        return;
    }
    s->status_at_ns = now + STATUS_GAP_NS;
    struct lg_trigger_sample sample = {
        .t_ns = now,
        .usage_bytes = s->usage_bytes,
        .rate_bytes_per_s = s->rate_bytes_per_s,
    };
    struct lg_session_status status = {
        .t_ns = now,
        .usage_bytes = s->has_cgroup_sampler ? s->cgroup_now.usage_bytes.value
                                             : s->usage_bytes,
        .limit_bytes = s->trigger.limit_bytes,
        .rate_bytes_per_s = s->rate_bytes_per_s,
        .time_left_ns = lg_trigger_time_left_ns(&s->trigger, &sample),
        .goroutines = s->goroutines,
        .captures = s->capture_count,
        .capturing =
            s->lane.capturer != NULL && lg_capturer_busy(s->lane.capturer),
    };
    s->options->status(s->options->context, &status);
}

/* --for has run out: a last capture, then the program is asked to end. */
static void check_time(struct lg_session *s, uint64_t now)
{
    if (s->options->for_ns == 0 || now < s->options->for_ns) {
        return;
    }
    lg_session_capture_end(s);
    if (s->lane.capturer != NULL && lg_capturer_busy(s->lane.capturer)) {
        return;
    }
    if (s->options->argv == NULL) {
        s->told_to_stop = true;
    } else if (!s->terminating) {
        s->terminating = true;
        s->kill_at_ns = now + TERM_GRACE_NS;
        (void)kill((pid_t)s->child_pid, SIGTERM);
    } else if (now >= s->kill_at_ns) {
        (void)kill((pid_t)s->child_pid, SIGKILL);
        s->kill_at_ns = UINT64_MAX;
    }
}

static int wait_ms(const struct lg_session *s, uint64_t now)
{
    if (s->next_sample_ns <= now) {
        return 0;
    }
    return (int)((s->next_sample_ns - now + LG_NS_PER_MS - 1) / LG_NS_PER_MS);
}

/* What a program still holds while it goes down says nothing of how it was. */
static void await_end(struct lg_session *s)
{
    uint64_t now = lg_session_now(s);
    s->next_sample_ns = now + IDLE_GAP_NS;
    check_time(s, now);
}

static void look(struct lg_session *s)
{
    if (s->terminating) {
        await_end(s);
        return;
    }
    lg_session_sample(s, false);
    lg_session_look_for_go(s);
    lg_session_consider(s);
    struct lg_trigger_sample sample = {
        .usage_bytes = s->usage_bytes,
        .rate_bytes_per_s = s->rate_bytes_per_s,
    };
    uint64_t gap = IDLE_GAP_NS;
    if (!s->lane.has_source && s->lane.find_gap_ns < gap) {
        gap = s->lane.find_gap_ns; /* what comes up is found soon */
    }
    uint64_t now = lg_session_now(s);
    s->next_sample_ns = now + lg_trigger_interval_ns(&s->trigger, &sample, gap);
    tell_status(s, now);
    check_time(s, now);
}

static void watch(struct lg_session *s)
{
    struct epoll_event events[MAX_EVENTS];
    while (!s->child_ended && !s->told_to_stop) {
        uint64_t now = lg_session_now(s);
        int count =
            epoll_wait(s->epoll_fd, events, MAX_EVENTS, wait_ms(s, now));
        for (int i = 0; i < count; i++) {
            take_event(s, events[i].data.fd);
        }
        if (!s->child_ended && lg_session_now(s) >= s->next_sample_ns) {
            look(s);
        }
    }
    if (s->signals != NULL) {
        take_trace(s);
    }
}

static void close_session(struct lg_session *s)
{
    lg_session_close_lanes(s);
    lg_oom_watch_destroy(s->oom_watch);
    lg_signal_trace_destroy(s->signals);
    if (s->has_process_sampler) {
        lg_process_sampler_close(&s->process_sampler);
    }
    if (s->has_cgroup_sampler) {
        lg_cgroup_sampler_close(&s->cgroup_sampler);
    }
    lg_session_close_marks(s);
    if (s->transient.created) {
        lg_transient_cgroup_destroy(&s->transient);
    }
    int *const fds[] = {&s->oom_fd,   &s->csv_fd,    &s->child_fd,
                        &s->epoll_fd, &s->signal_fd, &s->subject_fd};
    for (size_t i = 0; i < LG_COUNT(fds); i++) {
        lg_close_p(fds[i]);
    }
    sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    lg_arena_deinit(&s->scratch);
    lg_arena_deinit(&s->arena);
    free(s);
}

static struct lg_session *open_session(const struct lg_session_options *options)
{
    struct lg_session *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->options = options;
    s->host = options->host;
    s->start_ns = lg_mono_ns(s->host->clock);
    s->start_wall_ns = lg_wall_ns(s->host->clock);
    s->child_fd = s->subject_fd = s->oom_fd = s->csv_fd = s->epoll_fd =
        s->signal_fd = -1;
    sigprocmask(SIG_SETMASK, NULL, &s->old_mask);
    lg_arena_init(&s->arena, ARENA_LIMIT_BYTES);
    lg_arena_init(&s->scratch, ARENA_LIMIT_BYTES);
    lg_trigger_init(&s->trigger, 0);
    return s;
}

bool lg_session_run(const struct lg_session_options *options,
                    struct lg_session_result *result_ret, struct lg_error *err)
{
    struct lg_session *s = open_session(options);
    if (s == NULL) {
        return lg_fail_nomem(err);
    }
    if (!set_up(s, err)) {
        close_session(s);
        return false;
    }
    lg_self_shield();
    lg_self_shed_code();
    watch(s);
    lg_session_finish(s);
    *result_ret = (struct lg_session_result){
        .started = true,
        .has_status = s->has_status,
        .wait_status = s->wait_status,
        .still_running = !s->child_ended,
        .end = s->end.kind,
        .pid = s->subject.pid,
    };
    close_session(s);
    return true;
}
