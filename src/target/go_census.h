/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what one g struct says, from a copy of its bytes. This is the inner
 * loop of a census of a million goroutines: offsets are checked and narrowed
 * once, then each field is one load. About 15 ns a goroutine besides the copy
 * of its bytes, no allocation, no look at a symbol.
 * Source: Go 1.27 src/runtime/runtime2.go, type g.
 */
#ifndef LG_TARGET_GO_CENSUS_H
#define LG_TARGET_GO_CENSUS_H

#include "target/go_goroutines.h"

/* Go's g has 376 to 456 bytes. */
#define LG_GO_G_BYTES_MAX 4096

struct lg_go_g_layout {
    uint32_t bytes;        /* to copy of each g */
    uint32_t moment_bytes; /* enough to see whether it moved */
    uint16_t stack_lo, stack_hi, m, sched_sp, sched_pc, sched_g, syscall_sp,
        syscall_pc, status, id, wait_since, reason, go_pc, start_pc, waiting,
        labels, locked_m;
    uint16_t parent_id, bubble, cleanups, moves; /* 0: this Go has none */
};

/* UNSUPPORTED: the layout lacks a field without which nothing can be said. */
bool lg_go_g_layout(const struct lg_go_layout *from, struct lg_go_g_layout *ret,
                    struct lg_error *err);

/* The statuses that a g can have; others, and those whose own fields
 * contradict each other, are torn or no g at all: false, *ret is filled as far
 * as it goes. bytes: l->bytes of it. */
bool lg_go_g_parse(const struct lg_go_g_layout *l, uint64_t address,
                   const uint8_t *bytes, struct lg_go_g *ret);
/* True when it still stands where it stood, and has not run meanwhile: the
 * runtime counts (modulo 256, trackingSeq) how often each stopped running.
 * bytes: l->moment_bytes. */
bool lg_go_g_same(const struct lg_go_g_layout *l, const uint8_t *bytes,
                  const struct lg_go_g *before);
#endif
