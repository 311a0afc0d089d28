/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot path of a merge, block by block, in three steps: plan the samples' places
 * (profile_merge_plan.c); write them there as if all were new
 * (profile_merge_write.c); then, here, look each sample up, and close the gaps
 * that those leave which were there. The tables of large profiles lie far
 * beyond the caches, so slots are asked for by the batch, then what the slots
 * point at, and only then the first is looked at.
 */
#include "base/go_math.h"
#include "base/parallel.h"
#include "evidence/profile_merge_internal.h"

/* Of stacks; below that a thread costs more than it saves. */
#define MIN_PER_PART ((size_t)1 << 18)

/* A staged sample at its turn. */
struct arrival {
    struct lg_profile_stack stack; /* in `to` */
    bool is_staged;                /* behind what is there */
    const struct lg_merge_staged *staged;
    const int64_t *values; /* in `to` */
};

static bool is_same(const struct lg_merger *m, uint32_t sample,
                    const struct arrival *a)
{
    const struct lg_profile *to = &m->to;
    const struct lg_profile_label *labels =
        to->labels.items + a->staged->label_first;
    struct lg_profile_stack stack = to->samples.items[sample];
    uint32_t first = m->label_first[sample];
    if (stack.count != a->stack.count ||
        m->label_first[sample + 1] - first != a->staged->label_count)
        return false;
    if (stack.count != 0 && stack.first != a->stack.first &&
        memcmp(to->stacks.items + stack.first,
               to->stacks.items + a->stack.first,
               stack.count * sizeof *to->stacks.items) != 0)
        return false;
    for (size_t i = 0; i < a->staged->label_count; i++)
        if (!lg_label_eq(to->labels.items[first + i].of, labels[i].of))
            return false;
    return true;
}

/* The label as it stays when its source goes. */
static const struct lg_label *kept_label(struct lg_merger *m,
                                         const struct lg_label *label)
{
    if (!m->copies_text)
        return label;
    uint32_t hash = lg_merge_fold(lg_merge_label_hash(label));
    if (!lg_index_reserve(&m->label_index, 1)) {
        m->failed = true;
        return label;
    }
    size_t at = lg_index_first(&m->label_index, hash);
    for (uint32_t i; lg_index_next(&m->label_index, hash, &at, &i);)
        if (lg_label_same(m->labels.items[i], label))
            return m->labels.items[i];
    const struct lg_label **place = lg_push(&m->scratch, &m->labels);
    struct lg_label *copy = lg_new(m->to.arena, struct lg_label, 1);
    if (place == NULL || copy == NULL) {
        m->failed = true;
        return label;
    }
    *copy = *label;
    copy->key = lg_merge_text(m, label->key);
    copy->str = lg_merge_text(m, label->str);
    copy->num_unit = lg_merge_text(m, label->num_unit);
    *place = copy;
    lg_index_put(&m->label_index, at, hash, (uint32_t)m->labels.count - 1);
    return copy;
}

/* Where samples were that are there already, those behind them move up. */
static void keep_labels(struct lg_merger *m, const struct lg_merge_staged *s,
                        uint32_t sample)
{
    struct lg_profile *to = &m->to;
    struct lg_profile_label *place = to->labels.items + to->labels.count;
    if (s->label_first != to->labels.count)
        memmove(place, to->labels.items + s->label_first,
                s->label_count * sizeof *place);
    for (size_t i = 0; i < s->label_count; i++) {
        place[i].sample = sample;
        place[i].of = kept_label(m, place[i].of);
    }
    to->labels.count += s->label_count;
    m->label_first[sample + 1] = (uint32_t)to->labels.count;
}

static void keep_stack(struct lg_merger *m, struct lg_profile_stack *stack)
{
    struct lg_profile *to = &m->to;
    size_t at = to->stacks.count;
    if (at != stack->first)
        memmove(to->stacks.items + at, to->stacks.items + stack->first,
                stack->count * sizeof *to->stacks.items);
    stack->first = (uint32_t)at;
    to->stacks.count += stack->count;
}

static uint32_t keep_sample(struct lg_merger *m, struct arrival *a)
{
    struct lg_profile *to = &m->to;
    uint32_t sample = (uint32_t)to->samples.count++;
    int64_t *values = to->values + sample * to->types.count;
    if (a->is_staged)
        keep_stack(m, &a->stack);
    to->samples.items[sample] = a->stack;
    keep_labels(m, a->staged, sample);
    if (values != a->values)
        memmove(values, a->values, to->types.count * sizeof *values);
    return sample;
}

static void add_values(struct lg_merger *m, uint32_t sample,
                       const int64_t *values)
{
    int64_t *to = m->to.values + sample * m->to.types.count;
    for (size_t t = 0; t < m->to.types.count; t++)
        to[t] = lg_go_add(to[t], values[t]);
    m->has_sums = true;
}

static uint32_t place_sample(struct lg_merger *m, struct arrival *a)
{
    uint32_t hash = a->staged->hash;
    size_t at = lg_index_first(&m->samples, hash);
    for (uint32_t i; lg_index_next(&m->samples, hash, &at, &i);)
        if (is_same(m, i, a)) {
            add_values(m, i, a->values);
            return i;
        }
    uint32_t sample = keep_sample(m, a);
    lg_index_put(&m->samples, at, hash, sample);
    return sample;
}

/* What the slots seem to point at. */
static void fetch_found(const struct lg_merger *m,
                        const struct lg_merge_staged *staged, size_t count)
{
    const struct lg_profile *to = &m->to;
    uint32_t found[LG_MERGE_BATCH];
    size_t found_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t *next = &found[found_count];
        size_t at = lg_index_first(&m->samples, staged[i].hash);
        if (!lg_index_next(&m->samples, staged[i].hash, &at, next))
            continue;
        __builtin_prefetch(&to->samples.items[*next]);
        __builtin_prefetch(&m->label_first[*next]);
        __builtin_prefetch(&to->values[*next * to->types.count]);
        found_count++;
    }
    for (size_t i = 0; i < found_count; i++) {
        struct lg_profile_stack stack = to->samples.items[found[i]];
        for (uint32_t k = 0; k < stack.count; k += 16)
            __builtin_prefetch(&to->stacks.items[stack.first + k]);
        __builtin_prefetch(&to->labels.items[m->label_first[found[i]]]);
    }
}

static bool place_batch(struct lg_merger *m, size_t first, size_t count)
{
    const struct lg_merge_staged *staged = &m->staged.items[first];
    if (!lg_index_reserve(&m->samples, LG_MERGE_BATCH))
        return false;
    for (size_t i = 0; i < count; i++)
        lg_index_prefetch(&m->samples, staged[i].hash);
    fetch_found(m, staged, count);
    for (size_t i = 0; i < count; i++) {
        const struct lg_merge_staged *s = &staged[i];
        uint32_t frames = (uint32_t)lg_merge_stack_count(m, s);
        bool again = lg_merge_is_again(m, s);
        struct arrival a = {
            .stack = again ? m->last_to
                           : (struct lg_profile_stack){s->stack_first, frames},
            .is_staged = !again && s->stack_first >= m->block.stacks,
            .staged = s,
            .values = m->to.values +
                      (m->block.samples + first + i) * m->to.types.count,
        };
        m->last_to = m->to.samples.items[place_sample(m, &a)];
    }
    return !m->failed;
}

static void place_block(struct lg_merger *m)
{
    m->block.stacks = m->to.stacks.count;
    m->block.samples = m->to.samples.count;
    for (size_t i = 0; i < m->staged.count && !m->failed; i += LG_MERGE_BATCH) {
        size_t left = m->staged.count - i;
        m->failed |=
            !place_batch(m, i, left < LG_MERGE_BATCH ? left : LG_MERGE_BATCH);
    }
}

static size_t count_frames(const struct lg_profile *p)
{
    size_t frames = 0;
    lg_each(stack, p->samples)
        frames += stack->count;
    return frames;
}

bool lg_merge_samples(struct lg_merger *m)
{
    size_t parts = lg_parallel_parts(count_frames(m->from), MIN_PER_PART);
    /* On one thread what is written is still in the cache when it is placed. */
    size_t limit = parts > 1 ? m->from->samples.count : LG_MERGE_BATCH;
    if (m->staged.capacity < limit) {
        m->staged.items = lg_new(&m->scratch, struct lg_merge_staged, limit);
        m->staged.capacity = m->staged.items != NULL ? limit : 0;
        m->failed |= m->staged.items == NULL;
    }
    m->has_last = false;
    for (uint32_t next = 0; next < m->from->samples.count && !m->failed;) {
        next = lg_merge_plan_block(m, next, limit, parts > 1);
        if (m->failed)
            break;
        lg_merge_write_block(m, parts);
        place_block(m);
    }
    return !m->failed;
}
