/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which addresses a process listens on: the listening sockets of its network
 * namespace, and of these the ones among its descriptors.
 *
 *   /proc/PID/net/tcp   sl local_address rem_address st … inode
 *                       0: 0100007F:17AC 00000000:0000 0A … 12345
 *   /proc/PID/fd/7   →  socket:[12345]
 *
 * Addresses are words of four bytes as the machine has them, in hex. The
 * kernel prints listening sockets first (tcp_get_idx: TCP_SEQ_STATE_LISTENING).
 */
#include "base/io.h"
#include "base/lines.h"
#include "base/str.h"
#include "base/vec.h"
#include "sources/pprof_http.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LISTENING 1024
/* Listening ones come first; a few others in between would do no harm. */
#define MAX_OTHER_LINES 64
#define MAX_FDS 200000

struct listening {
    uint64_t inode;
    unsigned char address[16];
    bool is_v6, is_ours;
    uint16_t port;
};

struct table {
    struct listening items[MAX_LISTENING];
    size_t count;
};

/* "0100007F" or four of those, then ":17AC". */
static bool parse_address(struct lg_str text, struct listening *ret)
{
    struct lg_cut cut = lg_str_rcut_char(text, ':');
    uint64_t number;
    if (!cut.found || (cut.head.len != 8 && cut.head.len != 32))
        return false;
    for (size_t i = 0; i < cut.head.len / 8; i++) {
        struct lg_str word = lg_str_first(lg_str_skip(cut.head, i * 8), 8);
        if (!lg_str_hex(word, &number))
            return false;
        uint32_t as_is = (uint32_t)number;
        memcpy(ret->address + i * 4, &as_is, 4);
    }
    if (!lg_str_hex(cut.tail, &number) || number == 0 || number > UINT16_MAX)
        return false;
    ret->is_v6 = cut.head.len == 32;
    ret->port = (uint16_t)number;
    return true;
}

/* false: not a line of a listening socket. */
static bool parse_line(struct lg_str line, struct listening *ret)
{
    struct lg_str word;
    for (int column = 0; lg_str_word(&line, &word); column++) {
        if (column == 1 && !parse_address(word, ret))
            return false;
        if (column == 3 && !lg_str_eq(word, LG_STR("0A")))
            return false;
        if (column == 9)
            return lg_str_u64(word, &ret->inode);
    }
    return false;
}

/* Below a copy's root no link leads out of it. */
static int open_below(const struct lg_host *host, int64_t pid, const char *name,
                      int flags)
{
    char path[64];
    snprintf(path, sizeof path, "proc/%" PRId64 "/%s", pid, name);
    return lg_host_open(host, path, flags);
}

static bool read_table(const struct lg_host *host, int64_t pid,
                       const char *name, struct table *t, struct lg_error *err)
{
    LG_CLOSE
    int fd = open_below(host, pid, name, O_RDONLY);
    if (fd < 0)
        return errno == ENOENT ||
               lg_fail_os(err, errno, "/proc/%" PRId64 "/%s", pid, name);
    char buffer[8192];
    struct lg_line_reader reader;
    struct lg_error why = {0};
    lg_line_reader_init(&reader, fd, buffer, sizeof buffer);
    struct lg_str line;
    int others = 0;
    while (others < MAX_OTHER_LINES && t->count < MAX_LISTENING &&
           lg_line_reader_next(&reader, &line, &why)) {
        struct listening found = {0};
        if (parse_line(line, &found))
            t->items[t->count++] = found;
        else
            others++;
    }
    if (why.kind != LG_OK && err != NULL)
        *err = why;
    return why.kind == LG_OK;
}

static void mark(struct table *t, uint64_t inode)
{
    for (size_t i = 0; i < t->count; i++)
        t->items[i].is_ours |= t->items[i].inode == inode;
}

static void mark_link(struct table *t, int fds_fd, const char *name)
{
    char target[64];
    ssize_t len = readlinkat(fds_fd, name, target, sizeof target);
    struct lg_str s = {target, len < 0 ? 0 : (size_t)len};
    uint64_t inode;
    if (lg_str_after(s, LG_STR("socket:["), &s) &&
        lg_str_ends(s, LG_STR("]")) &&
        lg_str_u64(lg_str_first(s, s.len - 1), &inode))
        mark(t, inode);
}

/* Marks those that the process has open. */
static bool mark_ours(const struct lg_host *host, int64_t pid, struct table *t,
                      struct lg_error *err)
{
    int fds_fd = open_below(host, pid, "fd", O_RDONLY | O_DIRECTORY);
    if (fds_fd < 0)
        return lg_fail_os(err, errno, "/proc/%" PRId64 "/fd", pid);
    DIR *dir = fdopendir(fds_fd);
    if (dir == NULL) {
        close(fds_fd);
        return lg_fail_nomem(err);
    }
    struct dirent *entry;
    for (int n = 0; n < MAX_FDS && (entry = readdir(dir)) != NULL; n++)
        mark_link(t, fds_fd, entry->d_name);
    closedir(dir);
    return true;
}

/* Another network namespace has another loopback: somebody else may listen on
 * the same address in ours. */
static bool same_network(const struct lg_host *host, int64_t pid,
                         struct lg_error *err)
{
    struct stat ours, theirs;
    char path[64];
    snprintf(path, sizeof path, "proc/%" PRId64 "/ns/net", pid);
    if (!host->is_live || stat("/proc/self/ns/net", &ours) != 0 ||
        fstatat(host->root_fd, path, &theirs, 0) != 0)
        return true;
    if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev)
        return true;
    return lg_fail(err, LG_UNSUPPORTED,
                   "the process has a network of its own, whose addresses "
                   "cannot be reached from here");
}

static int by_port(const void *a, const void *b)
{
    const struct listening *x = a, *y = b;
    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    return (int)x->is_v6 - (int)y->is_v6;
}

static void print(const struct listening *l, struct lg_endpoint *ret)
{
    static const unsigned char zero[16],
        mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN] = "";
    bool wildcard = memcmp(l->address, zero, l->is_v6 ? 16 : 4) == 0;
    bool v4_in_v6 = l->is_v6 && memcmp(l->address, mapped, 12) == 0;
    if (l->is_v6 && !v4_in_v6) {
        inet_ntop(AF_INET6, l->address, text, sizeof text);
        snprintf(ret->address, sizeof ret->address, "[%s]:%u",
                 wildcard ? "::1" : text, l->port);
        return;
    }
    inet_ntop(AF_INET, l->address + (v4_in_v6 ? 12 : 0), text, sizeof text);
    snprintf(ret->address, sizeof ret->address, "%s:%u",
             wildcard ? "127.0.0.1" : text, l->port);
}

static size_t give(struct table *t, struct lg_endpoint *endpoints,
                   size_t capacity)
{
    size_t count = 0;
    qsort(t->items, t->count, sizeof t->items[0], by_port);
    for (size_t i = 0; i < t->count && count < capacity; i++) {
        if (t->items[i].is_ours)
            print(&t->items[i], &endpoints[count++]);
    }
    return count;
}

bool lg_listening_sockets(const struct lg_host *host, int64_t pid,
                          struct lg_endpoint *endpoints, size_t capacity,
                          size_t *count_ret, struct lg_error *err)
{
    LG_CLOSE
    int proc_fd = open_below(host, pid, "", O_RDONLY | O_DIRECTORY);
    if (proc_fd < 0)
        return lg_fail_os(err, errno, "/proc/%" PRId64, pid);
    struct table table = {.count = 0};
    if (!same_network(host, pid, err) ||
        !read_table(host, pid, "net/tcp", &table, err) ||
        !read_table(host, pid, "net/tcp6", &table, err) ||
        !mark_ours(host, pid, &table, err))
        return false;
    *count_ret = give(&table, endpoints, capacity);
    return true;
}
