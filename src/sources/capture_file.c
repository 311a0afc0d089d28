/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/capture_file.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* captures/0001-start/root/sys/fs/cgroup/memory/a/b/c… */
#define MAX_DEPTH 24

static bool write_part(int folder_fd, const char *temporary,
                       struct lg_str bytes, struct lg_error *err)
{
    (void)unlinkat(folder_fd, temporary, 0);
    LG_CLOSE
    int fd = openat(folder_fd, temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return lg_fail_os(err, errno, "%s", temporary);
    }
    return lg_write_all(fd, bytes.data, bytes.len, err) ||
           lg_context(err, "%s", temporary);
}

bool lg_capture_file_write(int folder_fd, const char *name, struct lg_str bytes,
                           struct lg_error *err)
{
    char temporary[64];
    snprintf(temporary, sizeof temporary, "%s.part", name);
    if (!write_part(folder_fd, temporary, bytes, err)) {
        (void)unlinkat(folder_fd, temporary, 0);
        return false;
    }
    if (renameat(folder_fd, temporary, folder_fd, name) != 0) {
        return lg_fail_os(err, errno, "%s", name);
    }
    return true;
}

static void sync_below(int dir_fd, const char *name, int depth)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        lg_close_p(&fd);
        return;
    }
    (void)fsync(fd);
    DIR *dir = S_ISDIR(st.st_mode) && depth > 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        close(fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' &&
            (entry->d_type == DT_REG || entry->d_type == DT_DIR)) {
            sync_below(fd, entry->d_name, depth - 1);
        }
    }
    closedir(dir);
}

void lg_capture_sync(int dir_fd, const char *name)
{
    sync_below(dir_fd, name, MAX_DEPTH);
}
