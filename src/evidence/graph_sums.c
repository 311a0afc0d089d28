/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot: for each frame one lookup of its node and one of the node's cell, both
 * at random places, so cells are small and hold the stamp beside the sum. On
 * 16 million frames of 1.5 million locations: 2 × 5 ns each.
 */
#include "evidence/graph_internal.h"

struct cell {
    int64_t cum;
    uint32_t stamp; /* the last sample that was added, plus 1 */
};

struct part {
    const struct lg_graph_nodes *g;
    struct lg_graph_range samples;
    struct cell *cells;
    struct lg_graph_sums sums; /* cum: of the cells, in the end */
};

static inline void add_cum(struct part *part, uint32_t node, uint32_t stamp,
                           int64_t value, int64_t div)
{
    struct cell *c = &part->cells[node];
    if (c->stamp == stamp) {
        part->sums.repeats[stamp - 1] |= node != LG_SINK_NODE;
        return;
    }
    c->stamp = stamp;
    c->cum = lg_go_add(c->cum, value);
    if (div != 0)
        part->sums.cum_div[node] = lg_go_add(part->sums.cum_div[node], div);
}

static void add_magnitude(uint64_t *to, uint64_t more)
{
    if (__builtin_add_overflow(*to, more, to))
        *to = UINT64_MAX;
}

static void add_list(struct part *part, uint32_t place, uint32_t stamp,
                     int64_t value, int64_t div)
{
    place &= ~LG_MANY_NODES;
    const uint32_t *list = &part->g->lists.items[place];
    if (part->sums.list_weights != NULL)
        add_magnitude(&part->sums.list_weights[place],
                      (uint64_t)lg_go_abs(value));
    for (uint32_t i = 1; i <= list[0]; i++)
        add_cum(part, list[i], stamp, value, div);
}

static void add_flat(struct part *part, uint32_t node, int64_t value,
                     int64_t div)
{
    if ((node & LG_MANY_NODES) != 0)
        node = part->g->lists.items[(node & ~LG_MANY_NODES) + 1];
    part->sums.flat[node] = lg_go_add(part->sums.flat[node], value);
    if (div != 0)
        part->sums.flat_div[node] = lg_go_add(part->sums.flat_div[node], div);
}

static void *add_samples(void *argument)
{
    struct part *part = argument;
    const struct lg_graph_nodes *g = part->g;
    const struct lg_profile *p = g->profile;
    const uint32_t *of_location = g->of_location;
    for (uint32_t i = part->samples.first; i < part->samples.end; i++) {
        int64_t value = lg_profile_value(p, i, (int)g->options->value_type);
        int64_t div = g->options->has_mean ? lg_profile_value(p, i, 0) : 0;
        struct lg_profile_stack s = p->samples.items[i];
        if ((value == 0 && div == 0) || s.count == 0)
            continue;
        const uint32_t *stack = &p->stacks.items[s.first];
        for (uint32_t k = 0; k < s.count; k++) {
            uint32_t node = of_location[stack[k]];
            if ((node & LG_MANY_NODES) == 0)
                add_cum(part, node, i + 1, value, div);
            else
                add_list(part, node, i + 1, value, div);
        }
        add_flat(part, of_location[stack[0]], value, div);
    }
    return NULL;
}

static bool prepare(struct part *part)
{
    const struct lg_graph_nodes *g = part->g;
    struct lg_graph_sums *sums = &part->sums;
    part->cells = lg_new_table(g->scratch, struct cell, g->count);
    sums->flat = lg_new_table(g->scratch, int64_t, g->count);
    if (part->cells == NULL || sums->flat == NULL)
        return false;
    if (!g->options->with_edges && g->lists.count != 0) {
        sums->list_weights = lg_new_table(g->scratch, uint64_t, g->lists.count);
        if (sums->list_weights == NULL)
            return false;
    }
    if (!g->options->has_mean)
        return true;
    sums->cum_div = lg_new(g->scratch, int64_t, g->count);
    sums->flat_div = lg_new(g->scratch, int64_t, g->count);
    return sums->cum_div != NULL && sums->flat_div != NULL;
}

static void add_column(int64_t *to, const int64_t *from, size_t count)
{
    for (size_t i = 0; from != NULL && i < count; i++)
        to[i] = lg_go_add(to[i], from[i]);
}

static void add_part(struct lg_graph_sums *to, const struct part *part)
{
    size_t count = part->g->count;
    for (size_t i = 0; i < count; i++)
        to->cum[i] = lg_go_add(to->cum[i], part->cells[i].cum);
    if (to->flat == part->sums.flat)
        return;
    add_column(to->flat, part->sums.flat, count);
    add_column(to->flat_div, part->sums.flat_div, count);
    add_column(to->cum_div, part->sums.cum_div, count);
    for (size_t i = 0; to->list_weights != NULL && i < part->g->lists.count;
         i++)
        add_magnitude(&to->list_weights[i], part->sums.list_weights[i]);
}

bool lg_graph_sums_make(const struct lg_graph_nodes *nodes,
                        struct lg_graph_sums *ret)
{
    struct part parts[LG_PARALLEL_MAX_PARTS] = {0};
    struct lg_graph_range ranges[LG_PARALLEL_MAX_PARTS];
    size_t count = lg_graph_split(nodes->profile, ranges);
    bool *repeats = lg_new(nodes->scratch, bool, nodes->profile->samples.count);
    if (repeats == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct part){
            .g = nodes, .samples = ranges[i], .sums.repeats = repeats};
        if (!prepare(&parts[i]))
            return false;
    }
    lg_parallel(add_samples, parts, sizeof parts[0], count);
    struct lg_graph_sums sums = parts[0].sums;
    sums.cum = lg_new(nodes->scratch, int64_t, nodes->count);
    if (sums.cum == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        add_part(&sums, &parts[i]);
    sums.cum[LG_SINK_NODE] = sums.flat[LG_SINK_NODE] = 0;
    *ret = sums;
    return true;
}
