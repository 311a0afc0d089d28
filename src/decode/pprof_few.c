/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_few.h"

#include "decode/pprof_sample.h"

#include <string.h>

/* Less is filled in the time that it takes to start a thread. */
#define MIN_HELPER_BYTES ((size_t)128 << 10)

#define PER_BYTES 1024
/* Blocks may hold more stack entries than the first: by this part of it, and by
 * some so that the last stack of a block, which is taken to have an entry for
 * each byte, fits. */
#define SPARE_PART 8
#define SPARE_ENTRIES 256

struct lg_pprof_few_block {
    const struct lg_pprof_run *run;
    size_t sample_first, bytes_first;
    size_t stack_first, stack_count, label_count; /* filled */
};

bool lg_pprof_few_init(struct lg_pprof_few *few, struct lg_pprof *d,
                       const struct lg_pprof_skim *skim)
{
    size_t samples = 0, bytes = 0;
    *few = (struct lg_pprof_few){.d = d};
    few->blocks =
        lg_new(d->scratch, struct lg_pprof_few_block, skim->runs.count);
    if (few->blocks == NULL)
        return false;
    lg_each(run, skim->runs) {
        if (run->field != LG_PPROF_SAMPLE)
            continue;
        few->blocks[few->block_count++] = (struct lg_pprof_few_block){
            .run = run, .sample_first = samples, .bytes_first = bytes};
        samples += run->count;
        bytes += run->end - run->begin;
    }
    few->sample_bytes = bytes;
    return true;
}

static bool first_has_label(const struct lg_pprof_few *few)
{
    const struct lg_pprof_run *run = few->blocks[0].run;
    const uint8_t *message = (const uint8_t *)few->d->message.data;
    struct lg_wire_plain rest = {message + run->begin, message + run->end};
    struct lg_wire_plain sample;
    struct lg_pprof_plain_sample plain;
    return lg_wire_take_bytes(&rest, LG_PPROF_SAMPLE, &sample) &&
           lg_pprof_open_plain(sample, &plain) &&
           plain.labels.at != plain.labels.end;
}

static bool may_fill(const struct lg_pprof_few *few)
{
    size_t values;
    return few->block_count != 0 && few->sample_bytes <= LG_PPROF_SMALL_BYTES &&
           lg_pprof_values_fit(few->d, few->d->profile->samples.count,
                               few->sample_bytes, &values);
}

/* Most of the room for stacks and for labels that differ is never touched.
 * false: out of memory. */
static bool reserve(struct lg_pprof_few *few)
{
    struct lg_profile *p = few->d->profile;
    struct lg_arena *arena = few->d->arena;
    size_t samples = p->samples.count, values = samples * p->types.count;
    size_t labels = first_has_label(few) ? samples : 0;
    p->values = lg_new(arena, int64_t, values);
    p->labels.items = lg_new(arena, struct lg_profile_label, labels);
    p->stacks.items = lg_new(arena, uint32_t, few->sample_bytes);
    few->label_room = lg_new(arena, struct lg_label, 2 * labels);
    if (p->values == NULL || p->labels.items == NULL ||
        p->stacks.items == NULL || few->label_room == NULL)
        return false;
    p->stacks.capacity = few->sample_bytes;
    p->values_capacity = values;
    p->labels.capacity = labels;
    few->has_room = true;
    return true;
}

/* Everything but the stacks has its place by the number of the sample. */
static void move_to(struct lg_pprof_filler *x, const struct lg_pprof_few *few,
                    const struct lg_pprof_few_block *b)
{
    struct lg_profile *p = few->d->profile;
    bool has_labels = p->labels.capacity != 0;
    size_t label_first = has_labels ? b->sample_first : 0;
    x->sample = (uint32_t)b->sample_first;
    x->value_at = p->values + b->sample_first * p->types.count;
    x->label_at = p->labels.items + label_first;
    x->label_end = x->label_at + (has_labels ? b->run->count : 0);
}

/* Where the stacks of a block begin at the latest: of the one behind the last,
 * where the room ends. */
static uint32_t *stacks_of(const struct lg_pprof_few *few, size_t block,
                           size_t density)
{
    size_t first = block < few->block_count
                       ? few->blocks[block].bytes_first * density / PER_BYTES
                       : few->sample_bytes;
    return few->d->profile->stacks.items + first;
}

static bool fill_block(struct lg_pprof_filler *x,
                       const struct lg_pprof_few *few,
                       struct lg_pprof_few_block *b)
{
    const uint8_t *message = (const uint8_t *)few->d->message.data;
    const uint32_t *stacks = x->stacks;
    struct lg_wire_plain rest = {message + b->run->begin,
                                 message + b->run->end};
    struct lg_wire_plain sample;
    struct lg_pprof_packed last = {NULL, NULL};
    move_to(x, few, b);
    const struct lg_profile_label *labels = x->label_at;
    b->stack_first = (size_t)(x->stack_at - stacks);
    for (uint32_t i = 0; i < b->run->count; i++)
        if (!lg_wire_take_bytes(&rest, LG_PPROF_SAMPLE, &sample) ||
            !lg_pprof_fill_whole(x, sample, &last))
            return false;
    b->stack_count = (size_t)(x->stack_at - stacks) - b->stack_first;
    b->label_count = (size_t)(x->label_at - labels);
    return true;
}

/* At least of the first block, at most one entry a byte. */
static size_t density_of(const struct lg_pprof_few *few)
{
    const struct lg_pprof_few_block *first = &few->blocks[0];
    size_t bytes = first->run->end - first->run->begin;
    size_t entries = first->stack_count + first->stack_count / SPARE_PART;
    size_t density = (entries + SPARE_ENTRIES) * PER_BYTES / bytes;
    return density < PER_BYTES ? density + 1 : PER_BYTES;
}

static bool take(struct lg_pprof_few *few)
{
    return !atomic_load(&few->is_other) &&
           atomic_fetch_add(&few->taken, 1) < few->block_count;
}

/* half: of the room for labels that differ. */
static struct lg_pprof_filler filler_of(const struct lg_pprof_few *few,
                                        size_t half)
{
    struct lg_pprof_filler x = lg_pprof_filler_of(few->d, &few->locations);
    x.label_room_count = few->d->profile->labels.capacity;
    x.label_room = few->label_room + half * x.label_room_count;
    return x;
}

/* is_shared: the caller takes blocks from the back. Then none gets as far as
 * where the caller may have put the next. */
static void fill_from_front(struct lg_pprof_few *few, bool is_shared)
{
    size_t density = PER_BYTES;
    struct lg_pprof_filler x = filler_of(few, 0);
    for (size_t i = 0; take(few); i++) {
        x.stack_end = stacks_of(few, i + 1, density);
        if (!fill_block(&x, few, &few->blocks[i]))
            atomic_store(&few->is_other, true);
        if (i == 0 && is_shared) {
            density = density_of(few);
            atomic_store(&few->density, density);
        }
    }
}

static void *help_from_front(void *context)
{
    fill_from_front(context, true);
    return NULL;
}

static void fill_from_back(struct lg_pprof_few *few)
{
    size_t density = atomic_load(&few->density);
    struct lg_pprof_filler x = filler_of(few, 1);
    density = density != 0 ? density : PER_BYTES;
    for (size_t i = few->block_count; take(few); i--) {
        x.stack_at = stacks_of(few, i - 1, density);
        x.stack_end = stacks_of(few, i, density);
        if (!fill_block(&x, few, &few->blocks[i - 1]))
            atomic_store(&few->is_other, true);
    }
}

static void move_stacks(struct lg_profile *p,
                        const struct lg_pprof_few_block *b, size_t to)
{
    uint32_t less = (uint32_t)(b->stack_first - to);
    if (less == 0)
        return;
    memmove(p->stacks.items + to, p->stacks.items + b->stack_first,
            b->stack_count * sizeof *p->stacks.items);
    for (uint32_t i = 0; i < b->run->count; i++)
        p->samples.items[b->sample_first + i].first -= less;
}

static void close_gaps(const struct lg_pprof_few *few)
{
    struct lg_profile *p = few->d->profile;
    size_t stacks = 0, labels = 0;
    for (size_t i = 0; i < few->block_count; i++) {
        const struct lg_pprof_few_block *b = &few->blocks[i];
        move_stacks(p, b, stacks);
        if (b->label_count != 0 && labels != b->sample_first)
            memmove(p->labels.items + labels, p->labels.items + b->sample_first,
                    b->label_count * sizeof *p->labels.items);
        stacks += b->stack_count;
        labels += b->label_count;
    }
    p->stacks.count = stacks;
    p->labels.count = labels;
}

void lg_pprof_few_begin(struct lg_pprof_few *few)
{
    if (few->sample_bytes < MIN_HELPER_BYTES || !may_fill(few) ||
        !lg_arena_in_room(few->d->arena) || !reserve(few))
        return;
    few->locations.count = (uint32_t)few->d->locations.expected_count;
    lg_helper_begin(&few->helper, help_from_front, few, LG_HELPER_LEAVES);
}

static void fill(struct lg_pprof_few *few)
{
    const struct lg_pprof_ids *ids = &few->d->locations;
    bool is_expected = !ids->has_table && ids->count == few->locations.count;
    if (few->helper.is_started) {
        if (!is_expected)
            atomic_store(&few->is_other, true);
        fill_from_back(few);
    } else {
        few->locations = *ids;
        fill_from_front(few, false);
    }
    lg_helper_end(&few->helper);
}

bool lg_pprof_few_finish(struct lg_pprof_few *few, bool *filled_ret)
{
    *filled_ret = false;
    if (!may_fill(few))
        return true;
    if (!few->has_room && !reserve(few))
        return false;
    fill(few);
    *filled_ret = !atomic_load(&few->is_other);
    if (*filled_ret)
        close_gaps(few);
    return true;
}

void lg_pprof_few_abandon(struct lg_pprof_few *few)
{
    atomic_store(&few->is_other, true);
    lg_helper_end(&few->helper);
}
