/* SPDX-License-Identifier: Apache-2.0 */
#include "record/session_internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define BIT LG_TAKE_BIT
/* Looking for a source: at once, then ever less often. */
#define FIRST_FIND_GAP_NS (5 * LG_NS_PER_MS)
#define LAST_FIND_GAP_NS (5 * LG_NS_PER_S)
/* Without a source the first capture waits this long for one … */
#define START_WAIT_NS LG_NS_PER_S
/* … unless this share of the limit is used by then. */
#define START_USAGE_RATIO 0.2
/* Counting goroutines by their profile costs the target in proportion to them.
 */
#define COUNT_GAP_NS (500 * LG_NS_PER_MS)
#define COUNT_DUTY 100
/* Out of memory it costs the target nothing, and us some reads. */
#define GROWING_COUNT_GAP_NS (100 * LG_NS_PER_MS)
#define GROWING_TIME_LEFT_NS (60 * LG_NS_PER_S)
/* A second of CPU profile is worth it when memory grows and there is time. */
#define CPU_USAGE_RATIO 0.2
#define CPU_TIME_LEFT_NS (1500 * LG_NS_PER_MS)
/* All mappings: this seldom, or at this share of the limit. */
#define MAPS_GAP_NS (2 * LG_NS_PER_S)
#define MAPS_STEPS 8
/* Mutex and block profiles, once, when nothing presses. */
#define CALM_TIME_LEFT_NS (20 * LG_NS_PER_S)

static bool open_lane(struct lg_session *s, struct lg_lane *lane,
                      const struct lg_capturer_options *options,
                      struct lg_error *err)
{
    *lane = (struct lg_lane){.capturer = NULL};
    return lg_capturer_create(options, &lane->capturer, err) &&
           lg_session_epoll_add(s, lg_capturer_fd(lane->capturer));
}

bool lg_session_open_lanes(struct lg_session *s, struct lg_error *err)
{
    bool run = s->options->argv != NULL;
    enum lg_heap_profile heap = s->options->heap_profile;
    struct lg_capturer_options options = {
        .host = s->host,
        .folder_fd = s->options->folder_fd,
        .pid = s->subject.pid,
        .place = s->has_place ? &s->place : NULL,
        .pprof_url = s->options->pprof_url,
        .start_mono_ns = s->start_ns,
        .from = s->options->from,
        .switch_heap_profile = heap == LG_HEAP_PROFILE_ALWAYS ||
                               (run && heap == LG_HEAP_PROFILE_AUTO),
        .keeps_few = true,
    };
    struct lg_capturer_options extra = options;
    extra.from = LG_FROM_HTTP;
    extra.keeps_few = false;
    return open_lane(s, &s->lane, &options, err) &&
           (s->options->from == LG_FROM_MEMORY ||
            open_lane(s, &s->extra, &extra, err));
}

void lg_session_close_lanes(struct lg_session *s)
{
    lg_capturer_destroy(s->lane.capturer);
    lg_capturer_destroy(s->extra.capturer);
    s->lane.capturer = s->extra.capturer = NULL;
}

static struct lg_trigger_sample trigger_sample(const struct lg_session *s)
{
    return (struct lg_trigger_sample){
        .t_ns = lg_session_now(s),
        .usage_bytes = s->usage_bytes,
        .charged_bytes = s->cgroup_now.usage_bytes.value,
        .fds = s->process_now.fds,
        .goroutines = s->goroutines,
        .rate_bytes_per_s = s->rate_bytes_per_s,
    };
}

static unsigned choose_parts(struct lg_session *s,
                             const struct lg_trigger_sample *sample,
                             const struct lg_trigger_decision *decision)
{
    unsigned parts = BIT(LG_TAKE_HEAP) | BIT(LG_TAKE_HEAP_GC) |
                     BIT(LG_TAKE_MEMSTATS) | BIT(LG_TAKE_MEMSTATS_JSON) |
                     BIT(LG_TAKE_GOROUTINE);
    if (s->lane.from_memory ||
        lg_trigger_text_affordable(&s->trigger, sample)) {
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

/* The kernel walks all page tables for smaps, milliseconds for each 100 MiB. */
static bool maps_are_due(struct lg_session *s,
                         const struct lg_trigger_sample *sample)
{
    uint64_t step = s->trigger.limit_bytes / MAPS_STEPS;
    bool due = s->maps_at_ns == 0 ||
               sample->t_ns - s->maps_at_ns >= MAPS_GAP_NS ||
               sample->usage_bytes >= s->maps_usage_bytes + step;
    if (due) {
        s->maps_at_ns = sample->t_ns;
        s->maps_usage_bytes = sample->usage_bytes;
    }
    return due;
}

static void submit_capture(struct lg_session *s,
                           const struct lg_trigger_sample *sample,
                           const struct lg_trigger_decision *decision)
{
    struct lg_capture_job job = {
        .kind = LG_JOB_CAPTURE,
        .id = ++s->capture_count,
        .parts = choose_parts(s, sample, decision),
        .text_goroutines_max = s->lane.from_memory
                                   ? lg_trigger_sample_max(decision)
                                   : lg_trigger_text_max(&s->trigger, sample),
        .usage_bytes = sample->usage_bytes,
        .urgent = decision->urgent,
        .with_maps = !decision->urgent && maps_are_due(s, sample),
        .newest = true,
    };
    lg_trigger_name(decision, job.name, sizeof job.name);
    lg_trigger_began(&s->trigger, sample);
    lg_capturer_submit(s->lane.capturer, &job);
}

static void submit_plain(struct lg_lane *lane, enum lg_capture_job_kind kind)
{
    struct lg_capture_job job = {.kind = kind};
    lg_capturer_submit(lane->capturer, &job);
}

/* true: the lane has work now. */
static bool consider_finding(struct lg_lane *lane, uint64_t now)
{
    if (lane->capturer == NULL || lg_capturer_busy(lane->capturer) ||
        lane->has_source || now < lane->find_at_ns) {
        return false;
    }
    lane->find_gap_ns =
        lane->find_gap_ns == 0 ? FIRST_FIND_GAP_NS : lane->find_gap_ns * 3 / 2;
    if (lane->find_gap_ns > LAST_FIND_GAP_NS) {
        lane->find_gap_ns = LAST_FIND_GAP_NS;
    }
    lane->find_at_ns = now + lane->find_gap_ns;
    submit_plain(lane, LG_JOB_FIND);
    return true;
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
    if (s->extra.capturer == NULL || s->profiled_cpu || !grows ||
        left < CPU_TIME_LEFT_NS || lg_capturer_busy(s->extra.capturer)) {
        return;
    }
    if (!s->extra.has_source) {
        /* Only now: looking through the machine's sockets costs milliseconds
         * where there are many. */
        (void)consider_finding(&s->extra, sample->t_ns);
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
    lg_capturer_submit(s->extra.capturer, &job);
}

static bool start_can_wait(const struct lg_session *s, uint64_t now)
{
    return s->trigger.captures == 0 && !s->lane.has_source &&
           now < START_WAIT_NS &&
           (double)s->usage_bytes <
               START_USAGE_RATIO * (double)s->trigger.limit_bytes;
}

void lg_session_consider(struct lg_session *s)
{
    struct lg_trigger_sample sample = trigger_sample(s);
    if (s->subject_ended || s->lane.capturer == NULL) {
        return;
    }
    consider_cpu(s, &sample);
    if (lg_capturer_busy(s->lane.capturer)) {
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
    if (consider_finding(&s->lane, sample.t_ns)) {
        return;
    }
    if (s->lane.has_source && sample.t_ns >= s->count_at_ns) {
        submit_plain(&s->lane, LG_JOB_COUNT);
    }
}

static void plan_count(struct lg_session *s,
                       const struct lg_capture_outcome *outcome)
{
    struct lg_trigger_sample sample = trigger_sample(s);
    bool grows =
        lg_trigger_time_left_ns(&s->trigger, &sample) < GROWING_TIME_LEFT_NS;
    uint64_t least =
        outcome->from_memory && grows ? GROWING_COUNT_GAP_NS : COUNT_GAP_NS;
    uint64_t gap = COUNT_DUTY * outcome->duration_ns;
    if (outcome->job.kind == LG_JOB_CAPTURE) {
        gap = least; /* its own count is fresh */
    }
    s->count_at_ns =
        outcome->end_mono_ns - s->start_ns + (gap > least ? gap : least);
}

static void tell_source(struct lg_session *s, struct lg_lane *lane,
                        const struct lg_capture_outcome *outcome)
{
    const struct lg_error *refused = &outcome->memory_refused;
    if (lane == &s->lane && refused->kind != LG_OK && !s->told_refused &&
        s->options->from != LG_FROM_HTTP && s->subject.build.is_go) {
        s->told_refused = true;
        lg_session_note(s, "its memory is not read: %s", refused->text);
        lg_session_absent(s, LG_NOT_THERE, "the process's memory", refused);
    }
    if (lane == &s->lane && outcome->has_source && !lane->has_source) {
        snprintf(s->captures_from, sizeof s->captures_from, "%s",
                 outcome->source);
        lg_session_note(s, "captures come from %s", outcome->source);
    }
    if (outcome->heap_profile_switched) {
        s->heap_profile_switched = true;
        lg_session_note(s, "its heap profile was compiled out and is switched "
                           "on from now (--heap-profile never leaves it off)");
        (void)lg_session_write_record(s, false, NULL);
    }
}

static void take_facts(struct lg_session *s,
                       const struct lg_capture_outcome *outcome)
{
    if (outcome->goroutines.known || outcome->heap_bytes.known) {
        s->goroutines = outcome->goroutines;
        s->heap_bytes = outcome->heap_bytes;
        s->stack_bytes = outcome->stack_bytes;
        s->facts_are_new = true;
    }
}

static void take_outcome(struct lg_session *s, struct lg_lane *lane,
                         const struct lg_capture_outcome *outcome)
{
    take_facts(s, outcome);
    tell_source(s, lane, outcome);
    lane->has_source = outcome->has_source;
    lane->from_memory = outcome->from_memory;
    if (outcome->crashed) {
        lg_session_note(s, "%s", outcome->error.text);
        (void)lg_session_epoll_add(s, lg_capturer_fd(lane->capturer));
    }
    if (!outcome->has_source && outcome->error.kind != LG_OK) {
        lane->error = outcome->error;
    }
    if (outcome->error.sys_errno == ENOSPC && !s->told_full) {
        s->told_full = true;
        lg_session_note(s, "%s; what was captured before stays",
                        outcome->error.text);
    }
    if (lane != &s->lane) {
        return;
    }
    plan_count(s, outcome);
    if (outcome->job.kind == LG_JOB_CAPTURE) {
        lg_trigger_ended(&s->trigger, outcome->end_mono_ns - s->start_ns,
                         outcome->duration_ns, outcome->cost_ns);
        lg_session_sync_timeline(s);
    }
}

void lg_session_collect(struct lg_session *s)
{
    struct lg_lane *lanes[] = {&s->lane, &s->extra};
    for (size_t i = 0; i < LG_COUNT(lanes); i++) {
        struct lg_capture_outcome outcome;
        if (lanes[i]->capturer != NULL &&
            lg_capturer_take(lanes[i]->capturer, &outcome)) {
            take_outcome(s, lanes[i], &outcome);
        }
    }
}

void lg_session_capture_end(struct lg_session *s)
{
    struct lg_trigger_sample sample = trigger_sample(s);
    struct lg_trigger_decision decision = {.kind = LG_TRIGGER_END};
    if (s->lane.capturer != NULL && !lg_capturer_busy(s->lane.capturer) &&
        !s->took_end) {
        s->took_end = true;
        submit_capture(s, &sample, &decision);
    }
}
