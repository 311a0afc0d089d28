/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: incidents on disk. Each is a folder of standard files under
 * <state>/incidents/<id>/; SQLite (<state>/index.db, WAL) only indexes them
 * and can be rebuilt from the folders at any time.
 * Layout of a folder: docs/formats/incident.md.
 */
#ifndef LG_STORE_STORE_H
#define LG_STORE_STORE_H

#include "base/error.h"
#include "base/vec.h"
#include "diagnose/finding.h"

struct lg_store;

struct lg_store_row {
    char id[16];     /* short and unambiguous: 4+ of [a-z2-9] */
    int64_t time_ns; /* of the end, else of the start; wall */
    int64_t pid;
    struct lg_str name;  /* program: base name of exe */
    struct lg_str state; /* "recording", "done", "interrupted" */
    struct lg_str end;   /* "oom-kill", "exit 3", "signal 9", "running" */
    struct lg_str cause; /* "goroutine-leak" … "none", "inconclusive", "" */
    struct lg_str title; /* the first finding's */
    struct lg_str where; /* "main.handle handle.go:31" */
    double confidence;
    uint64_t usage_bytes, limit_bytes, captures_count, size_bytes;
    struct lg_str folder; /* absolute path */
};

/* state_dir NULL: $LASTGASP_STATE, else as root /var/lib/lastgasp, else
 * $XDG_STATE_HOME/lastgasp or ~/.local/state/lastgasp. Created when missing.
 * A corrupt index is set aside and rebuilt (a sentence in *note_ret, may be
 * NULL). */
bool lg_store_open(const char *state_dir, struct lg_store **store_ret,
                   struct lg_str *note_ret, struct lg_error *err);
void lg_store_close(struct lg_store *store);
const char *lg_store_path(const struct lg_store *store);

/* A new incident: folder made, row in state "recording". */
bool lg_store_begin(struct lg_store *store, int64_t pid, struct lg_str name,
                    int64_t wall_ns, char id_ret[16], int *folder_fd_ret,
                    struct lg_error *err);
/* Updates the row from the incident and its verdict; state "done". Durable
 * when it returns. verdict NULL: interrupted. */
bool lg_store_commit(struct lg_store *store, const char *id,
                     const struct lg_incident *incident,
                     const struct lg_verdict *verdict, struct lg_error *err);

struct lg_store_query {
    int64_t since_ns, until_ns; /* 0: open */
    struct lg_str cause;        /* empty: any */
    size_t limit;               /* 0: all; newest first */
};
bool lg_store_list(struct lg_store *store, const struct lg_store_query *query,
                   struct lg_arena *arena, struct lg_store_row **rows_ret,
                   size_t *count_ret, struct lg_error *err);
/* "last", an id or an unambiguous prefix. ABSENT, or USAGE when ambiguous. */
bool lg_store_find(struct lg_store *store, struct lg_str name,
                   struct lg_arena *arena, struct lg_store_row *row_ret,
                   struct lg_error *err);
/* Folder and row. What another process records is refused (LG_UNSUPPORTED);
 * what was begun here may be given up. */
bool lg_store_remove(struct lg_store *store, const char *id,
                     struct lg_error *err);
/* One .tar.gz of the folder, to a path or "-" (stdout). */
bool lg_store_export(struct lg_store *store, const char *id, const char *path,
                     struct lg_error *err);
/* A tarball made by export, or a folder, as a new incident (its id is kept
 * when free). Members outside the folder, links and devices are refused. */
bool lg_store_import(struct lg_store *store, const char *path, char id_ret[16],
                     struct lg_error *err);

#endif
