/* SPDX-License-Identifier: Apache-2.0 */
/* Durable files: there completely, or not there. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names that others left behind: after so many something else is wrong. */
#define MAX_TEMP_TRIES 100

bool lg_fsync_dir(int dir_fd, struct lg_error *err)
{
    LG_CLOSE
    int own = -1;
    if (dir_fd == AT_FDCWD) {
        own = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        dir_fd = own;
    }
    /* EINVAL: this filesystem has nothing to sync in a folder. */
    if (dir_fd < 0 || (fsync(dir_fd) != 0 && errno != EINVAL))
        return lg_fail_os(err, errno, "cannot sync the folder");
    return true;
}

/* Splits dir_fd/path into an open folder and a last part. */
static bool open_parent(int dir_fd, const char *path, int *parent_ret,
                        const char **last_ret, struct lg_error *err)
{
    struct lg_cut cut = lg_str_rcut_char(lg_str_of(path), '/');
    char folder[PATH_MAX] = ".";
    if (cut.head.len >= sizeof folder)
        return lg_fail_os(err, ENAMETOOLONG, "cannot write %.60s…", path);
    if (cut.found && cut.head.len == 0)
        memcpy(folder, "/", 2);
    else if (cut.found) {
        memcpy(folder, cut.head.data, cut.head.len);
        folder[cut.head.len] = '\0';
    }
    const char *last = cut.found ? cut.tail.data : path;
    if (*last == '\0')
        return lg_fail(err, LG_USAGE, "%s is not the name of a file", path);
    int fd = openat(dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open the folder of %s", path);
    *parent_ret = fd;
    *last_ret = last;
    return true;
}

/* Creates a file under a name that nobody uses. */
static int open_temp(int dir_fd, unsigned mode, char name[64])
{
    static unsigned counter;
    int fd = -1;
    for (int i = 0; fd < 0 && i < MAX_TEMP_TRIES; i++) {
        unsigned n = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
        snprintf(name, 64, ".lastgasp-%d-%u.tmp", (int)getpid(), n);
        fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    (mode_t)mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

static bool write_and_rename(int fd, int dir_fd, const char *temp,
                             const char *name, struct lg_str bytes,
                             struct lg_error *err)
{
    if (!lg_write_all(fd, bytes.data, bytes.len, err))
        return false;
    if (fsync(fd) != 0)
        return lg_fail_os(err, errno, "cannot sync");
    if (renameat(dir_fd, temp, dir_fd, name) != 0)
        return lg_fail_os(err, errno, "cannot rename");
    return true;
}

bool lg_write_file(int dir_fd, const char *name, struct lg_str bytes,
                   unsigned mode, struct lg_error *err)
{
    LG_CLOSE
    int parent = -1;
    const char *last = NULL;
    if (!open_parent(dir_fd, name, &parent, &last, err))
        return false;
    char temp[64];
    LG_CLOSE
    int fd = open_temp(parent, mode, temp);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot create %s", name);
    if (!write_and_rename(fd, parent, temp, last, bytes, err)) {
        (void)unlinkat(parent, temp, 0);
        return lg_context(err, "%s", name);
    }
    if (!lg_fsync_dir(parent, err))
        return lg_context(err, "%s", name);
    return true;
}
