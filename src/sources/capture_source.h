/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the seam of captures. The recorder asks a source for parts of a
 * capture; it does not know whether they come over HTTP or out of the
 * process's memory. A source writes each part as a standard file into the
 * capture's folder, durably, as it arrives.
 */
#ifndef LG_SOURCES_CAPTURE_SOURCE_H
#define LG_SOURCES_CAPTURE_SOURCE_H

#include "base/error.h"

enum lg_capture_part {
    LG_TAKE_HEAP,            /* heap.pb.gz */
    LG_TAKE_GOROUTINE,       /* goroutine.pb.gz: counts per stack */
    LG_TAKE_MEMSTATS,        /* heap.txt: debug=1 with MemStats */
    LG_TAKE_GOROUTINES_TEXT, /* goroutines.txt: debug=2 */
    LG_TAKE_THREADCREATE,    /* threadcreate.pb.gz */
    LG_TAKE_MUTEX,           /* mutex.pb.gz */
    LG_TAKE_BLOCK,           /* block.pb.gz */
    LG_TAKE_CPU,             /* cpu.pb.gz, one second */
    LG_TAKE_TRACE,           /* trace.out, a tenth of a second */
    LG_TAKE_COUNT,
};
#define LG_TAKE_BIT(part) (1u << (part))

/* The file that a part is written to. */
const char *lg_capture_part_file(enum lg_capture_part part);

struct lg_part_result {
    bool asked, written;
    bool cut; /* the file is there but incomplete */
    uint64_t bytes, duration_ns;
    struct lg_error error; /* why it is not there or cut */
};

struct lg_capture_source {
    const struct lg_capture_source_ops *ops;
};

struct lg_capture_source_ops {
    const char *name; /* "pprof over HTTP" */
    unsigned parts;   /* what it can give at all */
    /* Takes one part into folder_fd within timeout_ns and limit_bytes. May be
     * called from another thread than the one that made the source, one call
     * at a time. result is always filled; true when written and whole. */
    bool (*take)(struct lg_capture_source *source, enum lg_capture_part part,
                 int folder_fd, uint64_t timeout_ns, uint64_t limit_bytes,
                 struct lg_part_result *result);
    void (*destroy)(struct lg_capture_source *source);
};

#endif
