/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool copy_bytes(int from, int to, struct lg_error *err)
{
    char buffer[64 << 10];
    for (;;) {
        ssize_t n = read(from, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lg_fail_os(err, errno, "cannot read");
        if (n == 0)
            return true;
        if (!lg_write_all(to, buffer, (size_t)n, err))
            return false;
    }
}

static bool copy(const char *path, int dir_fd, const char *name,
                 struct lg_error *err)
{
    struct stat st;
    LG_CLOSE
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (from < 0 || fstat(from, &st) != 0)
        return lg_fail_os(err, errno, "cannot open");
    LG_CLOSE
    int to =
        openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return lg_fail_os(err, errno, "cannot copy");
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    return copy_bytes(from, to, err) &&
           (futimens(to, times) == 0 || lg_fail_os(err, errno, "cannot copy"));
}

static bool add(int dir_fd, const char *path, size_t number,
                struct lg_error *err)
{
    char name[NAME_MAX + 32];
    struct stat st;
    struct lg_cut cut = lg_str_rcut_char(lg_str_of(path), '/');
    const char *base = cut.found ? cut.tail.data : path;
    snprintf(name, sizeof name, "%s", base);
    if (faccessat(dir_fd, name, F_OK, 0) == 0)
        snprintf(name, sizeof name, "%zu-%s", number, base);
    if (stat(path, &st) != 0)
        return lg_fail_os(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return lg_fail(err, LG_USAGE,
                       "%s is not a file; name files of one case, or "
                       "incidents",
                       path);
    if (linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0)
        return true;
    return copy(path, dir_fd, name, err) || lg_context(err, "%s", path);
}

bool lg_stage_init(struct lg_stage *stage, const char *const *paths,
                   size_t count, struct lg_error *err)
{
    const char *parent = getenv("TMPDIR");
    struct lg_stage made;
    snprintf(made.path, sizeof made.path, "%s/lastgasp-XXXXXX",
             parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    stage->path[0] = '\0';
    if (mkdtemp(made.path) == NULL)
        return lg_fail_os(err, errno, "cannot create a temporary folder");
    LG_CLOSE
    int fd = open(made.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 || lg_fail_os(err, errno, "cannot open %s", made.path);
    for (size_t i = 0; ok && i < count; i++)
        ok = add(fd, paths[i], i + 1, err);
    if (!ok)
        lg_stage_deinit(&made);
    else
        *stage = made;
    return ok;
}

void lg_stage_deinit(struct lg_stage *stage)
{
    if (stage->path[0] != '\0')
        (void)lg_remove_tree(AT_FDCWD, stage->path, NULL);
    stage->path[0] = '\0';
}
