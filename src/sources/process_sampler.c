/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path of watching a process: one pread of statm (1 µs), with threads
 * one of status (10 µs, the kernel prints 60 lines), with descriptors one stat
 * call. Nothing is allocated.
 */
#include "base/io.h"
#include "decode/proc_files.h"
#include "sources/proc_fds.h"
#include "sources/procfs.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MAX_FDS_COUNTED 4096

bool lg_process_sampler_open(struct lg_process_sampler *s,
                             const struct lg_host *host, int64_t pid,
                             struct lg_error *err)
{
    struct lg_process_sampler made = {.dir_fd = -1,
                                      .statm_fd = -1,
                                      .status_fd = -1,
                                      .page_bytes = host->page_bytes};
    made.dir_fd = lg_proc_open(host, pid, err);
    if (made.dir_fd < 0)
        return false;
    made.statm_fd = openat(made.dir_fd, "statm", O_RDONLY | O_CLOEXEC);
    made.status_fd = openat(made.dir_fd, "status", O_RDONLY | O_CLOEXEC);
    if (made.statm_fd < 0 || made.status_fd < 0) {
        int sys_errno = errno;
        lg_process_sampler_close(&made);
        return lg_fail_os(err, sys_errno, "cannot watch process %lld",
                          (long long)pid);
    }
    *s = made;
    return true;
}

void lg_process_sampler_close(struct lg_process_sampler *s)
{
    lg_close_p(&s->dir_fd);
    lg_close_p(&s->statm_fd);
    lg_close_p(&s->status_fd);
}

/* "size resident shared …" in pages. One that has exited and was not yet
 * waited for has no memory: all 0, which is no measurement. */
static bool sample_statm(struct lg_process_sampler *s,
                         struct lg_process_sample *sample)
{
    char buffer[256];
    struct lg_str text, word;
    uint64_t size, resident;
    if (!lg_small_pread(s->statm_fd, buffer, sizeof buffer, &text) ||
        text.len == 0)
        return false;
    if (!lg_str_word(&text, &word) || !lg_str_u64(word, &size) ||
        !lg_str_word(&text, &word) || !lg_str_u64(word, &resident))
        return false;
    if (size > 0 && resident < UINT64_MAX / s->page_bytes)
        sample->rss_bytes = lg_known(resident * s->page_bytes);
    return true;
}

static void sample_status(struct lg_process_sampler *s,
                          struct lg_process_sample *sample)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_process p = {0};
    struct lg_str text;
    if (!lg_small_pread(s->status_fd, buffer, sizeof buffer, &text))
        return;
    lg_proc_status_parse(text, NULL, &p);
    sample->threads = p.threads_count;
    sample->shmem_bytes = p.rss_shmem;
    sample->file_bytes = p.rss_file;
}

bool lg_process_sample(struct lg_process_sampler *s, bool with_fds,
                       bool with_threads, struct lg_process_sample *ret)
{
    struct lg_process_sample sample = {0};
    if (!sample_statm(s, &sample))
        return false;
    if (with_threads)
        sample_status(s, &sample);
    if (with_fds)
        sample.fds = lg_fds_count(s->dir_fd, MAX_FDS_COUNTED);
    *ret = sample;
    return true;
}
