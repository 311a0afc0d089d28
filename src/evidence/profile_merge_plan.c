/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First step of a merge's block: where the samples go if all are new, and which
 * of the source's locations they are the first to need. On two threads where
 * the source is large: the halves share nothing that changes.
 */
#include "base/parallel.h"
#include "evidence/profile_merge_internal.h"

static bool same_range(struct lg_profile_stack a, struct lg_profile_stack b)
{
    return a.first == b.first && a.count == b.count;
}

/* One half of what is done before a block is written. The halves share
 * nothing that changes. */
struct plan {
    struct lg_merger *m;
    bool is_of_locations;
    uint32_t first, end; /* samples; staging sets its end */
    size_t limit;        /* of samples to stage */
};

/* Places for the samples' locations, in the order of their appearance. */
static void plan_locations(struct lg_merger *m, uint32_t first, uint32_t end)
{
    const struct lg_profile *from = m->from;
    for (uint32_t i = first; i < end && m->met_count < from->locations.count;
         i++) {
        struct lg_profile_stack stack = from->samples.items[i];
        if (stack.count == 0 || lg_merge_is_zero(from, i))
            continue;
        if (!lg_merge_meet_locations(m, from->stacks.items + stack.first,
                                     stack.count)) {
            m->failed = true;
            return;
        }
    }
    lg_merge_place_locations(m);
}

/* Stages samples from `first` on, up to `limit` that count. Returns the one
 * after them. */
static uint32_t plan_samples(struct lg_merger *m, uint32_t first, size_t limit)
{
    const struct lg_profile *from = m->from;
    size_t stack_at = m->to.stacks.count;
    struct lg_profile_stack last = m->last_from;
    uint32_t last_first = m->last_to.first, i = first;
    m->staged.count = 0;
    for (; i < from->samples.count && m->staged.count < limit; i++) {
        if (lg_merge_is_zero(from, i))
            continue;
        struct lg_profile_stack stack = from->samples.items[i];
        if (!m->has_last || !same_range(stack, last)) {
            last_first = (uint32_t)stack_at;
            stack_at += stack.count;
        }
        last = stack;
        m->has_last = true;
        m->staged.items[m->staged.count++] =
            (struct lg_merge_staged){.sample = i, .stack_first = last_first};
    }
    m->last_from = last;
    return i;
}

static void *run_plan(void *argument)
{
    struct plan *plan = argument;
    if (plan->is_of_locations) {
        plan_locations(plan->m, plan->first, plan->end);
        return NULL;
    }
    if (plan->m->samples.count == 0) /* it takes less time than the other */
        lg_index_touch(&plan->m->samples);
    plan->end = plan_samples(plan->m, plan->first, plan->limit);
    return NULL;
}

uint32_t lg_merge_plan_block(struct lg_merger *m, uint32_t first, size_t limit,
                             bool is_large)
{
    uint32_t count = (uint32_t)m->from->samples.count;
    struct plan plans[] = {
        {.m = m, .first = first, .limit = limit},
        {.m = m, .first = first, .end = count, .is_of_locations = true},
    };
    if (is_large) {
        lg_parallel(run_plan, plans, sizeof plans[0], LG_COUNT(plans));
        return plans[0].end;
    }
    uint32_t end = plan_samples(m, first, limit);
    plan_locations(m, first, end);
    return end;
}
