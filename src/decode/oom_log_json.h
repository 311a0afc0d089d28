/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one JSON object per line, as `journalctl -o json` and collectors of
 * container and host logs write them: which string is the message, when it
 * was, and whose. Not a JSON library: it reads the top level of one line in
 * one pass without allocating, and steps over all else.
 */
#ifndef LG_DECODE_OOM_LOG_JSON_H
#define LG_DECODE_OOM_LOG_JSON_H

#include "decode/oom_log.h"

struct lg_oom_json_line {
    struct lg_str message; /* decoded, in scratch; without its newline */
    uint64_t stream;       /* hash of host, boot, container; 0: not said */
    int64_t wall_ns;
    bool has_uptime;
    uint64_t uptime_ns;
};

/* false: not an object, or one without a message. scratch has room for
 * line.len bytes. */
bool lg_oom_json_line_parse(struct lg_str line, const struct lg_oom_options *o,
                            char *scratch, struct lg_oom_json_line *ret);

#endif
