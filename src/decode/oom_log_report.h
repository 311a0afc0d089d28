/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: an OOM report while it is being read: which of its lines came, and
 * what they said. It lives in a slot of fixed memory; the names in it are
 * copied, for lines are gone with the next.
 */
#ifndef LG_DECODE_OOM_LOG_REPORT_H
#define LG_DECODE_OOM_LOG_REPORT_H

#include "base/arena.h"
#include "decode/oom_log_line.h"
#include "decode/oom_log_prefix.h"
#include "decode/oom_log_table.h"

enum {
    /* A host's report has some 60 lines and its table; rows that do not fit
     * are left out of the text, the rest of it always fits. */
    LG_OOM_TEXT_BYTES = 160 * 1024,
    LG_OOM_TEXT_SPARE_BYTES = 24 * 1024,
    LG_OOM_NAMES_BYTES = 48 * 1024,
    LG_OOM_STATS_MAX = 160,   /* memory.stat has 60 … 110 rows */
    LG_OOM_VICTIMS_MAX = 256, /* of one memory.oom.group */
};

enum lg_oom_stage { /* in the order in which the kernel prints */
                    LG_OOM_STAGE_NONE,
                    LG_OOM_STAGE_INVOKED,
                    LG_OOM_STAGE_TRACE,
                    LG_OOM_STAGE_MEMORY,
                    LG_OOM_STAGE_STATS,
                    LG_OOM_STAGE_MEM_INFO,
                    LG_OOM_STAGE_TABLE,
                    LG_OOM_STAGE_NAMED,
                    LG_OOM_STAGE_KILLED,
};

struct lg_oom_slot { /* a report's memory */
    char *text, *names;
    struct lg_oom_row *rows;
    struct lg_oom_stat *stats;
    struct lg_oom_task *victims;
};

struct lg_oom_report {
    bool used;
    bool complete;  /* the kill was told, or that there is none */
    bool has_head;  /* its "invoked oom-killer" line came */
    bool only_kill; /* nothing but the kill itself */
    bool of_memcg;  /* "Memory cgroup out of memory" was said */
    bool overflow;  /* a bound above was met */
    enum lg_oom_stage stage;
    uint64_t sequence, stream, caller;
    uint64_t first_offset, last_offset; /* of its lines in the input */
    bool has_uptime;
    uint64_t last_uptime_ns;
    int64_t last_wall_ns; /* 0: none of its lines has one */
    struct lg_oom_slot slot;
    size_t text_len;
    uint64_t stat_bits[4];
    struct lg_arena names; /* fixed, in slot.names */
    struct lg_oom_table table;
    struct lg_oom_event ev;
    struct lg_str constraint; /* the whole of that line behind the "=" */
    struct lg_str stats_path, task_in;
    struct lg_oom_task named; /* whom the kernel chose; pid 0: nobody yet */
    bool named_by_kill_line;  /* a child may be killed in its place */
    struct lg_num ram_pages, free_pages;
};

/* Starts an empty report in the slot's memory. */
void lg_oom_report_begin(struct lg_oom_report *r, const struct lg_oom_slot *s);
/* Keeps the line's text and time. Rows of a table are dropped first when the
 * text grows too long. */
void lg_oom_report_note(struct lg_oom_report *r, const struct lg_oom_prefix *p,
                        struct lg_str raw, uint64_t offset, uint64_t line,
                        bool is_inner);
/* Takes what the line says. */
void lg_oom_report_apply(struct lg_oom_report *r, const struct lg_oom_line *l);
/* Lines that only their place tells: rows of stats and tables, stack, zones.
 * true: it is one of this report's, and was taken. */
bool lg_oom_report_take_inner(struct lg_oom_report *r, struct lg_str text);
const struct lg_oom_task *lg_oom_report_victim(const struct lg_oom_report *r,
                                               int64_t pid);
/* Fills r->ev; tasks has room for LG_OOM_ROWS_MAX. */
void lg_oom_report_conclude(struct lg_oom_report *r, struct lg_oom_task *tasks);

#endif
