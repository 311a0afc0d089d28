/* SPDX-License-Identifier: Apache-2.0 */
/* Being told of marks and of OOM, instead of asking. */
#include "base/io.h"
#include "sources/cgroupfs.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

/* v1: "EVENT_FD FILE_FD ARGUMENT" into cgroup.event_control. */
static bool register_event(int dir_fd, const char *file, const char *argument,
                           int *event_fd_ret, struct lg_error *err)
{
    char line[96];
    LG_CLOSE
    int file_fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
    if (file_fd < 0)
        return lg_fail_os(err, errno, "cannot open %s", file);
    int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0)
        return lg_fail_os(err, errno, "cannot make an eventfd");
    int len =
        snprintf(line, sizeof line, "%d %d %s", event_fd, file_fd, argument);
    if (!lg_small_write(dir_fd, "cgroup.event_control",
                        lg_str_from(line, (size_t)len))) {
        int sys_errno = errno;
        (void)close(event_fd);
        return lg_fail_os(err, sys_errno, "cannot watch %s", file);
    }
    *event_fd_ret = event_fd;
    return true;
}

bool lg_cgroup_usage_mark(const struct lg_host *host,
                          const struct lg_cgroup_place *place,
                          uint64_t mark_bytes, int *event_fd_ret,
                          struct lg_error *err)
{
    char argument[24];
    if (!host->is_live || place->version != 1)
        return lg_fail(err, LG_UNSUPPORTED,
                       "cgroup v2 has no marks on the usage");
    LG_CLOSE
    int dir_fd = lg_cgroup_open(host, place->dir, err);
    if (dir_fd < 0)
        return false;
    (void)snprintf(argument, sizeof argument, "%llu",
                   (unsigned long long)mark_bytes);
    return register_event(dir_fd, "memory.usage_in_bytes", argument,
                          event_fd_ret, err);
}

static bool watch_file(const struct lg_host *host,
                       const struct lg_cgroup_place *place, int *fd_ret,
                       struct lg_error *err)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "/proc/self/fd/%d/%.*s/memory.events",
                       host->root_fd, LG_STR_ARG(place->dir));
    if (len < 0 || (size_t)len >= sizeof path)
        return lg_fail(err, LG_LIMIT, "the cgroup's path is too long");
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot make an inotify descriptor");
    if (inotify_add_watch(fd, path, IN_MODIFY) < 0) {
        int sys_errno = errno;
        (void)close(fd);
        return lg_fail_os(err, sys_errno, "cannot watch memory.events");
    }
    *fd_ret = fd;
    return true;
}

bool lg_cgroup_oom_event(const struct lg_host *host,
                         const struct lg_cgroup_place *place, int *fd_ret,
                         struct lg_error *err)
{
    if (!host->is_live)
        return lg_fail(err, LG_UNSUPPORTED,
                       "a copy of a machine has no events");
    if (place->version == 2)
        return watch_file(host, place, fd_ret, err);
    LG_CLOSE
    int dir_fd = lg_cgroup_open(host, place->dir, err);
    if (dir_fd < 0)
        return false;
    return register_event(dir_fd, "memory.oom_control", "", fd_ret, err);
}
