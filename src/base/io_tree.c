/* SPDX-License-Identifier: Apache-2.0 */
/* Folders: made with their parents, removed with their content. */
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a descriptor and a stack frame; our trees have five. */
#define MAX_TREE_DEPTH 64

/* Whatever mkdir says of a folder that is there (EEXIST, EROFS, EACCES). */
static bool make_dir(const char *path, unsigned mode, struct lg_error *err)
{
    struct stat st;
    if (mkdir(path, (mode_t)mode) == 0)
        return true;
    int sys_errno = errno;
    if (stat(path, &st) != 0)
        return lg_fail_os(err, sys_errno, "cannot create folder %s", path);
    if (!S_ISDIR(st.st_mode))
        return lg_fail_os(err, ENOTDIR, "cannot create folder %s", path);
    return true;
}

bool lg_make_dirs(const char *path, unsigned mode, struct lg_error *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0)
        return lg_fail_os(err, ENOENT, "cannot create folder \"\"");
    if (len >= sizeof part)
        return lg_fail_os(err, ENAMETOOLONG, "cannot create folder %.60s…",
                          path);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/' || path[i - 1] == '/')
            continue;
        part[i] = '\0';
        /* We must be able to go on below it. */
        if (!make_dir(part, mode | 0300, err))
            return false;
        part[i] = '/';
    }
    return make_dir(part, mode, err);
}

static bool remove_at(int dir_fd, const char *name, int depth,
                      struct lg_error *err);

static bool remove_content(DIR *dir, int depth, struct lg_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!remove_at(dirfd(dir), entry->d_name, depth + 1, err))
            return false;
    }
    if (errno != 0)
        return lg_fail_os(err, errno, "cannot list the folder");
    return true;
}

/* What the name is, is asked by opening it, and what was opened is emptied:
 * nobody can put a link there in between. */
static bool remove_at(int dir_fd, const char *name, int depth,
                      struct lg_error *err)
{
    if (depth > MAX_TREE_DEPTH)
        return lg_fail(err, LG_LIMIT, "folders nest deeper than %d",
                       MAX_TREE_DEPTH);
    int fd =
        openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOTDIR && errno != ELOOP)
        return lg_fail_os(err, errno, "cannot open %s", name);
    if (fd >= 0) {
        DIR *dir = fdopendir(fd);
        if (dir == NULL) {
            int sys_errno = errno;
            (void)close(fd);
            return lg_fail_os(err, sys_errno, "cannot list %s", name);
        }
        bool ok = remove_content(dir, depth, err);
        (void)closedir(dir); /* closes fd */
        if (!ok)
            return lg_context(err, "%s", name);
    }
    if (unlinkat(dir_fd, name, fd >= 0 ? AT_REMOVEDIR : 0) != 0)
        return lg_fail_os(err, errno, "cannot remove %s", name);
    return true;
}

/* A path must stay below dir_fd: no "..", and absolute only where the caller
 * gave no folder; its last part is a name. */
static bool may_remove(int dir_fd, const char *path)
{
    if (*path == '\0' || (*path == '/' && dir_fd != AT_FDCWD))
        return false;
    struct lg_str rest = lg_str_of(path), part = {NULL, 0};
    for (bool more = true; more;) {
        struct lg_cut cut = lg_str_cut_char(rest, '/');
        part = cut.head;
        rest = cut.tail;
        more = cut.found;
        if (lg_str_eq(part, LG_STR("..")))
            return false;
    }
    return part.len != 0 && !lg_str_eq(part, LG_STR("."));
}

bool lg_remove_tree(int dir_fd, const char *name, struct lg_error *err)
{
    if (!may_remove(dir_fd, name))
        return lg_fail(err, LG_USAGE, "will not remove \"%s\"", name);
    return remove_at(dir_fd, name, 0, err);
}
