/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path of watching a cgroup: one pread of the usage; with_stat two
 * more, of which the kernel's own summing is the larger part. Nothing is
 * allocated.
 */
#include "base/io.h"
#include "decode/cgroup_files.h"
#include "sources/cgroupfs.h"
#include "sources/small_file.h"

#include <errno.h>
#include <fcntl.h>

bool lg_cgroup_sampler_open(struct lg_cgroup_sampler *s,
                            const struct lg_host *host,
                            const struct lg_cgroup_place *place,
                            struct lg_error *err)
{
    bool v1 = place->version == 1;
    LG_CLOSE
    int dir_fd = lg_cgroup_open(host, place->dir, err);
    if (dir_fd < 0)
        return false;
    struct lg_cgroup_sampler made = {
        .version = place->version,
        .usage_fd =
            openat(dir_fd, v1 ? "memory.usage_in_bytes" : "memory.current",
                   O_RDONLY | O_CLOEXEC),
        .stat_fd = openat(dir_fd, "memory.stat", O_RDONLY | O_CLOEXEC),
        .events_fd = openat(dir_fd, v1 ? "memory.oom_control" : "memory.events",
                            O_RDONLY | O_CLOEXEC),
    };
    if (made.usage_fd < 0) {
        int sys_errno = errno;
        lg_cgroup_sampler_close(&made);
        return lg_fail_os(err, sys_errno,
                          "cannot read the usage of cgroup %.*s",
                          LG_STR_ARG(place->path));
    }
    *s = made;
    return true;
}

void lg_cgroup_sampler_close(struct lg_cgroup_sampler *s)
{
    lg_close_p(&s->usage_fd);
    lg_close_p(&s->stat_fd);
    lg_close_p(&s->events_fd);
}

static void sample_stat(struct lg_cgroup_sampler *s,
                        struct lg_cgroup_sample *sample)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_cgroup c = {0};
    struct lg_str text;
    if (s->stat_fd >= 0 &&
        lg_small_pread(s->stat_fd, buffer, sizeof buffer, &text))
        lg_cgroup_stat_parse(text, s->version, NULL, &c);
    if (s->events_fd >= 0 &&
        lg_small_pread(s->events_fd, buffer, sizeof buffer, &text)) {
        if (s->version == 1)
            lg_cgroup_oom_control_parse(text, &c);
        else
            lg_cgroup_events_parse(text, &c);
    }
    sample->anon_bytes = c.anon_bytes;
    sample->shmem_bytes = c.shmem_bytes;
    sample->file_bytes = c.file_bytes;
    sample->oom_count = c.oom_count;
    sample->oom_kill_count = c.oom_kill_count;
}

bool lg_cgroup_sample(struct lg_cgroup_sampler *s, bool with_stat,
                      struct lg_cgroup_sample *ret)
{
    struct lg_cgroup_sample sample = {0};
    char buffer[64];
    struct lg_str text;
    if (!lg_small_pread(s->usage_fd, buffer, sizeof buffer, &text))
        return false;
    sample.usage_bytes = lg_cgroup_number_parse(text);
    if (!sample.usage_bytes.known)
        return false;
    if (with_stat)
        sample_stat(s, &sample);
    *ret = sample;
    return true;
}
