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

struct names {
    char (*items)[LG_STORE_ID_BYTES];
    size_t count, capacity;
};

static bool has_row(struct lg_store *store, sqlite3_stmt *stmt, const char *id,
                    bool *there_ret, struct lg_error *err)
{
    sqlite3_reset(stmt);
    lg_sql_bind_str(stmt, 1, lg_str_of(id));
    int code = sqlite3_step(stmt);
    *there_ret = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ||
           lg_sql_fail(store->db, err);
}

static bool note_one(struct lg_store *store, sqlite3_stmt *stmt,
                     struct lg_str name, struct lg_arena *arena,
                     struct names *names, struct lg_error *err)
{
    char id[LG_STORE_ID_BYTES] = "";
    bool there;
    if (!lg_store_id_valid(name))
        return true;
    memcpy(id, name.data, name.len);
    if (!has_row(store, stmt, id, &there, err))
        return false;
    if (there)
        return true;
    char(*slot)[LG_STORE_ID_BYTES] = lg_push(arena, names);
    if (slot == NULL)
        return lg_fail_nomem(err);
    memcpy(*slot, id, sizeof id);
    return true;
}

static bool without_row(struct lg_store *store, DIR *dir,
                        struct lg_arena *arena, struct names *names,
                        struct lg_error *err)
{
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(store->db, "SELECT 1 FROM incident WHERE id = ?", &stmt,
                        err))
        return false;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (!note_one(store, stmt, lg_str_of(entry->d_name), arena, names, err))
            return false;
    }
    if (errno != 0)
        return lg_fail_os(err, errno, "cannot list %s/incidents", store->path);
    return true;
}

static bool adopt_one(struct lg_store *store, const char *id, size_t *count,
                      struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_store_row row;
    bool ok = true;
    lg_arena_init(&arena, 0);
    /* A folder that cannot be opened stays unlisted; it keeps nobody from the
     * others. */
    if (lg_row_from_folder(store, id, &arena, &row, NULL)) {
        settle_state(store, &row);
        ok = lg_row_put(store, &row, err);
        *count += 1;
    }
    lg_arena_deinit(&arena);
    return ok;
}

/* In one transaction: each of its own would wait for the disk. */
static bool adopt_all(struct lg_store *store, const struct names *names,
                      size_t *count, struct lg_error *err)
{
    if (names->count == 0)
        return true;
    bool ok = lg_sql_exec(store->db, "BEGIN IMMEDIATE", err);
    for (size_t i = 0; ok && i < names->count; i++)
        ok = adopt_one(store, names->items[i], count, err);
    if (ok && lg_sql_exec(store->db, "COMMIT", err))
        return true;
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool lg_store_adopt(struct lg_store *store, size_t *count_ret,
                    struct lg_error *err)
{
    struct lg_arena arena;
    struct names names = {0};
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
    lg_arena_init(&arena, 0);
    bool ok = without_row(store, dir, &arena, &names, err) &&
              adopt_all(store, &names, &count, err);
    closedir(dir);
    lg_arena_deinit(&arena);
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
