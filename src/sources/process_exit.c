/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/process_exit.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 6.15: include/uapi/linux/pidfd.h; Debian 12's headers are older. */
struct pidfd_info_v3 {
    uint64_t mask, cgroupid;
    uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
    uint32_t coredump_mask, reserved;
};
#define INFO_EXIT (UINT64_C(1) << 3)
#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info_v3)

bool lg_pidfd_open(int64_t pid, int *fd_ret, struct lg_error *err)
{
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (fd < 0) {
        return lg_fail_os(err, errno == EINVAL ? ESRCH : errno, "process %lld",
                          (long long)pid);
    }
    *fd_ret = fd;
    return true;
}

struct lg_exit_status lg_pidfd_exit_status(int pid_fd)
{
    struct pidfd_info_v3 info = {.mask = INFO_EXIT};
    if (ioctl(pid_fd, GET_INFO, &info) == 0 && (info.mask & INFO_EXIT) != 0) {
        return (struct lg_exit_status){true, info.exit_code};
    }
    return (struct lg_exit_status){false, 0};
}
