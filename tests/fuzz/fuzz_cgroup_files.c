/* SPDX-License-Identifier: Apache-2.0 */
/* The files of cgroups, where they are, and who a path says is there. */
#include "decode/cgroup_files.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_str text = lg_str_from(data, len), mount, root, path;
    struct lg_cgroup c = {0};
    struct lg_identity id;
    struct lg_arena arena;
    struct lg_psi psi;
    int version;
    lg_arena_init(&arena, (size_t)256 << 20);
    for (version = 1; version <= 2; version++) {
        lg_cgroup_stat_parse(text, version, &arena, &c);
        if (lg_mountinfo_cgroup_parse(text, version, &arena, &mount, &root,
                                      NULL) &&
            mount.len == 0)
            abort();
    }
    (void)lg_cgroup_limit_parse(text);
    lg_cgroup_events_parse(text, &c);
    lg_cgroup_oom_control_parse(text, &c);
    lg_psi_parse(text, &psi);
    lg_identity_parse(text, &arena, &id);
    if (lg_proc_cgroup_parse(text, &version, &path, NULL)) {
        if (path.len == 0 || path.data[0] != '/')
            abort();
        lg_identity_parse(path, &arena, &id);
    }
    lg_arena_deinit(&arena);
    return 0;
}
