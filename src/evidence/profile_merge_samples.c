/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot path of a merge. The tables of large profiles lie far beyond the caches,
 * so samples are staged by the batch: all their slots are asked for, then what
 * the slots point at, and only then the first is looked at.
 */
#include "evidence/profile_merge_internal.h"

#include <stdlib.h>

static const uint32_t *stage_stack(struct lg_merger *m,
                                   struct lg_merge_staged *s)
{
    struct lg_profile_stack from = m->from->samples.items[s->sample];
    const uint32_t *stack =
        from.count != 0 ? m->from->stacks.items + from.first : NULL;
    uint32_t *place = m->stage.items + m->stage.count;
    if (m->met_count < m->from->locations.count)
        lg_merge_locations(m, stack, from.count);
    for (uint32_t i = 0; i < from.count; i++)
        place[i] = m->location_of[stack[i]] - 1;
    s->stack_first = (uint32_t)m->stage.count;
    s->stack_count = from.count;
    m->stage.count += from.count;
    return place;
}

static int by_kind_and_key(const void *left, const void *right)
{
    const struct lg_profile_label *a = left, *b = right;
    int order = lg_profile_label_order(a, b);
    if (order != 0)
        return order;
    return a->sample < b->sample ? -1 : a->sample > b->sample;
}

static bool is_sorted(const struct lg_profile_label *labels, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (lg_profile_label_order(&labels[i - 1], &labels[i]) > 0)
            return false;
    return true;
}

/* Which labels there are is what counts, not their order. */
static const struct lg_profile_label *
sorted(struct lg_merger *m, const struct lg_profile_label *labels, size_t count)
{
    if (is_sorted(labels, count))
        return labels;
    struct lg_profile_label *copy =
        lg_new(&m->batch, struct lg_profile_label, count);
    if (copy == NULL) {
        m->failed = true;
        return labels;
    }
    memcpy(copy, labels, count * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i].sample = (uint32_t)i; /* keeps sorting stable */
    qsort(copy, count, sizeof *copy, by_kind_and_key);
    return copy;
}

/* *at moves on through the source's labels. */
static void stage_labels(struct lg_merger *m, struct lg_merge_staged *s,
                         size_t *at)
{
    const struct lg_profile *from = m->from;
    while (*at < from->labels.count &&
           from->labels.items[*at].sample < s->sample)
        ++*at;
    size_t first = *at;
    while (*at < from->labels.count &&
           from->labels.items[*at].sample == s->sample)
        ++*at;
    s->label_count = *at - first;
    s->labels = s->label_count != 0
                    ? sorted(m, from->labels.items + first, s->label_count)
                    : NULL;
}

static uint64_t label_hash(const struct lg_profile_label *l)
{
    uint64_t hash = lg_map_hash(l->key);
    if (!l->is_numeric)
        return lg_merge_mix_str(~hash, l->str);
    hash = lg_merge_mix(hash, (uint64_t)l->num);
    return l->num_unit.len != 0 ? lg_merge_mix_str(hash, l->num_unit) : hash;
}

static uint32_t hash_of(const struct lg_merge_staged *s, const uint32_t *stack)
{
    uint64_t hash =
        lg_map_hash(lg_str_from(stack, s->stack_count * sizeof *stack));
    for (size_t i = 0; i < s->label_count; i++)
        hash = lg_merge_mix(hash, label_hash(&s->labels[i]));
    return lg_merge_fold(hash);
}

static void stage(struct lg_merger *m, uint32_t sample, size_t *label_at)
{
    struct lg_merge_staged *s = &m->staged[m->staged_count++];
    struct lg_profile_stack from = m->from->samples.items[sample];
    s->sample = sample;
    s->repeats = m->has_last && m->last_from.first == from.first &&
                 m->last_from.count == from.count;
    m->last_from = from;
    m->has_last = true;
    const uint32_t *stack = stage_stack(m, s);
    stage_labels(m, s, label_at);
    s->hash = hash_of(s, stack);
    lg_index_prefetch(&m->samples, s->hash);
}

static bool same_label(const struct lg_profile_label *a,
                       const struct lg_profile_label *b)
{
    return a->is_numeric == b->is_numeric && a->num == b->num &&
           lg_str_eq(a->key, b->key) && lg_str_eq(a->str, b->str) &&
           lg_str_eq(a->num_unit, b->num_unit);
}

static bool is_same(const struct lg_merger *m, uint32_t sample,
                    const struct lg_merge_staged *s)
{
    const struct lg_profile *to = &m->to;
    struct lg_profile_stack stack = to->samples.items[sample];
    uint32_t first = m->label_first[sample];
    if (stack.count != s->stack_count ||
        m->label_first[sample + 1] - first != s->label_count)
        return false;
    if (stack.count != 0 &&
        memcmp(to->stacks.items + stack.first, m->stage.items + s->stack_first,
               stack.count * sizeof *to->stacks.items) != 0)
        return false;
    for (size_t i = 0; i < s->label_count; i++)
        if (!same_label(&to->labels.items[first + i], &s->labels[i]))
            return false;
    return true;
}

static void add_labels(struct lg_merger *m, const struct lg_merge_staged *s,
                       uint32_t sample)
{
    struct lg_profile *to = &m->to;
    for (size_t i = 0; i < s->label_count; i++) {
        struct lg_profile_label *place = &to->labels.items[to->labels.count++];
        *place = s->labels[i];
        place->sample = sample;
        place->key = lg_merge_text(m, place->key);
        place->str = lg_merge_text(m, place->str);
        place->num_unit = lg_merge_text(m, place->num_unit);
    }
    m->label_first[sample + 1] = (uint32_t)to->labels.count;
}

/* Without values. Samples that share a stack go on to share it. */
static uint32_t add_sample(struct lg_merger *m, const struct lg_merge_staged *s)
{
    struct lg_profile *to = &m->to;
    uint32_t sample = (uint32_t)to->samples.count++;
    struct lg_profile_stack *place = &to->samples.items[sample];
    if (s->repeats) {
        *place = m->last_to;
    } else {
        *place = (struct lg_profile_stack){(uint32_t)to->stacks.count,
                                           s->stack_count};
        if (s->stack_count != 0)
            memcpy(to->stacks.items + to->stacks.count,
                   m->stage.items + s->stack_first,
                   s->stack_count * sizeof *to->stacks.items);
        to->stacks.count += s->stack_count;
    }
    add_labels(m, s, sample);
    return sample;
}

static uint32_t place_sample(struct lg_merger *m,
                             const struct lg_merge_staged *s)
{
    size_t at = lg_index_first(&m->samples, s->hash);
    for (uint32_t i; lg_index_next(&m->samples, s->hash, &at, &i);)
        if (is_same(m, i, s))
            return i;
    uint32_t sample = add_sample(m, s);
    lg_index_put(&m->samples, at, s->hash, sample);
    return sample;
}

static void add_values(struct lg_merger *m, uint32_t to_sample, size_t sample)
{
    size_t types = m->to.types.count;
    int64_t *to = m->to.values + to_sample * types;
    const int64_t *from = m->from->values + sample * types;
    for (size_t t = 0; t < types; t++)
        to[t] = (int64_t)((uint64_t)to[t] + (uint64_t)from[t]);
}

/* What the slots seem to point at. */
static void fetch_found(const struct lg_merger *m)
{
    const struct lg_profile *to = &m->to;
    uint32_t found[LG_MERGE_BATCH];
    size_t count = 0;
    for (size_t i = 0; i < m->staged_count; i++) {
        uint32_t hash = m->staged[i].hash;
        size_t at = lg_index_first(&m->samples, hash);
        if (!lg_index_next(&m->samples, hash, &at, &found[count]))
            continue;
        __builtin_prefetch(&to->samples.items[found[count]]);
        __builtin_prefetch(&m->label_first[found[count]]);
        __builtin_prefetch(&to->values[found[count] * to->types.count]);
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        struct lg_profile_stack stack = to->samples.items[found[i]];
        for (uint32_t k = 0; k < stack.count; k += 16)
            __builtin_prefetch(&to->stacks.items[stack.first + k]);
        __builtin_prefetch(&to->labels.items[m->label_first[found[i]]]);
    }
}

static void place_staged(struct lg_merger *m)
{
    if (!lg_index_reserve(&m->samples, LG_MERGE_BATCH)) {
        m->failed = true;
        return;
    }
    fetch_found(m);
    for (size_t i = 0; i < m->staged_count && !m->failed; i++) {
        const struct lg_merge_staged *s = &m->staged[i];
        uint32_t sample = place_sample(m, s);
        add_values(m, sample, s->sample);
        m->last_to = m->to.samples.items[sample];
    }
    m->staged_count = 0;
    m->stage.count = 0;
    lg_arena_reset(&m->batch);
}

/* Room in `stage` for one more stack, at least for something. */
static bool reserve_stage(struct lg_merger *m, size_t more)
{
    size_t need = m->stage.count + more + 1;
    if (need <= m->stage.capacity)
        return true;
    uint32_t *items = lg_arena_grow(
        &m->scratch, m->stage.items, m->stage.capacity * sizeof *items,
        2 * need * sizeof *items, _Alignof(max_align_t));
    if (items == NULL)
        return false;
    m->stage.items = items;
    m->stage.capacity = 2 * need;
    return true;
}

/* Samples whose unmet locations are fetched before their turn: far enough for
 * the lines of one to follow when it is there. */
#define AHEAD_LOCATIONS 4
#define AHEAD_LINES 2

static void fetch_locations(const struct lg_merger *m, size_t sample,
                            bool lines)
{
    const struct lg_profile *from = m->from;
    if (sample >= from->samples.count)
        return;
    struct lg_profile_stack stack = from->samples.items[sample];
    for (uint32_t i = 0; i < stack.count; i++) {
        uint32_t index = from->stacks.items[stack.first + i];
        const struct lg_profile_location *l = &from->locations.items[index];
        if (m->location_of[index] != 0)
            continue;
        if (lines && l->line_count != 0)
            __builtin_prefetch(&from->lines.items[l->line_first]);
        else if (!lines)
            __builtin_prefetch(l);
    }
}

bool lg_merge_samples(struct lg_merger *m)
{
    size_t label_at = 0;
    m->has_last = false;
    for (uint32_t i = 0; i < m->from->samples.count && !m->failed; i++) {
        if (lg_merge_is_zero(m->from, i))
            continue;
        if (!reserve_stage(m, m->from->samples.items[i].count)) {
            m->failed = true;
            break;
        }
        if (m->met_count < m->from->locations.count) {
            fetch_locations(m, i + AHEAD_LOCATIONS, false);
            fetch_locations(m, i + AHEAD_LINES, true);
        }
        stage(m, i, &label_at);
        if (m->staged_count == LG_MERGE_BATCH)
            place_staged(m);
    }
    if (!m->failed)
        place_staged(m);
    return !m->failed;
}
