/* SPDX-License-Identifier: Apache-2.0 */
/* The logs of tests/golden/oom, by name. Include after cmocka.h. */
#ifndef LG_TESTS_OOM_LOGS_H
#define LG_TESTS_OOM_LOGS_H

#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline int oom_logs_is_log(const struct dirent *entry)
{
    return lg_str_ends(lg_str_of(entry->d_name), LG_STR(".log"));
}

static inline int oom_logs_dir(void)
{
    char path[4096];
    const char *tests = getenv("LG_TESTS");
    assert_non_null(tests);
    snprintf(path, sizeof path, "%s/golden/oom", tests);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

typedef void oom_logs_fn(int dir_fd, const char *name, struct lg_str log,
                         struct lg_arena *arena);

static inline size_t oom_logs_each(oom_logs_fn *fn)
{
    LG_CLOSE
    int dir_fd = oom_logs_dir();
    struct dirent **entries;
    int count = scandirat(dir_fd, ".", &entries, oom_logs_is_log, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        struct lg_arena arena;
        struct lg_str log;
        lg_arena_init(&arena, 0);
        assert_true(lg_read_file(dir_fd, entries[i]->d_name, 1 << 20, &arena,
                                 &log, NULL));
        fn(dir_fd, entries[i]->d_name, log, &arena);
        lg_arena_deinit(&arena);
        free(entries[i]);
    }
    free(entries);
    return (size_t)count;
}

#endif
