/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Go 1.27 runtime/pprof/pprof.go, printCountProfile: unique stacks,
 * most goroutines first. */
#include "target/go_goroutines.h"
#include "target/go_shown.h"

#include <stdlib.h>
#include <time.h>

struct sample {
    uint64_t count;
    uint32_t stack, label, order;
};

struct samples {
    const struct lg_go_goroutines *from;
    struct lg_arena *arena;
    struct lg_go_symbols symbols;
    struct lg_go_locations locations;
    struct lg_profile *profile;
    LG_VEC(struct sample) items;
};

/* Groups differ in state and creator too, which a profile does not tell. */
static bool collect(struct samples *s)
{
    struct lg_map index;
    lg_map_init(&index, s->arena);
    lg_each(group, s->from->groups) {
        const struct lg_go_g *g = &group->example;
        bool fresh;
        if (g->system)
            continue;
        uint64_t *place =
            lg_map_put_u64(&index, (uint64_t)g->stack << 32 | g->label, &fresh);
        if (place == NULL)
            return false;
        if (fresh) {
            struct sample *sample = lg_push(s->arena, &s->items);
            if (sample == NULL)
                return false;
            *place = s->items.count - 1;
            *sample = (struct sample){.stack = g->stack,
                                      .label = g->label,
                                      .order = (uint32_t)*place};
        }
        s->items.items[*place].count += group->count;
    }
    return true;
}

static int by_count(const void *left, const void *right)
{
    const struct sample *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Not a frame of a profile: a wrapper around what it called, or the end of each
 * stack. */
static bool is_left_out(const struct lg_go_symbols *symbols,
                        const struct lg_go_place *place,
                        enum lg_go_func_kind callee)
{
    const struct lg_go_shown_line *lines = lg_go_place_lines(symbols, place);
    return place->line_count == 0 || place->func.kind == LG_FUNC_GOEXIT ||
           (place->line_count == 1 && lg_go_is_elided(lines[0].kind, callee));
}

static bool add_stack(struct samples *s, uint32_t leaf, int64_t count)
{
    const struct lg_go_stack_node *nodes = s->from->stacks.items;
    uint32_t depth = nodes[leaf].depth, n = 0;
    enum lg_go_func_kind callee = LG_FUNC_NORMAL;
    uint32_t *stack = lg_new(s->arena, uint32_t, depth + 1);
    if (stack == NULL)
        return false;
    for (uint32_t node = leaf; node != 0; node = nodes[node].parent) {
        const struct lg_go_place *place =
            lg_go_symbols_place(&s->symbols, nodes[node].pc);
        if (place == NULL)
            return false;
        bool skip = is_left_out(&s->symbols, place, callee);
        if (place->line_count != 0)
            callee = place->func.kind;
        if (skip)
            continue;
        stack[n] = lg_go_locations_at(&s->locations, nodes[node].pc);
        if (stack[n++] == UINT32_MAX)
            return false;
    }
    return lg_profile_sample(s->profile, stack, n, &count);
}

static bool add_labels(struct samples *s, uint32_t label)
{
    if (label == 0)
        return true;
    const struct lg_go_label_set *set = &s->from->label_sets.items[label - 1];
    for (uint32_t i = 0; i < set->count; i++) {
        const struct lg_go_label *from = &s->from->labels.items[set->first + i];
        struct lg_label to = {.key = from->key, .str = from->value};
        if (!lg_profile_add_label(s->profile,
                                  (uint32_t)s->profile->samples.count - 1, &to))
            return false;
    }
    return true;
}

static bool add_sample(struct samples *s, const struct sample *sample)
{
    return add_stack(s, sample->stack, (int64_t)sample->count) &&
           add_labels(s, sample->label);
}

static bool add_types(struct lg_profile *p, bool is_live)
{
    struct timespec now = {0};
    struct lg_value_type *type = lg_push(p->arena, &p->types);
    if (type == NULL)
        return false;
    *type = (struct lg_value_type){LG_STR("goroutine"), LG_STR("count")};
    p->period_type = *type;
    p->has_period_type = true;
    p->period = 1;
    if (is_live)
        clock_gettime(CLOCK_REALTIME, &now);
    p->time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    return true;
}

bool lg_go_goroutines_profile(const struct lg_go_goroutines *from,
                              struct lg_arena *arena, struct lg_profile *ret)
{
    struct samples s = {.from = from, .arena = arena, .profile = ret};
    lg_go_symbols_init(&s.symbols, from->go, arena);
    if (!lg_profile_init(ret, arena) ||
        !add_types(ret, from->go->image->is_live) ||
        !lg_go_locations_init(&s.locations, &s.symbols, ret) || !collect(&s))
        return false;
    if (s.items.count != 0)
        qsort(s.items.items, s.items.count, sizeof *s.items.items, by_count);
    lg_each(sample, s.items)
        if (!add_sample(&s, sample))
            return false;
    return true;
}
