/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one program watched from its start (run) or from now on (attach)
 * to its end, everything written to the incident's folder as it happens. One
 * thread waits on descriptors (the process, the kernel log, marks of memory
 * use, signals, the clock) and samples; captures go on in lanes beside it.
 */
#ifndef LG_RECORD_SESSION_H
#define LG_RECORD_SESSION_H

#include "evidence/incident.h"
#include "sources/capture_source.h"
#include "sources/host.h"

struct lg_session_status { /* for a live line */
    uint64_t t_ns;
    uint64_t usage_bytes, limit_bytes; /* limit 0: none */
    double rate_bytes_per_s;
    uint64_t time_left_ns; /* UINT64_MAX: not growing */
    struct lg_num goroutines;
    uint32_t captures;
    bool capturing;
};

/* Where the program was built without a heap profile, may it be switched on?
 * See sources/memory_source.h. */
enum lg_heap_profile {
    LG_HEAP_PROFILE_AUTO, /* in run; not in a process that is not ours */
    LG_HEAP_PROFILE_NEVER,
    LG_HEAP_PROFILE_ALWAYS,
};

struct lg_session_options {
    const struct lg_host *host;
    int folder_fd; /* the incident's */
    const char *id;
    char *const *argv; /* run: the program; NULL: attach */
    int64_t attach_pid;
    uint64_t memory_max_bytes; /* run: 0: no limit of ours */
    uint64_t for_ns;           /* 0: until it ends */
    const char *pprof_url;     /* NULL: found */
    enum lg_capture_from from;
    enum lg_heap_profile heap_profile;
    void (*status)(void *context, const struct lg_session_status *status);
    void (*note)(void *context, const char *sentence);
    void *context;
};

struct lg_session_result {
    bool started;       /* the program ran at all */
    bool has_status;    /* how it ended is known */
    int wait_status;    /* as of waitpid */
    bool still_running; /* attach --for, or the recorder was told to stop */
    enum lg_end_kind end;
    int64_t pid; /* the subject */
};

/* false: the program could not be started or attached to; nothing runs. */
bool lg_session_run(const struct lg_session_options *options,
                    struct lg_session_result *result_ret, struct lg_error *err);

#endif
