/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the word that names a remote profile as the URL that is asked for
 * it: "host:6060", "https+insecure://host/x", "http://host/debug/pprof/heap",
 * and, beyond pprof, "unix:/run/x.sock" with ":/path" behind it.
 * Source: cmd/pprof adjustURL, net/url Parse (Go 1.27.4). Of the latter what
 * decides whether a word is a URL at all.
 */
#ifndef LG_SOURCES_PPROF_URL_H
#define LG_SOURCES_PPROF_URL_H

#include "base/arena.h"
#include "base/str.h"

struct lg_pprof_url {
    const char *url;       /* in full, for people; in the arena */
    const char *http;      /* what is asked for: http or https */
    const char *unix_path; /* socket to connect to; NULL: TCP */
    bool is_insecure;      /* certificates are not checked */
    uint64_t timeout_ns;   /* until the answer begins */
};

/* seconds, timeout: as on the command line, ≤ 0: not given. false: no URL, or
 * out of memory (arena->failed). */
bool lg_pprof_url_parse(struct lg_str word, int64_t seconds, int64_t timeout,
                        struct lg_arena *arena, struct lg_pprof_url *ret);

#endif
