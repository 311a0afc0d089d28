/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot: what a call weighs is added to its site, 16 bytes for each location, so
 * that the sites of a large program stay in a core's own cache. A site mostly
 * calls one function; when it calls another one, what came together goes to the
 * table. A call counts once for each sample: where its caller comes twice in
 * one, the call's stamp is looked at.
 */
#include "evidence/graph_calls.h"

/* Sites that are asked for before their turn. */
#define AHEAD 12

/* In struct lg_call_site. */
#define CALLEE_SHIFT 2
#define CALLEE_RESIDUAL 2u
#define CALLEE_INLINE 1u

/* Calls of a sample by callers that come twice in it; those of which there is
 * no room here go by the call's stamp. */
#define MOST_SEEN 16

/* A sample, from its root to its leaf. */
struct walk {
    uint32_t parent; /* last node that is kept, or LG_NO_NODE */
    uint32_t site;   /* its location */
    bool residual;   /* a node was left out since */
    bool has_twice;  /* some node comes twice, or there are two weights */
    uint32_t stamp;
    int64_t value, div;
    uint32_t seen_count;
    uint64_t seen[MOST_SEEN]; /* caller, callee */
};

static bool is_wanted(const struct lg_graph_wish *wish, uint32_t caller,
                      uint32_t callee)
{
    return caller != callee && (wish->around == NULL || wish->around[callee] ||
                                (wish->callers_too && wish->around[caller]));
}

static bool is_kept(const struct lg_graph_wish *wish, uint32_t node)
{
    return wish->kept == NULL || wish->kept[node];
}

static void add_stamped(struct lg_call_part *part, uint32_t index,
                        const struct lg_graph_edge *like, const struct walk *w)
{
    struct lg_graph_edge *e = &part->table.calls.items[index];
    if (e->stamp == w->stamp)
        return;
    e->stamp = w->stamp;
    lg_call_join(e, like);
    e->weight = lg_go_add(e->weight, w->value);
    e->weight_div = lg_go_add(e->weight_div, w->div);
}

/* A call that the sample may have twice. */
static void add_by_stamp(struct lg_call_part *part,
                         const struct lg_graph_edge *like, const struct walk *w)
{
    uint32_t index = lg_call_index(&part->table, like);
    if (index == LG_NO_CALL)
        part->failed = true;
    else
        add_stamped(part, index, like, w);
}

static void pour(struct lg_call_part *part, uint32_t location)
{
    struct lg_call_site *site = &part->sites[location];
    if (site->weight == 0)
        return;
    struct lg_graph_edge *e = &part->table.calls.items[part->call_of[location]];
    e->weight = lg_go_add(e->weight, site->weight);
    site->weight = 0;
}

enum sight { FIRST, AGAIN, UNKNOWN };

/* Whether the sample has that call for the first time. */
static enum sight see(struct walk *w, uint32_t caller, uint32_t callee)
{
    uint64_t call = (uint64_t)caller << 32 | callee;
    for (uint32_t i = 0; i < w->seen_count; i++)
        if (w->seen[i] == call)
            return AGAIN;
    if (w->seen_count == MOST_SEEN || w->div != 0)
        return UNKNOWN;
    w->seen[w->seen_count++] = call;
    return FIRST;
}

/* The site of w->parent calls something else than before. */
static bool turn(struct lg_call_part *part, const struct walk *w,
                 const struct lg_graph_edge *like, uint32_t callee)
{
    pour(part, w->site);
    uint32_t index = lg_call_index(&part->table, like);
    if (index == LG_NO_CALL) {
        part->failed = true;
        return false;
    }
    lg_call_join(&part->table.calls.items[index], like);
    part->call_of[w->site] = index;
    part->sites[w->site].callee = callee;
    return true;
}

static struct lg_graph_edge call_from(const struct walk *w, uint32_t node,
                                      bool is_inline)
{
    return (struct lg_graph_edge){.src = w->parent,
                                  .dest = node,
                                  .residual = w->residual,
                                  .is_inline = is_inline};
}

/* From w->parent; no list is between them. */
static inline void add_call(struct lg_call_part *part, struct walk *w,
                            uint32_t node, bool is_inline)
{
    if (w->parent == LG_NO_NODE || !is_wanted(part->wish, w->parent, node))
        return;
    struct lg_call_site *site = &part->sites[w->site];
    uint32_t callee = node << CALLEE_SHIFT |
                      (w->residual ? CALLEE_RESIDUAL : 0) |
                      (is_inline ? CALLEE_INLINE : 0);
    if (w->has_twice &&
        (w->div != 0 || part->met[w->parent].twice == w->stamp)) {
        enum sight sight = see(w, w->parent, node);
        if (sight == UNKNOWN) {
            struct lg_graph_edge like = call_from(w, node, is_inline);
            add_by_stamp(part, &like, w);
        }
        if (sight != FIRST)
            return;
    }
    if (site->callee != callee) {
        struct lg_graph_edge like = call_from(w, node, is_inline);
        if (!turn(part, w, &like, callee))
            return;
    }
    site->weight = lg_go_add(site->weight, w->value);
}

/* A call within a list. */
typedef void list_call_fn(struct lg_call_part *part, uint32_t index,
                          const struct lg_graph_edge *like, void *context);

static void each_call(struct lg_call_part *part, const struct lg_call_list *l,
                      list_call_fn *call, void *context)
{
    const uint32_t *list = &part->g->lists.items[l->place];
    struct lg_graph_edge like = {.src = LG_NO_NODE};
    for (uint32_t i = list[0]; i > 0; i--) {
        if (!is_kept(part->wish, list[i])) {
            like.residual = true;
            continue;
        }
        like.dest = list[i];
        like.is_inline = i != list[0];
        if (like.src != LG_NO_NODE &&
            is_wanted(part->wish, like.src, like.dest)) {
            uint32_t index = lg_call_index(&part->table, &like);
            if (index == LG_NO_CALL) {
                part->failed = true;
                return;
            }
            call(part, index, &like, context);
        }
        like.src = list[i];
        like.residual = false;
    }
}

static void join(struct lg_call_part *part, uint32_t index,
                 const struct lg_graph_edge *like, void *context)
{
    (void)context;
    lg_call_join(&part->table.calls.items[index], like);
}

/* Of a sample in which some caller of the list comes twice. */
static void add_sample(struct lg_call_part *part, uint32_t index,
                       const struct lg_graph_edge *like, void *context)
{
    struct walk *w = context;
    enum sight sight = see(w, like->src, like->dest);
    if (sight == UNKNOWN)
        add_stamped(part, index, like, w);
    if (sight != FIRST)
        return;
    struct lg_graph_edge *e = &part->table.calls.items[index];
    lg_call_join(e, like);
    e->weight = lg_go_add(e->weight, w->value);
}

static void add_weight(struct lg_call_part *part, uint32_t index,
                       const struct lg_graph_edge *like, void *context)
{
    struct lg_graph_edge *e = &part->table.calls.items[index];
    (void)like;
    e->weight = lg_go_add(e->weight, *(int64_t *)context);
}

static bool has_twice(const struct lg_call_part *part,
                      const struct lg_call_list *l, const struct walk *w)
{
    const uint32_t *list = &part->g->lists.items[l->place];
    bool twice = w->div != 0;
    for (uint32_t i = 1; i <= list[0]; i++)
        twice |= part->met[list[i]].twice == w->stamp;
    return twice;
}

static void add_list_calls(struct lg_call_part *part, struct walk *w,
                           struct lg_call_site *site, uint32_t number)
{
    const struct lg_call_list *l = &part->lists[number];
    if (w->has_twice && has_twice(part, l, w)) {
        each_call(part, l, add_sample, w);
        return;
    }
    if ((site->node & LG_SITE_FRESH) != 0) { /* calls appear in their order */
        site->node &= ~LG_SITE_FRESH;
        each_call(part, l, join, NULL);
    }
    part->list_weights[number] =
        lg_go_add(part->list_weights[number], w->value);
}

static void visit_list(struct lg_call_part *part, struct walk *w,
                       uint32_t location)
{
    struct lg_call_site *site = &part->sites[location];
    uint32_t number = site->node & LG_SITE_NUMBER;
    const struct lg_call_list *l = &part->lists[number];
    if (l->entry == LG_SINK_NODE) {
        w->residual = true;
        return;
    }
    w->residual |= l->entry_is_inline;
    add_call(part, w, l->entry, l->entry_is_inline);
    if (l->has_calls)
        add_list_calls(part, w, site, number);
    w->parent = l->exit;
    w->site = location;
    w->residual = l->tail_residual;
}

static inline void visit_location(struct lg_call_part *part, struct walk *w,
                                  uint32_t location)
{
    uint32_t node = part->sites[location].node;
    if ((node & LG_SITE_LIST) != 0) {
        visit_list(part, w, location);
    } else if (node == LG_SINK_NODE) {
        w->residual = true;
    } else {
        add_call(part, w, node, false);
        w->parent = node;
        w->site = location;
        w->residual = false;
    }
}

static void visit_all(struct lg_call_part *part, struct walk *w,
                      const uint32_t *stack, uint32_t count)
{
    for (uint32_t k = count; k-- > 0;) {
        if (k >= AHEAD)
            __builtin_prefetch(&part->sites[stack[k - AHEAD]], 1);
        visit_location(part, w, stack[k]);
    }
}

/* Locations without the bit hold no node that is kept. */
static void visit_kept(struct lg_call_part *part, struct walk *w,
                       const uint32_t *stack, uint32_t count)
{
    for (uint32_t k = count; k-- > 0;) {
        if (lg_graph_bit(part->look, stack[k]))
            visit_location(part, w, stack[k]);
        else
            w->residual = true;
    }
}

static void meet(struct lg_call_part *part, uint32_t node, uint32_t stamp)
{
    struct lg_call_met *met = &part->met[node];
    if (met->once == stamp)
        met->twice = stamp;
    met->once = stamp;
}

static void meet_all(struct lg_call_part *part, uint32_t stamp,
                     const uint32_t *stack, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t one, n;
        const uint32_t *list = lg_graph_nodes_at(part->g, stack[k], &one, &n);
        for (uint32_t i = 0; i < n; i++)
            meet(part, list[i], stamp);
    }
}

/* false: the sample adds nothing. */
static bool begin(const struct lg_call_part *part, uint32_t sample,
                  struct walk *w)
{
    const struct lg_profile *p = part->g->profile;
    const struct lg_graph_options *o = part->g->options;
    w->parent = LG_NO_NODE;
    w->residual = false;
    w->stamp = sample + 1;
    w->value = lg_profile_value(p, sample, (int)o->value_type);
    w->div = o->has_mean ? lg_profile_value(p, sample, 0) : 0;
    w->has_twice = part->wish->repeats[sample] || w->div != 0;
    w->seen_count = 0;
    return (w->value != 0 || w->div != 0) &&
           p->samples.items[sample].count != 0;
}

/* The sites that the next sample begins with. */
static void fetch(const struct lg_call_part *part, uint32_t sample)
{
    const struct lg_profile *p = part->g->profile;
    if (part->look != NULL || sample >= part->samples.end)
        return;
    struct lg_profile_stack s = p->samples.items[sample];
    const uint32_t *stack = &p->stacks.items[s.first];
    for (uint32_t k = s.count > AHEAD ? s.count - AHEAD : 0; k < s.count; k++)
        __builtin_prefetch(&part->sites[stack[k]], 1);
}

static void pour_all(struct lg_call_part *part)
{
    for (uint32_t i = 0; i < part->g->profile->locations.count; i++)
        pour(part, i);
    for (size_t i = 0; i < part->list_count && !part->failed; i++) {
        if (part->list_weights[i] != 0)
            each_call(part, &part->lists[i], add_weight,
                      &part->list_weights[i]);
    }
}

typedef void stack_fn(struct lg_call_part *part, struct walk *w,
                      const uint32_t *stack, uint32_t count);

static void each_stack(struct lg_call_part *part, stack_fn *visit)
{
    const struct lg_profile *p = part->g->profile;
    struct walk w;
    for (uint32_t i = part->samples.first;
         i < part->samples.end && !part->failed; i++) {
        struct lg_profile_stack s = p->samples.items[i];
        if (begin(part, i, &w))
            visit(part, &w, &p->stacks.items[s.first], s.count);
    }
}

static void visit_stack(struct lg_call_part *part, struct walk *w,
                        const uint32_t *stack, uint32_t count)
{
    fetch(part, w->stamp); /* the next sample */
    if (w->has_twice)
        meet_all(part, w->stamp, stack, count);
    if (part->look == NULL)
        visit_all(part, w, stack, count);
    else
        visit_kept(part, w, stack, count);
}

void *lg_calls_walk(void *argument)
{
    struct lg_call_part *part = argument;
    each_stack(part, visit_stack);
    pour_all(part);
    return NULL;
}

/* Where a walk is just before it comes to the location at `at`: which node is
 * the last that is kept, and was one left out since? */
static void look_up(const struct lg_call_part *part, struct walk *w,
                    const uint32_t *stack, uint32_t at, uint32_t count)
{
    w->parent = LG_NO_NODE;
    w->residual = false;
    for (uint32_t k = at + 1; k < count; k++) {
        uint32_t one, n;
        const uint32_t *list = lg_graph_nodes_at(part->g, stack[k], &one, &n);
        for (uint32_t i = 0; i < n; i++) {
            if (is_kept(part->wish, list[i])) {
                w->parent = list[i];
                return;
            }
            w->residual = true;
        }
    }
}

static void visit_around(struct lg_call_part *part, struct walk *w,
                         uint32_t location)
{
    uint32_t one, n;
    const uint32_t *list = lg_graph_nodes_at(part->g, location, &one, &n);
    for (uint32_t i = n; i-- > 0;) {
        if (!is_kept(part->wish, list[i])) {
            w->residual = true;
            continue;
        }
        if (w->parent != LG_NO_NODE &&
            is_wanted(part->wish, w->parent, list[i])) {
            struct lg_graph_edge like = call_from(w, list[i], i + 1 != n);
            add_by_stamp(part, &like, w);
        }
        w->parent = list[i];
        w->residual = false;
    }
}

/* With callers_too the calls by nodes at locations with the bit matter as well:
 * then all nodes are kept, and those calls end at the next location. */
static void look_around(struct lg_call_part *part, struct walk *w,
                        const uint32_t *stack, uint32_t count)
{
    bool caller_has = false;
    for (uint32_t k = count; k-- > 0;) {
        bool has = lg_graph_bit(part->look, stack[k]);
        if (has || caller_has) {
            look_up(part, w, stack, k, count);
            visit_around(part, w, stack[k]);
        }
        caller_has = has && part->wish->callers_too;
    }
}

void *lg_calls_walk_around(void *argument)
{
    each_stack(argument, look_around);
    return NULL;
}
