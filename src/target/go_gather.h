/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: how goroutines are read, in chunks, each in three gathered reads:
 *
 *     g structs ──▶ stack tops ──▶ g structs again ──▶ settled, or "later"
 *     (parse)       (walk, intern)  (did it move?)      (read once more, then
 *                                                        in the pause)
 *
 * Nothing is allocated per goroutine; what a chunk needs is reused by the next.
 */
#ifndef LG_TARGET_GO_GATHER_H
#define LG_TARGET_GO_GATHER_H

#include "target/go_census.h"
#include "target/go_stack_tree.h"
#include "target/go_symbolise.h"
#include "target/go_unwind.h"

/* Enough that sorting by address pays, little enough to stay in the cache's
 * reach: 16,384 records are 3 MB. */
#define LG_GO_CHUNK 16384
/* Of stacks deeper than both together, the innermost and outermost are kept.
 * The runtime prints 50 and 50 frames as people see them; hidden and inlined
 * ones make a physical frame none or several. */
#define LG_GO_KEEP_INNER 128
#define LG_GO_KEEP_OUTER 128

enum lg_go_slot_state {
    LG_SLOT_GONE,       /* not there any more, or not to be counted */
    LG_SLOT_UNREADABLE, /* its g cannot be read, or is none */
    LG_SLOT_RUNNING,    /* its registers are its place: needs a pause */
    LG_SLOT_READ,       /* stack read as far as asked for */
    LG_SLOT_SHORT,      /* more of its stack is needed */
    LG_SLOT_MOVED,      /* it went on while it was read */
};

struct lg_go_slot {
    struct lg_go_g g;
    uint32_t item; /* of ret->items that is kept free for it, + 1; 0: none */
    uint8_t state; /* enum lg_go_slot_state */
};

struct lg_go_later { /* to be read once more */
    uint64_t address;
    uint32_t item;
};

struct lg_go_gather {
    struct lg_go *go;
    const struct lg_go_goroutines_options *options;
    struct lg_arena *arena; /* of the result */
    struct lg_arena scratch;
    struct lg_go_goroutines *ret;
    struct lg_go_g_layout layout;
    struct lg_go_counters counters;
    struct lg_go_stack_tree tree;
    struct lg_go_symbols symbols; /* for what was elided; on scratch */
    struct lg_map starts;         /* start pc → enum of go_groups.c */
    struct lg_map labels;         /* pointer → set + 1 */
    uint32_t *group_slots;        /* group index + 1; 0: free */
    size_t group_slot_count;
    struct lg_go_slot *slots; /* LG_GO_CHUNK */
    struct lg_fetch *fetches; /* LG_GO_CHUNK */
    size_t slot_count;
    LG_VEC(struct lg_go_later) later;
    uint32_t window_bytes;      /* of a stack, read at first; adapts */
    uint64_t walk_budget_bytes; /* of deep stacks that may still be read */
    uint64_t *walked; /* LG_GO_KEEP_INNER + LG_GO_KEEP_OUTER counters */
    uint8_t *deep;    /* LG_GO_DEEP_BYTES */
    bool is_still;    /* the target does not run: nothing can move */
    bool is_last;     /* what moves or runs now is settled without a stack */
    bool failed;      /* out of memory */
};

/* go_gather.c: reads n goroutines at these addresses into r->slots, settled as
 * far as can be without another try. items: as in struct lg_go_slot, or NULL
 * for a first try. */
void lg_go_gather_chunk(struct lg_go_gather *r, const uint64_t *addresses,
                        const uint32_t *items, size_t n);

/* go_walk.c: the stacks of all slots whose place is known. */
void lg_go_walk_chunk(struct lg_go_gather *r);
/* One stack, read as it is needed; start tells where it stands. */
#define LG_GO_DEEP_BYTES ((size_t)64 << 10)
void lg_go_walk_deep(struct lg_go_gather *r, struct lg_go_slot *slot,
                     struct lg_unwind start);
struct lg_unwind lg_go_walk_start(const struct lg_go_g *g);

/* go_groups.c: counts and keeps the slot's goroutine. */
void lg_go_settle(struct lg_go_gather *r, struct lg_go_slot *slot);
/* Keeps a place in items for one that is read later; 0: none is left. */
uint32_t lg_go_reserve_item(struct lg_go_gather *r, uint64_t id);

/* go_running.c: registers of the threads, while the target is paused or dead:
 * sets the place of the slots that run. */
void lg_go_place_running(struct lg_go_gather *r);

/* go_waits.c, go_labels.c: of items and of groups' examples. */
void lg_go_read_threads(struct lg_go_gather *r);
void lg_go_read_waits(struct lg_go_gather *r);
uint32_t lg_go_label_set(struct lg_go_gather *r, uint64_t labels);

#endif
