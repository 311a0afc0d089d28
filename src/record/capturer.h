/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a lane in which captures are made one after the other, in a process
 * of its own: sampling never waits for a target that hangs, the recorder stays
 * small whatever a capture needs, and memory that lies can crash no more than
 * a worker, which is then replaced. It asks a capture source for the parts and
 * doesn't know which kind it is; finding the source (a runtime that is still
 * starting, an endpoint that opens late) happens here as well.
 *
 *     recorder ── lg_capture_job ──▶ worker (capture_worker.c)
 *              ◀─ lg_capture_outcome ──   writes captures/0003-usage-50/
 *
 * A capture is a folder: files of /proc and the cgroup as they were, the
 * source's parts, capture.json last.
 */
#ifndef LG_RECORD_CAPTURER_H
#define LG_RECORD_CAPTURER_H

#include "evidence/fact.h"
#include "sources/capture_source.h"
#include "sources/cgroupfs.h"

struct lg_capturer;

struct lg_capturer_options {
    const struct lg_host *host;
    int folder_fd;                       /* the incident's; borrowed */
    int64_t pid;                         /* the subject */
    const struct lg_cgroup_place *place; /* NULL: no cgroup is known */
    const char *pprof_url;               /* NULL: find it */
    uint64_t start_mono_ns;              /* t = 0 */
    enum lg_capture_from from;
    bool switch_heap_profile; /* where the program was built without one */
    bool keeps_few;           /* captures are thinned out in the folder */
};

enum lg_capture_job_kind {
    LG_JOB_FIND, /* look for a source only */
    LG_JOB_CAPTURE,
    LG_JOB_COUNT, /* how many goroutines are there? nothing is kept */
};

struct lg_capture_job {
    enum lg_capture_job_kind kind;
    uint32_t id;
    char name[32];  /* "usage-50"; the folder is captures/0003-usage-50 */
    unsigned parts; /* LG_TAKE_BIT()s, taken in the order of part_order */
    uint64_t text_goroutines_max; /* with more, no dump as text, where taking
                                     it costs the target; else a sample */
    uint64_t usage_bytes;         /* of the cgroup, as it was decided */
    bool urgent;    /* the source's parts before the files of /proc */
    bool with_maps; /* also smaps */
    bool newest;    /* hard-link its files at the top of the incident */
};

struct lg_capture_outcome {
    struct lg_capture_job job;
    bool has_source, from_memory;
    bool complete;
    bool crashed; /* the worker died of it; another one is there */
    bool heap_profile_switched; /* the program's heap profile was off and is on
                                   from now: told once */
    char source[256];           /* in words, where has_source: for people */
    uint64_t end_mono_ns, duration_ns;
    uint64_t cost_ns; /* of a processor: ours, or the target's at most */
    struct lg_num goroutines, heap_bytes, stack_bytes;
    struct lg_error error; /* why there is no source, or nothing was stored */
    struct lg_error memory_refused; /* why memory is not it; OK: not tried, or
                                       it may still come */
};

bool lg_capturer_create(const struct lg_capturer_options *options,
                        struct lg_capturer **capturer_ret,
                        struct lg_error *err);
/* Waits for the job under way, which ends soon when the target is gone. */
void lg_capturer_destroy(struct lg_capturer *capturer);
/* Readable when an outcome is there. It changes when a worker is replaced:
 * ask again after an outcome that crashed. */
int lg_capturer_fd(const struct lg_capturer *capturer);
bool lg_capturer_busy(const struct lg_capturer *capturer);
/* Only while it is not busy. */
void lg_capturer_submit(struct lg_capturer *capturer,
                        const struct lg_capture_job *job);
/* false: none is there yet. */
bool lg_capturer_take(struct lg_capturer *capturer,
                      struct lg_capture_outcome *outcome_ret);

#endif
