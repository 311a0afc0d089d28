/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: memory cgroups: reading all facts of one, sampling it cheaply,
 * being told of marks, and making a transient one for `run`.
 */
#ifndef LG_SOURCES_CGROUPFS_H
#define LG_SOURCES_CGROUPFS_H

#include "evidence/cgroup.h"
#include "sources/host.h"

/* Where a process's memory cgroup is. Strings in the arena. */
struct lg_cgroup_place {
    int version;                /* 1 or 2 */
    struct lg_str path;         /* in the hierarchy: "/a/b" */
    struct lg_str process_path; /* where the process is; v2: below path when
                                   its own cgroup has no memory controller */
    struct lg_str dir;          /* below the host's root: "sys/fs/cgroup/…" */
    struct lg_str top;          /* the mount point, likewise */
    struct lg_str hierarchy_root; /* the cgroup at the mount point ("/") */
};
bool lg_cgroup_place_find(const struct lg_host *host, int64_t pid,
                          struct lg_arena *arena,
                          struct lg_cgroup_place *place_ret,
                          struct lg_error *err);

/* The same for many processes: where the hierarchies are mounted, by version,
 * is read once. Starts as {0}; its strings go to the arena. */
struct lg_cgroup_mounts {
    struct {
        bool known;
        struct lg_str mount, root;
    } of[3];
};
bool lg_cgroup_place_find_next(const struct lg_host *host, int64_t pid,
                               struct lg_cgroup_mounts *mounts,
                               struct lg_arena *arena,
                               struct lg_cgroup_place *place_ret,
                               struct lg_error *err);

/* Opens a cgroup's folder (place->dir or one of its parents'). -1 and err:
 * ABSENT when it is gone. */
int lg_cgroup_open(const struct lg_host *host, struct lg_str dir,
                   struct lg_error *err);

/* All facts, the limit looked for on the whole path up. with_pids: also
 * cgroup.procs of the subtree. ABSENT: it is gone. */
bool lg_cgroup_read(const struct lg_host *host,
                    const struct lg_cgroup_place *place, bool with_pids,
                    struct lg_arena *arena, struct lg_cgroup *ret,
                    struct lg_error *err);
/* Copies the cgroup's memory files, and the limits of its ancestors, as they
 * are into dest_fd under the same path: see lg_process_save. No allocation. */
bool lg_cgroup_save(const struct lg_host *host,
                    const struct lg_cgroup_place *place, int dest_fd,
                    struct lg_error *err);
/* One level up; false at the mount point. */
bool lg_cgroup_place_up(struct lg_cgroup_place *place);
/* What decides whether this cgroup's own limit is near. ABSENT: gone. */
struct lg_cgroup_level {
    struct lg_str path;
    struct lg_num limit_bytes; /* its own; at the mount point also the lowest
                                  above it; unknown: none */
    struct lg_num usage_bytes;
    struct lg_num reclaimable_bytes; /* of the usage: pages of files */
    bool oom_group, oom_kill_disabled;
};
bool lg_cgroup_level_read(const struct lg_host *host,
                          const struct lg_cgroup_place *place,
                          struct lg_cgroup_level *ret, struct lg_error *err);

/* /proc/meminfo; MemTotal alone. */
struct lg_host_memory {
    struct lg_num total_bytes, available_bytes, swap_total_bytes,
        swap_free_bytes;
};
struct lg_host_memory lg_host_memory_read(const struct lg_host *host);
struct lg_num lg_host_memory_bytes(const struct lg_host *host);

/* The sampler: descriptors stay open, nothing is allocated. */
struct lg_cgroup_sampler {
    int version;
    int usage_fd, stat_fd, events_fd; /* events: memory.events/oom_control */
};
struct lg_cgroup_sample {
    struct lg_num usage_bytes, anon_bytes, shmem_bytes, file_bytes,
        oom_kill_count, oom_count;
};
bool lg_cgroup_sampler_open(struct lg_cgroup_sampler *s,
                            const struct lg_host *host,
                            const struct lg_cgroup_place *place,
                            struct lg_error *err);
void lg_cgroup_sampler_close(struct lg_cgroup_sampler *s);
/* with_stat: memory.stat and events as well (20 µs instead of 2). false: the
 * cgroup is gone. */
bool lg_cgroup_sample(struct lg_cgroup_sampler *s, bool with_stat,
                      struct lg_cgroup_sample *ret);

/* v1: eventfds that fire when usage crosses a mark. v2 has no such thing
 * (UNSUPPORTED): the caller samples faster instead. Gives the fd. */
bool lg_cgroup_usage_mark(const struct lg_host *host,
                          const struct lg_cgroup_place *place,
                          uint64_t mark_bytes, int *event_fd_ret,
                          struct lg_error *err);
/* v1: eventfd of memory.oom_control; v2: an inotify fd on memory.events. */
bool lg_cgroup_oom_event(const struct lg_host *host,
                         const struct lg_cgroup_place *place, int *fd_ret,
                         struct lg_error *err);

/* A transient cgroup below our own (or the root of a delegated tree), with a
 * limit on memory (and none on swap beyond it). DENIED, UNSUPPORTED with a
 * sentence that names the way out. */
struct lg_transient_cgroup {
    struct lg_cgroup_place place;
    int dir_fd;   /* of the new folder */
    int procs_fd; /* cgroup.procs, to write a pid into */
    bool created;
    int parent_fd;   /* the folder that it was made in */
    int home_fd;     /* where to move what still runs in it: where we are */
    bool moved_self; /* the parent's processes were moved to that leaf, to be
                        moved back: cgroup v2 has no processes in inner nodes */
};
/* Ours as long as we live and the descriptor is open: see sweep. */
void lg_cgroup_hold(int dir_fd);
/* Removes what recorders that were killed left empty below a cgroup. */
void lg_cgroup_sweep(int parent_fd, const char *own_name);
#define LG_CGROUP_SELF_LEAF "lastgasp-self"
bool lg_transient_cgroup_create(const struct lg_host *host, const char *name,
                                uint64_t limit_bytes, struct lg_arena *arena,
                                struct lg_transient_cgroup *ret,
                                struct lg_error *err);
/* Removes it; what still runs in it is moved to our own, not killed. Waits
 * at most 2 s for what has just exited. The arena must still be there. */
void lg_transient_cgroup_destroy(struct lg_transient_cgroup *c);

#endif
