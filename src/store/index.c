/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Long enough for a list of many thousand rows on a slow disk. */
#define BUSY_TIMEOUT_MS 10000
/* "LGSP": tells our index from other people's databases. */
#define APPLICATION_ID 0x4c475350

/* Row n leads from version n to n + 1 (PRAGMA user_version). */
static const char *const migrations[] = {
    "CREATE TABLE incident ("
    "  id TEXT PRIMARY KEY,"
    "  time_ns INTEGER NOT NULL,"
    "  pid INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  state TEXT NOT NULL,"
    "  ended TEXT NOT NULL,"
    "  cause TEXT NOT NULL,"
    "  title TEXT NOT NULL,"
    "  place TEXT NOT NULL,"
    "  confidence REAL NOT NULL,"
    "  usage_bytes INTEGER NOT NULL,"
    "  limit_bytes INTEGER NOT NULL,"
    "  captures_count INTEGER NOT NULL,"
    "  size_bytes INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX incident_time ON incident (time_ns);",
};

static bool db_open(struct lg_store *store, struct lg_error *err)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &store->arena);
    /* SQLite cannot read a WAL database without writing beside it: where that
     * is not permitted the index is made in memory, from the folders. */
    if (store->read_only || store->full)
        lg_sb_cstr(&sb, ":memory:");
    else
        lg_sb_fmt(&sb, "%s/index.db", store->path);
    const char *path = lg_sb_cstr_of(&sb);
    if (path == NULL)
        return lg_fail_nomem(err);
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK) {
        if (store->db == NULL)
            return lg_fail_nomem(err);
        return lg_sql_fail(store->db, err);
    }
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return true;
}

/* WAL, so that lists never wait for a recorder; FULL, so that a commit is on
 * disk when it returns. A filesystem that cannot do WAL keeps the old way. */
static bool db_configure(struct lg_store *store, struct lg_error *err)
{
    return lg_sql_exec(store->db,
                       "PRAGMA journal_mode = WAL;"
                       "PRAGMA synchronous = FULL;"
                       "PRAGMA cell_size_check = ON;",
                       err);
}

/* With the indexes against the table, which quick_check leaves out: there are
 * hundreds of rows, not millions. */
static bool is_sound(sqlite3 *db, struct lg_error *err)
{
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(db, "PRAGMA integrity_check(1)", &stmt, err))
        return false;
    if (sqlite3_step(stmt) != SQLITE_ROW)
        return lg_sql_fail(db, err);
    const char *said = (const char *)sqlite3_column_text(stmt, 0);
    if (said == NULL || !lg_str_eq(lg_str_of(said), LG_STR("ok")))
        return lg_fail(err, LG_BAD_DATA, "index.db: %s",
                       said != NULL ? said : "it cannot be checked");
    return true;
}

static bool migrate_step(sqlite3 *db, size_t version, struct lg_error *err)
{
    char sql[80];
    snprintf(sql, sizeof sql,
             "PRAGMA user_version = %zu; PRAGMA application_id = %d; COMMIT",
             version + 1, APPLICATION_ID);
    if (lg_sql_exec(db, "BEGIN IMMEDIATE", err) &&
        lg_sql_exec(db, migrations[version], err) && lg_sql_exec(db, sql, err))
        return true;
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* Whose is it, and of which version? LG_BAD_DATA: not usable as it is. */
static bool version_of(sqlite3 *db, int64_t *version_ret, struct lg_error *err)
{
    int64_t version, application, tables;
    if (!lg_sql_i64(db, "PRAGMA user_version", &version, err) ||
        !lg_sql_i64(db, "PRAGMA application_id", &application, err) ||
        !lg_sql_i64(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return false;
    bool fresh = version == 0 && tables == 0;
    if (!fresh && application != APPLICATION_ID)
        return lg_fail(err, LG_BAD_DATA, "index.db: not an index of lastgasp");
    if (version < 0 || (uint64_t)version > LG_COUNT(migrations))
        return lg_fail(err, LG_BAD_DATA,
                       "index.db: version %lld, this lastgasp knows %zu",
                       (long long)version, LG_COUNT(migrations));
    *version_ret = version;
    return true;
}

static bool migrate(struct lg_store *store, struct lg_error *err)
{
    int64_t version = 0;
    if (!version_of(store->db, &version, err))
        return false;
    for (size_t v = (size_t)version; v < LG_COUNT(migrations); v++) {
        if (!migrate_step(store->db, v, err))
            return false;
    }
    char sql[400];
    snprintf(sql, sizeof sql, "SELECT %s FROM incident LIMIT 0",
             lg_row_columns);
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    return lg_sql_prepare(store->db, sql, &stmt, err); /* has our columns */
}

static bool try_open(struct lg_store *store, struct lg_error *err)
{
    return db_open(store, err) && db_configure(store, err) &&
           is_sound(store->db, err) && migrate(store, err);
}

static bool rename_aside(int dir_fd, const char *from, const char *to,
                         struct lg_error *err)
{
    if (renameat(dir_fd, from, dir_fd, to) != 0 && errno != ENOENT)
        return lg_fail_os(err, errno, "cannot set %s aside", from);
    return true;
}

/* The log and its index belong to the database: they go with it. */
static bool set_aside(struct lg_store *store, char name[64],
                      struct lg_error *err)
{
    static const char *const suffixes[] = {"-wal", "-shm", ""};
    char stamp[32], from[32], to[80];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(name, 64, "index.db.corrupt-%s", stamp);
    for (int n = 2; faccessat(store->state_fd, name, F_OK, 0) == 0; n++)
        snprintf(name, 64, "index.db.corrupt-%s-%d", stamp, n);
    for (size_t i = 0; i < LG_COUNT(suffixes); i++) {
        snprintf(from, sizeof from, "index.db%s", suffixes[i]);
        snprintf(to, sizeof to, "%s%s", name, suffixes[i]);
        if (!rename_aside(store->state_fd, from, to, err))
            return false;
    }
    return true;
}

static void db_close(struct lg_store *store)
{
    sqlite3_close(store->db);
    store->db = NULL;
}

static bool start_again(struct lg_store *store, const struct lg_error *why,
                        struct lg_error *err)
{
    char name[64];
    size_t count;
    struct lg_sb sb;
    db_close(store);
    if (!set_aside(store, name, err) || !try_open(store, err) ||
        !lg_store_adopt(store, &count, err))
        return false;
    lg_sb_init(&sb, &store->arena);
    lg_sb_fmt(&sb,
              "%s; it was set aside as %s/%s and made again from %zu incident "
              "folder%s",
              why->text, store->path, name, count, count == 1 ? "" : "s");
    store->note = lg_sb_view(&sb);
    return true;
}

/* A file that we may write and SQLite will not is of a format that it does not
 * know: a byte of its header has changed. */
static bool is_damaged(const struct lg_store *store, enum lg_error_kind kind)
{
    return kind == LG_BAD_DATA || (kind == LG_DENIED && !store->read_only &&
                                   faccessat(store->state_fd, "index.db",
                                             R_OK | W_OK, AT_EACCESS) == 0);
}

/* What is there can be listed, explained and removed on a full disk, too. */
static bool open_on_full_disk(struct lg_store *store,
                              const struct lg_error *why, struct lg_error *err)
{
    size_t count;
    struct lg_sb sb;
    db_close(store);
    store->full = true;
    lg_sb_init(&sb, &store->arena);
    lg_sb_fmt(&sb, "in %s: %s; nothing can be added", store->path, why->text);
    store->note = lg_sb_view(&sb);
    return try_open(store, err) && lg_store_adopt(store, &count, err);
}

static bool open_and_adopt(struct lg_store *store, struct lg_error *why)
{
    size_t count;
    return try_open(store, why) && lg_store_adopt(store, &count, why);
}

bool lg_index_open(struct lg_store *store, struct lg_error *err)
{
    struct lg_error why = {0};
    if (open_and_adopt(store, &why))
        return true;
    if ((why.sys_errno == ENOSPC || why.sys_errno == EDQUOT) &&
        !store->read_only)
        return open_on_full_disk(store, &why, err);
    if (is_damaged(store, why.kind))
        return start_again(store, &why, err);
    if (err != NULL)
        *err = why;
    return false;
}
