/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine allows: the same bytes of a process as lastgasp reads, by
 * bare process_vm_readv, without looking at them. Addresses sorted, near ones
 * joined to one range, buffers used again.
 *
 *   floor g PID ALLGS SIZE           all g structs of SIZE bytes; ALLGS is the
 *                                    address of the slice runtime.allgs
 *   floor stacks PID ALLGS SIZE TOP  and up to TOP bytes of each stack
 *   floor whole FILE                 a file, read from end to end
 *   floor run CMD…                   a command: its cost (output is dropped)
 *
 * One line: nanoseconds, bytes read, peak KiB of the command (run).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)4 << 20)
#define RANGES_MAX 1024 /* UIO_MAXIOV */
#define GAP_BYTES 4096  /* nearer ones are read in one */
#define STACK_LO 0      /* of g, in every Go version: stack.lo, stack.hi, */
#define STACK_HI 8      /* stackguard0, stackguard1, _panic, _defer, m, */
#define SCHED_SP 56     /* sched.sp */

struct range {
    uint64_t from, to;
};

static uint8_t buffer[BUFFER_BYTES];
static uint64_t read_bytes;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int by_from(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Least significant digit first: the floor must not be a slow sort. */
static void sort_ranges(struct range *ranges, size_t count)
{
    struct range *other = malloc(count * sizeof *other);
    if (other == NULL) {
        qsort(ranges, count, sizeof *ranges, by_from);
        return;
    }
    for (int shift = 0; shift < 48; shift += 12) {
        size_t at[4097] = {0};
        for (size_t i = 0; i < count; i++) {
            at[((ranges[i].from >> shift) & 4095) + 1]++;
        }
        for (size_t d = 0; d < 4096; d++) {
            at[d + 1] += at[d];
        }
        for (size_t i = 0; i < count; i++) {
            other[at[(ranges[i].from >> shift) & 4095]++] = ranges[i];
        }
        struct range *swap = ranges;
        ranges = other;
        other = swap;
    }
    free(other); /* an even number of passes: the caller's array is sorted */
}

static void read_into(pid_t pid, uint64_t from, void *to, size_t size)
{
    struct iovec local = {to, size};
    struct iovec remote = {(void *)(uintptr_t)from, size};
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)size) {
        fail("process_vm_readv");
    }
    read_bytes += size;
}

/* One call: the ranges' bytes lie one behind the other in buffer. */
static void read_batch(pid_t pid, const struct iovec *remote, size_t count,
                       size_t size)
{
    struct iovec local = {buffer, size};
    if (process_vm_readv(pid, &local, 1, remote, count, 0) != (ssize_t)size) {
        fail("process_vm_readv");
    }
    read_bytes += size;
}

typedef void (*seen_fn)(const struct range *items, size_t count,
                        const uint64_t *offsets, void *more);

struct batch {
    struct iovec remote[RANGES_MAX];
    uint64_t *offsets; /* of each item in buffer */
    size_t count, size, first;
};

static void flush(pid_t pid, struct batch *b, const struct range *items,
                  size_t end, seen_fn seen, void *more)
{
    if (b->count != 0) {
        read_batch(pid, b->remote, b->count, b->size);
        if (seen != NULL) {
            seen(items + b->first, end - b->first, b->offsets, more);
        }
    }
    b->count = b->size = 0;
    b->first = end;
}

/* Sorted ranges, near ones in one; seen is told where each item lies. */
static void read_all(pid_t pid, const struct range *items, size_t count,
                     seen_fn seen, void *more)
{
    struct batch b = {.offsets = malloc((BUFFER_BYTES / 8) * 8)};
    uint64_t end = 0; /* of the last range */
    for (size_t i = 0; i < count; i++) {
        uint64_t size = items[i].to - items[i].from;
        bool joins = b.count != 0 && items[i].from <= end + GAP_BYTES;
        uint64_t gap = joins ? items[i].from - end : 0;
        if (b.size + gap + size > BUFFER_BYTES || b.count == RANGES_MAX ||
            i - b.first >= BUFFER_BYTES / 8) {
            flush(pid, &b, items, i, seen, more);
            joins = false;
            gap = 0;
        }
        if (joins) {
            b.remote[b.count - 1].iov_len += gap + size;
        } else {
            b.remote[b.count++] =
                (struct iovec){(void *)(uintptr_t)items[i].from, size};
        }
        b.offsets[i - b.first] = b.size + gap;
        b.size += gap + size;
        end = items[i].to;
    }
    flush(pid, &b, items, count, seen, more);
    free(b.offsets);
}

struct tops {
    struct range *items;
    size_t count;
    uint64_t top;
};

static void note_tops(const struct range *items, size_t count,
                      const uint64_t *offsets, void *more)
{
    struct tops *tops = more;
    (void)items;
    for (size_t i = 0; i < count; i++) {
        uint64_t lo, hi, sp;
        memcpy(&lo, buffer + offsets[i] + STACK_LO, 8);
        memcpy(&hi, buffer + offsets[i] + STACK_HI, 8);
        memcpy(&sp, buffer + offsets[i] + SCHED_SP, 8);
        if (lo == 0 || sp < lo || sp >= hi) {
            continue; /* dead, or a thread's own */
        }
        uint64_t to = hi - sp > tops->top ? sp + tops->top : hi;
        tops->items[tops->count++] = (struct range){sp, to};
    }
}

static void read_goroutines(pid_t pid, uint64_t allgs, uint64_t size,
                            uint64_t top)
{
    uint64_t slice[3];
    read_into(pid, allgs, slice, sizeof slice);
    size_t count = slice[1];
    uint64_t *addresses = malloc(count * 8);
    struct range *items = malloc(count * sizeof *items);
    struct tops tops = {malloc(count * sizeof *items), 0, top};
    if (addresses == NULL || items == NULL || tops.items == NULL) {
        fail("malloc");
    }
    read_into(pid, slice[0], addresses, count * 8);
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct range){addresses[i], addresses[i] + size};
    }
    sort_ranges(items, count);
    read_all(pid, items, count, top != 0 ? note_tops : NULL, &tops);
    if (top != 0) {
        sort_ranges(tops.items, tops.count);
        read_all(pid, tops.items, tops.count, NULL, NULL);
    }
    free(addresses);
    free(items);
    free(tops.items);
}

static void read_whole(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(path);
    }
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
        read_bytes += (uint64_t)n;
    }
    close(fd);
}

static int run(char **argv, long *peak_kib_ret)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status = 0;
    struct rusage used = {0};
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
        fail(argv[0]);
    }
    *peak_kib_ret = used.ru_maxrss;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    int status = 0;
    long peak_kib = 0;
    /* run starts clean: a child's peak begins with what its parent holds */
    if (strcmp(mode, "run") != 0) {
        memset(buffer, 1, sizeof buffer);
    }
    uint64_t began = now_ns();
    if (strcmp(mode, "whole") == 0) {
        read_whole(argv[2]);
    } else if (strcmp(mode, "run") == 0) {
        status = run(argv + 2, &peak_kib);
    } else if (strcmp(mode, "g") == 0 && argc == 5) {
        read_goroutines(atoi(argv[2]), strtoull(argv[3], NULL, 0),
                        strtoull(argv[4], NULL, 0), 0);
    } else if (strcmp(mode, "stacks") == 0 && argc == 6) {
        read_goroutines(atoi(argv[2]), strtoull(argv[3], NULL, 0),
                        strtoull(argv[4], NULL, 0), strtoull(argv[5], NULL, 0));
    } else {
        fprintf(stderr, "floor: see the top of floor.c\n");
        return 2;
    }
    printf("%" PRIu64 " %" PRIu64 " %ld\n", now_ns() - began, read_bytes,
           peak_kib);
    return status;
}
