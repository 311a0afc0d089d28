/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/signal_trace.h"

#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_CPUS 1024
#define RING_PAGES 1
#define TRACEPOINT "events/signal/signal_generate/id"

/* struct trace_event_raw_signal_generate behind the 8 common bytes; the same
 * since Linux 3.3 (commit 6c303d3ab39f). */
struct raw_signal {
    uint64_t common;
    int32_t signal, error, code;
    char comm[16];
    int32_t pid, group, result;
};

struct ring {
    int fd;
    struct perf_event_mmap_page *page;
};

struct lg_signal_trace {
    const struct lg_host *host;
    int epoll_fd;
    int64_t wall_minus_mono_ns;
    size_t page_bytes, ring_count;
    struct ring rings[];
};

static bool read_tracepoint_id(int dir_fd, const char *path, uint64_t *id_ret,
                               struct lg_error *err)
{
    char text[32];
    size_t len = 0;
    if (!lg_read_small(dir_fd, path, text, sizeof text, &len, err)) {
        return false;
    }
    if (!lg_str_u64(lg_str_trim(lg_str_from(text, len)), id_ret)) {
        return lg_fail(err, LG_BAD_DATA, "%s is not a number", path);
    }
    return true;
}

/* tracefs through the places where it usually is, else through a mount that
 * nobody but us can see. */
static bool find_tracepoint(uint64_t *id_ret, struct lg_error *err)
{
    if (read_tracepoint_id(AT_FDCWD, "/sys/kernel/tracing/" TRACEPOINT, id_ret,
                           NULL) ||
        read_tracepoint_id(AT_FDCWD, "/sys/kernel/debug/tracing/" TRACEPOINT,
                           id_ret, NULL)) {
        return true;
    }
    LG_CLOSE
    int fs_fd = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
    if (fs_fd < 0) {
        return lg_fail_os(err, errno, "tracefs cannot be opened");
    }
    if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) {
        return lg_fail_os(err, errno, "tracefs cannot be opened");
    }
    LG_CLOSE
    int mount_fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, 0);
    if (mount_fd < 0) {
        return lg_fail_os(err, errno, "tracefs cannot be opened");
    }
    return read_tracepoint_id(mount_fd, TRACEPOINT, id_ret, err);
}

static int open_event(uint64_t id, int cpu)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_TRACEPOINT,
        .size = sizeof attr,
        .config = id,
        .sample_period = 1,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
        .disabled = 1,
        .watermark = 0,
        .wakeup_events = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC, /* REALTIME is refused: not NMI-safe */
    };
    return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
                        PERF_FLAG_FD_CLOEXEC);
}

static bool open_ring(struct lg_signal_trace *trace, uint64_t id, int cpu,
                      const char *filter, struct lg_error *err)
{
    struct ring ring = {.fd = open_event(id, cpu)};
    if (ring.fd < 0) {
        return lg_fail_os(err, errno, "perf events (CAP_PERFMON)");
    }
    void *page = mmap(NULL, (1 + RING_PAGES) * trace->page_bytes,
                      PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, 0);
    struct epoll_event want = {.events = EPOLLIN};
    if (page == MAP_FAILED ||
        ioctl(ring.fd, PERF_EVENT_IOC_SET_FILTER, filter) != 0 ||
        ioctl(ring.fd, PERF_EVENT_IOC_ENABLE, 0) != 0 ||
        epoll_ctl(trace->epoll_fd, EPOLL_CTL_ADD, ring.fd, &want) != 0) {
        int failed = errno;
        if (page != MAP_FAILED) {
            munmap(page, (1 + RING_PAGES) * trace->page_bytes);
        }
        close(ring.fd);
        return lg_fail_os(err, failed, "perf event on signal_generate");
    }
    ring.page = page;
    trace->rings[trace->ring_count++] = ring;
    return true;
}

bool lg_signal_trace_create(const struct lg_host *host, int64_t pid,
                            struct lg_signal_trace **trace_ret,
                            struct lg_error *err)
{
    uint64_t id = 0;
    if (!find_tracepoint(&id, err)) {
        return false;
    }
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    if (cpus < 1 || cpus > MAX_CPUS) {
        return lg_fail(err, LG_UNSUPPORTED, "%ld processors", cpus);
    }
    struct lg_signal_trace *trace =
        calloc(1, sizeof *trace + (size_t)cpus * sizeof trace->rings[0]);
    if (trace == NULL) {
        return lg_fail_nomem(err);
    }
    trace->host = host;
    trace->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    trace->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct timespec mono;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    trace->wall_minus_mono_ns =
        lg_wall_ns(host->clock) -
        (mono.tv_sec * (int64_t)LG_NS_PER_S + mono.tv_nsec);
    char filter[96];
    snprintf(filter, sizeof filter, "pid==%lld && sig!=%d && sig!=%d",
             (long long)pid, SIGURG, SIGCHLD);
    for (int cpu = 0; cpu < (int)cpus; cpu++) {
        if (!open_ring(trace, id, cpu, filter, err) &&
            (err == NULL || err->sys_errno != ENODEV)) { /* CPU is offline */
            lg_signal_trace_destroy(trace);
            return false;
        }
    }
    *trace_ret = trace;
    return true;
}

void lg_signal_trace_destroy(struct lg_signal_trace *trace)
{
    if (trace == NULL) {
        return;
    }
    for (size_t i = 0; i < trace->ring_count; i++) {
        munmap(trace->rings[i].page, (1 + RING_PAGES) * trace->page_bytes);
        close(trace->rings[i].fd);
    }
    close(trace->epoll_fd);
    free(trace);
}

int lg_signal_trace_fd(const struct lg_signal_trace *trace)
{
    return trace->epoll_fd;
}

static void copy_ring(const struct lg_signal_trace *trace,
                      const struct ring *ring, uint64_t at, void *to,
                      size_t len)
{
    size_t size = RING_PAGES * trace->page_bytes;
    const char *data = (const char *)ring->page + trace->page_bytes;
    for (size_t i = 0; i < len; i++) {
        ((char *)to)[i] = data[(at + i) % size];
    }
}

static void name_sender(const struct lg_signal_trace *trace,
                        struct lg_signal_sent *sent)
{
    char path[48];
    size_t len = 0;
    snprintf(path, sizeof path, "proc/%lld/comm", (long long)sent->sender_pid);
    if (lg_read_small(trace->host->root_fd, path, sent->sender_comm,
                      sizeof sent->sender_comm - 1, &len, NULL)) {
        sent->sender_comm[len] = '\0';
        sent->sender_comm[strcspn(sent->sender_comm, "\n")] = '\0';
    }
}

/* One PERF_RECORD_SAMPLE: header, pid tid, time, raw size, raw. */
static bool decode_sample(const struct lg_signal_trace *trace,
                          const struct ring *ring, uint64_t at,
                          const struct perf_event_header *header,
                          struct lg_signal_sent *sent)
{
    struct {
        struct perf_event_header header;
        uint32_t pid, tid;
        uint64_t time_ns;
        uint32_t raw_bytes;
    } __attribute__((packed)) head;
    struct raw_signal raw;
    if (header->type != PERF_RECORD_SAMPLE ||
        header->size < sizeof head + sizeof raw) {
        return false;
    }
    copy_ring(trace, ring, at, &head, sizeof head);
    copy_ring(trace, ring, at + sizeof head, &raw, sizeof raw);
    *sent = (struct lg_signal_sent){
        .wall_ns = (int64_t)head.time_ns + trace->wall_minus_mono_ns,
        .signal = raw.signal,
        .sender_pid = head.pid,
        .from_kernel = raw.code == SI_KERNEL,
    };
    name_sender(trace, sent);
    return true;
}

size_t lg_signal_trace_read(struct lg_signal_trace *trace,
                            struct lg_signal_sent *sent, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < trace->ring_count; i++) {
        struct ring *ring = &trace->rings[i];
        uint64_t head =
            __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
        uint64_t tail = ring->page->data_tail;
        while (tail < head && count < capacity) {
            struct perf_event_header header;
            copy_ring(trace, ring, tail, &header, sizeof header);
            if (header.size < sizeof header) {
                tail = head;
                break;
            }
            count += decode_sample(trace, ring, tail, &header, &sent[count]);
            tail += header.size;
        }
        __atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
    }
    return count;
}
