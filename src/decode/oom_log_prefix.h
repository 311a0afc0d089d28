/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what stands before the kernel's own words in a line, taken off and
 * understood: when it was, which host said it, which CPU or task printed it.
 *
 *     6,1234,579597991,-,caller=T45;TEXT                  /dev/kmsg
 *     [  579.597991][   T45] TEXT                         dmesg, console
 *     [Mon Nov  2 14:03:09 2026] TEXT                     dmesg -T
 *     Nov  2 14:03:09 host kernel: [  579.597991] TEXT    syslog, journalctl
 *     <4>1 2026-11-02T14:03:09Z host kernel - - - TEXT    RFC 5424
 *     hypervisor: vm7: <6>[  579.597991] TEXT             a console relayed
 *     {"MESSAGE":"TEXT","_HOSTNAME":"host", …}            journal, collectors
 */
#ifndef LG_DECODE_OOM_LOG_PREFIX_H
#define LG_DECODE_OOM_LOG_PREFIX_H

#include "decode/oom_log.h"

/* A longer line is cut: the longest the kernel prints is 1 KiB, collectors
 * wrap it in a few KiB of JSON. */
#define LG_OOM_LINE_MAX_BYTES 65536

struct lg_oom_prefix {
    uint64_t stream; /* hash of the host or relay; 0: not said */
    uint64_t caller; /* printk's caller id; 0: not said */
    bool has_uptime;
    uint64_t uptime_ns;
    int64_t wall_ns; /* 0: not said */
    bool anchored;   /* text surely starts where the kernel's words start */
    bool is_plain;   /* text is still as the kernel escaped it for dmesg */
    struct lg_str text;
};

/* line is at most LG_OOM_LINE_MAX_BYTES long; text points into it or into
 * scratch, which has room for as many bytes. */
void lg_oom_prefix_take(struct lg_str line, const struct lg_oom_options *o,
                        char *scratch, struct lg_oom_prefix *ret);
/* Takes "[  579.597991] " or any other bracketed time, with a caller id. */
bool lg_oom_prefix_bracket(struct lg_str *s, const struct lg_oom_options *o,
                           struct lg_oom_prefix *p);
/* Decodes \xHH into dest, which may be s itself. all: every byte, as kmsg
 * escapes them; else only control characters, since names of systemd units
 * hold such escapes themselves. */
struct lg_str lg_oom_unescape(struct lg_str s, bool all, char *dest);

#endif
