/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile_merge_internal.h"

#include <stdlib.h>

/* 32 bit indices. */
#define MAX_ITEMS ((size_t)UINT32_MAX - 1)

static bool same_type(const struct lg_value_type *a,
                      const struct lg_value_type *b)
{
    return lg_str_eq(a->type, b->type) && lg_str_eq(a->unit, b->unit);
}

bool lg_profile_compatible(const struct lg_profile *a,
                           const struct lg_profile *b, struct lg_error *err)
{
    if (!same_type(&a->period_type, &b->period_type))
        return lg_fail(
            err, LG_USAGE, "incompatible period types %.*s/%.*s and %.*s/%.*s",
            LG_STR_ARG(a->period_type.type), LG_STR_ARG(a->period_type.unit),
            LG_STR_ARG(b->period_type.type), LG_STR_ARG(b->period_type.unit));
    if (a->types.count != b->types.count)
        return lg_fail(err, LG_USAGE,
                       "incompatible sample types: %zu and %zu of them",
                       a->types.count, b->types.count);
    for (size_t t = 0; t < a->types.count; t++) {
        const struct lg_value_type *x = &a->types.items[t];
        const struct lg_value_type *y = &b->types.items[t];
        if (!same_type(x, y))
            return lg_fail(err, LG_USAGE,
                           "incompatible sample types %.*s/%.*s and %.*s/%.*s",
                           LG_STR_ARG(x->type), LG_STR_ARG(x->unit),
                           LG_STR_ARG(y->type), LG_STR_ARG(y->unit));
    }
    return true;
}

/* Later times override a time that is 0, and are overridden by 0. */
static void combine_numbers(struct lg_profile *to, const struct lg_profile *p)
{
    if (to->time_ns == 0 || p->time_ns < to->time_ns)
        to->time_ns = p->time_ns;
    to->duration_ns =
        (int64_t)((uint64_t)to->duration_ns + (uint64_t)p->duration_ns);
    if (to->period == 0 || to->period < p->period)
        to->period = p->period;
}

static void combine_texts(struct lg_merger *m, const struct lg_profile *p)
{
    struct lg_profile *to = &m->to;
    if (to->default_type.len == 0)
        to->default_type = lg_merge_text(m, p->default_type);
    if (to->doc_url.len == 0)
        to->doc_url = lg_merge_text(m, p->doc_url);
    lg_each(comment, p->comments) {
        bool fresh = false;
        struct lg_str text = lg_merge_text(m, *comment);
        struct lg_str *place = NULL;
        if (lg_map_put_str(&m->comments, text, &fresh) != NULL && fresh)
            place = lg_push(to->arena, &to->comments);
        if (place != NULL)
            *place = text;
        m->failed |= to->arena->failed || m->scratch.failed;
    }
}

/* What only the first says. */
static void take_head(struct lg_merger *m, const struct lg_profile *p)
{
    struct lg_profile *to = &m->to;
    lg_each(type, p->types) {
        struct lg_value_type *place = lg_push(to->arena, &to->types);
        if (place == NULL) {
            m->failed = true;
            return;
        }
        place->type = lg_merge_text(m, type->type);
        place->unit = lg_merge_text(m, type->unit);
    }
    to->drop_frames = lg_merge_text(m, p->drop_frames);
    to->keep_frames = lg_merge_text(m, p->keep_frames);
    to->period_type.type = lg_merge_text(m, p->period_type.type);
    to->period_type.unit = lg_merge_text(m, p->period_type.unit);
    to->has_period_type = p->has_period_type;
}

static bool grow(struct lg_arena *arena, void *items_ptr, size_t count,
                 size_t more, size_t *capacity, size_t item_bytes)
{
    void **items = items_ptr, *grown;
    size_t need, bytes;
    if (more > MAX_ITEMS - count) /* as the indices would overflow */
        return false;
    need = count + more;
    if (need <= *capacity && *items != NULL)
        return true;
    if (need < *capacity * 2)
        need = *capacity * 2;
    if (__builtin_mul_overflow(need, item_bytes, &bytes))
        return false;
    grown = lg_arena_grow(arena, *items, *capacity * item_bytes, bytes,
                          _Alignof(max_align_t));
    if (grown == NULL)
        return false;
    *items = grown;
    *capacity = need;
    return true;
}

/* What sources may bring at most. */
struct sizes {
    size_t stacks, labels, locations, lines, functions, mappings, samples;
};

static void add_sizes(struct sizes *to, const struct lg_profile *p, bool marks)
{
    lg_each(stack, p->samples)
        to->stacks += stack->count;
    to->labels += p->labels.count + (marks ? p->samples.count : 0);
    to->locations += p->locations.count;
    to->lines += p->lines.count;
    to->functions += p->functions.count;
    to->mappings += p->mappings.count;
    to->samples += p->samples.count;
}

static bool expect(size_t *n, size_t times)
{
    size_t all;
    if (__builtin_mul_overflow(*n, times, &all))
        return false;
    *n = all < MAX_ITEMS / 2 ? all + all / 4 : *n;
    return true;
}

/* More such sources, and some: memory that nobody touches costs nothing. */
static bool expect_sizes(struct sizes *s, size_t times)
{
    return expect(&s->stacks, times) && expect(&s->labels, times) &&
           expect(&s->locations, times) && expect(&s->lines, times) &&
           expect(&s->functions, times) && expect(&s->mappings, times) &&
           expect(&s->samples, times);
}

#define ROOM(m, v, more)                                                       \
    grow((m)->to.arena, &(v)->items, (v)->count, (more), &(v)->capacity,       \
         sizeof *(v)->items)

/* Behind what is there. */
static bool make_room(struct lg_merger *m, const struct sizes *s)
{
    struct lg_profile *to = &m->to;
    size_t types = to->types.count, values;
    return !__builtin_mul_overflow(s->samples, types, &values) &&
           ROOM(m, &to->stacks, s->stacks) && ROOM(m, &to->labels, s->labels) &&
           ROOM(m, &to->locations, s->locations) &&
           ROOM(m, &to->lines, s->lines) &&
           ROOM(m, &to->functions, s->functions) &&
           ROOM(m, &to->mappings, s->mappings) &&
           grow(to->arena, &to->values, to->samples.count * types, values,
                &to->values_capacity, sizeof *to->values) &&
           grow(&m->scratch, &m->label_first, to->samples.count, s->samples + 1,
                &m->label_first_capacity, sizeof *m->label_first) &&
           ROOM(m, &to->samples, s->samples);
}

static bool clear(struct lg_merger *m, uint32_t **of, size_t *capacity,
                  size_t count)
{
    if (!grow(&m->scratch, of, 0, count, capacity, sizeof **of))
        return false;
    memset(*of, 0, count * sizeof **of);
    return true;
}

static bool begin_source(struct lg_merger *m, const struct lg_profile *p)
{
    struct sizes sizes = {0};
    m->from = p;
    m->met_count = 0;
    add_sizes(&sizes, p, m->marks_base);
    if (m->count == 1 && !m->has_room &&
        !expect_sizes(&sizes, m->expected_count))
        return false;
    return make_room(m, &sizes) &&
           grow(&m->scratch, &m->address_shift, 0, p->mappings.count,
                &m->address_shift_capacity, sizeof *m->address_shift) &&
           clear(m, &m->location_of, &m->location_of_capacity,
                 p->locations.count) &&
           clear(m, &m->function_of, &m->function_of_capacity,
                 p->functions.count) &&
           clear(m, &m->mapping_of, &m->mapping_of_capacity, p->mappings.count);
}

struct lg_merger *lg_merger_create(struct lg_arena *arena,
                                   size_t expected_count, bool copies_text)
{
    struct lg_merger *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->expected_count = expected_count;
    m->copies_text = copies_text;
    lg_profile_init(&m->to, arena);
    lg_arena_init(&m->scratch, 0);
    lg_map_init(&m->comments, &m->scratch);
    lg_map_init(&m->texts, &m->scratch);
    lg_index_init(&m->samples, &m->scratch);
    lg_index_init(&m->locations, &m->scratch);
    lg_index_init(&m->functions, &m->scratch);
    lg_index_init(&m->mappings, &m->scratch);
    lg_index_init(&m->label_index, &m->scratch);
    return m;
}

void lg_merger_destroy(struct lg_merger *m)
{
    if (m == NULL)
        return;
    lg_arena_deinit(&m->scratch);
    free(m);
}

bool lg_merger_add(struct lg_merger *m, const struct lg_profile *p,
                   struct lg_error *err)
{
    if (m->count == 0 && !m->has_room)
        take_head(m, p);
    else if (!lg_profile_compatible(&m->to, p, err))
        return false;
    m->count++;
    combine_numbers(&m->to, p);
    combine_texts(m, p);
    if (m->failed || !begin_source(m, p))
        return lg_fail_nomem(err);
    /* The first mapping is the program's own. */
    if (m->to.mappings.count == 0 && p->mappings.count != 0)
        (void)lg_merge_mapping(m, 1);
    return lg_merge_samples(m) || lg_fail_nomem(err);
}

static bool has_zero_sample(const struct lg_profile *p)
{
    for (size_t i = 0; i < p->samples.count; i++)
        if (lg_merge_is_zero(p, i))
            return true;
    return false;
}

bool lg_merger_finish(struct lg_merger *m, struct lg_profile *ret,
                      struct lg_error *err)
{
    const struct lg_profile *merged = &m->to;
    /* Samples that took each other away leave parts that nobody uses. */
    if (m->has_sums && has_zero_sample(merged))
        return lg_profile_merge(&merged, 1, LG_MERGE_ADD, merged->arena, ret,
                                err);
    *ret = *merged;
    return true;
}

/* Room for all that comes. */
static bool expect_all(struct lg_merger *m,
                       const struct lg_profile *const *profiles, size_t count,
                       enum lg_merge_last last)
{
    struct sizes sizes = {0};
    for (size_t i = 0; i < count; i++)
        add_sizes(&sizes, profiles[i],
                  i + 1 == count && last == LG_MERGE_SUBTRACT_MARKED);
    m->has_room = true;
    return make_room(m, &sizes) &&
           lg_index_expect(&m->samples, sizes.samples) &&
           lg_index_expect(&m->locations, profiles[0]->locations.count);
}

bool lg_profile_merge(const struct lg_profile *const *profiles, size_t count,
                      enum lg_merge_last last, struct lg_arena *arena,
                      struct lg_profile *ret, struct lg_error *err)
{
    bool ok = true;
    for (size_t i = 1; i < count; i++)
        if (!lg_profile_compatible(profiles[0], profiles[i], err))
            return false;
    struct lg_merger *m = lg_merger_create(arena, count, false);
    if (m == NULL)
        return lg_fail_nomem(err);
    take_head(m, profiles[0]);
    ok = expect_all(m, profiles, count, last) || lg_fail_nomem(err);
    for (size_t i = 0; i < count && ok; i++) {
        if (i + 1 == count) {
            m->negates = last != LG_MERGE_ADD;
            m->marks_base = last == LG_MERGE_SUBTRACT_MARKED;
        }
        ok = lg_merger_add(m, profiles[i], err);
    }
    ok = ok && lg_merger_finish(m, ret, err);
    lg_merger_destroy(m);
    return ok;
}
