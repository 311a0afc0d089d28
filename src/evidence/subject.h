/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: who it is about: the process, the Go program in it, and the place
 * (cgroup, container, pod, unit) where it ran.
 */
#ifndef LG_EVIDENCE_SUBJECT_H
#define LG_EVIDENCE_SUBJECT_H

#include "base/vec.h"
#include "evidence/fact.h"

struct lg_module {
    struct lg_str path, version;
};

/* From the binary's build information; also of stripped binaries. */
struct lg_build_info {
    bool is_go;
    struct lg_str go_version; /* "go1.26.8" */
    struct lg_str path;       /* of the main package; may be
                                 "command-line-arguments" */
    struct lg_module module;  /* main module; path empty when not recorded */
    LG_VEC(struct lg_module) deps; /* replaced ones under their own path */
    struct lg_str build_id;        /* GNU build id in hex, else Go's */
    bool stripped;                 /* no .symtab */
    bool race, cgo;                /* from -race, CGO_ENABLED settings */
};

/* Names found in a cgroup path; each empty when the path tells none. */
struct lg_identity {
    struct lg_str unit; /* systemd: "nginx.service" */
    struct lg_str slice;
    struct lg_str container_id; /* 64 hex digits */
    struct lg_str runtime;      /* docker, containerd, cri-o, podman, … */
    struct lg_str pod_uid;      /* with dashes */
    struct lg_str qos;          /* Guaranteed, Burstable, BestEffort */
};

struct lg_subject {
    int64_t pid;
    struct lg_str exe, comm;
    LG_VEC(struct lg_str) cmdline;
    struct lg_build_info build;
    int64_t started_at_ns; /* wall */
    struct lg_str cgroup;  /* path of its memory cgroup */
    int cgroup_version;
    struct lg_identity identity;
    struct lg_num limit_bytes;
    struct lg_str limit_source;     /* "run --memory-max", "memory.max of /a",
                                       "host memory" */
    struct lg_str gogc, gomemlimit; /* from its environment; empty: not set */
    struct lg_num host_memory_bytes;
    struct lg_num exe_size_bytes;
};

#endif
