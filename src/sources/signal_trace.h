/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: who sent a process a signal. The kernel's tracepoint
 * signal:signal_generate is counted by a perf event with a filter on the pid,
 * so nothing is woken for other processes and nothing in the target changes.
 * Needs root (CAP_PERFMON) and tracefs, which is opened through a detached
 * mount when it is not mounted anywhere; without them: DENIED or UNSUPPORTED.
 *
 * Source: Linux 6.18: include/trace/events/signal.h, kernel/events/core.c.
 */
#ifndef LG_SOURCES_SIGNAL_TRACE_H
#define LG_SOURCES_SIGNAL_TRACE_H

#include "sources/host.h"

#include <stddef.h>

#define LG_SIGNAL_COMM_BYTES 16

struct lg_signal_sent {
    int64_t wall_ns;
    int signal;
    int64_t sender_pid;                         /* 0: the kernel itself */
    char sender_comm[LG_SIGNAL_COMM_BYTES + 1]; /* empty: it was gone */
    bool from_kernel;
};

struct lg_signal_trace;

bool lg_signal_trace_create(const struct lg_host *host, int64_t pid,
                            struct lg_signal_trace **trace_ret,
                            struct lg_error *err);
void lg_signal_trace_destroy(struct lg_signal_trace *trace);
/* An epoll descriptor: readable when something was sent. */
int lg_signal_trace_fd(const struct lg_signal_trace *trace);
/* Takes what has come since; at most capacity. SIGURG (the Go scheduler's own)
 * and SIGCHLD are not reported. */
size_t lg_signal_trace_read(struct lg_signal_trace *trace,
                            struct lg_signal_sent *sent, size_t capacity);

#endif
