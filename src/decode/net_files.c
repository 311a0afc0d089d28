/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/net_files.h"

#include "base/vec.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *word;
    int inode_field; /* counted from 0 */
} files[] = {
    [LG_NET_TCP] = {"net/tcp", "TCP", 9},
    [LG_NET_TCP6] = {"net/tcp6", "TCP", 9},
    [LG_NET_UDP] = {"net/udp", "UDP", 9},
    [LG_NET_UDP6] = {"net/udp6", "UDP", 9},
    [LG_NET_UNIX] = {"net/unix", "unix", 6},
};

/* include/net/tcp_states.h */
static const char *const tcp_states[] = {
    "",          "ESTABLISHED", "SYN_SENT",     "SYN_RECV",   "FIN_WAIT1",
    "FIN_WAIT2", "TIME_WAIT",   "CLOSE",        "CLOSE_WAIT", "LAST_ACK",
    "LISTEN",    "CLOSING",     "NEW_SYN_RECV",
};

const char *lg_net_file_name(enum lg_net_file file)
{
    return files[file].name;
}

bool lg_net_line_inode(enum lg_net_file file, struct lg_str line,
                       uint64_t *inode_ret)
{
    struct lg_str word = {0};
    for (int field = 0; field <= files[file].inode_field; field++) {
        if (!lg_str_word(&line, &word))
            return false;
    }
    return lg_str_u64(word, inode_ret);
}

/* Hexadecimal words of 32 bits in the byte order of the machine. */
static bool address_bytes(struct lg_str hex, uint8_t bytes[16])
{
    for (size_t at = 0; at < hex.len; at += 8) {
        uint64_t word;
        if (!lg_str_hex(lg_str_first(lg_str_skip(hex, at), 8), &word))
            return false;
        uint32_t word32 = (uint32_t)word;
        memcpy(bytes + at / 2, &word32, sizeof word32);
    }
    return true;
}

static bool is_mapped_v4(const uint8_t bytes[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(bytes, prefix, sizeof prefix) == 0;
}

#define END_BYTES 64

/* "0100007F:1F90" → "127.0.0.1:8080". */
static bool end_text(struct lg_str end, char text[END_BYTES], bool *set_ret)
{
    struct lg_cut cut = lg_str_cut_char(end, ':');
    char address[INET6_ADDRSTRLEN];
    uint8_t bytes[16] = {0};
    uint64_t port;
    bool v6 = cut.head.len == 32;
    if ((cut.head.len != 8 && !v6) || !address_bytes(cut.head, bytes) ||
        !lg_str_hex(cut.tail, &port) || port > UINT16_MAX)
        return false;
    const uint8_t *at = bytes;
    if (v6 && is_mapped_v4(bytes)) {
        at += 12;
        v6 = false;
    }
    if (inet_ntop(v6 ? AF_INET6 : AF_INET, at, address, sizeof address) == NULL)
        return false;
    (void)snprintf(text, END_BYTES, v6 ? "[%s]:%u" : "%s:%u", address,
                   (unsigned)port);
    *set_ret = port != 0;
    return true;
}

static int ip_text(enum lg_net_file file, struct lg_str line,
                   char text[LG_NET_TEXT_BYTES])
{
    struct lg_str number, local, remote, state_hex;
    char local_text[END_BYTES], remote_text[END_BYTES];
    bool has_local, has_remote;
    uint64_t state;
    const char *word = files[file].word;
    if (!lg_str_word(&line, &number) || !lg_str_word(&line, &local) ||
        !lg_str_word(&line, &remote) || !lg_str_word(&line, &state_hex) ||
        !end_text(local, local_text, &has_local) ||
        !end_text(remote, remote_text, &has_remote) ||
        !lg_str_hex(state_hex, &state))
        return snprintf(text, LG_NET_TEXT_BYTES, "%s", word);
    bool tcp = file == LG_NET_TCP || file == LG_NET_TCP6;
    const char *name =
        tcp && state < LG_COUNT(tcp_states) ? tcp_states[state] : "";
    const char *blank = *name != '\0' ? " " : "";
    if (!has_remote)
        return snprintf(text, LG_NET_TEXT_BYTES, "%s %s%s%s", word, local_text,
                        blank, name);
    return snprintf(text, LG_NET_TEXT_BYTES, "%s %s → %s%s%s", word, local_text,
                    remote_text, blank, name);
}

static int unix_text(struct lg_str line, char text[LG_NET_TEXT_BYTES])
{
    struct lg_str word;
    for (int field = 0; field < 7; field++)
        (void)lg_str_word(&line, &word);
    struct lg_str path = lg_str_first(lg_str_trim_left(line), 200);
    if (path.len == 0)
        return snprintf(text, LG_NET_TEXT_BYTES, "unix");
    return snprintf(text, LG_NET_TEXT_BYTES, "unix %.*s", LG_STR_ARG(path));
}

size_t lg_net_line_text(enum lg_net_file file, struct lg_str line,
                        char text[LG_NET_TEXT_BYTES])
{
    int len =
        file == LG_NET_UNIX ? unix_text(line, text) : ip_text(file, line, text);
    if (len < 0)
        return 0;
    return (size_t)len < LG_NET_TEXT_BYTES ? (size_t)len
                                           : LG_NET_TEXT_BYTES - 1;
}
