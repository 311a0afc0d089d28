/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

#include <errno.h>

void lg_sql_finalize_p(sqlite3_stmt **stmt)
{
    sqlite3_finalize(*stmt);
}

static enum lg_error_kind kind_of(int code)
{
    switch (code) {
    case SQLITE_ERROR: /* our statements are right: the file is not */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return LG_BAD_DATA;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return LG_DENIED;
    case SQLITE_NOMEM:
        return LG_NOMEM;
    default:
        return LG_OS;
    }
}

bool lg_sql_fail(sqlite3 *db, struct lg_error *err)
{
    int code = sqlite3_errcode(db) & 0xff; /* without the extended part */
    int sys_errno = sqlite3_system_errno(db);
    if (code == SQLITE_FULL || sys_errno == ENOSPC || sys_errno == EDQUOT)
        return lg_fail_os(err, sys_errno != 0 ? sys_errno : ENOSPC,
                          "cannot write index.db");
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return lg_fail_os(err, EBUSY,
                          "another process holds index.db for too long");
    bool failed =
        lg_fail(err, kind_of(code), "index.db: %s", sqlite3_errmsg(db));
    if (err != NULL)
        err->sys_errno = sys_errno;
    return failed;
}

bool lg_sql_exec(sqlite3 *db, const char *sql, struct lg_error *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return lg_sql_fail(db, err);
    return true;
}

bool lg_sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt_ret,
                    struct lg_error *err)
{
    if (sqlite3_prepare_v2(db, sql, -1, stmt_ret, NULL) != SQLITE_OK)
        return lg_sql_fail(db, err);
    return true;
}

bool lg_sql_done(sqlite3 *db, sqlite3_stmt *stmt, struct lg_error *err)
{
    if (sqlite3_step(stmt) != SQLITE_DONE)
        return lg_sql_fail(db, err);
    return true;
}

void lg_sql_bind_str(sqlite3_stmt *stmt, int index, struct lg_str s)
{
    /* A NULL pointer would bind NULL, and a failed bind leaves NULL, which the
     * table refuses: checked in one place, at the step. */
    (void)sqlite3_bind_text64(stmt, index, s.data != NULL ? s.data : "", s.len,
                              SQLITE_STATIC, SQLITE_UTF8);
}

bool lg_sql_i64(sqlite3 *db, const char *sql, int64_t *ret,
                struct lg_error *err)
{
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(db, sql, &stmt, err))
        return false;
    int code = sqlite3_step(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return lg_sql_fail(db, err);
    *ret = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    return true;
}
