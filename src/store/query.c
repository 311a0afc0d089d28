/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

#include <stdio.h>
#include <string.h>

struct rows {
    struct lg_store_row *items;
    size_t count, capacity;
};

/* All rows of the time span, newest first, out of the cursor before anything
 * is written: rows that have gone are deleted on the way. */
static bool take_all(struct lg_store *store, sqlite3_stmt *stmt,
                     struct lg_arena *arena, struct rows *rows,
                     struct lg_error *err)
{
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lg_store_row row, *slot;
        struct lg_error bad = {0};
        if (!lg_row_take(store, stmt, arena, &row, &bad)) {
            if (bad.kind == LG_BAD_DATA)
                continue; /* not one of ours */
            if (err != NULL)
                *err = bad;
            return false;
        }
        slot = lg_push(arena, rows);
        if (slot == NULL)
            return lg_fail_nomem(err);
        *slot = row;
    }
    if (code != SQLITE_DONE)
        return lg_sql_fail(store->db, err);
    return true;
}

static bool select_rows(struct lg_store *store,
                        const struct lg_store_query *query,
                        struct lg_arena *arena, struct rows *rows,
                        struct lg_error *err)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "SELECT %s FROM incident WHERE time_ns >= ?1 AND "
             "(?2 = 0 OR time_ns <= ?2) ORDER BY time_ns DESC, id",
             lg_row_columns);
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(store->db, sql, &stmt, err))
        return false;
    (void)sqlite3_bind_int64(stmt, 1, query->since_ns);
    (void)sqlite3_bind_int64(stmt, 2, query->until_ns);
    return take_all(store, stmt, arena, rows, err);
}

bool lg_store_list(struct lg_store *store, const struct lg_store_query *query,
                   struct lg_arena *arena, struct lg_store_row **rows_ret,
                   size_t *count_ret, struct lg_error *err)
{
    static const struct lg_store_query everything = {0};
    struct rows rows = {0};
    size_t kept = 0;
    if (query == NULL)
        query = &everything;
    if (!select_rows(store, query, arena, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        bool gone;
        if (query->limit != 0 && kept == query->limit)
            break;
        if (!lg_store_refresh(store, arena, &rows.items[i], &gone, err))
            return false;
        if (!gone && (query->cause.len == 0 ||
                      lg_str_eq(query->cause, rows.items[i].cause)))
            rows.items[kept++] = rows.items[i];
    }
    *rows_ret = rows.items;
    *count_ret = kept;
    return true;
}

static bool newest(struct lg_store *store, struct lg_arena *arena,
                   struct lg_store_row *row_ret, struct lg_error *err)
{
    struct lg_store_query query = {.limit = 1};
    struct lg_store_row *rows;
    size_t count;
    if (!lg_store_list(store, &query, arena, &rows, &count, err))
        return false;
    if (count == 0)
        return lg_fail(err, LG_ABSENT,
                       "there are no incidents in %s yet; lastgasp run -- CMD "
                       "records one",
                       store->path);
    *row_ret = rows[0];
    return true;
}

static bool select_prefix(struct lg_store *store, struct lg_str prefix,
                          struct lg_arena *arena, struct rows *rows,
                          struct lg_error *err)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "SELECT %s FROM incident WHERE substr(id, 1, ?2) = ?1 "
             "ORDER BY length(id), id",
             lg_row_columns);
    LG_FINALIZE
    sqlite3_stmt *stmt = NULL;
    if (!lg_sql_prepare(store->db, sql, &stmt, err))
        return false;
    lg_sql_bind_str(stmt, 1, prefix);
    (void)sqlite3_bind_int64(stmt, 2, (int64_t)prefix.len);
    return take_all(store, stmt, arena, rows, err);
}

/* Of those that begin with the name: those whose folders are there. */
static bool existing(struct lg_store *store, struct lg_arena *arena,
                     struct rows *rows, struct lg_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        bool gone;
        if (!lg_store_refresh(store, arena, &rows->items[i], &gone, err))
            return false;
        if (!gone)
            rows->items[kept++] = rows->items[i];
    }
    rows->count = kept;
    return true;
}

bool lg_store_find(struct lg_store *store, struct lg_str name,
                   struct lg_arena *arena, struct lg_store_row *row_ret,
                   struct lg_error *err)
{
    struct rows rows = {0};
    if (lg_str_eq(name, LG_STR("last")))
        return newest(store, arena, row_ret, err);
    if (name.len > 0 && name.len < LG_STORE_ID_BYTES &&
        (!select_prefix(store, name, arena, &rows, err) ||
         !existing(store, arena, &rows, err)))
        return false;
    if (rows.count == 0)
        return lg_fail(err, LG_ABSENT,
                       "there is no incident \"%.*s\" in %s; lastgasp list "
                       "shows those there are",
                       LG_STR_ARG(lg_str_first(name, 60)), store->path);
    /* Sorted by length: a whole id comes before longer ones. */
    if (rows.count > 1 && strlen(rows.items[0].id) != name.len)
        return lg_fail(err, LG_USAGE,
                       "\"%.*s\" stands for %zu incidents, %s and %s among "
                       "them; write more of it",
                       LG_STR_ARG(name), rows.count, rows.items[0].id,
                       rows.items[1].id);
    *row_ret = rows.items[0];
    return true;
}

bool lg_store_remove(struct lg_store *store, const char *id,
                     struct lg_error *err)
{
    if (!lg_store_id_valid(lg_str_of(id)))
        return lg_fail(err, LG_USAGE, "\"%.20s\" is not an incident's id", id);
    if (store->read_only)
        return lg_store_writable(store, err);
    lg_store_release(store, id); /* our own recording, given up */
    if (lg_store_is_held(store, id))
        return lg_fail(err, LG_UNSUPPORTED,
                       "incident %s is being recorded; it can go when the "
                       "program has ended",
                       id);
    struct lg_error why = {0};
    if (!lg_remove_tree(store->incidents_fd, id, &why) &&
        why.kind != LG_ABSENT) {
        if (err != NULL)
            *err = why;
        return lg_context(err, "%s/incidents", store->path);
    }
    return lg_row_delete(store, id, err);
}
