/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup's files as they are, into a folder that lg_cgroup_read reads. */
#include "base/io.h"
#include "base/vec.h"
#include "sources/cgroupfs.h"
#include "sources/save.h"

/* Both versions' names: those of the other are not there. */
static const char *const own_files[] = {
    "cgroup.procs",
    "memory.stat",
    "memory.current",
    "memory.peak",
    "memory.max",
    "memory.high",
    "memory.low",
    "memory.min",
    "memory.events",
    "memory.events.local",
    "memory.swap.current",
    "memory.swap.max",
    "memory.swap.events",
    "memory.oom.group",
    "memory.pressure",
    "cgroup.controllers",
    "cgroup.events",
    "memory.usage_in_bytes",
    "memory.max_usage_in_bytes",
    "memory.limit_in_bytes",
    "memory.soft_limit_in_bytes",
    "memory.failcnt",
    "memory.memsw.usage_in_bytes",
    "memory.memsw.limit_in_bytes",
    "memory.kmem.usage_in_bytes",
    "memory.kmem.limit_in_bytes",
    "memory.kmem.tcp.usage_in_bytes",
    "memory.oom_control",
    "memory.swappiness",
    "memory.use_hierarchy",
};

static const char *const ancestor_files[] = {
    "memory.max",
    "memory.high",
    "memory.current",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "memory.use_hierarchy",
};

static bool save_folder(const struct lg_host *host, struct lg_str dir,
                        const char *const *names, size_t count, int dest_fd,
                        struct lg_error *err)
{
    LG_CLOSE
    int from = lg_cgroup_open(host, dir, err);
    if (from < 0)
        return false;
    LG_CLOSE
    int to = lg_save_dir(dest_fd, dir, err);
    if (to < 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!lg_save_file(from, names[i], to, err))
            return lg_context(err, "%.*s", LG_STR_ARG(dir));
    }
    return true;
}

bool lg_cgroup_save(const struct lg_host *host,
                    const struct lg_cgroup_place *place, int dest_fd,
                    struct lg_error *err)
{
    struct lg_str dir = place->dir;
    if (!save_folder(host, dir, own_files, LG_COUNT(own_files), dest_fd, err))
        return false;
    while (dir.len > place->top.len) {
        ptrdiff_t at = lg_str_rfind_char(dir, '/');
        if (at <= 0)
            break;
        dir = lg_str_first(dir, (size_t)at);
        if (!save_folder(host, dir, ancestor_files, LG_COUNT(ancestor_files),
                         dest_fd, err))
            return false;
    }
    return true;
}
