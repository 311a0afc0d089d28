/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/proc_fds.h"

#include "base/io.h"
#include "base/lines.h"
#include "decode/net_files.h"
#include "sources/small_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_TARGET_BYTES 1024
/* Sockets that wait for their names. Each time this many have come together
 * the socket tables are read. */
#define MAX_WAITING ((size_t)2048)
#define SLOTS (MAX_WAITING * 2)

struct waiting {
    uint64_t fd, inode;
    uint16_t next; /* same slot: index + 1 */
    bool named;
};

struct writer {
    int dir_fd;
    lg_fds_sink_fn *sink;
    void *context;
    bool failed;
    size_t waiting_count, unnamed_count;
    struct waiting waiting[MAX_WAITING];
    uint16_t slots[SLOTS]; /* index + 1 of the first; 0: none */
};

static void put(struct writer *w, struct lg_str s)
{
    if (!w->failed && !w->sink(w->context, s))
        w->failed = true;
}

static void put_fd(struct writer *w, uint64_t fd)
{
    char number[24];
    int len = snprintf(number, sizeof number, "%llu\t", (unsigned long long)fd);
    put(w, lg_str_from(number, (size_t)len));
}

/* A name may hold a newline, and fds.txt has one line per descriptor: control
 * characters and backslashes become \ooo. */
static void put_target(struct writer *w, struct lg_str target)
{
    char escaped[MAX_TARGET_BYTES * 4];
    size_t len = 0;
    for (size_t i = 0; i < target.len && len + 5 < sizeof escaped; i++) {
        unsigned char c = (unsigned char)target.data[i];
        if (c >= ' ' && c != '\\' && c != 0x7f)
            escaped[len++] = (char)c;
        else
            len += (size_t)snprintf(escaped + len, sizeof escaped - len,
                                    "\\%03o", c);
    }
    if (len < sizeof escaped)
        escaped[len++] = '\n';
    put(w, lg_str_from(escaped, len));
}

static size_t slot_of(uint64_t inode)
{
    return (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SLOTS;
}

/* All descriptors with this inode get the line's text. */
static void name_sockets(struct writer *w, enum lg_net_file file,
                         struct lg_str line)
{
    char text[LG_NET_TEXT_BYTES];
    size_t len = 0;
    uint64_t inode;
    if (!lg_net_line_inode(file, line, &inode) || inode == 0)
        return;
    for (uint16_t i = w->slots[slot_of(inode)]; i != 0;) {
        struct waiting *s = &w->waiting[i - 1];
        i = s->next;
        if (s->inode != inode || s->named)
            continue;
        if (len == 0)
            len = lg_net_line_text(file, line, text);
        put_fd(w, s->fd);
        put_target(w, lg_str_from(text, len));
        s->named = true;
        w->unnamed_count--;
    }
}

static void read_table(struct writer *w, enum lg_net_file file)
{
    char buffer[4096];
    struct lg_line_reader lines;
    struct lg_str line;
    LG_CLOSE
    int fd = openat(w->dir_fd, lg_net_file_name(file), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    lg_line_reader_init(&lines, fd, buffer, sizeof buffer);
    while (w->unnamed_count > 0 && lg_line_reader_next(&lines, &line, NULL))
        name_sockets(w, file, line);
}

static void flush_waiting(struct writer *w)
{
    w->unnamed_count = w->waiting_count;
    for (int file = 0; file < LG_NET_COUNT && w->unnamed_count > 0; file++)
        read_table(w, (enum lg_net_file)file);
    for (size_t i = 0; i < w->waiting_count; i++) {
        if (w->waiting[i].named)
            continue;
        put_fd(w, w->waiting[i].fd);
        put_target(w, LG_STR("socket")); /* netlink, packet, … or closed */
    }
    w->waiting_count = 0;
    memset(w->slots, 0, sizeof w->slots);
}

static void add_waiting(struct writer *w, uint64_t fd, uint64_t inode)
{
    if (w->waiting_count == MAX_WAITING)
        flush_waiting(w);
    uint16_t *slot = &w->slots[slot_of(inode)];
    w->waiting[w->waiting_count++] =
        (struct waiting){.fd = fd, .inode = inode, .next = *slot};
    *slot = (uint16_t)w->waiting_count;
}

static void add_descriptor(struct writer *w, int fds_fd, const char *name)
{
    char target[MAX_TARGET_BYTES];
    struct lg_str text, number;
    uint64_t fd, inode;
    if (!lg_str_u64(lg_str_of(name), &fd))
        return;
    ssize_t n = readlinkat(fds_fd, name, target, sizeof target);
    if (n < 0)
        return; /* closed meanwhile */
    text = lg_str_from(target, (size_t)n);
    if (lg_str_after(text, LG_STR("socket:["), &number) &&
        lg_str_take_u64(&number, &inode)) {
        add_waiting(w, fd, inode);
        return;
    }
    /* A pipe's number is no part of its name for us: two ends, one leak. */
    if (lg_str_starts(text, LG_STR("pipe:[")))
        text = LG_STR("pipe");
    put_fd(w, fd);
    put_target(w, text);
}

static void put_total(struct writer *w)
{
    struct lg_num count = lg_fds_count(w->dir_fd, UINT64_MAX);
    char line[48];
    if (!count.known)
        return;
    int len = snprintf(line, sizeof line, "#\tcount %llu\n",
                       (unsigned long long)count.value);
    put(w, lg_str_from(line, (size_t)len));
}

bool lg_fds_text_write(int dir_fd, lg_fds_sink_fn *sink, void *context,
                       struct lg_error *err)
{
    struct writer w = {.dir_fd = dir_fd, .sink = sink, .context = context};
    struct lg_dents d;
    const char *name;
    size_t looked_at = 0;
    LG_CLOSE
    int fds_fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fds_fd < 0)
        return lg_fail_os(err, errno, "cannot open fd");
    lg_dents_init(&d, fds_fd);
    while (looked_at < LG_MAX_FDS && !w.failed &&
           (name = lg_dents_next(&d)) != NULL) {
        if (*name == '.')
            continue;
        add_descriptor(&w, fds_fd, name);
        looked_at++;
    }
    if (d.sys_errno != 0)
        return lg_fail_os(err, d.sys_errno, "cannot list fd");
    flush_waiting(&w);
    if (looked_at == LG_MAX_FDS)
        put_total(&w);
    return !w.failed || lg_fail(err, LG_LIMIT, "fds: the sink is full");
}

struct text {
    struct lg_arena *arena;
    char *data;
    size_t len, capacity;
};

static bool append(void *context, struct lg_str s)
{
    struct text *t = context;
    if (s.len == 0)
        return true;
    if (s.len > LG_MAX_FDS_TEXT_BYTES - t->len)
        return false;
    if (s.len > t->capacity - t->len) {
        size_t capacity = t->capacity == 0 ? 16384 : t->capacity * 2;
        char *data = lg_arena_grow(t->arena, t->data, t->capacity, capacity, 1);
        if (data == NULL)
            return false;
        t->data = data;
        t->capacity = capacity;
    }
    assert(t->data != NULL); /* there is room for at least one byte */
    memcpy(t->data + t->len, s.data, s.len);
    t->len += s.len;
    return true;
}

bool lg_fds_text_read(int dir_fd, struct lg_arena *arena,
                      struct lg_str *text_ret, struct lg_error *err)
{
    struct text t = {.arena = arena};
    if (faccessat(dir_fd, "fds.txt", F_OK, 0) == 0)
        return lg_read_file(dir_fd, "fds.txt", LG_MAX_FDS_TEXT_BYTES, arena,
                            text_ret, err);
    if (!lg_fds_text_write(dir_fd, append, &t, err))
        return false;
    *text_ret = lg_str_from(t.data, t.len);
    return true;
}

/* The kernel's own count is the folder's size, on procfs only. */
static uint64_t size_of_proc_folder(int fd)
{
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) != 0 || st.st_size <= 0 || fstatfs(fd, &fs) != 0 ||
        fs.f_type != PROC_SUPER_MAGIC)
        return 0;
    return (uint64_t)st.st_size;
}

struct lg_num lg_fds_count(int dir_fd, uint64_t most)
{
    struct lg_dents d;
    const char *name;
    uint64_t count = 0;
    LG_CLOSE
    int fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return (struct lg_num){0};
    uint64_t size = size_of_proc_folder(fd);
    if (size > 0)
        return lg_known(size);
    lg_dents_init(&d, fd);
    while (count < most && (name = lg_dents_next(&d)) != NULL)
        count += *name != '.';
    return d.sys_errno == 0 ? lg_known(count) : (struct lg_num){0};
}
