/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of sources/pprof_fetch.h. */
#ifndef LG_SOURCES_PPROF_FETCH_INTERNAL_H
#define LG_SOURCES_PPROF_FETCH_INTERNAL_H

#include "sources/pprof_fetch.h"

/* One word on its way to a profile. */
struct lg_pprof_grab {
    const struct lg_pprof_fetch *fetch;
    const char *word;
    bool is_local;          /* nobody has to be waited for */
    struct lg_arena *arena; /* its own */
    struct lg_profile profile;
    const char *url; /* where it came from; NULL: not from afar */
    bool ok;
    bool is_merged; /* into an earlier one's profile; its own is gone */
    struct lg_error err;
};
/* Grabs them all, and merges what can be merged as it comes: the sum is then
 * the first one's profile. Local words only; arenas other than `arena`, which
 * no grab but the first may use. */
bool lg_pprof_fetch_stream(struct lg_pprof_grab *grabs, size_t count,
                           struct lg_arena *arena, struct lg_error *err);
/* Whether the word is a file, or standard input. */
bool lg_pprof_grab_is_local(const char *word);
void lg_pprof_grab_run(struct lg_pprof_grab *g);

/* Body of an answer, in the arena. */
bool lg_pprof_download(const struct lg_pprof_fetch *f, const char *word,
                       struct lg_arena *arena, struct lg_str *bytes_ret,
                       const char **url_ret, struct lg_error *err);

/* A file of `perf record`, and what the converter makes of it: UNSUPPORTED
 * when it is not installed. */
bool lg_pprof_is_perf(struct lg_str bytes);
bool lg_pprof_convert_perf(const struct lg_pprof_fetch *f, const char *path,
                           struct lg_arena *arena, struct lg_str *bytes_ret,
                           struct lg_error *err);

/* Names a remote profile's mappings that have neither build id nor file by
 * its URL, so that they can be symbolised there; and takes that back. */
bool lg_pprof_mark_remote(struct lg_profile *p, const char *url,
                          struct lg_arena *arena);
bool lg_pprof_unmark_remote(struct lg_profile *p, struct lg_arena *arena);

/* Saves a profile that came from afar; says where, or why not. false: there
 * is no folder to save it in. */
bool lg_pprof_save(const struct lg_pprof_fetch *f, const struct lg_profile *p,
                   struct lg_arena *arena, struct lg_error *err);

void lg_pprof_fetch_say(const struct lg_pprof_fetch *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
