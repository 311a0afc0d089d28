/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whatever kept us out: there is always another place. */
static bool way_out(const char *path, struct lg_error *err)
{
    if (err == NULL)
        return false;
    struct lg_error why = *err;
    lg_fail(err, why.kind == LG_ABSENT ? LG_OS : why.kind,
            "cannot keep incidents in %s: %s; pass --state DIR or set "
            "LASTGASP_STATE to another folder",
            path, why.text);
    err->sys_errno = why.sys_errno;
    return false;
}

static bool may(int dir_fd, int mode)
{
    return faccessat(dir_fd, ".", mode, AT_EACCESS) == 0;
}

static int open_dir(int dir_fd, const char *name)
{
    return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Both folders, made when they are missing; whether they may be written. */
static bool open_folders(struct lg_store *store, struct lg_error *err)
{
    char real[PATH_MAX];
    if (!lg_make_dirs(store->path, 0700, err))
        return false;
    store->state_fd = open_dir(AT_FDCWD, store->path);
    if (store->state_fd < 0)
        return lg_fail_os(err, errno, "cannot open the folder");
    /* SQLite refuses links in the path; ours may be reached through some. */
    if (realpath(store->path, real) != NULL)
        store->path = lg_str_cstr(&store->arena, lg_str_of(real));
    if (store->path == NULL)
        return lg_fail_nomem(err);
    if (mkdirat(store->state_fd, "incidents", 0700) != 0 && errno != EEXIST &&
        errno != EROFS && errno != EACCES)
        return lg_fail_os(err, errno, "cannot create incidents");
    store->incidents_fd = open_dir(store->state_fd, "incidents");
    if (store->incidents_fd < 0)
        return errno == ENOENT
                   ? lg_fail_os(err, EACCES, "cannot create incidents")
                   : lg_fail_os(err, errno, "cannot open incidents");
    store->read_only = !may(store->state_fd, W_OK | X_OK) ||
                       !may(store->incidents_fd, W_OK | X_OK);
    return true;
}

/* One at a time: two must not set the same index aside. The lock is for
 * opening only; SQLite's own locks do the rest. */
static bool open_index(struct lg_store *store, struct lg_error *err)
{
    (void)flock(store->state_fd, LOCK_EX);
    bool ok = lg_index_open(store, err);
    (void)flock(store->state_fd, LOCK_UN);
    return ok;
}

bool lg_store_open(const char *state_dir, struct lg_store **store_ret,
                   struct lg_str *note_ret, struct lg_error *err)
{
    struct lg_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return lg_fail_nomem(err);
    store->state_fd = store->incidents_fd = -1;
    lg_arena_init(&store->arena, 0);
    bool ok = lg_store_state_path(state_dir, &store->arena, &store->path, err);
    if (ok && (!open_folders(store, err) || !open_index(store, err)))
        ok = way_out(store->path != NULL ? store->path : "the state folder",
                     err);
    if (!ok) {
        lg_store_close(store);
        return false;
    }
    if (note_ret != NULL)
        *note_ret = store->note;
    *store_ret = store;
    return true;
}

void lg_store_close(struct lg_store *store)
{
    if (store == NULL)
        return;
    lg_each(held, store->held)
        lg_close_p(&held->fd);
    sqlite3_close(store->db);
    lg_close_p(&store->incidents_fd);
    lg_close_p(&store->state_fd);
    lg_arena_deinit(&store->arena);
    free(store);
}

const char *lg_store_path(const struct lg_store *store)
{
    return store->path;
}
