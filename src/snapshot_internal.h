/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a snapshot share: snapshot.c opens, takes and publishes,
 * snapshot_files.c writes what stands beside the parts.
 */
#ifndef LG_SNAPSHOT_INTERNAL_H
#define LG_SNAPSHOT_INTERNAL_H

#include "snapshot.h"
#include "source_arg.h"

#include <limits.h>

struct lg_snapshot_job {
    const struct lg_snapshot_options *options;
    struct lg_snapshot *ret;
    struct lg_arena *arena;
    struct lg_source_arg source; /* of a process or a core */
    struct lg_host host;
    struct lg_capture_source *from;
    char path[PATH_MAX]; /* where it is made */
    int fd;
    int64_t wall_ns;
};

/* Who it is, and the limit it has. */
void lg_snapshot_describe(struct lg_snapshot_job *j);
/* timeline.csv, record.json, capture.json, then report.json out of all. */
bool lg_snapshot_write(struct lg_snapshot_job *j, struct lg_arena *scratch,
                       struct lg_error *err);

#endif
