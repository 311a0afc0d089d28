/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a program started as it would have been started without us: same
 * environment, descriptors, signal mask and dispositions; only its cgroup, and
 * where its stderr goes, may be ours.
 */
#ifndef LG_RECORD_SPAWN_H
#define LG_RECORD_SPAWN_H

#include "base/error.h"

#include <signal.h>

struct lg_spawn {
    char *const *argv;           /* ends with NULL; searched in PATH */
    int procs_fd;                /* cgroup.procs to join; −1: none */
    int stderr_fd;               /* −1: ours */
    const sigset_t *signal_mask; /* what the program shall have */
};

/* Reads the program's file once, up to 256 MiB. Its pages belong to the cgroup
 * that touches them first; in the program's own, at the limit, the kernel
 * would drop and reread the program's own code for tens of seconds before it
 * gives up and kills (measured on Linux 6.18). A program that was started a
 * moment ago is mostly cached elsewhere already: this makes it certain. */
void lg_spawn_read_ahead(const char *program);
/* Returns when exec has succeeded. ABSENT: not found; DENIED: not executable;
 * each names the program and the way out. Also fails, with nothing started,
 * when the cgroup cannot be joined. */
bool lg_spawn(const struct lg_spawn *spawn, int64_t *pid_ret,
              struct lg_error *err);

#endif
