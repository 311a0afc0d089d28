/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that run: their place is in the registers of their thread, or,
 * when the thread is on another stack, where it left this one. Asked while the
 * target is paused, or of a core. */
#include "target/go_gather.h"

/* More threads than this a Go program may not have (debug.SetMaxThreads). */
#define MAX_M_BYTES 8192

/* A thread in the vDSO is on its scheduler's stack, without a switch. */
static bool place_in_vdso(struct lg_go *go, const uint8_t *m,
                          struct lg_unwind *u)
{
    uint64_t sp = lg_go_get(go, m, LG_M_VDSO_SP);
    if (sp == 0)
        return false;
    u->sp = sp;
    u->pc = lg_go_get(go, m, LG_M_VDSO_PC);
    u->is_trap = false;
    return true;
}

static bool read_m(struct lg_go *go, uint64_t address, uint8_t *m)
{
    int32_t bytes = go->layout->offset[LG_M_SIZE];
    return address != 0 && bytes > 0 && bytes <= MAX_M_BYTES &&
           lg_image_read(go->image, address, m, (size_t)bytes);
}

/* In a signal's handler: what it interrupted is not where sched says. */
static bool is_on_signal_stack(struct lg_go_gather *r, const uint8_t *m,
                               uint64_t sp)
{
    uint8_t bytes[LG_GO_G_BYTES_MAX];
    struct lg_go_g signal;
    uint64_t address = lg_go_get(r->go, m, LG_M_GSIGNAL);
    if (address == 0 ||
        !lg_image_read(r->go->image, address, bytes, r->layout.bytes))
        return false;
    (void)lg_go_g_parse(&r->layout, address, bytes, &signal);
    return sp > signal.stack_lo && sp <= signal.stack_hi;
}

static bool place_of(struct lg_go_gather *r, const struct lg_go_g *g,
                     struct lg_unwind *u)
{
    _Alignas(8) uint8_t m[MAX_M_BYTES];
    if (!read_m(r->go, g->m, m))
        return false;
    if (place_in_vdso(r->go, m, u))
        return true;
    int64_t tid = (int64_t)lg_go_get(r->go, m, LG_M_PROCID);
    const struct lg_image_thread *t = lg_image_thread_find(r->go->image, tid);
    if (t == NULL || !t->known)
        return false;
    if (t->sp <= g->stack_lo || t->sp > g->stack_hi) /* on g0: sched is where it
                                                        left this stack */
        return !is_on_signal_stack(r, m, t->sp);
    u->pc = t->pc;
    u->sp = t->sp;
    u->bp = t->bp;
    u->link = t->link;
    u->is_trap = true;
    return true;
}

void lg_go_place_running(struct lg_go_gather *r)
{
    for (size_t i = 0; i < r->slot_count && !r->failed; i++) {
        struct lg_go_slot *slot = &r->slots[i];
        if (slot->state != LG_SLOT_RUNNING)
            continue;
        struct lg_unwind u = lg_go_walk_start(&slot->g);
        if (!place_of(r, &slot->g, &u))
            continue;
        slot->g.pc = u.pc;
        slot->g.sp = u.sp;
        lg_go_walk_deep(r, slot, u);
    }
}

struct thread_of {
    struct lg_go_gather *r;
    struct lg_map ids; /* m → thread id */
};

static void set_thread(struct thread_of *t, struct lg_go_g *g)
{
    bool fresh;
    uint64_t id = 0;
    if (g->m == 0)
        return;
    uint64_t *known = lg_map_put_u64(&t->ids, g->m, &fresh);
    if (known == NULL) {
        t->r->failed = true;
        return;
    }
    int32_t at = t->r->go->layout->offset[LG_M_PROCID];
    if (fresh && at != LG_GO_ABSENT &&
        lg_image_u64(t->r->go->image, g->m + (uint64_t)at, &id))
        *known = id;
    g->thread_id = (int64_t)*known;
}

void lg_go_read_threads(struct lg_go_gather *r)
{
    struct thread_of t = {.r = r};
    lg_map_init(&t.ids, &r->scratch);
    lg_each(g, r->ret->items)
        set_thread(&t, g);
    lg_each(group, r->ret->groups)
        set_thread(&t, &group->example);
}
