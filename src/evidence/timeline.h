/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: how memory went, one row per sample. The recorder keeps a fixed
 * number of rows in memory that it was given; when they are full, every
 * second row of the older half goes, so the end stays fine and the beginning
 * gets coarse.
 */
#ifndef LG_EVIDENCE_TIMELINE_H
#define LG_EVIDENCE_TIMELINE_H

#include "base/sb.h"
#include "base/vec.h"
#include "evidence/fact.h"

struct lg_timeline_row {
    int64_t wall_ns;
    uint64_t t_ns; /* since the start of the recording */
    struct lg_num usage_bytes, rss_bytes, limit_bytes, heap_bytes, stack_bytes,
        goroutines, threads, fds, anon_bytes, shmem_bytes, file_bytes,
        others_rss_bytes; /* RSS of the group's other processes */
};

struct lg_timeline {
    struct lg_timeline_row *rows;
    size_t count, capacity;
};

/* Borrows rows[capacity]; capacity at least 16. */
void lg_timeline_init(struct lg_timeline *t, struct lg_timeline_row *rows,
                      size_t capacity);
void lg_timeline_add(struct lg_timeline *t, const struct lg_timeline_row *row);
/* Bytes per second of usage over the last window_ns, by least squares; 0 with
 * fewer than two rows. May be negative. */
double lg_timeline_usage_rate(const struct lg_timeline *t, uint64_t window_ns);

/* timeline.csv: a header line with the names in the report's JSON and a unit
 * where it is not bytes (t in seconds); missing = empty cell. */
void lg_timeline_csv_header(struct lg_sb *sb);
void lg_timeline_csv_row(struct lg_sb *sb, const struct lg_timeline_row *row);

#endif
