/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_build.h"

#include "decode/legacy_maps.h"

void lg_legacy_init(struct lg_legacy *b, struct lg_arena *arena)
{
    *b = (struct lg_legacy){0};
    lg_profile_init(&b->profile, arena);
    lg_arena_init(&b->scratch, 0);
    lg_map_init(&b->by_address, &b->scratch);
}

void lg_legacy_deinit(struct lg_legacy *b)
{
    lg_arena_deinit(&b->scratch);
}

bool lg_legacy_type(struct lg_legacy *b, struct lg_str type, struct lg_str unit,
                    struct lg_error *err)
{
    struct lg_value_type *place = lg_push(b->profile.arena, &b->profile.types);
    if (place == NULL)
        return lg_fail_nomem(err);
    *place = (struct lg_value_type){type, unit};
    b->value_count = b->profile.types.count;
    return true;
}

void lg_legacy_period(struct lg_legacy *b, struct lg_str type,
                      struct lg_str unit, int64_t period)
{
    b->profile.has_period_type = true;
    b->profile.period_type = (struct lg_value_type){type, unit};
    b->profile.period = period;
}

static bool find_place(struct lg_legacy *b, uint64_t address,
                       uint32_t *index_ret)
{
    bool fresh;
    uint64_t *index = lg_map_put_u64(&b->by_address, address, &fresh);
    if (index == NULL)
        return false;
    if (fresh) {
        *index = b->places.count;
        struct lg_legacy_place *place = lg_push(&b->scratch, &b->places);
        if (place == NULL || b->places.count >= UINT32_MAX)
            return false;
        place->address = address;
        place->function = LG_NO_FUNCTION;
    }
    *index_ret = (uint32_t)*index;
    return true;
}

bool lg_legacy_frame(struct lg_legacy *b, uint64_t address,
                     struct lg_error *err)
{
    uint32_t index;
    if (!find_place(b, address, &index))
        return lg_fail_nomem(err);
    uint32_t *frame = lg_push(&b->scratch, &b->frames);
    if (frame == NULL || b->frames.count >= UINT32_MAX)
        return lg_fail_nomem(err);
    *frame = index;
    return true;
}

bool lg_legacy_frames(struct lg_legacy *b, struct lg_str text, bool keep_leaf,
                      struct lg_error *err)
{
    uint64_t address;
    struct lg_str big;
    while (lg_scan_address(&text, &address, &big)) {
        if (!lg_legacy_frame(b, keep_leaf ? address : address - 1, err))
            return false;
        keep_leaf = false;
    }
    if (big.len != 0)
        return lg_fail(err, LG_BAD_DATA,
                       "failed to parse as hex 64-bit number: %.*s",
                       LG_STR_ARG(big));
    return true;
}

/* Frames that belong to samples already. */
static uint32_t frames_used(const struct lg_legacy *b)
{
    if (b->samples.count == 0)
        return 0;
    const struct lg_profile_stack *last =
        &b->samples.items[b->samples.count - 1];
    return last->first + last->count;
}

bool lg_legacy_sample(struct lg_legacy *b, const int64_t *values, int64_t bytes,
                      struct lg_error *err)
{
    uint32_t first = frames_used(b);
    struct lg_profile_stack *stack = lg_push(&b->scratch, &b->samples);
    if (stack == NULL)
        return lg_fail_nomem(err);
    stack->first = first;
    stack->count = (uint32_t)b->frames.count - first;
    for (size_t i = 0; i < b->value_count; i++) {
        int64_t *value = lg_push(&b->scratch, &b->values);
        if (value == NULL)
            return lg_fail_nomem(err);
        *value = values[i];
    }
    if (b->has_sizes) {
        int64_t *size = lg_push(&b->scratch, &b->sizes);
        if (size == NULL)
            return lg_fail_nomem(err);
        *size = bytes;
    }
    return true;
}

uint64_t lg_legacy_address(const struct lg_legacy *b, size_t sample,
                           size_t frame)
{
    uint32_t place = b->frames.items[b->samples.items[sample].first + frame];
    return b->places.items[place].address;
}

void lg_legacy_drop_second(struct lg_legacy *b, size_t sample)
{
    struct lg_profile_stack *s = &b->samples.items[sample];
    uint32_t *frames = b->frames.items + s->first;
    /* The leaf moves up over it: the range's end stays, where the next one
     * begins. */
    frames[1] = frames[0];
    s->first++;
    s->count--;
}

/* The profile's location for a place. numbers[place]: its index + 1 once it
 * has one. */
static bool emit_location(struct lg_legacy *b, uint32_t place,
                          uint32_t *numbers)
{
    struct lg_profile *p = &b->profile;
    const struct lg_legacy_place *from = &b->places.items[place];
    if (numbers[place] != 0)
        return true;
    struct lg_profile_location *l = lg_push(p->arena, &p->locations);
    if (l == NULL)
        return false;
    numbers[place] = (uint32_t)p->locations.count;
    l->id = p->locations.count;
    l->address = from->has_line ? 0 : from->address;
    if (!from->has_line)
        return true;
    struct lg_profile_line *line = lg_push(p->arena, &p->lines);
    if (line == NULL)
        return false;
    line->function = from->function;
    line->line = from->line;
    l->line_first = (uint32_t)(p->lines.count - 1);
    l->line_count = 1;
    return true;
}

static bool emit_size(struct lg_legacy *b, size_t sample)
{
    if (!b->has_sizes)
        return true;
    return lg_profile_add_label(
        &b->profile, (uint32_t)sample,
        &(struct lg_label){.is_numeric = true,
                           .key = LG_STR("bytes"),
                           .num = b->sizes.items[sample]});
}

/* NULL for an empty stack: there may be no frames at all. */
static uint32_t *frames_of(const struct lg_legacy *b,
                           const struct lg_profile_stack *s)
{
    return s->count != 0 ? b->frames.items + s->first : NULL;
}

/* Location indices of a sample's frames, over the places. */
static bool emit_frames(struct lg_legacy *b, size_t sample, uint32_t *numbers)
{
    struct lg_profile_stack *s = &b->samples.items[sample];
    uint32_t *frames = frames_of(b, s);
    bool is_twin =
        b->drops_twins && s->count > 1 &&
        lg_legacy_address(b, sample, 0) == lg_legacy_address(b, sample, 1) + 1;
    for (uint32_t i = 0; i < s->count; i++) {
        if (!emit_location(b, frames[i], numbers))
            return false;
        frames[i] = numbers[frames[i]] - 1;
    }
    if (is_twin)
        lg_legacy_drop_second(b, sample);
    return true;
}

static bool emit_samples(struct lg_legacy *b)
{
    uint32_t *numbers = lg_new(&b->scratch, uint32_t, b->places.count);
    if (numbers == NULL)
        return false;
    for (size_t i = 0; i < b->samples.count; i++) {
        const struct lg_profile_stack *s = &b->samples.items[i];
        if (!emit_frames(b, i, numbers) ||
            !lg_profile_sample(&b->profile, frames_of(b, s), s->count,
                               b->values.items + i * b->value_count) ||
            !emit_size(b, i))
            return false;
    }
    return true;
}

/* Functions in the order in which locations use them; unused ones go. */
static bool order_functions(struct lg_legacy *b)
{
    struct lg_profile *p = &b->profile;
    struct lg_profile_function *all = p->functions.items;
    uint32_t *numbers = lg_new(&b->scratch, uint32_t, p->functions.count);
    if (numbers == NULL)
        return false;
    p->functions.items = NULL;
    p->functions.count = p->functions.capacity = 0;
    lg_each(line, p->lines) {
        if (numbers[line->function] == 0) {
            struct lg_profile_function *f = lg_push(p->arena, &p->functions);
            if (f == NULL)
                return false;
            *f = all[line->function];
            f->id = p->functions.count;
            numbers[line->function] = (uint32_t)p->functions.count;
        }
        line->function = numbers[line->function] - 1;
    }
    return true;
}

bool lg_legacy_finish(struct lg_legacy *b, struct lg_error *err)
{
    if (!emit_samples(b) || !order_functions(b))
        return lg_fail_nomem(err);
    return lg_maps_assign(&b->profile, &b->scratch, err);
}

bool lg_legacy_finish_map(struct lg_legacy *b, struct lg_scan *rest,
                          struct lg_error *err)
{
    return lg_maps_read(rest, &b->profile, &b->scratch, err) &&
           lg_legacy_finish(b, err);
}

bool lg_legacy_finish_sections(struct lg_legacy *b, struct lg_scan *rest,
                               struct lg_error *err)
{
    while (!lg_scan_is_map(rest->line) && lg_scan_next(rest))
        continue;
    return lg_scan_finish(rest, err) && lg_legacy_finish_map(b, rest, err);
}
