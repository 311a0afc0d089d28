/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the descriptors of a process as fds.txt, "FD\tTARGET" lines, with
 * sockets put into words while their tables can be read. The one writer feeds
 * both the copy in an incident and the live reading, so the two agree.
 */
#ifndef LG_SOURCES_PROC_FDS_H
#define LG_SOURCES_PROC_FDS_H

#include "base/arena.h"
#include "base/error.h"
#include "evidence/fact.h"
#include "sources/host.h"

#define LG_MAX_FDS 20000
#define LG_MAX_FDS_TEXT_BYTES ((size_t)32 << 20)

typedef bool lg_fds_sink_fn(void *context, struct lg_str text);

/* dir_fd: /proc/PID. No allocation; 100 KB of stack. Socket tables are read
 * once per 2,048 sockets. */
bool lg_fds_text_write(int dir_fd, lg_fds_sink_fn *sink, void *context,
                       struct lg_error *err);
/* The same into an arena; of a copy: its fds.txt. */
bool lg_fds_text_read(int dir_fd, struct lg_arena *arena,
                      struct lg_str *text_ret, struct lg_error *err);
/* How many; st_size of /proc/PID/fd where the kernel fills it (Linux 6.2),
 * else the entries, at most `most`. In a copy: the lines of fds.txt are not
 * counted, unknown. */
struct lg_num lg_fds_count(int dir_fd, uint64_t most);

/* Opens /proc/PID; -1 and err: ABSENT when there is no such process. */
int lg_proc_open(const struct lg_host *host, int64_t pid, struct lg_error *err);

#endif
