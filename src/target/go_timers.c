/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_procs.h"

/* Dead Ms, and blocks of finalizers, are reused: neither list is long. Each of
 * the latter holds a hundred. */
#define MAX_FIN_BLOCKS ((uint64_t)1 << 20)

/* A field of the target's width; false: it has none, or cannot be read. */
static bool field(struct lg_go *go, uint64_t object, enum lg_go_field f,
                  uint64_t *ret)
{
    uint64_t value = 0;
    uint8_t width = go->layout->width[f];
    if (object == 0 || !lg_go_has(go->layout, f) || width == 0 ||
        width > sizeof value ||
        !lg_image_read(go->image, object + (uint64_t)go->layout->offset[f],
                       &value, width))
        return false;
    *ret = value;
    return true;
}

/* The number of timers is that of the heap; dead ones are counted beside it.
 * Go 1.23: a struct of its own with zombies, before it deletedTimers. */
struct lg_num lg_go_timers_count(struct lg_go *go,
                                 const struct lg_go_procs *procs)
{
    uint64_t total = 0;
    lg_each(p, procs->items) {
        uint64_t all, dead = 0;
        if (!field(go, *p, LG_P_TIMERS_COUNT, &all))
            return (struct lg_num){0};
        (void)field(go, *p, LG_P_TIMERS_DEAD, &dead);
        /* 32 bits, negative for a moment while one is taken out. */
        int32_t gone = (int32_t)dead;
        if (gone > 0)
            all = all > (uint64_t)gone ? all - (uint64_t)gone : 0;
        total += all;
    }
    return procs->items.count != 0 ? lg_known(total) : (struct lg_num){0};
}

/* Go 1.27: runtime/proc.go, gcount. */
struct lg_num lg_go_goroutines_count(struct lg_go *go,
                                     const struct lg_go_procs *procs)
{
    uint64_t all, sched = go->vars[LG_VAR_SCHED], part, system;
    if (go->vars[LG_VAR_ALLGS] == 0 || procs->items.count == 0 ||
        !lg_image_u64(go->image, go->vars[LG_VAR_ALLGS] + 8, &all) ||
        !field(go, sched, LG_SCHED_NGSYS, &system))
        return (struct lg_num){0};
    int64_t live = (int64_t)all - (int32_t)system;
    if (field(go, sched, LG_SCHED_GFREE_COUNT, &part))
        live -= (int32_t)part;
    if (field(go, sched, LG_SCHED_GFREE_STACK_COUNT, &part))
        live -= (int32_t)part;
    if (field(go, sched, LG_SCHED_GFREE_NO_STACK_COUNT, &part))
        live -= (int32_t)part;
    lg_each(p, procs->items)
        if (field(go, *p, LG_P_GFREE_COUNT, &part))
            live -= (int32_t)part;
    return lg_known(live > 1 ? (uint64_t)live : 1);
}

struct lg_num lg_go_threads_count(struct lg_go *go)
{
    uint64_t made, freed, sched = go->vars[LG_VAR_SCHED];
    if (!field(go, sched, LG_SCHED_MNEXT, &made) ||
        !field(go, sched, LG_SCHED_NMFREED, &freed) || freed > made)
        return (struct lg_num){0};
    return lg_known(made - freed);
}

struct lg_num lg_go_finalizers_count(struct lg_go *go)
{
    uint64_t block, count, total = 0;
    uint64_t variable = go->vars[LG_VAR_ALLFIN];
    if (variable == 0 || !lg_go_has(go->layout, LG_FINBLOCK_ALLLINK) ||
        !lg_image_u64(go->image, variable, &block))
        return (struct lg_num){0};
    for (uint64_t i = 0; block != 0; i++) {
        if (i == MAX_FIN_BLOCKS || !field(go, block, LG_FINBLOCK_CNT, &count) ||
            !field(go, block, LG_FINBLOCK_ALLLINK, &block))
            return (struct lg_num){0};
        total += count;
    }
    return lg_known(total);
}
