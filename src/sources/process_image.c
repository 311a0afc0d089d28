/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/process_image.h"

#include "base/io.h"
#include "base/lines.h"
#include "decode/proc_maps.h"
#include "sources/pagemap.h"
#include "sources/proc_fds.h"
#include "sources/process_access.h"
#include "sources/small_file.h"
#include "target/image_binary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* vm.max_map_count is 65,530, or a million where somebody raised it; a line
 * has about 70 bytes. */
#define MAX_MAPS_BYTES ((size_t)128 << 20)
/* 20 or 30 pairs of 16 bytes. */
#define MAX_AUXV_BYTES ((size_t)4096)
/* How many small reads may pass before we ask whether it is still the same
 * process: asking costs as much as one of them. */
#define READS_PER_CHECK 256
/* IOV_MAX of Linux. */
#define MAX_IOVECS ((size_t)1024)

struct process_image {
    struct lg_image base; /* first: the two are one */
    struct lg_host host;  /* root_fd borrowed */
    int dir_fd, mem_fd;   /* /proc/PID, and mem in it */
    bool by_mem;          /* process_vm_readv is refused here */
    unsigned reads;       /* since the last check */
    struct lg_mapped binary;
    enum lg_pause_with with;
    struct lg_pause *pause;
    struct lg_pagemap pagemap;
};

static struct process_image *of(struct lg_image *image)
{
    return (struct process_image *)(void *)image;
}

/* The address space that the descriptor stands for gives nothing at all once
 * nobody uses it; while it is used, an address without a page, as 0 is, is an
 * error instead. */
static void check_live(struct lg_image *image)
{
    struct process_image *p = of(image);
    char byte;
    p->reads = 0;
    if (pread(p->mem_fd, &byte, 1, 0) == 0)
        image->gone = true;
}

static size_t read_mem(struct lg_image *image, uint64_t address, void *into,
                       size_t bytes)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t n = pread(of(image)->mem_fd, (char *)into + done, bytes - done,
                          (off_t)(address + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            image->gone = true;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

/* After a call that gave less than it should: is it the process or the page,
 * or has it become one that we may not read this way? */
static void after_failure(struct lg_image *image, ssize_t n)
{
    if (n < 0 && (errno == EPERM || errno == ENOSYS))
        of(image)->by_mem = true;
    check_live(image);
}

static size_t read_live(struct lg_image *image, uint64_t address, void *into,
                        size_t bytes)
{
    struct process_image *p = of(image);
    struct iovec local = {into, bytes};
    struct iovec remote = {(void *)(uintptr_t)address, bytes};
    if (p->by_mem)
        return read_mem(image, address, into, bytes);
    ssize_t n = process_vm_readv((pid_t)image->pid, &local, 1, &remote, 1, 0);
    if (n == (ssize_t)bytes && ++p->reads < READS_PER_CHECK)
        return bytes;
    if (n == (ssize_t)bytes)
        check_live(image);
    else
        after_failure(image, n);
    if (image->gone)
        return 0;
    return p->by_mem ? read_mem(image, address, into, bytes)
                     : (n > 0 ? (size_t)n : 0);
}

static size_t read_ranges_by_mem(struct lg_image *image,
                                 const struct lg_image_range *ranges,
                                 size_t count, void *into)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        size_t got = read_mem(image, ranges[i].address, (char *)into + done,
                              ranges[i].bytes);
        done += got;
        if (got != ranges[i].bytes)
            break;
    }
    return done;
}

static size_t read_ranges(struct lg_image *image,
                          const struct lg_image_range *ranges, size_t count,
                          void *into)
{
    struct iovec remote[MAX_IOVECS], local = {into, 0};
    if (count > MAX_IOVECS)
        count = MAX_IOVECS;
    if (of(image)->by_mem)
        return read_ranges_by_mem(image, ranges, count, into);
    for (size_t i = 0; i < count; i++) {
        remote[i] = (struct iovec){(void *)(uintptr_t)ranges[i].address,
                                   ranges[i].bytes};
        local.iov_len += ranges[i].bytes;
    }
    ssize_t n =
        process_vm_readv((pid_t)image->pid, &local, 1, remote, count, 0);
    if (n == (ssize_t)local.iov_len)
        return (size_t)n;
    after_failure(image, n);
    if (image->gone)
        return 0;
    return of(image)->by_mem ? read_ranges_by_mem(image, ranges, count, into)
                             : (n > 0 ? (size_t)n : 0);
}

/* "monotonic  -86400  0": how the clock of a time namespace differs. */
static int64_t clock_offset_ns(int dir_fd)
{
    char buffer[256];
    struct lg_str text, line, rest, word;
    int64_t seconds, ns;
    if (!lg_small_file(dir_fd, "timens_offsets", buffer, sizeof buffer, &text))
        return 0;
    while (lg_lines_next(&text, &line)) {
        if (lg_str_after(line, LG_STR("monotonic"), &rest) &&
            lg_str_word(&rest, &word) && lg_str_i64(word, &seconds) &&
            lg_str_word(&rest, &word) && lg_str_i64(word, &ns) &&
            seconds > INT32_MIN && seconds < INT32_MAX)
            return seconds * (int64_t)LG_NS_PER_S + ns;
    }
    return 0;
}

/* What the target's nanotime() would give now. */
static uint64_t monotonic_ns(const struct process_image *p)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    int64_t ns = (int64_t)ts.tv_sec * (int64_t)LG_NS_PER_S + ts.tv_nsec;
    LG_CLOSE
    int self_fd = lg_proc_open(&p->host, getpid(), NULL);
    if (self_fd >= 0)
        ns += clock_offset_ns(p->dir_fd) - clock_offset_ns(self_fd);
    return (uint64_t)ns;
}

/* The mappings as they were, to be searched from where the last one was. */
struct before {
    const struct lg_image_segment *items;
    size_t count, at;
};

/* Paths that were there before are not copied again: a process is refreshed
 * for as long as it runs. */
static bool keep_path(struct lg_image *image, struct before *before,
                      struct lg_str path, struct lg_str *ret)
{
    for (size_t i = 0; i < before->count; i++) {
        size_t at = (before->at + i) % before->count;
        if (lg_str_eq(before->items[at].path, path)) {
            *ret = before->items[at].path;
            before->at = at;
            return true;
        }
    }
    *ret = lg_str_dup(image->arena, path);
    return ret->data != NULL;
}

static bool is_file(const struct lg_map_line *line)
{
    return line->inode != 0 && lg_str_starts(line->name, LG_STR("/"));
}

static bool take_maps(struct lg_image *image, struct lg_str text,
                      struct before before)
{
    struct lg_map_line line;
    struct lg_str last = {0};
    image->segments.count = 0;
    while (lg_proc_maps_next(&text, &line)) {
        struct lg_image_segment *s = lg_push(image->arena, &image->segments);
        if (s == NULL)
            return false;
        *s = (struct lg_image_segment){
            .start = line.start,
            .end = line.end,
            .can_read = line.can_read,
            .can_write = line.can_write,
            .can_exec = line.can_exec,
            .is_shared = line.is_shared,
            .file_offset = line.offset,
            .present = line.can_read,
        };
        if (!is_file(&line))
            continue;
        if (lg_str_eq(last, line.name))
            s->path = last;
        else if (!keep_path(image, &before, line.name, &s->path))
            return false;
        last = s->path;
    }
    return true;
}

static bool read_maps(struct lg_image *image, struct lg_error *err)
{
    struct process_image *p = of(image);
    struct lg_arena scratch;
    struct lg_str text;
    size_t count = image->segments.count;
    lg_arena_init(&scratch, 4 * MAX_MAPS_BYTES);
    struct lg_image_segment *before =
        lg_new(&scratch, struct lg_image_segment, count);
    bool ok =
        lg_read_file(p->dir_fd, "maps", MAX_MAPS_BYTES, &scratch, &text, err);
    if (ok && before != NULL && count != 0)
        memcpy(before, image->segments.items, count * sizeof *before);
    if (ok && (before == NULL ||
               !take_maps(image, text, (struct before){before, count, 0})))
        ok = lg_fail_nomem(err);
    lg_arena_deinit(&scratch);
    return ok;
}

static bool refresh_live(struct lg_image *image, struct lg_error *err)
{
    struct lg_error why = {0};
    lg_pagemap_forget(&of(image)->pagemap);
    check_live(image);
    /* Of an exec'ed process the numbers are of another program. */
    bool ok = !image->gone && read_maps(image, &why);
    check_live(image);
    if (image->gone)
        return lg_fail(err, LG_ABSENT,
                       "process %lld has ended or runs another program",
                       (long long)image->pid);
    if (!ok) {
        if (err != NULL)
            *err = why;
        return lg_context(err, "mappings of process %lld",
                          (long long)image->pid);
    }
    image->now_ns = monotonic_ns(of(image));
    return true;
}

static bool next_populated(struct lg_image *image, uint64_t from, uint64_t end,
                           struct lg_image_range *ret)
{
    struct process_image *p = of(image);
    return lg_pagemap_next(&p->pagemap, p->dir_fd, from, end,
                           p->host.page_bytes, ret);
}

static bool pause_live(struct lg_image *image, struct lg_error *err)
{
    struct process_image *p = of(image);
    check_live(image);
    if (image->gone)
        return lg_fail(err, LG_ABSENT, "process %lld has ended",
                       (long long)image->pid);
    return lg_pause_begin(&p->host, image->pid, p->with, image, &p->pause, err);
}

static void resume_live(struct lg_image *image)
{
    struct process_image *p = of(image);
    image->pause_ns += lg_pause_end(p->pause);
    image->threads.count = 0;
    p->pause = NULL;
}

static void destroy_live(struct lg_image *image)
{
    struct process_image *p = of(image);
    lg_mapped_deinit(&p->binary);
    lg_pagemap_deinit(&p->pagemap);
    lg_close_p(&p->mem_fd);
    lg_close_p(&p->dir_fd);
    free(p);
}

static const struct lg_image_ops live_ops = {
    .name = "live process",
    .read = read_live,
    .read_ranges = read_ranges,
    .pause = pause_live,
    .resume = resume_live,
    .refresh = refresh_live,
    .next_populated = next_populated,
    .check = check_live,
    .destroy = destroy_live,
};

/* A thread's folder is there too, though nobody lists it. */
static bool open_folder(struct process_image *p, int64_t pid,
                        struct lg_str *status_ret, char *buffer,
                        size_t capacity, struct lg_error *err)
{
    struct lg_str text, line, rest;
    int64_t process = pid;
    p->dir_fd = lg_proc_open(&p->host, pid, err);
    if (p->dir_fd < 0)
        return false;
    if (!lg_small_file(p->dir_fd, "status", buffer, capacity, &text))
        return lg_fail(err, LG_ABSENT, "there is no process %lld",
                       (long long)pid);
    *status_ret = text;
    while (lg_lines_next(&text, &line)) {
        if (lg_str_after(line, LG_STR("Tgid:"), &rest))
            (void)lg_str_i64(lg_str_trim(rest), &process);
    }
    p->base.pid = process;
    if (process == pid)
        return true;
    lg_close_p(&p->dir_fd);
    return open_folder(p, process, status_ret, buffer, capacity, err);
}

/* Those that have no memory to read. */
static bool has_memory(int64_t pid, struct lg_str status, struct lg_error *err)
{
    struct lg_str line, rest;
    bool sized = false;
    char state = '?';
    while (lg_lines_next(&status, &line)) {
        if (lg_str_after(line, LG_STR("State:"), &rest))
            state = lg_str_trim(rest).len != 0 ? *lg_str_trim(rest).data : '?';
        sized = sized || lg_str_starts(line, LG_STR("VmSize:"));
    }
    if (state == 'Z' || state == 'X')
        return lg_fail(err, LG_ABSENT,
                       "process %lld has ended (a zombie: its parent has not "
                       "asked for its status yet); its memory is gone",
                       (long long)pid);
    if (!sized)
        return lg_fail(err, LG_ABSENT,
                       "process %lld is a kernel thread: it has no memory of "
                       "its own",
                       (long long)pid);
    return true;
}

static bool open_memory(struct process_image *p, struct lg_error *err)
{
    char buffer[LG_SMALL_FILE_BYTES], what[64];
    struct lg_str status;
    if (!open_folder(p, p->base.pid, &status, buffer, sizeof buffer, err) ||
        !has_memory(p->base.pid, status, err))
        return false;
    p->mem_fd = openat(p->dir_fd, "mem", O_RDONLY | O_CLOEXEC);
    if (p->mem_fd >= 0)
        return true;
    int sys_errno = errno;
    (void)snprintf(what, sizeof what, "cannot read the memory of process %lld",
                   (long long)p->base.pid);
    return lg_process_access_explain(&p->host, p->base.pid, what, sys_errno,
                                     err);
}

/* Through /proc/PID/exe: the file that runs, though it may be deleted or in
 * another mount namespace. */
static bool open_binary(struct process_image *p, struct lg_error *err)
{
    struct lg_image *image = &p->base;
    char target[PATH_MAX], auxv[MAX_AUXV_BYTES];
    struct lg_str path, auxv_text = {0};
    ssize_t n = readlinkat(p->dir_fd, "exe", target, sizeof target);
    if (n < 0)
        return lg_fail_os(err, errno, "the program of process %lld",
                          (long long)image->pid);
    path = lg_str_from(target, (size_t)n);
    if (lg_str_ends(path, LG_STR(" (deleted)")))
        path.len -= strlen(" (deleted)");
    image->binary_path = lg_str_dup(image->arena, path);
    if (image->binary_path.data == NULL)
        return lg_fail_nomem(err);
    if (!lg_mapped_open(&p->binary, p->dir_fd, "exe", err))
        return lg_context(err, "the program of process %lld",
                          (long long)image->pid);
    (void)lg_small_file(p->dir_fd, "auxv", auxv, sizeof auxv, &auxv_text);
    if (!lg_image_take_binary(image, p->binary.bytes, lg_auxv_parse(auxv_text),
                              err))
        return lg_context(err, "process %lld runs %.*s", (long long)image->pid,
                          LG_STR_ARG(path));
    return true;
}

/* Whether process_vm_readv, the fast way, is open to us: seccomp may refuse
 * it. */
static void try_reading(struct process_image *p)
{
    char byte;
    lg_each(s, p->base.segments) {
        if (!s->can_read)
            continue;
        struct iovec local = {&byte, 1};
        struct iovec remote = {(void *)(uintptr_t)s->start, 1};
        ssize_t n =
            process_vm_readv((pid_t)p->base.pid, &local, 1, &remote, 1, 0);
        if (n < 0 && (errno == EPERM || errno == ENOSYS))
            p->by_mem = true;
        return;
    }
}

bool lg_process_image_open(const struct lg_host *host, int64_t pid,
                           struct lg_arena *arena, struct lg_image **ret,
                           struct lg_error *err)
{
    if (!host->is_live)
        return lg_fail(err, LG_UNSUPPORTED,
                       "a copy of a machine has no memory of processes");
    if (pid <= 0)
        return lg_fail(err, LG_ABSENT, "there is no process %lld",
                       (long long)pid);
    struct process_image *p = calloc(1, sizeof *p);
    if (p == NULL)
        return lg_fail_nomem(err);
    *p = (struct process_image){
        .base = {.ops = &live_ops, .pid = pid, .is_live = true, .arena = arena},
        .host = *host,
        .dir_fd = -1,
        .mem_fd = -1,
    };
    lg_pagemap_init(&p->pagemap);
    if (!open_memory(p, err) || !refresh_live(&p->base, err) ||
        !open_binary(p, err)) {
        destroy_live(&p->base);
        return false;
    }
    try_reading(p);
    *ret = &p->base;
    return true;
}

bool lg_process_image_set_pause(struct lg_image *image, enum lg_pause_with with)
{
    if (image->ops != &live_ops)
        return false;
    of(image)->with = with;
    return true;
}
