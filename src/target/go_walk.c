/* SPDX-License-Identifier: Apache-2.0 */
/* The stacks of a chunk: tops in one gathered read, walked from the bytes where
 * they lie; what is deeper is read singly. The cost of a stack of 8 frames is
 * its bytes' copy and about 200 ns. */
#include "target/go_gather.h"
#include "target/go_shown.h"

/* The first read of a stack takes so much and doubles up to the second when
 * many stacks need more. */
#define MAX_WINDOW_BYTES 16384u
/* debug.SetMaxStack beyond this makes no sense: the runtime's own ceiling is
 * twice the default of 1 GB. */
#define MAX_STACK_BYTES (UINT64_C(2) << 30)

#define KEEP (LG_GO_KEEP_INNER + LG_GO_KEEP_OUTER)

/* What has been walked of one stack. */
struct walk {
    struct lg_go_gather *r;
    uint64_t count;  /* frames in all */
    uint64_t elided; /* as people see them, of those that are not kept */
    bool is_lost;    /* its memory contradicts itself */
    bool is_odd;     /* it ends where stacks seldom end */
};

struct lg_unwind lg_go_walk_start(const struct lg_go_g *g)
{
    return (struct lg_unwind){
        .pc = g->pc,
        .sp = g->sp,
        .hi = g->stack_hi,
        .is_innermost = true,
        .is_syscall = g->in_syscall,
    };
}

static bool can_walk(const struct lg_go_g *g)
{
    return g->sp > g->stack_lo && g->sp < g->stack_hi && g->sp % 8 == 0 &&
           g->stack_hi - g->stack_lo <= MAX_STACK_BYTES;
}

/* Behind the innermost ones lies a ring of the last ones. */
static void add_frame(struct walk *w, uint64_t pc)
{
    uint64_t *place = &w->r->walked[w->count];
    if (w->count >= KEEP) {
        place = &w->r->walked[LG_GO_KEEP_INNER +
                              (w->count - LG_GO_KEEP_INNER) % LG_GO_KEEP_OUTER];
        w->elided += lg_go_shown_count(&w->r->symbols, *place);
    }
    *place = pc;
    w->count++;
}

static void straighten(uint64_t *ring, uint64_t first)
{
    uint64_t copy[LG_GO_KEEP_OUTER];
    memcpy(copy, ring, sizeof copy);
    for (uint64_t i = 0; i < LG_GO_KEEP_OUTER; i++)
        ring[i] = copy[(first + i) % LG_GO_KEEP_OUTER];
}

static struct lg_go_walked finish(struct walk *w, bool is_cut)
{
    if (w->count > KEEP)
        straighten(w->r->walked + LG_GO_KEEP_INNER,
                   (w->count - LG_GO_KEEP_INNER) % LG_GO_KEEP_OUTER);
    return (struct lg_go_walked){
        .pcs = w->r->walked,
        .count = (uint32_t)(w->count < KEEP ? w->count : KEEP),
        .elided_at = LG_GO_KEEP_INNER,
        .elided = w->elided,
        .is_cut = is_cut,
    };
}

/* A goroutine can have run and come back to where its g says while its stack
 * was read; what leads nowhere was of two moments. */
static void intern(struct walk *w, struct lg_go_slot *slot, bool is_cut)
{
    struct lg_go_gather *r = w->r;
    struct lg_go_walked stack = finish(w, is_cut || w->is_lost);
    if ((w->is_lost && !r->is_still) || (w->is_odd && !r->is_last)) {
        slot->state = LG_SLOT_MOVED;
        return;
    }
    if (!lg_go_stack_tree_add(&r->tree, &stack, &slot->g.stack))
        r->failed = true;
    slot->g.torn |= w->is_lost;
    slot->state = LG_SLOT_READ;
}

/* As far as the window goes. SHORT: it has to go on; else the stack is done and
 * *is_cut_ret tells whether there would be more of it. */
static bool walk_window(struct walk *w, struct lg_unwind *u,
                        const struct lg_go_window *window, bool *is_cut_ret)
{
    uint32_t max = w->r->options->max_frames;
    *is_cut_ret = false;
    for (;;) {
        enum lg_unwind_step step = lg_unwind_next(u, &w->r->counters, window);
        if (step == LG_UNWIND_SHORT)
            return false;
        w->is_odd = step == LG_UNWIND_END;
        if (step == LG_UNWIND_END)
            return true;
        add_frame(w, u->shown_pc);
        w->is_lost = step == LG_UNWIND_LOST;
        if (step != LG_UNWIND_FRAME)
            return true;
        if (w->count >= max) {
            *is_cut_ret = true;
            return true;
        }
    }
}

/* The part of the stack that the walk wants next. false: not to be had. */
static bool read_more(struct lg_go_gather *r, const struct lg_unwind *u,
                      struct lg_go_window *window)
{
    if (u->wants < u->sp || u->wants >= u->hi || u->hi - u->wants < 8)
        return false;
    uint64_t bytes = u->hi - u->wants;
    if (bytes > LG_GO_DEEP_BYTES)
        bytes = LG_GO_DEEP_BYTES;
    if (bytes > r->walk_budget_bytes) {
        r->ret->truncated = true;
        return false;
    }
    r->walk_budget_bytes -= bytes;
    if (!lg_image_read(r->go->image, u->wants, r->deep, (size_t)bytes))
        return false;
    *window = (struct lg_go_window){
        .bytes = r->deep, .address = u->wants, .end = u->wants + bytes};
    return true;
}

void lg_go_walk_deep(struct lg_go_gather *r, struct lg_go_slot *slot,
                     struct lg_unwind start)
{
    struct walk w = {.r = r};
    struct lg_go_window window = {0};
    bool is_cut = true;
    if (start.hi - slot->g.stack_lo <= MAX_STACK_BYTES) {
        while (!walk_window(&w, &start, &window, &is_cut)) {
            is_cut = true;
            if (!read_more(r, &start, &window))
                break;
        }
    }
    intern(&w, slot, is_cut && w.count != 0);
}

static void walk_top(void *context, const struct lg_fetch *fetch,
                     const uint8_t *bytes)
{
    struct lg_go_gather *r = context;
    struct lg_go_slot *slot = &r->slots[fetch->tag];
    if (bytes == NULL) {
        slot->state = LG_SLOT_SHORT; /* singly, then */
        return;
    }
    struct walk w = {.r = r};
    struct lg_unwind u = lg_go_walk_start(&slot->g);
    struct lg_go_window window = {
        .bytes = bytes,
        .address = fetch->address,
        .end = fetch->address + fetch->bytes,
    };
    bool is_cut;
    slot->state = LG_SLOT_SHORT;
    if (walk_window(&w, &u, &window, &is_cut))
        intern(&w, slot, is_cut);
}

static size_t plan(struct lg_go_gather *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->slot_count; i++) {
        struct lg_go_slot *slot = &r->slots[i];
        if (slot->state != LG_SLOT_SHORT)
            continue;
        if (!can_walk(&slot->g)) {
            slot->state = LG_SLOT_READ; /* no stack to speak of */
            slot->g.torn = true;
            continue;
        }
        uint64_t bytes = slot->g.stack_hi - slot->g.sp;
        r->fetches[n++] = (struct lg_fetch){
            .address = slot->g.sp,
            .bytes =
                bytes < r->window_bytes ? (uint32_t)bytes : r->window_bytes,
            .tag = (uint32_t)i,
        };
    }
    return n;
}

void lg_go_walk_chunk(struct lg_go_gather *r)
{
    size_t n = plan(r), deep_count = 0;
    if (!lg_image_fetch(r->go->image, r->fetches, n, walk_top, r))
        r->failed = true;
    for (size_t i = 0; i < r->slot_count && !r->failed; i++) {
        struct lg_go_slot *slot = &r->slots[i];
        if (slot->state != LG_SLOT_SHORT)
            continue;
        lg_go_walk_deep(r, slot, lg_go_walk_start(&slot->g));
        deep_count++;
    }
    if (deep_count > n / 8 && r->window_bytes < MAX_WINDOW_BYTES)
        r->window_bytes *= 2;
}
