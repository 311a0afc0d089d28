/* SPDX-License-Identifier: Apache-2.0 */
/* A folder as one .tar.gz: sorted, without owners, so that the same folder
 * gives the same bytes. Only files and folders: there is nothing else. */
#include "store/archive_api.h"
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 32
#define COPY_BYTES ((size_t)64 << 10)

struct pack {
    struct archive *archive;
    struct archive_entry *entry;
    char *buffer; /* COPY_BYTES */
};

static bool pack_fail(const struct pack *p, struct lg_error *err)
{
    int code = lg_archive.error_code(p->archive);
    const char *text = lg_archive.error_string(p->archive);
    if (code == ENOSPC || code == EDQUOT || code == EFBIG || code == EPIPE)
        return lg_fail_os(err, code, "cannot write the archive");
    return lg_fail(err, LG_OS, "cannot write the archive: %s",
                   text != NULL ? text : "unknown reason");
}

static bool put_header(struct pack *p, const char *path, const struct stat *st,
                       struct lg_error *err)
{
    bool is_dir = S_ISDIR(st->st_mode);
    lg_archive.entry_clear(p->entry);
    lg_archive.entry_set_pathname(p->entry, path);
    lg_archive.entry_set_filetype(p->entry, is_dir ? AE_IFDIR : AE_IFREG);
    lg_archive.entry_set_perm(p->entry, is_dir ? 0700 : 0600);
    lg_archive.entry_set_mtime(p->entry, st->st_mtim.tv_sec, 0);
    lg_archive.entry_set_size(p->entry, is_dir ? 0 : st->st_size);
    int code = lg_archive.write_header(p->archive, p->entry);
    return code >= ARCHIVE_WARN || pack_fail(p, err);
}

/* Exactly the size that the header says: a recorder may still be appending. */
static bool put_data(struct pack *p, int fd, const char *path, uint64_t left,
                     struct lg_error *err)
{
    while (left > 0) {
        ssize_t n = read(fd, p->buffer, left < COPY_BYTES ? left : COPY_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lg_fail_os(err, errno, "cannot read %s", path);
        if (n == 0)
            return lg_fail(err, LG_OS, "%s became shorter while it was read",
                           path);
        if (lg_archive.write_data(p->archive, p->buffer, (size_t)n) != n)
            return pack_fail(p, err);
        left -= (uint64_t)n;
    }
    return true;
}

static bool pack_at(struct pack *p, int dir_fd, const char *name,
                    const char *path, int depth, struct lg_error *err);

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool pack_children(struct pack *p, int fd, const char *path, int depth,
                          struct lg_error *err)
{
    struct dirent **names = NULL;
    int count = scandirat(fd, ".", &names, NULL, by_bytes);
    if (count < 0)
        return lg_fail_os(err, errno, "cannot list %s", path);
    bool ok = true;
    for (int i = 0; i < count; i++) {
        char child[PATH_MAX];
        const char *name = names[i]->d_name;
        if (ok && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            int len = snprintf(child, sizeof child, "%s/%s", path, name);
            ok = len < (int)sizeof child
                     ? pack_at(p, fd, name, child, depth + 1, err)
                     : lg_fail_os(err, ENAMETOOLONG, "%.80s…", path);
        }
        free(names[i]);
    }
    free(names);
    return ok;
}

static bool pack_at(struct pack *p, int dir_fd, const char *name,
                    const char *path, int depth, struct lg_error *err)
{
    struct stat st;
    LG_CLOSE
    int fd =
        openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP)
        return true; /* a link: not part of an incident */
    if (fd < 0 || fstat(fd, &st) != 0)
        return lg_fail_os(err, errno, "cannot open %s", path);
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return true;
    if (depth > DEPTH_MAX)
        return lg_fail(err, LG_LIMIT, "folders nest deeper than %d", DEPTH_MAX);
    if (!put_header(p, path, &st, err))
        return false;
    return S_ISDIR(st.st_mode)
               ? pack_children(p, fd, path, depth, err)
               : put_data(p, fd, path, (uint64_t)st.st_size, err);
}

static bool pack_open(struct pack *p, int fd, struct lg_error *err)
{
    if (!lg_archive_load(err))
        return false;
    p->archive = lg_archive.write_new();
    p->entry = lg_archive.entry_new();
    p->buffer = malloc(COPY_BYTES);
    if (p->archive == NULL || p->entry == NULL || p->buffer == NULL)
        return lg_fail_nomem(err);
    if (lg_archive.write_set_format_pax_restricted(p->archive) != ARCHIVE_OK ||
        lg_archive.write_add_filter_gzip(p->archive) != ARCHIVE_OK ||
        lg_archive.write_set_options(p->archive,
                                     "gzip:!timestamp,pax:hdrcharset=BINARY") !=
            ARCHIVE_OK ||
        lg_archive.write_set_bytes_in_last_block(p->archive, 1) != ARCHIVE_OK ||
        lg_archive.write_open_fd(p->archive, fd) != ARCHIVE_OK)
        return pack_fail(p, err);
    return true;
}

static bool pack(struct lg_store *store, const char *id, int fd,
                 struct lg_error *err)
{
    struct pack p = {0};
    bool ok = pack_open(&p, fd, err) &&
              pack_at(&p, store->incidents_fd, id, id, 0, err);
    if (ok && lg_archive.write_close(p.archive) != ARCHIVE_OK)
        ok = pack_fail(&p, err);
    if (p.archive != NULL)
        lg_archive.write_free(p.archive);
    if (p.entry != NULL)
        lg_archive.entry_free(p.entry);
    free(p.buffer);
    return ok;
}

/* A device or a pipe is written into; anything else is made beside its name
 * and renamed when it is complete. */
static bool pack_to_path(struct lg_store *store, const char *id,
                         const char *path, struct lg_error *err)
{
    struct stat st;
    char temp[PATH_MAX];
    bool in_place = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    int len = snprintf(temp, sizeof temp, "%s.%d.tmp", path, (int)getpid());
    if (len >= (int)sizeof temp)
        return lg_fail_os(err, ENAMETOOLONG, "cannot write %.80s…", path);
    int flags = O_WRONLY | O_CLOEXEC | (in_place ? 0 : O_CREAT | O_EXCL);
    LG_CLOSE
    int fd = open(in_place ? path : temp, flags, 0600);
    if (fd < 0) {
        int sys_errno = errno;
        bool no_folder = sys_errno == ENOENT;
        lg_fail_os(err, sys_errno, "cannot write %s", path);
        if (no_folder && err != NULL)
            err->kind = LG_OS; /* not: there is no such incident */
        return false;
    }
    if (in_place)
        return pack(store, id, fd, err);
    bool ok = pack(store, id, fd, err);
    if (ok && (fsync(fd) != 0 || rename(temp, path) != 0))
        ok = lg_fail_os(err, errno, "cannot write %s", path);
    if (!ok)
        (void)unlink(temp);
    return ok;
}

bool lg_store_export(struct lg_store *store, const char *id, const char *path,
                     struct lg_error *err)
{
    struct stat st;
    char inside[PATH_MAX];
    if (!lg_store_id_valid(lg_str_of(id)))
        return lg_fail(err, LG_USAGE, "\"%.20s\" is not an incident's id", id);
    if (strcmp(path, "-") == 0)
        return pack(store, id, STDOUT_FILENO, err);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (snprintf(inside, sizeof inside, "%s/%s.tar.gz", path, id) >=
            (int)sizeof inside)
            return lg_fail_os(err, ENAMETOOLONG, "cannot write %.80s…", path);
        path = inside;
    }
    return pack_to_path(store, id, path, err);
}
