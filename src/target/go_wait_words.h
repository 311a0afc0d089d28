/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what a goroutine waits on, and its labels, as people read them:
 * "chan", "cap 10, len 10, open"; `tenant: "a b", shard: 7`.
 */
#ifndef LG_TARGET_GO_WAIT_WORDS_H
#define LG_TARGET_GO_WAIT_WORDS_H

#include "target/go_goroutines.h"

/* Sets waits_on, its address and state; wait is an index + 1, 0: nothing.
 * false: out of memory. */
bool lg_go_wait_words(const struct lg_go_goroutines *from, uint32_t wait,
                      struct lg_arena *arena, struct lg_goroutine *item);
/* set is an index + 1. Go 1.27: runtime/traceback.go, goroutineheader. */
bool lg_go_labels_text(const struct lg_go_goroutines *from, uint32_t set,
                       struct lg_arena *arena, struct lg_str *ret);

#endif
