/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/case.h"

/* The growth begins where usage was last below base + this share of it. */
#define ONSET_RATIO 0.1
/* … and is over where it first reaches this share. */
#define FULL_RATIO 0.97
/* Usage is level while it stays within this band … */
#define FLAT_BAND_RATIO 0.06
/* … for this long, well below the peak: then that is the base. */
#define FLAT_MIN_NS UINT64_C(800000000)
#define FLAT_TIME_RATIO 0.25
#define FLAT_LEVEL_RATIO 0.75
#define GIVEN_BACK_RATIO 0.9
/* As good as all was there when usage had as much to grow yet. */
#define HAD_ALL_RATIO 0.95
#define HAD_ALL_TIME 0.8
#define GROWN_WITHOUT_RATIO 1.25
/* Who is alive is only accused above this share of the limit, while the second
 * half of the growth goes on at this share of the first half's rate. */
#define ALIVE_LIMIT_RATIO 0.5
#define ALIVE_LATE_RATIO 0.4
/* started_at has the resolution of a clock tick. */
#define NEAR_START_NS (200 * INT64_C(1000000))

uint64_t lg_row_kept_bytes(const struct lg_timeline_row *row)
{
    uint64_t usage =
        row->usage_bytes.known ? row->usage_bytes.value : row->rss_bytes.value;
    uint64_t cache = row->file_bytes.known && row->usage_bytes.known
                         ? row->file_bytes.value
                         : 0;
    uint64_t kept = row->shmem_bytes.known ? row->shmem_bytes.value : 0;
    cache = cache > kept ? cache - kept : 0;
    return usage > cache ? usage - cache : 0;
}

/* The process was still there when /proc was read, and gone when the cgroup
 * was: what that says is of another time. What a process has for itself is
 * charged to its cgroup. */
static bool was_emptied(const struct lg_capture *capture)
{
    return capture->process != NULL && capture->cgroup != NULL &&
           capture->process->rss_anon.known &&
           capture->cgroup->usage_bytes.known &&
           capture->cgroup->usage_bytes.value <
               capture->process->rss_anon.value / 2;
}

static uint64_t usage_of(const struct lg_capture *capture)
{
    if (capture->cgroup != NULL && capture->cgroup->usage_bytes.known &&
        !was_emptied(capture)) {
        return capture->cgroup->usage_bytes.value;
    }
    if (capture->process != NULL && capture->process->vm_rss.known) {
        return capture->process->vm_rss.value;
    }
    return 0;
}

/* A capture that the kill overtook has no numbers of the cgroup: the most that
 * was used while it lasted, else what was used last before it. */
static uint64_t usage_during(const struct lg_timeline *t,
                             const struct lg_capture *capture)
{
    uint64_t most = 0;
    for (size_t i = 0; i < t->count; i++) {
        uint64_t usage = t->rows[i].usage_bytes.known
                             ? t->rows[i].usage_bytes.value
                             : t->rows[i].rss_bytes.value;
        if (t->rows[i].t_ns < capture->t_ns) {
            most = usage;
        } else if (t->rows[i].t_ns - capture->t_ns <= capture->duration_ns) {
            most = usage > most ? usage : most;
        }
    }
    return most;
}

static struct lg_num others_of(const struct lg_capture *capture)
{
    struct lg_num others = {false, 0};
    lg_each(peer, capture->peers) {
        others = lg_known(others.value + peer->rss_bytes);
    }
    return others;
}

/* By how much usage moved while the capture was made: the runtime's statistics
 * and /proc may have been read that far apart. */
static uint64_t moved_during(const struct lg_timeline *t,
                             const struct lg_capture *capture)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < t->count; i++) {
        uint64_t until = capture->t_ns + capture->duration_ns;
        bool is_after = t->rows[i].t_ns > until;
        bool is_before = t->rows[i].t_ns < capture->t_ns;
        uint64_t rss = t->rows[i].rss_bytes.value;
        if (!t->rows[i].rss_bytes.known) {
            continue;
        }
        if (is_before) {
            low = high = rss; /* the last one before counts */
            continue;
        }
        low = rss < low ? rss : low;
        high = rss > high ? rss : high;
        if (is_after) {
            break;
        }
    }
    return high > low ? high - low : 0;
}

/* Memory beyond Go's own account that came or went while both were read is not
 * known to be anybody's. */
static void distrust_beyond(const struct lg_timeline *t, struct lg_shot *shot)
{
    struct lg_num *beyond = &shot->memory.parts[LG_PART_OFF_HEAP];
    if (shot->memory.known && beyond->known &&
        beyond->value <= moved_during(t, shot->capture)) {
        shot->memory.unexplained_bytes += (int64_t)beyond->value;
        *beyond = (struct lg_num){false, 0};
    }
}

static void reconcile(struct lg_shot *shot)
{
    const struct lg_capture *capture = shot->capture;
    struct lg_memory_input input = {
        .at_ns = capture->wall_ns,
        .memstats = capture->memstats,
        .process = capture->process,
        .cgroup = was_emptied(capture) ? NULL : capture->cgroup,
        .others_rss_bytes = others_of(capture),
    };
    if (shot->heap != NULL && shot->heap->total_bytes > 0) {
        input.live_heap_bytes = lg_known((uint64_t)shot->heap->total_bytes);
    }
    lg_memory_reconcile(&input, &shot->memory);
}

static struct lg_goroutine_sites *
count_goroutines(struct lg_case *c, const struct lg_capture *capture)
{
    struct lg_goroutines *from_profile;
    const struct lg_goroutines *text = capture->goroutines;
    if (text != NULL && !text->truncated) {
        return lg_goroutine_sites_of(c, text);
    }
    if (capture->goroutine_profile != NULL) {
        from_profile = lg_new(c->arena, struct lg_goroutines, 1);
        if (from_profile != NULL &&
            lg_goroutines_from_profile(capture->goroutine_profile, c->arena,
                                       from_profile)) {
            return lg_goroutine_sites_of(c, from_profile);
        }
    }
    return text != NULL ? lg_goroutine_sites_of(c, text) : NULL;
}

static bool add_shots(struct lg_case *c)
{
    lg_each(capture, c->in->captures) {
        struct lg_shot *shot = lg_push(c->arena, &c->shots);
        if (shot == NULL) {
            return false;
        }
        shot->capture = capture;
        uint64_t during = usage_during(&c->in->timeline, capture);
        shot->usage_bytes = usage_of(capture);
        if (shot->usage_bytes < during / 2) {
            shot->usage_bytes = during; /* read after the kill */
        }
        if (capture->heap != NULL) {
            shot->heap = lg_heap_sites_of(c, capture->heap);
        }
        shot->goroutines = count_goroutines(c, capture);
        reconcile(shot);
        distrust_beyond(&c->in->timeline, shot);
    }
    return !c->failed;
}

static uint64_t first_at(const struct lg_case *c, uint64_t from_ns,
                         uint64_t bytes)
{
    const struct lg_timeline *t = &c->in->timeline;
    for (size_t i = 0; i < c->row_count; i++) {
        if (t->rows[i].t_ns >= from_ns &&
            lg_row_kept_bytes(&t->rows[i]) >= bytes) {
            return t->rows[i].t_ns;
        }
    }
    return c->end_ns;
}

static double rate_of(double bytes, uint64_t ns)
{
    return ns > 0 ? bytes / ((double)ns / 1e9) : 0;
}

/* The longest stretch at one level, two fingers over the rows. */
struct flat {
    uint64_t from_ns, to_ns, level_bytes;
};

static struct flat longest_flat(const struct lg_case *c, uint64_t peak)
{
    const struct lg_timeline_row *rows = c->in->timeline.rows;
    uint64_t band = (uint64_t)(FLAT_BAND_RATIO * (double)peak);
    struct flat best = {0};
    for (size_t first = 0; first < c->row_count; first++) {
        uint64_t low = UINT64_MAX, high = 0;
        for (size_t i = first; i < c->row_count; i++) {
            uint64_t kept = lg_row_kept_bytes(&rows[i]);
            low = kept < low ? kept : low;
            high = kept > high ? kept : high;
            if (high - low > band) {
                break;
            }
            if (rows[i].t_ns - rows[first].t_ns > best.to_ns - best.from_ns) {
                best = (struct flat){rows[first].t_ns, rows[i].t_ns, high};
            }
        }
        if (rows[c->row_count - 1].t_ns - rows[first].t_ns <
            best.to_ns - best.from_ns) {
            break; /* nothing longer can follow */
        }
    }
    return best;
}

/* Rows after the kill show memory being given back: they are not growth. */
static void trim_end(struct lg_case *c, uint64_t peak)
{
    const struct lg_timeline *t = &c->in->timeline;
    c->row_count = t->count;
    while (c->oom && c->row_count > 2 &&
           (double)lg_row_kept_bytes(&t->rows[c->row_count - 1]) <
               GIVEN_BACK_RATIO * (double)peak) {
        c->row_count--;
    }
    c->end_ns = t->rows[c->row_count - 1].t_ns;
}

/* A recording that began with the process saw it at nothing. */
static bool began_with_process(const struct lg_case *c)
{
    const struct lg_timeline_row *first = &c->in->timeline.rows[0];
    int64_t begin = first->wall_ns - (int64_t)first->t_ns;
    int64_t started = c->in->subject.started_at_ns;
    return started > 0 && begin > 0 && started - begin < NEAR_START_NS &&
           begin - started < NEAR_START_NS;
}

static void find_base(struct lg_case *c, uint64_t peak)
{
    const struct lg_timeline_row *rows = c->in->timeline.rows;
    struct flat flat = longest_flat(c, peak);
    uint64_t length = flat.to_ns - flat.from_ns;
    bool low = (double)flat.level_bytes < FLAT_LEVEL_RATIO * (double)peak;
    if (low && length >= FLAT_MIN_NS &&
        (double)length >= FLAT_TIME_RATIO * (double)c->end_ns) {
        c->from_level = true;
        c->base_bytes = flat.level_bytes;
        c->onset_ns = flat.to_ns;
        return;
    }
    c->base_bytes = began_with_process(c) ? 0 : lg_row_kept_bytes(&rows[0]);
    uint64_t mark = c->base_bytes +
                    (uint64_t)(ONSET_RATIO * (double)(peak - c->base_bytes));
    for (size_t i = 0; i < c->row_count; i++) {
        if (lg_row_kept_bytes(&rows[i]) <= mark) {
            c->onset_ns = rows[i].t_ns;
        }
    }
}

static void measure_rates(struct lg_case *c)
{
    double growth = (double)c->growth_bytes;
    uint64_t half_ns =
        first_at(c, c->onset_ns, c->base_bytes + c->growth_bytes / 2);
    c->full_ns = first_at(c, c->onset_ns,
                          c->base_bytes + (uint64_t)(FULL_RATIO * growth));
    c->growth_ns = c->full_ns > c->onset_ns ? c->full_ns - c->onset_ns : 0;
    c->early_rate =
        rate_of((0.5 - ONSET_RATIO) * growth, half_ns - c->onset_ns);
    c->late_rate = rate_of((FULL_RATIO - 0.5) * growth, c->full_ns - half_ns);
}

static void measure_growth(struct lg_case *c)
{
    const struct lg_timeline *t = &c->in->timeline;
    uint64_t peak = 0;
    if (t->count < 2) {
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        uint64_t kept = lg_row_kept_bytes(&t->rows[i]);
        peak = kept > peak ? kept : peak;
    }
    c->has_timeline = true;
    trim_end(c, peak);
    if (peak <= lg_row_kept_bytes(&t->rows[0])) {
        return;
    }
    find_base(c, peak);
    c->growth_bytes = peak > c->base_bytes ? peak - c->base_bytes : 0;
    measure_rates(c);
}

static void measure_end(struct lg_case *c)
{
    const struct lg_end *end = &c->in->end;
    const struct lg_subject *subject = &c->in->subject;
    c->oom = end->kind == LG_END_OOM_KILL;
    c->ended = c->oom || end->kind == LG_END_SIGNAL || end->kind == LG_END_EXIT;
    if (end->has_oom && end->oom.limit_bytes.known) {
        c->limit_bytes = end->oom.limit_bytes.value;
    } else if (subject->limit_bytes.known) {
        c->limit_bytes = subject->limit_bytes.value;
    }
    if (end->has_oom && end->oom.usage_bytes.known) {
        c->usage_bytes = end->oom.usage_bytes.value;
        return;
    }
    for (size_t i = c->in->timeline.count; i-- > 0 && c->usage_bytes == 0;) {
        c->usage_bytes = lg_row_kept_bytes(&c->in->timeline.rows[i]);
    }
    for (size_t i = c->shots.count; i-- > 0 && c->usage_bytes == 0;) {
        c->usage_bytes = c->shots.items[i].usage_bytes;
    }
}

bool lg_case_init(struct lg_case *c, const struct lg_incident *in,
                  struct lg_arena *arena)
{
    *c = (struct lg_case){.in = in, .arena = arena};
    if (!add_shots(c)) {
        return false;
    }
    measure_end(c);
    measure_growth(c);
    return true;
}

static bool has(const struct lg_shot *shot, bool heap, bool goroutines)
{
    return (!heap || shot->heap != NULL) &&
           (!goroutines || shot->goroutines != NULL);
}

const struct lg_shot *lg_case_first(const struct lg_case *c, bool heap,
                                    bool goroutines)
{
    lg_each(shot, c->shots) {
        if (has(shot, heap, goroutines)) {
            return shot;
        }
    }
    return NULL;
}

const struct lg_shot *lg_case_last(const struct lg_case *c, bool heap,
                                   bool goroutines)
{
    for (size_t i = c->shots.count; i-- > 0;) {
        if (has(&c->shots.items[i], heap, goroutines)) {
            return &c->shots.items[i];
        }
    }
    return NULL;
}

const struct lg_shot *lg_case_last_memstats(const struct lg_case *c)
{
    for (size_t i = c->shots.count; i-- > 0;) {
        if (c->shots.items[i].capture->memstats != NULL) {
            return &c->shots.items[i];
        }
    }
    return NULL;
}

bool lg_case_is_claimed(const struct lg_case *c, const struct lg_frame *where)
{
    lg_each(claimed, c->claimed) {
        if (lg_frame_same(claimed, where)) {
            return true;
        }
    }
    return false;
}

void lg_case_claim(struct lg_case *c, const struct lg_frame *where)
{
    if (where->function.len == 0 || lg_case_is_claimed(c, where)) {
        return;
    }
    struct lg_frame *slot = lg_push(c->arena, &c->claimed);
    if (slot == NULL) {
        c->failed = true;
        return;
    }
    *slot = *where;
}

bool lg_case_alive_and_growing(const struct lg_case *c)
{
    return c->limit_bytes > 0 &&
           (double)c->usage_bytes >
               ALIVE_LIMIT_RATIO * (double)c->limit_bytes &&
           c->late_rate > ALIVE_LATE_RATIO * c->early_rate;
}

uint64_t lg_case_usage_by(const struct lg_case *c, const struct lg_shot *shot)
{
    uint64_t most = shot->usage_bytes;
    for (const struct lg_shot *then = c->shots.items; then < shot; then++) {
        most = then->usage_bytes > most ? then->usage_bytes : most;
    }
    return most;
}

bool lg_case_had_all(const struct lg_case *c, const struct lg_shot *shot,
                     uint64_t then, uint64_t last, uint64_t last_usage_bytes)
{
    const struct lg_shot *end = &c->shots.items[c->shots.count - 1];
    return (double)then >= HAD_ALL_RATIO * (double)last &&
           (double)shot->capture->t_ns <=
               HAD_ALL_TIME * (double)end->capture->t_ns &&
           shot->usage_bytes > 0 &&
           (double)last_usage_bytes >
               GROWN_WITHOUT_RATIO * (double)shot->usage_bytes;
}

bool lg_case_part_stood(const struct lg_case *c, const struct lg_shot *until,
                        enum lg_memory_part part, uint64_t last,
                        uint64_t last_usage_bytes)
{
    for (const struct lg_shot *then = c->shots.items; then < until; then++) {
        struct lg_num bytes = then->memory.parts[part];
        if (then->memory.known && bytes.known &&
            lg_case_had_all(c, then, bytes.value, last, last_usage_bytes)) {
            return true;
        }
    }
    return false;
}

uint64_t lg_case_still_bytes(const struct lg_case *c,
                             const struct lg_shot *shot)
{
    static const enum lg_memory_part outside[] = {
        LG_PART_OFF_HEAP,        LG_PART_FILES,      LG_PART_SHMEM,
        LG_PART_OTHER_PROCESSES, LG_PART_PAGE_CACHE, LG_PART_KERNEL,
    };
    uint64_t still = 0;
    for (size_t i = 0; i < LG_COUNT(outside) && shot->memory.known; i++) {
        struct lg_num bytes = shot->memory.parts[outside[i]];
        bool stood =
            bytes.known && lg_case_part_stood(c, shot, outside[i], bytes.value,
                                              shot->usage_bytes);
        still += stood ? bytes.value : 0;
    }
    return still < shot->usage_bytes ? still : shot->usage_bytes;
}

bool lg_case_is_dying(const struct lg_case *c, const struct lg_shot *shot)
{
    return c->ended && shot + 1 == c->shots.items + c->shots.count;
}

const struct lg_shot *lg_case_shot_behind(const struct lg_case *c,
                                          const struct lg_shot *shot)
{
    uint64_t now = lg_shot_cycle(shot);
    lg_each(then, c->shots) {
        if (now >= 2 && then < shot && lg_shot_cycle(then) + 1 >= now) {
            return then;
        }
    }
    return shot;
}
