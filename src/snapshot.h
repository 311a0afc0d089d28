/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one capture, taken now, as a folder of standard files that stands
 * for itself: what the recorder would have kept of a process that runs, of one
 * that is dead (a core), or of a pprof endpoint.
 *
 *     goroutines.txt goroutine.pb.gz heap.pb.gz heap-gc.pb.gz memstats.json
 *     timeline.csv (one row)  record.json  capture.json  report.json  root/
 *
 * The folder appears whole, on the disk, or not at all.
 */
#ifndef LG_SNAPSHOT_H
#define LG_SNAPSHOT_H

#include "evidence/subject.h"
#include "sources/capture_source.h"
#include "target/go_goroutines.h"

struct lg_snapshot_options {
    const char *source; /* PID, CORE or URL */
    const char *out;    /* the folder to make; may be there when empty */
    const char *exe;    /* of a core: the program; NULL: as it says */
    const char *debug_file;
    enum lg_freeze freeze;
};

struct lg_snapshot {
    bool is_core, is_url;
    struct lg_subject subject; /* pid, exe, whether it is Go and which */
    struct lg_capture_facts facts;
    struct lg_capture_notes notes;
    struct lg_part_result parts[LG_TAKE_COUNT];
    bool complete;
    uint64_t duration_ns;
    struct lg_str missing; /* of a core; empty: nothing */
};

/* Everything in ret lives in the arena. LG_USAGE: the folder is there and is
 * not empty; the kinds of lg_source_open; LG_OS with ENOSPC: the disk is full,
 * and nothing is left behind. */
bool lg_snapshot_take(const struct lg_snapshot_options *options,
                      struct lg_arena *arena, struct lg_snapshot *ret,
                      struct lg_error *err);

#endif
