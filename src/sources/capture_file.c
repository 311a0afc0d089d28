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

#define PART_NAME_BYTES 64

static void part_name(char part[PART_NAME_BYTES], const char *name)
{
    (void)snprintf(part, PART_NAME_BYTES, "%s.part", name);
}

int lg_capture_file_open(int folder_fd, const char *name, struct lg_error *err)
{
    char part[PART_NAME_BYTES];
    part_name(part, name);
    (void)unlinkat(folder_fd, part, 0);
    int fd =
        openat(folder_fd, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        lg_fail_os(err, errno, "%s", part);
    }
    return fd;
}

bool lg_capture_file_publish(int folder_fd, const char *name,
                             struct lg_error *err)
{
    char part[PART_NAME_BYTES];
    part_name(part, name);
    return renameat(folder_fd, part, folder_fd, name) == 0 ||
           lg_fail_os(err, errno, "%s", name);
}

void lg_capture_file_drop(int folder_fd, const char *name)
{
    char part[PART_NAME_BYTES];
    part_name(part, name);
    (void)unlinkat(folder_fd, part, 0);
}

bool lg_capture_file_write(int folder_fd, const char *name, struct lg_str bytes,
                           struct lg_error *err)
{
    LG_CLOSE
    int fd = lg_capture_file_open(folder_fd, name, err);
    if (fd < 0) {
        return false;
    }
    if (!lg_write_all(fd, bytes.data, bytes.len, err)) {
        lg_capture_file_drop(folder_fd, name);
        return lg_context(err, "%s", name);
    }
    return lg_capture_file_publish(folder_fd, name, err);
}

static void sync_below(int dir_fd, const char *name, int depth)
{
    int fd = depth >= 0
                 ? openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
                 : -1;
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

void lg_capture_sync(int dir_fd, const char *name, bool deep)
{
    sync_below(dir_fd, name, deep ? MAX_DEPTH : 1);
}
