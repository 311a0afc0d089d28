/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second step of a merge's block: stacks, labels, values and hashes of what was
 * planned, written where they belong if all samples are new, by several threads
 * where there are many.
 */
#include "base/go_math.h"
#include "base/parallel.h"
#include "evidence/profile_merge_internal.h"

#include <stdlib.h>

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

uint64_t lg_merge_label_hash(const struct lg_label *l)
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

/* What the part will fill if all of it is new. */
static void touch_part(const struct part *part, size_t label_count)
{
    const struct lg_merger *m = part->m;
    const struct lg_profile *to = &m->to;
    const struct lg_merge_staged *first = &m->staged.items[part->first];
    const struct lg_merge_staged *last = &m->staged.items[part->end - 1];
    size_t types = to->types.count, count = part->end - part->first;
    if (first->stack_first >= to->stacks.count)
        lg_touch_pages(to->stacks.items + first->stack_first,
                       (last->stack_first + lg_merge_stack_count(m, last) -
                        first->stack_first) *
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
        *known = (struct known){label, lg_merge_label_hash(label)};
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
        size_t count = lg_merge_stack_count(m, s);
        if (i == part->first || !lg_merge_is_again(m, s)) {
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
void lg_merge_write_block(struct lg_merger *m, size_t part_count)
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
