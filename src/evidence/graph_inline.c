/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inline marks of `top` come from the calls that are left after trimming, so
 * those would all have to be counted. But a call is inlined only if each of its
 * samples has it within one location; what such locations weigh is known, and
 * mostly less than what trimming leaves.
 */
#include "base/map.h"
#include "evidence/graph_internal.h"

struct targets {
    const struct lg_graph_draft *draft;
    const bool *kept;
    uint64_t cutoff;
    uint64_t *by_callee; /* of all callers together */
    struct lg_map pairs; /* caller (LG_NO_NODE: of another location), callee */
};

static uint64_t sum(uint64_t a, uint64_t b)
{
    uint64_t total;
    return __builtin_add_overflow(a, b, &total) ? UINT64_MAX : total;
}

/* Calls within the list, outermost first. */
typedef bool call_fn(struct targets *t, uint32_t caller, uint32_t callee,
                     uint64_t weight);

static bool add_callee(struct targets *t, uint32_t caller, uint32_t callee,
                       uint64_t weight)
{
    t->by_callee[callee] = sum(t->by_callee[callee], weight);
    return true;
}

static bool add_pair(struct targets *t, uint32_t caller, uint32_t callee,
                     uint64_t weight)
{
    if (t->by_callee[callee] < t->cutoff)
        return true;
    uint64_t *place =
        lg_map_put_u64(&t->pairs, (uint64_t)caller << 32 | callee, NULL);
    if (place != NULL)
        *place = sum(*place, weight);
    return place != NULL;
}

static bool each_call(struct targets *t, call_fn *call)
{
    const struct lg_graph_nodes *g = t->draft->nodes;
    for (size_t at = 0; at < g->lists.count;) {
        const uint32_t *list = &g->lists.items[at];
        uint32_t caller = LG_NO_NODE;
        uint64_t weight = t->draft->sums.list_weights[at];
        for (uint32_t i = list[0]; i > 0; i--) {
            uint32_t callee = list[i];
            if (t->kept != NULL && !t->kept[callee])
                continue;
            if (i != list[0] && callee != caller && weight != 0 &&
                !call(t, caller, callee, weight))
                return false;
            caller = callee;
        }
        at += list[0] + 1;
    }
    return true;
}

/* A call from another location may be of the same two functions. */
static bool is_heavy(const struct targets *t, const struct lg_map_entry *pair)
{
    uint32_t callee = (uint32_t)pair->number;
    uint64_t weight = pair->value;
    if (pair->number >> 32 != LG_NO_NODE) {
        const uint64_t *outside =
            lg_map_find_u64(&t->pairs, (uint64_t)LG_NO_NODE << 32 | callee);
        weight = outside != NULL ? sum(weight, *outside) : weight;
    }
    return weight >= t->cutoff;
}

bool lg_graph_inline_targets(const struct lg_graph_draft *draft,
                             const bool *kept, int64_t cutoff, bool *flags,
                             bool *any_ret)
{
    struct lg_arena *scratch = draft->nodes->scratch;
    struct targets t = {
        .draft = draft,
        .kept = kept,
        .cutoff = cutoff > 0 ? (uint64_t)cutoff : 0,
        .by_callee = lg_new(scratch, uint64_t, draft->count),
    };
    bool *listed = lg_new(scratch, bool, draft->count);
    if (t.by_callee == NULL || listed == NULL)
        return false;
    for (size_t i = 0; i < draft->list_count; i++)
        listed[draft->list[i]] = true;
    lg_map_init(&t.pairs, scratch);
    if (!each_call(&t, add_callee) || !each_call(&t, add_pair))
        return false;
    *any_ret = false;
    for (size_t i = 0; i < t.pairs.count; i++) {
        uint32_t callee = (uint32_t)t.pairs.entries[i].number;
        if (listed[callee] && is_heavy(&t, &t.pairs.entries[i]))
            flags[callee] = *any_ret = true;
    }
    return true;
}
