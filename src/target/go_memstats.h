/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what runtime.ReadMemStats would say, without stopping the world:
 * sums over the runtime's statistics shards and what its Ps have not flushed
 * yet. On a running target the numbers are of one moment to within what it
 * allocated while they were read.
 * Source: Go 1.27 src/runtime/mstats.go, mgcpacer.go.
 */
#ifndef LG_TARGET_GO_MEMSTATS_H
#define LG_TARGET_GO_MEMSTATS_H

#include "evidence/memstats.h"
#include "target/go_process.h"

/* What the Go version does not have or was not found stays unknown. false:
 * nothing at all could be read. */
bool lg_go_memstats_read(struct lg_go *go, struct lg_memstats *ret,
                         struct lg_error *err);

#endif
