/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the inside of the store. The folders are the truth; index.db is a
 * copy of what a list needs, made again from the folders whenever it is
 * missing, damaged or of another version.
 *
 *     <state>/                 0700: dumps hold the program's data
 *       index.db               SQLite: one row per incident (docs/formats)
 *       index.db.corrupt-TIME  what could not be read, set aside
 *       incidents/<id>/        docs/formats/incident.md
 *       incidents/.import-…    being imported; its name begins with a dot
 *
 * Whoever records holds an flock on the incident's folder for as long as it
 * lives. So "recording" is told from "interrupted" without a pid, which may
 * have been given to somebody else.
 */
#ifndef LG_STORE_INTERNAL_H
#define LG_STORE_INTERNAL_H

#include "base/io.h"
#include "store/store.h"

#include <sqlite3.h>

#define LG_STORE_ID_BYTES 16

/* A folder that this process records into: its lock lives with the fd. */
struct lg_store_held {
    char id[LG_STORE_ID_BYTES];
    int fd;
};

struct lg_store {
    struct lg_arena arena; /* path and note: the life of the store */
    char *path;            /* absolute */
    int state_fd, incidents_fd;
    bool read_only; /* the folder may be read but not written; the index is
                       in memory */
    bool full;      /* no room for the index: it is in memory, too */
    sqlite3 *db;
    struct lg_str note;
    LG_VEC(struct lg_store_held) held; /* in the arena; fd -1: free slot */
};

/* --- path.c --- */
/* Where the state lives (see lg_store_open), in the arena. */
bool lg_store_state_path(const char *state_dir, struct lg_arena *arena,
                         char **path_ret, struct lg_error *err);

/* --- sql.c --- */
void lg_sql_finalize_p(sqlite3_stmt **stmt);
#define LG_FINALIZE __attribute__((cleanup(lg_sql_finalize_p)))
/* What SQLite says of the last call, as one of our kinds; "index.db: …". */
bool lg_sql_fail(sqlite3 *db, struct lg_error *err);
bool lg_sql_exec(sqlite3 *db, const char *sql, struct lg_error *err);
bool lg_sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt_ret,
                    struct lg_error *err);
/* Steps a statement that gives no rows. */
bool lg_sql_done(sqlite3 *db, sqlite3_stmt *stmt, struct lg_error *err);
void lg_sql_bind_str(sqlite3_stmt *stmt, int index, struct lg_str s);
/* First column of the first row; 0 when there is no row. */
bool lg_sql_i64(sqlite3 *db, const char *sql, int64_t *ret,
                struct lg_error *err);

/* --- index.c --- */
/* Opens, checks and migrates index.db; sets a damaged one aside (then
 * store->note says so). */
bool lg_index_open(struct lg_store *store, struct lg_error *err);

/* --- row.c --- */
/* Inserts or replaces. folder is not stored. */
bool lg_row_put(struct lg_store *store, const struct lg_store_row *row,
                struct lg_error *err);
/* Columns of lg_row_columns, as SQL. */
extern const char lg_row_columns[];
/* From a statement that selects lg_row_columns; strings go to the arena. */
bool lg_row_take(struct lg_store *store, sqlite3_stmt *stmt,
                 struct lg_arena *arena, struct lg_store_row *ret,
                 struct lg_error *err);
/* Exactly this id. *there_ret false: there is none. */
bool lg_row_get(struct lg_store *store, const char *id, struct lg_arena *arena,
                struct lg_store_row *ret, bool *there_ret,
                struct lg_error *err);
bool lg_row_delete(struct lg_store *store, const char *id,
                   struct lg_error *err);

/* --- from_folder.c --- */
/* A row made of record.json and report.json, as far as they are there and can
 * be read. Strings live in the arena. */
bool lg_row_from_folder(struct lg_store *store, const char *id,
                        struct lg_arena *arena, struct lg_store_row *ret,
                        struct lg_error *err);

/* --- adopt.c --- */
/* Rows for the folders that have none. */
bool lg_store_adopt(struct lg_store *store, size_t *count_ret,
                    struct lg_error *err);
/* Folders and row agree again: *gone_ret when the folder has vanished; a row
 * "recording" without a living recorder becomes what its folder says. */
bool lg_store_refresh(struct lg_store *store, struct lg_arena *arena,
                      struct lg_store_row *row, bool *gone_ret,
                      struct lg_error *err);

/* --- folder.c --- */
/* Short enough, our alphabet, and a digit: "last" and words are none. */
bool lg_store_id_valid(struct lg_str id);
/* A fresh random one of len characters. */
bool lg_store_id_random(size_t len, char id_ret[LG_STORE_ID_BYTES],
                        struct lg_error *err);
/* Makes incidents/<id> under a new id. */
bool lg_store_make_folder(struct lg_store *store,
                          char id_ret[LG_STORE_ID_BYTES], struct lg_error *err);
/* Renames incidents/<from> to an id: wanted when it is free, else a new one. */
bool lg_store_settle(struct lg_store *store, const char *from,
                     struct lg_str wanted, char id_ret[LG_STORE_ID_BYTES],
                     struct lg_error *err);
/* A live process holds the folder's lock. */
bool lg_store_is_held(struct lg_store *store, const char *id);
void lg_store_release(struct lg_store *store, const char *id);
/* Bytes of the files below; a file with n links counts as 1/n. */
uint64_t lg_store_tree_bytes(int dir_fd, const char *name);
/* LG_DENIED or ENOSPC with the way out when nothing can be added. */
bool lg_store_writable(const struct lg_store *store, struct lg_error *err);
/* The words that rows made from an incident and from report.json share. */
void lg_row_end_text(struct lg_sb *sb, struct lg_str kind, int64_t exit_code,
                     int64_t signal);
void lg_row_where_text(struct lg_sb *sb, struct lg_str function,
                       struct lg_str file, uint64_t line);
struct lg_str lg_row_base_name(struct lg_str path);
/* <state>/incidents/<id> in the arena; empty: out of memory. */
struct lg_str lg_store_folder(const struct lg_store *store, const char *id,
                              struct lg_arena *arena);

/* --- gunzip.c --- */
struct archive;
/* An archive's bytes, inflated when they are gzip, with its check sums
 * compared. Borrows fd. NULL: out of memory. */
struct lg_gunzip *lg_gunzip_create(int fd);
void lg_gunzip_destroy(struct lg_gunzip *g);
/* libarchive's read callback; context is the struct lg_gunzip. */
ssize_t lg_gunzip_read(struct archive *a, void *context, const void **buffer);

/* --- unpack.c --- */
#define LG_UNPACK_PATH_BYTES 1024
/* What an import may still take. */
struct lg_unpack_budget {
    uint64_t files_count, bytes;
};
/* A member's name without "." and doubled slashes, below the folder; false:
 * absolute, with "..", too long or too deep. "" for the folder itself. */
bool lg_unpack_clean_path(struct lg_str path, char clean[LG_UNPACK_PATH_BYTES]);
/* A tarball (plain, gzip, zstd) into dir_fd: files and folders, nothing else.
 */
bool lg_unpack_tar(int fd, int dir_fd, struct lg_unpack_budget *budget,
                   struct lg_error *err);
/* A folder's files and folders into dir_fd. */
bool lg_unpack_folder(int from_fd, int dir_fd, struct lg_unpack_budget *budget,
                      struct lg_error *err);

#endif
