/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot path of a merge, block by block, in three steps: find the samples' places
 * and their locations; write stacks, labels and values where they belong if all
 * are new, with hashes, on several threads; then look each sample up, and close
 * the gaps that those leave which were there. The tables of large profiles lie
 * far beyond the caches, so slots are asked for by the batch, then what the
 * slots point at, and only then the first is looked at.
 */
#include "base/go_math.h"
#include "base/parallel.h"
#include "evidence/profile_merge_internal.h"

#include <stdlib.h>

/* Of stacks; below that a thread costs more than it saves. */
#define MIN_PER_PART ((size_t)1 << 18)

static const struct lg_label base_label = {
    .key = {LG_BASE_LABEL, sizeof LG_BASE_LABEL - 1},
    .str = {"true", 4},
};

static int by_kind_and_key(const void *left, const void *right)
{
    const struct lg_profile_label *a = left, *b = right;
    int order = lg_label_order(a->of, b->of);
    if (order != 0)
        return order;
    return a->sample < b->sample ? -1 : a->sample > b->sample;
}

static bool is_sorted(const struct lg_profile_label *labels, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (lg_label_order(labels[i - 1].of, labels[i].of) > 0)
            return false;
    return true;
}

/* Behind those that stand before it; there is room. */
static size_t insert_mark(struct lg_profile_label *labels, size_t count)
{
    size_t at = count;
    for (; at > 0 && lg_label_order(labels[at - 1].of, &base_label) > 0; at--)
        labels[at] = labels[at - 1];
    labels[at].of = &base_label;
    return count + 1;
}

static uint64_t label_hash(const struct lg_label *l)
{
    uint64_t hash = lg_map_hash(l->key);
    if (!l->is_numeric)
        return lg_merge_mix_str(~hash, l->str);
    hash = lg_merge_mix(hash, (uint64_t)l->num);
    return l->num_unit.len != 0 ? lg_merge_mix_str(hash, l->num_unit) : hash;
}

/* The first label of that sample or a later one. */
static uint32_t first_label(const struct lg_profile *p, uint32_t sample)
{
    size_t low = 0, high = p->labels.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->labels.items[middle].sample < sample)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static bool same_range(struct lg_profile_stack a, struct lg_profile_stack b)
{
    return a.first == b.first && a.count == b.count;
}

/* One half of what is done before a block is written. The halves share
 * nothing that changes. */
struct plan {
    struct lg_merger *m;
    bool is_of_locations;
    uint32_t first, end; /* samples; staging sets its end */
    size_t limit;        /* of samples to stage */
};

/* Places for the samples' locations, in the order of their appearance. */
static void plan_locations(struct lg_merger *m, uint32_t first, uint32_t end)
{
    const struct lg_profile *from = m->from;
    for (uint32_t i = first; i < end && m->met_count < from->locations.count;
         i++) {
        struct lg_profile_stack stack = from->samples.items[i];
        if (stack.count == 0 || lg_merge_is_zero(from, i))
            continue;
        if (!lg_merge_meet_locations(m, from->stacks.items + stack.first,
                                     stack.count)) {
            m->failed = true;
            return;
        }
    }
    lg_merge_place_locations(m);
}

/* Stages samples from `first` on, up to `limit` that count. Returns the one
 * after them. */
static uint32_t plan_samples(struct lg_merger *m, uint32_t first, size_t limit)
{
    const struct lg_profile *from = m->from;
    size_t stack_at = m->to.stacks.count;
    struct lg_profile_stack last = m->last_from;
    uint32_t last_first = m->last_to.first, i = first;
    m->staged.count = 0;
    for (; i < from->samples.count && m->staged.count < limit; i++) {
        if (lg_merge_is_zero(from, i))
            continue;
        struct lg_profile_stack stack = from->samples.items[i];
        if (!m->has_last || !same_range(stack, last)) {
            last_first = (uint32_t)stack_at;
            stack_at += stack.count;
        }
        last = stack;
        m->has_last = true;
        m->staged.items[m->staged.count++] =
            (struct lg_merge_staged){.sample = i, .stack_first = last_first};
    }
    m->last_from = last;
    return i;
}

static void *run_plan(void *argument)
{
    struct plan *plan = argument;
    if (plan->is_of_locations) {
        plan_locations(plan->m, plan->first, plan->end);
        return NULL;
    }
    if (plan->m->samples.count == 0) /* it takes less time than the other */
        lg_index_touch(&plan->m->samples);
    plan->end = plan_samples(plan->m, plan->first, plan->limit);
    return NULL;
}

/* Returns the first sample that is left. */
static uint32_t plan_block(struct lg_merger *m, uint32_t first, size_t limit,
                           bool is_large)
{
    uint32_t count = (uint32_t)m->from->samples.count;
    struct plan plans[] = {
        {.m = m, .first = first, .limit = limit},
        {.m = m, .first = first, .end = count, .is_of_locations = true},
    };
    if (is_large) {
        lg_parallel(run_plan, plans, sizeof plans[0], LG_COUNT(plans));
        return plans[0].end;
    }
    uint32_t end = plan_samples(m, first, limit);
    plan_locations(m, first, end);
    return end;
}

#define KNOWN_BITS 5

struct known {
    const struct lg_label *label; /* NULL: free */
    uint64_t hash;
};

struct part {
    struct lg_merger *m;
    size_t first, end; /* staged */
    bool is_large;
    size_t label_at; /* in to->labels: where the next ones go */
    struct known known[1 << KNOWN_BITS];
};

static size_t stack_count(const struct lg_merger *m,
                          const struct lg_merge_staged *s)
{
    return m->from->samples.items[s->sample].count;
}

/* It has the stack of the one staged before it. */
static bool is_again(const struct lg_merger *m, const struct lg_merge_staged *s)
{
    return s != m->staged.items && s->stack_first == s[-1].stack_first &&
           stack_count(m, s) == stack_count(m, &s[-1]);
}

/* What the part will fill if all of it is new. */
static void touch_part(const struct part *part, size_t label_count)
{
    const struct lg_merger *m = part->m;
    const struct lg_profile *to = &m->to;
    const struct lg_merge_staged *first = &m->staged.items[part->first];
    const struct lg_merge_staged *last = &m->staged.items[part->end - 1];
    size_t types = to->types.count, count = part->end - part->first;
    if (first->stack_first >= to->stacks.count)
        lg_touch_pages(
            to->stacks.items + first->stack_first,
            (last->stack_first + stack_count(m, last) - first->stack_first) *
                sizeof *to->stacks.items);
    lg_touch_pages(to->values + (to->samples.count + part->first) * types,
                   count * types * sizeof *to->values);
    lg_touch_pages(to->labels.items + part->label_at,
                   label_count * sizeof *to->labels.items);
}

static void write_stack(struct lg_merger *m, const struct lg_merge_staged *s)
{
    struct lg_profile_stack from = m->from->samples.items[s->sample];
    uint32_t *place = m->to.stacks.items + s->stack_first;
    const uint32_t *stack = m->from->stacks.items + from.first;
    for (uint32_t i = 0; i < from.count; i++)
        place[i] = m->location_of[stack[i]] - 1;
}

/* Those of the source from *at on that are the sample's; *at moves on. In
 * order, as which there are is what counts. */
static void write_labels(struct part *part, struct lg_merge_staged *s,
                         size_t *at)
{
    const struct lg_merger *m = part->m;
    const struct lg_profile *from = m->from;
    struct lg_profile_label *place = m->to.labels.items + part->label_at;
    size_t count = 0;
    while (*at < from->labels.count &&
           from->labels.items[*at].sample < s->sample)
        ++*at;
    for (; *at < from->labels.count &&
           from->labels.items[*at].sample == s->sample;
         ++*at) {
        if (m->marks_base && lg_label_is_base(from->labels.items[*at].of))
            continue;
        place[count] = from->labels.items[*at];
        place[count].sample = (uint32_t)count; /* keeps sorting stable */
        count++;
    }
    if (!is_sorted(place, count))
        qsort(place, count, sizeof *place, by_kind_and_key);
    if (m->marks_base)
        count = insert_mark(place, count);
    s->label_first = (uint32_t)part->label_at;
    s->label_count = (uint32_t)count;
    part->label_at += count;
}

/* Scale's arithmetic. */
static int64_t negative(int64_t value)
{
    return lg_go_int64(-(double)value);
}

static void write_values(struct lg_merger *m, size_t staged)
{
    size_t types = m->to.types.count;
    int64_t *to = m->to.values + (m->to.samples.count + staged) * types;
    const int64_t *from =
        m->from->values + m->staged.items[staged].sample * types;
    for (size_t t = 0; t < types; t++)
        to[t] = m->negates ? negative(from[t]) : from[t];
}

static uint64_t stack_hash(const struct lg_merger *m,
                           const struct lg_merge_staged *s, size_t count)
{
    const uint32_t *stack = m->to.stacks.items + s->stack_first;
    return count != 0 ? lg_map_hash(lg_str_from(stack, count * sizeof *stack))
                      : 0;
}

/* Few labels are shared by many samples. */
static uint64_t known_hash(struct part *part, const struct lg_label *label)
{
    uint64_t mixed = (uintptr_t)label * UINT64_C(0x9E3779B97F4A7C15);
    struct known *known = &part->known[mixed >> (64 - KNOWN_BITS)];
    if (known->label != label)
        *known = (struct known){label, label_hash(label)};
    return known->hash;
}

static uint32_t hash_of(struct part *part, const struct lg_merge_staged *s,
                        uint64_t hash)
{
    const struct lg_profile_label *labels =
        part->m->to.labels.items + s->label_first;
    for (size_t i = 0; i < s->label_count; i++)
        hash = lg_merge_mix(hash, known_hash(part, labels[i].of));
    return lg_merge_fold(hash);
}

static void *write_part(void *argument)
{
    struct part *part = argument;
    struct lg_merger *m = part->m;
    const struct lg_merge_staged *staged = m->staged.items;
    size_t label_at = first_label(m->from, staged[part->first].sample);
    uint64_t hash = 0;
    if (part->is_large)
        touch_part(part, first_label(m->from, staged[part->end - 1].sample) -
                             label_at +
                             (m->marks_base ? part->end - part->first : 0));
    for (size_t i = part->first; i < part->end; i++) {
        struct lg_merge_staged *s = &m->staged.items[i];
        size_t count = stack_count(m, s);
        if (i == part->first || !is_again(m, s)) {
            if (count != 0 && s->stack_first >= m->to.stacks.count)
                write_stack(m, s);
            hash = stack_hash(m, s, count);
        }
        write_labels(part, s, &label_at);
        write_values(m, i);
        s->hash = hash_of(part, s, hash);
    }
    return NULL;
}

/* Where the labels of a part go if all before it keep theirs. */
static size_t label_place(const struct lg_merger *m, size_t first)
{
    const struct lg_merge_staged *staged = m->staged.items;
    return m->to.labels.count + first_label(m->from, staged[first].sample) -
           first_label(m->from, staged[0].sample) + (m->marks_base ? first : 0);
}

/* Parts of about as many samples; one that repeats a stack stays with it. */
static void write_block(struct lg_merger *m, size_t part_count)
{
    struct part parts[LG_PARALLEL_MAX_PARTS];
    size_t used = 0, begin = 0;
    for (size_t i = 0; i < part_count; i++) {
        size_t end = m->staged.count * (i + 1) / part_count;
        while (end > begin && end < m->staged.count &&
               m->staged.items[end].stack_first ==
                   m->staged.items[end - 1].stack_first)
            end++;
        if (end <= begin)
            continue;
        parts[used++] = (struct part){.m = m,
                                      .first = begin,
                                      .end = end,
                                      .is_large = part_count > 1,
                                      .label_at = label_place(m, begin)};
        begin = end;
    }
    if (used != 0)
        lg_parallel(write_part, parts, sizeof parts[0], used);
}

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
    uint32_t hash = lg_merge_fold(label_hash(label));
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
        uint32_t frames = (uint32_t)stack_count(m, s);
        bool again = is_again(m, s);
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
        next = plan_block(m, next, limit, parts > 1);
        if (m->failed)
            break;
        write_block(m, parts);
        place_block(m);
    }
    return !m->failed;
}
