/* SPDX-License-Identifier: Apache-2.0 */
#include "record/self.h"

#include "base/io.h"
#include "base/lines.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_MAPS_BYTES ((size_t)1 << 20)

void lg_self_shield(void)
{
    LG_CLOSE
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)lg_write_all(fd, "-900", 4, NULL);
    }
}

/* Only code that is mapped from a file: nothing is ever written there, so
 * dropping it loses nothing. "r-xp" and an inode that is not 0. */
static void shed(struct lg_str line)
{
    struct lg_str range, mode, word;
    uint64_t from, to, inode;
    if (!lg_str_word(&line, &range) || !lg_str_word(&line, &mode) ||
        !lg_str_word(&line, &word) || !lg_str_word(&line, &word) ||
        !lg_str_word(&line, &word) || !lg_str_u64(word, &inode) || inode == 0 ||
        !lg_str_eq(mode, LG_STR("r-xp"))) {
        return;
    }
    struct lg_cut ends = lg_str_cut_char(range, '-');
    if (lg_str_hex(ends.head, &from) && lg_str_hex(ends.tail, &to) &&
        to > from) {
        (void)madvise((void *)(uintptr_t)from, (size_t)(to - from),
                      MADV_DONTNEED);
    }
}

void lg_self_shed_code(void)
{
    struct lg_arena arena;
    struct lg_str maps, line;
    lg_arena_init(&arena, 2 * MAX_MAPS_BYTES);
    if (lg_read_file(AT_FDCWD, "/proc/self/maps", MAX_MAPS_BYTES, &arena, &maps,
                     NULL)) {
        while (lg_lines_next(&maps, &line)) {
            shed(line);
        }
    }
    lg_arena_deinit(&arena);
}
