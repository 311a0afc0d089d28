/* SPDX-License-Identifier: Apache-2.0 */
#include "source_line.h"

#include "base/io.h"
#include "base/lines.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Generated Go files of some MiB exist; larger ones are something else. */
#define FILE_MAX_BYTES ((size_t)16 << 20)
#define LINE_MAX_BYTES 300

static int open_source(struct lg_str file, int64_t not_after_ns)
{
    char path[PATH_MAX];
    struct stat st;
    if (file.len >= sizeof path || !lg_str_starts(file, LG_STR("/")) ||
        !lg_str_ends(file, LG_STR(".go")) || lg_str_find_char(file, '\0') >= 0)
        return -1;
    memcpy(path, file.data, file.len);
    path[file.len] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        (not_after_ns != 0 && st.st_mtim.tv_sec > not_after_ns / 1000000000)) {
        close(fd);
        return -1;
    }
    return fd;
}

struct lg_str lg_source_line(struct lg_str file, uint32_t line,
                             int64_t not_after_ns, struct lg_arena *arena)
{
    struct lg_str found = {0}, rest, text;
    struct lg_arena scratch;
    LG_CLOSE
    int fd = line != 0 ? open_source(file, not_after_ns) : -1;
    if (fd < 0)
        return found;
    lg_arena_init(&scratch, 0);
    if (lg_read_all(fd, FILE_MAX_BYTES, &scratch, &rest, NULL)) {
        uint32_t n = 0;
        while (n < line && lg_lines_next(&rest, &text))
            n++;
        if (n == line && text.len <= LINE_MAX_BYTES)
            found = lg_str_dup(arena, text);
    }
    lg_arena_deinit(&scratch);
    return found;
}
