/* SPDX-License-Identifier: Apache-2.0 */
/* Files of `perf record`, by the converter that pprof uses for them. */
#include "base/io.h"
#include "base/sb.h"
#include "sources/pprof_fetch_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool lg_pprof_is_perf(struct lg_str bytes)
{
    return lg_str_starts(bytes, LG_STR("PERFILE2"));
}

/* 0, the converter's status, or 127: there is none. */
static int run(const char *from, char *to, struct lg_arena *arena)
{
    char name[] = "perf_to_profile", i[] = "-i", o[] = "-o", force[] = "-f";
    char *input = lg_str_cstr(arena, lg_str_of(from));
    char *words[] = {name, i, input, o, to, force, NULL};
    pid_t pid;
    int status = 0;
    if (input == NULL ||
        posix_spawnp(&pid, name, NULL, NULL, words, environ) != 0)
        return 127;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool convert(const char *path, char *temporary, struct lg_arena *arena,
                    struct lg_str *bytes_ret, struct lg_error *err)
{
    struct lg_mapped map;
    int status = run(path, temporary, arena);
    if (status != 0)
        return lg_fail(err, LG_UNSUPPORTED,
                       "perf_to_profile, which reads perf.data files, %s; it "
                       "is in github.com/google/perf_data_converter",
                       status == 127 ? "is not installed" : "failed");
    if (!lg_mapped_open(&map, AT_FDCWD, temporary, err))
        return false;
    *bytes_ret = map.bytes;
    return true;
}

bool lg_pprof_convert_perf(const struct lg_pprof_fetch *f, const char *path,
                           struct lg_arena *arena, struct lg_str *bytes_ret,
                           struct lg_error *err)
{
    const char *dir = getenv("TMPDIR");
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_fmt(&sb, "%s/pprof_XXXXXX.pb.gz",
              dir != NULL && dir[0] != '\0' ? dir : "/tmp");
    char *temporary = lg_sb_cstr_of(&sb);
    if (temporary == NULL)
        return lg_fail_nomem(err);
    int fd = mkostemps(temporary, (int)strlen(".pb.gz"), O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "%s", temporary);
    close(fd);
    lg_pprof_fetch_say(f,
                       "Converting %s to a profile.proto... (May take a few "
                       "minutes)",
                       path);
    bool ok = convert(path, temporary, arena, bytes_ret, err);
    unlink(temporary);
    return ok;
}
