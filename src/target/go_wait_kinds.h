/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what kind of thing a parked goroutine waits on, by the runtime's
 * word for it or, where Go had only "semacquire", by the function in sync that
 * called; and which object a semaphore's address belongs to.
 */
#ifndef LG_TARGET_GO_WAIT_KINDS_H
#define LG_TARGET_GO_WAIT_KINDS_H

#include "target/go_gather.h"

struct lg_go_wait_work { /* of ret->waits, by index */
    uint64_t g, sudog, link, sema, sp, hi;
};

struct lg_go_waits {
    struct lg_go_gather *r;
    LG_VEC(struct lg_go_wait_work) work;
};

enum lg_go_wait_kind lg_go_wait_kind_of(struct lg_go_gather *r,
                                        const struct lg_go_g *g);
/* ≤ 1.25: finds the semaphores of those without a sudog. false: no memory. */
bool lg_go_read_semtable(struct lg_go_waits *w);
/* go_parked.c: when sleepers wake, descriptors of IO waits. false: no memory.
 */
bool lg_go_read_parked(struct lg_go_waits *w);
/* The object's address, from its semaphore's. */
void lg_go_place_semas(struct lg_go_waits *w);

#endif
