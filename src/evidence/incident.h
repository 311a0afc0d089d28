/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one case: a subject, its end, the timeline up to it and the
 * captures along the way. This is all that a rule ever sees; it is loaded from
 * a folder (sources/folder.h) and is the same live, stored and in a test.
 */
#ifndef LG_EVIDENCE_INCIDENT_H
#define LG_EVIDENCE_INCIDENT_H

#include "evidence/cgroup.h"
#include "evidence/fatal.h"
#include "evidence/goroutines.h"
#include "evidence/memory.h"
#include "evidence/memstats.h"
#include "evidence/oom_event.h"
#include "evidence/process.h"
#include "evidence/profile.h"
#include "evidence/subject.h"
#include "evidence/timeline.h"

enum lg_end_kind {
    LG_END_UNKNOWN = 0, /* nobody saw it: the recorder died first */
    LG_END_RUNNING,
    LG_END_OOM_KILL,
    LG_END_SIGNAL,
    LG_END_EXIT,
};

/* Somebody sent a signal to the subject (tracepoint signal_generate, or we
 * passed it on). */
struct lg_signal_event {
    int64_t wall_ns;
    int signal;
    int64_t sender_pid;
    struct lg_str sender_comm;
    bool from_kernel; /* sent by the kernel itself, e.g. the OOM killer */
};

struct lg_end {
    enum lg_end_kind kind;
    int64_t wall_ns;  /* 0: unknown */
    uint64_t t_ns;    /* since the start of the recording */
    uint64_t life_ns; /* since the process started; 0: unknown */
    int signal;       /* 0: none */
    int exit_code;    /* −1 unless kind is EXIT */
    bool has_oom;     /* oom below is filled */
    struct lg_oom_event oom;
    struct lg_num oom_kill_delta; /* of the cgroup's oom_kill counter */
    LG_VEC(struct lg_signal_event) signals; /* in order of time */
    struct lg_str stderr_tail; /* the last bytes that it wrote to stderr where
                                  they could be kept; else empty */
    struct lg_fatal fatal;     /* what Go's runtime said there */
    const struct lg_goroutines *fatal_goroutines; /* of its dump, or NULL */
};

/* Another process of the same cgroup, seen at a capture. */
struct lg_peer {
    int64_t pid;
    struct lg_str comm;
    uint64_t rss_bytes;
};

struct lg_capture {
    uint32_t id;           /* 1, 2, 3 … in order of time */
    struct lg_str name;    /* its folder: "captures/0003-usage-50"; "" = top */
    struct lg_str trigger; /* "start", "usage 50 %", "rate", "goroutines × 2",
                              "fds × 2", "file" */
    int64_t wall_ns;       /* when it began; 0: unknown */
    uint64_t t_ns;         /* since the start of the recording */
    uint64_t duration_ns, pause_ns;
    struct lg_str source;    /* "process memory", "pprof over HTTP"; empty: not
                                told */
    bool complete;           /* all that was asked for came, uncut */
    uint64_t sampled_one_in; /* goroutines.txt has so many of all */
    LG_VEC(struct lg_str) files;   /* relative to the incident's folder */
    LG_VEC(struct lg_str) quality; /* "goroutines.txt: cut at 64 MiB" … */
    const struct lg_profile *heap; /* NULL: not there, as below. From memory:
                                      what the last collection marked; over
                                      HTTP: as runtime/pprof has it, of the one
                                      before */
    const struct lg_profile *heap_now; /* only from the process's own memory:
                                          with what was allocated since, and may
                                          be garbage by now */
    const struct lg_profile *goroutine_profile;
    const struct lg_profile *threadcreate, *mutex, *block, *cpu;
    const struct lg_goroutines *goroutines; /* from the text dump */
    const struct lg_memstats *memstats;
    const struct lg_process *process;
    const struct lg_cgroup *cgroup;
    LG_VEC(struct lg_peer) peers;
};

struct lg_incident {
    struct lg_arena *arena; /* borrowed; everything below lives in it */
    struct lg_str id;       /* "7k2f…"; empty for loose files */
    struct lg_subject subject;
    struct lg_end end;
    struct lg_timeline timeline;
    LG_VEC(struct lg_capture) captures;     /* in order of time */
    LG_VEC(struct lg_oom_event) oom_events; /* all of kernel.log */
    LG_VEC(struct lg_absent) absent;
};

/* The newest capture that has what is asked for, or NULL. */
const struct lg_capture *lg_incident_last_heap(const struct lg_incident *in);
const struct lg_capture *
lg_incident_last_goroutines(const struct lg_incident *in); /* either form */
const struct lg_capture *
lg_incident_last_memstats(const struct lg_incident *in);
const struct lg_capture *lg_incident_last_process(const struct lg_incident *in);

/* The kernel's report on the subject among in->oom_events: the newest whose
 * victim has its pid; else (pids differ between namespaces) its name and
 * cgroup; else its name. A subject of which nothing is known takes the newest
 * report with a victim. NULL: none is about it. */
const struct lg_oom_event *
lg_incident_oom_of_subject(const struct lg_incident *in);
/* The victim of the report that is the subject; the first one when the subject
 * is not known; NULL: none. */
const struct lg_oom_task *lg_oom_victim_of(const struct lg_oom_event *event,
                                           const struct lg_subject *subject,
                                           bool subject_known);

#endif
