/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the kernel log as a descriptor to read records from: /dev/kmsg
 * (each read is one record), else the journal through journalctl -k -o export.
 */
#ifndef LG_SOURCES_KMSG_H
#define LG_SOURCES_KMSG_H

#include "sources/host.h"

#include <stddef.h>

struct lg_kmsg {
    int fd;
    bool is_journal; /* fd is journalctl's output; reads are a byte stream */
    int64_t child_pid;
};

/* from_end: only what comes from now on. Non-blocking. DENIED names
 * kernel.dmesg_restrict and CAP_SYSLOG. */
bool lg_kmsg_open(struct lg_kmsg *k, const struct lg_host *host, bool from_end,
                  bool follow, struct lg_error *err);
void lg_kmsg_close(struct lg_kmsg *k);
/* One record (kmsg: "prio,seq,us,flags;text\n…") or some bytes (journal).
 * true with *len_ret 0: nothing now; *end_ret then says that this was all
 * there is so far (kmsg: the newest record was read, more may come; journal:
 * journalctl has ended). capacity of 8192 holds any record.
 * A record that the ring buffer dropped (EPIPE) is skipped, *lost_ret set. */
bool lg_kmsg_read(struct lg_kmsg *k, char *buffer, size_t capacity,
                  size_t *len_ret, bool *end_ret, bool *lost_ret,
                  struct lg_error *err);
/* Wall time of uptime 0, from the two clocks. */
int64_t lg_boot_wall_ns(const struct lg_host *host);

#endif
