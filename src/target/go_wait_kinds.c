/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_wait_kinds.h"

/* Reasons as the runtime words them, without " (durable)" and the like.
 * Go 1.27: runtime/runtime2.go, waitReasonStrings. */
static const struct {
    struct lg_str reason;
    enum lg_go_wait_kind kind;
} reasons[] = {
    {LG_STR("chan receive (nil chan)"), LG_ON_NIL_CHAN},
    {LG_STR("chan send (nil chan)"), LG_ON_NIL_CHAN},
    {LG_STR("chan receive"), LG_ON_CHAN},
    {LG_STR("chan send"), LG_ON_CHAN},
    {LG_STR("select (no cases)"), LG_ON_NONE},
    {LG_STR("select"), LG_ON_SELECT},
    {LG_STR("sync.Mutex.Lock"), LG_ON_MUTEX},
    {LG_STR("sync.RWMutex.RLock"), LG_ON_RWMUTEX_READ},
    {LG_STR("sync.RWMutex.Lock"), LG_ON_RWMUTEX_WRITE},
    {LG_STR("sync.WaitGroup.Wait"), LG_ON_WAIT_GROUP},
    {LG_STR("sync.Cond.Wait"), LG_ON_COND},
    {LG_STR("semacquire"), LG_ON_SEMAPHORE},
    {LG_STR("sleep"), LG_ON_TIMER},
    {LG_STR("IO wait"), LG_ON_IO},
};

/* Who asked for the semaphore, where the runtime has no word of its own for it:
 * locks ≤ 1.19, wait groups ≤ 1.23. */
static const struct {
    struct lg_str function;
    enum lg_go_wait_kind kind;
} callers[] = {
    {LG_STR("sync.(*Mutex).lockSlow"), LG_ON_MUTEX},
    {LG_STR("sync.(*RWMutex).RLock"), LG_ON_RWMUTEX_READ},
    {LG_STR("sync.(*RWMutex).Lock"), LG_ON_RWMUTEX_WRITE},
    {LG_STR("sync.(*WaitGroup).Wait"), LG_ON_WAIT_GROUP},
};
/* gopark, goparkunlock, semacquire1, sync.runtime_…, the caller, one to spare.
 */
#define MAX_PARKING_FRAMES 6

static enum lg_go_wait_kind kind_of_caller(struct lg_go_gather *r,
                                           uint32_t node)
{
    for (int i = 0; i < MAX_PARKING_FRAMES && node != 0; i++) {
        const struct lg_go_stack_node *n = &r->ret->stacks.items[node];
        const struct lg_go_place *place =
            lg_go_symbols_place(&r->symbols, n->pc);
        if (place == NULL || place->line_count == 0)
            break;
        const struct lg_go_shown_line *lines =
            lg_go_place_lines(&r->symbols, place);
        for (uint32_t k = 0; k < place->line_count; k++)
            for (size_t c = 0; c < LG_COUNT(callers); c++)
                if (lg_str_eq(lines[k].function, callers[c].function))
                    return callers[c].kind;
        node = n->parent;
    }
    return LG_ON_SEMAPHORE;
}

enum lg_go_wait_kind lg_go_wait_kind_of(struct lg_go_gather *r,
                                        const struct lg_go_g *g)
{
    struct lg_str reason = lg_go_wait_reason(r->go, g->reason);
    for (size_t i = 0; i < LG_COUNT(reasons); i++) {
        struct lg_str rest;
        if (!lg_str_after(reason, reasons[i].reason, &rest) ||
            (rest.len != 0 && !lg_str_starts(rest, LG_STR(" ("))))
            continue;
        return reasons[i].kind == LG_ON_SEMAPHORE ? kind_of_caller(r, g->stack)
                                                  : reasons[i].kind;
    }
    return LG_ON_NONE;
}

/* Where the semaphore lies in its object, bytes. sync.Mutex {state i32, sema
 * u32}; RWMutex {w Mutex, writerSem, readerSem, …}; WaitGroup ≥ 1.20 {state
 * u64, sema u32}; 1.18, 1.19 the same when its address is aligned by 8. Cond
 * {L, notify notifyList@16}. */
static uint64_t offset_of_sema(enum lg_go_wait_kind kind)
{
    switch (kind) {
    case LG_ON_MUTEX:
        return 4;
    case LG_ON_RWMUTEX_WRITE:
    case LG_ON_WAIT_GROUP:
        return 8;
    case LG_ON_RWMUTEX_READ:
        return 12;
    case LG_ON_COND:
        return 16;
    default:
        return 0;
    }
}

void lg_go_place_semas(struct lg_go_waits *w)
{
    for (size_t i = 0; i < w->work.count; i++) {
        struct lg_go_wait *wait = &w->r->ret->waits.items[i];
        uint64_t sema = w->work.items[i].sema;
        uint64_t offset = offset_of_sema(wait->kind);
        if (sema > offset)
            wait->address = sema - offset;
    }
}
