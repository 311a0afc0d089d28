/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pprof builds its graph anew from the samples whenever it has thrown nodes
 * out. Flat and cum of those that stay cannot change by that: cum is added
 * once for each sample that a node is in, flat where the very leaf is kept.
 * So sums are made once, and calls only when it is known between which nodes.
 */
#include "evidence/graph_internal.h"

struct trimming {
    const struct lg_graph_options *options;
    const struct lg_graph_trim *trim;
    struct lg_graph_draft draft;
    struct lg_arena *scratch;
    bool *kept; /* NULL: nothing was thrown out so far */
    bool sees_calls, is_tree;
    int64_t node_cutoff, edge_cutoff;
    int64_t *scores; /* entropies */
    struct lg_graph_node_tags *tags;
};

static bool is_negative(int64_t flat, int64_t cum)
{
    return flat < 0 || (flat == 0 && cum < 0);
}

/* selectNodesForGraph */
static bool list_nodes(struct lg_graph_draft *d, bool drop_negative)
{
    d->list = lg_new(d->nodes->scratch, uint32_t, d->count);
    if (d->list == NULL)
        return false;
    for (uint32_t i = 0; i < d->count; i++) {
        int64_t flat = d->sums.flat[i], cum = d->sums.cum[i];
        if ((flat != 0 || cum != 0) &&
            !(drop_negative && is_negative(flat, cum)))
            d->list[d->list_count++] = i;
    }
    return true;
}

static bool *flags_of_list(const struct lg_graph_draft *d)
{
    bool *flags = lg_new(d->nodes->scratch, bool, d->count);
    for (size_t i = 0; flags != NULL && i < d->list_count; i++)
        flags[d->list[i]] = true;
    return flags;
}

/* Nodes of the list whose calls the report shows: of their own. */
static bool find_around(struct trimming *t, bool *around, bool *any_ret)
{
    struct lg_graph_draft *d = &t->draft;
    const struct lg_graph_options *o = t->options;
    if (!o->with_edges)
        return lg_graph_inline_targets(d, t->kept, t->edge_cutoff, around,
                                       any_ret);
    *any_ret = false;
    for (size_t i = 0; i < d->list_count; i++) {
        uint32_t node = d->list[i];
        around[node] =
            o->edges_of(o->test_context, lg_graph_draft_name(d, node));
        *any_ret = *any_ret || around[node];
    }
    return true;
}

/* What calls the report can show; before it is final, all between nodes that
 * are kept. */
static bool make_calls(struct trimming *t, bool final)
{
    struct lg_graph_draft *d = &t->draft;
    struct lg_graph_wish wish = {.kept = t->kept, .repeats = d->sums.repeats};
    bool marks_alone = !t->options->with_edges;
    if (t->is_tree || (marks_alone && d->nodes->inlined == NULL))
        return true;
    if (final && (marks_alone || t->options->edges_of != NULL)) {
        bool *around = lg_new(t->scratch, bool, d->count), any;
        if (around == NULL || !find_around(t, around, &any))
            return false;
        if (!any)
            return true;
        wish.around = around;
        wish.callers_too = !marks_alone;
    }
    return lg_graph_calls_make(d->nodes, &wish, &d->calls);
}

/* The nodes from list[count] on, and those that a cutoff of 0 does not keep
 * (see lg_go_abs), go. */
static bool keep_list(struct trimming *t, int64_t cutoff, size_t count,
                      size_t *dropped_ret)
{
    struct lg_graph_draft *d = &t->draft;
    size_t left = 0, before = d->list_count;
    bool *gone = NULL;
    if (t->is_tree) {
        gone = lg_new(t->scratch, bool, d->count);
        if (gone == NULL)
            return false;
    }
    for (size_t i = 0; i < before; i++) {
        uint32_t node = d->list[i];
        if (i < count && lg_go_abs(d->sums.cum[node]) >= cutoff)
            d->list[left++] = node;
        else if (gone != NULL)
            gone[node] = true;
    }
    d->list_count = left;
    *dropped_ret = before - left;
    if (left == before)
        return true;
    if (t->is_tree) {
        lg_graph_tree_trim(d, gone);
        return true;
    }
    t->kept = flags_of_list(d);
    return t->kept != NULL;
}

static bool sort_list(struct trimming *t)
{
    struct lg_graph_draft *d = &t->draft;
    const struct lg_graph_sums *s = &d->sums;
    if (!t->trim->visual)
        return lg_graph_sort(d, d->list, d->list_count,
                             t->trim->cum_sort ? s->cum : s->flat,
                             t->trim->cum_sort ? s->flat : s->cum);
    return make_calls(t, false) && lg_graph_entropy(d, t->scores) &&
           lg_graph_sort(d, d->list, d->list_count, t->scores, s->flat);
}

/* TrimLowFrequencyEdges: how many went. */
static size_t trim_calls(struct trimming *t, const bool *listed)
{
    struct lg_graph_draft *d = &t->draft;
    size_t removed = 0;
    lg_each(e, d->calls) {
        if (!e->removed && listed[e->dest] &&
            lg_go_abs(e->weight) < t->edge_cutoff) {
            e->removed = true;
            removed++;
            if (d->call_of != NULL)
                d->call_of[e->dest] = LG_NO_NODE;
        }
    }
    return removed;
}

/* TrimLowFrequencyTags */
static void trim_tags(struct lg_graph_tags *tags, int64_t cutoff)
{
    struct lg_graph_tag *items = tags->items.items;
    size_t left = 0;
    for (size_t i = 0; items != NULL && i < tags->items.count; i++) {
        if (lg_go_abs(items[i].flat) >= cutoff ||
            lg_go_abs(items[i].cum) >= cutoff)
            items[left++] = items[i];
    }
    tags->items.count = left;
}

static bool make_tags(struct trimming *t, size_t count)
{
    struct lg_graph_draft *d = &t->draft;
    if (!t->options->with_tags || t->tags != NULL)
        return true;
    bool *wanted = lg_new(t->scratch, bool, d->count);
    if (wanted == NULL)
        return false;
    for (size_t i = 0; i < count && i < d->list_count; i++)
        wanted[d->list[i]] = true;
    struct lg_graph_node_tags *made;
    if (!lg_graph_tags_make(d, wanted, &made))
        return false;
    t->tags = made;
    for (size_t i = 0; i < count && i < d->list_count; i++) {
        struct lg_graph_node_tags *tags = &made[d->list[i]];
        trim_tags(&tags->labels, t->node_cutoff);
        lg_each(numbers, tags->numbers)
            trim_tags(numbers, t->node_cutoff);
    }
    return true;
}

static size_t flat_tags(const struct lg_graph_tags *tags)
{
    size_t count = 0;
    lg_each(tag, tags->items)
        count += tag->flat != 0;
    return count;
}

/* Tags count as nodes, up to four of each node (graph.go maxNodelets). */
static size_t visual_count(const struct trimming *t, size_t wanted)
{
    const size_t max_tags = 4;
    size_t count = 0;
    for (size_t i = 0; t->tags != NULL && i < t->draft.list_count; i++) {
        const struct lg_graph_node_tags *tags = &t->tags[t->draft.list[i]];
        size_t n = flat_tags(&tags->labels);
        lg_each(numbers, tags->numbers)
            n += flat_tags(numbers);
        count += (n < max_tags ? n : max_tags) + 1;
        if (count >= wanted)
            return i + 1;
    }
    return wanted;
}

/* newTrimmedGraph's second step. */
static bool select_top(struct trimming *t)
{
    struct lg_graph_draft *d = &t->draft;
    size_t wanted = (size_t)t->trim->node_count, dropped;
    if (t->trim->visual || t->is_tree) {
        bool *listed = flags_of_list(d);
        if (listed == NULL || !make_tags(t, wanted))
            return false;
        trim_calls(t, listed);
    }
    if (t->trim->visual)
        wanted = visual_count(t, wanted);
    /* A cutoff of 0 drops the smallest number, which has no absolute value;
     * trees are cut without one. */
    if (!keep_list(t, t->is_tree ? INT64_MIN : 0, wanted, &dropped))
        return false;
    return dropped == 0 || !(t->trim->visual || t->is_tree) || sort_list(t);
}

static void set_cutoffs(struct trimming *t)
{
    const struct lg_graph_draft *d = &t->draft;
    int64_t total = 0;
    for (size_t i = 0; i < d->list_count; i++)
        total = lg_go_add(total, d->sums.flat[d->list[i]]);
    t->node_cutoff =
        lg_go_abs(lg_go_int64((double)total * t->trim->node_fraction));
    t->edge_cutoff =
        lg_go_abs(lg_go_int64((double)total * t->trim->edge_fraction));
}

static bool trim_draft(struct trimming *t, struct lg_graph_dropped *dropped)
{
    struct lg_graph_draft *d = &t->draft;
    set_cutoffs(t);
    if (t->node_cutoff > 0 &&
        !keep_list(t, t->node_cutoff, SIZE_MAX, &dropped->nodes))
        return false;
    dropped->orig_count = d->list_count;
    if (!sort_list(t) || (t->trim->node_count > 0 && !select_top(t)) ||
        !make_tags(t, SIZE_MAX) || (!t->trim->visual && !make_calls(t, true)))
        return false;
    bool *listed = flags_of_list(d);
    if (listed == NULL)
        return false;
    dropped->edges = trim_calls(t, listed);
    return true;
}

static bool start(struct trimming *t, const struct lg_profile *p,
                  struct lg_graph_nodes *nodes, struct lg_arena *arena)
{
    struct lg_graph_draft *d = &t->draft;
    if (!lg_graph_nodes_make(p, t->options, arena, t->scratch, nodes))
        return false;
    d->nodes = nodes;
    d->count = nodes->count;
    t->is_tree = t->options->call_tree;
    if (t->is_tree ? !lg_graph_tree_make(d)
                   : !lg_graph_sums_make(nodes, &d->sums))
        return false;
    if (t->options->only_functions != NULL && !t->is_tree) {
        t->kept = lg_new(t->scratch, bool, d->count);
        if (t->kept == NULL)
            return false;
        memset(t->kept + 1, true, d->count - 1);
    }
    d->names = lg_new(t->scratch, struct lg_str, nodes->count);
    t->scores = t->trim != NULL && t->trim->visual
                    ? lg_new(t->scratch, int64_t, d->count)
                    : NULL;
    return d->names != NULL && list_nodes(d, t->options->drop_negative);
}

static bool build(struct trimming *t, const struct lg_profile *p,
                  struct lg_arena *arena, struct lg_graph *ret,
                  struct lg_graph_dropped *dropped_ret)
{
    struct lg_graph_nodes nodes;
    struct lg_graph_dropped dropped = {0};
    struct lg_graph graph;
    if (!start(t, p, &nodes, arena))
        return false;
    if (t->trim != NULL ? !trim_draft(t, &dropped)
                        : !make_calls(t, true) || !make_tags(t, SIZE_MAX))
        return false;
    if (!lg_graph_make(&t->draft, t->tags, &graph) ||
        (t->trim != NULL && t->trim->visual &&
         !lg_graph_remove_redundant(&graph)))
        return false;
    *ret = graph;
    if (dropped_ret != NULL)
        *dropped_ret = dropped;
    return true;
}

bool lg_graph_build_trimmed(const struct lg_profile *p,
                            const struct lg_graph_options *options,
                            const struct lg_graph_trim *trim,
                            struct lg_arena *arena, struct lg_graph *ret,
                            struct lg_graph_dropped *dropped_ret)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, arena->limit_bytes);
    struct trimming t = {
        .options = options,
        .trim = trim,
        .scratch = &scratch,
    };
    bool ok = build(&t, p, arena, ret, dropped_ret);
    if (!ok)
        arena->failed = true;
    lg_arena_deinit(&scratch);
    return ok;
}

bool lg_graph_build(const struct lg_profile *p,
                    const struct lg_graph_options *options,
                    struct lg_arena *arena, struct lg_graph *ret)
{
    return lg_graph_build_trimmed(p, options, NULL, arena, ret, NULL);
}
