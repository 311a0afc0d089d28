/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the profiles that a command line of pprof names, as one: each is a
 * file, standard input, a URL or what the front door knows to open; all are
 * fetched at the same time, merged, compared with their base, symbolised, and
 * saved when one came from afar.
 *
 *   words ──grab──▶ profiles ──common types, units, merge──▶ one  ┐
 *   bases ──grab──▶ profiles ──────────────────────────────▶ base ┴─▶ one
 *
 * Source: google/pprof internal/driver/fetch.go, cmd/pprof (Go 1.27.4).
 */
#ifndef LG_SOURCES_PPROF_FETCH_H
#define LG_SOURCES_PPROF_FETCH_H

#include "sources/http.h"
#include "sources/pprof_symbols.h"

#include <stddef.h>

/* A word that is no regular file: false and ABSENT: not one of ours, it may be
 * a URL. Called by several threads, each with its own arena. */
typedef bool lg_pprof_open_fn(void *context, const char *word,
                              struct lg_arena *arena, struct lg_profile *ret,
                              struct lg_error *err);

struct lg_pprof_fetch {
    char *const *sources; /* at least one */
    size_t source_count;
    const char *const *bases;
    size_t base_count;
    bool is_diff; /* the base's samples are marked */
    bool normalize, all_frames;
    int64_t seconds, timeout; /* ≤ 0: not given */
    const char *comment;      /* "": none */
    struct lg_http_user tls;
    struct lg_symbol_source symbols; /* url is filled by the fetch */
    lg_pprof_open_fn *open;          /* NULL: files and URLs only */
    void *open_context;
    lg_symbol_say_fn *say; /* news and warnings; from any thread */
    void *say_context;
    /* Where the threads put what they read, beside the caller's arena. */
    struct lg_arena *arenas;
    size_t arena_count;
};

/* What cannot be fetched is said; as long as one source and, where bases were
 * given, one base is left, the work goes on. The profile lives in the arena,
 * in f's own and in files that stay mapped. Once for each f. */
bool lg_pprof_fetch(struct lg_pprof_fetch *f, struct lg_arena *arena,
                    struct lg_profile *ret, struct lg_error *err);
/* Gives f's own arenas back, and with them the profile. Before the caller's. */
void lg_pprof_fetch_deinit(struct lg_pprof_fetch *f);

/* Whether a first word is the program that the profile is of. */
bool lg_pprof_is_executable(const char *path);

/* newTempFile (tempfile.go): the first of prefix001suffix, … that is not there
 * yet, in dir ("": the working folder). The caller closes fd. */
bool lg_pprof_new_file(const char *dir, struct lg_str prefix,
                       const char *suffix, struct lg_arena *arena, int *fd_ret,
                       const char **path_ret, struct lg_error *err);

#endif
