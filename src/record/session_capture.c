/* SPDX-License-Identifier: Apache-2.0 */
#include "record/session_internal.h"

#include <errno.h>
#include <unistd.h>

#define BIT LG_TAKE_BIT
/* Looking for an endpoint: at once, then ever less often. */
#define FIRST_FIND_GAP_NS (5 * LG_NS_PER_MS)
#define LAST_FIND_GAP_NS (5 * LG_NS_PER_S)
/* Without an endpoint the first capture waits this long for one … */
#define START_WAIT_NS LG_NS_PER_S
/* … unless this share of the limit is used by then. */
#define START_USAGE_RATIO 0.2
/* Counting goroutines costs the target in proportion to them. */
#define COUNT_GAP_NS (500 * LG_NS_PER_MS)
#define COUNT_DUTY 100
/* A second of CPU profile is worth it when memory grows and there is time. */
#define CPU_USAGE_RATIO 0.2
#define CPU_TIME_LEFT_NS (1500 * LG_NS_PER_MS)
/* Mutex and block profiles, once, when nothing presses. */
#define CALM_TIME_LEFT_NS (20 * LG_NS_PER_S)

bool lg_session_open_lanes(struct lg_session *s, struct lg_error *err)
{
    struct lg_capturer_options options = {
        .host = s->host,
        .folder_fd = s->options->folder_fd,
        .pid = s->subject.pid,
        .place = s->has_place ? &s->place : NULL,
        .pprof_url = s->options->pprof_url,
        .start_mono_ns = s->start_ns,
    };
    if (!lg_capturer_create(&options, &s->lane, err) ||
        !lg_capturer_create(&options, &s->slow_lane, err)) {
        return false;
    }
    return lg_session_epoll_add(s, lg_capturer_fd(s->lane)) &&
           lg_session_epoll_add(s, lg_capturer_fd(s->slow_lane));
}

static struct lg_trigger_sample trigger_sample(const struct lg_session *s)
{
    return (struct lg_trigger_sample){
        .t_ns = lg_session_now(s),
        .usage_bytes = s->usage_bytes,
        .fds = s->process_now.fds,
        .goroutines = s->goroutines,
        .rate_bytes_per_s = s->rate_bytes_per_s,
    };
}

static unsigned choose_parts(struct lg_session *s,
                             const struct lg_trigger_sample *sample,
                             const struct lg_trigger_decision *decision)
{
    unsigned parts =
        BIT(LG_TAKE_HEAP) | BIT(LG_TAKE_MEMSTATS) | BIT(LG_TAKE_GOROUTINE);
    if (lg_trigger_text_affordable(&s->trigger, sample)) {
        parts |= BIT(LG_TAKE_GOROUTINES_TEXT);
    }
    if (decision->urgent) {
        return parts;
    }
    parts |= BIT(LG_TAKE_THREADCREATE);
    if (!s->took_contention && s->trigger.captures > 0 &&
        lg_trigger_time_left_ns(&s->trigger, sample) > CALM_TIME_LEFT_NS) {
        s->took_contention = true;
        parts |= BIT(LG_TAKE_MUTEX) | BIT(LG_TAKE_BLOCK);
    }
    return parts;
}

static void submit_capture(struct lg_session *s,
                           const struct lg_trigger_sample *sample,
                           const struct lg_trigger_decision *decision)
{
    struct lg_capture_job job = {
        .kind = LG_JOB_CAPTURE,
        .id = ++s->capture_count,
        .parts = choose_parts(s, sample, decision),
        .text_goroutines_max = lg_trigger_text_max(&s->trigger, sample),
        .urgent = decision->urgent,
        .with_maps = !decision->urgent,
        .newest = true,
    };
    lg_trigger_name(decision, job.name, sizeof job.name);
    lg_trigger_began(&s->trigger, sample);
    lg_capturer_submit(s->lane, &job);
}

/* The profile of CPU time says who touches the memory, which no heap profile
 * does for mmap and cgo; and a short trace goes with it. */
static void consider_cpu(struct lg_session *s,
                         const struct lg_trigger_sample *sample)
{
    uint64_t limit = s->trigger.limit_bytes;
    bool grows = limit != 0 && sample->rate_bytes_per_s > 0 &&
                 (double)s->usage_bytes > CPU_USAGE_RATIO * (double)limit;
    uint64_t left = lg_trigger_time_left_ns(&s->trigger, sample);
    if (!s->has_source || s->profiled_cpu || !grows ||
        left < CPU_TIME_LEFT_NS || lg_capturer_busy(s->slow_lane)) {
        return;
    }
    struct lg_capture_job job = {
        .kind = LG_JOB_CAPTURE,
        .id = ++s->capture_count,
        .name = "cpu",
        .parts = BIT(LG_TAKE_CPU),
        .urgent = true,
    };
    if (left > 2 * CPU_TIME_LEFT_NS) {
        job.parts |= BIT(LG_TAKE_TRACE);
    }
    s->profiled_cpu = true;
    lg_capturer_submit(s->slow_lane, &job);
}

static void submit_plain(struct lg_session *s, enum lg_capture_job_kind kind)
{
    struct lg_capture_job job = {.kind = kind};
    lg_capturer_submit(s->lane, &job);
}

/* true: the lane has work now. */
static bool consider_finding(struct lg_session *s, uint64_t now)
{
    if (s->has_source || now < s->find_at_ns) {
        return false;
    }
    s->find_gap_ns =
        s->find_gap_ns == 0 ? FIRST_FIND_GAP_NS : s->find_gap_ns * 3 / 2;
    if (s->find_gap_ns > LAST_FIND_GAP_NS) {
        s->find_gap_ns = LAST_FIND_GAP_NS;
    }
    s->find_at_ns = now + s->find_gap_ns;
    submit_plain(s, LG_JOB_FIND);
    return true;
}

static bool start_can_wait(const struct lg_session *s, uint64_t now)
{
    return s->trigger.captures == 0 && !s->has_source && now < START_WAIT_NS &&
           (double)s->usage_bytes <
               START_USAGE_RATIO * (double)s->trigger.limit_bytes;
}

void lg_session_consider(struct lg_session *s)
{
    struct lg_trigger_sample sample = trigger_sample(s);
    if (s->subject_ended || s->lane == NULL) {
        return;
    }
    consider_cpu(s, &sample);
    if (lg_capturer_busy(s->lane)) {
        return;
    }
    if (!start_can_wait(s, sample.t_ns)) {
        struct lg_trigger_decision decision =
            lg_trigger_decide(&s->trigger, &sample);
        if (decision.kind != LG_TRIGGER_NONE) {
            submit_capture(s, &sample, &decision);
            return;
        }
    }
    if (consider_finding(s, sample.t_ns)) {
        return;
    }
    if (s->has_source && sample.t_ns >= s->count_at_ns) {
        submit_plain(s, LG_JOB_COUNT);
    }
}

static void plan_count(struct lg_session *s,
                       const struct lg_capture_outcome *outcome)
{
    uint64_t gap = COUNT_DUTY * outcome->duration_ns;
    if (outcome->job.kind == LG_JOB_CAPTURE) {
        gap = COUNT_GAP_NS; /* its own count is fresh */
    }
    s->count_at_ns = outcome->end_mono_ns - s->start_ns +
                     (gap > COUNT_GAP_NS ? gap : COUNT_GAP_NS);
}

static void take_outcome(struct lg_session *s, struct lg_capturer *lane,
                         const struct lg_capture_outcome *outcome)
{
    if (outcome->goroutines.known || outcome->heap_bytes.known) {
        s->goroutines = outcome->goroutines;
        s->heap_bytes = outcome->heap_bytes;
        s->stack_bytes = outcome->stack_bytes;
        s->facts_are_new = true;
    }
    if (outcome->has_source && !s->has_source) {
        s->has_source = true;
        lg_session_note(s, "captures come from %s", lg_capturer_url(lane));
    } else if (!outcome->has_source && outcome->error.kind != LG_OK) {
        s->source_error = outcome->error;
    }
    if (outcome->error.sys_errno == ENOSPC && !s->told_full) {
        s->told_full = true;
        lg_session_note(s, "%s; what was captured before stays",
                        outcome->error.text);
    }
    if (lane != s->lane) {
        return;
    }
    plan_count(s, outcome);
    if (outcome->job.kind == LG_JOB_CAPTURE) {
        lg_trigger_ended(&s->trigger, outcome->end_mono_ns - s->start_ns,
                         outcome->duration_ns);
        lg_session_sync_timeline(s);
    }
}

void lg_session_collect(struct lg_session *s)
{
    struct lg_capturer *lanes[] = {s->lane, s->slow_lane};
    for (size_t i = 0; i < LG_COUNT(lanes); i++) {
        struct lg_capture_outcome outcome;
        if (lanes[i] != NULL && lg_capturer_take(lanes[i], &outcome)) {
            take_outcome(s, lanes[i], &outcome);
        }
    }
}

void lg_session_capture_end(struct lg_session *s)
{
    struct lg_trigger_sample sample = trigger_sample(s);
    struct lg_trigger_decision decision = {.kind = LG_TRIGGER_END};
    if (s->lane != NULL && !lg_capturer_busy(s->lane) && !s->took_end) {
        s->took_end = true;
        submit_capture(s, &sample, &decision);
    }
}
