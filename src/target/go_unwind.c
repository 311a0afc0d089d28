/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_unwind.h"

/* Counters of a program that are return addresses on stacks at one moment: a
 * few thousand. Memory that lies can name each byte of the text. */
#define MAX_COUNTERS ((size_t)1 << 18)
#define FIRST_SLOTS 1024
/* Go's stacks are at most 1 GB (2 GB with debug.SetMaxStack beyond sense). */
#define MAX_DELTA ((int64_t)1 << 31)
/* arm64: what sighandler pushes when it fakes a call. Go 1.27: minFrameSize
 * aligned to stackAlign. */
#define ARM64_INJECTED_BYTES 16

void lg_go_counters_init(struct lg_go_counters *c, struct lg_go *go,
                         struct lg_arena *arena)
{
    *c = (struct lg_go_counters){.go = go, .arena = arena};
}

static uint8_t flags_of(const struct lg_go_func *f, uint64_t pc)
{
    uint8_t flags = LG_COUNTER_GO;
    if ((f->flags & LG_GO_FLAG_TOP_FRAME) != 0)
        flags |= LG_COUNTER_TOP;
    /* It writes sp, but both stacks have its frame meanwhile. */
    if ((f->flags & LG_GO_FLAG_SP_WRITE) != 0 && f->kind != LG_FUNC_CGOCALLBACK)
        flags |= LG_COUNTER_SP_WRITE;
    if (f->kind == LG_FUNC_SIGPANIC || f->kind == LG_FUNC_ASYNC_PREEMPT ||
        f->kind == LG_FUNC_DEBUG_CALL)
        flags |= LG_COUNTER_INJECTED;
    if (pc == f->entry)
        flags |= LG_COUNTER_AT_ENTRY;
    return flags;
}

static struct lg_go_counter decode(const struct lg_go *go, uint64_t pc)
{
    struct lg_go_counter c = {.pc = pc};
    const struct lg_go_module *module = lg_go_module_find(go, pc);
    struct lg_go_func f;
    if (module == NULL || !lg_go_func_at(&module->table, pc, &f))
        return c;
    int64_t delta = lg_go_func_sp_delta(&f, pc);
    c.flags = flags_of(&f, pc);
    if (delta < 0 || delta >= MAX_DELTA)
        c.flags |= LG_COUNTER_NO_TABLE;
    else
        c.delta = (int32_t)delta;
    return c;
}

static struct lg_go_counter *slot_of(struct lg_go_counter *slots, size_t count,
                                     uint64_t pc)
{
    size_t i = (size_t)((pc * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
    for (;; i++) {
        struct lg_go_counter *slot = &slots[i & (count - 1)];
        if (slot->pc == pc || slot->pc == 0)
            return slot;
    }
}

/* Room for one more with half of the slots free; false: there is none. */
static bool grow(struct lg_go_counters *c)
{
    if (c->count * 2 < c->slot_count)
        return true;
    if (c->count >= MAX_COUNTERS)
        return false;
    size_t count = c->slot_count != 0 ? c->slot_count * 4 : FIRST_SLOTS;
    struct lg_go_counter *slots = lg_new(c->arena, struct lg_go_counter, count);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i].pc != 0)
            *slot_of(slots, count, c->slots[i].pc) = c->slots[i];
    c->slots = slots;
    c->slot_count = count;
    return true;
}

struct lg_go_counter lg_go_counter_at(struct lg_go_counters *c, uint64_t pc)
{
    if (c->slot_count != 0 && pc != 0) {
        struct lg_go_counter *slot = slot_of(c->slots, c->slot_count, pc);
        if (slot->pc == pc)
            return *slot;
    }
    struct lg_go_counter fresh = decode(c->go, pc);
    /* Foreign counters are not kept: there is no end of them. */
    if (fresh.flags != 0 && pc != 0 && grow(c)) {
        *slot_of(c->slots, c->slot_count, pc) = fresh;
        c->count++;
    }
    return fresh;
}

static bool word_at(struct lg_unwind *u, const struct lg_go_window *w,
                    uint64_t address, uint64_t *ret)
{
    if (address < w->address || address >= w->end ||
        w->end - address < sizeof *ret) {
        u->wants = address;
        return false;
    }
    memcpy(ret, w->bytes + (address - w->address), sizeof *ret);
    return true;
}

/* The counter was 0: somebody called a nil function. It stands in its caller.
 */
static bool skip_nil_call(struct lg_unwind *u, const struct lg_go_window *w,
                          bool has_link)
{
    if (!word_at(u, w, u->sp, &u->pc))
        return false;
    if (has_link)
        u->link = 0;
    else
        u->sp += 8;
    return true;
}

/* Foreign code at the leaf: the compiler's frame pointers lead out of it. */
static enum lg_unwind_step by_frame_pointer(struct lg_unwind *u,
                                            struct lg_go_counters *counters,
                                            const struct lg_go_window *w)
{
    uint64_t saved, pc;
    if (u->bp < u->sp || u->bp % 8 != 0 || u->bp >= u->hi || u->hi - u->bp < 16)
        return LG_UNWIND_END;
    if (!word_at(u, w, u->bp, &saved) || !word_at(u, w, u->bp + 8, &pc))
        return LG_UNWIND_SHORT;
    if ((lg_go_counter_at(counters, pc).flags & LG_COUNTER_GO) == 0)
        return LG_UNWIND_END;
    u->pc = pc;
    u->sp = u->bp + 16;
    u->bp = saved;
    u->is_trap = u->is_innermost = false;
    return LG_UNWIND_FRAME;
}

/* Where arm64 keeps the caller of the frame at [sp, fp). */
static bool arm64_link(struct lg_unwind *u, const struct lg_go_window *w,
                       uint64_t fp, uint64_t *ret)
{
    if ((u->is_innermost && u->sp < fp) || u->link == 0)
        return word_at(u, w, u->sp, ret);
    *ret = u->link;
    return true;
}

/* sighandler saved the link register on the stack before it faked the call. */
static bool arm64_injected(struct lg_unwind *u, const struct lg_go_window *w,
                           struct lg_go_counters *counters)
{
    uint64_t link;
    if (!word_at(u, w, u->sp, &link))
        return false;
    u->sp += ARM64_INJECTED_BYTES;
    struct lg_go_counter at = lg_go_counter_at(counters, u->pc);
    if ((at.flags & LG_COUNTER_GO) == 0)
        u->pc = link;
    else if (at.delta == 0)
        u->link = link;
    return true;
}

static enum lg_unwind_step to_caller(struct lg_unwind *u,
                                     struct lg_go_counters *counters,
                                     const struct lg_go_window *w,
                                     struct lg_go_counter at, bool has_link)
{
    struct lg_unwind before = *u;
    uint64_t fp = u->sp + (uint64_t)at.delta + (has_link ? 0 : 8), pc;
    if (fp < u->sp || fp > u->hi)
        return LG_UNWIND_LOST;
    if (has_link ? !arm64_link(u, w, fp, &pc) : !word_at(u, w, fp - 8, &pc))
        return LG_UNWIND_SHORT;
    bool injected = (at.flags & LG_COUNTER_INJECTED) != 0;
    /* The same frame again: no way up. */
    if (pc == u->pc && fp == u->sp)
        return LG_UNWIND_LOST;
    u->pc = pc;
    u->sp = fp;
    u->link = 0;
    u->is_trap = injected;
    u->is_innermost = u->is_syscall = false;
    if (has_link && injected && !arm64_injected(u, w, counters)) {
        before.wants = u->wants;
        *u = before;
        return LG_UNWIND_SHORT;
    }
    if ((lg_go_counter_at(counters, u->pc).flags & LG_COUNTER_GO) != 0)
        return LG_UNWIND_FRAME;
    /* Go's stacks end in a top frame: 0 is no end, but memory that moved. */
    return LG_UNWIND_LOST;
}

enum lg_unwind_step lg_unwind_next(struct lg_unwind *u,
                                   struct lg_go_counters *counters,
                                   const struct lg_go_window *window)
{
    bool has_link = counters->go->image->machine == LG_ARM64;
    if (u->pc == 0 && u->is_innermost && !skip_nil_call(u, window, has_link))
        return LG_UNWIND_SHORT;
    struct lg_go_counter at = lg_go_counter_at(counters, u->pc);
    if ((at.flags & LG_COUNTER_GO) == 0 && u->is_innermost && !has_link) {
        enum lg_unwind_step step = by_frame_pointer(u, counters, window);
        if (step != LG_UNWIND_FRAME)
            return step;
        at = lg_go_counter_at(counters, u->pc);
    }
    if ((at.flags & LG_COUNTER_GO) == 0 ||
        (at.flags & LG_COUNTER_NO_TABLE) != 0)
        return LG_UNWIND_END;
    bool is_call = !u->is_trap && (at.flags & LG_COUNTER_AT_ENTRY) == 0;
    uint64_t shown = is_call ? u->pc - 1 : u->pc;
    bool is_top = (at.flags & LG_COUNTER_TOP) != 0;
    if (is_top || ((at.flags & LG_COUNTER_SP_WRITE) != 0 && !u->is_syscall)) {
        u->shown_pc = shown;
        return is_top ? LG_UNWIND_LAST : LG_UNWIND_LOST;
    }
    enum lg_unwind_step step = to_caller(u, counters, window, at, has_link);
    if (step != LG_UNWIND_SHORT)
        u->shown_pc = shown;
    return step;
}
