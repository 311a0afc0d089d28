/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one line of /proc/PID/net/{tcp,tcp6,udp,udp6,unix} as words: whose
 * socket (by inode) is connected to what. Nothing is allocated; a table of
 * 100,000 lines is looked through by inode and only the wanted ones are put
 * into words.
 * Source: Documentation/networking/proc_net_tcp.rst; net/unix/af_unix.c.
 */
#ifndef LG_DECODE_NET_FILES_H
#define LG_DECODE_NET_FILES_H

#include "base/str.h"

enum lg_net_file {
    LG_NET_TCP,
    LG_NET_TCP6,
    LG_NET_UDP,
    LG_NET_UDP6,
    LG_NET_UNIX,
    LG_NET_COUNT,
};

/* Name below /proc/PID: "net/tcp". */
const char *lg_net_file_name(enum lg_net_file file);

/* The socket's inode; false for the header and what is no such line. */
bool lg_net_line_inode(enum lg_net_file file, struct lg_str line,
                       uint64_t *inode_ret);

/* "TCP 127.0.0.1:80 LISTEN", "TCP 127.0.0.1:80 → 1.2.3.4:5 ESTABLISHED",
 * "UDP [::1]:53", "unix /run/x.sock", "unix". Cut to capacity; the length. */
#define LG_NET_TEXT_BYTES 256
size_t lg_net_line_text(enum lg_net_file file, struct lg_str line,
                        char text[LG_NET_TEXT_BYTES]);

#endif
