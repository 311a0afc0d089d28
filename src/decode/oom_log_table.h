/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the task table of an OOM report. Its columns differ from kernel to
 * kernel, so they are taken from its own header; its numbers are pages, whose
 * size shows only later, at the victim's line. Of a very long table the rows
 * with most resident memory are kept, in a heap, so that memory is bounded.
 *
 *     3.10  pid uid tgid total_vm rss nr_ptes swapents oom_score_adj name
 *     4.0   … nr_ptes nr_pmds …      4.13  … nr_puds …
 *     4.15  pgtables_bytes for those
 *     6.8   rss_anon rss_file rss_shmem behind rss
 */
#ifndef LG_DECODE_OOM_LOG_TABLE_H
#define LG_DECODE_OOM_LOG_TABLE_H

#include "evidence/oom_event.h"

enum lg_oom_column {
    LG_OOM_COL_OTHER,
    LG_OOM_COL_UID,
    LG_OOM_COL_TGID,
    LG_OOM_COL_TOTAL_VM,
    LG_OOM_COL_RSS,
    LG_OOM_COL_RSS_ANON,
    LG_OOM_COL_RSS_FILE,
    LG_OOM_COL_RSS_SHMEM,
    LG_OOM_COL_NR_PTES,
    LG_OOM_COL_NR_PMDS,
    LG_OOM_COL_NR_PUDS,
    LG_OOM_COL_PGTABLES_BYTES,
    LG_OOM_COL_SWAPENTS,
    LG_OOM_COL_SCORE_ADJ,
    LG_OOM_COL_COUNT,
};

enum {
    LG_OOM_COLUMNS_MAX = 16, /* mainline has at most 11 before the name */
    LG_OOM_ROWS_MAX = 1024,  /* nobody reads more; 150 KiB a report */
    LG_OOM_NAME_MAX = 32,    /* TASK_COMM_LEN is 16 */
};

struct lg_oom_columns {
    unsigned count; /* 0: no header was seen */
    uint8_t column[LG_OOM_COLUMNS_MAX];
    uint32_t known; /* bit per enum lg_oom_column */
};

struct lg_oom_row {
    int64_t pid; /* the tgid where there is one */
    int64_t value[LG_OOM_COL_COUNT];
    uint64_t order; /* of the row in the table */
    uint8_t name_len;
    char name[LG_OOM_NAME_MAX];
};

struct lg_oom_table {
    struct lg_oom_columns columns;
    struct lg_oom_row *rows; /* LG_OOM_ROWS_MAX of them (borrowed) */
    size_t count;
    uint64_t seen_count; /* with those that were not kept */
};

/* rest: what is behind "[ pid ]". false: no name column, or too many. */
bool lg_oom_columns_parse(struct lg_str rest, struct lg_oom_columns *ret);
bool lg_oom_row_parse(const struct lg_oom_columns *columns, struct lg_str text,
                      struct lg_oom_row *ret);
void lg_oom_table_add(struct lg_oom_table *t, const struct lg_oom_row *row);
/* Puts the rows back into the table's order. */
void lg_oom_table_sort(struct lg_oom_table *t);
const struct lg_oom_row *lg_oom_table_find(const struct lg_oom_table *t,
                                           int64_t pid);
/* The row in bytes; comm borrows from row. */
struct lg_oom_task lg_oom_row_task(const struct lg_oom_row *row,
                                   const struct lg_oom_columns *columns,
                                   uint64_t page_bytes);

#endif
