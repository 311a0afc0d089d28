/* SPDX-License-Identifier: Apache-2.0 */
/* Files of others into a folder of ours. What they claim is not trusted:
 * neither names nor sizes nor numbers. */
#include "store/archive_api.h"
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ours have five levels and short names. */
#define DEPTH_MAX 32
#define PART_MAX_BYTES 255
#define COPY_BYTES ((size_t)64 << 10)

bool lg_unpack_clean_path(struct lg_str path, char clean[LG_UNPACK_PATH_BYTES])
{
    size_t len = 0;
    int depth = 0;
    if (path.len > 0 && path.data[0] == '/')
        return false;
    while (path.len > 0) {
        struct lg_cut cut = lg_str_cut_char(path, '/');
        struct lg_str part = cut.head;
        path = cut.tail;
        if (part.len == 0 || lg_str_eq(part, LG_STR(".")))
            continue;
        if (lg_str_eq(part, LG_STR("..")) || part.len > PART_MAX_BYTES ||
            ++depth > DEPTH_MAX || lg_str_find_char(part, '\0') >= 0 ||
            len + part.len + 2 > LG_UNPACK_PATH_BYTES)
            return false;
        if (len > 0)
            clean[len++] = '/';
        memcpy(clean + len, part.data, part.len);
        len += part.len;
    }
    clean[len] = '\0';
    return true;
}

static bool spend(struct lg_unpack_budget *budget, uint64_t files,
                  uint64_t bytes, struct lg_error *err)
{
    if (files > budget->files_count)
        return lg_fail(err, LG_LIMIT, "too many files for an incident");
    if (bytes > budget->bytes)
        return lg_fail(err, LG_LIMIT, "more bytes than an incident may have");
    budget->files_count -= files;
    budget->bytes -= bytes;
    return true;
}

static bool make_dir(int dir_fd, const char *path, struct lg_error *err)
{
    struct stat st;
    if (mkdirat(dir_fd, path, 0700) == 0)
        return true;
    if (errno == EEXIST &&
        fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(st.st_mode))
        return true;
    return lg_fail_os(err, errno, "cannot create %s", path);
}

/* Nothing in the folder is a link, for nothing here makes one: so the way
 * stays inside. */
static bool make_parents(int dir_fd, const char *path,
                         struct lg_unpack_budget *budget, struct lg_error *err)
{
    char part[LG_UNPACK_PATH_BYTES];
    for (size_t i = 0; path[i] != '\0'; i++) {
        part[i] = path[i];
        if (path[i] != '/')
            continue;
        part[i] = '\0';
        if (faccessat(dir_fd, part, F_OK, 0) != 0 && !spend(budget, 1, 0, err))
            return false;
        if (!make_dir(dir_fd, part, err))
            return false;
        part[i] = '/';
    }
    return true;
}

static int create(int dir_fd, const char *path, struct lg_error *err)
{
    int fd = openat(dir_fd, path,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        lg_fail(err, LG_BAD_DATA, "%s is in it twice", path);
    else if (fd < 0)
        lg_fail_os(err, errno, "cannot create %s", path);
    return fd;
}

static bool archive_fail(struct archive *a, struct lg_error *err)
{
    const char *text = lg_archive.error_string(a);
    if (lg_archive.error_code(a) == ENOMEM)
        return lg_fail_nomem(err);
    return lg_fail(err, LG_BAD_DATA, "%s",
                   text != NULL ? text : "the archive cannot be read");
}

static bool member_data(struct archive *a, int fd,
                        struct lg_unpack_budget *budget, struct lg_error *err)
{
    char buffer[COPY_BYTES];
    for (;;) {
        la_ssize_t n = lg_archive.read_data(a, buffer, sizeof buffer);
        if (n == ARCHIVE_RETRY)
            continue;
        if (n < 0)
            return archive_fail(a, err);
        if (n == 0)
            return true;
        if (!spend(budget, 0, (uint64_t)n, err) ||
            !lg_write_all(fd, buffer, (size_t)n, err))
            return false;
    }
}

static bool member(struct archive *a, struct archive_entry *entry, int dir_fd,
                   struct lg_unpack_budget *budget, struct lg_error *err)
{
    char path[LG_UNPACK_PATH_BYTES];
    const char *name = lg_archive.entry_pathname(entry);
    if (name == NULL)
        name = lg_archive.entry_pathname_utf8(entry);
    if (name == NULL || !lg_unpack_clean_path(lg_str_of(name), path))
        return lg_fail(err, LG_BAD_DATA,
                       "a file's name leads out of the folder: %.200s",
                       name != NULL ? name : "(unreadable)");
    bool is_dir = lg_archive.entry_filetype(entry) == AE_IFDIR;
    if ((!is_dir && lg_archive.entry_filetype(entry) != AE_IFREG) ||
        lg_archive.entry_hardlink(entry) != NULL ||
        lg_archive.entry_symlink(entry) != NULL)
        return lg_fail(err, LG_BAD_DATA,
                       "%.200s is neither a file nor a folder", path);
    if (!make_parents(dir_fd, path, budget, err) || !spend(budget, 1, 0, err))
        return false;
    if (is_dir)
        return path[0] == '\0' || make_dir(dir_fd, path, err);
    LG_CLOSE
    int fd = create(dir_fd, path, err);
    return fd >= 0 && member_data(a, fd, budget, err);
}

static bool members(struct archive *a, int dir_fd,
                    struct lg_unpack_budget *budget, struct lg_error *err)
{
    struct archive_entry *entry;
    for (;;) {
        int code = lg_archive.read_next_header(a, &entry);
        if (code == ARCHIVE_EOF)
            return true;
        if (code == ARCHIVE_RETRY)
            continue;
        if (code < ARCHIVE_WARN)
            return archive_fail(a, err);
        if (!member(a, entry, dir_fd, budget, err))
            return false;
    }
}

/* The tarball ends before its check sum does. What follows is not kept, but
 * somebody has to have looked. */
static bool drain(struct archive *a, struct lg_gunzip *g,
                  struct lg_unpack_budget *budget, struct lg_error *err)
{
    const void *buffer;
    la_ssize_t n;
    while ((n = lg_gunzip_read(a, g, &buffer)) > 0) {
        if (!spend(budget, 0, (uint64_t)n, err))
            return false;
    }
    return n == 0 || archive_fail(a, err);
}

bool lg_unpack_tar(int fd, int dir_fd, struct lg_unpack_budget *budget,
                   struct lg_error *err)
{
    if (!lg_archive_load(err))
        return false;
    struct archive *a = lg_archive.read_new();
    struct lg_gunzip *g = lg_gunzip_create(fd);
    bool ok = true;
    if (a == NULL || g == NULL)
        ok = lg_fail_nomem(err);
    else if (lg_archive.read_support_filter_zstd(a) < ARCHIVE_WARN ||
             lg_archive.read_support_format_tar(a) != ARCHIVE_OK ||
             lg_archive.read_open(a, g, NULL, lg_gunzip_read, NULL) !=
                 ARCHIVE_OK)
        ok = archive_fail(a, err);
    ok = ok && members(a, dir_fd, budget, err) && drain(a, g, budget, err);
    lg_archive.read_free(a);
    lg_gunzip_destroy(g);
    return ok;
}

static bool copy_data(int from, int to, struct lg_unpack_budget *budget,
                      struct lg_error *err)
{
    char buffer[COPY_BYTES];
    for (;;) {
        ssize_t n = read(from, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lg_fail_os(err, errno, "cannot read");
        if (n == 0)
            return true;
        if (!spend(budget, 0, (uint64_t)n, err) ||
            !lg_write_all(to, buffer, (size_t)n, err))
            return false;
    }
}

static bool copy_folder(int from_fd, int dir_fd, int depth,
                        struct lg_unpack_budget *budget, struct lg_error *err);

static bool copy_subfolder(int from_fd, int dir_fd, const char *name, int depth,
                           struct lg_unpack_budget *budget,
                           struct lg_error *err)
{
    if (depth > DEPTH_MAX)
        return lg_fail(err, LG_LIMIT, "folders nest deeper than %d", DEPTH_MAX);
    if (!make_dir(dir_fd, name, err))
        return false;
    LG_CLOSE
    int to =
        openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0)
        return lg_fail_os(err, errno, "cannot open %s", name);
    return copy_folder(from_fd, to, depth, budget, err);
}

static bool copy_one(int from_dir, int dir_fd, const char *name, int depth,
                     struct lg_unpack_budget *budget, struct lg_error *err)
{
    struct stat st;
    LG_CLOSE
    int from =
        openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from < 0 && errno == ELOOP)
        return lg_fail(err, LG_BAD_DATA, "%s is a link", name);
    if (from < 0 || fstat(from, &st) != 0)
        return lg_fail_os(err, errno, "cannot open %s", name);
    if (!spend(budget, 1, 0, err))
        return false;
    if (S_ISDIR(st.st_mode))
        return copy_subfolder(from, dir_fd, name, depth + 1, budget, err);
    if (!S_ISREG(st.st_mode))
        return lg_fail(err, LG_BAD_DATA, "%s is neither a file nor a folder",
                       name);
    LG_CLOSE
    int to = create(dir_fd, name, err);
    return to >= 0 && copy_data(from, to, budget, err);
}

static bool copy_folder(int from_fd, int dir_fd, int depth,
                        struct lg_unpack_budget *budget, struct lg_error *err)
{
    int fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        int sys_errno = errno;
        lg_close_p(&fd);
        return lg_fail_os(err, sys_errno, "cannot list the folder");
    }
    bool ok = true;
    const struct dirent *entry;
    while (ok && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            !copy_one(from_fd, dir_fd, name, depth, budget, err))
            ok = lg_context(err, "%s", name);
    }
    closedir(dir);
    return ok;
}

bool lg_unpack_folder(int from_fd, int dir_fd, struct lg_unpack_budget *budget,
                      struct lg_error *err)
{
    return copy_folder(from_fd, dir_fd, 0, budget, err);
}
