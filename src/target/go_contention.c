/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_heap_profile.h"

#include "target/go_buckets.h"
#include "target/go_symbolise.h"

#include <stddef.h>

/* What the first word of a stack is when the rest are calls already told
 * apart. Go 1.23 to 1.26: runtime/mprof.go, logicalStackSentinel. */
#define SENTINEL UINT64_MAX

enum { CONTENTIONS, DELAY, TYPE_COUNT };

struct reader {
    struct lg_go *go;
    enum lg_contention which;
    struct lg_go_symbols symbols;
    struct lg_go_locations locations;
    struct lg_profile *profile;
    double ticks_per_ns; /* 0: not known, delays are ticks */
    uint64_t period;     /* of a mutex profile that counts what it sampled */
};

/* runtime.ticks: {lock; pad; val} up to 1.19, {lock; val} up to 1.21, then
 * {lock; startTicks; startTime; val}, 8 bytes each. */
static uint64_t ticks_offset(const struct lg_go *go)
{
    if (go->minor == 20 || go->minor == 21)
        return 8;
    return go->minor != 0 && go->minor <= 19 ? 16 : 24;
}

/* The rate at which the target counted its processor's ticks, once it has
 * measured that. */
static double read_ticks_per_ns(const struct lg_go *go)
{
    uint64_t per_second, address = go->vars[LG_VAR_TICKS_PER_SECOND];
    if (address == 0 ||
        !lg_image_u64(go->image, address + ticks_offset(go), &per_second) ||
        (int64_t)per_second <= 0)
        return 0;
    return (double)per_second / 1e9;
}

/* Up to 1.19 the counts of mutexes are those that were sampled, one in so many,
 * and runtime/pprof multiplies (scaleMutexProfile). Without symbols the rate is
 * not found: the function that reads it is not of the runtime by its name. */
static uint64_t read_period(const struct lg_go *go, enum lg_contention which)
{
    uint64_t rate, address = go->vars[LG_VAR_MUTEX_PROFILE_RATE];
    if (which == LG_CONTENTION_BLOCK || go->minor == 0 || go->minor > 19 ||
        address == 0 || !lg_image_u64(go->image, address, &rate) ||
        (int64_t)rate <= 0)
        return 1;
    return rate;
}

static bool same_line(const struct lg_go_shown_line *a,
                      const struct lg_go_shown_line *b)
{
    return a->line == b->line && a->is_inlined == b->is_inlined &&
           lg_str_eq(a->function, b->function) && lg_str_eq(a->file, b->file);
}

/* Whether the lines of `outer` are the last ones of `inner`, but not all: then
 * it is what inner was inlined into, not another call. */
static bool is_outer(const struct reader *r, const struct lg_go_place *inner,
                     const struct lg_go_place *outer)
{
    if (!outer->is_go || outer->func.entry != inner->func.entry ||
        outer->line_count == 0 || outer->line_count >= inner->line_count)
        return false;
    const struct lg_go_shown_line *a = lg_go_place_lines(&r->symbols, inner);
    const struct lg_go_shown_line *b = lg_go_place_lines(&r->symbols, outer);
    if (a == NULL || b == NULL)
        return false;
    a += inner->line_count - outer->line_count;
    for (uint32_t i = 0; i < outer->line_count; i++)
        if (!same_line(&a[i], &b[i]))
            return false;
    return true;
}

/* Copies it, for the next look-up may move it. false: out of memory. */
static bool place_of(struct reader *r, uint64_t caller, struct lg_go_place *ret)
{
    const struct lg_go_place *place =
        lg_go_symbols_place(&r->symbols, caller - 1);
    if (place == NULL)
        return false;
    *ret = *place;
    return true;
}

static bool is_shown(const struct reader *r, const struct lg_go_place *place)
{
    if (!place->is_go) /* C: frames of the profile do not show it since 1.23 */
        return r->go->minor != 0 && r->go->minor < 23;
    return place->func.kind != LG_FUNC_GOEXIT;
}

/* Stacks are of two kinds, also mixed: up to 1.22 each inlined call has its
 * own entry; since 1.23 frame pointers were followed, and an entry stands for
 * all that was inlined there. Both give one location per real call.
 * found: room for count. false: out of memory. */
static bool locations_of(struct reader *r, const uint64_t *stack, size_t count,
                         uint32_t *found, size_t *found_count_ret)
{
    struct lg_go_place last = {0};
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        struct lg_go_place place;
        if (stack[i] == 0 || stack[i] == SENTINEL)
            continue;
        if (!place_of(r, stack[i], &place))
            return false;
        if (!is_shown(r, &place) || (n != 0 && is_outer(r, &last, &place)))
            continue;
        found[n] = lg_go_locations_at(&r->locations, stack[i] - 1);
        if (found[n++] == UINT32_MAX)
            return false;
        last = place;
    }
    *found_count_ret = n;
    return true;
}

static int64_t to_int64(double x)
{
    if (!(x > -0x1p63))
        return INT64_MIN;
    return x < 0x1p63 ? (int64_t)x : INT64_MAX;
}

static bool take_bucket(void *context, const struct lg_go_bucket *b)
{
    struct reader *r = context;
    uint64_t bits = lg_go_get(r->go, b->record, LG_BLOCK_RECORD_COUNT);
    int64_t cycles =
        (int64_t)lg_go_get(r->go, b->record, LG_BLOCK_RECORD_CYCLES);
    int64_t values[TYPE_COUNT];
    double count, factor = (double)r->period;
    memcpy(&count, &bits, sizeof count);
    values[CONTENTIONS] = to_int64(count);
    if (values[CONTENTIONS] == 0 && r->which == LG_CONTENTION_BLOCK)
        values[CONTENTIONS] = 1; /* as the runtime, for who divides by it */
    values[CONTENTIONS] = to_int64((double)values[CONTENTIONS] * factor);
    values[DELAY] =
        to_int64(r->ticks_per_ns > 0 ? (double)cycles / r->ticks_per_ns * factor
                                     : (double)cycles * factor);
    uint32_t stack[LG_GO_BUCKET_STACK_MAX];
    size_t depth;
    return locations_of(r, b->stack, b->stack_count, stack, &depth) &&
           lg_profile_sample(r->profile, stack, depth, values);
}

static bool begin(struct reader *r, struct lg_arena *arena)
{
    struct lg_profile *p = r->profile;
    struct lg_value_type types[TYPE_COUNT] = {
        [CONTENTIONS] = {LG_STR("contentions"), LG_STR("count")},
        [DELAY] = {LG_STR("delay"), r->ticks_per_ns > 0 ? LG_STR("nanoseconds")
                                                        : LG_STR("ticks")},
    };
    if (!lg_profile_init(p, arena))
        return false;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        struct lg_value_type *place = lg_push(arena, &p->types);
        if (place == NULL)
            return false;
        *place = types[i];
    }
    p->period_type = types[CONTENTIONS];
    p->has_period_type = true;
    p->period = 1;
    lg_go_symbols_init(&r->symbols, r->go, arena);
    return lg_go_locations_init(&r->locations, &r->symbols, p);
}

bool lg_go_contention_read(struct lg_go *go, enum lg_contention which,
                           struct lg_arena *arena, struct lg_profile *ret,
                           struct lg_error *err)
{
    bool is_block = which == LG_CONTENTION_BLOCK;
    uint64_t variable = go->vars[is_block ? LG_VAR_BBUCKETS : LG_VAR_XBUCKETS];
    int32_t record = go->layout->offset[LG_BLOCK_RECORD_SIZE];
    struct lg_profile profile;
    struct lg_go_buckets_seen seen;
    struct reader r = {.go = go, .which = which, .profile = &profile};
    if (variable == 0)
        return lg_fail(err, LG_ABSENT, "the %s profile was not found",
                       is_block ? "block" : "mutex");
    if (record < 16 || !lg_go_has(go->layout, LG_BLOCK_RECORD_COUNT))
        return lg_fail(err, LG_UNSUPPORTED,
                       "this Go's contention records are not known");
    r.ticks_per_ns = read_ticks_per_ns(go);
    r.period = read_period(go, which);
    if (!begin(&r, arena))
        return lg_fail_nomem(err);
    if (!lg_go_buckets_walk(go, variable,
                            is_block ? LG_BUCKET_BLOCK : LG_BUCKET_MUTEX,
                            (size_t)record, take_bucket, &r, &seen, err))
        return false;
    *ret = profile;
    return true;
}
