/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/save.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES ((size_t)128 << 20)

static int step_into(int dir_fd, struct lg_str part)
{
    char name[NAME_MAX + 1];
    if (part.len >= sizeof name || lg_str_eq(part, LG_STR(".."))) {
        errno = EINVAL;
        return -1;
    }
    (void)snprintf(name, sizeof name, "%.*s", LG_STR_ARG(part));
    if (mkdirat(dir_fd, name, 0755) != 0 && errno != EEXIST)
        return -1;
    return openat(dir_fd, name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int lg_save_dir(int dest_fd, struct lg_str path, struct lg_error *err)
{
    struct lg_str rest = path;
    int fd = openat(dest_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && rest.len > 0) {
        struct lg_cut cut = lg_str_cut_char(rest, '/');
        rest = cut.tail;
        if (cut.head.len == 0)
            continue;
        int next = step_into(fd, cut.head);
        lg_close_p(&fd); /* keeps errno */
        fd = next;
    }
    if (fd < 0)
        (void)lg_fail_os(err, errno, "cannot create folder %.*s",
                         LG_STR_ARG(path));
    return fd;
}

bool lg_save_file(int from_fd, const char *name, int to_fd,
                  struct lg_error *err)
{
    char buffer[16384];
    size_t total = 0;
    LG_CLOSE
    int from = openat(from_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (from < 0)
        return true;
    ssize_t n = read(from, buffer, sizeof buffer);
    if (n < 0)
        return true; /* readable in name only */
    LG_CLOSE
    int to =
        openat(to_fd, name,
               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (to < 0)
        return lg_fail_os(err, errno, "cannot create %s", name);
    for (; n > 0 && total < MAX_FILE_BYTES; total += (size_t)n) {
        if (!lg_write_all(to, buffer, (size_t)n, err))
            return lg_context(err, "%s", name);
        n = read(from, buffer, sizeof buffer);
        if (n <= 0)
            break;
    }
    return true;
}
