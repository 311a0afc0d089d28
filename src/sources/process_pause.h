/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a process that stands still for a moment, with the registers of its
 * threads, and that goes on whatever becomes of us.
 *
 *   ptrace    PTRACE_SEIZE and _INTERRUPT of every thread by a thread of ours,
 *             whose end lets all of them go: also when we are killed. Invisible
 *             to the program and its parent; refused while a debugger is
 *             there. Signals that arrive meanwhile are delivered afterwards, a
 *             process that was stopped (Ctrl-Z) stays so.
 *   freezer   its cgroup (v2 cgroup.freeze, v1 freezer.state), when nothing
 *             but this process lives in it.
 *   SIGSTOP   seen by its parent; SIGCONT afterwards, unless it was stopped.
 *
 * The last two need a guardian: a child of ours that waits for the end of a
 * pipe and undoes them when we are killed.
 */
#ifndef LG_SOURCES_PROCESS_PAUSE_H
#define LG_SOURCES_PROCESS_PAUSE_H

#include "sources/host.h"
#include "target/image.h"

enum lg_pause_with {
    LG_PAUSE_BEST, /* in the order below, the next where one is refused */
    LG_PAUSE_PTRACE,
    LG_PAUSE_CGROUP_FREEZER,
    LG_PAUSE_SIGSTOP,
};

struct lg_pause;

/* A thread that sleeps uninterruptibly is given up after this, and has no
 * registers: it would be D for as long as what it waits for takes. */
#define LG_PAUSE_WAIT_NS (UINT64_C(200) * 1000 * 1000)
/* One that stops as soon as it gets a processor: a machine may be that busy. */
#define LG_PAUSE_LONG_WAIT_NS (UINT64_C(3) * 1000 * 1000 * 1000)

/* Stops process pid. Fills image->threads; those that could not be stopped
 * have known false. Adds nothing to pause_ns yet. DENIED, ABSENT (it ended),
 * NOMEM, OS. */
bool lg_pause_begin(const struct lg_host *host, int64_t pid,
                    enum lg_pause_with with, struct lg_image *image,
                    struct lg_pause **pause_ret, struct lg_error *err);
/* Lets it go on; gives how long it stood still. */
uint64_t lg_pause_end(struct lg_pause *pause);

#endif
