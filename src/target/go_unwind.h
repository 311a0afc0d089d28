/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: walking one goroutine's stack from a copy of its bytes, physical
 * frame by frame, exactly as the runtime walks it: frame sizes by program
 * counter from the pclntab, stops at top frames and where a function moves the
 * stack pointer, no step back into the call where a fault or a preemption was
 * injected. What is known of a counter is decoded once (lg_go_counters), so a
 * frame costs one lookup in a table: about 15 ns.
 *
 *     high  ┌─────────────┐ hi
 *           │ caller      │
 *           │ return pc   │ fp − 8     fp = sp + delta(pc) + 8   (amd64)
 *           │ locals      │            fp = sp + delta(pc)       (arm64:
 *     low   └─────────────┘ sp                       return pc at *sp)
 *
 * Source: Go 1.27 src/runtime/traceback.go (unwinder).
 */
#ifndef LG_TARGET_GO_UNWIND_H
#define LG_TARGET_GO_UNWIND_H

#include "target/go_process.h"

#define LG_COUNTER_GO 1u       /* a Go function holds it */
#define LG_COUNTER_NO_TABLE 2u /* no frame sizes: assembler glue, C */
#define LG_COUNTER_TOP 4u      /* the stack ends here */
#define LG_COUNTER_SP_WRITE 8u
#define LG_COUNTER_INJECTED 16u /* its caller did not call it */
#define LG_COUNTER_AT_ENTRY 32u

struct lg_go_counter {
    uint64_t pc; /* as it stands on the stack; 0: free slot */
    int32_t delta;
    uint8_t flags;
};

/* What is known of counters. Grows to a bound; beyond it, counters that are
 * not in the table are decoded each time. */
struct lg_go_counters {
    struct lg_go *go;       /* borrowed */
    struct lg_arena *arena; /* borrowed */
    struct lg_go_counter *slots;
    size_t slot_count, count; /* a power of two */
};

void lg_go_counters_init(struct lg_go_counters *c, struct lg_go *go,
                         struct lg_arena *arena);
struct lg_go_counter lg_go_counter_at(struct lg_go_counters *c, uint64_t pc);

/* A stretch of the stack at hand. */
struct lg_go_window {
    const uint8_t *bytes;
    uint64_t address, end; /* [address, end) */
};

enum lg_unwind_step {
    LG_UNWIND_FRAME, /* u->shown_pc is a frame; u stands at its caller */
    LG_UNWIND_LAST,  /* u->shown_pc is a frame, the outermost */
    LG_UNWIND_END,   /* no further frame: the one before was the last */
    LG_UNWIND_SHORT, /* the window lacks the word at u->wants; try again with
                        another window */
    LG_UNWIND_LOST,  /* u->shown_pc is a frame; who called it is not to be had:
                        memory contradicts itself, C code called, or it is
                        about to switch stacks */
};

struct lg_unwind {
    uint64_t pc, sp, bp, link; /* link: arm64; 0: look on the stack */
    uint64_t hi;               /* of the stack */
    bool is_trap;              /* pc is no return address */
    bool is_innermost, is_syscall;
    uint64_t shown_pc; /* of the frame: as symbols are looked up */
    uint64_t wants;    /* SHORT: an address */
};

/* One frame. Each step moves sp up, so a stack of n bytes ends after n / 8. */
enum lg_unwind_step lg_unwind_next(struct lg_unwind *u,
                                   struct lg_go_counters *counters,
                                   const struct lg_go_window *window);

#endif
