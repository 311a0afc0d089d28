/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorder that was killed leaves its cgroup behind, empty once the program
 * has ended. Each recorder holds a lock on the folder of its own, which goes
 * with it: who gets the lock knows that nobody wants it any more.
 */
#include "sources/cgroupfs.h"

#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PREFIX "lastgasp-"
/* As many as a recorder that is killed again and again leaves in a while. */
#define MAX_SWEPT 100

void lg_cgroup_hold(int dir_fd)
{
    (void)flock(dir_fd, LOCK_EX | LOCK_NB);
}

static void sweep_one(int parent_fd, const char *name)
{
    LG_CLOSE
    int fd = openat(parent_fd, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        /* The kernel refuses while processes are in it. */
        (void)unlinkat(parent_fd, name, AT_REMOVEDIR);
    }
}

void lg_cgroup_sweep(int parent_fd, const char *own_name)
{
    int fd = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    int swept = 0;
    if (dir == NULL) {
        lg_close_p(&fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL && swept < MAX_SWEPT) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
            strcmp(entry->d_name, own_name) != 0 &&
            strcmp(entry->d_name, LG_CGROUP_SELF_LEAF) != 0) {
            sweep_one(parent_fd, entry->d_name);
            swept++;
        }
    }
    closedir(dir);
}
