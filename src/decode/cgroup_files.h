/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the files of a memory cgroup, v1 and v2, and what a cgroup's path
 * says about who runs there.
 */
#ifndef LG_DECODE_CGROUP_FILES_H
#define LG_DECODE_CGROUP_FILES_H

#include "base/error.h"
#include "evidence/cgroup.h"
#include "evidence/subject.h"

/* "max", "9223372036854771712" and its kin → unknown (unlimited). */
struct lg_num lg_cgroup_limit_parse(struct lg_str text);
struct lg_num lg_cgroup_number_parse(struct lg_str text);
/* memory.stat; names of both versions → the common fields as well. arena may
 * be NULL: then only the common fields are taken (no allocation). For v1 the
 * hierarchical total_… values are what counts. */
void lg_cgroup_stat_parse(struct lg_str text, int version,
                          struct lg_arena *arena, struct lg_cgroup *c);
void lg_cgroup_events_parse(struct lg_str text, struct lg_cgroup *c); /* v2 */
void lg_cgroup_oom_control_parse(struct lg_str text,
                                 struct lg_cgroup *c); /* v1 */
void lg_psi_parse(struct lg_str text, struct lg_psi *ret);
/* /proc/PID/cgroup → path in the memory hierarchy and its version; prefers
 * v1's memory line when both are there. */
bool lg_proc_cgroup_parse(struct lg_str text, int *version_ret,
                          struct lg_str *path_ret, struct lg_error *err);
/* /proc/PID/mountinfo → where that hierarchy is mounted, and which cgroup is
 * its root there (containers). */
bool lg_mountinfo_cgroup_parse(struct lg_str text, int version,
                               struct lg_arena *arena, struct lg_str *mount_ret,
                               struct lg_str *root_ret, struct lg_error *err);
/* systemd unit, docker / containerd / cri-o / podman id, pod uid and QoS from
 * a cgroup path. Strings are in the arena or in path. */
void lg_identity_parse(struct lg_str cgroup_path, struct lg_arena *arena,
                       struct lg_identity *ret);

#endif
