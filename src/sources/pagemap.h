/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: which pages of a process have memory behind them, without touching
 * any: PAGEMAP_SCAN (Linux 6.7), which steps over terabytes that are only
 * reserved, else the words of /proc/PID/pagemap. What was asked last is kept,
 * since callers walk upwards run by run.
 * Source: Linux Documentation/admin-guide/mm/pagemap.rst.
 */
#ifndef LG_SOURCES_PAGEMAP_H
#define LG_SOURCES_PAGEMAP_H

#include "target/image.h"

#define LG_PAGEMAP_RUNS 512

struct lg_pagemap {
    int fd;       /* of /proc/PID/pagemap; -1 until asked for */
    bool no_scan; /* the kernel has no PAGEMAP_SCAN */
    struct lg_image_range runs[LG_PAGEMAP_RUNS]; /* sorted */
    size_t count;
    uint64_t from, until; /* what of the address space runs tell */
};

void lg_pagemap_init(struct lg_pagemap *m);
void lg_pagemap_deinit(struct lg_pagemap *m);
/* What was asked before is out of date. */
void lg_pagemap_forget(struct lg_pagemap *m);
/* The first populated run in [from, end), which begin on pages; false: none.
 * What the kernel does not tell counts as populated. */
bool lg_pagemap_next(struct lg_pagemap *m, int proc_fd, uint64_t from,
                     uint64_t end, uint64_t page_bytes,
                     struct lg_image_range *ret);

#endif
