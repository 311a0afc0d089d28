/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capture_worker.h"

#include "base/io.h"
#include "base/sb.h"
#include "sources/capture_file.h"
#include "sources/procfs.h"

#include <fcntl.h>
#include <sys/stat.h>

static void save_peers(const struct lg_capturer_options *o,
                       const struct lg_cgroup *cgroup, struct lg_arena *scratch,
                       int folder_fd)
{
    struct lg_sb sb;
    lg_sb_init(&sb, scratch);
    lg_each(pid, cgroup->pids) {
        struct lg_process peer;
        if (*pid != o->pid && lg_process_read(o->host, *pid, LG_PROCESS_STATUS,
                                              scratch, &peer, NULL)) {
            lg_sb_fmt(&sb, "%lld\t%llu\t%.*s\n", (long long)*pid,
                      (unsigned long long)peer.vm_rss.value,
                      LG_STR_ARG(peer.comm));
        }
    }
    if (!sb.failed) {
        (void)lg_capture_file_write(folder_fd, "peers.txt", lg_sb_view(&sb),
                                    NULL);
    }
}

void lg_capture_save_host(const struct lg_capturer_options *o, bool with_maps,
                          struct lg_arena *scratch, int folder_fd)
{
    unsigned parts =
        LG_PROCESS_STATUS | LG_PROCESS_SMAPS_ROLLUP | LG_PROCESS_FDS;
    parts |= with_maps ? LG_PROCESS_SMAPS : 0u;
    if (mkdirat(folder_fd, "root", 0755) != 0) {
        return;
    }
    LG_CLOSE
    int root_fd = openat(folder_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0) {
        return;
    }
    (void)lg_process_save(o->host, o->pid, parts, root_fd, NULL);
    if (o->place == NULL) {
        return;
    }
    struct lg_cgroup cgroup;
    (void)lg_cgroup_save(o->host, o->place, root_fd, NULL);
    if (lg_cgroup_read(o->host, o->place, true, scratch, &cgroup, NULL)) {
        save_peers(o, &cgroup, scratch, folder_fd);
    }
}
