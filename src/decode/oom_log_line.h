/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one line of an OOM report, told from its own words. Names of tasks
 * and cgroups are chosen by anybody and stand in the middle of these lines
 * unquoted, so each line is read from its ends: fixed words at the left,
 * numbers at the right, and what is left between is the name.
 */
#ifndef LG_DECODE_OOM_LOG_LINE_H
#define LG_DECODE_OOM_LOG_LINE_H

#include "evidence/oom_event.h"

enum lg_oom_line_kind {
    LG_OOM_LINE_OTHER = 0,
    LG_OOM_LINE_INVOKED,  /* x invoked oom-killer: … */
    LG_OOM_LINE_CPUSET,   /* x cpuset=/ mems_allowed=0 (to 4.20) */
    LG_OOM_LINE_CPU,      /* CPU: 1 PID: 2 Comm: x Not tainted … */
    LG_OOM_LINE_TASK_IN,  /* Task in /a killed as a result of … (to 4.20) */
    LG_OOM_LINE_USAGE,    /* memory: usage …kB, limit …kB, failcnt n */
    LG_OOM_LINE_MEMSW,    /* memory+swap: … (v1) */
    LG_OOM_LINE_SWAP,     /* swap: … (v2) */
    LG_OOM_LINE_KMEM,     /* kmem: … (v1) */
    LG_OOM_LINE_STATS,    /* Memory cgroup stats for /a: */
    LG_OOM_LINE_MEM_INFO, /* Mem-Info: */
    LG_OOM_LINE_TABLE_TITLE, /* Tasks state (memory values in pages): */
    LG_OOM_LINE_TABLE_HEAD,  /* [  pid  ]   uid  tgid total_vm … name */
    LG_OOM_LINE_CONSTRAINT,  /* oom-kill:constraint=… (from 5.0) */
    LG_OOM_LINE_KILL,        /* Kill process n (x) score s or sacrifice child */
    LG_OOM_LINE_KILLED,      /* Killed process n (x) total-vm:… */
    LG_OOM_LINE_SHARING,     /* Kill process n (x) sharing same memory */
    LG_OOM_LINE_EXITING,     /* OOM victim n (x) is already exiting. … */
    LG_OOM_LINE_GROUP,       /* Tasks in /a are going to be killed … */
    LG_OOM_LINE_REAPED,      /* oom_reaper: reaped process n (x), now … */
    LG_OOM_LINE_NO_KILLABLE, /* Out of memory and no killable processes... */
    LG_OOM_LINE_PANIC,       /* Kernel panic - not syncing: Out of memory… */
};

struct lg_oom_line {
    enum lg_oom_line_kind kind;
    struct lg_str text;      /* from the first of the kernel's words on */
    bool of_memcg;           /* "Memory cgroup out of memory: …" */
    struct lg_oom_task task; /* whom the line names */
    struct lg_str path;      /* STATS, GROUP: the cgroup */
    struct lg_str rest;      /* INVOKED, CONSTRAINT, STATS, TASK_IN, TABLE_HEAD,
                                MEMSW …: what is behind the fixed words */
};

/* anchored: text starts with the kernel's words; else they are looked for in
 * it as well. false: none of the lines above. */
bool lg_oom_line_parse(struct lg_str text, bool anchored,
                       struct lg_oom_line *ret);

/* "usage 1kB, limit 2kB, failcnt 3" → bytes. */
bool lg_oom_line_usage(struct lg_str rest, struct lg_num *usage_bytes,
                       struct lg_num *limit_bytes, struct lg_num *failcnt);
/* "x invoked oom-killer: …": the start of a report, whatever x is. Cheap. */
bool lg_oom_line_is_start(struct lg_str text);
/* A row of the stats: "cache 4096". */
bool lg_oom_line_stat(struct lg_str text, struct lg_str *name_ret,
                      uint64_t *value_ret);
/* A line of the stack dump or of the registers. */
bool lg_oom_line_is_trace(struct lg_str text);
/* A line of Mem-Info and what follows it up to the task table. */
bool lg_oom_line_is_mem_info(struct lg_str text);
/* "key:123kB" somewhere in text → bytes. */
struct lg_num lg_oom_line_kb(struct lg_str text, struct lg_str key);

#endif
