/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void settle_state(struct lg_store *store, struct lg_store_row *row)
{
    if (lg_str_eq(row->state, LG_STR("recording")) &&
        !lg_store_is_held(store, row->id))
        row->state = LG_STR("interrupted");
}

static bool adopt_one(struct lg_store *store, const char *id, size_t *count,
                      struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_store_row row;
    bool there = false;
    lg_arena_init(&arena, 0);
    bool ok = lg_row_get(store, id, &arena, &row, &there, err);
    if (ok && !there) {
        /* A folder that cannot be opened stays unlisted; it keeps nobody from
         * the others. */
        if (lg_row_from_folder(store, id, &arena, &row, NULL)) {
            settle_state(store, &row);
            ok = lg_row_put(store, &row, err);
            *count += 1;
        }
    }
    lg_arena_deinit(&arena);
    return ok;
}

static bool adopt_all(struct lg_store *store, DIR *dir, size_t *count,
                      struct lg_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (lg_store_id_valid(lg_str_of(entry->d_name)) &&
            !adopt_one(store, entry->d_name, count, err))
            return false;
    }
    if (errno != 0)
        return lg_fail_os(err, errno, "cannot list %s/incidents", store->path);
    return true;
}

bool lg_store_adopt(struct lg_store *store, size_t *count_ret,
                    struct lg_error *err)
{
    size_t count = 0;
    int fd =
        openat(store->incidents_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        int sys_errno = errno;
        lg_close_p(&fd);
        return lg_fail_os(err, sys_errno, "cannot list %s/incidents",
                          store->path);
    }
    bool ok = adopt_all(store, dir, &count, err);
    closedir(dir);
    *count_ret = count;
    return ok;
}

/* The recorder is gone: what it had written counts. What the folder does not
 * say stays as lg_store_begin had it. */
static bool interrupted(struct lg_store *store, struct lg_arena *arena,
                        struct lg_store_row *row, struct lg_error *err)
{
    struct lg_store_row now;
    if (!lg_row_from_folder(store, row->id, arena, &now, err))
        return false;
    settle_state(store, &now);
    if (now.pid == 0)
        now.pid = row->pid;
    if (now.name.len == 0) {
        now.name = row->name;
        now.time_ns = row->time_ns;
    }
    *row = now;
    return store->read_only || lg_row_put(store, row, err);
}

bool lg_store_refresh(struct lg_store *store, struct lg_arena *arena,
                      struct lg_store_row *row, bool *gone_ret,
                      struct lg_error *err)
{
    struct stat st;
    *gone_ret =
        fstatat(store->incidents_fd, row->id, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
        errno == ENOENT;
    if (*gone_ret)
        return lg_row_delete(store, row->id, err);
    if (lg_str_eq(row->state, LG_STR("recording")) &&
        !lg_store_is_held(store, row->id))
        return interrupted(store, arena, row, err);
    return true;
}
