/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

#include <stdio.h>
#include <string.h>

/* Names and titles of the outside world: a row stays a row. */
#define TEXT_MAX_BYTES 300

const char lg_row_columns[] =
    "id, time_ns, pid, name, state, ended, cause, title, place, confidence, "
    "usage_bytes, limit_bytes, captures_count, size_bytes";

/* In the order of lg_row_columns, from the second on. */
enum column_kind { TEXT, SIGNED, UNSIGNED, REAL };

static const struct column {
    enum column_kind kind;
    size_t offset;
} columns[] = {
    {SIGNED, offsetof(struct lg_store_row, time_ns)},
    {SIGNED, offsetof(struct lg_store_row, pid)},
    {TEXT, offsetof(struct lg_store_row, name)},
    {TEXT, offsetof(struct lg_store_row, state)},
    {TEXT, offsetof(struct lg_store_row, end)},
    {TEXT, offsetof(struct lg_store_row, cause)},
    {TEXT, offsetof(struct lg_store_row, title)},
    {TEXT, offsetof(struct lg_store_row, where)},
    {REAL, offsetof(struct lg_store_row, confidence)},
    {UNSIGNED, offsetof(struct lg_store_row, usage_bytes)},
    {UNSIGNED, offsetof(struct lg_store_row, limit_bytes)},
    {UNSIGNED, offsetof(struct lg_store_row, captures_count)},
    {UNSIGNED, offsetof(struct lg_store_row, size_bytes)},
};

static int64_t clamp(uint64_t n)
{
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

/* At a character's border, and without NUL, which ends SQLite's texts. */
static struct lg_str cut_text(struct lg_str s)
{
    s = lg_str_cut_char(s, '\0').head;
    if (s.len <= TEXT_MAX_BYTES)
        return s;
    s.len = TEXT_MAX_BYTES;
    while (s.len > 0 && ((unsigned char)s.data[s.len] & 0xc0) == 0x80)
        s.len--;
    return s;
}

static void bind(sqlite3_stmt *stmt, int index, const struct column *c,
                 const void *field)
{
    switch (c->kind) {
    case TEXT:
        lg_sql_bind_str(stmt, index, cut_text(*(const struct lg_str *)field));
        return;
    case SIGNED:
        (void)sqlite3_bind_int64(stmt, index, *(const int64_t *)field);
        return;
    case UNSIGNED:
        (void)sqlite3_bind_int64(stmt, index, clamp(*(const uint64_t *)field));
        return;
    case REAL: /* NaN would become NULL */
        (void)sqlite3_bind_double(
            stmt, index,
            *(const double *)field >= 0 ? *(const double *)field : 0);
        return;
    }
}

bool lg_row_put(struct lg_store *store, const struct lg_store_row *row,
                struct lg_error *err)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "INSERT OR REPLACE INTO incident (%s) "
             "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
             lg_row_columns);
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(store->db, sql, &stmt, err))
        return false;
    lg_sql_bind_str(stmt, 1, lg_str_of(row->id));
    for (size_t i = 0; i < LG_COUNT(columns); i++)
        bind(stmt, (int)i + 2, &columns[i],
             (const char *)row + columns[i].offset);
    return lg_sql_done(store->db, stmt, err);
}

static bool take_text(sqlite3_stmt *stmt, int index, struct lg_arena *arena,
                      struct lg_str *ret)
{
    const void *text = sqlite3_column_text(stmt, index);
    size_t len = (size_t)sqlite3_column_bytes(stmt, index);
    *ret = lg_str_dup(arena, lg_str_from(text, text != NULL ? len : 0));
    return ret->data != NULL || len == 0;
}

static bool take(sqlite3_stmt *stmt, int index, const struct column *c,
                 struct lg_arena *arena, void *field)
{
    int64_t n;
    switch (c->kind) {
    case TEXT:
        return take_text(stmt, index, arena, field);
    case SIGNED:
        *(int64_t *)field = sqlite3_column_int64(stmt, index);
        return true;
    case UNSIGNED:
        n = sqlite3_column_int64(stmt, index);
        *(uint64_t *)field = n > 0 ? (uint64_t)n : 0;
        return true;
    case REAL:
        *(double *)field = sqlite3_column_double(stmt, index);
        return true;
    }
    return true;
}

bool lg_row_take(struct lg_store *store, sqlite3_stmt *stmt,
                 struct lg_arena *arena, struct lg_store_row *ret,
                 struct lg_error *err)
{
    struct lg_store_row row = {0};
    struct lg_str id;
    if (!take_text(stmt, 0, arena, &id))
        return lg_fail_nomem(err);
    if (!lg_store_id_valid(id))
        return lg_fail(err, LG_BAD_DATA, "index.db: \"%.*s\" is not an id",
                       LG_STR_ARG(lg_str_first(id, 20)));
    memcpy(row.id, id.data, id.len);
    for (size_t i = 0; i < LG_COUNT(columns); i++) {
        if (!take(stmt, (int)i + 1, &columns[i], arena,
                  (char *)&row + columns[i].offset))
            return lg_fail_nomem(err);
    }
    row.folder = lg_store_folder(store, row.id, arena);
    if (row.folder.data == NULL)
        return lg_fail_nomem(err);
    *ret = row;
    return true;
}

bool lg_row_get(struct lg_store *store, const char *id, struct lg_arena *arena,
                struct lg_store_row *ret, bool *there_ret, struct lg_error *err)
{
    char sql[300];
    snprintf(sql, sizeof sql, "SELECT %s FROM incident WHERE id = ?",
             lg_row_columns);
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(store->db, sql, &stmt, err))
        return false;
    lg_sql_bind_str(stmt, 1, lg_str_of(id));
    int code = sqlite3_step(stmt);
    *there_ret = code == SQLITE_ROW;
    if (code == SQLITE_DONE)
        return true;
    if (code != SQLITE_ROW)
        return lg_sql_fail(store->db, err);
    return lg_row_take(store, stmt, arena, ret, err);
}

bool lg_row_delete(struct lg_store *store, const char *id, struct lg_error *err)
{
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(store->db, "DELETE FROM incident WHERE id = ?", &stmt,
                        err))
        return false;
    lg_sql_bind_str(stmt, 1, lg_str_of(id));
    return lg_sql_done(store->db, stmt, err);
}
