/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/flame_tree.h"

#include <stdlib.h>
#include <string.h>

#define NO_FRAME UINT32_MAX
/* What one page can show; the widest come first. */
#define MAX_NODES 200000

/* A sample on its way down: all that is asked for at each step lies here, for
 * the samples themselves are all over the memory. */
struct walker {
    uint32_t first, at; /* of `stacks`: the leaf; behind the next location */
    uint32_t line;      /* frames of the location before that are left */
    uint32_t frame;     /* the one that it is in next; NO_FRAME: it ends here */
    int64_t value;      /* below 0: of the base */
};
/* Steps ahead for which memory is asked. */
#define AHEAD ((size_t)12)

struct builder {
    const struct lg_profile *profile;
    struct lg_arena *arena;
    struct lg_flame_tree tree;
    size_t type;
    uint64_t cutoff;
    uint32_t max_depth;
    uint8_t *of_base; /* by sample; NULL: none is marked */
    struct walker *walkers, *room;
    /* By frame, while a node's samples are parted. */
    uint32_t *place;
};

struct part {
    uint32_t node;
    size_t first, count; /* of walkers */
};

struct parts {
    struct part *items;
    size_t count, capacity;
};

static bool mark_base(struct builder *b)
{
    const struct lg_profile *p = b->profile;
    lg_each(l, p->labels) {
        if (!lg_label_is_base(l->of))
            continue;
        if (b->of_base == NULL)
            b->of_base = lg_new(b->arena, uint8_t, p->samples.count);
        if (b->of_base == NULL)
            return false;
        b->of_base[l->sample] = 1;
    }
    return true;
}

static void step(const struct builder *b, struct walker *w)
{
    const uint32_t *first = b->tree.names->first;
    const uint32_t *stacks = b->profile->stacks.items;
    while (w->line == 0 && w->at > w->first) {
        uint32_t l = stacks[--w->at];
        w->line = first[l + 1] - first[l];
    }
    w->frame = w->line == 0
                   ? NO_FRAME
                   : b->tree.names->ids[first[stacks[w->at]] + --w->line];
}

static void step_all(const struct builder *b, struct walker *w, size_t count)
{
    const uint32_t *stacks = b->profile->stacks.items;
    for (size_t i = 0; i < count; i++) {
        if (i + 2 * AHEAD < count && w[i + 2 * AHEAD].at > 0)
            __builtin_prefetch(&stacks[w[i + 2 * AHEAD].at - 1]);
        if (i + AHEAD < count && w[i + AHEAD].at > w[i + AHEAD].first)
            __builtin_prefetch(
                &b->tree.names->first[stacks[w[i + AHEAD].at - 1]]);
        step(b, &w[i]);
    }
}

/* A base's sample is there with its sign turned; without the mark the sign
 * alone tells. */
static int64_t value_of(const struct builder *b, size_t sample)
{
    int64_t value = lg_profile_value(b->profile, sample, (int)b->type);
    bool is_base = b->of_base != NULL ? b->of_base[sample] != 0 : value < 0;
    int64_t size = value >= 0 ? value : value == INT64_MIN ? INT64_MAX : -value;
    return is_base ? -size : size;
}

static void add_side(int64_t value, uint64_t *after, uint64_t *before)
{
    if (value < 0)
        *before += (uint64_t)-value;
    else
        *after += (uint64_t)value;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The walkers that end at the node come first; the others by frame, in the
 * order in which frames appear. counts: room for the parts. */
struct group {
    uint32_t frame;
    size_t count, at;
    uint64_t after, before;
};

struct groups {
    LG_VEC(struct group) items;
    size_t ended;
};

static bool count_groups(struct builder *b, const struct part *part,
                         struct lg_arena *scratch, struct groups *g)
{
    struct lg_flame_node *node = &b->tree.nodes.items[part->node];
    for (size_t i = 0; i < part->count; i++) {
        const struct walker *w = &b->walkers[part->first + i];
        if (w->frame == NO_FRAME) {
            add_side(w->value, &node->self_after, &node->self_before);
            g->ended++;
            continue;
        }
        struct group *group;
        if (b->place[w->frame] == 0) {
            group = lg_push(scratch, &g->items);
            if (group == NULL)
                return false;
            group->frame = w->frame;
            b->place[w->frame] = (uint32_t)g->items.count;
        }
        group = &g->items.items[b->place[w->frame] - 1];
        group->count++;
        add_side(w->value, &group->after, &group->before);
    }
    return true;
}

/* Stable, so that the result is the same on every run. */
static void sort_walkers(struct builder *b, const struct part *part,
                         struct groups *g)
{
    size_t at = part->first + g->ended, ended = part->first;
    lg_each(group, g->items) {
        group->at = at;
        at += group->count;
    }
    memcpy(b->room, &b->walkers[part->first], part->count * sizeof *b->room);
    for (size_t i = 0; i < part->count; i++) {
        const struct walker *w = &b->room[i];
        size_t to = w->frame == NO_FRAME
                        ? ended++
                        : g->items.items[b->place[w->frame] - 1].at++;
        b->walkers[to] = *w;
    }
    lg_each(group, g->items) {
        group->at -= group->count;
        b->place[group->frame] = 0;
    }
}

/* Upper bound of the width: the larger side of each stack is at most both. */
static uint64_t most_of(const struct group *g)
{
    return g->after + g->before;
}

static bool add_children(struct builder *b, const struct part *part,
                         const struct groups *g, struct lg_arena *scratch,
                         struct parts *queue)
{
    uint32_t depth = b->tree.nodes.items[part->node].depth + 1;
    lg_each(group, g->items) {
        if (most_of(group) < b->cutoff || most_of(group) == 0 ||
            depth > b->max_depth || b->tree.nodes.count >= MAX_NODES) {
            b->tree.nodes.items[part->node].hidden +=
                larger(group->after, group->before);
            b->tree.hidden_count++;
            continue;
        }
        struct lg_flame_node *node = lg_push(b->arena, &b->tree.nodes);
        struct part *next = lg_push(scratch, queue);
        if (node == NULL || next == NULL)
            return false;
        *node = (struct lg_flame_node){
            .frame = group->frame,
            .parent = part->node,
            .depth = depth,
            .after = group->after,
            .before = group->before,
        };
        b->tree.depth = depth; /* parts come by depth */
        uint32_t index = (uint32_t)b->tree.nodes.count - 1;
        *next = (struct part){index, group->at, group->count};
        step_all(b, &b->walkers[group->at], group->count);
    }
    return true;
}

static bool grow(struct builder *b, struct lg_arena *scratch)
{
    struct parts queue = {0};
    struct part *all = lg_push(scratch, &queue);
    if (all == NULL)
        return false;
    *all = (struct part){0, 0, b->profile->samples.count};
    for (size_t i = 0; i < queue.count; i++) {
        struct part part = queue.items[i];
        struct groups g = {0};
        if (!count_groups(b, &part, scratch, &g))
            return false;
        sort_walkers(b, &part, &g);
        if (!add_children(b, &part, &g, scratch, &queue))
            return false;
    }
    return true;
}

/* Children stand behind their parents. */
static void sum_widths(struct lg_flame_tree *t)
{
    lg_each(node, t->nodes) {
        node->width =
            larger(node->self_after, node->self_before) + node->hidden;
    }
    for (size_t i = t->nodes.count; i-- > 1;) {
        struct lg_flame_node *node = &t->nodes.items[i];
        t->nodes.items[node->parent].width += node->width;
    }
}

static int by_width(const void *left, const void *right, void *tree)
{
    const struct lg_flame_tree *t = tree;
    const struct lg_flame_node *a = &t->nodes.items[*(const uint32_t *)left];
    const struct lg_flame_node *b = &t->nodes.items[*(const uint32_t *)right];
    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    if (a->width != b->width)
        return a->width > b->width ? -1 : 1;
    return lg_str_cmp(t->names->items.items[a->frame].name,
                      t->names->items.items[b->frame].name);
}

static bool link_children(struct lg_flame_tree *t, struct lg_arena *scratch)
{
    size_t count = t->nodes.count - 1;
    uint32_t *order = lg_new(scratch, uint32_t, count + 1);
    if (order == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i + 1;
    qsort_r(order, count, sizeof *order, by_width, t);
    for (size_t i = count; i-- > 0;) {
        struct lg_flame_node *node = &t->nodes.items[order[i]];
        node->next = t->nodes.items[node->parent].first_child;
        t->nodes.items[node->parent].first_child = order[i];
    }
    return true;
}

static bool begin(struct builder *b, double min_ratio, struct lg_arena *scratch)
{
    const struct lg_profile *p = b->profile;
    size_t count = p->samples.count;
    struct lg_flame_node *root = lg_push(b->arena, &b->tree.nodes);
    b->walkers = lg_new(scratch, struct walker, count + 1);
    b->room = lg_new(scratch, struct walker, count + 1);
    b->place = lg_new(scratch, uint32_t, b->tree.names->items.count + 1);
    if (root == NULL || b->walkers == NULL || b->room == NULL ||
        b->place == NULL || !mark_base(b))
        return false;
    root->frame = NO_FRAME;
    for (size_t i = 0; i < count; i++) {
        struct lg_profile_stack stack = p->samples.items[i];
        b->walkers[i] = (struct walker){.first = stack.first,
                                        .at = stack.first + stack.count,
                                        .value = value_of(b, i)};
        add_side(b->walkers[i].value, &root->after, &root->before);
    }
    step_all(b, b->walkers, count);
    b->tree.is_difference = b->of_base != NULL || root->before > 0;
    double cutoff = (double)(root->after + root->before) * min_ratio;
    b->cutoff = cutoff > 0 ? (uint64_t)cutoff : 0;
    return true;
}

bool lg_flame_tree_build(const struct lg_profile *p,
                         const struct lg_frame_names *names, size_t type,
                         double min_ratio, uint32_t max_depth,
                         struct lg_arena *arena, struct lg_flame_tree *ret)
{
    struct lg_arena scratch;
    struct builder b = {
        .profile = p, .arena = arena, .type = type, .max_depth = max_depth};
    b.tree.names = names;
    lg_arena_init(&scratch, 0);
    bool ok = begin(&b, min_ratio, &scratch) && grow(&b, &scratch);
    if (ok) {
        sum_widths(&b.tree);
        ok = link_children(&b.tree, &scratch);
    }
    lg_arena_deinit(&scratch);
    if (ok)
        *ret = b.tree;
    return ok;
}
