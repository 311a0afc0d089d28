/* SPDX-License-Identifier: Apache-2.0 */
/* A chunk of goroutines in gathered reads; see go_gather.h. Hot: besides the
 * copies of their bytes, a goroutine costs about 60 ns here. */
#include "target/go_gather.h"

static void parse(void *context, const struct lg_fetch *fetch,
                  const uint8_t *bytes)
{
    struct lg_go_gather *r = context;
    struct lg_go_slot *slot = &r->slots[fetch->tag];
    slot->state = LG_SLOT_UNREADABLE;
    if (bytes == NULL ||
        !lg_go_g_parse(&r->layout, fetch->address, bytes, &slot->g))
        return;
    switch (slot->g.status) {
    case LG_STATUS_IDLE:
    case LG_STATUS_DEAD:
    case LG_STATUS_DEADEXTRA:
        slot->state = LG_SLOT_GONE;
        break;
    case LG_STATUS_RUNNING:
        slot->state = slot->g.in_syscall ? LG_SLOT_SHORT : LG_SLOT_RUNNING;
        break;
    default: /* one whose stack is copied as well: sched leads into the old one
                until it leads into the new one (Go: runtime/stack.go,
                copystack) */
        slot->state = LG_SLOT_SHORT;
    }
}

static void read_structs(struct lg_go_gather *r, const uint64_t *addresses,
                         size_t n)
{
    for (size_t i = 0; i < n; i++)
        r->fetches[i] = (struct lg_fetch){
            .address = addresses[i],
            .bytes = r->layout.bytes,
            .tag = (uint32_t)i,
        };
    if (!lg_image_fetch(r->go->image, r->fetches, n, parse, r))
        r->failed = true;
}

static void compare(void *context, const struct lg_fetch *fetch,
                    const uint8_t *bytes)
{
    struct lg_go_gather *r = context;
    struct lg_go_slot *slot = &r->slots[fetch->tag];
    if (bytes == NULL || !lg_go_g_same(&r->layout, bytes, &slot->g))
        slot->state = LG_SLOT_MOVED;
}

/* A stack that was read while its goroutine ran is no stack. */
static void check_moves(struct lg_go_gather *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->slot_count; i++)
        if (r->slots[i].state == LG_SLOT_READ)
            r->fetches[n++] = (struct lg_fetch){
                .address = r->slots[i].g.address,
                .bytes = r->layout.moment_bytes,
                .tag = (uint32_t)i,
            };
    if (!lg_image_fetch(r->go->image, r->fetches, n, compare, r))
        r->failed = true;
}

/* A census: where it stands is a stack of one frame, and there are more. */
static void skip_stacks(struct lg_go_gather *r)
{
    for (size_t i = 0; i < r->slot_count && !r->failed; i++) {
        struct lg_go_slot *slot = &r->slots[i];
        if (slot->state != LG_SLOT_SHORT && slot->state != LG_SLOT_RUNNING)
            continue;
        uint64_t pc = slot->g.pc - 1;
        struct lg_go_walked one = {.pcs = &pc, .count = 1, .is_cut = true};
        if (slot->state == LG_SLOT_SHORT &&
            !lg_go_stack_tree_add(&r->tree, &one, &slot->g.stack))
            r->failed = true;
        slot->state = LG_SLOT_READ;
    }
}

static void put_off(struct lg_go_gather *r, const struct lg_go_slot *slot)
{
    struct lg_go_later *later = lg_push(&r->scratch, &r->later);
    if (later == NULL) {
        r->failed = true;
        return;
    }
    *later = (struct lg_go_later){
        .address = slot->g.address,
        .item =
            slot->item != 0 ? slot->item : lg_go_reserve_item(r, slot->g.id),
    };
}

static void settle_chunk(struct lg_go_gather *r)
{
    for (size_t i = 0; i < r->slot_count && !r->failed; i++) {
        struct lg_go_slot *slot = &r->slots[i];
        bool unsettled =
            slot->state == LG_SLOT_MOVED || slot->state == LG_SLOT_RUNNING;
        if (unsettled && !r->is_last) {
            put_off(r, slot);
            continue;
        }
        if (slot->state == LG_SLOT_MOVED) {
            slot->g.torn = true;
            slot->g.stack = 0;
        }
        lg_go_settle(r, slot);
    }
}

void lg_go_gather_chunk(struct lg_go_gather *r, const uint64_t *addresses,
                        const uint32_t *items, size_t n)
{
    r->slot_count = n;
    for (size_t i = 0; i < n; i++)
        r->slots[i].item = items != NULL ? items[i] : 0;
    read_structs(r, addresses, n);
    if (r->options->max_frames == 0) {
        skip_stacks(r);
    } else if (!r->failed) {
        if (r->is_still)
            lg_go_place_running(r);
        lg_go_walk_chunk(r);
        if (!r->is_still && !r->failed)
            check_moves(r);
    }
    if (!r->failed)
        settle_chunk(r);
}
