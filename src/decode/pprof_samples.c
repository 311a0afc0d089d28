/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_samples.h"

#include "base/parallel.h"
#include "base/thread.h"
#include "decode/pprof_few.h"
#include "decode/pprof_sample.h"
#include "decode/varints.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

/* Below this a thread costs more than it saves (some 50 µs to start and
 * join, 1 ms of work). */
#define MIN_THREAD_BYTES ((size_t)1 << 20)
#define MAX_ITEMS ((size_t)UINT32_MAX - 1)

/* A run of samples, and what its columns hold: first a count, then, summed up,
 * where they begin. */
struct block {
    const struct lg_pprof_run *run;
    size_t sample_first, stack_first, stack_count, label_first, label_count;
};

struct worker {
    struct lg_pprof_samples *samples;
    pthread_t thread;
    bool is_started;
    size_t failed_block; /* the lowest; or SIZE_MAX */
    struct lg_error error;
};

struct lg_pprof_samples {
    struct lg_pprof *d;
    struct lg_pprof_few few; /* when there is one worker */
    struct block *blocks;
    size_t block_count;
    bool (*pass)(struct lg_pprof_samples *s, struct block *b,
                 struct lg_error *err);
    atomic_size_t next;                           /* block */
    struct worker workers[LG_PARALLEL_MAX_PARTS]; /* the first is the caller */
    unsigned worker_count;
};

static struct lg_cursor cursor_of(const struct lg_pprof *d,
                                  const struct lg_pprof_run *run)
{
    struct lg_cursor c;
    lg_cursor_init(&c, d->message.data + run->begin, run->end - run->begin);
    c.base_offset = run->begin;
    return c;
}

/* What stands in one sample message. */
struct found {
    /* .at NULL: in several fields, or one by one */
    struct lg_pprof_packed stack;
    size_t location_fields, stack_count, label_count;
};

static void measure_locations(struct lg_cursor *c,
                              const struct lg_wire_field *f,
                              struct found *found)
{
    found->location_fields++;
    found->stack = (struct lg_pprof_packed){NULL, NULL};
    if (f->type != LG_WIRE_BYTES) {
        (void)lg_wire_number(c, f);
        found->stack_count++;
        return;
    }
    const uint8_t *at = (const uint8_t *)f->bytes.data;
    const uint8_t *end = at + f->bytes.len;
    if (at < end && end[-1] >= 0x80)
        lg_cursor_fail(c, "a location id is cut");
    found->stack_count += lg_varints_count(at, end);
    if (found->location_fields == 1)
        found->stack = (struct lg_pprof_packed){at, end};
}

static bool measure_plain(struct lg_cursor *c, struct found *found)
{
    struct lg_pprof_plain_sample s;
    struct lg_wire_plain label;
    size_t labels = 0;
    if (c->reason != NULL ||
        !lg_pprof_open_plain((struct lg_wire_plain){c->at, c->end}, &s))
        return false;
    while (lg_wire_take_bytes(&s.labels, LG_PPROF_SAMPLE_LABEL, &label))
        labels++;
    if (s.labels.at != s.labels.end)
        return false;
    *found = (struct found){
        .stack = {s.stack.at, s.stack.end},
        .location_fields = 1,
        .stack_count = lg_varints_count(s.stack.at, s.stack.end),
        .label_count = labels,
    };
    return true;
}

static void measure_sample(struct lg_cursor *c, struct found *found)
{
    struct lg_wire_field f;
    if (measure_plain(c, found))
        return;
    *found = (struct found){0};
    while (lg_wire_next(c, &f)) {
        if (f.number == LG_PPROF_SAMPLE_LOCATION)
            measure_locations(c, &f, found);
        else if (f.number == LG_PPROF_SAMPLE_LABEL)
            found->label_count++;
    }
}

/* Until they are filled, samples hold what was found: `first` says whether the
 * stack is that of the sample before. */
enum { IS_NEW, IS_REPEATED };

static bool measure_block(struct lg_pprof_samples *s, struct block *b,
                          struct lg_error *err)
{
    struct lg_cursor c = cursor_of(s->d, b->run);
    struct lg_profile_stack *place =
        s->d->profile->samples.items + b->sample_first;
    struct lg_pprof_packed last = {NULL, NULL};
    struct lg_wire_field f;
    for (uint32_t i = 0; i < b->run->count && lg_wire_next(&c, &f); i++) {
        struct lg_cursor message = lg_wire_message(&c, &f);
        struct found found;
        measure_sample(&message, &found);
        if (!lg_cursor_finish(&message, err))
            return lg_context(err, "sample %zu", b->sample_first + i);
        bool repeated = lg_pprof_is_repeated(last, found.stack);
        *place++ = (struct lg_profile_stack){repeated ? IS_REPEATED : IS_NEW,
                                             (uint32_t)found.stack_count};
        b->stack_count += repeated ? 0 : found.stack_count;
        b->label_count += found.label_count;
        last = found.stack;
    }
    return true;
}

static struct lg_pprof_filler filler_of(const struct lg_pprof_samples *s,
                                        const struct block *b)
{
    struct lg_pprof_filler x = lg_pprof_filler_of(s->d, &s->d->locations);
    x.sample = (uint32_t)b->sample_first;
    x.stack_at += b->stack_first;
    x.value_at += b->sample_first * x.types;
    x.label_at += b->label_first;
    return x;
}

/* What the block will fill. */
static void touch_block(const struct lg_pprof_samples *s, const struct block *b)
{
    const struct lg_profile *p = s->d->profile;
    size_t values;
    lg_touch_pages(p->stacks.items + b->stack_first,
                   b->stack_count * sizeof *p->stacks.items);
    if (lg_pprof_values_fit(s->d, b->run->count, b->run->end - b->run->begin,
                            &values))
        lg_touch_pages(p->values + b->sample_first * p->types.count,
                       values * sizeof *p->values);
    lg_touch_pages(p->labels.items + b->label_first,
                   b->label_count * sizeof *p->labels.items);
}

static bool fill_block(struct lg_pprof_samples *s, struct block *b,
                       struct lg_error *err)
{
    struct lg_profile *p = s->d->profile;
    touch_block(s, b);
    struct lg_cursor c = cursor_of(s->d, b->run);
    struct lg_pprof_filler x = filler_of(s, b);
    struct lg_wire_field f;
    for (uint32_t i = 0; i < b->run->count && lg_wire_next(&c, &f); i++) {
        struct lg_cursor message = lg_wire_message(&c, &f);
        struct lg_profile_stack *place = &p->samples.items[x.sample];
        x.is_repeated = place->first == IS_REPEATED;
        x.values = 0;
        place->first = (uint32_t)(x.stack_at - p->stacks.items);
        if (x.is_repeated)
            *place = place[-1];
        if (!lg_pprof_fill_sample(&x, &message, f.offset, err))
            return lg_context(err, "sample %" PRIu32, x.sample);
        x.value_at += x.types;
        x.sample++;
    }
    b->label_count = (size_t)(x.label_at - p->labels.items) - b->label_first;
    return true;
}

/* Takes blocks in order until none is left. After a failure the rest is only
 * of use to workers that are at lower ones. */
static void *work(void *context)
{
    struct worker *w = context;
    struct lg_pprof_samples *s = w->samples;
    for (;;) {
        size_t i = atomic_fetch_add(&s->next, 1);
        if (i >= s->block_count)
            return NULL;
        if (!s->pass(s, &s->blocks[i], &w->error)) {
            w->failed_block = i;
            return NULL;
        }
    }
}

/* A thread that cannot be started has its work done by the others. */
static void start(struct lg_pprof_samples *s,
                  bool (*pass)(struct lg_pprof_samples *s, struct block *b,
                               struct lg_error *err))
{
    s->pass = pass;
    atomic_store(&s->next, 0);
    for (unsigned i = 0; i < s->worker_count; i++) {
        struct worker *w = &s->workers[i];
        w->samples = s;
        w->failed_block = SIZE_MAX;
        w->is_started = i != 0 && lg_thread_start(&w->thread, work, w);
    }
}

/* The error of the lowest block that failed, as if there were one thread. */
static bool finish(struct lg_pprof_samples *s, struct lg_error *err)
{
    const struct worker *first = &s->workers[0];
    (void)work(&s->workers[0]);
    for (unsigned i = 1; i < s->worker_count; i++) {
        struct worker *w = &s->workers[i];
        if (w->is_started)
            pthread_join(w->thread, NULL);
        if (w->failed_block < first->failed_block)
            first = w;
    }
    if (first->failed_block == SIZE_MAX)
        return true;
    if (err != NULL)
        *err = first->error;
    return false;
}

static bool make_blocks(struct lg_pprof_samples *s,
                        const struct lg_pprof_skim *skim)
{
    size_t count = 0, samples = 0;
    lg_each(run, skim->runs)
        count += run->field == LG_PPROF_SAMPLE;
    s->blocks = lg_new(s->d->scratch, struct block, count);
    if (s->blocks == NULL)
        return false;
    lg_each(run, skim->runs) {
        if (run->field != LG_PPROF_SAMPLE)
            continue;
        s->blocks[s->block_count++] =
            (struct block){.run = run, .sample_first = samples};
        samples += run->count;
    }
    return true;
}

struct lg_pprof_samples *lg_pprof_samples_begin(struct lg_pprof *d,
                                                const struct lg_pprof_skim *s)
{
    struct lg_profile *p = d->profile;
    struct lg_pprof_samples *ret =
        lg_new(d->scratch, struct lg_pprof_samples, 1);
    if (ret == NULL)
        return NULL;
    ret->d = d;
    ret->worker_count =
        (unsigned)lg_parallel_parts(s->sample_bytes, MIN_THREAD_BYTES);
    p->samples.items =
        lg_new(d->arena, struct lg_profile_stack, s->counts[LG_PPROF_SAMPLE]);
    if (p->samples.items == NULL || !make_blocks(ret, s))
        return NULL;
    p->samples.count = p->samples.capacity = s->counts[LG_PPROF_SAMPLE];
    if (ret->worker_count > 1)
        start(ret, measure_block);
    else if (!lg_pprof_few_init(&ret->few, d, s))
        return NULL;
    return ret;
}

void lg_pprof_samples_types_known(struct lg_pprof_samples *samples)
{
    if (samples->worker_count == 1)
        lg_pprof_few_begin(&samples->few);
}

/* Room for what was measured, and each block's place in it. */
static bool allot(struct lg_pprof_samples *s, struct lg_error *err)
{
    struct lg_profile *p = s->d->profile;
    size_t stacks = 0, labels = 0, values = 0;
    for (size_t i = 0; i < s->block_count; i++) {
        struct block *b = &s->blocks[i];
        b->stack_first = stacks;
        b->label_first = labels;
        stacks += b->stack_count;
        labels += b->label_count;
    }
    if (stacks > MAX_ITEMS)
        return lg_fail(err, LG_LIMIT, "the stacks are too long");
    if (__builtin_mul_overflow(p->samples.count, p->types.count, &values))
        return lg_fail_nomem(err);
    p->stacks.items = lg_new(s->d->arena, uint32_t, stacks);
    p->values = lg_new(s->d->arena, int64_t, values);
    p->labels.items = lg_new(s->d->arena, struct lg_profile_label, labels);
    if (p->stacks.items == NULL || p->values == NULL || p->labels.items == NULL)
        return lg_fail_nomem(err);
    p->stacks.count = p->stacks.capacity = stacks;
    p->values_capacity = values;
    p->labels.capacity = labels;
    return true;
}

/* Labels that were dropped left gaps between the blocks. */
static void close_gaps(struct lg_pprof_samples *s)
{
    struct lg_profile *p = s->d->profile;
    size_t count = 0;
    for (size_t i = 0; i < s->block_count; i++) {
        const struct block *b = &s->blocks[i];
        if (b->label_count != 0 && b->label_first != count)
            memmove(p->labels.items + count, p->labels.items + b->label_first,
                    b->label_count * sizeof *p->labels.items);
        count += b->label_count;
    }
    p->labels.count = count;
}

static void abandon(struct lg_pprof_samples *s)
{
    if (s->worker_count > 1)
        (void)finish(s, NULL);
    else
        lg_pprof_few_abandon(&s->few);
}

bool lg_pprof_samples_finish(struct lg_pprof_samples *samples, bool tables_ok,
                             struct lg_error *err)
{
    bool filled = false;
    if (!tables_ok) {
        abandon(samples);
        return false;
    }
    if (samples->worker_count == 1) {
        if (!lg_pprof_few_finish(&samples->few, &filled))
            return lg_fail_nomem(err);
        if (filled)
            return true;
        start(samples, measure_block);
    }
    if (!finish(samples, err) || !allot(samples, err))
        return false;
    start(samples, fill_block);
    if (!finish(samples, err))
        return false;
    close_gaps(samples);
    return true;
}
