/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample of goroutines and the exact counts per stack, joined: each of the
 * sample stands for as many as its stack's count gives it; stacks of which the
 * sample has none come from the profile, without ids and creators.
 */
#include "sources/folder_internal.h"

#include "base/map.h"

/* Of one stack: how many there are, how many the sample has. */
struct stack {
    uint64_t total, sampled, given;
};

struct stacks {
    struct lg_arena *arena;
    struct lg_map by_hash; /* → index + 1 */
    LG_VEC(struct stack) items;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 wide =
        (unsigned __int128)(hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

static uint64_t hash_of(const struct lg_goroutines *g,
                        const struct lg_goroutine *item)
{
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    uint64_t hash = item->frame_count;
    for (uint32_t i = 0; i < item->frame_count; i++) {
        hash = mix(hash, lg_str_hash(frames[i].function));
        hash = mix(hash, frames[i].line);
    }
    return hash;
}

static struct stack *stack_of(struct stacks *s, const struct lg_goroutines *g,
                              const struct lg_goroutine *item)
{
    bool fresh;
    uint64_t *index = lg_map_put_u64(&s->by_hash, hash_of(g, item), &fresh);
    if (index == NULL)
        return NULL;
    if (fresh) {
        if (lg_push(s->arena, &s->items) == NULL)
            return NULL;
        *index = s->items.count;
    }
    return &s->items.items[*index - 1];
}

static bool count(struct stacks *s, const struct lg_goroutines *g, bool exact)
{
    lg_each(item, g->items) {
        struct stack *stack = stack_of(s, g, item);
        if (stack == NULL)
            return false;
        if (exact)
            stack->total += item->count;
        else
            stack->sampled++;
    }
    return true;
}

/* Equal shares; the first ones take what is left over. A stack that the
 * profile does not know (it went on in between) counts as often as chance
 * chose it. */
static bool share_out(struct stacks *s, struct lg_goroutines *g)
{
    g->total = 0;
    lg_each(item, g->items) {
        struct stack *stack = stack_of(s, g, item);
        if (stack == NULL)
            return false;
        item->count = g->sampled_one_in;
        if (stack->total != 0) {
            item->count = stack->total / stack->sampled +
                          (stack->given < stack->total % stack->sampled);
            stack->given++;
        }
        g->total += item->count;
    }
    return true;
}

static bool copy(struct lg_folder *f, struct lg_goroutines *g,
                 const struct lg_goroutines *from,
                 const struct lg_goroutine *item)
{
    const struct lg_frame *frames = lg_goroutine_frames(from, item);
    struct lg_goroutine *to = lg_push(f->arena, &g->items);
    if (to == NULL)
        return false;
    *to = *item;
    to->frame_first = (uint32_t)g->frames.count;
    for (uint32_t i = 0; i < item->frame_count; i++) {
        struct lg_frame *frame = lg_push(f->arena, &g->frames);
        if (frame == NULL)
            return false;
        *frame = frames[i];
    }
    g->total += item->count;
    return true;
}

/* Kinds too few to be in the sample. */
static bool add_missing(struct lg_folder *f, struct stacks *s,
                        struct lg_goroutines *g,
                        const struct lg_goroutines *exact)
{
    lg_each(item, exact->items) {
        const struct stack *stack = stack_of(s, exact, item);
        if (stack == NULL || (stack->sampled == 0 && !copy(f, g, exact, item)))
            return false;
    }
    return true;
}

bool lg_folder_weigh_sample(struct lg_folder *f, const struct lg_capture *c,
                            struct lg_goroutines *g)
{
    struct lg_goroutines exact = {0};
    struct stacks stacks = {.arena = f->arena};
    lg_map_init(&stacks.by_hash, f->arena);
    g->sampled_one_in = c->sampled_one_in;
    if (c->goroutine_profile != NULL &&
        (!lg_goroutines_from_profile(c->goroutine_profile, f->arena, &exact) ||
         !count(&stacks, &exact, true)))
        return false;
    return count(&stacks, g, false) && share_out(&stacks, g) &&
           add_missing(f, &stacks, g, &exact);
}
