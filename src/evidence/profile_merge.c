/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile_merge.h"

#include "base/map.h"
#include "evidence/index_table.h"

#include <stdlib.h>

/* Mappings are the same when their sizes are, rounded up to this. */
#define MAPPING_ROUNDING_BYTES 4096
#define MAX_ITEMS ((size_t)UINT32_MAX - 1)

struct merger {
    struct lg_profile *to;
    struct lg_arena *scratch;
    struct lg_index_table samples, locations, functions, mappings;
    uint32_t *label_first; /* of each sample; one more */
    /* What became of the source's parts: index + 1, 0: not met yet. */
    const struct lg_profile *from;
    uint32_t *mapping_of, *function_of, *location_of;
    uint64_t *address_shift; /* by mapping of the source */
    bool failed;             /* out of memory */
};

static uint64_t mix(uint64_t hash, uint64_t n)
{
    hash = (hash ^ n) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t mix_str(uint64_t hash, struct lg_str s)
{
    return mix(hash, lg_map_hash(s));
}

static uint32_t folded(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

static uint64_t rounded_size(const struct lg_profile_mapping *m)
{
    uint64_t size = m->limit - m->start + MAPPING_ROUNDING_BYTES - 1;
    return size - size % MAPPING_ROUNDING_BYTES;
}

static struct lg_str identity(const struct lg_profile_mapping *m)
{
    return m->build_id.len != 0 ? m->build_id : m->file;
}

static bool same_mapping(const struct lg_profile_mapping *a,
                         const struct lg_profile_mapping *b)
{
    return rounded_size(a) == rounded_size(b) && a->offset == b->offset &&
           lg_str_eq(identity(a), identity(b));
}

static uint32_t place_mapping(struct merger *m,
                              const struct lg_profile_mapping *from)
{
    struct lg_profile *to = m->to;
    uint64_t hash =
        mix_str(mix(rounded_size(from), from->offset), identity(from));
    if (!lg_index_reserve(&m->mappings)) {
        m->failed = true;
        return 0;
    }
    size_t at = lg_index_first(&m->mappings, folded(hash));
    for (uint32_t i; lg_index_next(&m->mappings, folded(hash), &at, &i);)
        if (same_mapping(&to->mappings.items[i], from))
            return i;
    uint32_t index = (uint32_t)to->mappings.count++;
    lg_index_put(&m->mappings, at, folded(hash), index);
    to->mappings.items[index] = *from;
    to->mappings.items[index].id = index + 1;
    return index;
}

/* index: of the source, plus one; 0: none. */
static uint32_t map_mapping(struct merger *m, uint32_t index)
{
    if (index == 0)
        return 0;
    uint32_t *place = &m->mapping_of[index - 1];
    if (*place == 0) {
        const struct lg_profile_mapping *from =
            &m->from->mappings.items[index - 1];
        *place = place_mapping(m, from) + 1;
        m->address_shift[index - 1] =
            m->to->mappings.items[*place - 1].start - from->start;
    }
    return *place;
}

static bool same_function(const struct lg_profile_function *a,
                          const struct lg_profile_function *b)
{
    return a->start_line == b->start_line && lg_str_eq(a->name, b->name) &&
           lg_str_eq(a->system_name, b->system_name) &&
           lg_str_eq(a->file, b->file);
}

static uint32_t place_function(struct merger *m,
                               const struct lg_profile_function *from)
{
    struct lg_profile *to = m->to;
    uint64_t hash = mix_str((uint64_t)from->start_line, from->name);
    hash = mix_str(hash, from->file);
    if (!lg_str_eq(from->name, from->system_name))
        hash = mix_str(hash, from->system_name);
    if (!lg_index_reserve(&m->functions)) {
        m->failed = true;
        return 0;
    }
    size_t at = lg_index_first(&m->functions, folded(hash));
    for (uint32_t i; lg_index_next(&m->functions, folded(hash), &at, &i);)
        if (same_function(&to->functions.items[i], from))
            return i;
    uint32_t index = (uint32_t)to->functions.count++;
    lg_index_put(&m->functions, at, folded(hash), index);
    to->functions.items[index] = *from;
    to->functions.items[index].id = index + 1;
    return index;
}

static uint32_t map_function(struct merger *m, uint32_t index)
{
    if (index == LG_NO_FUNCTION)
        return LG_NO_FUNCTION;
    uint32_t *place = &m->function_of[index];
    if (*place == 0)
        *place = place_function(m, &m->from->functions.items[index]) + 1;
    return *place - 1;
}

/* A location's key has the column of its last line only (pprof's table of
 * texts has two places for each line, and writes three). */
static int64_t last_column(const struct lg_profile *p,
                           const struct lg_profile_location *l)
{
    return l->line_count != 0
               ? p->lines.items[l->line_first + l->line_count - 1].column
               : 0;
}

/* Independent of where the object was loaded. */
static uint64_t address_in_mapping(const struct lg_profile *p,
                                   const struct lg_profile_location *l)
{
    return l->mapping != 0
               ? l->address - p->mappings.items[l->mapping - 1].start
               : l->address;
}

static uint64_t location_hash(const struct lg_profile *p,
                              const struct lg_profile_location *l)
{
    uint64_t hash = mix(address_in_mapping(p, l), l->mapping);
    for (uint32_t i = 0; i < l->line_count; i++) {
        const struct lg_profile_line *line = &p->lines.items[l->line_first + i];
        hash = mix(mix(hash, line->function), (uint64_t)line->line);
    }
    return lg_map_hash(lg_str_from(&hash, sizeof hash));
}

static bool same_location(const struct lg_profile *p,
                          const struct lg_profile_location *a,
                          const struct lg_profile_location *b)
{
    if (a->mapping != b->mapping || a->line_count != b->line_count ||
        a->is_folded != b->is_folded ||
        address_in_mapping(p, a) != address_in_mapping(p, b) ||
        last_column(p, a) != last_column(p, b))
        return false;
    for (uint32_t i = 0; i < a->line_count; i++) {
        const struct lg_profile_line *x = &p->lines.items[a->line_first + i];
        const struct lg_profile_line *y = &p->lines.items[b->line_first + i];
        if (x->function != y->function || x->line != y->line)
            return false;
    }
    return true;
}

/* A copy at the end of the columns; it stays when it is new. */
static uint32_t copy_location(struct merger *m,
                              const struct lg_profile_location *from)
{
    struct lg_profile *to = m->to;
    uint32_t index = (uint32_t)to->locations.count;
    uint32_t mapping = map_mapping(m, from->mapping);
    to->locations.items[index] = (struct lg_profile_location){
        .id = index + 1,
        .address = from->mapping == 0
                       ? from->address
                       : from->address + m->address_shift[from->mapping - 1],
        .mapping = mapping,
        .line_first = (uint32_t)to->lines.count,
        .line_count = from->line_count,
        .is_folded = from->is_folded,
    };
    for (uint32_t i = 0; i < from->line_count; i++) {
        struct lg_profile_line line =
            m->from->lines.items[from->line_first + i];
        line.function = map_function(m, line.function);
        to->lines.items[to->lines.count + i] = line;
    }
    return index;
}

static uint32_t place_location(struct merger *m,
                               const struct lg_profile_location *from)
{
    struct lg_profile *to = m->to;
    uint32_t index = copy_location(m, from);
    const struct lg_profile_location *l = &to->locations.items[index];
    uint32_t hash = folded(location_hash(to, l));
    if (!lg_index_reserve(&m->locations)) {
        m->failed = true;
        return 0;
    }
    size_t at = lg_index_first(&m->locations, hash);
    for (uint32_t i; lg_index_next(&m->locations, hash, &at, &i);)
        if (same_location(to, &to->locations.items[i], l))
            return i;
    lg_index_put(&m->locations, at, hash, index);
    to->locations.count++;
    to->lines.count += from->line_count;
    return index;
}

static uint32_t map_location(struct merger *m, uint32_t index)
{
    uint32_t *place = &m->location_of[index];
    if (*place == 0)
        *place = place_location(m, &m->from->locations.items[index]) + 1;
    return *place - 1;
}

static bool is_zero(const struct lg_profile *p, size_t sample)
{
    for (size_t t = 0; t < p->types.count; t++)
        if (lg_profile_value(p, sample, (int)t) != 0)
            return false;
    return true;
}

/* The stack behind all others of `to`; it stays when the sample is new. */
static struct lg_profile_stack copy_stack(struct merger *m, size_t sample)
{
    struct lg_profile_stack from = m->from->samples.items[sample];
    uint32_t *place = m->to->stacks.items + m->to->stacks.count;
    const uint32_t *stack = m->from->stacks.items + from.first;
    for (uint32_t i = 0; i < from.count; i++) {
        uint32_t known = m->location_of[stack[i]];
        place[i] = known != 0 ? known - 1 : map_location(m, stack[i]);
    }
    return (struct lg_profile_stack){(uint32_t)m->to->stacks.count, from.count};
}

/* Texts before numbers, by key, else as they stood. */
static int by_kind_and_key(const void *left, const void *right)
{
    const struct lg_profile_label *a = left, *b = right;
    if (a->is_numeric != b->is_numeric)
        return a->is_numeric ? 1 : -1;
    int order = lg_str_cmp(a->key, b->key);
    if (order != 0)
        return order;
    return a->sample < b->sample ? -1 : a->sample > b->sample;
}

/* As copy_stack. Sorted: which labels there are is what counts. *at moves on
 * through the source's. */
static size_t copy_labels(struct merger *m, size_t sample, size_t *at)
{
    struct lg_profile *to = m->to;
    struct lg_profile_label *place = to->labels.items + to->labels.count;
    size_t count = 0;
    while (*at < m->from->labels.count &&
           m->from->labels.items[*at].sample < sample)
        ++*at;
    for (; *at < m->from->labels.count &&
           m->from->labels.items[*at].sample == sample;
         ++*at, count++) {
        place[count] = m->from->labels.items[*at];
        place[count].sample = (uint32_t)count; /* keeps sorting stable */
    }
    if (count > 1)
        qsort(place, count, sizeof *place, by_kind_and_key);
    for (size_t i = 0; i < count; i++)
        place[i].sample = (uint32_t)to->samples.count;
    return count;
}

static uint64_t label_hash(const struct lg_profile_label *l)
{
    uint64_t hash = lg_map_hash(l->key);
    return l->is_numeric ? mix_str(mix(hash, (uint64_t)l->num), l->num_unit)
                         : mix_str(~hash, l->str);
}

static bool same_label(const struct lg_profile_label *a,
                       const struct lg_profile_label *b)
{
    return a->is_numeric == b->is_numeric && a->num == b->num &&
           lg_str_eq(a->key, b->key) && lg_str_eq(a->str, b->str) &&
           lg_str_eq(a->num_unit, b->num_unit);
}

/* A sample that stands behind the columns: is it there already? */
struct candidate {
    struct lg_profile_stack stack;
    size_t label_count;
};

static uint32_t candidate_hash(const struct merger *m,
                               const struct candidate *c)
{
    const struct lg_profile *to = m->to;
    uint64_t hash = lg_map_hash(lg_str_from(to->stacks.items + c->stack.first,
                                            c->stack.count * sizeof(uint32_t)));
    for (size_t i = 0; i < c->label_count; i++)
        hash = mix(hash, label_hash(&to->labels.items[to->labels.count + i]));
    return folded(hash);
}

static bool is_candidate(const struct merger *m, uint32_t sample,
                         const struct candidate *c)
{
    const struct lg_profile *to = m->to;
    struct lg_profile_stack stack = to->samples.items[sample];
    uint32_t first = m->label_first[sample];
    if (stack.count != c->stack.count ||
        m->label_first[sample + 1] - first != c->label_count)
        return false;
    if (stack.count != 0 && stack.first != c->stack.first &&
        memcmp(to->stacks.items + stack.first,
               to->stacks.items + c->stack.first,
               stack.count * sizeof *to->stacks.items) != 0)
        return false;
    for (size_t i = 0; i < c->label_count; i++)
        if (!same_label(&to->labels.items[first + i],
                        &to->labels.items[to->labels.count + i]))
            return false;
    return true;
}

/* Makes the candidate a sample, without values. */
static uint32_t keep_candidate(struct merger *m, const struct candidate *c)
{
    struct lg_profile *to = m->to;
    uint32_t index = (uint32_t)to->samples.count++;
    to->samples.items[index] = c->stack;
    if (c->stack.first == to->stacks.count)
        to->stacks.count += c->stack.count;
    to->labels.count += c->label_count;
    m->label_first[index + 1] = (uint32_t)to->labels.count;
    return index;
}

static uint32_t place_sample(struct merger *m, const struct candidate *c)
{
    uint32_t hash = candidate_hash(m, c);
    if (!lg_index_reserve(&m->samples)) {
        m->failed = true;
        return 0;
    }
    size_t at = lg_index_first(&m->samples, hash);
    for (uint32_t i; lg_index_next(&m->samples, hash, &at, &i);)
        if (is_candidate(m, i, c))
            return i;
    uint32_t index = keep_candidate(m, c);
    lg_index_put(&m->samples, at, hash, index);
    return index;
}

static void add_values(struct merger *m, uint32_t to_sample, size_t sample)
{
    size_t types = m->to->types.count;
    int64_t *to = m->to->values + to_sample * types;
    const int64_t *from = m->from->values + sample * types;
    for (size_t t = 0; t < types; t++)
        to[t] = (int64_t)((uint64_t)to[t] + (uint64_t)from[t]);
}

/* Samples that share a stack go on to share it. */
static bool merge_samples(struct merger *m)
{
    const struct lg_profile_stack *last = NULL;
    struct lg_profile_stack last_to = {0};
    size_t label_at = 0;
    for (size_t i = 0; i < m->from->samples.count && !m->failed; i++) {
        const struct lg_profile_stack *stack = &m->from->samples.items[i];
        struct candidate c;
        if (is_zero(m->from, i))
            continue;
        c.stack = last != NULL && last->first == stack->first &&
                          last->count == stack->count
                      ? last_to
                      : copy_stack(m, i);
        c.label_count = copy_labels(m, i, &label_at);
        uint32_t index = place_sample(m, &c);
        if (m->failed)
            break;
        add_values(m, index, i);
        last = stack;
        last_to = m->to->samples.items[index];
    }
    return !m->failed;
}

static bool merge_one(struct merger *m, const struct lg_profile *from)
{
    m->from = from;
    memset(m->location_of, 0, from->locations.count * sizeof *m->location_of);
    memset(m->function_of, 0, from->functions.count * sizeof *m->function_of);
    memset(m->mapping_of, 0, from->mappings.count * sizeof *m->mapping_of);
    /* The first mapping is the program's own. */
    if (m->to->mappings.count == 0 && from->mappings.count != 0)
        (void)map_mapping(m, 1);
    return merge_samples(m);
}

struct sizes {
    size_t stacks, samples, values, labels, locations, lines, functions,
        mappings;
    size_t most_locations, most_functions, most_mappings; /* of one source */
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static struct sizes sizes_of(const struct lg_profile *const *profiles,
                             size_t count)
{
    struct sizes s = {0};
    for (size_t i = 0; i < count; i++) {
        const struct lg_profile *p = profiles[i];
        lg_each(stack, p->samples)
            s.stacks += stack->count;
        s.samples += p->samples.count;
        s.values += p->samples.count * p->types.count;
        s.labels += p->labels.count;
        s.locations += p->locations.count;
        s.lines += p->lines.count;
        s.functions += p->functions.count;
        s.mappings += p->mappings.count;
        s.most_locations = larger(s.most_locations, p->locations.count);
        s.most_functions = larger(s.most_functions, p->functions.count);
        s.most_mappings = larger(s.most_mappings, p->mappings.count);
    }
    return s;
}

#define ROOM(arena, v, n)                                                      \
    ((v)->items = lg_arena_calloc((arena), (n), sizeof *(v)->items,            \
                                  _Alignof(max_align_t)),                      \
     (v)->capacity = (n), (v)->items != NULL)

/* For as much as there would be if nothing were equal; what is not used is
 * never touched. */
static bool make_room(struct merger *m, const struct sizes *s)
{
    struct lg_profile *to = m->to;
    if (s->stacks > MAX_ITEMS || s->samples > MAX_ITEMS ||
        s->labels > MAX_ITEMS || s->lines > MAX_ITEMS ||
        s->locations > MAX_ITEMS)
        return false;
    to->values = lg_new(to->arena, int64_t, s->values);
    to->values_capacity = s->values;
    m->label_first = lg_new(m->scratch, uint32_t, s->samples + 1);
    m->location_of = lg_new(m->scratch, uint32_t, s->most_locations);
    m->function_of = lg_new(m->scratch, uint32_t, s->most_functions);
    m->mapping_of = lg_new(m->scratch, uint32_t, s->most_mappings);
    m->address_shift = lg_new(m->scratch, uint64_t, s->most_mappings);
    return ROOM(to->arena, &to->stacks, s->stacks) &&
           ROOM(to->arena, &to->samples, s->samples) &&
           ROOM(to->arena, &to->labels, s->labels) &&
           ROOM(to->arena, &to->locations, s->locations) &&
           ROOM(to->arena, &to->lines, s->lines) &&
           ROOM(to->arena, &to->functions, s->functions) &&
           ROOM(to->arena, &to->mappings, s->mappings) && to->values != NULL &&
           m->label_first != NULL && m->location_of != NULL &&
           m->function_of != NULL && m->mapping_of != NULL &&
           m->address_shift != NULL;
}

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
    if (to->default_type.len == 0)
        to->default_type = p->default_type;
    if (to->doc_url.len == 0)
        to->doc_url = p->doc_url;
}

static bool combine_comments(struct lg_profile *to, const struct lg_profile *p,
                             struct lg_map *seen)
{
    lg_each(comment, p->comments) {
        bool fresh;
        if (lg_map_put_str(seen, *comment, &fresh) == NULL)
            return false;
        struct lg_str *place =
            fresh ? lg_push(to->arena, &to->comments) : comment;
        if (place == NULL)
            return false;
        *place = *comment;
    }
    return true;
}

static bool combine_heads(struct merger *m,
                          const struct lg_profile *const *profiles,
                          size_t count)
{
    struct lg_profile *to = m->to;
    struct lg_map seen;
    lg_map_init(&seen, m->scratch);
    to->types = profiles[0]->types;
    to->types.capacity = to->types.count; /* shared: a push copies */
    to->drop_frames = profiles[0]->drop_frames;
    to->keep_frames = profiles[0]->keep_frames;
    to->period_type = profiles[0]->period_type;
    to->has_period_type = profiles[0]->has_period_type;
    for (size_t i = 0; i < count; i++) {
        combine_numbers(to, profiles[i]);
        if (!combine_comments(to, profiles[i], &seen))
            return false;
    }
    return true;
}

static bool merge_all(struct merger *m,
                      const struct lg_profile *const *profiles, size_t count)
{
    struct sizes sizes = sizes_of(profiles, count);
    if (!combine_heads(m, profiles, count) || !make_room(m, &sizes))
        return false;
    lg_index_init(&m->samples, m->scratch);
    lg_index_init(&m->locations, m->scratch);
    lg_index_init(&m->functions, m->scratch);
    lg_index_init(&m->mappings, m->scratch);
    for (size_t i = 0; i < count; i++)
        if (!merge_one(m, profiles[i]))
            return false;
    return true;
}

static bool merge(const struct lg_profile *const *profiles, size_t count,
                  struct lg_arena *arena, struct lg_profile *ret)
{
    struct lg_arena scratch;
    struct merger m = {.to = ret, .scratch = &scratch};
    lg_arena_init(&scratch, 0);
    bool ok = lg_profile_init(ret, arena) && merge_all(&m, profiles, count);
    lg_arena_deinit(&scratch);
    return ok;
}

static bool has_zero_sample(const struct lg_profile *p)
{
    for (size_t i = 0; i < p->samples.count; i++)
        if (is_zero(p, i))
            return true;
    return false;
}

bool lg_profile_merge(const struct lg_profile *const *profiles, size_t count,
                      struct lg_arena *arena, struct lg_profile *ret,
                      struct lg_error *err)
{
    struct lg_profile merged, again;
    const struct lg_profile *only = &merged;
    for (size_t i = 1; i < count; i++)
        if (!lg_profile_compatible(profiles[0], profiles[i], err))
            return false;
    if (!merge(profiles, count, arena, &merged))
        return lg_fail_nomem(err);
    /* Samples that took each other away leave parts that nobody uses. */
    if (has_zero_sample(&merged)) {
        if (!merge(&only, 1, arena, &again))
            return lg_fail_nomem(err);
        merged = again;
    }
    *ret = merged;
    return true;
}
