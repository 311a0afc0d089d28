/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Most pseudo-files are smaller; larger ones double. */
#define FIRST_READ_BYTES ((size_t)4096)

static ssize_t read_some(int fd, void *buffer, size_t len)
{
    ssize_t n;
    do {
        n = read(fd, buffer, len);
    } while (n < 0 && errno == EINTR);
    return n;
}

static const char *name_of_type(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a folder";
    case S_IFIFO:
        return "a pipe";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    default:
        return "something else";
    }
}

/* Files below /proc and /sys claim a size of 0 and have content. */
static bool refuse_pseudo_file(int fd, const char *path, struct lg_error *err)
{
    char byte;
    ssize_t n = read_some(fd, &byte, 1);
    if (n < 0)
        return lg_fail_os(err, errno, "cannot read %s", path);
    if (n > 0)
        return lg_fail(err, LG_UNSUPPORTED,
                       "%s is a pseudo-file, not a regular file", path);
    return true;
}

bool lg_mapped_open(struct lg_mapped *m, int dir_fd, const char *path,
                    struct lg_error *err)
{
    *m = (struct lg_mapped){.bytes = LG_STR("")};
    /* O_NONBLOCK: a pipe without a writer would hold us here forever. */
    LG_CLOSE
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s", path);
    if (fstat(fd, &st) != 0)
        return lg_fail_os(err, errno, "cannot stat %s", path);
    if (!S_ISREG(st.st_mode))
        return lg_fail(err, LG_UNSUPPORTED, "%s is %s, not a regular file",
                       path, name_of_type(st.st_mode));
    if (st.st_size == 0)
        return refuse_pseudo_file(fd, path, err);
    if ((uint64_t)st.st_size > (uint64_t)PTRDIFF_MAX)
        return lg_fail(err, LG_LIMIT, "%s is too large to map", path);
    size_t len = (size_t)st.st_size;
    void *address = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED)
        return lg_fail_os(err, errno, "cannot map %s", path);
    m->address = address;
    m->bytes = lg_str_from(address, len);
    return true;
}

void lg_mapped_deinit(struct lg_mapped *m)
{
    if (m->address != NULL)
        (void)munmap(m->address, m->bytes.len);
    *m = (struct lg_mapped){.bytes = LG_STR("")};
}

/* Reads until EOF, starting with room for first_bytes. One byte above the
 * limit tells a file that is too long from one that just fits. */
static bool read_until_eof(int fd, size_t first_bytes, size_t limit_bytes,
                           struct lg_arena *arena, struct lg_str *bytes_ret,
                           struct lg_error *err)
{
    size_t most = limit_bytes < SIZE_MAX ? limit_bytes + 1 : SIZE_MAX;
    size_t capacity = first_bytes < most ? first_bytes : most, len = 0;
    char *data = lg_arena_alloc(arena, capacity, 1);
    if (data == NULL)
        return lg_fail_nomem(err);
    for (;;) {
        ssize_t n = read_some(fd, data + len, capacity - len);
        if (n < 0)
            return lg_fail_os(err, errno, "cannot read");
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > limit_bytes)
            return lg_fail(err, LG_LIMIT, "longer than %zu bytes", limit_bytes);
        if (len < capacity)
            continue;
        size_t wanted = capacity <= most / 2 ? capacity * 2 : most;
        data = lg_arena_grow(arena, data, capacity, wanted, 1);
        if (data == NULL)
            return lg_fail_nomem(err);
        capacity = wanted;
    }
    lg_arena_trim(arena, data, capacity, len);
    *bytes_ret = lg_str_from(data, len);
    return true;
}

bool lg_read_all(int fd, size_t limit_bytes, struct lg_arena *arena,
                 struct lg_str *bytes_ret, struct lg_error *err)
{
    return read_until_eof(fd, FIRST_READ_BYTES, limit_bytes, arena, bytes_ret,
                          err);
}

bool lg_read_file(int dir_fd, const char *path, size_t limit_bytes,
                  struct lg_arena *arena, struct lg_str *bytes_ret,
                  struct lg_error *err)
{
    LG_CLOSE
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s", path);
    if (fstat(fd, &st) != 0)
        return lg_fail_os(err, errno, "cannot stat %s", path);
    size_t first_bytes = FIRST_READ_BYTES;
    if (S_ISREG(st.st_mode) && st.st_size > 0) {
        if ((uint64_t)st.st_size > limit_bytes)
            return lg_fail(err, LG_LIMIT, "%s: longer than %zu bytes", path,
                           limit_bytes);
        /* One byte more: the read that finds EOF needs no growing. */
        first_bytes = (size_t)st.st_size + 1;
    }
    if (!read_until_eof(fd, first_bytes, limit_bytes, arena, bytes_ret, err))
        return lg_context(err, "%s", path);
    return true;
}

bool lg_read_small(int dir_fd, const char *path, char *buffer, size_t capacity,
                   size_t *len_ret, struct lg_error *err)
{
    LG_CLOSE
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s", path);
    size_t len = 0;
    while (len < capacity) {
        ssize_t n = read_some(fd, buffer + len, capacity - len);
        if (n < 0)
            return lg_fail_os(err, errno, "cannot read %s", path);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *len_ret = len;
    return true;
}
