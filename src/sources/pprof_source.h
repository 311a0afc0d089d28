/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the file of source that a profile names. First as pprof looks for
 * it (Go 1.27.4, internal/report/source.go openSourceFile): an absolute path
 * as it is, a relative one below each folder of the search path and all
 * folders above it. Where that finds nothing, the places of Go:
 *
 *   …/go/src/runtime/proc.go, runtime/proc.go    the toolchains that are here
 *   …/pkg/mod/a.b/c@v1/x.go, a.b/c@v1/x.go       module cache, vendor folders
 *   example.com/app/x.go (-trimpath)             the main module's folder
 *   /build/app/cmd/x.go                          its tails below that folder
 *
 * A name that tells the version is proof enough. Any other file is only taken
 * when the function that is wanted begins in it at the line that the profile
 * says; and it is said where the text came from, or where it was looked for.
 */
#ifndef LG_SOURCES_PPROF_SOURCE_H
#define LG_SOURCES_PPROF_SOURCE_H

#include "base/io.h"
#include "base/map.h"
#include "evidence/pprof_machine.h"
#include "evidence/subject.h"

/* What of the environment tells where Go keeps its sources. NULL: not set. */
struct lg_source_env {
    const char *goroot, *gopath, *gomodcache, *home, *path;
};

struct lg_source_paths {
    struct lg_str *items;
    size_t count, capacity;
};

struct lg_source_root { /* a Go toolchain */
    struct lg_str folder;
    struct lg_str version; /* "1.24.9"; of its file VERSION; may be empty */
};

struct lg_source_places {
    bool is_ready; /* they are looked up when they are first needed */
    LG_VEC(struct lg_source_root) toolchains;
    struct lg_source_paths module_caches, gopaths;
};

typedef void lg_source_say_fn(void *context, const char *text);

struct lg_source_finder {
    struct lg_arena *arena; /* borrowed; for what outlives a question */
    struct lg_source_env env;
    struct lg_source_places places;
    struct lg_map builds;  /* binary → struct lg_build_info * */
    lg_source_say_fn *say; /* NULL: nobody listens */
    void *say_context;
    size_t said_count;
};

void lg_source_env_read(struct lg_source_env *ret);
void lg_source_finder_init(struct lg_source_finder *f,
                           const struct lg_source_env *env,
                           lg_source_say_fn *say, void *say_context,
                           struct lg_arena *arena);
/* See struct lg_pprof_machine.read_source. */
bool lg_source_find(struct lg_source_finder *f,
                    const struct lg_source_query *query, struct lg_arena *arena,
                    struct lg_str *text_ret);

/* Parts of it, for its own files.
 * 0 or errno. A folder opens and has no text, as in Go. */
int lg_source_file_read(struct lg_str path, struct lg_arena *arena,
                        struct lg_str *text_ret);
bool lg_source_places_find(struct lg_source_finder *f);
/* Beyond pprof. tried: paths that were looked at. */
bool lg_source_search(struct lg_source_finder *f,
                      const struct lg_source_query *query,
                      struct lg_arena *arena, struct lg_source_paths *tried,
                      struct lg_str *path_ret, struct lg_str *text_ret);
/* Whether a text can be the file that the query means. */
bool lg_source_is_plausible(struct lg_str text,
                            const struct lg_source_query *query);

#endif
