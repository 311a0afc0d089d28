/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's memory, of /proc/meminfo. */
#include "base/io.h"
#include "base/lines.h"
#include "sources/cgroupfs.h"
#include "sources/small_file.h"

#include <fcntl.h>
#include <stddef.h>

#define KIB UINT64_C(1024)

static const struct {
    const char *name;
    size_t offset; /* of a struct lg_num in struct lg_host_memory */
} rows[] = {
    {"MemTotal", offsetof(struct lg_host_memory, total_bytes)},
    {"MemAvailable", offsetof(struct lg_host_memory, available_bytes)},
    {"SwapTotal", offsetof(struct lg_host_memory, swap_total_bytes)},
    {"SwapFree", offsetof(struct lg_host_memory, swap_free_bytes)},
};

static void take_line(struct lg_host_memory *m, struct lg_str line)
{
    struct lg_cut cut = lg_str_cut_char(line, ':');
    struct lg_str word;
    uint64_t kib;
    if (!lg_str_word(&cut.tail, &word) || !lg_str_u64(word, &kib) ||
        kib > UINT64_MAX / KIB)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (lg_str_eq(cut.head, lg_str_of(rows[i].name))) {
            void *at = (char *)m + rows[i].offset;
            struct lg_num *n = at;
            *n = lg_known(kib * KIB);
        }
    }
}

struct lg_host_memory lg_host_memory_read(const struct lg_host *host)
{
    char buffer[LG_SMALL_FILE_BYTES];
    struct lg_host_memory m = {0};
    struct lg_str text, line;
    LG_CLOSE
    int fd = lg_host_open(host, "proc/meminfo", O_RDONLY);
    if (fd < 0 || !lg_small_pread(fd, buffer, sizeof buffer, &text))
        return m;
    while (lg_lines_next(&text, &line))
        take_line(&m, line);
    return m;
}

struct lg_num lg_host_memory_bytes(const struct lg_host *host)
{
    return lg_host_memory_read(host).total_bytes;
}
