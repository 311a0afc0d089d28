/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/folder_internal.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder may come from anywhere: a link could lead out of it, and opening a
 * pipe would wait for its writer. */
int lg_folder_open(int dir_fd, const char *name, uint64_t *size_ret,
                   int64_t *mtime_ns_ret, struct lg_error *err)
{
    struct stat st;
    int fd =
        openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        lg_fail_os(err, errno, "%s", name);
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        lg_fail(err, LG_UNSUPPORTED, "%s: not a regular file", name);
        close(fd);
        return -1;
    }
    *size_ret = (uint64_t)st.st_size;
    *mtime_ns_ret =
        (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return fd;
}

int lg_folder_open_dir(int dir_fd, const char *name)
{
    return openat(dir_fd, name,
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static bool read_exactly(int fd, char *data, size_t len, size_t *got_ret)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = read(fd, data + got, len - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *got_ret = got;
    return true;
}

bool lg_folder_read_file(struct lg_folder *f, int dir_fd, const char *name,
                         uint64_t limit_bytes, struct lg_str *bytes_ret,
                         bool *cut_ret, struct lg_error *err)
{
    uint64_t size;
    int64_t mtime_ns;
    LG_CLOSE
    int fd = lg_folder_open(dir_fd, name, &size, &mtime_ns, err);
    if (fd < 0)
        return false;
    size_t len = (size_t)(size < limit_bytes ? size : limit_bytes);
    char *data = lg_arena_alloc(f->arena, len, 1);
    if (data == NULL)
        return lg_fail_nomem(err);
    if (!read_exactly(fd, data, len, &len))
        return lg_fail_os(err, errno, "%s", name);
    *bytes_ret = (struct lg_str){data, len};
    *cut_ret = size > limit_bytes;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

bool lg_folder_list(struct lg_folder *f, int dir_fd, size_t max_count,
                    struct lg_folder_names *ret)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        lg_close_p(&fd);
        return false;
    }
    struct dirent *entry;
    struct lg_folder_names names = {0};
    while (names.count < max_count && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char *name = lg_str_cstr(f->arena, lg_str_of(entry->d_name));
        char **slot = lg_push(f->arena, &names);
        if (slot == NULL || name == NULL)
            break;
        *slot = name;
    }
    closedir(dir);
    if (f->arena->failed)
        return false;
    if (names.items != NULL)
        qsort(names.items, names.count, sizeof names.items[0], by_name);
    *ret = names;
    return true;
}

static enum lg_absence absence_of(enum lg_error_kind kind)
{
    switch (kind) {
    case LG_ABSENT:
        return LG_NOT_THERE;
    case LG_DENIED:
        return LG_NOT_PERMITTED;
    case LG_UNSUPPORTED:
        return LG_NOT_SUPPORTED;
    default:
        return LG_UNREADABLE;
    }
}

void lg_folder_absent(struct lg_folder *f, const char *what, const char *source,
                      const struct lg_error *why)
{
    struct lg_absent *a = lg_push(f->arena, &f->in->absent);
    if (a == NULL)
        return;
    a->what = lg_str_dup(f->arena, lg_str_of(what));
    a->source = lg_str_dup(f->arena, lg_str_of(source));
    a->reason = lg_str_dup(f->arena, lg_str_of(why->text));
    a->kind = absence_of(why->kind);
}

void lg_folder_quality(struct lg_folder *f, struct lg_capture *c,
                       const char *name, const char *reason)
{
    struct lg_sb sb;
    lg_sb_init(&sb, f->arena);
    /* Errors of reading name the file themselves. */
    if (!lg_str_starts(lg_str_of(reason), lg_str_of(name))) {
        lg_sb_cstr(&sb, name);
        lg_sb_cstr(&sb, ": ");
    }
    lg_sb_cstr(&sb, reason);
    struct lg_str *slot = lg_push(f->arena, &c->quality);
    if (slot != NULL)
        *slot = lg_sb_view(&sb);
}
