/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: lines of source for list, weblist and disasm, each file asked for
 * once. Lines are cut as Go's bufio.Scanner cuts them: one '\r' before the
 * newline is dropped, and a line above 64 KiB ends what can be seen of the
 * file. Source: google/pprof internal/report/source.go (Go 1.27.4).
 */
#ifndef LG_REPORT_PPROF_SOURCE_READER_H
#define LG_REPORT_PPROF_SOURCE_READER_H

#include "base/map.h"
#include "report/pprof_report.h"

struct lg_source_file {
    struct lg_str *lines; /* [0]: line 1 */
    size_t count;
    bool is_missing;
    struct lg_str error; /* pprof's words when it is missing */
};

struct lg_source_reader {
    const struct lg_pprof_machine *machine; /* may be NULL: no file is there */
    struct lg_arena *arena;
    struct lg_str search_path, trim_path;
    struct lg_map files; /* path → struct lg_source_file * */
};

/* USAGE: no source_path was given and there is no working folder. */
bool lg_source_reader_init(struct lg_source_reader *reader,
                           const struct lg_pprof_report *r,
                           struct lg_arena *arena, struct lg_error *err);
/* A file that was asked for before; NULL: it wasn't. */
const struct lg_source_file *
lg_source_reader_known(struct lg_source_reader *reader, struct lg_str path);
/* hint: its path is taken for the one before trim_path, its function, line and
 * binary as they are; NULL: out of memory. */
const struct lg_source_file *
lg_source_reader_file(struct lg_source_reader *reader,
                      const struct lg_source_query *hint);
/* false: there is no such line. */
bool lg_source_file_line(const struct lg_source_file *file, int64_t line,
                         struct lg_str *ret);

/* The value in a field of 10; "." for 0. */
void lg_source_value(const struct lg_pprof_report *r, struct lg_sb *sb,
                     int64_t value);
/* "      flat        cum (flat, cum)  12.34% of Total\n" */
void lg_source_sums(const struct lg_pprof_report *r, struct lg_sb *sb,
                    int64_t flat, int64_t cum);

#endif
