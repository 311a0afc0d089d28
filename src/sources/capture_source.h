/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the seam of captures. The recorder asks a source for parts of a
 * capture; it does not know whether they come over HTTP or out of the
 * process's memory. A source writes each part as a standard file into the
 * capture's folder as it arrives.
 *
 *     begin ─▶ take, take, take … ─▶ end      what belongs together is read
 *                                             once; end tells how well
 */
#ifndef LG_SOURCES_CAPTURE_SOURCE_H
#define LG_SOURCES_CAPTURE_SOURCE_H

#include "base/error.h"
#include "sources/capture_facts.h"

#include <stddef.h>

enum lg_capture_from {              /* where captures may come from */
                       LG_FROM_ANY, /* memory; HTTP where that is refused */
                       LG_FROM_MEMORY,
                       LG_FROM_HTTP,
};

enum lg_capture_part {
    LG_TAKE_HEAP,            /* heap.pb.gz; of memory: up to now */
    LG_TAKE_GOROUTINE,       /* goroutine.pb.gz: counts per stack */
    LG_TAKE_MEMSTATS,        /* heap.txt: debug=1 with MemStats */
    LG_TAKE_GOROUTINES_TEXT, /* goroutines.txt: debug=2 */
    LG_TAKE_THREADCREATE,    /* threadcreate.pb.gz */
    LG_TAKE_MUTEX,           /* mutex.pb.gz */
    LG_TAKE_BLOCK,           /* block.pb.gz */
    LG_TAKE_CPU,             /* cpu.pb.gz, one second */
    LG_TAKE_TRACE,           /* trace.out, a tenth of a second */
    LG_TAKE_MEMSTATS_JSON,   /* memstats.json: the runtime's account */
    LG_TAKE_HEAP_GC,         /* heap-gc.pb.gz: as of the last collection, which
                                is what runtime/pprof gives */
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

/* How the parts of one capture are to be read. */
struct lg_capture_plan {
    uint64_t text_goroutines_max; /* more than this: a sample; 0: all */
};

#define LG_CAPTURE_QUALITY_MAX 8
#define LG_CAPTURE_QUALITY_BYTES 160

/* What there is to say of a capture beside its files. */
struct lg_capture_notes {
    uint64_t pause_ns;        /* how long the target was stopped in all */
    uint64_t goroutine_count; /* alive; 0: not told */
    uint64_t text_count;      /* of them in goroutines.txt */
    uint64_t sampled_one_in;  /* goroutines.txt holds one in so many, chosen
                                 by a hash of the id; 0 or 1: all of them */
    size_t quality_count;     /* sentences for people and for `quality` */
    char quality[LG_CAPTURE_QUALITY_MAX][LG_CAPTURE_QUALITY_BYTES];
};
/* Adds a sentence; beyond LG_CAPTURE_QUALITY_MAX it is dropped. */
void lg_capture_note(struct lg_capture_notes *notes, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

struct lg_capture_source {
    const struct lg_capture_source_ops *ops;
};

struct lg_capture_source_ops {
    const char *name;  /* "pprof over HTTP" */
    unsigned parts;    /* what it can give at all */
    bool costs_target; /* taking allocates in the target */
    /* A capture begins. NULL: nothing to prepare. */
    void (*begin)(struct lg_capture_source *source,
                  const struct lg_capture_plan *plan);
    /* Takes one part into folder_fd within timeout_ns and limit_bytes. May be
     * called from another thread than the one that made the source, one call
     * at a time. result is always filled; true when written and whole. */
    bool (*take)(struct lg_capture_source *source, enum lg_capture_part part,
                 int folder_fd, uint64_t timeout_ns, uint64_t limit_bytes,
                 struct lg_part_result *result);
    /* The capture is over: what was read for it is dropped. NULL: nothing to
     * tell. */
    void (*end)(struct lg_capture_source *source,
                struct lg_capture_notes *notes_ret);
    /* The numbers alone, without a capture; cheap. NULL: only by a capture. */
    bool (*facts)(struct lg_capture_source *source,
                  struct lg_capture_facts *ret, struct lg_error *err);
    void (*destroy)(struct lg_capture_source *source);
};

#endif
