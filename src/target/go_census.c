/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_census.h"

static const struct field {
    enum lg_go_field field;
    size_t at; /* in struct lg_go_g_layout */
    uint8_t width;
    bool is_optional, is_moment;
} fields[] = {
#define FIELD(id, name, bytes, optional, moment)                               \
    {                                                                          \
        id, offsetof(struct lg_go_g_layout, name), bytes, optional, moment     \
    }
    FIELD(LG_G_STACK_LO, stack_lo, 8, false, true),
    FIELD(LG_G_STACK_HI, stack_hi, 8, false, true),
    FIELD(LG_G_M, m, 8, false, false),
    FIELD(LG_G_SCHED_SP, sched_sp, 8, false, true),
    FIELD(LG_G_SCHED_PC, sched_pc, 8, false, true),
    FIELD(LG_G_SCHED_G, sched_g, 8, false, false),
    FIELD(LG_G_SYSCALLSP, syscall_sp, 8, false, true),
    FIELD(LG_G_SYSCALLPC, syscall_pc, 8, false, true),
    FIELD(LG_G_STATUS, status, 4, false, true),
    FIELD(LG_G_GOID, id, 8, false, true),
    FIELD(LG_G_WAITSINCE, wait_since, 8, false, false),
    FIELD(LG_G_WAITREASON, reason, 1, false, false),
    FIELD(LG_G_TRACKING_SEQ, moves, 1, true, true),
    FIELD(LG_G_GOPC, go_pc, 8, false, false),
    FIELD(LG_G_STARTPC, start_pc, 8, false, false),
    FIELD(LG_G_WAITING, waiting, 8, false, false),
    FIELD(LG_G_LABELS, labels, 8, false, false),
    FIELD(LG_G_LOCKEDM, locked_m, 8, false, false),
    FIELD(LG_G_PARENT_GOID, parent_id, 8, true, false),
    FIELD(LG_G_BUBBLE, bubble, 8, true, false),
    FIELD(LG_G_RUNNING_CLEANUPS, cleanups, 1, true, false),
#undef FIELD
};

bool lg_go_g_layout(const struct lg_go_layout *from, struct lg_go_g_layout *ret,
                    struct lg_error *err)
{
    struct lg_go_g_layout l = {0};
    for (size_t i = 0; i < LG_COUNT(fields); i++) {
        const struct field *f = &fields[i];
        int32_t at = from->offset[f->field];
        if (at == LG_GO_ABSENT && f->is_optional)
            continue;
        if (at < 0 || at > LG_GO_G_BYTES_MAX - 8)
            return lg_fail(err, LG_UNSUPPORTED,
                           "%s: the layout of a goroutine lacks a field",
                           from->name);
        uint16_t offset = (uint16_t)at;
        memcpy((char *)&l + f->at, &offset, sizeof offset);
        uint32_t end = (uint32_t)at + f->width;
        if (end > l.bytes)
            l.bytes = end;
        if (f->is_moment && end > l.moment_bytes)
            l.moment_bytes = end;
    }
    *ret = l;
    return true;
}

static inline uint64_t u64_at(const uint8_t *bytes, uint16_t at)
{
    uint64_t value;
    memcpy(&value, bytes + at, sizeof value);
    return value;
}

static inline uint32_t u32_at(const uint8_t *bytes, uint16_t at)
{
    uint32_t value;
    memcpy(&value, bytes + at, sizeof value);
    return value;
}

#define SCAN_BIT 0x1000u

/* In a system call the scheduler's fields are those of the last switch. */
static inline void place_of(const struct lg_go_g_layout *l,
                            const uint8_t *bytes, uint64_t *pc, uint64_t *sp)
{
    uint64_t syscall_sp = u64_at(bytes, l->syscall_sp);
    *sp = syscall_sp != 0 ? syscall_sp : u64_at(bytes, l->sched_sp);
    *pc = u64_at(bytes, syscall_sp != 0 ? l->syscall_pc : l->sched_pc);
}

bool lg_go_g_parse(const struct lg_go_g_layout *l, uint64_t address,
                   const uint8_t *bytes, struct lg_go_g *ret)
{
    uint32_t status = u32_at(bytes, l->status);
    uint64_t sched_g = u64_at(bytes, l->sched_g);
    *ret = (struct lg_go_g){
        .address = address,
        .id = u64_at(bytes, l->id),
        .parent_id = l->parent_id != 0 ? u64_at(bytes, l->parent_id) : 0,
        .go_pc = u64_at(bytes, l->go_pc),
        .start_pc = u64_at(bytes, l->start_pc),
        .wait_since = u64_at(bytes, l->wait_since),
        .stack_lo = u64_at(bytes, l->stack_lo),
        .stack_hi = u64_at(bytes, l->stack_hi),
        .waiting = u64_at(bytes, l->waiting),
        .labels = u64_at(bytes, l->labels),
        .m = u64_at(bytes, l->m),
        .bubble = l->bubble != 0 ? u64_at(bytes, l->bubble) : 0,
        .status = (uint8_t)(status & ~SCAN_BIT),
        .reason = bytes[l->reason],
        .moves = l->moves != 0 ? bytes[l->moves] : 0,
        .locked = u64_at(bytes, l->locked_m) != 0,
        .scanned = (status & SCAN_BIT) != 0,
        .in_syscall = u64_at(bytes, l->syscall_sp) != 0,
        .in_cleanup = l->cleanups != 0 && bytes[l->cleanups] != 0,
    };
    if (ret->m == 0) /* parked, but that thread runs nothing else */
        ret->m = u64_at(bytes, l->locked_m);
    place_of(l, bytes, &ret->pc, &ret->sp);
    if ((status & ~SCAN_BIT) > LG_STATUS_DEADEXTRA)
        return false;
    if (ret->status == LG_STATUS_IDLE || ret->status == LG_STATUS_DEAD ||
        ret->status == LG_STATUS_DEADEXTRA)
        return true;
    return ret->id != 0 && ret->stack_lo < ret->stack_hi &&
           (sched_g == address || sched_g == 0);
}

bool lg_go_g_same(const struct lg_go_g_layout *l, const uint8_t *bytes,
                  const struct lg_go_g *before)
{
    uint64_t pc, sp;
    place_of(l, bytes, &pc, &sp);
    return u64_at(bytes, l->id) == before->id && pc == before->pc &&
           sp == before->sp &&
           (l->moves == 0 || bytes[l->moves] == before->moves) &&
           (u32_at(bytes, l->status) & ~SCAN_BIT) == before->status &&
           u64_at(bytes, l->stack_lo) == before->stack_lo &&
           u64_at(bytes, l->stack_hi) == before->stack_hi;
}
