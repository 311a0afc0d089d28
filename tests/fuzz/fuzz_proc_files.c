/* SPDX-License-Identifier: Apache-2.0 */
/* All texts of /proc/PID, each reader on whatever comes; groups add up. */
#include "decode/net_files.h"
#include "decode/proc_files.h"

#include "base/lines.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_fds(const struct lg_fds *fds)
{
    uint64_t sum = 0;
    lg_each(g, fds->groups)
        sum += g->count;
    if (fds->truncated ? sum > fds->count : sum != fds->count)
        abort();
}

static void read_net(struct lg_str text)
{
    struct lg_str line;
    char words[LG_NET_TEXT_BYTES];
    uint64_t inode;
    while (lg_lines_next(&text, &line)) {
        for (int file = 0; file < LG_NET_COUNT; file++) {
            (void)lg_net_line_inode((enum lg_net_file)file, line, &inode);
            if (lg_net_line_text((enum lg_net_file)file, line, words) >=
                sizeof words)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_str text = lg_str_from(data, len);
    struct lg_process p = {0};
    struct lg_smaps smaps;
    struct lg_arena arena;
    struct lg_fds fds;
    lg_arena_init(&arena, (size_t)256 << 20);
    lg_proc_status_parse(text, &arena, &p);
    lg_proc_limits_parse(text, &p);
    (void)lg_proc_stat_parse(text, 100, &p, NULL);
    lg_proc_smaps_rollup_parse(text, &smaps);
    (void)lg_proc_smaps_parse(text, &arena, &p, NULL);
    if (lg_fds_text_parse(text, &arena, &fds, NULL))
        check_fds(&fds);
    read_net(text);
    lg_arena_deinit(&arena);
    return 0;
}
