/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the machine as a value: a root folder and a clock. `--root DIR`
 * reads a copy of another machine's /proc and /sys; tests do the same.
 */
#ifndef LG_SOURCES_HOST_H
#define LG_SOURCES_HOST_H

#include "base/clock.h"
#include "base/error.h"

struct lg_host {
    int root_fd;  /* folder that stands for "/" (owned) */
    bool is_live; /* the real machine: processes may be touched */
    const struct lg_clock *clock; /* borrowed */
    uint64_t ticks_per_s, page_bytes;
};

/* root NULL or "/": this machine. */
bool lg_host_init(struct lg_host *host, const char *root, struct lg_error *err);
void lg_host_deinit(struct lg_host *host);

/* Opens a path below the root ("proc/…"), close-on-exec. In a copy, links
 * never lead out of it. -1 with errno. */
int lg_host_open(const struct lg_host *host, const char *path, int flags);

#endif
