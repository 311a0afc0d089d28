/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/host.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t sysconf_or(int name, uint64_t otherwise)
{
    long n = sysconf(name);
    return n > 0 ? (uint64_t)n : otherwise;
}

bool lg_host_init(struct lg_host *host, const char *root, struct lg_error *err)
{
    bool is_live = root == NULL || strcmp(root, "/") == 0;
    const char *path = is_live ? "/" : root;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open the root folder %s", path);
    *host = (struct lg_host){
        .root_fd = fd,
        .is_live = is_live,
        .clock = &lg_clock_system,
        .ticks_per_s = sysconf_or(_SC_CLK_TCK, 100),
        .page_bytes = sysconf_or(_SC_PAGESIZE, 4096),
    };
    return true;
}

void lg_host_deinit(struct lg_host *host)
{
    lg_close_p(&host->root_fd);
    host->root_fd = -1;
}

int lg_host_open(const struct lg_host *host, const char *path, int flags)
{
    flags |= O_CLOEXEC;
    if (host->is_live)
        return openat(host->root_fd, path, flags);
    struct open_how how = {
        .flags = (uint64_t)(unsigned)flags,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, host->root_fd, path, &how, sizeof how);
    if (fd >= 0 || errno != ENOSYS)
        return (int)fd;
    /* Before Linux 5.6: no links at the last step at least. */
    return openat(host->root_fd, path, flags | O_NOFOLLOW);
}
