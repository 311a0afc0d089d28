/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted, kept and grouped of the goroutines that were read. */
#include "target/go_gather.h"
#include "target/go_shown.h"

#define FIRST_SLOTS 1024
/* A hostile program may make every goroutine another group. */
#define MAX_GROUPS ((size_t)1 << 24)

static enum lg_go_start start_of(struct lg_go_gather *r, uint64_t start_pc)
{
    bool fresh;
    uint64_t *known = lg_map_put_u64(&r->starts, start_pc, &fresh);
    if (known == NULL) {
        r->failed = true;
        return LG_START_USER;
    }
    if (fresh)
        *known = (uint64_t)lg_go_start_of(r->go, start_pc);
    return (enum lg_go_start) * known;
}

/* The runtime's finalizer goroutine is the user's while it runs a finalizer.
 * It asks a variable of its own; from outside: it does not wait for work. */
static bool waits_for_finalizers(const struct lg_go_gather *r,
                                 const struct lg_go_g *g)
{
    if (g->status == LG_STATUS_RUNNABLE)
        return g->pc == g->start_pc;
    return g->status == LG_STATUS_WAITING &&
           lg_str_eq(lg_go_wait_reason(r->go, g->reason),
                     LG_STR("finalizer wait"));
}

static bool is_system(struct lg_go_gather *r, const struct lg_go_g *g)
{
    switch (start_of(r, g->start_pc)) {
    case LG_START_SYSTEM:
        return true;
    case LG_START_FINALIZERS:
        return waits_for_finalizers(r, g);
    case LG_START_CLEANUPS:
        return !g->in_cleanup;
    default:
        return false;
    }
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 wide =
        (unsigned __int128)(hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

static uint32_t traits(const struct lg_go_g *g)
{
    return (uint32_t)g->status | (uint32_t)g->reason << 8 |
           (uint32_t)g->locked << 16 | (uint32_t)g->system << 17 |
           (uint32_t)g->torn << 18;
}

static uint64_t hash_of(const struct lg_go_g *g)
{
    uint64_t hash = mix(g->go_pc, g->start_pc);
    hash = mix(hash, (uint64_t)g->stack << 32 | g->label);
    return mix(hash, traits(g));
}

static bool is_same(const struct lg_go_g *a, const struct lg_go_g *b)
{
    return a->stack == b->stack && a->go_pc == b->go_pc &&
           a->start_pc == b->start_pc && a->label == b->label &&
           traits(a) == traits(b);
}

static bool grow(struct lg_go_gather *r)
{
    size_t groups = r->ret->groups.count;
    if (groups * 2 < r->group_slot_count)
        return true;
    size_t count =
        r->group_slot_count != 0 ? r->group_slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = lg_new(&r->scratch, uint32_t, count);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < groups; i++) {
        size_t at = hash_of(&r->ret->groups.items[i].example) & (count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    r->group_slots = slots;
    r->group_slot_count = count;
    return true;
}

static void join(struct lg_go_group *group, const struct lg_go_g *g)
{
    group->count++;
    if (g->id < group->id_min)
        group->id_min = g->id;
    if (g->id > group->id_max)
        group->id_max = g->id;
    if (g->wait_since != 0 &&
        (group->wait_since == 0 || g->wait_since < group->wait_since))
        group->wait_since = g->wait_since;
}

static struct lg_go_group *add_group(struct lg_go_gather *r, uint32_t *slot,
                                     const struct lg_go_g *g)
{
    if (r->ret->groups.count >= MAX_GROUPS) {
        r->ret->truncated = true;
        return NULL;
    }
    struct lg_go_group *group = lg_push(r->arena, &r->ret->groups);
    if (group == NULL) {
        r->failed = true;
        return NULL;
    }
    *group =
        (struct lg_go_group){.example = *g, .id_min = g->id, .id_max = g->id};
    *slot = (uint32_t)r->ret->groups.count;
    return group;
}

static void to_group(struct lg_go_gather *r, const struct lg_go_g *g)
{
    if (!grow(r)) {
        r->failed = true;
        return;
    }
    size_t mask = r->group_slot_count - 1, at = hash_of(g) & mask;
    while (r->group_slots[at] != 0 &&
           !is_same(&r->ret->groups.items[r->group_slots[at] - 1].example, g))
        at = (at + 1) & mask;
    struct lg_go_group *group =
        r->group_slots[at] != 0 ? &r->ret->groups.items[r->group_slots[at] - 1]
                                : add_group(r, &r->group_slots[at], g);
    if (group != NULL)
        join(group, g);
}

uint32_t lg_go_reserve_item(struct lg_go_gather *r, uint64_t id)
{
    if (!lg_goroutine_is_chosen(id, r->options->keep_one_in))
        return 0;
    if (r->ret->items.count >= r->options->keep_max ||
        r->ret->items.count >= UINT32_MAX - 1)
        return 0;
    if (lg_push(r->arena, &r->ret->items) == NULL) {
        r->failed = true;
        return 0;
    }
    return (uint32_t)r->ret->items.count;
}

static void keep(struct lg_go_gather *r, struct lg_go_slot *slot)
{
    uint32_t item =
        slot->item != 0 ? slot->item : lg_go_reserve_item(r, slot->g.id);
    if (item != 0)
        r->ret->items.items[item - 1] = slot->g;
}

void lg_go_settle(struct lg_go_gather *r, struct lg_go_slot *slot)
{
    struct lg_go_goroutines *ret = r->ret;
    if (slot->state == LG_SLOT_GONE) {
        ret->dead_count++;
        return;
    }
    if (slot->state == LG_SLOT_UNREADABLE) {
        ret->unreadable_count++;
        return;
    }
    slot->g.system = is_system(r, &slot->g);
    ret->stack_bytes += slot->g.stack_hi - slot->g.stack_lo;
    if (slot->g.system)
        ret->system_count++;
    else
        ret->total++;
    if (slot->g.system && !r->options->with_system)
        return;
    ret->torn_count += slot->g.torn;
    ret->running_count += slot->state == LG_SLOT_RUNNING;
    if (r->options->with_labels && slot->g.labels != 0)
        slot->g.label = lg_go_label_set(r, slot->g.labels);
    to_group(r, &slot->g);
    keep(r, slot);
}
