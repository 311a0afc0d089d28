/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/small_file.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* seq_files hand out a page at a time: read until nothing comes. Most fit the
 * first read, and the second one, which says so, is a third of the cost; so a
 * read far from the capacity and from a page's end is taken for the last. */
bool lg_small_pread(int fd, char *buffer, size_t capacity,
                    struct lg_str *text_ret)
{
    size_t len = 0;
    while (len < capacity) {
        ssize_t n = pread(fd, buffer + len, capacity - len, (off_t)len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        len += (size_t)n;
        if (n == 0 || n < 2048)
            break;
    }
    *text_ret = lg_str_from(buffer, len);
    return true;
}

bool lg_small_file(int dir_fd, const char *name, char *buffer, size_t capacity,
                   struct lg_str *text_ret)
{
    LG_CLOSE
    int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    return fd >= 0 && lg_small_pread(fd, buffer, capacity, text_ret);
}

void lg_dents_init(struct lg_dents *d, int fd)
{
    d->fd = fd;
    d->sys_errno = 0;
    d->at = d->end = 0;
}

/* struct linux_dirent64: u64 ino, s64 off, u16 reclen, u8 type, name. */
#define DENT_RECLEN_AT 16
#define DENT_NAME_AT 19

const char *lg_dents_next(struct lg_dents *d)
{
    if (d->at >= d->end) {
        long n = syscall(SYS_getdents64, d->fd, d->buffer, sizeof d->buffer);
        if (n <= 0) {
            d->sys_errno = n < 0 ? errno : 0;
            return NULL;
        }
        d->at = 0;
        d->end = (size_t)n;
    }
    uint16_t reclen;
    const char *entry = d->buffer + d->at;
    memcpy(&reclen, entry + DENT_RECLEN_AT, sizeof reclen);
    d->at += reclen;
    return entry + DENT_NAME_AT;
}

bool lg_small_write(int dir_fd, const char *name, struct lg_str text)
{
    LG_CLOSE
    int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n;
    do {
        n = write(fd, text.data, text.len);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)text.len;
}
