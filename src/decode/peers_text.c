/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/peers_text.h"

#include "base/lines.h"

#define MAX_PEERS 10000

/* The name comes last: it may hold any character but a newline. */
static bool parse_line(struct lg_str line, struct lg_peer *ret)
{
    struct lg_cut pid = lg_str_cut_char(line, '\t');
    struct lg_cut rss = lg_str_cut_char(pid.tail, '\t');
    *ret = (struct lg_peer){.comm = rss.tail};
    return rss.found && lg_str_i64(pid.head, &ret->pid) && ret->pid > 0 &&
           lg_str_u64(rss.head, &ret->rss_bytes);
}

bool lg_peers_text_parse(struct lg_str text, struct lg_arena *arena,
                         struct lg_capture *capture, struct lg_error *err)
{
    struct lg_str line;
    struct lg_peer peer;
    while (capture->peers.count < MAX_PEERS && lg_lines_next(&text, &line)) {
        if (!parse_line(line, &peer))
            continue;
        peer.comm = lg_str_dup(arena, peer.comm);
        struct lg_peer *slot = lg_push(arena, &capture->peers);
        if (slot == NULL || arena->failed)
            return lg_fail_nomem(err);
        *slot = peer;
    }
    return true;
}
