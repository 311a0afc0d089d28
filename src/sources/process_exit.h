/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: how a process ended, also one that is not our child: a child is
 * waited for; of others, Linux ≥ 6.15 keeps the status behind a pidfd
 * (PIDFD_GET_INFO) once its parent has reaped it.
 */
#ifndef LG_SOURCES_PROCESS_EXIT_H
#define LG_SOURCES_PROCESS_EXIT_H

#include "base/error.h"

struct lg_exit_status {
    bool known;
    int wait_status; /* as waitpid gives it */
};

/* ABSENT: no such process. */
bool lg_pidfd_open(int64_t pid, int *fd_ret, struct lg_error *err);
/* After the pidfd has become readable. */
struct lg_exit_status lg_pidfd_exit_status(int pid_fd);

#endif
