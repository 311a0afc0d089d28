/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile.h"

#include <string.h>

#define FIRST_ITEMS 16
/* Indices are 32 bits wide, and one of them is no index. */
#define MAX_ITEMS ((size_t)UINT32_MAX - 1)

bool lg_profile_init(struct lg_profile *p, struct lg_arena *arena)
{
    *p = (struct lg_profile){.arena = arena};
    return true;
}

/* Room for `count` items in all. */
static bool reserve(struct lg_arena *arena, void **items, size_t *capacity,
                    size_t item_bytes, size_t count)
{
    if (count <= *capacity)
        return true;
    size_t wanted = *capacity * 2;
    if (wanted < count + FIRST_ITEMS)
        wanted = count + FIRST_ITEMS;
    if (wanted > SIZE_MAX / item_bytes) {
        arena->failed = true;
        return false;
    }
    void *grown = lg_arena_grow(arena, *items, *capacity * item_bytes,
                                wanted * item_bytes, _Alignof(max_align_t));
    if (grown == NULL)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

static bool reserve_values(struct lg_profile *p, size_t count)
{
    void *items = p->values;
    if (!reserve(p->arena, &items, &p->values_capacity, sizeof *p->values,
                 count))
        return false;
    p->values = items;
    return true;
}

/* The range of the sample before, when its stack is the same. */
static bool same_as_last(const struct lg_profile *p, const uint32_t *locations,
                         size_t count, struct lg_profile_stack *ret)
{
    if (p->samples.count == 0)
        return false;
    struct lg_profile_stack last = p->samples.items[p->samples.count - 1];
    if (last.count != count ||
        (count != 0 && memcmp(p->stacks.items + last.first, locations,
                              count * sizeof *locations) != 0))
        return false;
    *ret = last;
    return true;
}

static bool add_stack(struct lg_profile *p, const uint32_t *locations,
                      size_t count, struct lg_profile_stack *ret)
{
    if (same_as_last(p, locations, count, ret))
        return true;
    size_t first = p->stacks.count;
    if (count > MAX_ITEMS - first) {
        p->arena->failed = true;
        return false;
    }
    void *items = p->stacks.items;
    if (!reserve(p->arena, &items, &p->stacks.capacity, sizeof *locations,
                 first + count))
        return false;
    p->stacks.items = items;
    if (count != 0)
        memcpy(p->stacks.items + first, locations, count * sizeof *locations);
    p->stacks.count = first + count;
    *ret = (struct lg_profile_stack){(uint32_t)first, (uint32_t)count};
    return true;
}

bool lg_profile_sample(struct lg_profile *p, const uint32_t *locations,
                       size_t count, const int64_t *values)
{
    size_t types = p->types.count, first = p->samples.count * types;
    struct lg_profile_stack stack;
    if (p->samples.count >= MAX_ITEMS) {
        p->arena->failed = true;
        return false;
    }
    if (!reserve_values(p, first + types) ||
        !add_stack(p, locations, count, &stack))
        return false;
    struct lg_profile_stack *place = lg_push(p->arena, &p->samples);
    if (place == NULL)
        return false;
    *place = stack;
    if (types != 0)
        memcpy(p->values + first, values, types * sizeof *values);
    return true;
}

bool lg_profile_add_label(struct lg_profile *p, uint32_t sample,
                          const struct lg_label *label)
{
    size_t count = p->labels.count;
    const struct lg_label *of =
        count != 0 ? p->labels.items[count - 1].of : NULL;
    if (of == NULL || !lg_label_same(of, label)) {
        struct lg_label *copy = lg_new(p->arena, struct lg_label, 1);
        if (copy == NULL)
            return false;
        *copy = *label;
        of = copy;
    }
    struct lg_profile_label *place = lg_push(p->arena, &p->labels);
    if (place != NULL)
        *place = (struct lg_profile_label){sample, of};
    return place != NULL;
}

int lg_profile_type(const struct lg_profile *p, struct lg_str name)
{
    for (size_t i = 0; i < p->types.count; i++)
        if (lg_str_eq(p->types.items[i].type, name))
            return (int)i;
    return -1;
}

int64_t lg_profile_total(const struct lg_profile *p, int type)
{
    uint64_t total = 0;
    for (size_t i = 0; i < p->samples.count; i++)
        total += (uint64_t)lg_profile_value(p, i, type);
    return (int64_t)total;
}

struct lg_frame_iter lg_profile_frames(const struct lg_profile *p,
                                       size_t sample)
{
    const struct lg_profile_stack *s = &p->samples.items[sample];
    return (struct lg_frame_iter){
        .profile = p, .at = s->first, .end = s->first + s->count};
}

static struct lg_frame frame_of(const struct lg_profile *p,
                                const struct lg_profile_line *line)
{
    struct lg_frame frame = {0};
    if (line->function != LG_NO_FUNCTION) {
        frame.function = p->functions.items[line->function].name;
        frame.file = p->functions.items[line->function].file;
    }
    if (line->line > 0 && line->line <= UINT32_MAX)
        frame.line = (uint32_t)line->line;
    return frame;
}

bool lg_frame_iter_next(struct lg_frame_iter *it, struct lg_frame *frame_ret)
{
    const struct lg_profile *p = it->profile;
    if (it->at == it->end)
        return false;
    const struct lg_profile_location *l =
        &p->locations.items[p->stacks.items[it->at]];
    if (l->line_count == 0)
        *frame_ret = (struct lg_frame){0};
    else
        *frame_ret = frame_of(p, &p->lines.items[l->line_first + it->line]);
    it->line++;
    if (it->line >= l->line_count) {
        it->at++;
        it->line = 0;
    }
    return true;
}

int lg_profile_label_compare(const void *left, const void *right)
{
    const struct lg_profile_label *a =
        *(const struct lg_profile_label *const *)left;
    const struct lg_profile_label *b =
        *(const struct lg_profile_label *const *)right;
    int order = lg_label_order(a->of, b->of);
    return order != 0 ? order : a < b ? -1 : a > b;
}
